"""What a change on the lesson page means in the recording: a correction, whatever numbers a later run gives."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from core.errors import InvalidInput
from core.types import ActivityKind, QuestionKind, Role, Span, Turn
from transcription.public import (
    ActivityCorrection,
    Basis,
    Correction,
    QuestionCorrection,
    TurnCorrection,
    VoiceCorrection,
    anchors_of,
    correct_text,
)
from web.views.base import MAX_MS

NAME_LENGTH = 80


TEXT_LENGTH = 5000


Ms = Annotated[int, Field(ge=0, le=MAX_MS)]


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


def correction_in(change: Change, basis: Basis) -> Correction | None:
    """Return what a change means in the recording, whatever numbers a later run gives; None: nothing changes.

    Raises InvalidInput with a plain sentence when it cannot be meant.
    """
    turns, duration_ms = basis.turns, basis.duration_ms
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
        raise InvalidInput(why="This part of the lesson has changed. Please reload the page.")
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
        raise InvalidInput(why="This voice is no longer in the lesson. Please reload the page.")
    return anchors
