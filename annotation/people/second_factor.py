"""Second factor: TOTP codes (RFC 6238) and single-use recovery codes.

Who signs in at the school's provider is asked for a second factor there, if the school wants one, and never here.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import CursorResult, Update, delete, func, select, update
from sqlalchemy.orm import Session

from annotation.errors import AlreadySetUp, NothingSetUp, PasswordsOff, SetupNotBegun, WrongCode, WrongPassword
from annotation.people.credentials import Event, change, lock, tell
from annotation.people.passwords import TypedPassword
from annotation.people.people import hash_secret
from core.clock import utc_now
from core.models import Person, RecoveryCode, SecondFactor, SignIn
from core.sealing import SealBroken, seal, unseal
from core.settings import get_settings

ISSUER = "Hindsight"  # what the app calls it
DIGITS = 6
WINDOW = 1  # steps of half a minute by which a phone's clock may be wrong, either way
SHOWN = timedelta(hours=1)  # how long a secret that nobody has confirmed may be shown again
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another
GROUPS, IN_GROUP = 4, 4  # 79 bits: random enough for a fast hash


@dataclass(frozen=True, slots=True)
class Setup:
    """What an app needs to make the codes: the secret, and the same as an address for the QR picture."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether somebody has a second factor, since when, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int


def standing_of(session: Session, person_id: str) -> Standing:
    """Return how it stands with somebody's second factor."""
    since = session.scalar(select(SecondFactor.confirmed_at).where(SecondFactor.person_id == person_id))
    unused = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return Standing(since, (session.scalar(unused) or 0) if since else 0)


def has_second_factor(session: Session, person_id: str) -> bool:
    """Say whether a code is asked for after somebody's password."""
    return standing_of(session, person_id).since is not None


def is_required_of(person: Person) -> bool:
    """Say whether the school's rule asks for a second factor beside this person's password."""
    rule = get_settings().require_second_factor
    return rule == "everybody" or (rule == "leads" and person.is_lead)


def came_by_password(person: Person, device: SignIn) -> bool:
    """Say whether a device was signed in with a password; an account without one can only have come by the provider."""
    return device.road != "provider" and bool(person.password_hash)


def is_missing(session: Session, person: Person, device: SignIn) -> bool:
    """Say whether somebody who came by password must set up a second factor before she may see anything."""
    return came_by_password(person, device) and is_required_of(person) and not has_second_factor(session, person.id)


def begin_setup(session: Session, person: Person) -> Setup:
    """Return a new secret for the app, or the one that was shown a while ago; it asks nobody until a code confirms it.

    Raises AlreadySetUp, or PasswordsOff where there is no password beside which it could stand.
    """
    row = lock(session, person)
    if not row.password_hash or not get_settings().passwords:
        raise PasswordsOff
    found = session.get(SecondFactor, person.id)
    if found is not None and found.confirmed_at is not None:
        raise AlreadySetUp
    secret = ""
    if found is not None and found.made_at > utc_now() - SHOWN:
        with suppress(SealBroken):  # the key is another one since: begin anew
            secret = unseal(found.secret)
    if not secret:
        secret = pyotp.random_base32()
        session.merge(SecondFactor(person_id=person.id, secret=seal(secret), made_at=utc_now(), last_step=0))
        session.flush()
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=row.email, issuer_name=ISSUER))


def finish_setup(session: Session, person: Person, password: TypedPassword, code: str, device: SignIn) -> list[str]:
    """Switch the second factor on, sign every other device out, and return the recovery codes, this once.

    Raises WrongPassword, WrongCode, AlreadySetUp or SetupNotBegun.
    """
    row = lock(session, person)
    if not password.opens(row.password_hash):
        raise WrongPassword
    found = session.get(SecondFactor, person.id)
    if found is None:
        raise SetupNotBegun
    if found.confirmed_at is not None:
        raise AlreadySetUp
    step = _step_of(found.secret, code)
    if step is None:
        raise WrongCode
    found.confirmed_at, found.last_step = utc_now(), step
    change(session, row, Event.FACTOR_SET, device=device.device, keep_sign_in_id=device.id)
    return _new_codes(session, person)


def use_code(session: Session, person: Person, code: str, device: str) -> None:
    """Take a code of the app or a recovery code, once; raises WrongCode or NothingSetUp.

    Whose recovery code is used is told.
    """
    row = lock(session, person)
    found = session.get(SecondFactor, person.id)
    if found is None or found.confirmed_at is None:
        raise NothingSetUp
    typed = _plain(code)
    if len(typed) == DIGITS and typed.isdigit():
        step = _step_of(found.secret, typed)
        if step is None:
            raise WrongCode
        newer = update(SecondFactor).where(SecondFactor.person_id == person.id, SecondFactor.last_step < step)
        if not _changes_one(session, newer.values(last_step=step)):
            raise WrongCode
        return
    unused = update(RecoveryCode).where(
        RecoveryCode.code_hash == _hash_code(person.id, typed),
        RecoveryCode.person_id == person.id,
        RecoveryCode.used_at.is_(None),
    )
    if not _changes_one(session, unused.values(used_at=utc_now())):
        raise WrongCode
    tell(session, row, Event.RECOVERY_CODE_USED, device)


def renew_codes(session: Session, person: Person, password: TypedPassword, code: str, device: SignIn) -> list[str]:
    """Return new recovery codes; the old ones are worth nothing. Raises WrongPassword, WrongCode or NothingSetUp."""
    _check_both(session, person, password, code, device)
    change(session, person, Event.RECOVERY_CODES_MADE, device=device.device)
    return _new_codes(session, person)


def remove_factor(session: Session, person: Person, password: TypedPassword, code: str, device: SignIn) -> None:
    """Switch one's own second factor off, and sign every other device out; raises as renew_codes does."""
    _check_both(session, person, password, code, device)
    change(session, person, Event.FACTOR_REMOVED, device=device.device, keep_sign_in_id=device.id)


def remove_lost(session: Session, person: Person) -> bool:
    """Take a lost second factor away and sign every device out; False when there is none. She is told."""
    row = lock(session, person)
    if not has_second_factor(session, row.id):
        return False
    change(session, row, Event.FACTOR_LOST)
    return True


def _check_both(session: Session, person: Person, password: TypedPassword, code: str, device: SignIn) -> None:
    """Ask the password first: a wrong one uses no code up."""
    if not password.opens(lock(session, person).password_hash):
        raise WrongPassword
    use_code(session, person, code, device.device)


def _step_of(sealed: str, code: str) -> int | None:
    """Return the time step that a code belongs to; None when it fits none of now."""
    totp = pyotp.TOTP(unseal(sealed))
    try:
        return totp.verify_and_get_timecode(_plain(code), for_time=utc_now(), valid_window=WINDOW)
    except OTPVerificationError:
        return None


def _plain(code: str) -> str:
    """Return a code without the spaces and hyphens that make it easy to read."""
    return "".join(one for one in code.lower() if one.isascii() and one.isalnum())[:64]


def _hash_code(person_id: str, plain: str) -> str:
    return hash_secret(f"{person_id}:{plain}")


def _new_codes(session: Session, person: Person) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_hash_code(person.id, _plain(one)), person_id=person.id) for one in codes)
    session.flush()
    return codes


def _group() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(IN_GROUP))


def _changes_one(session: Session, change: Update) -> bool:
    """Say whether this very statement changed the row: of two at once one does."""
    done = cast(CursorResult[Any], session.execute(change.execution_options(synchronize_session=False)))
    return done.rowcount == 1
