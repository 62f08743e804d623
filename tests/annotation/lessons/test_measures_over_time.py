"""Measures over time: the owner's own, in the order of her days, with their bounds, shown to whom she chooses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from annotation.errors import PartnershipOver
from annotation.lessons.guesses import save_guess
from annotation.lessons.measures_over_time import (
    TITLES,
    Figure,
    figure_of,
    lessons_measured,
    lessons_to_guess,
    own_lessons_measured,
    owners_shown_by,
    seen_lessons,
    show_to,
    showings_of,
    shown_by,
    withdraw_showing,
)
from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from core.measure_figures import figures_of
from core.models import Guess, Lesson, MeasuresRow
from tests.support.factories import START, Pair, make_lesson, make_partnership, make_person


def document(waits: int = 8, **values: Any) -> dict[str, Any]:
    base = {
        "speech_ms": 100_000,
        "teacher_ms": 61_000,
        "pupil_ms": 20_000,
        "unsure_ms": 9_000,
        "questions_by_kind": {"open": 3, "probing": 1, "closed": 9},
        "wait_1_median_ms": 2_000 if waits else None,
        "wait_1_share_3s": 0.25 if waits else None,
        "turn_changes": 12,
        "longest_teacher_stretch_ms": 90_000,
        "heard_in": {"wait_1_median_ms": [[0, 500 * (k + 1)] for k in range(waits)]},
    }
    return base | values


def measured(pair: Pair, title: str, **values: Any) -> Lesson:
    """Add a measured lesson of Ada's, of which she has guessed."""
    lesson = make_lesson(pair.session, pair.ada, title, **values)
    pair.session.add(MeasuresRow(lesson_id=lesson.id, document=document()))
    pair.session.add(Guess(lesson_id=lesson.id, person_id=pair.ada.id, share=None, made_at=utc_now()))
    pair.session.flush()
    return lesson


def test_few_waits_are_said_in_words_and_no_wait_is_no_figure() -> None:
    few = figure_of("wait_1_median_ms", figures_of(document(waits=3)))
    assert few is not None and few.note == "few waits: 3" and few.low is None
    assert figure_of("wait_1_median_ms", figures_of(document(waits=0))) is None
    many = figure_of("wait_1_median_ms", figures_of(document(waits=8)))
    assert many is not None and many.low == 1375 and many.high == 3125


def test_a_lesson_in_which_nobody_spoke_has_no_figures() -> None:
    assert figure_of("teacher_share_of_talk", figures_of(document(speech_ms=0))) is None


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("teacher_share_of_talk", Figure(0.61, 0.61, 0.7)),
        ("pupil_ms", Figure(20_000, 20_000, 29_000)),
        ("open_questions", Figure(4)),
        ("wait_1_share_3s", Figure(0.25)),
        ("turn_changes", Figure(12)),
        ("longest_teacher_stretch_ms", Figure(90_000)),
    ],
)
def test_a_figure_is_bounded_by_what_is_not_known(name: str, figure: Figure) -> None:
    assert name in TITLES
    assert figure_of(name, figures_of(document())) == figure


def test_the_median_lies_within_its_bounds_also_when_it_was_measured_otherwise() -> None:
    high = figure_of("wait_1_median_ms", figures_of(document(wait_1_median_ms=9000)))
    low = figure_of("wait_1_median_ms", figures_of(document(wait_1_median_ms=10)))
    assert high is not None
    assert low is not None
    assert (high.low, high.high, low.low, low.high) == (1375, 9000, 10, 3125)


@pytest.mark.parametrize(("waits", "note"), [(4, "few waits: 4"), (5, "")])
def test_five_waits_are_enough_for_a_median(waits: int, note: str) -> None:
    for name in ("wait_1_median_ms", "wait_1_share_3s"):
        figure = figure_of(name, figures_of(document(waits)))
        assert figure is not None
        assert figure.note == note
    second = document(wait_2_median_ms=700)
    second["heard_in"]["wait_2_median_ms"] = []
    assert figure_of("wait_2_median_ms", figures_of(second)) == Figure(700, note="few waits")


def test_a_lesson_without_an_open_question_had_none() -> None:
    assert figure_of("open_questions", figures_of(document(questions_by_kind={}))) == Figure(0)


def test_lessons_stand_by_the_day_on_which_they_were_taught(pair: Pair) -> None:
    late = measured(pair, "Late", created_at=START, taught_on=date(2026, 12, 1))
    early = measured(pair, "Early", created_at=START + timedelta(days=5), taught_on=date(2026, 10, 1))
    uploaded = measured(pair, "Uploaded", created_at=START)
    found = own_lessons_measured(pair.session, pair.ada)
    assert [(one.lesson_id, one.day) for one in found] == [
        (early.id, date(2026, 10, 1)),
        (uploaded.id, date(2026, 11, 2)),
        (late.id, date(2026, 12, 1)),
    ]
    assert own_lessons_measured(pair.session, pair.priya) == []
    assert set(lessons_measured(pair.session, {pair.ada.id, pair.priya.id})) == {pair.ada.id}


def test_what_is_deleted_not_guessed_or_a_conversation_is_no_lesson_of_hers(pair: Pair) -> None:
    session = pair.session
    measured(pair, "Deleted", deleted_at=utc_now())
    measured(pair, "Talk", conversation_id=pair.partnership.id)
    session.add(MeasuresRow(lesson_id=pair.lesson.id, document=document()))
    session.flush()
    assert own_lessons_measured(session, pair.ada) == []
    assert lessons_to_guess(session, pair.ada) == [(pair.lesson.id, pair.lesson.title)]
    save_guess(session, pair.ada, pair.lesson.id, None)
    session.flush()
    assert lessons_to_guess(session, pair.ada) == []
    assert [one.lesson_id for one in own_lessons_measured(session, pair.ada)] == [pair.lesson.id]


def test_measures_are_shown_once_to_a_coach_and_taken_back_at_once_by_their_owner_alone(pair: Pair) -> None:
    session = pair.session
    for _ in range(2):
        show_to(session, pair.ada, pair.partnership.id)
    found = showings_of(session, pair.ada)
    assert [(person.name, row.taken_back_at) for row, person in found] == [("Priya Coach", None)]
    assert shown_by(session, pair.priya, pair.partnership.id) is pair.ada
    assert owners_shown_by(session, pair.priya, {pair.partnership.id, "another"}) == {pair.partnership.id: pair.ada.id}
    for nobody in (pair.ada, pair.otto):
        with pytest.raises(NotFound):
            shown_by(session, nobody, pair.partnership.id)
    showing = found[0][0]
    with pytest.raises(NotFound):
        withdraw_showing(session, pair.priya, showing.id)
    withdraw_showing(session, pair.ada, showing.id)
    when = showing.taken_back_at
    withdraw_showing(session, pair.ada, showing.id)
    session.flush()
    assert (showing.taken_back_at, showings_of(session, pair.ada)) == (when, [])
    with pytest.raises(NotFound):
        shown_by(session, pair.priya, pair.partnership.id)
    show_to(session, pair.ada, pair.partnership.id)
    assert len(showings_of(session, pair.ada)) == 1


def test_measures_are_shown_to_somebody_who_coaches_her_now(pair: Pair) -> None:
    with pytest.raises(InvalidInput, match="somebody who coaches you"):
        show_to(pair.session, pair.priya, pair.partnership.id)
    with pytest.raises(NotFound):
        show_to(pair.session, pair.otto, pair.partnership.id)
    pair.end()
    with pytest.raises(PartnershipOver):
        show_to(pair.session, pair.ada, pair.partnership.id)


def test_a_coach_opens_only_those_lessons_of_a_chart_that_are_shared(pair: Pair) -> None:
    measured(pair, "Not shared")
    session = pair.session
    session.add(MeasuresRow(lesson_id=pair.lesson.id, document=document()))
    save_guess(session, pair.ada, pair.lesson.id, None)
    pair.share()
    lessons = own_lessons_measured(session, pair.ada)
    assert len(lessons) == 2
    assert seen_lessons(session, pair.priya, lessons) == {pair.lesson.id}
    assert seen_lessons(session, make_person(session), lessons) == set()
    assert seen_lessons(session, pair.ada, lessons) == {one.lesson_id for one in lessons}
    make_partnership(session, pair.otto, pair.ada)
    assert seen_lessons(session, pair.otto, lessons) == set()
