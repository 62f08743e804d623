"""The rule about line management: who stands above whom, at any distance, in any staff list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from annotation.access.line_management import (
    in_one_line,
    is_in_one_line,
    line_above,
    managers_on_staff_list,
    refuse_line,
    who_manages,
)
from annotation.errors import PartnershipRefused
from core.database.db import Database
from core.models import Partnership
from tests.support.factories import make_partnership, make_person

PEOPLE = "abcdef"
STAFF_LISTS: list[dict[str, str | None]] = [
    {"a": None, "b": "a", "c": "b", "d": "a", "e": None},
    {"a": "b", "b": "c", "c": "a", "d": "c", "e": None},  # a circle, and somebody below it
    {"a": "a", "b": "a", "c": None, "d": "e", "e": "d"},  # her own manager, and a circle of two
]


@given(st.dictionaries(st.sampled_from(PEOPLE), st.none() | st.sampled_from(PEOPLE)))
def test_a_circle_in_the_staff_list_never_hangs_and_both_directions_agree(managers: dict[str, str | None]) -> None:
    for a in PEOPLE:
        for b in PEOPLE:
            if a != b:
                assert (who_manages(managers, a, b) is None) == (who_manages(managers, b, a) is None)


def test_the_line_above_somebody_goes_up_step_by_step_and_ends_where_it_comes_back() -> None:
    assert list(line_above({"a": "b", "b": "c", "c": None}, "a")) == ["b", "c"]
    assert list(line_above({"a": "b", "b": "c", "c": "b"}, "a")) == ["b", "c"]
    assert list(line_above({"a": "b", "b": "a"}, "a")) == ["b"]
    assert list(line_above({"a": "a"}, "a")) == []
    assert list(line_above({}, "nobody")) == []


def test_the_manager_is_named_before_the_managed_whoever_is_asked_first() -> None:
    managers = {"a": "b", "b": "c", "c": None, "d": "c"}
    assert who_manages(managers, "a", "c") == who_manages(managers, "c", "a") == ("c", "a")
    assert who_manages(managers, "a", "d") is None  # one manager, and no line between the two


@pytest.mark.parametrize("managers", STAFF_LISTS)
def test_the_database_says_of_every_two_what_the_staff_list_says(
    any_database: Database, managers: dict[str, str | None]
) -> None:
    with any_database.write() as session:
        people = {name: make_person(session, name) for name in managers}
        for name, manager in managers.items():
            people[name].manager_id = None if manager is None else people[manager].id
        pairs = [(a, b) for a in people for b in people if a != b]
        rows = {make_partnership(session, people[a], people[b]).id: (a, b) for a, b in pairs}
        wanted = {(a, b) for a, b in pairs if who_manages(managers, a, b)}
        ids = {name: managers[name] and people[managers[name] or ""].id for name in managers}
        assert managers_on_staff_list(session) == {people[name].id: manager for name, manager in ids.items()}
        assert {(a, b) for a, b in pairs if is_in_one_line(session, people[a].id, people[b].id)} == wanted
        in_line = select(Partnership.id).where(in_one_line(Partnership.coach_id, Partnership.coachee_id))
        assert {rows[row] for row in session.scalars(in_line)} == wanted


def test_the_refusal_names_who_manages_whom(database: Database) -> None:
    with database.write() as session:
        head = make_person(session, "Hal Head")
        middle = make_person(session, "Mia Middle", manager_id=head.id)
        ada = make_person(session, "Ada", manager_id=middle.id)
        for pair in ((ada, head), (head, ada)):
            with pytest.raises(PartnershipRefused, match="Hal Head is in the line management of Ada"):
                refuse_line(session, *pair)
        refuse_line(session, ada, make_person(session, "Priya", manager_id=head.id))
