"""Transcripts made elsewhere: their lines, and how much of them is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import UnusableFile

MAX_BYTES = 5_000_000
"""A three-hour transcript has under one megabyte; more than this is not a transcript."""

MOST_LINES = 50_000
MOST_WORDS = 250_000  # a lesson of three hours has forty thousand
LONGEST_WORD = 200  # letters: longer ones are cut, as in scripts that put no spaces between words
LONGEST_NAME = 80
LATEST_MS = 1_000_000_000  # eleven days


class TranscriptUnreadable(UnusableFile):
    """A transcript file of which nothing can be used; `why` says what is wrong with it."""

    code = "transcript_unreadable"
    sentence = "This transcript cannot be used: {why}."
    fields = ("file",)


@dataclass(frozen=True, slots=True)
class Line:
    """One row or cue: what was said by whom; `row` counts from 0 in the file; times may be missing."""

    row: int
    speaker: str
    text: str
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """The lines of a file, and plain sentences about what in it was left out."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def require_room(lines: Sequence[object]) -> None:
    """Raise TranscriptUnreadable when there is no room for one more line."""
    if len(lines) >= MOST_LINES:
        raise TranscriptUnreadable(why=f"it has more than {MOST_LINES:,} lines")


def require_few_words(lines: Sequence[Line]) -> None:
    """Raise TranscriptUnreadable when there are more words than are said in any lesson."""
    if sum(line.text.count(" ") + 1 for line in lines) > MOST_WORDS:
        raise TranscriptUnreadable(why=f"it has more than {MOST_WORDS:,} words")


def short_words(text: str) -> str:
    """Return words with one space between them, none of them longer than `LONGEST_WORD`."""
    words = text.split()
    if len(text) <= LONGEST_WORD or all(len(word) <= LONGEST_WORD for word in words):
        return " ".join(words)
    return " ".join(word[at : at + LONGEST_WORD] for word in words for at in range(0, len(word), LONGEST_WORD))


def short_name(text: str) -> str:
    """Return the name of a speaker in one line, cut after `LONGEST_NAME` letters."""
    return " ".join(text[: 4 * LONGEST_NAME].split())[:LONGEST_NAME]
