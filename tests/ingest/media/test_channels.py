"""Two channels become one in which everybody is heard."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.types import FreeWatch
from ingest.media.audio import extract_audio
from ingest.media.channels import Channels, gains
from ingest.media.probe import probe_media

RATE = 16_000
TIMES = np.arange(3 * RATE) / RATE


def tone(pitch_hz: float, level: float) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * pitch_hz * TIMES)


def heard(tmp_path: Path, left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the pipeline hears of a recording with these two channels, in -1..1."""
    source, target = tmp_path / "two.wav", tmp_path / "sound.wav"
    with wave.open(str(source), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.stack([left, right], axis=1) * 32767).astype("<i2").tobytes())
    extract_audio(source, probe_media(source), target, FreeWatch())
    assert list(tmp_path.glob("*.two")) == []
    with wave.open(str(target)) as file:
        assert file.getnchannels() == 1
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def level_at(sound: NDArray[np.float64], pitch_hz: float) -> float:
    """Return how loud a pitch is in a sound."""
    times = np.arange(len(sound)) / RATE
    return float(2 * np.abs(np.mean(sound * np.exp(-2j * np.pi * pitch_hz * times))))


def test_a_channel_that_mirrors_the_other_does_not_silence_the_lesson(tmp_path: Path) -> None:
    spoken = tone(300, 0.5)
    assert level_at(heard(tmp_path, spoken, -spoken), 300) == pytest.approx(0.5, abs=0.02)


def test_pupils_on_a_faint_microphone_of_their_own_are_heard_beside_the_teacher(tmp_path: Path) -> None:
    found = heard(tmp_path, tone(300, 0.4), tone(700, 0.1))
    assert level_at(found, 300) == pytest.approx(0.2, abs=0.02)
    assert level_at(found, 700) == pytest.approx(0.2, abs=0.02)


def test_the_same_sound_on_both_sides_stays_as_it_is(tmp_path: Path) -> None:
    spoken = tone(300, 0.5)
    assert level_at(heard(tmp_path, spoken, 0.8 * spoken), 300) == pytest.approx(0.45, abs=0.02)


def test_an_empty_channel_changes_nothing_and_raises_no_noise() -> None:
    assert gains(Channels(0.1, 0.0, 0.0)) == (0.5, 0.5)
    assert gains(Channels(0.4, 0.001, 0.0)) == (0.5, 2.0)  # at most twelve decibels
