"""A teacher's own voice is known again in her next lesson, and nobody else's is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.hearing.speakers import write_sound
from benchmarks.material.made_lesson import RATE, reader
from core.settings import get_settings
from core.types import Role, VoiceTurn
from transcription.networks.speaker_networks import OnnxSpeakerModels
from transcription.speakers.roles import find_roles
from transcription.speakers.voice_print import VoiceSample, recognise, sample_voice


def sample(*numbers: float) -> VoiceSample:
    return VoiceSample(tuple(float(x) for x in np.array(numbers) / np.linalg.norm(numbers)), 5000)


def test_the_voice_that_is_alike_is_known_again() -> None:
    samples = {"S1": sample(1, 0.2, 0), "S2": sample(0, 1, 0)}
    assert recognise((1.0, 0.0, 0.0), samples) == "S1"


def test_nobody_is_known_when_no_voice_is_alike_or_two_are() -> None:
    assert recognise((1.0, 0.0, 0.0), {"S1": sample(0.3, 1, 0)}) is None
    assert recognise((1.0, 0.0, 0.0), {"S1": sample(1, 0.2, 0), "S2": sample(1, 0, 0.25)}) is None
    assert recognise((1.0, 0.0, 0.0), {}) is None


def test_a_teacher_who_is_known_is_the_teacher_however_little_she_says() -> None:
    turns = [VoiceTurn(0, 60_000, "S1"), VoiceTurn(60_000, 63_000, "S2")]
    assert find_roles(turns, {})["S1"] is Role.TEACHER
    assert find_roles(turns, {}, "S2") == {"S1": Role.PUPIL, "S2": Role.TEACHER}
    assert find_roles(turns, {}, "S9")["S1"] is Role.TEACHER  # a voice that is not there tells nothing


def joined(data: Path, path: Path, first: int) -> list[VoiceTurn]:
    """Write sentences of three readers in turn, from the `first` on, and return whose they are."""
    parts, turns, at = [], [], 0
    for n in range(first, first + 4):
        for speaker, number in enumerate(("2033", "367", "2609"), 1):
            spoken = reader(data, number)[n].samples
            turns.append(VoiceTurn(at * 1000 // RATE, (at + len(spoken)) * 1000 // RATE, f"S{speaker}"))
            parts.append(spoken)
            at += len(spoken)
    write_sound(path, np.concatenate(parts))
    return turns


@pytest.mark.engine
def test_with_the_real_models_each_of_three_people_is_known_again_in_other_sentences(
    shared_data: Path, tmp_path: Path
) -> None:
    models = OnnxSpeakerModels(get_settings().models_dir)
    audio = shared_data / "audio"
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    before, after = joined(audio, first, 0), joined(audio, second, 4)
    samples = {name: made for name in ("S1", "S2", "S3") if (made := sample_voice(second, after, name, models))}
    assert len(samples) == 3
    for name in samples:
        known = sample_voice(first, before, name, models)
        assert known is not None
        assert recognise(known.voice, samples) == name
        others = {other: voice for other, voice in samples.items() if other != name}
        assert recognise(known.voice, others) is None
