"""Who speaks when, with the real models, on what a school may record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.hearing.speakers import cases, measure_speakers, write_sound
from benchmarks.material.made_lesson import RATE, Samples, make_lesson, reader
from core.settings import get_settings
from core.types import FreeWatch, Role, Span, VoiceTurn
from transcription.networks.speaker_networks import OnnxSpeakerModels
from transcription.speakers.diarization import find_speakers, trim
from transcription.speakers.roles import find_roles
from transcription.speech.detection import detect_speech

pytestmark = [pytest.mark.engine, pytest.mark.timeout(180)]


def hear(path: Path, sound: Samples, **options: int) -> tuple[VoiceTurn, ...]:
    """Return the voices that the pipeline hears."""
    write_sound(path, sound)
    models = OnnxSpeakerModels(get_settings().models_dir)
    return find_speakers(path, detect_speech(path, FreeWatch()), models=models, watch=FreeWatch(), **options)


def sentences(data: Path, number: str, count: int = 8) -> Samples:
    """Return some sentences of a reader, with pauses."""
    pause = np.zeros(RATE // 2, np.float32)
    return np.concatenate([part for each in reader(data / "audio", number)[:count] for part in (each.samples, pause)])


def test_silence_and_noise_are_nobody(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, 20 * RATE).astype(np.float32)
    assert hear(tmp_path / "a.wav", noise) == ()
    assert hear(tmp_path / "b.wav", np.zeros(12 * RATE, np.float32)) == ()


def test_music_is_nobody_or_at_least_no_teacher(tmp_path: Path) -> None:
    times = np.arange(20 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * pitch * times) * (times % 0.5 < 0.4) for pitch in (262, 330, 392)) * 0.1
    voices = hear(tmp_path / "a.wav", np.asarray(chord, np.float32))
    assert set(find_roles(voices, {}).values()) <= {Role.UNSURE}


def test_one_person_is_one_voice_and_the_teacher(shared_data: Path, tmp_path: Path) -> None:
    voices = hear(tmp_path / "a.wav", sentences(shared_data, "2609"))
    assert {voice.speaker for voice in voices} == {"S1"}
    assert find_roles(voices, {}) == {"S1": Role.TEACHER}


def test_a_recording_at_8_khz_has_its_two_voices(shared_data: Path, tmp_path: Path) -> None:
    sound = np.concatenate([sentences(shared_data, "2609"), sentences(shared_data, "2033")])
    narrow = np.repeat((sound[0 : len(sound) // 2 * 2 : 2] + sound[1::2][: len(sound) // 2]) / 2, 2)
    voices = hear(tmp_path / "a.wav", np.asarray(narrow, np.float32))
    assert len({voice.speaker for voice in voices}) == 2


def test_the_number_of_voices_can_be_given(shared_data: Path, tmp_path: Path) -> None:
    sound = np.concatenate([sentences(shared_data, number, 5) for number in ("2609", "2033", "367")])
    assert len({voice.speaker for voice in hear(tmp_path / "a.wav", sound, speakers=2)}) == 2


def test_meetings_and_a_made_lesson_are_heard_about_as_well_as_the_page_says(shared_data: Path, tmp_path: Path) -> None:
    models_dir = get_settings().models_dir
    named = [name for name, *_ in cases(shared_data / "audio")]
    assert {"falcon", "trn04"} <= set(named)
    falcon = next(case for case in measure_speakers(shared_data / "audio", models_dir) if case.name == "falcon")
    assert falcon.found == 3
    assert falcon.collared.rate < 0.05
    lesson = make_lesson(shared_data / "audio", "report", 1, minutes=3)
    voices = hear(tmp_path / "a.wav", lesson.samples)
    teacher = [speaker for speaker, role in find_roles(voices, {}).items() if role is Role.TEACHER]
    assert len(teacher) == 1


def test_speech_is_trimmed_where_the_detector_is_known_to_add() -> None:
    assert trim([Span(1000, 2000), Span(2300, 3000), Span(5000, 5100)]) == (Span(1040, 2900),)
