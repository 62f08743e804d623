"""Consent to a voice print: a teacher allows it for better role detection, or withdraws and deletes it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.insert import insert_or_find
from core.models import Person, VoicePrint


def find_print(session: Session, person: Person) -> VoicePrint | None:
    """Return her consent and, once it is made, her voice print; None: she did not consent."""
    return session.get(VoicePrint, person.id)


def allow_print(session: Session, person: Person) -> None:
    """Note her consent; the next lesson in which it is clear who the teacher is fills it."""
    made = VoicePrint(person_id=person.id, consented_at=utc_now())
    insert_or_find(session, made, lambda: find_print(session, person))


def delete_print(session: Session, person: Person) -> None:
    """Delete her voice print and her consent, at once and for good."""
    row = find_print(session, person)
    if row is not None:
        session.delete(row)
