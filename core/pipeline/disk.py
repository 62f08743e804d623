"""Disk forecast: how long free space lasts at the upload rate of the last weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import StoredFile

WEEK = timedelta(weeks=1)
WINDOW = 8 * WEEK  # of a term: short enough to follow it, long enough to hold a week without lessons
FEWEST_WEEKS = 2.0  # less says nothing of a term
SOON_WEEKS = 6.0  # a school buys no disk faster
LONG_WEEKS = 104.0
GB = 1e9


@dataclass(frozen=True, slots=True)
class Outlook:
    """Bytes that recordings may still take, and how many they took a week; None: it cannot be told yet."""

    room: int
    weekly: float | None

    @property
    def weeks(self) -> float | None:
        """Return for how many weeks the room lasts, or None when that cannot be told or nothing was added."""
        return self.room / self.weekly if self.weekly else None

    @property
    def ends_soon(self) -> bool:
        """Tell whether somebody should do something now."""
        return self.weeks is not None and self.weeks < SOON_WEEKS

    @property
    def sentence(self) -> str:
        """Say how long it lasts."""
        if self.weekly is None:
            return "How long that lasts cannot be told yet: it takes two weeks with recordings."
        if self.weeks is None:
            return "Nothing was added in the last eight weeks."
        rate = f"at the {amount(self.weekly)} a week of the last weeks"
        if self.weeks > LONG_WEEKS:
            return f"That lasts more than two years {rate}."
        if self.weeks < 1:
            return f"That lasts less than a week {rate}."
        weeks = round(self.weeks)
        return f"That lasts about {weeks} {'week' if weeks == 1 else 'weeks'} {rate}."


def amount(count: float) -> str:
    """Return bytes in MB or GB, for people."""
    if count < GB:
        return f"{max(count, 1e6) / 1e6:.0f} MB"
    return f"{count / GB:.1f} GB" if count < 10 * GB else f"{count / GB:.0f} GB"


def weekly_rate(taken: int, first_at: datetime | None, now: datetime) -> float | None:
    """Return bytes a week: `taken` within the window, of a school whose first recording came at `first_at`."""
    if first_at is None:
        return None
    weeks = min(now - first_at, WINDOW) / WEEK
    return taken / weeks if weeks >= FEWEST_WEEKS else None


def disk_outlook(session: Session, now: datetime, free: int, reserve: int) -> Outlook:
    """Return how long the room lasts: recordings and what is made of them, also of lessons that were deleted since."""
    first_at = session.scalar(select(func.min(StoredFile.created_at)))
    taken = select(func.coalesce(func.sum(StoredFile.bytes), 0)).where(StoredFile.created_at > now - WINDOW)
    return Outlook(max(0, free - reserve), weekly_rate(int(session.scalar(taken) or 0), first_at, now))
