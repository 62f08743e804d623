"""Makers of people."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from sqlalchemy.orm import Session

from core.models import Person

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
_numbers = count(1)


def make_person(session: Session, name: str = "Ada Teacher", **values: object) -> Person:
    """Add a person with an address of her own."""
    row = {
        "email": f"person{next(_numbers)}@school.example",
        "password_hash": "-",
        "created_at": START,
        "joined_at": START,
        **values,
    }
    person = Person(name=name, **row)
    session.add(person)
    session.flush()
    return person
