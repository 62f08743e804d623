"""A password fits whatever keyboard types it, and one that was kept before passwords had one form still does."""

from __future__ import annotations

import unicodedata

import pytest

from annotation.people.credentials import renew_hash
from annotation.people.passwords import (
    _hasher,
    check_new_password,
    hash_password,
    is_of_old_form,
    password_fits,
    renewed_hash,
)
from core.database.db import Database
from core.errors import InvalidInput
from core.models import Person
from tests.support.factories import make_person

IN_ONE, IN_TWO = "caf\u00e9 au lait", "cafe\u0301 au lait"


def old_hash(password: str) -> str:
    """Return a hash as it was made before: of the letters as they were typed."""
    return _hasher().hash(password)


@pytest.mark.parametrize("kept", [IN_ONE, IN_TWO])
@pytest.mark.parametrize("typed", [IN_ONE, IN_TWO, "caf\u00e9\u00a0au\u3000lait"])
def test_a_password_fits_in_one_piece_and_in_two(kept: str, typed: str) -> None:
    assert password_fits(typed, hash_password(kept))


@pytest.mark.parametrize("kept", [IN_ONE, IN_TWO])
@pytest.mark.parametrize("typed", [IN_ONE, IN_TWO])
def test_an_old_hash_fits_in_both_forms(kept: str, typed: str) -> None:
    assert password_fits(typed, old_hash(kept))


def test_another_password_does_not_fit() -> None:
    for stored in (hash_password(IN_ONE), old_hash(IN_TWO), ""):
        assert not password_fits("cafe au lait", stored)
    assert not password_fits(IN_ONE, "")
    assert not password_fits(IN_ONE.upper(), hash_password(IN_ONE))  # capitals still count


def test_only_a_hash_of_another_form_is_made_anew() -> None:
    assert is_of_old_form(IN_ONE, old_hash(IN_TWO))
    assert not is_of_old_form(IN_TWO, hash_password(IN_ONE))
    assert not is_of_old_form("plain words here", old_hash("plain words here"))


def test_a_sign_in_makes_an_old_hash_anew_and_a_wrong_password_never_does(database: Database) -> None:
    stored = old_hash(IN_TWO)
    with database.write() as session:
        ada = make_person(session, password_hash=stored)
    assert not renewed_hash("other words here é", stored)
    with database.write() as session:
        renew_hash(session, ada, renewed_hash(IN_ONE, stored))
    with database.read() as session:
        kept = session.get_one(Person, ada.id).password_hash
    assert kept != stored
    assert _hasher().verify(unicodedata.normalize("NFC", IN_TWO), kept)


def test_a_password_is_as_long_as_its_one_form() -> None:
    with pytest.raises(InvalidInput, match="at least 10"):
        check_new_password("e\u0301a\u0301o\u0301i\u0301u\u0301xy", "ada@s.example")  # 12 typed, 7 letters
