"""Imported transcripts: words that replace the recognised ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from core.types import Span, VoiceTurn, Word
from transcription.formats.transcript import Transcript, TranscriptUnreadable


def words_of_transcript(transcript: Transcript) -> tuple[Word, ...]:
    """Spread the words of each line over its time by their letters, in order of time, with probability 1.

    Raises `TranscriptUnreadable` when lines have no times: nobody knows where in the recording they belong.
    """
    words: list[Word] = []
    for line in transcript.lines:
        if line.start_ms is None or line.end_ms is None:
            raise TranscriptUnreadable(why="its lines have no times, so it cannot be laid over a recording")
        parts = line.text.split()
        letters = sum(len(part) for part in parts)
        length = line.end_ms - line.start_ms
        done = 0
        for part in parts:
            start = line.start_ms + length * done // letters
            done += len(part)
            words.append(Word(start, line.start_ms + length * done // letters, part, 1.0))
    return tuple(sorted(words, key=lambda w: (w.start_ms, w.end_ms)))


def names_of_voices(transcript: Transcript, voices: Iterable[VoiceTurn]) -> dict[str, tuple[Span, ...]]:
    """Return for each named speaker where the voice is heard that speaks most of her lines; a voice gets one name."""
    voices = list(voices)
    together: dict[tuple[str, str], int] = defaultdict(int)
    for line in transcript.lines:
        if line.speaker and line.start_ms is not None and line.end_ms is not None:
            for voice in voices:
                shared = min(line.end_ms, voice.end_ms) - max(line.start_ms, voice.start_ms)
                if shared > 0:
                    together[line.speaker, voice.speaker] += shared
    found: dict[str, str] = {}
    for name, label in sorted(together, key=lambda pair: (-together[pair], pair)):
        if name not in found and label not in found.values():
            found[name] = label
    return {
        name: tuple(Span(voice.start_ms, voice.end_ms) for voice in voices if voice.speaker == label)
        for name, label in found.items()
    }
