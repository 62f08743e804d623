"""Stores analysis results as rows, with the teacher's corrections applied to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.database.events import record_event
from core.errors import HindsightError
from core.models import (
    ActivityRow,
    Finding,
    Lesson,
    MeasuresRow,
    QuestionRow,
    SpeakerRow,
    TurnRow,
)
from core.models import Correction as CorrectionRow
from core.types import Activity, Measures, Question, Role, Span, Turn, VoiceTurn, Word
from transcription.lesson.analysis_document import measures_document
from transcription.lesson.corrections import (
    ActivityCorrection,
    Correction,
    QuestionCorrection,
    TurnCorrection,
    VoiceCorrection,
    WordsCorrection,
    role_of,
)
from transcription.lesson.derive_findings import Evidence, LessonFindings, derive_findings

NAME_OF_TRANSCRIPT = "transcript_voice"  # the name of a voice that came with a transcript, and goes with it
SHAPES: dict[str, TypeAdapter[Any]] = {
    "voice": TypeAdapter(VoiceCorrection),
    NAME_OF_TRANSCRIPT: TypeAdapter(VoiceCorrection),
    "turn": TypeAdapter(TurnCorrection),
    "words": TypeAdapter(WordsCorrection),
    "question": TypeAdapter(QuestionCorrection),
    "activity": TypeAdapter(ActivityCorrection),
}
LESSON_LOCK = {"key_share": True}  # two corrections at once: the second is laid over the first


class StillListening(HindsightError):
    """A correction before there is anything to correct."""

    code = "still_listening"
    status = 409
    sentence = "We are still listening to this lesson. You can put things right as soon as we know who speaks."


# What the machine found


def read_evidence(session: Session, lesson: Lesson, *, recognised: bool = False) -> Evidence | None:
    """Return what the machine found in a lesson, or None while it does not yet know who speaks.

    Its words are those that were imported, if any, unless those that were recognised are wanted.
    """
    rows = session.scalars(select(Finding).where(Finding.lesson_id == lesson.id))
    found = {row.kind: row.document for row in rows}
    if "roles" not in found or lesson.duration_ms is None:
        return None
    return Evidence(
        words=[Word(*word) for word in (not recognised and found.get("imported")) or found.get("words", ())],
        voices=[VoiceTurn(**voice) for voice in found.get("voices", ())],
        roles=[Role(role) for role in found["roles"]],
        speech=[Span(*pair) for pair in found.get("speech", ())],
        duration_ms=lesson.duration_ms,
        movement=found.get("pictures", {}).get("movement", ()),
    )


# What a person put right


def list_corrections(session: Session, lesson_id: str) -> Sequence[CorrectionRow]:
    """Return the corrections of a lesson, those that are undone too, oldest first."""
    rows = select(CorrectionRow).where(CorrectionRow.lesson_id == lesson_id)
    return session.scalars(rows.order_by(CorrectionRow.made_at, CorrectionRow.id)).all()


def read_correction(row: CorrectionRow) -> Correction:
    """Return what a row says."""
    correction: Correction = SHAPES[row.kind].validate_python(row.body)
    return correction


def unplaced_corrections(session: Session, lesson: Lesson) -> set[str]:
    """Return the ids of those in force that fit nothing in what the machine found last."""
    evidence = read_evidence(session, lesson)
    rows = [row for row in list_corrections(session, lesson.id) if row.undone_at is None]
    if evidence is None or not rows:
        return set()
    unplaced = derive_findings(evidence, [read_correction(row) for row in rows]).unplaced
    return {rows[number].id for number in unplaced}


def lock_lesson(session: Session, lesson: Lesson) -> None:
    """Wait until nobody else changes what is understood of a lesson."""
    session.refresh(lesson, with_for_update=LESSON_LOCK)


def recompute(session: Session, lesson: Lesson) -> None:
    """Write anew what is understood of a lesson, from the findings and the corrections in force."""
    evidence = read_evidence(session, lesson)
    if evidence is None:
        raise StillListening
    corrections = [read_correction(row) for row in list_corrections(session, lesson.id) if row.undone_at is None]
    save_findings(session, lesson.id, derive_findings(evidence, corrections))
    record_event(session, lesson.id, "words")


# Rows


def save_findings(session: Session, lesson_id: str, found: LessonFindings) -> None:
    """Replace all rows of what is understood."""
    save_turns(session, lesson_id, found.turns, found.names)
    save_questions(session, lesson_id, found.questions)
    save_activities(session, lesson_id, found.activities)
    save_measures(session, lesson_id, found.measures)


def save_turns(session: Session, lesson_id: str, turns: Sequence[Turn], names: Mapping[str, str] | None = None) -> None:
    """Replace a lesson's turns and voices."""
    for table in (TurnRow, SpeakerRow):
        session.execute(delete(table).where(table.lesson_id == lesson_id))
    add_rows(
        session,
        TurnRow,
        (
            {
                "lesson_id": lesson_id,
                "number": number,
                "start_ms": turn.start_ms,
                "end_ms": turn.end_ms,
                "speaker": turn.speaker,
                "role": turn.role,
                "text": turn.text,
                "words": words_to_json(turn.words),
            }
            for number, turn in enumerate(turns)
        ),
    )
    session.add_all(
        SpeakerRow(lesson_id=lesson_id, label=label, role=role_of(turns, label), name=(names or {}).get(label, ""))
        for label in {turn.speaker for turn in turns}
    )


def add_rows(session: Session, table: type[TurnRow | QuestionRow], rows: Iterable[dict[str, Any]]) -> None:
    """Add many rows in one statement: as objects they take several times as long."""
    if found := list(rows):
        session.execute(insert(table), found, execution_options={"render_nulls": True})  # else one for each set of keys


def save_questions(session: Session, lesson_id: str, questions: Iterable[Question]) -> None:
    """Replace a lesson's questions."""
    session.execute(delete(QuestionRow).where(QuestionRow.lesson_id == lesson_id))
    add_rows(
        session,
        QuestionRow,
        (
            {
                "lesson_id": lesson_id,
                "start_ms": question.start_ms or 0,
                "end_ms": question.end_ms or 0,
                "text": question.text,
                "speaker": question.speaker,
                "role": question.role,
                "kind": question.kind,
                "confidence": question.confidence,
                "answered_by": question.answered_by,
                "wait_1_ms": question.wait_1_ms,
                "wait_2_ms": question.wait_2_ms,
            }
            for question in questions
        ),
    )


def save_activities(session: Session, lesson_id: str, activities: Iterable[Activity]) -> None:
    """Replace a lesson's activities."""
    session.execute(delete(ActivityRow).where(ActivityRow.lesson_id == lesson_id))
    session.add_all(
        ActivityRow(lesson_id=lesson_id, start_ms=each.start_ms, end_ms=each.end_ms, kind=each.kind)
        for each in activities
    )


def save_measures(session: Session, lesson_id: str, measures: Measures) -> None:
    """Replace a lesson's measures, with the intervals that each counts."""
    document = measures_document(measures)
    document["heard_in"] = {
        name: [[span.start_ms, span.end_ms] for span in spans] for name, spans in measures.heard_in.items()
    }
    session.merge(MeasuresRow(lesson_id=lesson_id, document=document))


def words_to_json(words: Iterable[Word]) -> list[list[Any]]:
    """Return words as they are stored: start, end, text, probability."""
    return [[word.start_ms, word.end_ms, word.text, word.probability] for word in words]
