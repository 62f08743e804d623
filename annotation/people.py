"""People of the school: the first account, invitations by link, the staff list."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from annotation.errors import AlreadyBegun, EmailTaken, InvitationUnusable
from annotation.partnerships import suspend_refused
from annotation.passwords import check_new_password, hash_password
from core.clock import utc_now
from core.errors import InvalidInput, NotAllowed, NotFound
from core.models import Invitation, Person

INVITATION_KEPT = timedelta(days=14)
NAME_LENGTH = 120
EMAIL_LENGTH = 254


def hash_secret(secret: str) -> str:
    """Return what is stored of a random secret; random ones need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def clean_name(name: str, what: str = "a name", length: int = NAME_LENGTH) -> str:
    """Return a line of text without odd characters; raises InvalidInput when empty or too long."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not cleaned:
        raise InvalidInput(why=f"Please write {what}.")
    if len(cleaned) > length:
        raise InvalidInput(why=f"Please write {what} in at most {length} letters.")
    return cleaned


def clean_email(email: str) -> str:
    """Return the address in lower case; raises InvalidInput when it cannot be one."""
    cleaned = email.strip().lower()
    local, at, domain = cleaned.partition("@")
    plain = cleaned.isprintable() and not any(c.isspace() for c in cleaned)
    if not (local and at and domain and plain) or "@" in domain or len(cleaned) > EMAIL_LENGTH:
        raise InvalidInput(why="Please write an email address, such as ada@school.example.")
    return cleaned


def nobody_yet(session: Session) -> bool:
    """Tell whether the first account is still to be made."""
    return session.scalar(select(Person.id).limit(1)) is None


def make_first_account(session: Session, name: str, email: str, password: str) -> Person:
    """Make the programme lead. Two at once: the second finds the first and raises AlreadyBegun."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        session.execute(text("LOCK TABLE person IN EXCLUSIVE MODE"))
    if not nobody_yet(session):
        raise AlreadyBegun
    return _add_person(session, clean_name(name), clean_email(email), password, is_lead=True)


def require_lead(person: Person) -> None:
    """Raise NotAllowed unless this is the programme lead."""
    if not person.is_lead:
        raise NotAllowed


def invite(
    session: Session, lead: Person, name: str, email: str, *, department: str = "", manager_id: str | None = None
) -> tuple[Invitation, str]:
    """Invite somebody; return the invitation and its secret, which is kept nowhere but in the link."""
    require_lead(lead)
    address = clean_email(email)
    if session.scalar(select(Person.id).where(Person.email == address)) is not None:
        raise EmailTaken
    if manager_id and session.get(Person, manager_id) is None:
        raise NotFound
    secret = secrets.token_urlsafe(32)
    now = utc_now()
    invitation = Invitation(
        secret_hash=hash_secret(secret),
        email=address,
        name=clean_name(name),
        department=clean_name(department, "a department") if department.strip() else "",
        manager_id=manager_id or None,
        invited_by_id=lead.id,
        created_at=now,
        expires_at=now + INVITATION_KEPT,
    )
    session.add(invitation)
    session.flush()
    return invitation, secret


def find_invitation(session: Session, secret: str) -> Invitation:
    """Return the invitation of a link; raises InvitationUnusable."""
    found = session.scalar(
        select(Invitation).where(
            Invitation.secret_hash == hash_secret(secret),
            Invitation.used_at.is_(None),
            Invitation.expires_at > utc_now(),
        )
    )
    if found is None:
        raise InvitationUnusable
    return found


def accept_invitation(session: Session, secret: str, name: str, password: str) -> Person:
    """Make the invited person's account; the link works once."""
    invitation = find_invitation(session, secret)
    if session.get_bind().dialect.name == "postgresql":
        session.refresh(invitation, with_for_update=True)
        if invitation.used_at is not None:
            raise InvitationUnusable
    person = _add_person(
        session,
        clean_name(name),
        invitation.email,
        password,
        department=invitation.department,
        manager_id=invitation.manager_id,
    )
    invitation.used_at = utc_now()
    return person


def _add_person(session: Session, name: str, email: str, password: str, **values: object) -> Person:
    check_new_password(password, email)
    if session.scalar(select(Person.id).where(Person.email == email)) is not None:
        raise EmailTaken
    person = Person(name=name, email=email, password_hash=hash_password(password), created_at=utc_now(), **values)
    session.add(person)
    session.flush()
    return person


def list_people(session: Session) -> Sequence[Person]:
    """Return everybody with an account, by name."""
    return session.scalars(select(Person).where(Person.deactivated_at.is_(None)).order_by(Person.name, Person.id)).all()


def open_invitations(session: Session) -> Sequence[Invitation]:
    """Return the invitations that are still waiting, newest first."""
    waiting = select(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at > utc_now())
    return session.scalars(waiting.order_by(Invitation.created_at.desc())).all()


def set_place(session: Session, lead: Person, person_id: str, department: str, manager_id: str | None) -> int:
    """Set somebody's department and line manager; return how many partnerships had to be suspended."""
    require_lead(lead)
    person = session.get(Person, person_id)
    if person is None or (manager_id and session.get(Person, manager_id) is None):
        raise NotFound
    if manager_id == person_id:
        raise InvalidInput(why="Nobody is their own line manager.")
    person.department = clean_name(department, "a department") if department.strip() else ""
    person.manager_id = manager_id or None
    session.flush()
    return suspend_refused(session)
