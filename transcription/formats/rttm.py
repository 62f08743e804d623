"""Writes speaker turns as RTTM (NIST Rich Transcription, 2009)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Spoken(Protocol):
    """A range with its speaker: a `Turn` or a `VoiceTurn`."""

    @property
    def start_ms(self) -> int:
        """Milliseconds from the start of the recording."""

    @property
    def end_ms(self) -> int:
        """Milliseconds from the start of the recording."""

    @property
    def speaker(self) -> str:
        """Who speaks."""


def write_rttm(turns: Iterable[Spoken], name: str) -> str:
    """Return RTTM for the recording `name`; RTTM parts its fields at spaces, so spaces in names become `_`."""
    file = _one_field(name, "lesson")
    return "".join(
        f"SPEAKER {file} 1 {t.start_ms / 1000:.3f} {(t.end_ms - t.start_ms) / 1000:.3f} <NA> <NA> "
        f"{_one_field(t.speaker, 'S0')} <NA> <NA>\n"
        for t in sorted(turns, key=lambda t: (t.start_ms, t.end_ms, t.speaker))
        if t.end_ms > t.start_ms
    )


def _one_field(text: str, otherwise: str) -> str:
    return "_".join(text.split()) or otherwise
