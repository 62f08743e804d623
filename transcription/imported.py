"""Words from a transcript made elsewhere, to take the place of recognised ones."""

from __future__ import annotations

from core.types import Word
from transcription.formats.reading import Transcript, TranscriptUnreadable


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
