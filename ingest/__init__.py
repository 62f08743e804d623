"""Turns an uploaded file into a playable lesson."""
