"""Importing a staff list: in bulk, whole or not at all, also when somebody else changes the list meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from annotation.people.account_links import find_link
from annotation.school import staff_import
from annotation.school.staff import MOST_ROWS, read_staff
from annotation.school.staff_import import Import, import_staff, prepare_import
from core.database.db import Database
from core.errors import DoneAtOnce
from core.models import AccountNotice, Mail, Partnership, Person, SignIn
from core.settings import get_settings
from tests.support.factories import make_partnership, make_person, make_share
from tests.support.factories.lessons import make_lesson
from tests.support.short_writes import MOST_SECONDS


def a_file(count: int, department: str = "Maths") -> str:
    """Return a staff list in which everybody is managed by somebody further down in the file."""
    lines = [
        f"Person {number},p{number}@s.example,{department},{f'p{number + 7}@s.example' if number + 7 < count else ''}"
        for number in range(count)
    ]
    return "\n".join(["name,email,department,manager", *lines])


def a_lead(database: Database) -> Person:
    with database.write() as session:
        return make_person(session, "Lea Lead", is_lead=True)


def test_a_long_list_is_written_in_a_quarter_of_a_second_and_each_gets_her_link(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, held = a_lead(any_database), list[float]()
    import_staff(any_database, lead, read_staff(a_file(3)), others_left=False)  # statements are compiled
    monkeypatch.setattr(Database, "write_observer", held.append)
    count = MOST_ROWS // 3  # the greatest school there is has fewer
    _, shown = import_staff(any_database, lead, read_staff(a_file(count)), others_left=False)
    assert max(held) < MOST_SECONDS
    with any_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == count + 1
        manager = select(Person.email).where(Person.id == session.scalar(_manager_of("p0@s.example")))
        assert session.scalar(manager) == "p7@s.example"
        assert [find_link(session, secret, "join")[1].name for _, secret in shown] == [name for name, _ in shown]
    assert len(shown) == count - 3


def _manager_of(email: str) -> Any:
    return select(Person.manager_id).where(Person.email == email)


def test_each_who_is_new_is_mailed_a_link_where_there_is_a_mail_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()
    lead = a_lead(database)
    _, shown = import_staff(database, lead, read_staff(a_file(20)), others_left=False)
    assert not shown
    with database.read() as session:
        mails = session.scalars(select(Mail)).all()
        secrets = [mail.text.partition("/join/")[2].split()[0] for mail in mails]
        assert {find_link(session, secret, "join")[1].id for secret in secrets} == {mail.person_id for mail in mails}
        assert len(mails) == 20
        assert session.scalars(select(AccountNotice)).all() == []


def test_many_who_leave_are_signed_out_and_their_partnerships_end(any_database: Database) -> None:
    lead = a_lead(any_database)
    import_staff(any_database, lead, read_staff(a_file(300)), others_left=False)
    with any_database.write() as session:
        ada = make_person(session, "Ada", email="ada@s.example")
        for one in session.scalars(select(Person).where(Person.name.like("Person %"))).all():
            make_share(session, make_lesson(session, ada), make_partnership(session, one, ada))
            times = {"created_at": one.created_at, "last_seen_at": one.created_at, "expires_at": one.created_at}
            session.add(SignIn(person_id=one.id, secret_hash=one.id, **times))
    import_staff(any_database, lead, read_staff("name,email\nAda,ada@s.example"), others_left=True)
    with any_database.read() as session:
        assert set(session.scalars(select(Partnership.state))) == {"ended"}
        assert session.scalars(select(SignIn)).all() == []
        here = select(Person.name).where(Person.deactivated_at.is_(None)).order_by(Person.name)
        assert session.scalars(here).all() == ["Ada", "Lea Lead"]


def test_an_import_is_thought_out_again_when_the_list_was_changed_meanwhile(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, tries = a_lead(any_database), list[int]()

    def prepare_slowly(*arguments: Any, **named: Any) -> Import:
        ready = prepare_import(*arguments, **named)
        if not tries:
            with any_database.write() as session:
                make_person(session, "Somebody Else", email="p0@s.example")
        tries.append(1)
        return ready

    monkeypatch.setattr(staff_import, "prepare_import", prepare_slowly)
    import_staff(any_database, lead, read_staff(a_file(2)), others_left=False)
    with any_database.read() as session:
        people = session.scalars(select(Person.name).order_by(Person.name)).all()
    assert (people, len(tries)) == (["Lea Lead", "Person 0", "Person 1"], 2)


def test_a_list_that_others_change_again_and_again_is_not_half_imported(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = a_lead(database)

    def prepare_late(*arguments: Any, **named: Any) -> Import:
        ready = prepare_import(*arguments, **named)
        with database.write() as session:
            make_person(session)
        return ready

    monkeypatch.setattr(staff_import, "prepare_import", prepare_late)
    with pytest.raises(DoneAtOnce):
        import_staff(database, lead, read_staff(a_file(2)), others_left=False)
    with database.read() as session:
        assert session.scalars(select(Person).where(Person.email.like("%@s.example"))).all() == []
