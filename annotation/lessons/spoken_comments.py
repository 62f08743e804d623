"""Spoken comments: a recording is transcribed, its text returned to its author only, its sound deleted."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import is_speaker, require_see
from core.allowances import count_use
from core.clock import utc_now
from core.errors import NotFound
from core.models import Dictation, Lesson, Person, Step, StoredFile
from core.pipeline.steps import request_step

STAGE = "hear_comment"


def start_spoken_comment(session: Session, person: Person, lesson: Lesson, key: str, size: int, mime: str) -> Dictation:
    """Have a spoken comment on a lesson that one may see heard; its sound is in the store under `key`."""
    require_see(session, person, lesson)
    lock_row(session, Lesson, lesson.id)  # its spoken comments are numbered one after the other
    count_use(session, person.id, "spoken_comment")
    last = session.scalar(select(func.max(Dictation.number)).where(Dictation.lesson_id == lesson.id)) or 0
    said = Dictation(lesson_id=lesson.id, number=last + 1, person_id=person.id, created_at=utc_now())
    session.add(said)
    session.flush()
    file = StoredFile(lesson_id=lesson.id, kind=f"said-{said.number}", key=key, mime=mime, bytes=size, info={})
    file.created_at = utc_now()
    session.add(file)
    request_step(session, lesson.id, STAGE, said.number)
    return said


def read_spoken_comment(session: Session, person: Person, dictation_id: str) -> tuple[str, str]:
    """Return the state (`working`, `heard` or `failed`) and the words of what one said; raises NotFound."""
    said = session.get(Dictation, dictation_id)
    if said is None or not is_speaker(said, person):
        raise NotFound
    require_see(session, person, session.get(Lesson, said.lesson_id))
    if said.text is not None:
        return "heard", said.text
    step = select(Step.state).where(Step.lesson_id == said.lesson_id, Step.stage == STAGE, Step.chunk_no == said.number)
    return ("failed" if session.scalar(step) in ("failed", "cancelled") else "working"), ""


def remove_spoken_comments(session: Session, *which: ColumnElement[bool]) -> list[str]:
    """Remove spoken comments with their words, sound and steps; return the keys of the sound, for an erasure."""
    keys: list[str] = []
    for said in session.scalars(select(Dictation).where(*which)).all():
        files = select(StoredFile).where(StoredFile.lesson_id == said.lesson_id)
        for file in session.scalars(files.where(StoredFile.kind == f"said-{said.number}")).all():
            keys.append(file.key)
            session.delete(file)
        steps = delete(Step).where(Step.lesson_id == said.lesson_id, Step.stage == STAGE)
        session.execute(steps.where(Step.chunk_no == said.number))
        session.delete(said)
    session.flush()
    return keys
