"""Input and output of a stage function: a frozen context in, files and rows out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from core.models import Finding, Lesson
from core.settings import Settings
from core.types import Chunk, MediaInfo, Span, Turn, VoiceTurn, Watch, Word
from transcription.lesson.corrected_findings import Basis

Save = Callable[[Session, Lesson], None]
SUFFIX = {"video/mp4": ".mp4", "video/webm": ".webm", "audio/mp4": ".m4a", "audio/wav": ".wav", "image/jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class Context:
    """All that a stage may look at. `folder` is its own to write in; `found` has the findings it needs."""

    source: Path | None
    sound: Path | None
    folder: Path
    media: MediaInfo | None
    language: str
    chunk: Chunk | None
    pieces: tuple[tuple[Word, ...], ...]
    turns: tuple[Turn, ...]
    found: Mapping[str, Any]
    settings: Settings
    watch: Watch
    own_voice: tuple[float, ...] | None = None  # that the lesson's owner lent
    may_learn_voice: bool = False  # she allowed it, and it is not made yet
    clip: tuple[int, Span] | None = None  # its number in the lesson, and its range
    basis: Basis | None = None  # what people put right or brought along
    said: tuple[int, Path] | None = None  # a spoken comment: its number in the lesson, and its sound

    @property
    def known_media(self) -> MediaInfo:
        """What the file is; every stage but the first knows it."""
        if self.media is None:
            raise ValueError("the recording is not probed yet")
        return self.media

    @property
    def known_source(self) -> Path:
        """The recording, for a stage that asked for it."""
        if self.source is None:
            raise ValueError("this stage does not read the recording")
        return self.source

    @property
    def known_sound(self) -> Path:
        """The sound, for a stage that asked for it."""
        if self.sound is None:
            raise ValueError("this stage does not read the sound")
        return self.sound

    @property
    def known_basis(self) -> Basis:
        """What people put right, for a stage that asked for it."""
        if self.basis is None:
            raise ValueError("this stage does not read the corrections")
        return self.basis

    @property
    def speech(self) -> tuple[Span, ...]:
        """Where somebody speaks."""
        return tuple(Span(*pair) for pair in self.found.get("speech", ()))

    @property
    def voices(self) -> tuple[VoiceTurn, ...]:
        """Who speaks when."""
        return tuple(VoiceTurn(**row) for row in self.found.get("voices", ()))


@dataclass(frozen=True, slots=True)
class NewFile:
    """A finished file in the stage's folder that goes into the store."""

    kind: str
    path: Path
    mime: str
    info: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """What a stage leaves: files for the store, and rows, written in the transaction that ends the step.

    `drops`: kinds of files of the lesson that are needed no more.
    """

    save: Save
    files: tuple[NewFile, ...] = ()
    drops: frozenset[str] = frozenset()
    event: str = "step"


def save_nothing(_session: Session, _lesson: Lesson) -> None:
    """The files are all."""


def save_finding(kind: str, document: Any) -> Save:
    """Return a save that keeps a finding, over an older one."""

    def save(session: Session, lesson: Lesson) -> None:
        session.merge(Finding(lesson_id=lesson.id, kind=kind, document=document))

    return save
