"""Merges the words of all chunks into one list for the lesson."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from core.types import Word


def merge_transcript(pieces: Iterable[Sequence[Word]]) -> tuple[Word, ...]:
    """Return all words in order of time; a word that would run into the next one ends where that begins."""
    words = sorted((word for piece in pieces for word in piece), key=lambda word: (word.start_ms, word.end_ms))
    merged = [
        replace(word, end_ms=max(word.start_ms, min(word.end_ms, after.start_ms))) for word, after in pairwise(words)
    ]
    return (*merged, *words[-1:])
