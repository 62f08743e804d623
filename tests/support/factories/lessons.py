"""Makers of lessons, their files, and the bytes of those."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from core.models import Lesson, Person, StoredFile
from core.storage.base import Storage
from tests.support.factories.people import START


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
