"""Unicode normalisation in linear time."""

from __future__ import annotations

import unicodedata
from typing import Literal

MOST_MARKS = 30  # on one letter, as in the Stream-Safe Text Format (UAX #15)
_MADE_OF_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"  # no marks themselves, but a normal form makes marks of them


def normalize(form: Literal["NFC", "NFD", "NFKC"], text: str) -> str:
    """Return a text in a normal form, with at most `MOST_MARKS` combining marks on one letter.

    Python sorts the marks on a letter in quadratic time, so those that nobody can read are left out first.
    """
    if text.isascii():
        return text
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) or letter in _MADE_OF_MARKS else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return unicodedata.normalize(form, "".join(kept))
