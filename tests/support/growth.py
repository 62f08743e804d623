"""Measures how the time of a function grows with its input, by the processor time of this process."""

from __future__ import annotations

import gc
import re._parser as sre  # type: ignore[import-not-found]  # the parser of patterns, which has no types
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import process_time
from typing import Any

BEGUN = 32_000  # letters
NOISE_SECONDS = 0.04  # what takes less is not looked at closer
MOST_GROWTH = 3.0  # of the time when the input doubles: linear is 2, quadratic is 4
MOST_PLACES = 20  # in an example

UNITS = [
    *("<v ", "<v.", "<v a", "<", "<a ", "{\\", "{\\a", "&#1", "&", "&a", "&#x0", "-->", "1:", "00:00.000 --> "),
    *("a", "a ", "A b: ", "A.", " ", "\t", "\n", "\n\n", ",", ";", ".", ".x", "?", "'", '"', '",', "(", "[", "((a "),
    *("=", "-", ";=", "\x0b=", "\\", "\\a", "\\ud800", "%", "%2", "\u200d", "\u200da", "a\u0301\u0316", "\u0316\u0301"),
    *("\u0f73\u0f71", "\u0316\uff9e", "\ufeff", "@", "1", "so ", "n't ", "who is ", "okay, ", "know why we ", "Mr. "),
    *('{"a":', "a=b;", "1-,", "_"),
    "".join(chr(0x4E00 + n) for n in range(2000)),
]
"""Pieces that a parser may trip over when it meets very many of them."""


def seconds(function: Callable[[str], object], text: str) -> float:
    """Return the processor time of one call; what it refuses counts like what it takes."""
    gc.disable()
    begun = process_time()
    with suppress(Exception):
        function(text)
    taken = process_time() - begun
    gc.enable()
    return taken


def grows_too_fast(function: Callable[[str], object], shape: Callable[[int], str], begun: int = BEGUN) -> str:
    """Return nothing when a function takes an input that doubles in about twice the time, else what was measured."""
    once = seconds(function, shape(begun))
    twice = 0.0
    if once < NOISE_SECONDS:
        return ""
    for _ in range(4):  # the least of several: whatever else the machine does only adds
        once, twice = (min(seconds(function, shape(n)) for _ in range(2)) for n in (begun, 2 * begun))
        if twice < MOST_GROWTH * once:
            return ""
    return f"{once:.3f} s, then {twice:.3f} s for twice as much"


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """Return a shape: a piece as often as it takes, between what stands before and after it."""
    return lambda length: before + unit * max(1, length // len(unit)) + after


def shapes_of(example: str) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Yield shapes of a hostile file from a good one: pieces that repeat at each place, and parts that repeat."""
    borders = [n for n in range(1, len(example)) if _kind(example[n]) != _kind(example[n - 1])]
    places = [0, *borders[:: len(borders) // MOST_PLACES + 1], len(example)]
    for place in places:
        for unit in UNITS:
            yield f"{unit[:9]!r} at {place}", repeated(unit, example[:place], example[place:])
    openings = sorted({0, len(example), *(n for n in range(len(example)) if example[n] in "<\n")})
    for number, start in enumerate(openings):
        for end in openings[number + 1 :]:
            yield f"{example[start:end]!r} repeats", repeated(example[start:end], example[:start], example[end:])


def _kind(letter: str) -> str:
    return "a" if letter.isalnum() else " " if letter.isspace() else letter


def samples_of(pattern: str, flags: int) -> list[str]:
    """Return texts that parts of a regular expression match: what it would try again and again when they repeat."""
    found: dict[str, None] = {}
    items = list(sre.parse(pattern, flags))
    for start in range(len(items)):
        for end in range(start + 1, min(start + 6, len(items)) + 1):
            _sample(items[start:end], found)
    return list(found)


def _sample(items: Any, found: dict[str, None]) -> str:
    """Return a text that these parts of a pattern match; note it, and those of the parts within them."""
    text = ""
    for kind, value in items:
        match str(kind):
            case "LITERAL":
                text += chr(value)
            case "ANY" | "NOT_LITERAL":
                text += "x"
            case "IN":
                text += _member(value)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                text += _sample(value[2], found) * max(1, min(value[0], 3))
            case "SUBPATTERN":
                text += _sample(value[3], found)
            case "BRANCH":
                text += min(_sample(way, found) for way in value[1])
            case "ASSERT" | "ASSERT_NOT":
                _sample(value[1], found)
    if text:
        found[text] = None
    return text


def _member(items: Any) -> str:
    """Return a letter of a set."""
    if str(items[0][0]) == "NEGATE":
        left_out = items[1:]
        return next(one for one in "xyz1 ~\u4e00\x01" if not any(_holds(kind, value, one) for kind, value in left_out))
    kind, value = items[0]
    if str(kind) == "RANGE":
        return chr(value[0])
    return chr(value) if str(kind) == "LITERAL" else {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " "}.get(str(value), "x")


def _holds(kind: Any, value: Any, letter: str) -> bool:
    if str(kind) == "RANGE":
        return bool(value[0] <= ord(letter) <= value[1])
    kinds = {"CATEGORY_DIGIT": str.isdigit, "CATEGORY_SPACE": str.isspace, "CATEGORY_WORD": str.isalnum}
    return ord(letter) == value if str(kind) == "LITERAL" else kinds.get(str(value), str.isalpha)(letter)
