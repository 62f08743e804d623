"""The wall clock, in one function so that tests can replace it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

HELD_SECONDS = 60

_stopped: list[datetime] = []
_seen: list[tuple[datetime, float]] = []


def utc_now() -> datetime:
    """Return the aware UTC time of now."""
    return _stopped[-1] if _stopped else datetime.now(UTC)


def latest_now() -> datetime:
    """Return the latest moment that this process has seen lately: what is over stays over when the clock is set back.

    "Lately" is a minute: by then a worker has closed for good what was over.
    """
    now, at = utc_now(), time.monotonic()
    if _stopped:
        return now
    if _seen and now < _seen[0][0] and at - _seen[0][1] < HELD_SECONDS:
        return _seen[0][0]
    _seen[:] = [(now, at)]
    return now


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Stop the clock of this process at a moment (aware), for tests."""
    _stopped.append(moment.astimezone(UTC))
    try:
        yield
    finally:
        _stopped.pop()
