"""Views of lessons, clips and comments."""
