"""An upgrade to 0014 mends what two requests at once have left behind in a school."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from core.database.backup import tables_of
from core.database.db import Database
from core.database.migrate import migrate_database
from core.errors import DoneAtOnce
from core.models import Goal, Lesson, Partnership, Person, Share
from tests.core.database.old_schools import made_row
from tests.support.factories import START
from tests.support.processes import settings_of
from tests.support.servers import Ground, Servers

Add = Callable[..., None]


@pytest.fixture
def old_school(servers: Servers, ground: Ground, data_dir: Path) -> tuple[Database, str]:
    """Return a school of version 0013 with what races leave behind, and its address."""
    servers.make(ground)
    address = settings_of(ground).database_address
    migrate_database(address, "0013")
    database = Database(address)
    with database.write() as session:
        connection = session.connection()
        tables = {table.name: table for table in tables_of(connection)}

        def add(name: str, row_id: str, **values: Any) -> None:
            table = tables[name]
            empty = {
                column: None if table.c[column].nullable else value for column, value in made_row(table, 1).items()
            }
            connection.execute(insert(table), [{**empty, "id": row_id, **values}])

        fill(add)
    return database, address


def fill(add: Add) -> None:
    """Ada is coached by Priya twice and by her manager; her lesson is open twice; she has five goals."""
    for name, manager in (("mark", None), ("ada", "mark"), ("priya", None)):
        add("person", name, email=f"{name}@school.example", manager_id=manager)
    for row_id, coach, state in (
        ("first", "priya", "active"),
        ("second", "priya", "asked"),
        ("line", "mark", "active"),
    ):
        add("partnership", row_id, coach_id=coach, coachee_id="ada", kind="coaching", state=state, created_at=START)
    add("lesson", "lesson", owner_id="ada", conversation_id=None, deleted_at=None)
    add("clip", "clip", lesson_id="lesson")
    add("portfolio_item", "given", owner_id="priya", kind="task", ref_id="grow", consent="given", coachee_id=None)
    add("portfolio_item", "no", owner_id="priya", kind="task", ref_id="grow", consent="withdrawn", coachee_id=None)
    for number in range(5):
        later = START + timedelta(minutes=number)
        add("goal", f"goal{number}", partnership_id="first", set_by_id="ada", created_at=later)
        add("share", f"share{number}", lesson_id="lesson", partnership_id="first", created_at=later)
        add("clip_share", f"share{number}", clip_id="clip", partnership_id="first", created_at=later)
        add("shown_measures", f"shown{number}", owner_id="ada", partnership_id="first", shown_at=later)
        add(
            "walk",
            f"walk{number}",
            observer_id="priya",
            observed_id="ada",
            title="Year 9",
            began_at=later,
            goal_id=None,
        )
        add("walk_note", f"note{number}", walk_id=f"walk{number}", draft_id=f"d{number}")
        for name, values in (("room", {"lesson_id": "lesson"}), ("plan", {"planned_at": later})):
            add("coaching_session", f"{name}{number}", partnership_id="first", created_at=later, **values)
    add("share", "shareline", lesson_id="lesson", partnership_id="line", created_at=START)


def test_of_every_double_one_is_left_and_nothing_that_somebody_wrote_is_gone(old_school: tuple[Database, str]) -> None:
    database, address = old_school
    migrate_database(address)
    with database.read() as session:
        states = {row.id: row.state for row in session.scalars(select(Partnership))}
        assert states == {"first": "active", "second": "ended", "line": "suspended"}
        for table in ("share", "clip_share", "shown_measures"):
            still = session.execute(text(f"SELECT id FROM {table} WHERE taken_back_at IS NULL")).scalars().all()
            assert still == [f"{'shown' if table == 'shown_measures' else 'share'}4"]
        goals = {goal.id: goal.slot for goal in session.scalars(select(Goal))}
        assert goals == {"goal0": 1, "goal1": 2, "goal2": 3, "goal3": None, "goal4": None}
        found = session.execute(text("SELECT id FROM coaching_session WHERE ended_at IS NULL AND film IS NOT NULL"))
        assert found.scalars().all() == ["room4"]
        assert session.scalar(text("SELECT count(*) FROM coaching_session")) == 10
        assert session.execute(text("SELECT DISTINCT walk_id FROM walk_note")).scalars().all() == ["walk4"]
        assert session.scalar(text("SELECT count(*) FROM walk_note")) == 5
        assert session.execute(text("SELECT id FROM portfolio_item")).scalars().all() == ["no"]
        lesson, ada = session.get_one(Lesson, "lesson"), session.get_one(Person, "ada")
        assert lesson.owner_id == ada.id
    with pytest.raises(DoneAtOnce), database.write() as session:
        session.add(Share(lesson_id="lesson", partnership_id="first", created_at=START))
    database.dispose()
