"""Comments as a table, as Web Annotations and as a tier of ELAN: times, answers and tags as others read them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from annotation.lessons.comment_export import COLUMNS, comments_csv, eaf_marks, web_annotations
from core.models import Comment

WRITTEN = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def comment(text: str = "You waited", start_ms: int = 61_005, **values: Any) -> Comment:
    """Return a comment as it comes from the database."""
    row = {"id": "one", "kind": "noticed", "stage": "", "created_at": WRITTEN, **values}
    return Comment(text=text, start_ms=start_ms, **row)


def table(*rows: tuple[Comment, str, str | None]) -> list[dict[str, str]]:
    """Return comments as a program reads their table."""
    return list(csv.DictReader(io.StringIO(comments_csv(rows).lstrip("\ufeff"))))


def test_the_table_has_times_to_the_millisecond_and_nothing_for_a_moment_s_end() -> None:
    rows = table(
        (comment(), "Priya", "Wait longer"),
        (comment("Yes", 3_723_004, id="two", end_ms=3_724_000, parent_id="one"), "Ada", None),
    )
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["start"], row["end"]) for row in rows] == [("0:01:01.005", ""), ("1:02:03.004", "1:02:04.000")]
    assert [(row["author"], row["goal"], row["answers"]) for row in rows] == [
        ("Priya", "Wait longer", ""),
        ("Ada", "", "one"),
    ]
    assert rows[0]["written"] == "2026-11-02T15:00:00+00:00"


def test_a_comment_that_looks_like_a_formula_is_none_in_a_spreadsheet() -> None:
    assert table((comment("=1+1"), "Priya", None))[0]["text"] == "'=1+1"


def test_a_moment_and_a_range_are_media_fragments_in_seconds() -> None:
    rows = [(comment(start_ms=10_800_123), "Priya", None), (comment(start_ms=0, end_ms=70_000), "Priya", None)]
    page = web_annotations(rows, "https://school.example/lessons/x")
    assert (page["type"], page["id"]) == ("AnnotationPage", "https://school.example/lessons/x#comments")
    places = [one["target"]["selector"]["value"] for one in page["items"]]
    assert places == ["t=10800.123", "t=0,70"]
    assert {one["target"]["source"] for one in page["items"]} == {"https://school.example/lessons/x"}


def test_an_annotation_says_why_it_was_made_and_what_it_answers() -> None:
    rows = [
        (comment(), "Priya", None),
        (comment("Why so?", kind="question", stage="R"), "Priya", "Wait longer"),
        (comment("Because", kind="question", id="two", parent_id="one"), "Ada", None),
    ]
    plain, question, answer = web_annotations(rows, "x")["items"]
    assert [one["motivation"] for one in (plain, question, answer)] == ["commenting", "questioning", "replying"]
    assert answer["target"][0] == "urn:hindsight:comment:one"
    assert answer["id"] == "urn:hindsight:comment:two"
    tags = [one["value"] for one in question["body"] if one.get("purpose") == "tagging"]
    assert tags == ["question", "GROW: R", "goal: Wait longer"]
    assert [one["value"] for one in plain["body"]] == ["You waited", "noticed"]
    assert question["creator"] == {"type": "Person", "name": "Priya"}


def test_a_moment_is_a_second_long_in_a_program_that_knows_ranges_alone() -> None:
    rows = [(comment(start_ms=5000), "Priya", None), (comment("Long", 5000, end_ms=5200), "Ada", None)]
    assert eaf_marks(rows) == [(5000, 6000, "Priya: You waited"), (5000, 5200, "Ada: Long")]
