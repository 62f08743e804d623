"""What the lead may count, and that nothing anywhere grades anybody."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from annotation.school.programme import count_weeks, sessions_by_week
from core.clock import utc_now
from core.database.db import Database
from core.errors import NotAllowed
from core.models import Base, CoachingSession, Partnership
from tests.access.test_every_route import routes_of
from tests.support.factories import make_partnership, make_person
from web.app import create_app

PROJECT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 25)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
GRADING = re.compile(
    r"\b(grade[sd]?|grading|score[sd]?|rubric|rating|ranking|league|percentile|stars)\b", re.IGNORECASE
)
DENIALS = ("never a grade", "no score", "grades anybody", "being scored")


def test_a_week_is_counted_only_when_three_pairs_or_more_met() -> None:
    met = [
        (MONDAY, "a", "b"),
        (MONDAY, "a", "b"),
        (MONDAY - timedelta(weeks=1), "a", "b"),
        (MONDAY - timedelta(weeks=1), "c", "b"),
        (MONDAY - timedelta(weeks=1), "b", "c"),  # the same two, the other way round
        (MONDAY - timedelta(weeks=2), "a", "b"),
        (MONDAY - timedelta(weeks=2), "c", "b"),
        (MONDAY - timedelta(weeks=2), "c", "a"),
    ]
    weeks = count_weeks(met, TODAY)
    assert [(week.monday, week.sessions) for week in weeks[:3]] == [
        (date(2026, 11, 23), None),
        (date(2026, 11, 16), None),
        (date(2026, 11, 9), 3),
    ]
    assert weeks[3].sessions is None  # nothing and too few look alike


def test_nobody_but_the_lead_sees_the_counts(database: Database) -> None:
    with database.write() as session, pytest.raises(NotAllowed):
        sessions_by_week(session, make_person(session))


def held(pair: Partnership) -> CoachingSession:
    """Return a session that two have just had."""
    now = utc_now()
    made = CoachingSession(partnership_id=pair.id, created_at=now, began_at=now, ended_at=now)
    made.room, made.moments = {}, []
    return made


def test_the_lead_s_own_sessions_are_in_no_count_so_nothing_can_be_subtracted(database: Database) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea", is_lead=True)
        people = [make_person(session, f"Person {number}") for number in range(6)]
        pairs = [make_partnership(session, *people[at : at + 2]) for at in (0, 2)]
        for pair in [*pairs, make_partnership(session, lead, people[0])]:
            session.add(held(pair))
        session.flush()
        assert sessions_by_week(session, lead)[0].sessions is None  # three pairs met, one of them the lead's own
        session.add(held(make_partnership(session, *people[4:])))
        session.flush()
        assert sessions_by_week(session, lead)[0].sessions == 3


def test_no_table_route_or_page_grades_anybody() -> None:
    columns = [f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns]
    paths = [path for _, path in routes_of(create_app().routes)]
    fields = re.findall(r'"(\w+)":', json.dumps(create_app().openapi()))
    assert min(len(columns), len(paths), len(fields)) > 80
    assert [name for name in columns + paths + fields if GRADING.search(name.replace("_", " ").replace("/", " "))] == []
    for page in sorted((PROJECT / "web" / "templates").rglob("*.html")):
        text = page.read_text("utf-8")
        for denial in DENIALS:
            text = re.sub(denial, "", text, flags=re.IGNORECASE)
        assert GRADING.search(text) is None, (page.name, GRADING.search(text))
    for script in sorted((PROJECT / "web" / "frontend" / "src").rglob("*.ts")):
        assert GRADING.search(script.read_text("utf-8")) is None, script.name
