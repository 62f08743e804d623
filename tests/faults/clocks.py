"""A wall clock that a test can set."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


class SetClock:
    """Stands for `datetime` in core/clock.py: the hour of the machine, and how far it was put back."""

    def __init__(self) -> None:
        self.back = timedelta(0)

    def now(self, zone: tzinfo) -> datetime:
        """Return what the clock shows."""
        return datetime.now(zone) - self.back
