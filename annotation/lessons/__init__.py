"""Lessons and what belongs to them: sharing, clips, comments, measures over time, retention."""
