"""Text for PDFs: replaces characters that no font has by □, so that compiling never fails.

PDF/UA refuses a character without a glyph, and Typst sets a letter and its combining marks in one font only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from core.text.plain_text import normalize

MISSING = "□"
BYTE_ORDER = "\ufeff"  # not allowed in PDF/UA, whatever font has it
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
TURNS = frozenset(["LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI", "PDF"])  # would turn all that follows round
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Which characters the fonts have: one set a font, in the order in which Typst tries them."""

    fonts: Sequence[Set[int]]

    def __contains__(self, character: str) -> bool:
        """Tell whether any font has it."""
        return any(ord(character) in font for font in self.fonts)

    def of(self, base: str) -> Sequence[Set[int]]:
        """Return the fonts that have a character."""
        return [font for font in self.fonts if ord(base) in font]


def settable(text: str, glyphs: Glyphs) -> str:
    """Return a text of which every character can be set.

    A character that no font has becomes □, one that would show nothing goes. A combining mark goes when no font has it
    together with the letter before it.
    """
    out: list[str] = []
    fonts: Sequence[Set[int]] = ()  # those that have the last letter and all its marks so far
    for character in normalize("NFC", LINE_ENDS.sub("\n", text)).replace("\t", " "):
        if character == "\n":
            out.append(character)
            fonts = ()
        elif shows_nothing(character):
            if character != BYTE_ORDER and character in glyphs and unicodedata.bidirectional(character) not in TURNS:
                out.append(character)
        elif unicodedata.category(character).startswith("M"):
            having = [font for font in fonts if ord(character) in font]
            if having:
                out.append(character)
                fonts = having
        else:
            # Some fonts have a glyph for control characters; the standard does not.
            fonts = () if unicodedata.category(character).startswith("C") else glyphs.of(character)
            out.append(character if fonts else MISSING)
    return "".join(out)


def shows_nothing(character: str) -> bool:
    """Tell whether a character only tells how others are set: joiners, directions, variants of a form."""
    code = ord(character)
    return (
        unicodedata.category(character) == "Cf"
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or code in (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
    )


def plain(text: str) -> str:
    """Return a text without what has made Typst fail: combining marks, joiners, and letters written from the right."""
    kept = (letter for letter in text if not (shows_nothing(letter) or unicodedata.category(letter).startswith("M")))
    return RIGHT_TO_LEFT.sub(MISSING, "".join(kept))


def face_of_han(texts: Iterable[str], language: str = "") -> str:
    """Return which face Han characters are set in: by the language of the school's lessons, else by their neighbours.

    The same character is drawn in another way in Japan, Korea, Taiwan and China. Kana make a text Japanese, Hangul
    Korean, Bopomofo Taiwanese; else it is taken for simplified Chinese.
    """
    named = {"ja": "JP", "ko": "KR", "yue": "HK", "zh": "SC"}.get(language)
    if named is not None:
        return f"Noto Sans CJK {named}"
    all_of_it = "".join(texts)
    for face, signs in (
        ("JP", "[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d]"),
        ("KR", "[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
        ("TC", "[\u3105-\u312f\u31a0-\u31bf]"),
    ):
        if re.search(signs, all_of_it):
            return f"Noto Sans CJK {face}"
    return "Noto Sans CJK SC"


def texts_of(data: Any) -> Iterable[str]:
    """Yield every text within JSON data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from texts_of(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from texts_of(value)


def with_texts(data: Any, change: Callable[[str], str]) -> Any:
    """Return JSON data with every text changed; the keys stay."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, Mapping):
        return {key: with_texts(value, change) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [with_texts(value, change) for value in data]
    return data
