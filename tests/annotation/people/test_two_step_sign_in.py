"""Two-step sign-in: between the password and the code nothing is open, and only for ten minutes."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from annotation.errors import CodeNeeded, PasswordsOff, WrongCode, WrongSignIn
from annotation.people.passwords import hash_password
from annotation.people.second_factor import remove_lost
from annotation.people.sign_in import Browser, find_sign_in
from annotation.people.two_step_sign_in import KEPT, enter_by_code, enter_by_password, who_waits
from core.clock import stopped_at, utc_now
from core.models import PendingSignIn, Person, SecondFactor, SignIn
from core.sealing import seal
from core.settings import get_settings
from tests.support.factories import Pair

APP = pyotp.TOTP("A" * 32)

pytestmark = pytest.mark.usefixtures("quick_hashes")


def set_up(pair: Pair) -> Person:
    """Give Ada a password and a second factor."""
    pair.ada.password_hash = hash_password("four words of mine")
    factor = SecondFactor(person_id=pair.ada.id, secret=seal(APP.secret), made_at=utc_now(), last_step=0)
    factor.confirmed_at = utc_now()
    pair.session.add(factor)
    pair.session.flush()
    return pair.ada


def wait(pair: Pair, address: str = "/lessons") -> str:
    """Enter Ada's password; return the secret of the sign-in that waits."""
    entered = enter_by_password(pair.session, pair.ada, address, Browser(), "password")
    assert entered.waits
    return entered.secret


def test_without_a_second_factor_the_password_is_enough(pair: Pair) -> None:
    entered = enter_by_password(pair.session, pair.ada, "/", Browser(device="a phone"), "password")
    assert not entered.waits
    found = find_sign_in(pair.session, entered.secret)
    assert found is not None
    assert (found[0].id, found[1].device) == (pair.ada.id, "a phone")


def test_what_waits_for_a_code_opens_nothing_and_the_code_opens_it_once(pair: Pair) -> None:
    set_up(pair)
    secret = wait(pair)
    assert find_sign_in(pair.session, secret) is None
    assert pair.session.scalars(select(SignIn)).all() == []
    assert who_waits(pair.session, secret).id == pair.ada.id
    with pytest.raises(WrongCode):
        enter_by_code(pair.session, secret, "000 000" if APP.now() != "000000" else "000 001", Browser())
    entered, address = enter_by_code(pair.session, secret, APP.at(utc_now()), Browser())
    assert (entered.waits, address) == (False, "/lessons")
    assert find_sign_in(pair.session, entered.secret) is not None
    with pytest.raises(CodeNeeded):
        enter_by_code(pair.session, secret, APP.at(utc_now() + timedelta(seconds=30)), Browser())


def test_a_sign_in_waits_for_ten_minutes_and_the_next_one_sweeps_it(pair: Pair) -> None:
    set_up(pair)
    now = utc_now()
    with stopped_at(now):
        secret = wait(pair)
    with stopped_at(now + KEPT - timedelta(seconds=1)):
        assert who_waits(pair.session, secret).id == pair.ada.id
    with stopped_at(now + KEPT):
        with pytest.raises(CodeNeeded):
            enter_by_code(pair.session, secret, APP.at(utc_now()), Browser())
        wait(pair)
        assert len(pair.session.scalars(select(PendingSignIn)).all()) == 1
    for nothing in ("", "made up"):
        with pytest.raises(CodeNeeded):
            who_waits(pair.session, nothing)


def test_it_ends_with_the_factor_with_the_account_and_with_passwords(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(pair)
    secret = wait(pair)
    pair.ada.deactivated_at = utc_now() - timedelta(days=31)
    pair.session.flush()
    with pytest.raises(CodeNeeded):
        who_waits(pair.session, secret)
    pair.ada.deactivated_at = None
    pair.session.flush()
    monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", "https://id.school.example")
    monkeypatch.setenv("HINDSIGHT_OIDC_CLIENT_ID", "x")
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    get_settings.cache_clear()
    with pytest.raises(CodeNeeded):
        who_waits(pair.session, secret)
    with pytest.raises(PasswordsOff):
        enter_by_password(pair.session, pair.ada, "/", Browser(), "password")
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "true")
    get_settings.cache_clear()
    assert who_waits(pair.session, secret).id == pair.ada.id
    remove_lost(pair.session, pair.ada)
    with pytest.raises(CodeNeeded):
        who_waits(pair.session, secret)


def test_a_password_that_was_right_for_an_account_that_has_changed_since_opens_nothing(pair: Pair) -> None:
    looked_at = Person(id=pair.ada.id, password_hash="as it was then")
    set_up(pair)
    with pytest.raises(WrongSignIn):
        enter_by_password(pair.session, looked_at, "/", Browser(), "password")
    pair.ada.deactivated_at = utc_now() - timedelta(days=31)
    pair.session.flush()
    with pytest.raises(WrongSignIn):
        enter_by_password(pair.session, pair.ada, "/", Browser(), "password")
    assert pair.session.scalars(select(PendingSignIn)).all() == []


def test_an_address_to_go_on_to_is_no_longer_than_its_column(pair: Pair) -> None:
    set_up(pair)
    secret = wait(pair, "/" + "x" * 900)
    _, address = enter_by_code(pair.session, secret, APP.at(utc_now()), Browser())
    assert address == "/" + "x" * 499
