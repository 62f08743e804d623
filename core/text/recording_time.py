"""Moments and lengths of a recording, as people write them; `web/frontend/src/text/times.ts` writes the same."""

from __future__ import annotations


def clock_time(ms: int) -> str:
    """Write a moment of a recording: 2:41, 1:02:09."""
    seconds = ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def length_in_words(seconds: float) -> str:
    """Write a length of time in whole minutes: "1 minute", "3 hours", "2 hours 44 minutes"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    return " ".join(f"{n} {unit}{'s' if n > 1 else ''}" for n, unit in parts if n) or "less than a minute"
