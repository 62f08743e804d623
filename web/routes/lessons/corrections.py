"""Correction routes: change speakers, words, questions and activities that the analysis found."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from annotation.lessons.lessons import get_own_lesson
from core.database.db import get_database
from core.errors import InvalidInput
from core.models import Lesson
from core.types import ActivityKind, QuestionKind, Role, Span, Turn
from transcription.public import (
    ActivityCorrection,
    Correction,
    QuestionCorrection,
    TurnCorrection,
    VoiceCorrection,
    WordsCorrection,
    add_correction,
    anchors_of,
    correct_text,
    list_corrections,
    read_correction,
    read_turns,
    set_undone,
    unplaced_corrections,
)
from web.auth import CurrentPerson
from web.rendering import clock_time
from web.views.api import MAX_MS, CorrectionView

router = APIRouter(tags=["corrections"])

NAME_LENGTH = 80
TEXT_LENGTH = 5000
Ms = Annotated[int, Field(ge=0, le=MAX_MS)]
WHO = {Role.TEACHER: "the teacher", Role.PUPIL: "a pupil", Role.GROUP: "several at once", Role.UNSURE: "unsure who"}
DOING = {
    ActivityKind.EXPOSITION: "exposition",
    ActivityKind.DISCUSSION: "discussion",
    ActivityKind.GROUP: "group work",
    ActivityKind.INDEPENDENT: "independent work",
    ActivityKind.OTHER: "something else",
}


class VoiceChange(BaseModel):
    """A voice everywhere: its name, its role, or that it is the same as another."""

    kind: Literal["voice"]
    speaker: str
    name: str | None = Field(None, max_length=NAME_LENGTH)
    role: Role | None = None
    into: str | None = None


class TurnChange(BaseModel):
    """One turn: whose it is."""

    kind: Literal["turn"]
    start_ms: Ms
    end_ms: Ms
    role: Role | None = None
    into: str | None = None


class WordsChange(BaseModel):
    """One turn: what is said in it."""

    kind: Literal["words"]
    start_ms: Ms
    end_ms: Ms
    speaker: str
    text: str = Field(max_length=TEXT_LENGTH)


class QuestionChange(BaseModel):
    """A question of this kind is asked there, or none."""

    kind: Literal["question"]
    start_ms: Ms
    end_ms: Ms
    question_kind: QuestionKind | None


class ActivityChange(BaseModel):
    """The class does this there."""

    kind: Literal["activity"]
    start_ms: Ms
    end_ms: Ms
    activity: ActivityKind


AnyChange = VoiceChange | TurnChange | WordsChange | QuestionChange | ActivityChange
Change = Annotated[AnyChange, Field(discriminator="kind")]


class Undoing(BaseModel):
    """Whether a correction is taken back."""

    undone: bool


@router.get("/api/lessons/{lesson_id}/corrections")
def read_corrections(lesson_id: str, person: CurrentPerson) -> list[CorrectionView]:
    """Return what the owner put right, undone ones too, oldest first."""
    with get_database().read() as session:
        return correction_views(session, get_own_lesson(session, person, lesson_id))


@router.post("/api/lessons/{lesson_id}/corrections", status_code=201)
def put_lesson_right(lesson_id: str, change: Change, person: CurrentPerson) -> list[CorrectionView]:
    """Lay one more correction over the lesson; all measures follow in the same transaction."""
    with get_database().write() as session:
        lesson = get_own_lesson(session, person, lesson_id)
        correction = correction_of(change, read_turns(session, lesson_id), lesson.duration_ms or 0)
        if correction is not None:
            add_correction(session, lesson, person.id, change.kind, correction)
        return correction_views(session, lesson)


@router.put("/api/lessons/{lesson_id}/corrections/{correction_id}")
def undo_correction(
    lesson_id: str, correction_id: str, undoing: Undoing, person: CurrentPerson
) -> list[CorrectionView]:
    """Take a correction back, or lay it over the lesson again."""
    with get_database().write() as session:
        lesson = get_own_lesson(session, person, lesson_id)
        set_undone(session, lesson, correction_id, undoing.undone)
        return correction_views(session, lesson)


def correction_of(change: Change, turns: tuple[Turn, ...], duration_ms: int) -> Correction | None:
    """Return what a change means in the recording, whatever numbers a later run gives; None: nothing changes.

    Raises InvalidInput with a plain sentence when it cannot be meant.
    """
    if isinstance(change, VoiceChange):
        return _voice(change, turns)
    span = Span(change.start_ms, change.end_ms)
    if not span.start_ms < span.end_ms <= max(duration_ms, turns[-1].end_ms if turns else 0):
        raise InvalidInput(why="Please choose a part of the lesson that begins before it ends.")
    if isinstance(change, QuestionChange):
        return QuestionCorrection(span, change.question_kind)
    if isinstance(change, ActivityChange):
        return ActivityCorrection(span, change.activity)
    if isinstance(change, TurnChange):
        if change.role is None and change.into is None:
            raise InvalidInput(why="Please say who speaks there.")
        return TurnCorrection(span, change.role, _heard(turns, change.into) if change.into else ())
    meant = [turn for turn in turns if turn.speaker == change.speaker and Span(turn.start_ms, turn.end_ms) == span]
    if not meant:
        raise InvalidInput(why="This part of the lesson has changed since. Please load the page again.")
    return correct_text(meant[0], " ".join(change.text.split()))


def _voice(change: VoiceChange, turns: tuple[Turn, ...]) -> VoiceCorrection:
    if change.name is None and change.role is None and change.into is None:
        raise InvalidInput(why="Please say whose voice this is.")
    if change.into == change.speaker:
        raise InvalidInput(why="Please choose another voice that is the same person.")
    name = None if change.name is None else " ".join(change.name.split())
    into = _heard(turns, change.into) if change.into else ()
    return VoiceCorrection(_heard(turns, change.speaker), name, change.role, into)


def _heard(turns: tuple[Turn, ...], speaker: str) -> tuple[Span, ...]:
    anchors = anchors_of(turns, speaker)
    if not anchors:
        raise InvalidInput(why="This voice is not in the lesson any more. Please load the page again.")
    return anchors


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
