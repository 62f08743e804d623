"""The wall clock, in one place so that tests can move it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the aware UTC time of now."""
    return datetime.now(UTC)
