"""Utterance segmentation: at punctuation, at pauses between words, and at the ends of turns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.types import Role, Turn, Word

PAUSE_MS = 900
"""A silence of this length between two words ends an utterance even without punctuation."""

_END = re.compile(r"[.?!…][\"”’')\]]*+(?=\s|$)")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|[A-Z])\.$")


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence of one speaker; `row` is the index of its turn; times are None when nothing gives them.

    `last_ms` is where its last word begins.
    """

    text: str
    speaker: str
    role: Role
    row: int
    start_ms: int | None = None
    end_ms: int | None = None
    last_ms: int | None = None


def split_sentences(text: str) -> list[str]:
    """Cut a text at its punctuation: `"Okay. What is it?"` is two; `"Mr. Lee"` and `"3.5"` stay whole."""
    sentences: list[list[str]] = []  # each of the pieces that an abbreviation parts
    for piece in _pieces(" ".join(text.split())):
        if sentences and _ABBREVIATION.search(sentences[-1][-1]):
            sentences[-1].append(piece)
        else:
            sentences.append([piece])
    return [" ".join(pieces) for pieces in sentences]


def _pieces(text: str) -> Iterator[str]:
    begin = 0
    for match in _END.finditer(text):
        if match.start() > begin:  # a mark alone ends nothing
            yield text[begin : match.end()].strip()
            begin = match.end()
    if rest := text[begin:].strip():
        yield rest


def split_turns(turns: Iterable[Turn]) -> list[Utterance]:
    """Cut turns into utterances with times: from the words where there are words, else by the share of letters."""
    found: list[Utterance] = []
    for row, turn in enumerate(turns):
        if turn.words:
            found += [_of_words(group, turn, row) for group in _groups(turn.words)]
        else:
            found += _by_letters(turn, row)
    return found


def _groups(words: Sequence[Word]) -> list[list[Word]]:
    groups: list[list[Word]] = [[]]
    for word in words:
        last = groups[-1][-1] if groups[-1] else None
        if last is not None and (word.start_ms - last.end_ms >= PAUSE_MS or _ends_sentence(last.text)):
            groups.append([])
        groups[-1].append(word)
    return [group for group in groups if group]


def _ends_sentence(text: str) -> bool:
    return bool(re.search(r"[.?!…][\"”’')\]]*+$", text)) and not _ABBREVIATION.search(text)


def _of_words(group: Sequence[Word], turn: Turn, row: int) -> Utterance:
    text = " ".join(word.text for word in group)
    end_ms = max(w.end_ms for w in group)
    return Utterance(text, turn.speaker, turn.role, row, group[0].start_ms, end_ms, group[-1].start_ms)


def _by_letters(turn: Turn, row: int) -> list[Utterance]:
    sentences = split_sentences(turn.text)
    letters = sum(len(s) for s in sentences)
    found: list[Utterance] = []
    done = 0
    for sentence in sentences:
        start = turn.start_ms + (turn.end_ms - turn.start_ms) * done // letters
        done += len(sentence)
        end = turn.start_ms + (turn.end_ms - turn.start_ms) * done // letters
        found.append(Utterance(sentence, turn.speaker, turn.role, row, start, end))
    return found
