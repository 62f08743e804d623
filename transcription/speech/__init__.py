"""Voice activity detection, audio reading and interval arithmetic."""
