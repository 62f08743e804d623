"""Text and tables of text: plain text, its decoding, CSV, and edits of one text by two people."""
