"""Rows that are there once: of two writers the second gets the row of the first, and a press counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.clock import stopped_at, utc_now
from core.database.db import Database
from core.database.insert import PRESS, insert_or_find, pressed_before
from core.models import Goal, Person
from tests.support.factories import make_partnership, make_person

ADDRESS = "ada@school.example"


def ada(name: str) -> Person:
    """Return a row that is there once, by its address."""
    return Person(name=name, email=ADDRESS, created_at=utc_now())


def test_what_is_there_is_returned_and_what_is_not_is_inserted(any_database: Database) -> None:
    with any_database.write() as session:
        there = select(Person).where(Person.email == ADDRESS)
        first, is_new = insert_or_find(session, ada("First"), lambda: session.scalar(there))
        assert (first.name, is_new) == ("First", True)
        second, is_new = insert_or_find(session, ada("Second"), lambda: session.scalar(there))
        assert (second.id, is_new) == (first.id, False)


def test_a_row_that_somebody_inserted_since_it_was_looked_for_is_returned_and_the_rest_goes_on(
    any_database: Database,
) -> None:
    with any_database.write() as session:
        first = make_person(session, "First", email=ADDRESS)
        other = make_person(session, "Other")
        looked = iter([None, first])  # the first look comes too early
        found, is_new = insert_or_find(session, ada("Second"), lambda: next(looked))
        assert (found.id, is_new) == (first.id, False)
    with any_database.read() as session:
        assert set(session.scalars(select(Person.name))) == {"First", "Other"}
        assert session.get(Person, other.id) is not None


def test_a_row_that_another_rule_refuses_is_not_passed_off_as_found(database: Database) -> None:
    with database.write() as session:
        make_person(session, "First", email=ADDRESS)
        with pytest.raises(IntegrityError):
            insert_or_find(session, ada("Second"), lambda: None)


def test_the_same_words_are_one_press_for_ten_seconds_and_the_oldest_counts(database: Database) -> None:
    with database.write() as session:
        coachee, now = make_person(session), utc_now()
        pair = make_partnership(session, make_person(session), coachee)
        goals = [
            Goal(partnership_id=pair.id, set_by_id=coachee.id, title="Wait", slot=slot, created_at=made)
            for slot, made in ((1, now), (2, now + timedelta(seconds=1)))
        ]
        session.add_all(goals)
        session.flush()

        def press(title: str) -> Goal | None:
            return pressed_before(session, Goal, Goal.created_at, Goal.title == title)

        with stopped_at(now + PRESS - timedelta(microseconds=1)):
            assert press("Wait") is goals[0]
            assert press("Other words") is None
        with stopped_at(now + PRESS):
            assert press("Wait") is goals[1]
        with stopped_at(now + PRESS + timedelta(seconds=1)):
            assert press("Wait") is None
