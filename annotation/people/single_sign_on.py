"""Single sign-on by OpenID Connect: pending sign-ins, and the account that an identity belongs to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from annotation.errors import NotOnTheList, NumberChanged, SignOnFailed
from annotation.people.credentials import Event, change, lock
from annotation.people.people import address_key, hash_secret, is_own_form, make_first_by_provider
from annotation.people.sign_in import is_closed
from core.clock import utc_now
from core.models import Person, SignOn
from core.settings import get_settings

KEPT = timedelta(minutes=10)
LONGEST = 400  # an issuer and a person's number there: the column's length


@dataclass(frozen=True, slots=True)
class Journey:
    """A sign-in under way: `secret` goes into the browser's cookie, `state`, `nonce` and `verifier` to the provider."""

    secret: str
    state: str
    nonce: str
    verifier: str


def begin_sign_on(session: Session, next_address: str) -> Journey:
    """Remember a sign-in that begins; forget those that nobody came back from."""
    session.execute(delete(SignOn).where(SignOn.expires_at <= utc_now()))
    journey = Journey(secrets.token_urlsafe(32), "", secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    state = hash_secret(journey.secret)
    row = SignOn(secret_hash=state, nonce=journey.nonce, verifier=journey.verifier, next_address=next_address[:500])
    row.expires_at = utc_now() + KEPT
    session.add(row)
    return Journey(journey.secret, state, journey.nonce, journey.verifier)


def end_sign_on(session: Session, secret: str, state: str, name: str) -> SignOn:
    """Return what was remembered, once; raises SignOnFailed unless this very browser began it, lately."""
    row = session.get(SignOn, hash_secret(secret)) if secret else None
    if row is None or row.expires_at <= utc_now() or not secrets.compare_digest(row.secret_hash, state):
        raise SignOnFailed(name=name, reason="begun_elsewhere_or_too_long_ago")
    session.delete(row)
    return row


@dataclass(frozen=True, slots=True)
class Address:
    """An address that a provider names; `refusal` says why it cannot be used, for the log."""

    email: str
    refusal: str = ""

    @property
    def usable(self) -> bool:
        """Say whether somebody can be known by it."""
        return not self.refusal


def address_of(claims: Mapping[str, Any], *, trusts_email: bool) -> Address:
    """Return the address in claims. It counts only if the provider says that it verified it: true, or the text "true".

    `trusts_email` is for a provider that says nothing of it; one that says anything else is never trusted.
    """
    said, verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(said, str) or not said.strip():
        return Address("", "address_missing")
    email = said.strip()
    if not is_own_form(email):  # a letter that only looks like another (the sign for kelvin) is another mailbox
        return Address("", "address_with_lookalikes")
    if not (verified is True or verified == "true" or (verified is None and trusts_email)):
        return Address("", "address_not_verified")
    return Address(address_key(email))


def is_known(session: Session, claims: Mapping[str, Any], name: str) -> bool:
    """Say whether somebody is known by the provider's own number."""
    return _by_number(session, claims, name) is not None


def person_of_claims(
    session: Session, claims: Mapping[str, Any], *, trusts_email: bool, name: str, device: str = ""
) -> Person:
    """Return who the provider says is there: known by its own number, the first time by a verified address.

    Raises SignOnFailed for an address that nobody verified, NumberChanged for somebody who was known by another number,
    NotOnTheList for an address that is not on the staff list, or whose account is closed.
    """
    person = _by_number(session, claims, name)
    if person is None:
        found = address_of(claims, trusts_email=trusts_email)
        if not found.usable:
            raise SignOnFailed(name=name, reason=found.refusal)
        person = _first_of_all(session, claims, found.email)
        person = person or session.scalar(select(Person).where(Person.email == found.email))
        if person is None:
            raise NotOnTheList(email=found.email)
        subject, *same = _numbers(claims, name)
        bound = lock(session, person).subject
        if bound is not None and bound not in (subject, *same):
            raise NumberChanged(name=name, email=person.email)
        if bound is None and not is_closed(person):  # else she came in another window in the same moment
            change(session, person, Event.JOINED_BY_PROVIDER, subject=subject, device=device)
    if is_closed(person):
        raise NotOnTheList(email=person.email, reason="account_closed")
    return person


def forget_number(session: Session, person: Person) -> bool:
    """Forget by which number the provider knows somebody; False when there is none. She is told.

    The next sign-in with her address, verified by the provider, is taken for hers.
    """
    row = lock(session, person)
    if row.subject is None:
        return False
    change(session, row, Event.NUMBER_FORGOTTEN)
    return True


def _first_of_all(session: Session, claims: Mapping[str, Any], email: str) -> Person | None:
    """Return the programme lead, made of whoever comes first, where single sign-on is the only way in."""
    if get_settings().passwords:
        return None
    return make_first_by_provider(session, str(claims.get("name") or email.partition("@")[0]), email)


def _numbers(claims: Mapping[str, Any], name: str) -> list[str]:
    """Return how a person may be stored: the issuer with and without a slash at its end is the same one."""
    issuer, number = str(claims["iss"]), claims["sub"]
    plain = issuer.rstrip("/")
    found = [f"{issuer}|{number}", f"{plain}|{number}", f"{plain}/|{number}"]
    if not isinstance(number, str) or not number or not number.isprintable() or len(found[2]) > LONGEST:
        raise SignOnFailed(name=name, reason="invalid_claim_sub")
    return found


def _by_number(session: Session, claims: Mapping[str, Any], name: str) -> Person | None:
    return session.scalar(select(Person).where(Person.subject.in_(_numbers(claims, name))))
