"""From sound to words in turns: what must hold for every lesson, and what a real voice gives."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import get_settings
from core.types import Chunk, FreeWatch, Role, Span, VoiceTurn, Watch, Word
from ingest.media.audio import extract_audio
from ingest.media.probe import probe_media
from transcription.networks.model_files import whisper_model
from transcription.speakers.turns import assign_words_to_turns
from transcription.speech.audio import SAMPLE_RATE, Samples, read_sound, sound_length_ms
from transcription.speech.detection import detect_speech
from transcription.words.chunks import plan_chunks
from transcription.words.merge import merge_transcript
from transcription.words.recogniser import Recogniser, WhisperRecogniser, made_up, transcribe_chunk

LESSON_MS = 600_000

spans = st.builds(lambda start, length: Span(start, start + length), st.integers(0, LESSON_MS), st.integers(1, 200_000))
some_words = st.lists(
    st.builds(
        lambda start, length, sure: Word(start, start + length, "word", sure),
        st.integers(0, LESSON_MS),
        st.integers(0, 3000),
        st.floats(0, 1),
    ),
    max_size=40,
)
voices = st.lists(
    st.builds(
        lambda start, length, who: VoiceTurn(start, start + length, f"S{who}"),
        st.integers(0, LESSON_MS),
        st.integers(1, 20_000),
        st.integers(1, 3),
    ),
    max_size=15,
).map(lambda turns: sorted(turns, key=lambda turn: turn.start_ms))


def write_wav(path: Path, samples: Samples, rate: int = SAMPLE_RATE) -> Path:
    """Write mono, 16 bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@given(st.lists(spans, max_size=30))
def test_chunks_hold_all_speech_in_order_and_none_is_too_long(speech: list[Span]) -> None:
    chunks = plan_chunks(speech, LESSON_MS, shortest_ms=60_000, longest_ms=120_000)
    held = np.zeros(LESSON_MS, bool)
    for chunk in chunks:
        assert chunk.end_ms - chunk.start_ms <= 120_000
        for span in chunk.speech:
            assert chunk.start_ms <= span.start_ms < span.end_ms <= chunk.end_ms
            assert not held[span.start_ms : span.end_ms].any()
            held[span.start_ms : span.end_ms] = True
    said = np.zeros(LESSON_MS, bool)
    for span in speech:
        said[span.start_ms : min(span.end_ms, LESSON_MS)] = True
    assert (held == said).all()
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(chunks))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))


def test_a_silent_lesson_has_no_chunks() -> None:
    assert plan_chunks((), LESSON_MS) == ()


def test_a_chunk_is_cut_at_the_longest_pause_in_reach() -> None:
    speech = (Span(0, 70_000), Span(70_500, 90_000), Span(93_000, 110_000), Span(110_400, 150_000))
    chunks = plan_chunks(speech, 150_000, shortest_ms=60_000, longest_ms=120_000)
    assert [chunk.end_ms for chunk in chunks] == [90_000, 150_000]


@given(st.lists(some_words, max_size=4))
def test_merged_words_are_in_order_and_none_is_lost(pieces: list[list[Word]]) -> None:
    merged = merge_transcript(pieces)
    assert len(merged) == sum(map(len, pieces))
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(merged))
    assert all(word.start_ms <= word.end_ms for word in merged)


@given(some_words, voices)
def test_every_word_is_in_exactly_one_turn(said: list[Word], heard: list[VoiceTurn]) -> None:
    words = merge_transcript([[replace(word, text=f"w{i}") for i, word in enumerate(said)]])
    turns = assign_words_to_turns(words, heard, [Role.UNSURE] * len(heard))
    placed = sorted((word for turn in turns for word in turn.words), key=lambda word: word.text)
    assert placed == sorted(words, key=lambda word: word.text)
    assert len(turns) >= len(heard)
    assert all(turn.text == " ".join(word.text for word in turn.words) for turn in turns)


def test_words_far_from_every_voice_are_kept_and_unsure() -> None:
    turns = assign_words_to_turns([Word(50_000, 50_400, "hello", 0.9)], [VoiceTurn(0, 1000, "S1")], [Role.TEACHER])
    assert [(turn.speaker, turn.role, turn.text) for turn in turns] == [
        ("S1", Role.TEACHER, ""),
        ("S0", Role.UNSURE, "hello"),
    ]


def test_only_doubtful_words_far_from_speech_are_taken_for_made_up() -> None:
    speech = (Span(0, 1000),)
    assert made_up(Word(5000, 5300, "Thanks", 0.2), speech)
    assert not made_up(Word(5000, 5300, "Thanks", 0.9), speech)
    assert not made_up(Word(1200, 1500, "faint", 0.2), speech)


def test_a_piece_of_sound_is_read_where_it_is(tmp_path: Path) -> None:
    ramp = np.linspace(-0.5, 0.5, SAMPLE_RATE * 3, dtype=np.float32)
    path = write_wav(tmp_path / "ramp.wav", ramp)
    assert sound_length_ms(path) == 3000
    assert np.allclose(read_sound(path, 1000, 1500), ramp[16_000:24_000], atol=1e-3)
    assert len(read_sound(path, 2500, 9000)) == 8000
    assert len(read_sound(path, 9000, 9500)) == 0


def test_another_rate_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "phone.wav", np.zeros(800, np.float32), rate=8000)
    with pytest.raises(ValueError, match="16 kHz"):
        read_sound(path, 0, 100)


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["silence", "white", "brown", "hum"])
def test_what_is_no_voice_is_no_speech(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(1)
    count = SAMPLE_RATE * 150  # longer than one piece
    white = random.standard_normal(count)
    sound = {
        "silence": np.zeros(count),
        "white": 0.2 * white,
        "brown": 0.05 * np.diff(np.convolve(white, np.ones(200) / 14, "same"), append=0) + 0.01 * white,
        "hum": 0.1 * np.sin(2 * np.pi * 50 * np.arange(count) / SAMPLE_RATE),
    }[kind]
    path = write_wav(tmp_path / "sound.wav", sound.astype(np.float32))
    speech = detect_speech(path, FreeWatch())
    assert sum(span.length_ms for span in speech) < 1500


class FakeRecogniser:
    """Hears one word a second, whatever the sound."""

    name = "fake"

    def words(self, samples: Samples, language: str, watch: Watch, speech: Sequence[Span] = ()) -> Iterator[Word]:
        """Yield a word a second."""
        for second in range(len(samples) // SAMPLE_RATE):
            watch.check()
            watch.progress(0.5)
            yield Word(second * 1000, second * 1000 + 400, language, 0.9)

    def language(self, samples: Samples) -> str:
        """Return a code."""
        return "en" if len(samples) else "de"


@pytest.fixture(params=["fake", pytest.param("tiny.en", marks=pytest.mark.engine)])
def recogniser(request: pytest.FixtureRequest) -> Recogniser:
    """Return the stand-in, then the real engine: both must keep the same promises."""
    if request.param == "fake":
        return FakeRecogniser()
    return WhisperRecogniser(whisper_model("tiny.en", get_settings().models_dir), "tiny.en")


def test_a_recogniser_gives_ordered_words_within_the_chunk(
    recogniser: Recogniser, shared_data: Path, tmp_path: Path
) -> None:
    sound = jfk(shared_data, tmp_path)
    chunk = Chunk(0, 3000, 10_900, (Span(3000, 10_900),))
    words = transcribe_chunk(recogniser, sound, chunk, "en", FreeWatch())
    assert len(words) > 5
    assert all(3000 <= word.start_ms <= word.end_ms <= 10_900 for word in words)
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(words))
    assert all(word.text == word.text.strip() and 0 <= word.probability <= 1 for word in words)
    assert recogniser.language(read_sound(sound, 0, 11_000)) == "en"


@pytest.mark.engine
def test_a_known_speech_is_written_down_word_for_word(shared_data: Path, tmp_path: Path) -> None:
    sound = jfk(shared_data, tmp_path)
    recogniser = WhisperRecogniser(whisper_model("tiny.en", get_settings().models_dir), "tiny.en")
    speech = detect_speech(sound, FreeWatch())
    (chunk,) = plan_chunks(speech, sound_length_ms(sound))
    words = transcribe_chunk(recogniser, sound, chunk, "en", FreeWatch())
    plain = " ".join(word.text.strip(",.?!").lower() for word in words)
    assert plain == (
        "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
    )


def jfk(shared_data: Path, tmp_path: Path) -> Path:
    """Return the 11 seconds as the pipeline hears them."""
    source = shared_data / "audio" / "faster-whisper" / "jfk.flac"
    sound = tmp_path / "jfk.wav"
    extract_audio(source, probe_media(source), sound, FreeWatch())
    return sound
