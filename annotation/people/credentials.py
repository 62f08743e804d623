"""Credentials: every event that changes how a person can get into her account passes through `change`.

`RULES` says for each event which links, devices, passwords and factors stop working, and who is told what. A road into
an account is closed here or nowhere; a test finds other code that writes to the columns and tables of credentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.mail_queue import write_mails
from annotation.people.passwords import NewPassword, check_new_password
from core.clock import utc_now
from core.errors import NotFound
from core.models import (
    AccountLink,
    AccountNotice,
    Base,
    KnownDevice,
    Mail,
    PendingSignIn,
    Person,
    RecoveryCode,
    SecondFactor,
    SignIn,
)
from core.school_day import day_and_time

FACTORS: tuple[type[Base], ...] = (SecondFactor, RecoveryCode, PendingSignIn)
"""Tables of second factors; each has a `person_id`."""


class Event(StrEnum):
    """What can happen to an account. The value is kept in the row of the notice."""

    LINK_SHOWN = "link-shown"
    LINK_OPENED = "link-opened"
    JOINED_BY_LINK = "joined-by-link"
    JOINED_BY_PROVIDER = "joined-by-provider"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of an event
    PASSWORD_SET = "password-set"  # noqa: S105
    PASSWORD_RESET = "password-reset"  # noqa: S105
    PASSWORD_REMOVED = "password-removed"  # noqa: S105
    PASSWORD_BESIDE_PROVIDER = "password-beside-provider"  # noqa: S105 - written by migration 0008
    LINK_BY_COMMAND = "link-by-command"
    SIGNED_OUT_EVERYWHERE = "signed-out-everywhere"
    FACTOR_SET = "factor-set"
    FACTOR_REMOVED = "factor-removed"
    FACTOR_LOST = "factor-lost"
    RECOVERY_CODE_USED = "recovery-code-used"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    NUMBER_FORGOTTEN = "number-forgotten"
    NAME_CHANGED = "name-changed"
    LEFT = "left"
    CAME_BACK = "came-back"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event does. `says` is for the person's own page: {when} and {on} a device are filled in."""

    says: str
    links: bool = False  # unused ones stop working, and mails that would carry them are not sent
    devices: Literal["stay", "others", "all"] = "stay"  # signed in, and known from before
    password: bool = False
    factors: bool = False
    provider: bool = False  # the person's number at the provider is forgotten
    becomes: Literal["", "joined", "left", "back"] = ""
    mails: bool = False


RULES: dict[Event, Rule] = {
    Event.LINK_SHOWN: Rule("A link to make your account was shown to the programme lead {when}, to be given to you."),
    Event.LINK_OPENED: Rule("Your invitation was first opened {when}{on}. A filter of your mails may have done that."),
    Event.JOINED_BY_LINK: Rule(
        "Your invitation was used {when}{on}: the account and its password were made. Other links stopped working.",
        links=True,
        devices="all",
        factors=True,
        becomes="joined",
        mails=True,
    ),
    Event.JOINED_BY_PROVIDER: Rule(
        "You first signed in with your school account {when}{on}. A password, devices and links from before that"
        " stopped working.",
        links=True,
        devices="all",
        password=True,
        factors=True,
        becomes="joined",
        mails=True,
    ),
    Event.PASSWORD_CHANGED: Rule(
        "Your password was changed {when}{on}. Other devices were signed out, and links to a new password stopped"
        " working.",
        links=True,
        devices="others",
        mails=True,
    ),
    Event.PASSWORD_SET: Rule(
        "A password was set beside your school account {when}{on}. Other devices were signed out.",
        links=True,
        devices="others",
        mails=True,
    ),
    Event.PASSWORD_RESET: Rule(
        "A new password was set by a link {when}{on}. Every device was signed out.",
        links=True,
        devices="all",
        mails=True,
    ),
    Event.PASSWORD_REMOVED: Rule(
        "Your password was taken away {when}{on}. Other devices were signed out.",
        links=True,
        devices="others",
        password=True,
        factors=True,
        mails=True,
    ),
    Event.PASSWORD_BESIDE_PROVIDER: Rule(
        "Your account had a password beside your school account {when}. If you did not set it, take it away below."
    ),
    Event.LINK_BY_COMMAND: Rule(
        "The person who looks after the machine made a link to a new password for you {when}.", links=True, mails=True
    ),
    Event.SIGNED_OUT_EVERYWHERE: Rule(
        "Every other device was signed out {when}{on}, and links to a new password stopped working.",
        links=True,
        devices="others",
    ),
    Event.FACTOR_SET: Rule(
        "A second factor was set up {when}{on}: a code is asked for after your password. Other devices were"
        " signed out.",
        devices="others",
        mails=True,
    ),
    Event.FACTOR_REMOVED: Rule(
        "Your second factor was taken away {when}{on}. Other devices were signed out.",
        devices="others",
        factors=True,
        mails=True,
    ),
    Event.FACTOR_LOST: Rule(
        "The person who looks after the machine took your second factor away {when}. Every device was signed out.",
        devices="all",
        factors=True,
        mails=True,
    ),
    Event.RECOVERY_CODE_USED: Rule("One of your recovery codes was used {when}{on}.", mails=True),
    Event.RECOVERY_CODES_MADE: Rule(
        "New recovery codes were made {when}{on}, and the old ones stopped working.", mails=True
    ),
    Event.NUMBER_FORGOTTEN: Rule(
        "The person who looks after the machine asked Hindsight to get to know your school account anew {when}. Every"
        " device was signed out. Please sign in with your school account as usual.",
        links=True,
        devices="all",
        provider=True,
        mails=True,
    ),
    Event.NAME_CHANGED: Rule("Your name on the staff list was changed {when} by the programme lead."),
    Event.LEFT: Rule(
        "Your account was closed {when} by the programme lead. Every device was signed out. For a while you can still"
        " sign in to take away or delete what is yours.",
        links=True,
        devices="all",
        becomes="left",
        mails=True,
    ),
    Event.CAME_BACK: Rule(
        "Your account was opened again {when} by the programme lead.",
        links=True,
        devices="all",
        becomes="back",
        mails=True,
    ),
    Event.DELETED: Rule("", links=True, devices="all", password=True, factors=True, provider=True, becomes="left"),
}


def lock(session: Session, person: Person) -> Person:
    """Return the row of a person as it stands now; whoever else changes it waits until this transaction ends."""
    session.flush()
    row = session.get(Person, person.id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def change(
    session: Session,
    person: Person,
    event: Event,
    *,
    device: str = "",
    keep_sign_in_id: str = "",
    password: NewPassword | None = None,
    subject: str | None = None,
) -> Person:
    """Do to an account what the rule of an event says, and tell the person; return her row, locked.

    `keep_sign_in_id` is the device that stays where the others go. Raises InvalidInput for a password that is too weak.
    """
    row, rule, now = lock(session, person), RULES[event], utc_now()
    if password is not None:
        check_new_password(password.text, row.email)
    _end(session, [row.id], rule, keep_sign_in_id)
    _end_of_row(row, rule)
    if password is not None:
        row.password_hash = password.hash
    if subject is not None:
        row.subject = subject
    if rule.becomes == "joined":
        row.joined_at = row.joined_at or now
    if rule.becomes == "back":
        row.deactivated_at = None
    if rule.says:
        tell(session, row, event, device)
    if rule.becomes == "left":  # after the mail, since a leaver gets none
        row.deactivated_at = row.deactivated_at or now
    session.flush()
    return row


def renew_hash(session: Session, person: Person, renewed: str) -> None:
    """Keep the hash of the same password in the form that passwords have now, unless she chose another meanwhile.

    Nothing else changes, so nobody is told.
    """
    row = lock(session, person)
    if row.password_hash == person.password_hash:
        row.password_hash = renewed


def change_all(session: Session, people: Sequence[Person], event: Event) -> None:
    """Do to many accounts what the rule of an event says, and tell their people: one in which no device takes part."""
    ids, rule, now = sorted(one.id for one in people), RULES[event], utc_now()
    session.flush()
    locked = select(Person).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()
    rows = session.scalars(locked.execution_options(populate_existing=True)).all()
    for row in rows:
        _end_of_row(row, rule)
    these = update(Person).where(Person.id.in_(ids))
    if rule.becomes == "back":
        session.execute(these.values(deactivated_at=None))
    _end(session, ids, rule, "")
    if rule.says:
        tell_all(session, rows, event)
    if rule.becomes == "left":  # after the mail, since a leaver gets none
        session.execute(these.where(Person.deactivated_at.is_(None)).values(deactivated_at=now))
    session.flush()


def _end_of_row(row: Person, rule: Rule) -> None:
    if rule.password:
        row.password_hash = ""
    if rule.provider:
        row.subject = None


def _end(session: Session, ids: Sequence[str], rule: Rule, keep_sign_in_id: str) -> None:
    if rule.links:
        end_links(session, ids)
    if rule.devices != "stay":
        _end_devices(session, ids, keep_sign_in_id if rule.devices == "others" else "")
    if rule.factors:
        for table in FACTORS:
            session.execute(delete(table).where(table.__table__.c.person_id.in_(ids)))


def end_links(session: Session, person_ids: Sequence[str], kind: str | None = None) -> None:
    """Make people's unused links (of one kind) stop working, and do not send the mails that carry them."""
    unused = select(AccountLink.id).where(AccountLink.person_id.in_(person_ids), AccountLink.used_at.is_(None))
    if kind is not None:
        unused = unused.where(AccountLink.kind == kind)
    ids = session.scalars(unused).all()
    session.execute(delete(Mail).where(Mail.about.in_([mail_of_link(link_id) for link_id in ids])))
    session.execute(delete(AccountLink).where(AccountLink.id.in_(ids)))


def mail_of_link(link_id: str) -> str:
    """Return what the mail that carries a link is about."""
    return f"link:{link_id}"


def _end_devices(session: Session, person_ids: Sequence[str], keep_sign_in_id: str) -> None:
    kept = session.get(SignIn, keep_sign_in_id) if keep_sign_in_id else None
    known = delete(KnownDevice).where(KnownDevice.person_id.in_(person_ids))
    if kept is not None and kept.known_hash is not None:
        known = known.where(KnownDevice.secret_hash != kept.known_hash)
    session.execute(known)
    session.execute(delete(SignIn).where(SignIn.person_id.in_(person_ids), SignIn.id != keep_sign_in_id))
    session.execute(delete(PendingSignIn).where(PendingSignIn.person_id.in_(person_ids)))


def end_device(session: Session, row: SignIn) -> None:
    """Sign one device out and do not know it any more."""
    if row.known_hash is not None:
        known = delete(KnownDevice).where(KnownDevice.person_id == row.person_id)
        session.execute(known.where(KnownDevice.secret_hash == row.known_hash))
    session.delete(row)


def tell(session: Session, person: Person, event: Event, device: str = "") -> None:
    """Write what happened to a person's own page, and to her mailbox where the rule says so."""
    tell_all(session, [person], event, device)


def tell_all(session: Session, people: Sequence[Person], event: Event, device: str = "") -> None:
    """Write what happened to each person's own page, and to her mailbox where the rule says so."""
    now, rule = utc_now(), RULES[event]
    notices = [{"person_id": one.id, "event": event.value, "at": now, "device": device} for one in people]
    session.execute(insert(AccountNotice), notices)
    if rule.mails:
        text = (
            f"{sentence_of(event, now, device)}\n\nIf this was neither you nor expected, please tell the person who"
            f" looks after Hindsight at your school. Your own page shows all that happened to your account:\n\n"
            f"{site()}/me\n"
        )
        write_mails(session, people, "Your Hindsight account", text)


def sentence_of(event: Event, at: datetime, device: str) -> str:
    """Return what an event says to its person."""
    return RULES[event].says.format(when=moment_in_words(at), on=f" on {device}" if device else "")


def moment_in_words(at: datetime) -> str:
    """Write when something happened: "on Wednesday 3 March 2027 at 10:12"."""
    return f"on {day_and_time(at)}"


def list_notices(session: Session, person: Person) -> Sequence[tuple[AccountNotice, str]]:
    """Return what happened to an account, newest first, each with its sentence."""
    mine = select(AccountNotice).where(AccountNotice.person_id == person.id)
    rows = session.scalars(mine.order_by(AccountNotice.at.desc(), AccountNotice.id)).all()
    known = {event.value: event for event in Event}
    return [(row, sentence_of(known[row.event], row.at, row.device)) for row in rows if row.event in known]
