"""Speech recognition: chunks, windows, words, merge, imported transcripts."""
