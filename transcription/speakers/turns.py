"""Assigns recognised words to speaker turns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from core.types import Role, Turn, VoiceTurn, Word

REACH_MS = 2000  # word times drift around silences by so much
NOBODY = "S0"  # words that no voice was heard for


def assign_words_to_turns(
    words: Sequence[Word], voices: Sequence[VoiceTurn], roles: Sequence[Role]
) -> tuple[Turn, ...]:
    """Return the turns in order of time, each word in exactly one of them.

    `roles` has the role of each voice turn. A word goes to the turn that it overlaps most, else to the
    nearest within `REACH_MS`; words near no voice make turns of their own, unsure whose.
    """
    spoken: list[list[Word]] = [[] for _ in voices]
    orphans: list[list[Word]] = []
    starts = [voice.start_ms for voice in voices]
    longest = max((voice.end_ms - voice.start_ms for voice in voices), default=0)
    for word in words:
        first = bisect_left(starts, word.start_ms - longest - REACH_MS)
        last = bisect_left(starts, word.end_ms + REACH_MS + 1)
        near = min(range(first, last), key=lambda i: _distance(word, voices[i]), default=None)
        if near is not None and _distance(word, voices[near])[0] <= REACH_MS:
            spoken[near].append(word)
        elif orphans and word.start_ms - orphans[-1][-1].end_ms <= REACH_MS:
            orphans[-1].append(word)
        else:
            orphans.append([word])
    turns = [
        Turn(voice.start_ms, voice.end_ms, voice.speaker, role, _text(said), tuple(said))
        for voice, role, said in zip(voices, roles, spoken, strict=True)
    ]
    turns += [
        Turn(
            said[0].start_ms, max(said[-1].end_ms, said[0].start_ms + 1), NOBODY, Role.UNSURE, _text(said), tuple(said)
        )
        for said in orphans
    ]
    return tuple(sorted(turns, key=lambda turn: (turn.start_ms, turn.end_ms)))


def _distance(word: Word, voice: VoiceTurn) -> tuple[int, int]:
    """Return the gap between word and voice (0 when they overlap), then minus the overlap: smaller is nearer."""
    overlap = min(word.end_ms, voice.end_ms) - max(word.start_ms, voice.start_ms)
    return max(0, -overlap), -max(0, overlap)


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
