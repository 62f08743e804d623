"""Many people, many lessons, hostile files."""
