"""Text as it is stored: well-formed Unicode without control characters, and normal forms in linear time."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

MOST_MARKS = 30  # on one letter, as in the Stream-Safe Text Format (UAX #15)
_MADE_OF_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"  # no marks themselves, but a normal form makes marks of them
_LINE_ENDS = re.compile("[\x0b\x0c\x85]")  # of word processors and mainframes
_HALF = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def well_formed(text: str) -> str:
    """Return a text that every database, page, paper and XML document takes: what none of them takes is U+FFFD."""
    if _HALF.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _ODD.sub("\ufffd", _LINE_ENDS.sub("\n", text))


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
