"""Factories: functions that create rows with sensible defaults."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy.orm import Session

from core.models import Lesson, Partnership, Person, Share, StoredFile
from core.storage.base import Storage

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


def make_partnership(session: Session, coach: Person, coachee: Person, **values: object) -> Partnership:
    """Add an active coaching partnership."""
    row = {"kind": "coaching", "created_at": START, **values}
    partnership = Partnership(coach_id=coach.id, coachee_id=coachee.id, **row)
    session.add(partnership)
    session.flush()
    return partnership


def make_lesson(session: Session, owner: Person, title: str = "Year 9 fractions", **values: object) -> Lesson:
    """Add a lesson without files."""
    lesson = Lesson(owner_id=owner.id, title=title, **{"created_at": START, **values})
    session.add(lesson)
    session.flush()
    return lesson


def make_file(session: Session, lesson: Lesson, kind: str, key: str, **values: object) -> StoredFile:
    """Add the row of a stored file (not its bytes)."""
    row = {"mime": "video/mp4", "bytes": 1, "info": {}, "created_at": START, **values}
    file = StoredFile(lesson_id=lesson.id, kind=kind, key=key, **row)
    session.add(file)
    session.flush()
    return file


def keep_bytes(storage: Storage, key: str, content: bytes) -> None:
    """Put a file into a store."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(content)
    storage.keep(Path(file.name), key)


def make_share(session: Session, lesson: Lesson, partnership: Partnership, **values: object) -> Share:
    """Open a lesson to a partnership."""
    share = Share(lesson_id=lesson.id, partnership_id=partnership.id, **{"created_at": START, **values})
    session.add(share)
    session.flush()
    return share
