"""Links that work once: to join after an invitation, and to choose a new password.

The lead can hand out a link to join, since there is nothing behind it yet. A link to a new password would open
somebody's recordings, so it goes to her own mailbox, or comes from whoever holds the machine
(`hindsight password-link`).
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from annotation.errors import EmailTaken, LinkUnusable
from annotation.mail_queue import write_mail
from annotation.people.passwords import check_new_password, hash_password
from annotation.people.people import add_person, clean_email, clean_name, hash_secret, require_lead
from core.clock import utc_now
from core.errors import NotFound
from core.models import AccountLink, Person, SignIn

KEPT = {"join": timedelta(days=14), "reset": timedelta(hours=2)}


def invite(
    session: Session, lead: Person, name: str, email: str, *, department: str = "", manager_id: str | None = None
) -> tuple[Person, str]:
    """Put somebody on the staff list and return the secret of her link, which is kept nowhere but in the link."""
    require_lead(lead)
    if manager_id and session.get(Person, manager_id) is None:
        raise NotFound
    invited = add_person(
        session,
        clean_name(name),
        clean_email(email),
        department=clean_name(department, "a department") if department.strip() else "",
        manager_id=manager_id or None,
    )
    return invited, make_link(session, invited, "join")


def tell_invited(session: Session, person: Person, secret: str, base: str) -> bool:
    """Mail an invited person her link; False without a mail server: then the lead hands it on."""
    text = (
        f"{person.name}, your school uses Hindsight: a place to look back at a lesson, alone or with a colleague."
        f" What you record is seen by you alone until you share it.\n\n"
        f"This link makes your account. It works once, for 14 days:\n\n{base}/join/{secret}\n"
    )
    return write_mail(session, person, "Your invitation to Hindsight", text)


def invite_again(session: Session, lead: Person, person_id: str) -> tuple[Person, str]:
    """Make a new link for somebody who has not joined yet; raises EmailTaken for whoever has."""
    require_lead(lead)
    person = session.get(Person, person_id)
    if person is None or person.deactivated_at is not None:
        raise NotFound
    if person.joined_at is not None:
        raise EmailTaken
    return person, make_link(session, person, "join")


def make_link(session: Session, person: Person, kind: str) -> str:
    """Return the secret of a new link; an older one of this kind stops working."""
    session.execute(delete(AccountLink).where(AccountLink.person_id == person.id, AccountLink.kind == kind))
    secret, now = secrets.token_urlsafe(32), utc_now()
    link = AccountLink(secret_hash=hash_secret(secret), person_id=person.id, kind=kind, made_at=now)
    link.expires_at = now + KEPT[kind]
    session.add(link)
    session.flush()
    return secret


def find_link(session: Session, secret: str, kind: str) -> tuple[AccountLink, Person]:
    """Return what a secret opens; raises LinkUnusable."""
    found = session.execute(
        select(AccountLink, Person)
        .join(Person, Person.id == AccountLink.person_id)
        .where(
            AccountLink.secret_hash == hash_secret(secret),
            AccountLink.kind == kind,
            AccountLink.used_at.is_(None),
            AccountLink.expires_at > utc_now(),
            Person.deactivated_at.is_(None),
        )
    ).first()
    if found is None:
        raise LinkUnusable
    return found[0], found[1]


def accept_invitation(session: Session, secret: str, name: str, password: str) -> Person:
    """Let the invited person in under the name she likes; the link works once."""
    person = _use(session, secret, "join", password)
    person.name = clean_name(name)
    person.joined_at = utc_now()
    return person


def choose_password(session: Session, secret: str, password: str) -> Person:
    """Set a new password and sign every device out; the link works once."""
    person = _use(session, secret, "reset", password)
    session.execute(delete(SignIn).where(SignIn.person_id == person.id))
    return person


def _use(session: Session, secret: str, kind: str, password: str) -> Person:
    link, person = find_link(session, secret, kind)
    session.refresh(link, with_for_update=True)  # two at once on PostgreSQL: the second finds it used
    if link.used_at is not None:
        raise LinkUnusable
    check_new_password(password, person.email)
    person.password_hash = hash_password(password)
    link.used_at = utc_now()
    return person


def send_reset(session: Session, email: str, base: str) -> None:
    """Mail a link to a new password to whoever has this address and has joined; else nothing happens, alike."""
    known = select(Person).where(Person.email == email.strip().lower(), Person.deactivated_at.is_(None))
    person = session.scalar(known.where(Person.joined_at.is_not(None)))
    if person is not None:
        secret = make_link(session, person, "reset")
        text = (
            f"Somebody, probably you, asked for a new password for Hindsight. This link works once, for two hours:\n\n"
            f"{base}/new-password/{secret}\n\nIf it was not you, do nothing: your password stays as it is.\n"
        )
        write_mail(session, person, "A new password for Hindsight", text)
