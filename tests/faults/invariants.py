"""Invariants of a lesson after its analysis, whatever failures occurred."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import (
    ActivityRow,
    ChunkRow,
    Comment,
    Dictation,
    Finding,
    Lesson,
    MeasuresRow,
    QuestionRow,
    SpeakerRow,
    Step,
    StoredFile,
    TurnRow,
)
from core.storage.base import Storage

RESULTS = (Finding, ChunkRow, SpeakerRow, TurnRow, QuestionRow, ActivityRow, MeasuresRow, Dictation, StoredFile)
# What differs from run to run: names that are drawn, hours of the clock, and bytes that hold either.
DRAWN = frozenset({"id", "lesson_id", "person_id", "key", "created_at", "bytes", "sha256"})

Outcome = dict[str, list[str]]


def is_settled(session: Session, lesson_id: str) -> bool:
    """Say whether nothing of a lesson is under way: all is done, or something failed and the rest waits for it."""
    states = Counter(session.scalars(select(Step.state).where(Step.lesson_id == lesson_id)))
    return not states["ready"] and not states["running"]


def outcome_of(session: Session, lesson_id: str) -> Outcome:
    """Return all that was found and made of a lesson, so that two runs on one recording can be compared."""
    found: Outcome = {}
    for table in RESULTS:
        columns = [column for column in table.__table__.columns if column.name not in DRAWN]
        rows = session.execute(select(*columns).where(table.lesson_id == lesson_id)).mappings()
        found[table.__tablename__] = sorted(json.dumps(dict(row), sort_keys=True) for row in rows)
    lesson = session.get_one(Lesson, lesson_id)
    heard: dict[str, Any] = {"media": lesson.media, "duration_ms": lesson.duration_ms, "language": lesson.language}
    found["lesson"] = [json.dumps(heard, sort_keys=True)]
    return found


def check_lesson(
    session: Session,
    storage: Storage,
    lesson_id: str,
    *,
    like: Outcome | None = None,
    comments: Collection[str] = (),
) -> None:
    """Raise AssertionError unless the lesson ended whole, once, and left nothing lying about.

    `like` is what came of the same recording without a fault; `comments` are those that were confirmed.
    """
    assert is_settled(session, lesson_id)
    session.get_one(Lesson, lesson_id)
    steps = session.scalars(select(Step).where(Step.lesson_id == lesson_id)).all()
    failed = [step for step in steps if step.state == "failed"]
    assert all(step.error_code and step.error_sentence for step in failed), "a failure says why"
    assert all(step.lease_token is None for step in steps), "nobody holds what is over"
    if not failed:
        left = {step.stage: step.state for step in steps if step.state != "done"}
        assert not left, f"nothing waits for ever: {left}"
    assert max(Counter((step.stage, step.chunk_no) for step in steps).values()) == 1
    check_files(session, storage, lesson_id)
    check_transcript(session, lesson_id, {step.stage for step in steps if step.state == "done"})
    written = Counter(session.scalars(select(Comment.text).where(Comment.lesson_id == lesson_id)))
    assert all(written[text] == 1 for text in comments), "each comment that was confirmed is there, once"
    if like is not None:
        outcome = outcome_of(session, lesson_id)
        for kind, rows in like.items():
            assert outcome[kind] == rows, f"{kind}: the same as without the fault"


def check_files(session: Session, storage: Storage, lesson_id: str) -> None:
    """One file of a kind, every row with its file, every file with its row."""
    rows = session.scalars(select(StoredFile).where(StoredFile.lesson_id == lesson_id)).all()
    kinds = Counter(row.kind for row in rows)
    assert max(kinds.values()) == 1, kinds
    assert sorted(row.key for row in rows) == sorted(storage.keys(f"lessons/{lesson_id}")), "no file of nobody"
    assert all(storage.size(row.key) == row.bytes for row in rows)


def check_transcript(session: Session, lesson_id: str, done: set[str]) -> None:
    """One transcript, of all chunks."""
    if "merge_transcript" in done:
        chunks = session.scalars(
            select(ChunkRow).where(ChunkRow.lesson_id == lesson_id).order_by(ChunkRow.number)
        ).all()
        assert [chunk.number for chunk in chunks] == sorted({chunk.number for chunk in chunks})
        words = session.get_one(Finding, (lesson_id, "words")).document
        assert len(words) == sum(len(chunk.words or ()) for chunk in chunks)
    if "find_questions" in done:
        numbers = session.scalars(select(TurnRow.number).where(TurnRow.lesson_id == lesson_id)).all()
        assert sorted(numbers) == list(range(len(numbers))), "each turn once"
    if "measure_lesson" in done:
        assert session.get(MeasuresRow, lesson_id) is not None
