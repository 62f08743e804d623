"""Routes of lessons, clips, comments, media and uploads."""
