"""Single sign-on by OpenID Connect: what is remembered while somebody is at the provider, and whose answer it is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from annotation.errors import NotOnTheList, SignOnFailed
from annotation.people.credentials import Event, change, lock
from annotation.people.people import address_key, hash_secret, is_own_form
from annotation.people.sign_in import is_closed
from core.clock import utc_now
from core.models import Person, SignOn

KEPT = timedelta(minutes=10)


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
        raise SignOnFailed(name=name)
    session.delete(row)
    return row


def person_of_claims(
    session: Session, claims: Mapping[str, Any], *, trusts_email: bool, name: str, device: str = ""
) -> Person:
    """Return who the provider says is there: known by its own number, the first time by a verified address.

    Raises NotOnTheList for an address that is not on the staff list, SignOnFailed for one that nobody verified.
    """
    subject = f"{claims['iss']}|{claims['sub']}"
    person = session.scalar(select(Person).where(Person.subject == subject))
    if person is None:
        email = str(claims.get("email", ""))
        if not is_own_form(email) or not (claims.get("email_verified") is True or trusts_email):
            raise SignOnFailed(name=name)
        person = session.scalar(select(Person).where(Person.email == address_key(email), Person.subject.is_(None)))
        if person is None:
            raise NotOnTheList(email=email)
        if lock(session, person).subject is not None:  # by another first sign-in, just now
            raise SignOnFailed(name=name)
        if not is_closed(person):
            change(session, person, Event.JOINED_BY_PROVIDER, subject=subject, device=device)
    if is_closed(person):
        raise NotOnTheList(email=person.email)
    return person
