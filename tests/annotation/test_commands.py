"""Commands about accounts: for whoever holds the machine, each told to the person whose account it is."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from annotation.commands import password_link, second_factor_remove, sign_on_reset
from annotation.people.account_links import find_link
from annotation.people.credentials import list_notices
from annotation.people.second_factor import has_second_factor
from core.clock import utc_now
from core.database.db import Database
from core.models import Person, SecondFactor, SignIn
from core.sealing import seal
from core.settings import get_settings
from tests.support.factories import make_person

ADDRESS = "ada@school.example"


@pytest.fixture
def ada(database: Database, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Make Ada's account, signed in on one device."""
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", "https://hindsight.school.example")
    get_settings.cache_clear()
    with database.write() as session:
        ada = make_person(session, "Ada", email=ADDRESS, subject="https://id.school.example|7")
        times = dict.fromkeys(("created_at", "last_seen_at", "expires_at"), utc_now())
        session.add(SignIn(person_id=ada.id, secret_hash="x", device="a phone", **times))
        return ada


def run(command: object, address: str = ADDRESS) -> Result:
    """Run a command."""
    return CliRunner().invoke(command, [address])  # type: ignore[arg-type]


def events(database: Database, person: Person) -> list[str]:
    """Return what Ada's own page says happened."""
    with database.read() as session:
        return [notice.event for notice, _ in list_notices(session, person)]


def devices(database: Database) -> int:
    """Return on how many devices somebody is signed in."""
    with database.read() as session:
        return len(session.scalars(select(SignIn)).all())


def test_a_link_to_a_new_password_is_printed_works_and_is_told(database: Database, ada: Person) -> None:
    ended = run(password_link, "ADA@school.example")
    assert ended.exit_code == 0
    address, _, secret = ended.output.strip().rpartition("/")
    assert address == "https://hindsight.school.example/new-password"
    with database.read() as session:
        assert find_link(session, secret, "reset")[1].id == ada.id
    assert (events(database, ada), devices(database)) == (["link-by-command"], 1)


def test_no_link_is_made_where_a_password_would_open_nothing(
    database: Database, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    for name, value in (("ISSUER", "https://id.school.example"), ("CLIENT_ID", "x"), ("CLIENT_SECRET", "x")):
        monkeypatch.setenv(f"HINDSIGHT_OIDC_{name}", value)
    get_settings.cache_clear()
    ended = run(password_link)
    assert ended.exit_code == 1
    assert "HINDSIGHT_PASSWORDS=true" in ended.output
    assert events(database, ada) == []


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("command", [password_link, second_factor_remove, sign_on_reset])
def test_an_address_that_nobody_has_is_said(command: object) -> None:
    ended = run(command, "nobody@school.example")
    assert ended.exit_code == 1
    assert "Nobody has joined with the address nobody@school.example" in ended.output


def test_a_lost_second_factor_is_taken_away_with_every_device(database: Database, ada: Person) -> None:
    assert "has no second factor" in run(second_factor_remove).output
    with database.write() as session:
        factor = SecondFactor(person_id=ada.id, secret=seal("A" * 32), made_at=utc_now(), last_step=0)
        factor.confirmed_at = utc_now()
        session.add(factor)
    assert run(second_factor_remove).exit_code == 0
    with database.read() as session:
        assert not has_second_factor(session, ada.id)
    assert (events(database, ada), devices(database)) == (["factor-lost"], 0)


def test_the_number_at_the_provider_is_forgotten_with_every_device(database: Database, ada: Person) -> None:
    assert run(sign_on_reset).exit_code == 0
    with database.read() as session:
        assert session.get_one(Person, ada.id).subject is None
    assert (events(database, ada), devices(database)) == (["number-forgotten"], 0)
    ended = run(sign_on_reset)
    assert ended.exit_code == 1
    assert "has not signed in with single sign-on yet" in ended.output


def test_a_leaver_s_second_factor_can_be_taken_away_but_no_link_is_made_for_her(
    database: Database, ada: Person
) -> None:
    with database.write() as session:
        session.get_one(Person, ada.id).deactivated_at = utc_now()
    assert "Nobody has joined" in run(password_link).output
    assert "has no second factor" in run(second_factor_remove).output
