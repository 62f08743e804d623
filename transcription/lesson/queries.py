"""Queries of a lesson's turns, questions, activities and measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import ActivityRow, ChunkRow, Finding, MeasuresRow, QuestionRow, SpeakerRow, TurnRow
from core.types import Activity, ActivityKind, AnsweredBy, Question, QuestionKind, Role, Turn, Word


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that is found so far; words are [start_ms, end_ms, text, probability]."""

    turns: Sequence[TurnRow]
    questions: Sequence[QuestionRow]
    activities: Sequence[ActivityRow]
    speakers: Sequence[SpeakerRow]
    scenes: list[Any]
    movement: dict[str, Any] | None  # core.types.MovementGrid as JSON
    measures: dict[str, Any] | None


def find_turns(session: Session, lesson_id: str) -> Sequence[TurnRow]:
    """Return the turns; before speakers are known, the words of each finished chunk as one turn of nobody."""
    turns = session.scalars(
        select(TurnRow).where(TurnRow.lesson_id == lesson_id).order_by(TurnRow.start_ms, TurnRow.number)
    ).all()
    return turns or words_so_far(session, lesson_id)


def read_turns(session: Session, lesson_id: str) -> tuple[Turn, ...]:
    """Return the turns of a lesson in order."""
    rows = session.scalars(select(TurnRow).where(TurnRow.lesson_id == lesson_id).order_by(TurnRow.number))
    return tuple(
        Turn(row.start_ms, row.end_ms, row.speaker, Role(row.role), row.text, tuple(Word(*word) for word in row.words))
        for row in rows
    )


def words_so_far(session: Session, lesson_id: str) -> list[TurnRow]:
    """Return unsaved turns made of the chunks that are transcribed, each with role unsure."""
    chunks = session.scalars(select(ChunkRow).where(ChunkRow.lesson_id == lesson_id).order_by(ChunkRow.number))
    return [
        TurnRow(
            lesson_id=lesson_id,
            number=chunk.number,
            start_ms=chunk.words[0][0],
            end_ms=chunk.words[-1][1],
            speaker="",
            role="unsure",
            text=" ".join(str(word[2]) for word in chunk.words),
            words=chunk.words,
        )
        for chunk in chunks
        if chunk.words
    ]


def find_findings(session: Session, lesson_id: str) -> Findings:
    """Return everything that is found so far, in seven short queries."""
    questions = select(QuestionRow).where(QuestionRow.lesson_id == lesson_id)
    activities = select(ActivityRow).where(ActivityRow.lesson_id == lesson_id)
    speakers = select(SpeakerRow).where(SpeakerRow.lesson_id == lesson_id)
    pictures = session.get(Finding, (lesson_id, "pictures"))
    measures = session.get(MeasuresRow, lesson_id)
    seen = pictures.document if pictures is not None else {}
    return Findings(
        turns=find_turns(session, lesson_id),
        questions=session.scalars(questions.order_by(QuestionRow.start_ms)).all(),
        activities=session.scalars(activities.order_by(ActivityRow.start_ms)).all(),
        speakers=session.scalars(speakers.order_by(SpeakerRow.label)).all(),
        scenes=list(seen.get("scenes", ())),
        movement=seen.get("grid"),
        measures=None if measures is None else measures.document,
    )


def has_import(session: Session, lesson_id: str) -> bool:
    """Say whether a transcript made elsewhere lies over what was heard."""
    return session.get(Finding, (lesson_id, "imported")) is not None


def named_turns(session: Session, lesson_id: str) -> tuple[Turn, ...]:
    """Return the turns with each voice by the name that a person gave it, else by its role: "Teacher", "Pupil S2"."""
    speakers = select(SpeakerRow).where(SpeakerRow.lesson_id == lesson_id)
    names = {
        row.label: row.name or ("Teacher" if row.role == "teacher" else f"{row.role.capitalize()} {row.label}")
        for row in session.scalars(speakers)
    }
    return tuple(
        replace(turn, speaker=names.get(turn.speaker, turn.speaker)) for turn in read_turns(session, lesson_id)
    )


def read_questions(session: Session, lesson_id: str) -> tuple[Question, ...]:
    """Return the questions of a lesson in order."""
    rows = session.scalars(select(QuestionRow).where(QuestionRow.lesson_id == lesson_id).order_by(QuestionRow.start_ms))
    return tuple(
        Question(
            text=row.text,
            speaker=row.speaker,
            role=Role(row.role),
            kind=QuestionKind(row.kind),
            confidence=row.confidence,
            answered_by=AnsweredBy(row.answered_by),
            start_ms=row.start_ms,
            end_ms=row.end_ms,
        )
        for row in rows
    )


def read_activities(session: Session, lesson_id: str) -> tuple[Activity, ...]:
    """Return what the class did, in order."""
    rows = session.scalars(select(ActivityRow).where(ActivityRow.lesson_id == lesson_id).order_by(ActivityRow.start_ms))
    return tuple(Activity(row.start_ms, row.end_ms, ActivityKind(row.kind)) for row in rows)
