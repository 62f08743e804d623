"""The wall clock: stopped for tests, and never back within a minute for what is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from core import clock
from core.clock import HELD_SECONDS, latest_now, stopped_at, utc_now

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_stopped_clock_stands_still_in_utc_and_goes_on_afterwards() -> None:
    with stopped_at(NOON.astimezone(timezone(timedelta(hours=13)))):
        assert utc_now() == latest_now() == NOON
        assert utc_now().tzinfo is UTC
        with stopped_at(NOON + timedelta(days=1)):
            assert utc_now() == NOON + timedelta(days=1)
        assert utc_now() == NOON
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(("seconds", "held"), [(0, True), (HELD_SECONDS - 1, True), (HELD_SECONDS, False)])
def test_a_clock_that_is_set_back_opens_nothing_for_a_minute(
    monkeypatch: pytest.MonkeyPatch, seconds: int, *, held: bool
) -> None:
    monkeypatch.setattr(clock, "_seen", [])
    now, passed = [NOON], [1000.0]
    monkeypatch.setattr(clock, "utc_now", lambda: now[0])
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: passed[0]))
    assert latest_now() == NOON
    now[0], passed[0] = NOON - timedelta(hours=1), 1000.0 + seconds
    assert latest_now() == (NOON if held else NOON - timedelta(hours=1))
    now[0] = NOON + timedelta(seconds=1)
    assert latest_now() == NOON + timedelta(seconds=1)
