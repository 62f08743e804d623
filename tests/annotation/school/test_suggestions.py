"""Suggestions of partners: other departments first, never a line manager, never who is a partner already."""

from __future__ import annotations

from sqlalchemy.orm import Session

from annotation.school.suggestions import Colleague, suggest, suggestions_for
from core.clock import utc_now
from core.database.db import Database
from core.models import Person
from tests.support.factories import make_partnership, make_person


def test_other_departments_are_suggested_first_then_who_has_fewest_partners() -> None:
    me = Colleague("me", "Me", "Maths")
    colleagues = [
        Colleague("a", "Ann", "Maths"),
        Colleague("b", "Bob", "Art", pairs=2),
        Colleague("c", "Cas", "Art"),
        Colleague("d", "Dan", "PE"),
        Colleague("boss", "Eve", "Art"),
        Colleague("known", "Fay", "Art"),
        me,
    ]
    found = suggest(me, colleagues, {"me": "boss"}, known={"known"})
    assert [one.id for one in found] == ["c", "d", "b", "a"]


def names(session: Session, person: Person) -> list[str]:
    """Return who is suggested to somebody, the best first."""
    return [one.name for one in suggestions_for(session, [person])[person.id]]


def test_those_of_one_department_with_as_many_partners_stand_by_name() -> None:
    me = Colleague("me", "Me", "Maths")
    twins = [Colleague("2", "Bo", "Art"), Colleague("1", "Bo", "Art"), Colleague("3", "Al", "Art")]
    assert [one.id for one in suggest(me, twins, {})] == ["3", "1", "2"]


def test_nobody_is_suggested_who_is_a_partner_has_asked_has_left_or_has_not_joined(database: Database) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada")
        for state in ("asked", "active", "suspended", "ended"):
            make_partnership(session, make_person(session, f"Coach {state}"), ada, state=state)
        make_partnership(session, ada, make_person(session, "Coachee"))
        make_person(session, "Invited", joined_at=None)
        make_person(session, "Left", deactivated_at=utc_now())
        make_person(session, "Free")
        assert names(session, ada) == ["Coach ended", "Free"]


def test_whoever_has_fewer_partners_that_go_on_stands_first(database: Database) -> None:
    with database.write() as session:
        ada, busy, free = (make_person(session, name, department="Art") for name in ("Ada", "Busy", "Free"))
        ada.department = "Maths"
        make_partnership(session, busy, make_person(session, "Zoe", department="Maths"))
        make_partnership(session, free, make_person(session, "Zak", department="Maths"), state="ended")
        assert names(session, ada)[:2] == ["Free", "Busy"]


def test_the_whole_line_above_and_below_is_left_out_for_each_who_is_asked(database: Database) -> None:
    with database.write() as session:
        head = make_person(session, "Head")
        middle = make_person(session, "Middle", manager_id=head.id)
        ada = make_person(session, "Ada", manager_id=middle.id)
        other = make_person(session, "Other", manager_id=head.id)
        found = suggestions_for(session, [head, ada, other])
        assert {one: [colleague.name for colleague in found[one]] for one in found} == {
            head.id: [],
            ada.id: ["Other"],
            other.id: ["Ada", "Middle"],
        }
