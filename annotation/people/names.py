"""Personal names: which characters are allowed, and the short form to address somebody by.

What a person answered to "What should we call you?" goes before everything. Without an answer the first word of the
name is taken where it can hardly be wrong, else the whole name: nobody is called "Mr", "van" or "J".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.models import Person
from core.text.plain_text import normalize

CALLED_LENGTH = 60
_JOINERS = "\u200c\u200d"  # within words of Persian and of India, and within emoji
_LOOSE = re.compile(  # at the edge of a word, doubled, or after a letter of Europe, where it would only hide
    f"(?<![^\\s{_JOINERS}])[{_JOINERS}]+|[{_JOINERS}]+(?=\\s|$)|(?<=[{_JOINERS}\x21-\u052f])[{_JOINERS}]+"
)
_TITLES_LIST = """
mr mrs ms miss mx mister dr doctor prof professor fr father sr sister br brother rev reverend pastor rabbi imam sheikh
shaykh canon dean deacon sir dame lord lady madam madame maam mme mlle monsieur m herr frau fräulein don doña dona señor
señora señorita sra srta dhr mevr mw ing dipl mag hon capt captain col major lt sgt sensei ustad ustadh hajji haji sri
shri smt dra profa maestro maestra pan pani
"""
_TITLES = frozenset(_TITLES_LIST.split())
_PARTICLES_LIST = """
van von vom vander vanden de da do du dos das del della dello degli di der den la las le lo los el al bin ibn bint
abu abd abdul abdel abdal umm um ap ter ten te zu zum zur st saint san santa sant mc o
"""
_PARTICLES = frozenset(_PARTICLES_LIST.split())
_PREFIXES = re.compile(r"(?:o|d|l|al|el|ad|as|ash|an|ar|at|az|ul|ben|bin)['’ʼ‘`-]", re.IGNORECASE)
_SUFFIXES_LIST = """
jr sr junior senior ii iii iv phd dphil md msc ma ba bsc bed med mba mbe obe cbe qts pgce npqh frsa esq
"""
_SUFFIXES = frozenset(_SUFFIXES_LIST.split())
_FAMILY_FIRST = re.compile("[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")


def clean_line(text: str) -> str:
    """Return one line of text in NFC, without control characters and marks that turn the direction of writing.

    Joiners stay where they join letters or emoji.
    """
    kept = []
    for mark in normalize("NFC", text):
        if mark.isprintable() or mark in _JOINERS:
            kept.append(mark)
        elif unicodedata.category(mark) != "Cf":  # such a mark has no width, so it leaves no space either
            kept.append(" ")
    return " ".join(_LOOSE.sub("", " ".join("".join(kept).split())).split())


def clean_called(text: str) -> str:
    """Return what somebody wants to be called; empty: she did not say. Raises InvalidInput when it is too long."""
    cleaned = clean_line(text)
    if len(cleaned) > CALLED_LENGTH:
        raise InvalidInput(why=f"Please write what we should call you in at most {CALLED_LENGTH} characters.")
    return cleaned


def short_name(person: Person) -> str:
    """Return what a person is called where there is little room."""
    return person.called or guess_short_name(person.name)


def short_names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Return what each of some people is called, by id."""
    return {one: called for one, (_, called) in both_names_of(session, ids).items()}


def both_names_of(session: Session, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the whole name and what each of some people is called, by id."""
    people = session.scalars(select(Person).where(Person.id.in_(set(ids))))
    return {one.id: (one.name, short_name(one)) for one in people}


def guess_short_name(name: str) -> str:
    """Return the first name that stands in a name, or the whole name where that cannot be told."""
    whole = " ".join(name.split())
    family, comma, given = (part.strip() for part in re.sub("[，،、]", ",", whole).partition(","))
    if comma and given:
        after = [_plain(word) for word in given.split()]
        if any("," in word for word in given.split()):
            return whole
        words = family.split() if all(word in _SUFFIXES for word in after) else given.split()
    else:
        words = whole.rstrip(",").split()
    first = words[0] if words else whole
    return whole if _is_unsure(first, alone=len(words) < 2 and not comma) else first


def _is_unsure(word: str, *, alone: bool) -> bool:
    """Tell whether a word may be no first name: a title, a particle, an initial, a family name that stands first."""
    letters = [letter for letter in word if letter.isalpha()]
    plain = _plain(word)
    if alone:
        return True  # a name of one word is the whole name
    if plain in _TITLES or plain in _PARTICLES or _PREFIXES.match(word):
        return True
    if len(letters) < 2 and not _FAMILY_FIRST.search(word):
        return True
    if "." in word or "(" in word or _FAMILY_FIRST.search(word):
        return True  # initials and shortened titles; names of China, Japan and Korea begin with the family's
    return letters[0].islower() or (len(letters) > 2 and all(letter.isupper() for letter in letters))


def _plain(word: str) -> str:
    return word.strip(".,;:()'’").casefold()
