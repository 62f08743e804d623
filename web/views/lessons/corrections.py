"""Corrections as sentences, and what a change of the page means in the recording."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.models import Lesson
from core.text.recording_time import clock_time
from core.types import ActivityKind, Role
from transcription.public import (
    ActivityCorrection,
    Correction,
    QuestionCorrection,
    TurnCorrection,
    VoiceCorrection,
    WordsCorrection,
    list_corrections,
    read_correction,
    unplaced_corrections,
)
from web.views.base import View


class CorrectionView(View):
    """What the owner put right; `fits` is false when nothing in the lesson is meant any more."""

    id: str
    sentence: str
    made_at: datetime
    undone_at: datetime | None
    fits: bool


WHO = {Role.TEACHER: "the teacher", Role.PUPIL: "a pupil", Role.GROUP: "several at once", Role.UNSURE: "unsure who"}


DOING = {
    ActivityKind.EXPOSITION: "exposition",
    ActivityKind.DISCUSSION: "discussion",
    ActivityKind.GROUP: "group work",
    ActivityKind.INDEPENDENT: "independent work",
    ActivityKind.OTHER: "something else",
}


def correction_views(session: Session, lesson: Lesson) -> list[CorrectionView]:
    """Return all corrections in plain words."""
    unplaced = unplaced_corrections(session, lesson)
    return [
        CorrectionView(
            id=row.id,
            sentence=describe(read_correction(row)),
            made_at=row.made_at,
            undone_at=row.undone_at,
            fits=row.id not in unplaced,
        )
        for row in list_corrections(session, lesson.id)
    ]


def describe(correction: Correction) -> str:
    """Return a plain sentence: what was put right, and where in the recording."""
    match correction:
        case VoiceCorrection(heard=heard, into=into, role=role, name=name):
            said = []
            if into:
                said.append(f"is the same as the voice at {clock_time(into[0].start_ms)}")
            if role is not None:
                said.append(f"is {WHO[role]}")
            if name is not None:
                said.append(f"is called {name}" if name else "has no name")
            return f"The voice at {clock_time(heard[0].start_ms)} {' and '.join(said)}"
        case TurnCorrection(span=span, role=role, into=into):
            whose = f"the voice at {clock_time(into[0].start_ms)}" if into else WHO[role or Role.UNSURE]
            return f"At {clock_time(span.start_ms)} speaks: {whose}"
        case WordsCorrection(span=span, text=text):
            return f"At {clock_time(span.start_ms)} is said: {text or 'nothing'}"
        case QuestionCorrection(span=span, kind=kind):
            return f"At {clock_time(span.start_ms)} is asked: {f'a question ({kind})' if kind else 'nothing'}"
        case ActivityCorrection(span=span, kind=kind):
            return f"From {clock_time(span.start_ms)} to {clock_time(span.end_ms)}: {DOING[kind]}"
