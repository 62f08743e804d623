"""Sends queued mail by SMTP, at least once, with a limited number of attempts."""

from __future__ import annotations

import logging
import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage

from sqlalchemy import select

from annotation.people.account_links import answer_reset_requests
from core.clock import utc_now
from core.database.db import Database
from core.models import Mail, Person, ResetRequest
from core.settings import Settings

log = logging.getLogger(__name__)

MOST_AT_ONCE, MOST_ATTEMPTS = 50, 8
PATIENCE_SECONDS = 20
HELD = timedelta(minutes=2)  # by whoever is about to send it; doubled at each attempt


def send_mails(database: Database, settings: Settings) -> int:
    """Send what is due; return how many went. A server that is away is asked again later, and later still."""
    if not settings.smtp_host:
        return 0
    with database.read() as session:
        is_asked = session.scalar(select(ResetRequest.id).limit(1)) is not None
    if is_asked:
        with database.write() as session:
            answer_reset_requests(session)
    sent = 0
    for mail_id in _due(database):
        message = _claim(database, mail_id, settings)
        if message is None:
            continue
        try:
            hand_over(message, settings)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail %s could not be sent (%s) and is tried again", mail_id, type(error).__name__)
            continue
        with database.write() as session:
            row = session.get(Mail, mail_id)
            if row is not None:
                row.sent_at, row.text = utc_now(), ""
        sent += 1
    return sent


def _due(database: Database) -> list[str]:
    with database.read() as session:
        # One that was never tried is due whatever the clock says: it may have gone back since.
        waiting = select(Mail.id).where(Mail.sent_at.is_(None), (Mail.next_at <= utc_now()) | (Mail.attempts == 0))
        waiting = waiting.where(Mail.attempts < MOST_ATTEMPTS)
        return list(session.scalars(waiting.order_by(Mail.made_at).limit(MOST_AT_ONCE)))


def _claim(database: Database, mail_id: str, settings: Settings) -> EmailMessage | None:
    """Take a message for oneself, for a while; None if somebody else has it."""
    with database.write() as session:
        row = session.scalar(select(Mail).where(Mail.id == mail_id).with_for_update())
        if row is None or row.sent_at is not None or (row.attempts and row.next_at > utc_now()):
            return None
        row.next_at = utc_now() + HELD * 2**row.attempts
        row.attempts += 1
        person = session.get_one(Person, row.person_id)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = settings.mail_from, person.email, row.subject
        message["Message-ID"] = f"<{row.id}@hindsight>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(row.text)
        return message


def hand_over(message: EmailMessage, settings: Settings) -> None:
    """Give a message to the school's server; raises OSError or SMTPException."""
    context = ssl.create_default_context()
    place = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=PATIENCE_SECONDS, context=context)
    else:
        server = smtplib.SMTP(*place, timeout=PATIENCE_SECONDS)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)
