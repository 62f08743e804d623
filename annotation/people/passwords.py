"""Password hashing with argon2id; checking takes the same time whether or not the account exists.

Both take a tenth of a second on purpose, so they are done before a write transaction: `NewPassword` and `TypedPassword`
carry what came of it into the transaction.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from core.errors import InvalidInput
from core.text.plain_text import normalize

SHORTEST = 10
FIELDS = ("password", "new")  # what forms call a new one
LONGEST = 1000  # no school's password; stops a megabyte from being hashed


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))


def prepared(password: str) -> str:
    """Return the one form of a password whatever keyboard typed it: RFC 8265, OpaqueString (NFC, plain spaces)."""
    return normalize("NFC", re.sub(r"[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]", " ", password))


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher().hash(prepared(password))


def password_fits(password: str, stored: str) -> bool:
    """Compare; without a stored hash (an empty one) the same work is done and the answer is no.

    A hash that was made before passwords had one form fits as it was typed then, in one piece or in two.
    """
    typed = password[: 4 * LONGEST]
    forms = dict.fromkeys([prepared(typed), typed, normalize("NFD", typed)])
    fitting = [form for form in forms if _fits(form[:LONGEST], stored)]  # all are tried: the same work each time
    return bool(fitting) and bool(stored)


def is_of_old_form(password: str, stored: str) -> bool:
    """Say whether a hash, which a password fits, is of another form than passwords have now."""
    return not password.isascii() and not _fits(prepared(password[: 4 * LONGEST])[:LONGEST], stored)


def _fits(form: str, stored: str) -> bool:
    try:
        return _hasher().verify(form, stored or _nobodys_hash())
    except UnknownHashError:  # no hash of ours: nothing fits
        return False


@dataclass(frozen=True)
class NewPassword:
    """A password that somebody chooses, hashed as soon as it is made; raises InvalidInput for one that is too weak."""

    text: str = field(repr=False)
    hash: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_new_password(self.text, "")
        object.__setattr__(self, "hash", hash_password(self.text))


@dataclass(frozen=True)
class TypedPassword:
    """A password that somebody typed to show who she is, compared with the hash that was stored at that moment."""

    text: str = field(repr=False)
    stored: str = field(repr=False)
    fits: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fits", password_fits(self.text, self.stored))

    def opens(self, stored: str) -> bool:
        """Say whether it fits the hash that is stored now."""
        return self.fits and stored == self.stored


def renewed_hash(password: str, stored: str) -> str:
    """Return the hash to keep of a password that fits one of another form than passwords have now, else nothing."""
    if is_of_old_form(password, stored) and password_fits(password, stored):
        return hash_password(password)
    return ""


def check_new_password(password: str, email: str) -> None:
    """Refuse a password that is too short or is the address itself; length is all that counts (NIST 800-63B)."""
    password = prepared(password)
    if len(password) < SHORTEST:
        raise InvalidInput(
            why=f"Please choose a password of at least {SHORTEST} characters; a few words are best.",
            fields=FIELDS,
        )
    if len(password) > LONGEST:
        raise InvalidInput(why=f"Please choose a password of at most {LONGEST} characters.", fields=FIELDS)
    if password.strip().lower() == email or len(set(password)) < 3:
        raise InvalidInput(
            why="This password is too easy to guess. A few words that only you put together are best.",
            fields=FIELDS,
        )
