"""People of the school: names and addresses as they are kept, the first account, and who is here."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.errors import AlreadyBegun, EmailTaken
from annotation.people.passwords import NewPassword
from annotation.people.people import (
    GONE,
    NAME_LENGTH,
    add_person,
    address_key,
    clean_email,
    clean_name,
    find_by_email,
    hash_secret,
    is_own_form,
    leaver_until,
    list_people,
    make_first_account,
    make_first_by_provider,
    nobody_yet,
    require_lead,
)
from core.clock import utc_now
from core.database.db import Database
from core.errors import InvalidInput, NotAllowed
from core.settings import get_settings
from tests.support.factories import START, Pair, make_person

WORDS = "four words of mine"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ada@School.Example ", "ada@school.example"),
        ("ada@school.example.", "ada@school.example"),
        ("\uff41da@school.example", "ada@school.example"),
        ("ada@sch\u00fcle.example", "ada@xn--schle-mva.example"),
        ("ada\0@school.example", "ada@school.example"),
        ("no address", "no address"),
    ],
)
def test_an_address_has_one_form_however_it_is_written(written: str, kept: str) -> None:
    assert address_key(written) == kept
    assert address_key(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "@school.example",
        "ada@",
        "ada@b@school.example",
        "a da@school.example",
        f"ada@{'x' * 64}.example",
        f"{'x' * 250}@s.ex",
        f"somebody{GONE}",
    ],
)
def test_what_is_no_address_is_refused_at_its_field(written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_email(written)
    assert refused.value.fields == ("email",)


def test_the_longest_address_and_the_longest_part_of_one_are_taken() -> None:
    assert clean_email(f"ada@{'x' * 63}.example").endswith(".example")
    assert len(clean_email(f"{'x' * 248}@s.ex")) == 253
    assert clean_email(f"{'x' * 249}@s.ex")
    with pytest.raises(InvalidInput):
        clean_email(f"{'x' * 250}@s.ex")


@pytest.mark.parametrize(("email", "own"), [("Ada@s.ex", True), ("\u212aate@s.ex", False), ("", False)])
def test_an_address_that_only_looks_like_another_is_not_in_its_own_form(email: str, *, own: bool) -> None:
    assert is_own_form(email) == own


def test_a_name_is_one_line_of_something_and_no_longer_than_its_column() -> None:
    assert clean_name("  Ada \n Teacher ") == "Ada Teacher"
    assert clean_name("x" * NAME_LENGTH) == "x" * NAME_LENGTH
    for wrong, why in ((" ", "write a name"), ("x" * (NAME_LENGTH + 1), "at most 120 characters")):
        with pytest.raises(InvalidInput, match=why):
            clean_name(wrong)
    with pytest.raises(InvalidInput, match="write a title in at most 5"):
        clean_name("longer", "a title", 5)


def test_a_secret_is_kept_as_its_hash() -> None:
    assert hash_secret("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert hash_secret("a") != hash_secret("b")


@pytest.mark.usefixtures("quick_hashes")
def test_the_first_account_is_the_lead_s_and_there_is_one(database: Database) -> None:
    with database.write() as session:
        assert nobody_yet(session)
        with pytest.raises(InvalidInput):  # the address itself is no password
            make_first_account(session, "Lea", "lea@school.example", NewPassword("lea@school.example"))
        lead = make_first_account(session, " Lea Lead ", "LEA@school.example", NewPassword(WORDS), "Lea")
        assert (lead.name, lead.email, lead.called, lead.is_lead) == ("Lea Lead", "lea@school.example", "Lea", True)
        assert lead.joined_at is not None
        assert not nobody_yet(session)
        with pytest.raises(AlreadyBegun):
            make_first_account(session, "Eve", "eve@school.example", NewPassword(WORDS))
        assert make_first_by_provider(session, "Eve", "eve@school.example") is None
        assert [one.name for one in list_people(session)] == ["Lea Lead"]


def test_whom_the_provider_names_first_is_the_lead(database: Database) -> None:
    with database.write() as session:
        lead = make_first_by_provider(session, "Lea Lead", "lea@school.example")
        assert lead is not None
        assert (lead.is_lead, lead.password_hash) == (True, "")


def test_one_address_is_one_person(pair: Pair) -> None:
    with pytest.raises(EmailTaken):
        add_person(pair.session, "Another", pair.ada.email)
    assert add_person(pair.session, "Another", "another@school.example").joined_at is None


def test_the_staff_list_has_who_is_invited_and_no_leaver(pair: Pair) -> None:
    pair.priya.deactivated_at = utc_now()
    make_person(pair.session, "Nia New", joined_at=None)
    pair.session.flush()
    assert [one.name for one in list_people(pair.session)] == ["Ada Teacher", "Nia New", "Otto Other"]


def test_somebody_is_found_by_any_form_of_her_address_once_she_has_joined(pair: Pair) -> None:
    session = pair.session
    assert find_by_email(session, pair.ada.email.upper()) is pair.ada
    invited = make_person(session, "Nia New", joined_at=None)
    pair.otto.deactivated_at = utc_now()
    session.flush()
    for address in (invited.email, pair.otto.email, "nobody@school.example"):
        with pytest.raises(InvalidInput, match="Nobody has joined"):
            find_by_email(session, address)
    assert find_by_email(session, pair.otto.email, leavers=True) is pair.otto


def test_a_leaver_has_the_days_of_the_settings(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert leaver_until(pair.ada) is None
    pair.ada.deactivated_at = START
    monkeypatch.setenv("HINDSIGHT_LEAVER_DAYS", "9")
    get_settings.cache_clear()
    assert leaver_until(pair.ada) == START + timedelta(days=9)


def test_only_the_lead_is_the_lead(pair: Pair) -> None:
    with pytest.raises(NotAllowed):
        require_lead(pair.ada)
    pair.ada.is_lead = True
    require_lead(pair.ada)
