"""Single-use account links: to join after an invitation, and to set a new password.

A link belongs to the person's own mailbox. Only where the school has no mail server is a link to join shown to the
lead, who hands it on; the person is told so, and when and where it was first opened and used. A link to a new password
would open somebody's recordings: it goes to her mailbox, or comes from whoever holds the machine (`hindsight
password-link`).
All of a person's links stop working with any change of how she gets in (`annotation/people/credentials.py`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.errors import EmailTaken, LinkUnusable, LinkUsed
from annotation.mail_queue import mail_is_on, write_mail
from annotation.people.credentials import Event, change, end_links, lock, mail_of_link, moment_in_words, tell
from annotation.people.names import clean_called
from annotation.people.passwords import NewPassword
from annotation.people.people import (
    EMAIL_LENGTH,
    add_person,
    address_key,
    clean_email,
    clean_name,
    hash_secret,
    require_lead,
)
from core.clock import utc_now
from core.errors import NotFound
from core.models import AccountLink, AccountNotice, Base, Mail, Person, ResetRequest
from core.models.base import new_id
from core.settings import get_settings

KEPT = {"join": timedelta(days=14), "reset": timedelta(hours=2)}
INVITED = "Your invitation to Hindsight"
ASKED_FOR = timedelta(hours=1)  # a request that no worker answered by then is forgotten


@dataclass(frozen=True, slots=True)
class Invitations:
    """Rows to write for people who are invited together. `shown`: names, and secrets that the lead hands out."""

    links: Sequence[Mapping[str, Any]]
    mails: Sequence[Mapping[str, Any]]
    told: Sequence[Mapping[str, Any]]
    shown: Sequence[tuple[str, str]]


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


def hand_out(session: Session, person: Person, secret: str) -> bool:
    """Mail an invited person her link. False without a mail server: the lead is shown it, and the person told so.

    The mail says nothing that the lead can choose, and its link begins with the address in the settings: a request can
    name any host.
    """
    if not get_settings().passwords:
        end_links(session, [person.id])
        write_mail(session, person, INVITED, _invitation(""))
        return True
    if mail_is_on():
        return _mail_link(session, person, secret, INVITED, _invitation(secret))
    tell(session, person, Event.LINK_SHOWN)
    return False


def _invitation(secret: str) -> str:
    """Return the text of a mail that invites somebody: with her link, or to the sign-in at the school's provider."""
    text = (
        "Your school uses Hindsight: a place to look back at a lesson, alone or with a colleague."
        " What you record is seen by you alone until you share it.\n\n"
    )
    if not get_settings().passwords:  # there is no link: she signs in with the address at which she is invited
        return f"{text}Please sign in there with {get_settings().oidc_name}:\n\n{site()}/sign-in\n"
    return f"{text}This link makes your account. It works once, for 14 days:\n\n{site()}/join/{secret}\n"


def prepare_invitations(people: Sequence[tuple[str, str]]) -> Invitations:
    """Return links, and mails or notices, for people (id, name) who are put on the staff list: as `invite` and
    `hand_out` make them of one.
    """
    now, of_links = utc_now(), get_settings().passwords
    made = [(new_id(), person_id, name, secrets.token_urlsafe(32)) for person_id, name in people]
    links = [
        {
            "id": link_id,
            "secret_hash": hash_secret(secret),
            "person_id": person_id,
            "kind": "join",
            "made_at": now,
            "expires_at": now + KEPT["join"],
        }
        for link_id, person_id, _, secret in made
    ]
    if of_links and not mail_is_on():
        notices = [{"person_id": one[1], "event": Event.LINK_SHOWN.value, "at": now} for one in made]
        return Invitations(links, [], notices, [(name, secret) for _, _, name, secret in made])
    mails = [
        {
            "person_id": person_id,
            "about": mail_of_link(link_id) if of_links else None,
            "subject": INVITED,
            "text": _invitation(secret),
            "made_at": now,
            "next_at": now,
        }
        for link_id, person_id, _, secret in made
    ]
    return Invitations(links if of_links else [], mails if mail_is_on() else [], [], [])


def save_invitations(session: Session, invitations: Invitations) -> None:
    """Write them, in one statement a table."""
    written: Sequence[tuple[type[Base], Sequence[Mapping[str, Any]]]] = (
        (AccountLink, invitations.links),
        (Mail, invitations.mails),
        (AccountNotice, invitations.told),
    )
    for table, rows in written:
        if rows:
            session.execute(insert(Base.metadata.tables[table.__tablename__]), list(rows))


def _mail_link(session: Session, person: Person, secret: str, subject: str, text: str) -> bool:
    link, _ = _find(session, secret)
    return write_mail(session, person, subject, text, mail_of_link(link.id))


def invite_again(session: Session, lead: Person, person_id: str) -> tuple[Person, str]:
    """Make a new link for somebody who has not joined yet; raises EmailTaken for whoever has."""
    require_lead(lead)
    person = session.get(Person, person_id)
    if person is None or person.deactivated_at is not None:
        raise NotFound
    if lock(session, person).joined_at is not None:
        raise EmailTaken
    return person, make_link(session, person, "join")


def make_link(session: Session, person: Person, kind: str, *, beside_others: bool = False) -> str:
    """Return the secret of a new link; an older one of this kind stops working, unless both are for one mailbox."""
    if not beside_others:
        end_links(session, [person.id], kind)
    secret, now = secrets.token_urlsafe(32), utc_now()
    session.execute(delete(AccountLink).where(AccountLink.expires_at <= now))
    link = AccountLink(secret_hash=hash_secret(secret), person_id=person.id, kind=kind, made_at=now)
    link.expires_at = now + KEPT[kind]
    session.add(link)
    session.flush()
    return secret


def make_link_by_command(session: Session, person: Person) -> str:
    """Return the secret of a link to a new password for whoever holds the machine to give away; the person is told."""
    change(session, person, Event.LINK_BY_COMMAND)
    return make_link(session, person, "reset")


def _find(session: Session, secret: str) -> tuple[AccountLink, Person]:
    found = session.execute(
        select(AccountLink, Person)
        .join(Person, Person.id == AccountLink.person_id)
        .where(AccountLink.secret_hash == hash_secret(secret))
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise LinkUnusable
    return found[0], found[1]


def find_link(session: Session, secret: str, kind: str) -> tuple[AccountLink, Person]:
    """Return what a secret opens; raises LinkUsed for one that was used, LinkUnusable for any other that does not work.

    A link to join works for somebody who has not joined on any road, one to a new password for somebody who has.
    """
    link, person = _find(session, secret)
    if link.used_at is not None:
        raise LinkUsed(when=moment_in_words(link.used_at), on=f" on {link.used_on}" if link.used_on else "")
    fits = link.kind == kind and (person.joined_at is None) == (kind == "join")
    if not fits or link.expires_at <= utc_now() or person.deactivated_at is not None:
        raise LinkUnusable
    return link, person


def open_invitation(session: Session, secret: str, device: str) -> Person:
    """Return whom a link to join invites, and remember when and where it was first opened; that does not use it up."""
    link, person = find_link(session, secret, "join")
    if link.opened_at is None:
        link.opened_at = utc_now()
        tell(session, person, Event.LINK_OPENED, device)
    return person


def accept_invitation(
    session: Session, secret: str, name: str, password: NewPassword, device: str = "", *, called: str = ""
) -> Person:
    """Let the invited person in under the name she likes; the link works once."""
    person = _use(session, secret, "join", Event.JOINED_BY_LINK, password, device)
    person.name, person.called = clean_name(name), clean_called(called)
    return person


def choose_password(session: Session, secret: str, password: NewPassword, device: str = "") -> Person:
    """Set a new password and sign every device out; the link works once."""
    return _use(session, secret, "reset", Event.PASSWORD_RESET, password, device)


def _use(session: Session, secret: str, kind: str, event: Event, password: NewPassword, device: str) -> Person:
    lock(session, find_link(session, secret, kind)[1])
    link, person = find_link(session, secret, kind)  # two at once: the second finds it used
    link.used_at, link.used_on = utc_now(), device
    return change(session, person, event, password=password, device=device)


def ask_for_reset(session: Session, email: str) -> None:
    """Note that somebody wants a link to a new password. Known or unknown, the same is done: a worker looks later."""
    session.add(ResetRequest(email=address_key(email)[:EMAIL_LENGTH], asked_at=utc_now()))


def answer_reset_requests(session: Session) -> int:
    """Mail a link to whoever has asked, has joined and is here; return how many. The requests are deleted."""
    requests = session.scalars(select(ResetRequest).order_by(ResetRequest.asked_at).with_for_update()).all()
    count = 0
    for request in requests:
        here = select(Person).where(Person.email == request.email, Person.deactivated_at.is_(None))
        person = session.scalar(here.where(Person.joined_at.is_not(None)))
        if person is not None and request.asked_at > utc_now() - ASKED_FOR:
            count += mail_reset(session, person)
        session.delete(request)
    return count


def mail_reset(session: Session, person: Person) -> bool:
    """Mail somebody a link to a new password. Older ones go on working: whoever asks again and again ends none."""
    if not mail_is_on() or not get_settings().passwords:
        return False
    secret = make_link(session, lock(session, person), "reset", beside_others=True)
    text = (
        f"Somebody, probably you, asked for a new password for Hindsight. This link works once, for two hours:\n\n"
        f"{site()}/new-password/{secret}\n\nIf it was not you, do nothing: your password stays as it is.\n"
    )
    return _mail_link(session, person, secret, "A new password for Hindsight", text)
