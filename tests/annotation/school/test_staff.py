"""The staff list: from a file and by hand, dry run first; leavers, and what they keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.coaching.partnerships import make_partnership as make_pair
from annotation.errors import LastLead, LinkUnusable, PartnershipRefused, StaffUnreadable, WrongSignIn
from annotation.people.account_links import accept_invitation, make_link
from annotation.people.passwords import NewPassword, hash_password
from annotation.people.sign_in import check_sign_in
from annotation.school.staff import (
    Change,
    Member,
    compare_staff,
    mark_left,
    read_staff,
    reinstate,
    set_place,
)
from annotation.school.staff_import import apply_import, import_staff, plan_staff, prepare_import
from core.clock import utc_now
from core.database.db import Database
from core.errors import HindsightError, InvalidInput, NotAllowed
from core.models import Partnership, Person, SignIn
from tests.support.factories import make_partnership, make_person

FILE = """name;email;department;line manager
Ada Teacher;ADA@school.example;Maths;hal@school.example
Hal Head;hal@school.example;Maths;
"""


def import_now(session: Session, lead: Person, text: str, *, others_left: bool) -> list[Person]:
    """Import a file within a transaction of the test's own; return those who are new."""
    ready = prepare_import(session, lead, read_staff(text), others_left=others_left, invite=False)
    apply_import(session, ready)
    return [session.get_one(Person, one["id"]) for one in ready.joining]


def test_a_file_is_read_with_any_of_its_usual_separators_and_titles() -> None:
    for text in (FILE, FILE.replace(";", ","), FILE.replace(";", "\t"), "\ufeff" + FILE.replace("\n", "\r\n")):
        rows, problems = read_staff(text)
        assert [(row.name, row.email, row.manager) for row in rows] == [
            ("Ada Teacher", "ada@school.example", "hal@school.example"),
            ("Hal Head", "hal@school.example", ""),
        ]
        assert problems == ()


def test_a_staff_list_may_say_what_somebody_is_called() -> None:
    (row,), _ = read_staff("name,email,known as\nDr Anna Schmidt,anna@s.example,Anna\n")
    assert row.called == "Anna"


def test_what_cannot_be_taken_is_said_line_by_line_and_the_rest_is_kept() -> None:
    lines = ("name,email,manager", "Ada,ada@s.example,ada@s.example", ",x@s.example,", "Bo,nothing,")
    text = "\n".join([*lines, "Cy,cy@s.example,", "Cy,CY@s.example,", "", ""])
    rows, problems = read_staff(text)
    assert [row.email for row in rows] == ["cy@s.example"]
    assert [problem.partition(" is left out")[0] for problem in problems] == ["Line 2", "Line 3", "Line 4", "Line 6"]
    assert "in line 5" in problems[-1]


@given(st.text())
def test_whatever_is_in_a_file_it_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        rows, _ = read_staff(text)
    except StaffUnreadable as error:
        assert str(error).endswith(".")
    else:
        assert all(row.email and row.name for row in rows)


def test_a_comparison_says_who_joins_changes_returns_and_leaves() -> None:
    known = [
        Member("Ada Teacher", "ada@school.example", "Art"),
        Member("Hal Head", "hal@school.example", "Maths", left=True),
        Member("Zoe Old", "zoe@school.example"),
    ]
    new = "Nia New;nia@school.example;;nobody@school.example\nNed New;ned@school.example;Art;nia@school.example\n"
    rows, _ = read_staff(FILE + new)
    changes, problems = compare_staff(known, rows, others_left=True)
    assert changes == [
        Change(
            "changes",
            "Ada Teacher",
            "ada@school.example",
            ("department: Art → Maths", "line manager: none → hal@school.example"),
        ),
        Change("returns", "Hal Head", "hal@school.example"),
        Change("joins", "Nia New", "nia@school.example"),
        Change("joins", "Ned New", "ned@school.example", ("department: Art", "line manager: nia@school.example")),
        Change("leaves", "Zoe Old", "zoe@school.example"),
    ]
    assert problems == ["Line 4: nobody has the address nobody@school.example, so Nia New gets no line manager."]
    assert all(one.kind != "leaves" for one in compare_staff(known, rows, others_left=False)[0])


def test_a_dry_run_changes_nothing_and_says_which_pairs_would_be_suspended(database: Database) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        ada = make_person(session, "Ada Teacher", email="ada@school.example")
        hal = make_person(session, "Hal Head", email="hal@school.example", department="Maths")
        make_partnership(session, hal, ada)
    with database.write() as session:
        plan = plan_staff(session, lead, read_staff(FILE), others_left=True)
        assert plan.suspended == (("Hal Head", "Ada Teacher"),)
        assert session.get_one(Person, ada.id).manager_id is None
        assert [one.kind for one in plan.changes] == ["changes"]  # the lead, who is not in the file, stays
    with database.write() as session:
        assert import_now(session, lead, FILE, others_left=True) == []
    with database.read() as session:
        assert session.get_one(Person, ada.id).manager_id == hal.id
        assert session.scalars(select(Partnership.state)).all() == ["suspended"]
        assert plan_staff(session, lead, read_staff(FILE), others_left=True).changes == ()  # nothing is left to do


def test_nobody_manages_their_own_line_manager_by_hand_or_by_a_file(database: Database) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        ada = make_person(session, "Ada Teacher", email="ada@school.example")
        hal = make_person(session, "Hal Head", email="hal@school.example", manager_id=ada.id)
        zoe = make_person(session, "Zoe Old", email="zoe@school.example", manager_id=hal.id)
        for boss in (hal, zoe):
            with pytest.raises(InvalidInput, match="would be a circle"):
                set_place(session, lead, ada.id, "", boss.id)
        set_place(session, lead, zoe.id, "Art", ada.id)
        zoe.manager_id = hal.id
    lines = ("name,email,manager", "Ada Teacher,ada@school.example,zoe@school.example")
    swapped = "Hal Head,hal@school.example,ada@school.example\nNia,nobody,\nBo,bo@s.example,who@s.example"
    with database.write() as session:
        plan = plan_staff(session, lead, read_staff("\n".join([*lines, swapped])), others_left=False)
        assert [one.partition(" ")[2][:2] for one in plan.problems] == ["3:", "4 ", "5:"]
        assert "Hal Head gets no line manager" in plan.problems[0]
        import_now(session, lead, "\n".join([*lines, swapped]), others_left=False)
    with database.read() as session:
        managers = {one.name: one.manager_id for one in session.scalars(select(Person))}
        assert (managers["Ada Teacher"], managers["Hal Head"], managers["Zoe Old"]) == (zoe.id, None, hal.id)


def test_nobody_but_the_lead_reads_or_changes_the_list(database: Database) -> None:
    with database.write() as session:
        ada = make_person(session)
        with pytest.raises(NotAllowed):
            plan_staff(session, ada, read_staff(FILE), others_left=False)
    with pytest.raises(NotAllowed):
        import_staff(database, ada, read_staff(FILE), others_left=False)


def test_a_leaver_is_signed_out_and_her_partnerships_end_but_she_can_sign_in_for_a_while(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        ada = make_person(session, password_hash=hash_password("four words of mine"))
        make_partnership(session, make_person(session, "Priya"), ada)
        device = {"device": "a phone", "created_at": utc_now(), "last_seen_at": utc_now()}
        session.add(SignIn(person_id=ada.id, secret_hash="x", expires_at=utc_now() + timedelta(days=1), **device))
        mark_left(session, lead, ada.id)
    with database.write() as session:
        assert session.scalars(select(SignIn)).all() == []
        assert session.scalars(select(Partnership.state)).all() == ["ended"]
        assert check_sign_in(session, ada.email, "four words of mine").id == ada.id
        session.get_one(Person, ada.id).deactivated_at = utc_now() - timedelta(days=31)
        session.flush()
        with pytest.raises(WrongSignIn):
            check_sign_in(session, ada.email, "four words of mine")
        reinstate(session, lead, ada.id)
        assert check_sign_in(session, ada.email, "four words of mine").id == ada.id


def test_the_last_lead_cannot_leave_nor_be_made_somebody_else(database: Database) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        with pytest.raises(LastLead):
            mark_left(session, lead, lead.id)
        make_person(session, "Lou", is_lead=True, joined_at=None)  # invited only: could not carry on
        with pytest.raises(HindsightError):
            mark_left(session, lead, lead.id)


def test_those_who_are_new_join_with_their_own_link_and_count_as_managed_before(
    database: Database,
) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        new = import_now(session, lead, FILE, others_left=False)
        found = {person.name: person for person in new}
        assert found["Ada Teacher"].manager_id == found["Hal Head"].id
        with pytest.raises(PartnershipRefused):
            make_pair(session, lead, found["Hal Head"].id, found["Ada Teacher"].id, kind="coaching")
        secrets = {person.name: make_link(session, person, "join") for person in new}
        joined = accept_invitation(session, secrets["Ada Teacher"], "Ada", NewPassword("four words of mine"))
        assert (joined.id, joined.joined_at is not None) == (found["Ada Teacher"].id, True)
        with pytest.raises(LinkUnusable):
            accept_invitation(session, secrets["Ada Teacher"], "Ada", NewPassword("four words of mine"))
