"""How long the disk lasts at the rate of the last weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.clock import utc_now
from core.database.db import Database
from core.pipeline.disk import Outlook, amount, disk_outlook, weekly_rate
from core.settings import get_settings
from tests.support.factories import make_file, make_lesson, make_person
from workers.doctor import disk

NOW = datetime(2026, 11, 29, tzinfo=UTC)
GB = 10**9


@pytest.mark.parametrize(
    ("days", "rate"), [(None, None), (3, None), (13, None), (14, 4 * GB), (28, 2 * GB), (56, GB), (900, GB)]
)
def test_the_rate_is_of_eight_weeks_at_most_and_of_two_at_least(days: int | None, rate: float | None) -> None:
    first = None if days is None else NOW - timedelta(days=days)
    assert weekly_rate(8 * GB, first, NOW) == rate


@pytest.mark.parametrize(
    ("room", "weekly", "words"),
    [
        (100 * GB, None, "cannot be told yet"),
        (100 * GB, 0.0, "Nothing was added"),
        (100 * GB, 5.0 * GB, "about 20 weeks at the 5.0 GB a week"),
        (5 * GB, 5.0 * GB, "about 1 week at"),
        (GB, 5.0 * GB, "less than a week"),
        (9000 * GB, 5.0 * GB, "more than two years"),
        (0, 5.0 * GB, "less than a week"),
    ],
)
def test_how_long_it_lasts_is_said_in_a_sentence(room: int, weekly: float | None, words: str) -> None:
    assert words in Outlook(room, weekly).sentence


def test_amounts_are_read_by_people() -> None:
    assert [amount(one) for one in (5, 25 * 10**6, 1.5 * GB, 80 * GB)] == ["1 MB", "25 MB", "1.5 GB", "80 GB"]


def test_a_new_school_cannot_be_told_and_one_that_fills_the_disk_is_warned(database: Database) -> None:
    found = disk(get_settings())
    assert found.wrong == ""
    assert "cannot be told yet" in found.well
    with database.write() as session:
        file = make_file(session, make_lesson(session, make_person(session)), "original", "a/key")
        file.bytes, file.created_at = 10**18, utc_now() - timedelta(weeks=4)
        session.flush()
        outlook = disk_outlook(session, utc_now(), 60 * GB, 10 * GB)
        assert outlook.room == 50 * GB
        assert outlook.weekly == pytest.approx(10**18 / 4, rel=0.01)
    assert "less than a week" in disk(get_settings()).wrong
