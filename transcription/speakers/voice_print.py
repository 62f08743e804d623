"""Voice prints: an embedding of a teacher's voice from her clearest turns, matched in later lessons.

Only with her consent (core/models/corrections.py). Other voices are compared with it in memory and never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.types import VoiceTurn
from transcription.networks.speaker_networks import SpeakerModels
from transcription.speech.audio import read_sound

TURNS = 12  # so many of the longest turns in which a voice is alone make its sample
LONGEST_MS = 4000  # of each, from its middle
ENOUGH_MS = 3000  # a shorter sample says nothing
ALONE = 1.1  # voices at once, on the average, up to which a turn is one person's
SAME = 0.5  # cosine of two samples from which they are one person (two people: mostly below .3)
CLEAR = 0.1  # by which the second best must be worse


@dataclass(frozen=True, slots=True)
class VoiceSample:
    """What a voice sounds like (192 numbers of length 1), and from how much speech that is known."""

    voice: tuple[float, ...]
    heard_ms: int


def sample_voice(sound: Path, turns: Sequence[VoiceTurn], speaker: str, models: SpeakerModels) -> VoiceSample | None:
    """Return the sample of one speaker, or None when she is hardly heard alone."""
    own = [turn for turn in turns if turn.speaker == speaker and turn.voices <= ALONE]
    longest = sorted(own, key=lambda turn: turn.start_ms - turn.end_ms)[:TURNS]
    spans = [(turn.start_ms, min(turn.end_ms, turn.start_ms + LONGEST_MS)) for turn in longest]
    heard_ms = sum(end_ms - start_ms for start_ms, end_ms in spans)
    if heard_ms < ENOUGH_MS:
        return None
    weights = [end_ms - start_ms for start_ms, end_ms in spans]
    voices = [models.embed(read_sound(sound, *span)) for span in spans]
    mean = np.average(np.stack(voices), axis=0, weights=weights)
    return VoiceSample(tuple(float(x) for x in mean / max(float(np.linalg.norm(mean)), 1e-9)), heard_ms)


def recognise(known: Sequence[float], samples: Mapping[str, VoiceSample]) -> str | None:
    """Return whose sample is the known voice, or None when none is, or two might be."""
    alike = sorted(((float(np.dot(known, each.voice)), speaker) for speaker, each in samples.items()), reverse=True)
    if not alike or alike[0][0] < SAME or (len(alike) > 1 and alike[0][0] - alike[1][0] < CLEAR):
        return None
    return alike[0][1]
