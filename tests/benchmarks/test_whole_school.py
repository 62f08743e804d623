"""A made school has the size that was asked for, and is made where nobody is."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from benchmarks.material.school_sizes import Sizes
from benchmarks.material.whole_school import NotEmpty, make_whole_school
from core.database.db import Database
from core.models import Base, Comment, Event, Lesson, Person
from tests.support.factories import make_person

SMALL = Sizes(teachers=12, lessons=30, comments=120, events=100, whole=2)


def counts(database: Database) -> dict[type[Base], int]:
    """Return how many rows there are of each kind whose number is asked for."""
    with database.read() as session:
        return {
            table: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Person, Lesson, Comment, Event)
        }


def test_a_school_is_as_large_as_asked(database: Database) -> None:
    made = make_whole_school(database, SMALL)
    assert counts(database) == {Person: 12, Lesson: 30, Comment: 120, Event: 100}
    assert len({lesson for lesson, _ in made.lessons}) == 30


def test_a_school_that_is_there_is_left_alone(database: Database) -> None:
    with database.write() as session:
        make_person(session)
    with pytest.raises(NotEmpty, match="There is a school already"):
        make_whole_school(database, SMALL)
    assert counts(database) == {Person: 1, Lesson: 0, Comment: 0, Event: 0}
