"""PDF documents by Typst, compiled in a child process."""
