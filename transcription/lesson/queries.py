"""Queries of a lesson's turns, questions, activities and measures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, or_, select
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
    return turns or words_so_far(session, [lesson_id])[lesson_id]


def find_turns_within(session: Session, ranges: Sequence[tuple[str, int, int]]) -> dict[str, list[TurnRow]]:
    """Return the turns that touch some ranges (lesson id, start_ms, end_ms), in order, by the id of the lesson.

    Before speakers are known these are all words of the chunks that are finished.
    """
    found: dict[str, list[TurnRow]] = {lesson_id: [] for lesson_id, _, _ in ranges}
    if not ranges:
        return found
    touching = [
        and_(TurnRow.lesson_id == lesson_id, TurnRow.end_ms > start_ms, TurnRow.start_ms < end_ms)
        for lesson_id, start_ms, end_ms in ranges
    ]
    for turn in session.scalars(select(TurnRow).where(or_(*touching)).order_by(TurnRow.start_ms, TurnRow.number)):
        found[turn.lesson_id].append(turn)
    quiet = [lesson_id for lesson_id, turns in found.items() if not turns]
    if quiet:  # nobody speaks there, or nobody knows yet who does
        with_turns = set(session.scalars(select(TurnRow.lesson_id).where(TurnRow.lesson_id.in_(quiet)).distinct()))
        found |= words_so_far(session, [one for one in quiet if one not in with_turns])
    return found


def read_turns(session: Session, lesson_id: str) -> tuple[Turn, ...]:
    """Return the turns of a lesson in order."""
    rows = session.scalars(select(TurnRow).where(TurnRow.lesson_id == lesson_id).order_by(TurnRow.number))
    return tuple(
        Turn(row.start_ms, row.end_ms, row.speaker, Role(row.role), row.text, tuple(Word(*word) for word in row.words))
        for row in rows
    )


def words_so_far(session: Session, lesson_ids: Collection[str]) -> dict[str, list[TurnRow]]:
    """Return unsaved turns made of the chunks that are transcribed, each with role unsure, by the id of the lesson."""
    found: dict[str, list[TurnRow]] = {one: [] for one in lesson_ids}
    chunks = select(ChunkRow).where(ChunkRow.lesson_id.in_(found)).order_by(ChunkRow.number)
    for chunk in session.scalars(chunks) if found else ():
        if chunk.words:
            turn = TurnRow(lesson_id=chunk.lesson_id, number=chunk.number, speaker="", role="unsure", words=chunk.words)
            turn.start_ms, turn.end_ms = chunk.words[0][0], chunk.words[-1][1]
            turn.text = " ".join(str(word[2]) for word in chunk.words)
            found[chunk.lesson_id].append(turn)
    return found


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
