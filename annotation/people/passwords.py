"""Passwords: long enough, kept as argon2id, checked in the same time whether the account exists or not."""

from __future__ import annotations

import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from core.errors import InvalidInput

SHORTEST = 10
FIELDS = ("password", "new")  # what forms call a new one
LONGEST = 1000  # no school's password; stops a megabyte from being hashed


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher().hash(password)


def password_fits(password: str, stored: str) -> bool:
    """Compare; without a stored hash (an empty one) the same work is done and the answer is no."""
    try:
        return _hasher().verify(password[:LONGEST], stored or _nobodys_hash()) and bool(stored)
    except UnknownHashError:  # no hash of ours: nothing fits
        return False


def check_new_password(password: str, email: str) -> None:
    """Refuse a password that is too short or is the address itself; length is all that counts (NIST 800-63B)."""
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
