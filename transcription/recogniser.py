"""What is said: Whisper on one thread, sequentially, with a time for every word.

Chunks are spread over processes of one thread each; that is as fast as batching on two cores, and drops no speech.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from core.types import Chunk, Span, Watch, Word
from transcription.sound import SAMPLES_A_MS, Samples, read_sound

MARGIN_MS = 200  # heard around a chunk, so that its first and last sound are whole
FAR_FROM_SPEECH_MS = 700  # a word farther from any speech than this, and doubtful, was made up
DOUBTFUL = 0.5
LANGUAGE_SAMPLE_MS = 30_000  # what Whisper listens to for the language


class Recogniser(Protocol):
    """Turns sound into words."""

    @property
    def name(self) -> str:
        """Name of the model, for the record."""

    def words(self, samples: Samples, language: str, watch: Watch) -> Iterator[Word]:
        """Yield the words of a piece of sound (16 kHz); times count from its start."""

    def language(self, samples: Samples) -> str:
        """Return the code of the language that is spoken, such as `en`."""


class WhisperRecogniser:
    """faster-whisper, int8, on one thread."""

    def __init__(self, model: str, name: str) -> None:
        """`model` is a folder, or a name that faster-whisper may download."""
        from faster_whisper import WhisperModel
        from tqdm import tqdm

        # its default is a system-wide semaphore, which a killed process would leave behind
        tqdm.set_lock(threading.RLock())
        self._model: Any = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)
        self._name = name

    @property
    def name(self) -> str:
        """Name of the model, for the record."""
        return self._name

    def words(self, samples: Samples, language: str, watch: Watch) -> Iterator[Word]:
        """Yield the words in order. A piece that loops or trails off is not carried into the next one."""
        segments, _ = self._model.transcribe(
            samples,
            language=language if self._model.model.is_multilingual else "en",
            beam_size=2,
            word_timestamps=True,
            condition_on_previous_text=False,
            hallucination_silence_threshold=2.0,
        )
        for segment in segments:
            watch.check()
            watch.progress(min(1.0, segment.end * 1000 * SAMPLES_A_MS / max(1, len(samples))))
            for word in segment.words or ():
                yield Word(
                    round(word.start * 1000), round(word.end * 1000), word.word.strip(), round(word.probability, 3)
                )

    def language(self, samples: Samples) -> str:
        """Return the likeliest language of the sound."""
        if not self._model.model.is_multilingual:
            return "en"
        code: str = self._model.detect_language(samples)[0]
        return code


def transcribe_chunk(
    recogniser: Recogniser, sound: Path, chunk: Chunk, language: str, watch: Watch
) -> tuple[Word, ...]:
    """Return the words of a chunk in order, with times of the lesson, within the chunk."""
    start_ms = max(0, chunk.start_ms - MARGIN_MS)
    samples = read_sound(sound, start_ms, chunk.end_ms + MARGIN_MS)
    heard = (
        replace(word, start_ms=word.start_ms + start_ms, end_ms=word.end_ms + start_ms)
        for word in recogniser.words(samples, language, watch)
    )
    return tuple(_clamped(word, chunk) for word in heard if word.text and not made_up(word, chunk.speech))


def made_up(word: Word, speech: Sequence[Span]) -> bool:
    """Say whether a word lies far from any speech and is doubtful: Whisper writes words into silence."""
    gap = min((max(span.start_ms - word.end_ms, word.start_ms - span.end_ms) for span in speech), default=0)
    return gap > FAR_FROM_SPEECH_MS and word.probability < DOUBTFUL


def _clamped(word: Word, chunk: Chunk) -> Word:
    start_ms = min(max(word.start_ms, chunk.start_ms), chunk.end_ms)
    return replace(word, start_ms=start_ms, end_ms=min(max(word.end_ms, start_ms), chunk.end_ms))


def find_language(recogniser: Recogniser, sound: Path, chunks: Sequence[Chunk]) -> str:
    """Return the language that most of up to three places of the lesson are spoken in; `en` without speech."""
    if not chunks:
        return "en"
    places = {0, len(chunks) // 2, len(chunks) - 1}
    votes = [
        recogniser.language(read_sound(sound, chunks[i].start_ms, chunks[i].start_ms + LANGUAGE_SAMPLE_MS))
        for i in sorted(places)
    ]
    return max(votes, key=votes.count)
