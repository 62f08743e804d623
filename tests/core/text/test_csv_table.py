"""Tables that leave Hindsight run nothing in any spreadsheet, keep their letters in Excel, and can come back."""

from __future__ import annotations

import csv
import io
import re
import types
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.lessons.comment_export import comments_csv, eaf_marks, web_annotations
from annotation.school.staff import read_staff
from core.models import Comment
from core.text.csv_table import as_written, csv_text, harmless
from core.text.text_decoding import decode_text
from core.types import Role, Turn
from tests.calendar_rule import PACKAGES, PROJECT
from transcription.formats.elan import read_eaf, write_eaf
from transcription.formats.moments import write_moments
from transcription.formats.readers import parse_transcript

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ATTACKS = [
    "=1+1",
    "x;=1+1",
    "x\t=1+1",
    "x|=1+1",
    "x,=1+1",
    'x;"=1+1"',
    "x; =1+1",
    "x;;@SUM(1)",
    "first\n=1+1",
    "first\r\n-1+1",
    "first\r+1",
    " =1+1",
    "\u3000\uff1d1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\t=1+1",
    "';=cmd|' /C calc'!A0",
    "\uff0b1+1",
    "x;\n=1+1",
    '"=1+1',
    "x\u2028=1+1",
]
pieces = st.text(alphabet=st.one_of(st.sampled_from("=+-@;,|\t\n\r'\" \u200b\u3000\uff1dx"), st.characters()))


def opened(text: str, delimiter: str) -> list[str]:
    """Return the cells that a spreadsheet finds which splits at this letter."""
    return [cell for row in csv.reader(io.StringIO(text, newline=None), delimiter=delimiter) for cell in row]


def split(text: str, delimiter: str) -> list[str]:
    """The same in one that knows no quotation marks."""
    return re.split(f"[{re.escape(delimiter)}\r\n]", text)


def runs(cell: str) -> bool:
    return cell.strip(' "\u200b\u3000\ufeff\xa0').startswith(FORMULA)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_cell_is_run_wherever_a_spreadsheet_splits(attack: str, delimiter: str) -> None:
    text = csv_text(("a", "b"), [(attack, attack), ("plain", attack)])
    for cell in opened(text, delimiter) + split(text, delimiter):
        assert not runs(cell), cell


@given(pieces)
def test_no_text_is_run_and_every_text_comes_back(text: str) -> None:
    cell = harmless(text)
    assert as_written(cell) == text
    for delimiter in ";\t|,":
        assert not any(runs(one) for one in split(cell, delimiter))


@pytest.mark.parametrize("text", ["Wait - she thought; then spoke.", "5 + 5 = 10", "ada@s.example", "A 'quiet' word"])
def test_what_is_no_formula_is_left_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    assert [harmless(one) for one in (-5, 0.5, None, True)] == ["-5", "0.5", "", "True"]


def comment(number: int, start: int, end: int | None, text: str) -> Comment:
    made = datetime(2026, 11, 29, tzinfo=UTC)
    row = {"id": f"c{number}", "start_ms": start, "end_ms": end, "text": text, "kind": "noticed", "stage": ""}
    return types.SimpleNamespace(**row, parent_id=None, created_at=made)  # type: ignore[return-value]


ROWS = [
    (comment(1, 10_000, 60_000, "over a range"), "Priya", None),
    (comment(2, 30_000, None, "within it"), "Tom", None),
    (comment(3, 70_000, None, "one"), "Priya", None),
    (comment(4, 70_000, 70_000, "at the same moment"), "Tom", None),
    (comment(5, 10_800_123, 10_800_456, "after three hours"), "Éva", None),
]


def test_a_table_for_people_has_the_mark_and_the_contracts_table_has_none() -> None:
    table = comments_csv(ROWS)
    assert table.encode().startswith(b"\xef\xbb\xbfstart,end,author")
    assert "Éva" in table
    assert write_moments([], []).startswith("start,end,start_ms")


def test_comments_that_overlap_are_all_in_the_elan_document_and_none_is_read_as_what_was_said() -> None:
    document = write_eaf([], [], [], "lesson.mp4", comments=eaf_marks(ROWS))
    assert all(row[0].text in document for row in ROWS)
    assert 'TIER_ID="comments"' in document
    assert 'TIER_ID="comments 2"' in document
    turn = Turn(0, 900, "Ms Better", Role.TEACHER, "Hello")
    both = write_eaf([turn], [], [], "lesson.mp4", comments=eaf_marks(ROWS))
    assert [(line.speaker, line.text) for line in read_eaf(both).lines] == [("Ms Better", "Hello")]


def test_a_media_fragment_keeps_the_milliseconds_after_three_hours() -> None:
    places = [
        one["target"]["selector"]["value"] for one in web_annotations(ROWS, "http://school.example/film")["items"]
    ]
    assert places == ["t=10,60", "t=30", "t=70", "t=70,70", "t=10800.123,10800.456"]


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_a_transcript_that_a_spreadsheet_kept_comes_back_as_it_was(ending: str) -> None:
    rows = [("T", "=1+1; what is it?", 0, 900), ("-S", "x;=2", 1000, 1900)]
    data = csv_text(("speaker", "text", "start_ms", "end_ms"), rows).replace("\r\n", ending).encode()
    lines = parse_transcript(decode_text(data)).lines
    assert [(one.speaker, one.text, one.start_ms, one.end_ms) for one in lines] == rows
    assert parse_transcript(data.decode()).lines == lines  # the mark still in the text


def test_a_staff_list_with_the_mark_and_marked_cells_is_read_as_it_was_written() -> None:
    data = csv_text(("name", "email", "department"), [("-Éva; @home", "eva@s.example", "=Maths")])
    (row,), problems = read_staff(data)
    assert (row.name, row.department, problems) == ("-Éva; @home", "=Maths", ())


def test_no_other_place_writes_a_table() -> None:
    files = [file for package in PACKAGES for file in (PROJECT / package).rglob("*.py")]
    writers = {file.relative_to(PROJECT) for file in files if re.search(r"csv\.(?:Dict)?[wW]riter", file.read_text())}
    assert writers == {Path("core", "text", "csv_table.py")}
