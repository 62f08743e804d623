"""Frozen dataclasses that pass between pipeline stages and packages.

All times are integer milliseconds from the start of the recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """Who a voice belongs to."""

    TEACHER = "teacher"
    PUPIL = "pupil"
    GROUP = "group"
    UNSURE = "unsure"


class QuestionKind(StrEnum):
    """One kind a question; the definitions are in docs/measures.md."""

    RECALL = "recall"
    OPEN = "open"
    PROBING = "probing"
    MANAGERIAL = "managerial"
    RHETORICAL = "rhetorical"


class AnsweredBy(StrEnum):
    """Who spoke after a question."""

    PUPIL = "pupil"
    TEACHER = "teacher"
    NOBODY = "nobody"


class ActivityKind(StrEnum):
    """What the class does for a while."""

    EXPOSITION = "exposition"
    DISCUSSION = "discussion"
    GROUP = "group"
    INDEPENDENT = "independent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the recording, end exclusive."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it lasts."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word, as written (with its punctuation, without surrounding spaces)."""

    start_ms: int
    end_ms: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The picture as stored; `rotation` is the clockwise turn (0, 90, 180, 270) that shows it upright."""

    codec: str
    width: int
    height: int
    fps: float
    rotation: int
    pixel_format: str
    index: int = 0  # of the track in the file


@dataclass(frozen=True, slots=True)
class AudioStream:
    """The sound track that is used: the first one that decodes."""

    codec: str
    channels: int
    sample_rate: int
    index: int = 0  # of the track in the file


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What probing found in a file; at least one of `video` and `audio` is there."""

    container: str
    duration_ms: int
    video: VideoStream | None
    audio: AudioStream | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendition:
    """A file that the browser plays as it is."""

    mime: str
    width: int
    height: int
    remuxed: bool
    fps: float = 0.0  # 0: no picture


@dataclass(frozen=True, slots=True)
class Filmstrip:
    """A sheet of small pictures, `columns` a row, one every `interval_ms`, `count` in all."""

    width: int
    height: int
    columns: int
    count: int
    interval_ms: int


@dataclass(frozen=True, slots=True)
class MovementGrid:
    """Where the picture moves: for each step of `every_ms` the share of each cell, 0..100, row by row."""

    columns: int
    rows: int
    every_ms: int
    cells: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """What picture analysis found; `movement` is 0..1 at even steps over the lesson."""

    filmstrip: Filmstrip | None
    scenes: tuple[Span, ...]
    movement: tuple[float, ...] = ()
    grid: MovementGrid | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the recording that is transcribed on its own, cut in silence; `speech` lies within it."""

    number: int
    start_ms: int
    end_ms: int
    speech: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class VoiceTurn:
    """One voice speaking without another's interruption, before words and roles are known.

    `speaker` is "S1", "S2", ... in order of first appearance. `voices` is the mean number of voices
    heard at once in the turn (1.0 for one voice). `loudness_db` is the level of the turn (dBFS).
    """

    start_ms: int
    end_ms: int
    speaker: str
    voices: float = 1.0
    loudness_db: float = -30.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A voice turn with its role and its words. Turns of one speaker do not overlap; of two may."""

    start_ms: int
    end_ms: int
    speaker: str
    role: Role
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """An utterance that asks. Times are None when the transcript has none; `row` is its turn's index."""

    text: str
    speaker: str
    role: Role
    kind: QuestionKind
    confidence: float
    answered_by: AnsweredBy
    start_ms: int | None = None
    end_ms: int | None = None
    wait_1_ms: int | None = None
    wait_2_ms: int | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What the class did for a range of the lesson."""

    start_ms: int
    end_ms: int
    kind: ActivityKind


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of a lesson (docs/measures.md), field by field as the analysis document names them.

    Talk time is split without double counting: at any instant the lesson is teacher, pupil, group,
    unsure or silence, so these five add up to the duration. Shares are 0..1, None without talk.
    `heard_in` names for each measure the intervals that it counts, so that each can be listened to.
    """

    speech_ms: int
    teacher_ms: int
    pupil_ms: int
    group_ms: int
    unsure_ms: int
    silence_ms: int
    teacher_share_of_talk: float | None
    teacher_share_of_lesson: float | None
    questions: int
    questions_by_kind: dict[str, int]
    wait_1_median_ms: int | None
    wait_1_share_3s: float | None
    wait_2_median_ms: int | None
    longest_teacher_stretch_ms: int
    turn_changes: int
    heard_in: dict[str, tuple[Span, ...]] = field(default_factory=dict)


class Watch(Protocol):
    """How long work reports and is told to stop. `check` raises `core.errors.WorkStopped`."""

    def progress(self, fraction: float) -> None:
        """Report how much is done, 0..1."""

    def check(self) -> None:
        """Raise `WorkStopped` when cancelled, past the deadline, or shutting down."""


@dataclass(frozen=True, slots=True)
class FreeWatch:
    """A watch that never stops the work and shows progress to a function, if any."""

    show: Callable[[float], None] | None = None

    def progress(self, fraction: float) -> None:
        """Pass the fraction on."""
        if self.show is not None:
            self.show(fraction)

    def check(self) -> None:
        """Never stop."""
