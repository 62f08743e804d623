"""The wall clock, in one function so that tests can replace it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_stopped: list[datetime] = []


def utc_now() -> datetime:
    """Return the aware UTC time of now."""
    return _stopped[-1] if _stopped else datetime.now(UTC)


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Stop the clock of this process at a moment (aware), for tests."""
    _stopped.append(moment.astimezone(UTC))
    try:
        yield
    finally:
        _stopped.pop()
