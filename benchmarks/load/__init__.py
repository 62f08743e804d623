"""Load tests, scaling and hostile files."""
