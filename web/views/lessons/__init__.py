"""Views of lessons, clips, comments and measures."""
