"""Resumable uploads (tus): partial files and complete recordings."""
