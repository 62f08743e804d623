"""A file becomes a lesson that plays."""
