"""Names keep their letters and lose what deceives; what somebody is called is asked, or guessed with care."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.people.names import clean_called, clean_line, guess_short_name, short_name
from annotation.people.people import clean_name
from core.errors import InvalidInput
from core.models import Person


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("محمد\u200cرضا", "محمد\u200cرضا"),
        ("👩\u200d🏫 Ada", "👩\u200d🏫 Ada"),
        ("👩🏽\u200d❤\ufe0f\u200d👨", "👩🏽\u200d❤\ufe0f\u200d👨"),
        ("क्\u200dष", "क्\u200dष"),
        ("Ada\u202egnp.exe", "Adagnp.exe"),
        ("\u2066Ada\u2069 \u200fB\u061c", "Ada B"),
        ("A\u200dda", "Ada"),  # would be another Ada that nobody can tell apart
        ("\u200d\u200cAda\u200d Owner\u200c", "Ada Owner"),
        ("محمد\u200c\u200c\u200cرضا", "محمد\u200cرضا"),
        ("A\x00da\tO\u2028wner\ufeff", "A da O wner"),
        ("Zoe\u0308", "Zoë"),
    ],
)
def test_joiners_stay_and_what_deceives_goes(written: str, kept: str) -> None:
    assert clean_name(written) == kept


@pytest.mark.parametrize("nothing", ["\u200d", " \u200c\u202e ", "\u2066\u2069", "\xad"])
def test_a_name_of_which_nothing_is_seen_is_no_name(nothing: str) -> None:
    with pytest.raises(InvalidInput, match="Please write a name"):
        clean_name(nothing)


@given(st.text())
def test_no_mark_that_turns_the_writing_survives_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean_line(text)
    assert not set(cleaned) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\n\r\t\x00")
    assert clean_line(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Ada Owner", "Ada"),
        ("Éva Nagy", "Éva"),
        ("Mary-Jane Watson", "Mary-Jane"),
        ("Ben Carter", "Ben"),
        ("محمد\u200cرضا احمدی", "محمد\u200cرضا"),
        ("Ada", "Ada"),
        ("Smith, John", "John"),
        ("Müller, Anna Maria", "Anna"),
        ("de Souza, Maria", "Maria"),
        ("Jane Doe, PhD", "Jane"),
    ],
)
def test_the_first_name_is_taken_where_it_can_hardly_be_wrong(name: str, short: str) -> None:
    assert guess_short_name(name) == short


TITLED = [
    "Mr Patel",
    "Mrs Jones",
    "Dr. Anna Schmidt",
    "Dr Okafor",
    "Prof Lee",
    "Fr. John",
    "Sr Agnes Kelly",
    "MR PATEL",
]
PARTICLES = [
    "van der Berg",
    "Van Morrison",
    "de Gaulle",
    "von Trapp",
    "al-Sayed Omar",
    "O'Brien",
    "O’Brien Kate",
    "bin Said",
]
UNSURE = ["J. K. Rowling", "J Smith", "Mr.Patel", "OKAFOR Ada", "李 明", "김 민수", "Smith, J.", "Okafor, Ms Ada"]


@pytest.mark.parametrize("name", [*TITLED, *PARTICLES, *UNSURE, "A former colleague", "👩\u200d🏫 Ada", "陈"])
def test_the_whole_name_is_used_where_the_first_one_cannot_be_told(name: str) -> None:
    assert guess_short_name(name) == name


@given(st.text())
def test_a_guess_is_made_of_any_name(name: str) -> None:
    assert guess_short_name(name) in " ".join(name.split())


def test_what_a_person_said_goes_before_every_guess() -> None:
    assert short_name(Person(name="Dr Anna Schmidt", called="Anna")) == "Anna"
    assert short_name(Person(name="Dr Anna Schmidt", called="")) == "Dr Anna Schmidt"
    assert clean_called(" ") == ""
    with pytest.raises(InvalidInput, match="at most 60"):
        clean_called("A" * 61)
