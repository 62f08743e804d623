"""Safe download file names from titles and names in any script, for any system."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from core.text.plain_text import normalize

FORBIDDEN = frozenset('<>:"/\\|?*')  # by one system or another
JOINERS = "\u200c\u200d"  # belong to names in Persian, Hindi and to some emoji
MOST_BYTES = 180  # with what is put before and after it; file systems take 255
MOST_LETTERS = 80


def safe_name(name: str, otherwise: str = "lesson") -> str:
    """Return a title as part of a path: no separator, no dot, short enough for any system."""
    return _fitting(name.replace(".", "_")) or otherwise


def _fitting(name: str) -> str:
    """Return a name that every system takes, without spaces at its ends; it may become empty."""
    kept = "".join(_safe(letter) for letter in normalize("NFC", name)).strip(" " + JOINERS)
    short = kept[:MOST_LETTERS].encode()[:MOST_BYTES].decode(errors="ignore")
    return short.strip(" " + JOINERS)


def _safe(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in FORBIDDEN or kind in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp"):
        return "_"
    if kind == "Cf":
        return letter if letter in JOINERS else ""  # marks of direction would turn the ending round
    return " " if kind == "Zs" else letter


def save_as(name: str) -> dict[str, str]:
    """Return the header with which a browser saves what it gets, under a name of any letters (RFC 6266, RFC 8187)."""
    stem, dot, ending = name.rpartition(".")
    if not (dot and ending.isascii() and ending.isalnum() and len(ending) <= 10):
        stem, ending = name, ""
    name = (_fitting(stem).lstrip(".") or "file") + (f".{ending}" if ending else "")
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in " .-_") else "_" for letter in name)
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}
