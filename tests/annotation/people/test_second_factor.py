"""Codes of an app and recovery codes: each is taken once, on every database, and a clock may be a little wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from annotation.errors import WrongCode
from annotation.people.passwords import TypedPassword, hash_password
from annotation.people.second_factor import begin_setup, finish_setup, use_code
from annotation.people.sign_in import Browser
from annotation.people.two_step_sign_in import enter_by_code, enter_by_password
from core.database.db import Database
from core.errors import HindsightError
from core.models import Person, SignIn
from tests.support.factories import make_person

PASSWORD = "four words of mine"
NOW = datetime(2026, 11, 30, 15, 0, 5, tzinfo=UTC)

pytestmark = [pytest.mark.usefixtures("quick_hashes", "data_dir"), pytest.mark.timeout(300)]


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr("annotation.people.second_factor.utc_now", lambda: now)


def with_factor(database: Database) -> tuple[Person, pyotp.TOTP, list[str]]:
    """Make somebody with a second factor; return her, her app, and her recovery codes."""
    with database.write() as session:
        person = make_person(session, password_hash=hash_password(PASSWORD))
        app = pyotp.TOTP(begin_setup(session, person).secret)
        device = SignIn(id="", device="Firefox on Windows")
        return (
            person,
            app,
            finish_setup(session, person, TypedPassword(PASSWORD, person.password_hash), app.at(NOW), device),
        )


@pytest.mark.parametrize("kind", ["code of the app", "recovery code"])
def test_of_one_code_in_eight_places_at_once_one_signs_in(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    at(monkeypatch, NOW)
    person, app, recovery = with_factor(any_database)
    at(monkeypatch, NOW + timedelta(seconds=30))
    code = recovery[0] if kind == "recovery code" else app.at(NOW + timedelta(seconds=30))
    with any_database.write() as session:
        waiting = [enter_by_password(session, person, "/", Browser(), "password").secret for _ in range(8)]

    def enter(secret: str) -> bool:
        try:
            with any_database.write() as session:
                enter_by_code(session, secret, code, Browser())
        except WrongCode:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enter, waiting)) == 1


def test_of_one_sign_in_that_waits_one_session_is_made_though_two_codes_fit(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOW)
    person, _, recovery = with_factor(any_database)
    with any_database.write() as session:
        waiting = enter_by_password(session, person, "/", Browser(), "password").secret

    def enter(code: str) -> bool:
        try:
            with any_database.write() as session:
                enter_by_code(session, waiting, code, Browser())
        except HindsightError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(enter, recovery[:4])) == 1


@pytest.mark.parametrize(("seconds", "taken"), [(-90, False), (-30, True), (0, True), (30, True), (90, False)])
def test_a_phone_s_clock_may_be_half_a_minute_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch, seconds: int, *, taken: bool
) -> None:
    at(monkeypatch, NOW)
    person, app, _ = with_factor(database)
    later = NOW + timedelta(minutes=5)
    at(monkeypatch, later)
    with database.write() as session:
        if taken:
            use_code(session, person, app.at(later + timedelta(seconds=seconds)), "")
        else:
            with pytest.raises(WrongCode):
                use_code(session, person, app.at(later + timedelta(seconds=seconds)), "")
