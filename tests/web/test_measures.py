"""A teacher's own measures over time: hers alone, in order, with how sure each is."""

from __future__ import annotations

from datetime import date
from typing import Any

from annotation.own_measures import figure_of
from core.clock import utc_now
from core.models import Lesson, MeasuresRow, Person
from tests.factories import make_lesson
from tests.web.school import School


def document(waits: int = 8, **values: Any) -> dict[str, Any]:
    base = {
        "speech_ms": 100_000,
        "teacher_ms": 61_000,
        "pupil_ms": 20_000,
        "unsure_ms": 9_000,
        "questions_by_kind": {"open": 3, "probing": 1, "closed": 9},
        "wait_1_median_ms": 2_000 if waits else None,
        "longest_teacher_stretch_ms": 90_000,
        "heard_in": {"wait_1_median_ms": [[0, 500 * (k + 1)] for k in range(waits)]},
    }
    return base | values


def add_lesson(school: School, title: str, taught_on: date, measures: dict[str, Any] | None) -> str:
    with school.database.write() as session:
        owner = session.get_one(Person, school.ids["person_owner"])
        lesson = make_lesson(session, owner, title, taught_on=taught_on)
        if measures is not None:
            session.add(MeasuresRow(lesson_id=lesson.id, document=measures))
        return lesson.id


def test_lessons_stand_in_the_order_of_their_days_and_open_from_their_point(school: School) -> None:
    later = add_lesson(school, "Later", date(2026, 3, 2), document())
    earlier = add_lesson(school, "Earlier", date(2026, 2, 2), document())
    text = school.browser("owner").get("/measures").text
    assert 0 < text.index(f"/lessons/{earlier}") < text.index(f"/lessons/{later}")
    assert "61 %" in text and "61 % to 70 %" in text


def test_a_lesson_still_worked_on_or_deleted_is_not_there(school: School) -> None:
    add_lesson(school, "Being worked on", date(2026, 2, 2), None)
    gone = add_lesson(school, "Taken away", date(2026, 2, 3), document())
    with school.database.write() as session:
        session.get_one(Lesson, gone).deleted_at = utc_now()
    text = school.browser("owner").get("/measures").text
    assert "Being worked on" not in text and "Taken away" not in text and "first lesson" in text


def test_nobody_else_sees_them(school: School) -> None:
    lesson = add_lesson(school, "Hers alone", date(2026, 2, 2), document())
    for kind in ("coach", "lead", "manager", "stranger"):
        text = school.browser(kind).get("/measures").text
        assert "Hers alone" not in text and lesson not in text


def test_few_waits_are_said_in_words_and_no_wait_is_no_figure() -> None:
    few = figure_of("wait_1_median_ms", document(waits=3))
    assert few is not None and few.note == "few waits: 3" and few.low is None
    assert figure_of("wait_1_median_ms", document(waits=0)) is None
    many = figure_of("wait_1_median_ms", document(waits=8))
    assert many is not None and many.low == 1375 and many.high == 3125


def test_a_lesson_in_which_nobody_spoke_has_no_figures() -> None:
    assert figure_of("teacher_share_of_talk", document(speech_ms=0)) is None
