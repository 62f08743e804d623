"""The school's calendar: converts moments to days in its time zone, and formats dates and times.

Moments are kept as aware UTC. Whatever is called a day ("today", "until 12 March 2026", "this week") is a day in the
school's time zone (`HINDSIGHT_TIME_ZONE`), and is made here alone: `tests/calendar_rule.py` refuses every other way.

A day has one form for people (`full_day`), a moment one (`day_and_time`), on pages, in mails, papers and exports alike;
`web/frontend/src/text/school_day.ts` writes the same. Data, form fields and file names have ISO 8601 (`iso_day`,
`iso_moment`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from core.clock import utc_now
from core.errors import InvalidInput
from core.settings import get_settings

FIRST_YEAR, LAST_YEAR = 1970, 2100  # of a day that somebody writes


class SchoolDay(date):
    """A day in the school's time zone. It has 24 hours, or 23 or 25 when the clocks change."""

    @classmethod
    def of(cls, moment: date) -> Self:
        """Return the day on which a moment falls at the school; a plain date stays as it is."""
        there = on_school_clock(moment) if isinstance(moment, datetime) else moment
        return cls(there.year, there.month, there.day)

    @classmethod
    def today(cls) -> Self:
        """Return the day that it is at the school."""
        return cls.of(utc_now())

    @property
    def begins(self) -> datetime:
        """The first moment of the day (UTC). Where the clocks jump over midnight, the moment of that jump."""
        return datetime.combine(self, time(), get_settings().zone).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """The moment at which the day is over (UTC): the first one of the next day."""
        return (self + timedelta(days=1)).begins

    @property
    def noon(self) -> datetime:
        """The middle of the day (UTC), for what is known to the day alone."""
        return datetime.combine(self, time(12), get_settings().zone).astimezone(UTC)

    @property
    def monday(self) -> Self:
        """The first day of its week."""
        return self - timedelta(days=self.weekday())


def on_school_clock(moment: datetime) -> datetime:
    """Return a moment in the school's time zone."""
    return moment.astimezone(get_settings().zone)


def moment_at_school(written: datetime) -> datetime:
    """Return the moment (UTC) of a day and time that somebody typed, which mean the school's clock.

    Of an hour that comes twice the first is taken. Raises InvalidInput for a time that the clocks jump over.
    """
    moment = written.replace(tzinfo=get_settings().zone, fold=0).astimezone(UTC)
    if on_school_clock(moment).replace(tzinfo=None, fold=0) != written.replace(tzinfo=None, fold=0):
        raise InvalidInput(why="The clocks go forward on that day and skip this time. Please choose another.")
    return moment


def full_day(day: date) -> str:
    """Write a day, or the day of a moment at the school: "12 March 2026"."""
    there = SchoolDay.of(day)
    return f"{there.day} {there:%B} {there.year}"


def weekday_of(day: date) -> str:
    """Write the weekday of a day, or of a moment's day at the school: "Tuesday"."""
    return f"{SchoolDay.of(day):%A}"


def day_and_time(moment: datetime) -> str:
    """Write a moment on the school's clock: "Tuesday 1 December 2026 at 15:45"."""
    return f"{weekday_of(moment)} {full_day(moment)} at {on_school_clock(moment):%H:%M}"


def iso_day(day: date) -> str:
    """Write a day, or the day of a moment at the school, for a form field, a file name or data: "2026-12-01"."""
    return SchoolDay.of(day).isoformat()


def iso_moment(moment: datetime) -> str:
    """Write a moment for a table: ISO 8601 on the school's clock, with its distance from UTC."""
    return on_school_clock(moment).isoformat()
