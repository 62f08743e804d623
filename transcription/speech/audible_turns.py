"""Audible turns: speaker turns intersected with detected speech. Every measure is computed from these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.types import Role, Span, Turn, VoiceTurn
from transcription.speech.intervals import clip, intersect, near, total_ms, union

PAUSE_MS = 500
"""A pause shorter than this inside one's own turn is breath, and belongs to the turn."""

COVERED = 0.5
"""The detector of speech is believed inside a turn when it heard at least this share of it: far voices escape it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A range in which one voice is heard without a pause."""

    start_ms: int
    end_ms: int
    speaker: str
    role: Role

    @property
    def span(self) -> Span:
        """The range alone."""
        return Span(self.start_ms, self.end_ms)


def hear(
    turns: Iterable[Turn],
    voice: Sequence[VoiceTurn] | None,
    speech: Sequence[Span],
    pause_ms: int = PAUSE_MS,
) -> tuple[Heard, ...]:
    """Cut each turn to the sound in it, in order of start.

    A turn may hold pauses, because it is made for reading. The sound in it is what the voices of its
    speaker cover, less the silences that the detector of speech (`speech`) found in it. Where the
    detector heard less than half of a stretch it missed a quiet voice, and the stretch is kept whole.
    Pauses shorter than `pause_ms` stay in.
    """
    voices: dict[str, list[Span]] = {}
    for v in voice or ():
        voices.setdefault(v.speaker, []).append(Span(v.start_ms, v.end_ms))
    sounding = {speaker: union(spans) for speaker, spans in voices.items()}
    spoken = union(speech)
    heard: list[Heard] = []
    for turn in turns:
        whole = Span(turn.start_ms, turn.end_ms)
        own = clip(near(sounding.get(turn.speaker, ()), whole), whole) or union([whole])
        parts = [part for stretch in own for part in _spoken_parts(stretch, spoken)]
        heard += [Heard(s.start_ms, s.end_ms, turn.speaker, turn.role) for s in union(parts, pause_ms)]
    return tuple(sorted(heard, key=lambda h: (h.start_ms, h.end_ms, h.speaker)))


def _spoken_parts(stretch: Span, spoken: Sequence[Span]) -> tuple[Span, ...]:
    parts = intersect([stretch], near(spoken, stretch))
    return parts if total_ms(parts) >= COVERED * stretch.length_ms else (stretch,)
