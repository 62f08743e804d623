"""The rule of lint about days: nothing breaks it, and it sees what would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calendar_rule import faults, faults_of


def test_every_day_is_made_by_the_schools_clock() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("a.py", "today = utc_now().date()"),
        ("a.py", "today = date.today()"),
        ("a.py", "day = lesson.created_at.date()"),
        ("a.py", "words = moment.strftime('%d %B')"),
        ("a.py", "words = f'{moment:%d %B %Y}'"),
        ("a.py", "week = moment.isocalendar()"),
        ("a.py", "monday = day - timedelta(days=day.weekday())"),
        ("a.py", "end = datetime.combine(day, time(), UTC)"),
        ("a.html", '{{ day.strftime("%B") }}'),
        ("a.ts", "const today = new Date(at).toLocaleDateString();"),
        ("a.ts", "const day = now.getDate();"),
        ("a.ts", "const day = new Date().toISOString().slice(0, 10);"),
        ("web/a.py", "day = lesson.taught_on.isoformat()"),
        ("annotation/a.py", 'words = f"until {share.until.isoformat()}"'),
        ("a.html", "<p>{{ one.planned_at }}</p>"),
        ("a.html", '<p>{{ one.day ~ ", " ~ one.title }}</p>'),
        ("a.html", "{{ 'for ever' if not share.until else share.until }}"),
        ("a.html", "{{ one.opened_at|default('') }}"),
        ("a.html", "since {{ one.since|full_day }}, opened {{ one.opened_at|time_ago }}"),
        ("a.ts", "const line = `${one.person.name} opened it ${one.opened_at}`;"),
        ("a.ts", 'const line = make("time", {}, one.written_at);'),
        ("a.ts", "say(share.until);"),
    ],
)
def test_another_clocks_day_is_seen(file: str, line: str) -> None:
    assert [number for number, _ in faults_of(Path(file), f"\n{line}\n")] == [2]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("a.py", "today = SchoolDay.of(utc_now())"),
        ("a.py", "today = SchoolDay.today()"),
        ("a.py", "share = f'{value:.0%}'"),
        ("a.py", "about = f'{planned:%Y%m%d}'  # calendar rule: a key"),
        ("a.ts", "const sent = Date.now();"),
        ("a.py", "about = moment.isoformat()"),  # no package whose text people read
        ("a.html", "{{ one.day|full_day ~ ', ' ~ one.title }}{{ 'done' if one.done_at else 'open' }}"),
        ("a.html", "{{ open_at }}{{ walk.saved_at|time_ago if walk.saved_at else 'not saved' }}"),
        ("a.ts", 'make("time", { dateTime: one.written_at }, dayAndTime(one.written_at));'),
        ("a.ts", "const line = `${dayOf(share.since)}${share.until ? dayInWords(share.until) : ''}`;"),
    ],
)
def test_what_is_the_schools_or_no_day_is_let_through(file: str, line: str) -> None:
    assert not list(faults_of(Path(file), f"\n{line}\n"))
