"""What must hold of every lesson once nothing is left to do, whatever happened on the way."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import ChunkRow, Finding, Lesson, MeasuresRow, Step, StoredFile, TurnRow
from core.storage import Storage


def is_settled(session: Session, lesson_id: str) -> bool:
    """Say whether nothing of a lesson is under way: all is done, or something failed and the rest waits for it."""
    states = Counter(session.scalars(select(Step.state).where(Step.lesson_id == lesson_id)))
    return not states["ready"] and not states["running"]


def check_lesson(session: Session, storage: Storage, lesson_id: str) -> None:
    """Raise AssertionError unless the lesson ended whole, once, and left nothing lying about."""
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


def check_files(session: Session, storage: Storage, lesson_id: str) -> None:
    """One file of a kind, every row with its file, every file with its row."""
    rows = session.scalars(select(StoredFile).where(StoredFile.lesson_id == lesson_id)).all()
    kinds = Counter(row.kind for row in rows)
    assert max(kinds.values()) == 1, kinds
    assert {row.key for row in rows} == set(storage.keys(f"lessons/{lesson_id}"))
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
        count = session.scalar(select(func.count()).select_from(MeasuresRow).where(MeasuresRow.lesson_id == lesson_id))
        assert count == 1
