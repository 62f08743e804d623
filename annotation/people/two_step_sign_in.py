"""Two-step sign-in: from a correct password to a session, with a code where a second factor is set up.

Between the two a row and a cookie of ten minutes remember who it was. They open only the page that asks for the code.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from annotation.errors import CodeNeeded, PasswordsOff, WrongSignIn
from annotation.people.credentials import lock
from annotation.people.people import hash_secret
from annotation.people.second_factor import has_second_factor, use_code
from annotation.people.sign_in import Browser, Road, admit, is_closed
from core.clock import utc_now
from core.models import PendingSignIn, Person
from core.settings import get_settings

KEPT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Entered:
    """What the browser gets: secrets of a session and of being known, or that of a sign-in that waits for a code."""

    secret: str
    known: str = ""
    waits: bool = False


def enter_by_password(session: Session, person: Person, address: str, browser: Browser, road: Road) -> Entered:
    """Sign a browser in, or have it wait for a code; `person` is as she was when her password was looked at.

    Raises WrongSignIn when her account has changed meanwhile, PasswordsOff where the school has no passwords.
    """
    if not get_settings().passwords:
        raise PasswordsOff
    looked_at = person.password_hash
    row = lock(session, person)
    if not has_second_factor(session, row.id):
        return Entered(*admit(session, person, browser, road))
    if row.password_hash != looked_at or is_closed(row):
        raise WrongSignIn
    session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at <= utc_now()))
    secret = secrets.token_urlsafe(32)
    waiting = PendingSignIn(secret_hash=hash_secret(secret), person_id=row.id, next_address=address[:500])
    waiting.expires_at = utc_now() + KEPT
    session.add(waiting)
    session.flush()
    return Entered(secret, waits=True)


def who_waits(session: Session, secret: str) -> Person:
    """Return whose password was right in this browser a moment ago; raises CodeNeeded."""
    return _waiting(session, secret)[1]


def enter_by_code(session: Session, secret: str, code: str, browser: Browser) -> tuple[Entered, str]:
    """Sign the browser in with a code, and return the address to go on to; raises CodeNeeded or WrongCode."""
    waiting, person = _waiting(session, secret)
    use_code(session, person, code, browser.device)
    gone = delete(PendingSignIn).where(PendingSignIn.secret_hash == waiting.secret_hash)
    if cast(CursorResult[Any], session.execute(gone)).rowcount != 1:  # another code of hers was faster
        raise CodeNeeded
    return Entered(*admit(session, person, browser, "password")), waiting.next_address


def _waiting(session: Session, secret: str) -> tuple[PendingSignIn, Person]:
    row = session.get(PendingSignIn, hash_secret(secret)) if secret else None
    if row is None or row.expires_at <= utc_now():
        raise CodeNeeded
    person = session.get_one(Person, row.person_id)
    if is_closed(person) or not get_settings().passwords or not has_second_factor(session, person.id):
        raise CodeNeeded
    return row, person
