"""Outgoing mail as rows, written in the transaction that they report and sent by a worker. No lesson content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Mail, Person
from core.settings import get_settings

KEPT = timedelta(days=180)


def mail_is_on() -> bool:
    """Say whether the school's settings name a mail server."""
    return bool(get_settings().smtp_host)


def write_mail(session: Session, person: Person, subject: str, text: str, about: str | None = None) -> bool:
    """Have a message sent, if there is a mail server; what has the same `about` is told once. True if it is new."""
    if not mail_is_on() or person.deactivated_at is not None:
        return False
    if about is not None and session.scalar(select(Mail.id).where(Mail.about == about)) is not None:
        return False
    now = utc_now()
    session.add(Mail(person_id=person.id, about=about, subject=subject, text=text, made_at=now, next_at=now))
    session.flush()
    return True


def write_mails(session: Session, people: Iterable[Person], subject: str, text: str) -> None:
    """Have the same message sent to each of these people, if there is a mail server."""
    if mail_is_on():
        now = utc_now()
        told = [one for one in people if one.deactivated_at is None]
        same = {"subject": subject, "text": text, "made_at": now, "next_at": now}
        if told:
            session.execute(insert(Mail), [{"person_id": one.id} | same for one in told])


def delete_old_mails(session: Session) -> None:
    """Delete what was sent, or could not be sent, long ago. Nothing is told anew: what it was about is over."""
    session.execute(delete(Mail).where(Mail.made_at < utc_now() - KEPT))


@dataclass(frozen=True, slots=True)
class Reminder:
    """A message that a person can switch off on her own page; what has the same `about` is told once."""

    person: Person
    subject: str
    text: str
    about: str


def write_reminders(session: Session, reminders: Sequence[Reminder]) -> int:
    """Have those sent that their people want and that are new; return how many."""
    if not mail_is_on():
        return 0
    wanted = [one for one in reminders if one.person.wants_mail and one.person.deactivated_at is None]
    told = set(session.scalars(select(Mail.about).where(Mail.about.in_([one.about for one in wanted]))))
    now = utc_now()
    rows = [
        {"person_id": one.person.id, "about": one.about, "subject": one.subject, "text": one.text + REMINDER_END}
        | {"made_at": now, "next_at": now}
        for one in wanted
        if one.about not in told
    ]
    if rows:
        session.execute(insert(Mail), rows)
    return len(rows)


REMINDER_END = "\nYou can switch these mails off on your own page in Hindsight.\n"
