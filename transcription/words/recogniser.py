"""Speech recognition with Whisper on one thread, with word timestamps.

Chunks are spread over processes of one thread each. Within a chunk, speech is packed into half minutes, heard in
batches. Batching drops speech now and then, and has no way out of a loop: so what got no words is heard once more by
itself, and a window that went round in circles is heard again sequentially.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.types import Chunk, FreeWatch, Span, Watch, Word
from transcription.speech.audio import SAMPLES_A_MS, Samples, read_sound
from transcription.speech.intervals import clip, subtract, total_ms, union
from transcription.words.windows import Window, pack_speech

MARGIN_MS = 200  # heard around a chunk, so that its first and last sound are whole
FAR_FROM_SPEECH_MS = 700  # a word farther from any speech than this, and doubtful, was made up
DOUBTFUL = 0.5
BEAM = 2
BATCH = 4  # windows at once: more is no faster on one thread, and takes more memory
LOOPING, UNLIKELY = 2.4, -1.0  # Whisper's own signs that it went astray: compression of the text, mean log probability
UNHEARD_MS = 1200  # so much speech in a row without a word was dropped
WORD_REACH_MS, LONGEST_WORD_MS = 400, 1500  # how far around itself a word accounts for speech, and how long one may be
LANGUAGE_SAMPLE_MS = 30_000  # what Whisper listens to for the language


class Recogniser(Protocol):
    """Turns sound into words."""

    @property
    def name(self) -> str:
        """Name of the model, for the record."""

    def words(self, samples: Samples, language: str, watch: Watch, speech: Sequence[Span] = ()) -> Iterable[Word]:
        """Give the words of a piece of sound (16 kHz) in order; times count from its start.

        `speech`: where somebody speaks in it, if that is known; then only that is heard.
        """

    def language(self, samples: Samples) -> str:
        """Return the code of the language that is spoken, such as `en`."""


class WhisperRecogniser:
    """faster-whisper, int8, on one thread."""

    def __init__(self, model: str, name: str) -> None:
        """`model` is a folder, or a name that faster-whisper may download."""
        from faster_whisper import BatchedInferencePipeline, WhisperModel
        from tqdm import tqdm

        # its default is a system-wide semaphore, which a killed process would leave behind
        tqdm.set_lock(threading.RLock())
        self._model: Any = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)
        self._batches: Any = BatchedInferencePipeline(self._model)
        self._name = name

    @property
    def name(self) -> str:
        """Name of the model, for the record."""
        return self._name

    def words(self, samples: Samples, language: str, watch: Watch, speech: Sequence[Span] = ()) -> Iterable[Word]:
        """Give the words in order: in batches where the speech is known, else sequentially."""
        spoken = language if self._model.model.is_multilingual else "en"
        if not speech:
            return self._in_sequence(samples, spoken, watch)
        length_ms = len(samples) // SAMPLES_A_MS
        words = list(self._in_batches(samples, pack_speech(speech, length_ms), spoken, watch))
        dropped = [window for stretch in unheard(speech, words) for window in pack_speech(stretch, length_ms)]
        words += self._in_batches(samples, dropped, spoken, watch, last=True)
        return sorted(words, key=lambda word: (word.start_ms, word.end_ms))

    def _in_sequence(self, samples: Samples, language: str, watch: Watch) -> Iterator[Word]:
        """A piece that loops or trails off is not carried into the next one."""
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=BEAM,
            word_timestamps=True,
            condition_on_previous_text=False,
            hallucination_silence_threshold=2.0,
        )
        for segment in segments:
            watch.check()
            watch.progress(min(1.0, segment.end * 1000 * SAMPLES_A_MS / max(1, len(samples))))
            yield from _words_of(segment)

    def _in_batches(
        self, samples: Samples, windows: Sequence[Window], language: str, watch: Watch, *, last: bool = False
    ) -> Iterator[Word]:
        """Where the model goes astray it gets another way, but not when this was the `last` try: that was no speech."""
        for first in range(0, len(windows), BATCH):
            watch.check()
            watch.progress(first / len(windows))
            batch = windows[first : first + BATCH]
            sounds = [_sound_of(window, samples) for window in batch]
            for window, sound, words in zip(batch, sounds, self._at_once(sounds, language), strict=True):
                again = words is None and not last
                for word in self._in_sequence(sound, language, FreeWatch()) if again else words or ():
                    span = window.span_of(word.start_ms, word.end_ms)
                    yield replace(word, start_ms=span.start_ms, end_ms=span.end_ms)

    def _at_once(self, sounds: Sequence[Samples], language: str) -> list[list[Word] | None]:
        """Return the words of each sound, heard at once; None where the model went astray."""
        ends = np.cumsum([len(sound) for sound in sounds]) / (1000 * SAMPLES_A_MS)
        starts = [0.0, *ends[:-1]]
        segments, _ = self._batches.transcribe(
            np.concatenate(sounds),
            language=language,
            beam_size=BEAM,
            word_timestamps=True,
            batch_size=BATCH,
            clip_timestamps=[{"start": start, "end": end} for start, end in zip(starts, ends, strict=True)],
        )
        found: list[list[Word] | None] = [[] for _ in sounds]
        for segment in segments:
            number = bisect_right(starts, segment.seek / 100 + 0.015) - 1  # `seek` is cut to 10 ms
            words = found[number]
            if segment.compression_ratio > LOOPING or segment.avg_logprob < UNLIKELY:
                found[number] = None
            elif words is not None:
                words += _words_of(segment, round(starts[number] * 1000))
        return found

    def language(self, samples: Samples) -> str:
        """Return the likeliest language of the sound."""
        if not self._model.model.is_multilingual:
            return "en"
        code: str = self._model.detect_language(samples)[0]
        return code


def _words_of(segment: Any, began_ms: int = 0) -> Iterator[Word]:
    for word in segment.words or ():
        start_ms, end_ms = (round(seconds * 1000) - began_ms for seconds in (word.start, word.end))
        yield Word(start_ms, end_ms, word.word.strip(), round(word.probability, 3))


def _sound_of(window: Window, samples: Samples) -> Samples:
    parts = [samples[piece.start_ms * SAMPLES_A_MS : piece.end_ms * SAMPLES_A_MS] for piece in window.pieces]
    return np.concatenate(parts)


def unheard(speech: Sequence[Span], words: Sequence[Word]) -> tuple[tuple[Span, ...], ...]:
    """Return the stretches of speech that got no words, pauses or not; one word does not account for seconds."""
    heard = union(
        Span(word.start_ms - WORD_REACH_MS, min(word.end_ms, word.start_ms + LONGEST_WORD_MS) + WORD_REACH_MS)
        for word in words
    )
    whole = tuple(Span(span.start_ms, speech[-1].end_ms) for span in speech[:1])
    dropped = (clip(speech, stretch) for stretch in subtract(whole, heard))
    return tuple(spans for spans in dropped if total_ms(spans) >= UNHEARD_MS)


def transcribe_chunk(
    recogniser: Recogniser, sound: Path, chunk: Chunk, language: str, watch: Watch
) -> tuple[Word, ...]:
    """Return the words of a chunk in order, with times of the lesson, within the chunk."""
    start_ms = max(0, chunk.start_ms - MARGIN_MS)
    samples = read_sound(sound, start_ms, chunk.end_ms + MARGIN_MS)
    speech = [Span(span.start_ms - start_ms, span.end_ms - start_ms) for span in chunk.speech]
    heard = (
        replace(word, start_ms=word.start_ms + start_ms, end_ms=word.end_ms + start_ms)
        for word in recogniser.words(samples, language, watch, speech)
    )
    return tuple(_clamped(word, chunk) for word in heard if word.text and not made_up(word, chunk.speech))


def made_up(word: Word, speech: Sequence[Span]) -> bool:
    """Say whether a word lies far from any speech and is doubtful: Whisper writes words into silence."""
    gap = min((max(span.start_ms - word.end_ms, word.start_ms - span.end_ms) for span in speech), default=0)
    return gap > FAR_FROM_SPEECH_MS and word.probability < DOUBTFUL


def _clamped(word: Word, chunk: Chunk) -> Word:
    start_ms = min(max(word.start_ms, chunk.start_ms), chunk.end_ms)
    return replace(word, start_ms=start_ms, end_ms=min(max(word.end_ms, start_ms), chunk.end_ms))


def detect_language(recogniser: Recogniser, sound: Path, chunks: Sequence[Chunk]) -> str:
    """Return the language that most of up to three places of the lesson are spoken in; `en` without speech."""
    if not chunks:
        return "en"
    places = {0, len(chunks) // 2, len(chunks) - 1}
    votes = [
        recogniser.language(read_sound(sound, chunks[i].start_ms, chunks[i].start_ms + LANGUAGE_SAMPLE_MS))
        for i in sorted(places)
    ]
    return max(votes, key=votes.count)
