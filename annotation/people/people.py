"""People of the school: validation of names and addresses, the first account, who is present."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from annotation.errors import AlreadyBegun, EmailTaken
from annotation.people.names import clean_called, clean_line
from annotation.people.passwords import NewPassword, check_new_password
from core.clock import utc_now
from core.database.insert import insert_or_find
from core.errors import InvalidInput, NotAllowed
from core.models import Person
from core.settings import get_settings
from core.text.plain_text import normalize

NAME_LENGTH = 120
EMAIL_LENGTH = 254
LABEL_LENGTH = 63  # of a part of a domain's name (RFC 1035); encoding takes quadratic time
GONE = "@gone.invalid"
"""The address of whoever deleted her account: the row stays for what she wrote to others, without her name."""


def hash_secret(secret: str) -> str:
    """Return what is stored of a random secret; random ones need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def clean_name(name: str, what: str = "a name", length: int = NAME_LENGTH) -> str:
    """Return a line of text without odd characters; raises InvalidInput when empty or too long."""
    cleaned = clean_line(name)
    if not cleaned:
        raise InvalidInput(why=f"Please write {what}.", fields=("name", "title"))
    if len(cleaned) > length:
        raise InvalidInput(why=f"Please write {what} in at most {length} characters.", fields=("name", "title"))
    return cleaned


def address_key(email: str) -> str:
    """Return the one form in which an address is kept and looked up, whatever its case and its form in Unicode."""
    plain = normalize("NFKC", email.replace("\0", "")).strip().lower()
    local, at, domain = plain.rpartition("@")
    labels = (
        label if label.isascii() or len(label) > LABEL_LENGTH else f"xn--{label.encode('punycode').decode()}"
        for label in domain.rstrip(".").split(".")
    )
    return f"{local}@{'.'.join(labels)}" if at else plain


def is_own_form(email: str) -> bool:
    """Say whether an address is written in the form in which it is kept, but for capitals.

    What a provider calls verified must be: another form in Unicode is another mailbox.
    """
    return bool(email) and normalize("NFKC", email) == email


def clean_email(email: str) -> str:
    """Return the address in the form in which it is kept; raises InvalidInput when it cannot be one."""
    cleaned = address_key(email)
    local, at, domain = cleaned.partition("@")
    plain = cleaned.isprintable() and not any(c.isspace() for c in cleaned)
    known = all(len(label) <= LABEL_LENGTH for label in domain.split(".")) and not cleaned.endswith(GONE)
    if not (local and at and domain and plain and known) or "@" in domain or len(cleaned) > EMAIL_LENGTH:
        raise InvalidInput(why="Please write an email address, such as ada@school.example.", fields=("email",))
    return cleaned


def nobody_yet(session: Session) -> bool:
    """Tell whether the first account is still to be made."""
    return session.scalar(select(Person.id).limit(1)) is None


def make_first_account(session: Session, name: str, email: str, password: NewPassword, called: str = "") -> Person:
    """Make the programme lead. Two at once: the second finds the first and raises AlreadyBegun."""
    _lock_people(session)
    if not nobody_yet(session):
        raise AlreadyBegun
    address = clean_email(email)
    check_new_password(password.text, address)
    values = {"password_hash": password.hash, "is_lead": True, "joined_at": utc_now()}
    return add_person(session, clean_name(name), address, called=clean_called(called), **values)


def make_first_by_provider(session: Session, name: str, email: str) -> Person | None:
    """Make the programme lead of whoever the provider names first; None when somebody is here already."""
    _lock_people(session)
    if not nobody_yet(session):
        return None
    return add_person(session, clean_name(name)[:NAME_LENGTH], clean_email(email), is_lead=True)


def _lock_people(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        session.execute(text("LOCK TABLE person IN EXCLUSIVE MODE"))


def require_lead(person: Person) -> None:
    """Raise NotAllowed unless this is the programme lead."""
    if not person.is_lead:
        raise NotAllowed


def add_person(session: Session, name: str, email: str, **values: object) -> Person:
    """Add somebody to the staff list; raises EmailTaken."""
    made = Person(name=name, email=email, created_at=utc_now(), **values)
    there = select(Person).where(Person.email == email)
    person, is_new = insert_or_find(session, made, lambda: session.scalar(there))
    if not is_new:
        raise EmailTaken
    return person


def list_people(session: Session) -> Sequence[Person]:
    """Return everybody on the staff list by name, those who have not joined yet too, but no leavers."""
    return session.scalars(select(Person).where(Person.deactivated_at.is_(None)).order_by(Person.name, Person.id)).all()


def find_by_email(session: Session, email: str, *, leavers: bool = False) -> Person:
    """Return whoever has joined with an address; raises InvalidInput."""
    joined = select(Person).where(Person.joined_at.is_not(None))
    if not leavers:
        joined = joined.where(Person.deactivated_at.is_(None))
    person = session.scalar(joined.where(Person.email == address_key(email)))
    if person is None:
        raise InvalidInput(why=f"Nobody has joined with the address {email}.")
    return person


def leaver_until(person: Person) -> datetime | None:
    """Return until when a leaver can sign in to take away or delete what is hers; None for everybody else."""
    if person.deactivated_at is None:
        return None
    return person.deactivated_at + timedelta(days=get_settings().leaver_days)
