"""Days are the school's, whatever the clock of UTC, of the machine or of the season says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.school.programme import count_weeks
from core.clock import stopped_at
from core.errors import InvalidInput
from core.school_day import SchoolDay, day_and_time, full_day, iso_day, moment_at_school, on_school_clock
from core.settings import get_settings
from web.rendering import by_day, time_ago

LOS_ANGELES, SYDNEY, KATHMANDU = "America/Los_Angeles", "Australia/Sydney", "Asia/Kathmandu"
InZone = Callable[[str], None]


@pytest.fixture
def school_in(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> InZone:
    def be_in(zone: str) -> None:
        monkeypatch.setenv("HINDSIGHT_TIME_ZONE", zone)
        get_settings.cache_clear()

    request.addfinalizer(get_settings.cache_clear)
    return be_in


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        (LOS_ANGELES, datetime(2026, 12, 1, 6, 15, tzinfo=UTC), date(2026, 11, 30)),  # 22:15
        (SYDNEY, datetime(2026, 11, 29, 21, 0, tzinfo=UTC), date(2026, 11, 30)),  # Monday, 8:00
        (KATHMANDU, datetime(2026, 11, 30, 18, 15, tzinfo=UTC), date(2026, 12, 1)),  # 0:00, 5:45 before UTC
        (KATHMANDU, datetime(2026, 11, 30, 18, 14, 59, tzinfo=UTC), date(2026, 11, 30)),
        ("Pacific/Kiritimati", datetime(2026, 11, 30, 10, 0, tzinfo=UTC), date(2026, 12, 1)),  # 14 hours before UTC
    ],
)
def test_today_is_the_day_at_the_school(school_in: InZone, zone: str, moment: datetime, day: date) -> None:
    school_in(zone)
    with stopped_at(moment):
        assert SchoolDay.today() == SchoolDay.of(moment) == day
        assert time_ago(moment) == time_ago(day) == "today"
        assert time_ago(day - timedelta(days=1)) == "yesterday"
        assert time_ago(day + timedelta(days=3)) == "in 3 days"
        assert (by_day(day), by_day(day + timedelta(days=1))) == ("by today", "by tomorrow")
        assert by_day(day + timedelta(days=3)) == f"by {day + timedelta(days=3):%A}"
        assert by_day(day - timedelta(days=1)) == "was for yesterday"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", date(2026, 3, 29), 23),
        ("Europe/London", date(2026, 10, 25), 25),
        ("Europe/London", date(2026, 6, 1), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),  # their clocks change by half an hour
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # there midnight was jumped over
        ("America/Havana", date(2026, 11, 1), 25),  # there midnight comes twice
        ("Africa/Cairo", date(2026, 4, 24), 23),
    ],
)
def test_a_day_on_which_the_clocks_change_has_its_own_length(
    school_in: InZone, zone: str, day: date, hours: float
) -> None:
    school_in(zone)
    there = SchoolDay.of(day)
    assert there.ends - there.begins == timedelta(hours=hours)
    assert SchoolDay.of(there.begins) == SchoolDay.of(there.noon) == there
    assert SchoolDay.of(there.begins - timedelta(microseconds=1)) == there - timedelta(days=1)
    assert SchoolDay.of(there.ends) == there + timedelta(days=1)


@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
@pytest.mark.parametrize("zone", [LOS_ANGELES, SYDNEY, KATHMANDU, "Europe/London", "Africa/Cairo", "Pacific/Apia"])
def test_every_moment_is_within_its_day(zone: str, moment: datetime) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HINDSIGHT_TIME_ZONE", zone)
        get_settings.cache_clear()
        day = SchoolDay.of(moment)
        assert day.begins <= moment < day.ends
        assert day.monday <= day < day.monday + timedelta(days=7)
    get_settings.cache_clear()


def test_a_monday_morning_in_sydney_counts_in_the_week_that_begins(school_in: InZone) -> None:
    school_in(SYDNEY)
    monday_morning = datetime(2026, 11, 29, 21, 30, tzinfo=UTC)  # there 8:30 on Monday
    sunday_evening = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)  # there 23:30 on Sunday
    pairs = [("a", "b"), ("c", "d"), ("e", "f")]
    met = [(monday_morning, *pair) for pair in pairs] + [(sunday_evening, *pair) for pair in pairs]
    with stopped_at(monday_morning + timedelta(hours=1)):
        weeks = count_weeks(met, SchoolDay.today(), weeks=2)
    assert [(week.monday, week.sessions) for week in weeks] == [(date(2026, 11, 30), 3), (date(2026, 11, 23), 3)]


def test_a_moment_is_written_by_the_schools_clock(school_in: InZone) -> None:
    school_in(LOS_ANGELES)
    moment = datetime(2027, 1, 1, 6, 15, tzinfo=UTC)
    assert day_and_time(moment) == "Thursday 31 December 2026 at 22:15"
    assert full_day(moment) == "31 December 2026"
    assert iso_day(moment) == "2026-12-31"
    assert on_school_clock(moment).isoformat() == "2026-12-31T22:15:00-08:00"


def test_a_time_that_is_typed_is_the_schools(school_in: InZone) -> None:
    school_in("Europe/London")

    def typed(text: str) -> datetime:
        return moment_at_school(datetime.fromisoformat(text))

    assert typed("2026-07-01T09:00") == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    assert typed("2026-10-25T01:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two
    assert typed("2026-03-29T02:00") == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="skip this time"):
        typed("2026-03-29T01:30")


def test_a_school_day_is_a_date_that_stays_one_in_sums() -> None:
    day = SchoolDay(2026, 11, 30)
    assert isinstance(day + timedelta(days=1), SchoolDay)
    assert day == date(2026, 11, 30)
    assert day.isoformat() == "2026-11-30"
