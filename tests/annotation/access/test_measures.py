"""Who may read measures: the owner always, a coach once she has guessed, shares the lesson and shows them to him."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotation.access.measures import may_see_measures
from annotation.lessons.guesses import save_guess
from annotation.lessons.measures_over_time import show_to, showings_of, withdraw_showing
from core.clock import utc_now
from core.models import Guess
from tests.support.factories import Pair, make_lesson, make_partnership, make_person, make_share


def guess(pair: Pair) -> None:
    """Have Ada guess her share of the talk."""
    save_guess(pair.session, pair.ada, pair.lesson.id, 0.5)


def show(pair: Pair) -> None:
    """Have Ada show her measures to Priya."""
    show_to(pair.session, pair.ada, pair.partnership.id)


def seen(pair: Pair) -> set[str]:
    """Return who may read the measures of the lesson."""
    pair.session.flush()
    everybody = (pair.ada, pair.priya, pair.otto)
    return {one.name for one in everybody if may_see_measures(pair.session, one, pair.lesson)}


@pytest.mark.parametrize("left_out", [Pair.share, guess, show])
def test_a_coach_needs_the_share_the_guess_and_the_showing(pair: Pair, left_out: Callable[[Pair], object]) -> None:
    for step in (Pair.share, guess, show):
        if step is not left_out:
            step(pair)
    assert seen(pair) == {"Ada Teacher"}
    left_out(pair)
    assert seen(pair) == {"Ada Teacher", "Priya Coach"}


def withdraw(pair: Pair) -> None:
    """Take the showing back."""
    withdraw_showing(pair.session, pair.ada, showings_of(pair.session, pair.ada)[0][0].id)


@pytest.mark.parametrize("ends", [withdraw, Pair.end, lambda pair: pair.end("suspended"), Pair.put_in_line])
def test_the_measures_close_with_the_showing_the_partnership_and_a_line_of_management(
    pair: Pair, ends: Callable[[Pair], None]
) -> None:
    pair.share()
    guess(pair)
    show(pair)
    assert "Priya Coach" in seen(pair)
    ends(pair)
    assert seen(pair) == {"Ada Teacher"}


def test_a_share_that_is_taken_back_closes_the_measures_of_its_lesson(pair: Pair) -> None:
    share = pair.share()
    guess(pair)
    show(pair)
    share.taken_back_at = utc_now()
    assert seen(pair) == {"Ada Teacher"}


def test_what_is_shown_to_one_coach_or_of_one_lesson_opens_nothing_to_another_or_of_another(pair: Pair) -> None:
    session = pair.session
    omar = make_person(session, "Omar")
    make_share(session, pair.lesson, make_partnership(session, omar, pair.ada))
    pair.share()
    guess(pair)
    show(pair)
    assert not may_see_measures(session, omar, pair.lesson)
    second = make_lesson(session, pair.ada)
    make_share(session, second, pair.partnership)
    assert not may_see_measures(session, pair.priya, second)  # its own guess is still to come
    session.add(Guess(lesson_id=second.id, person_id=pair.priya.id, share=0.5, made_at=utc_now()))
    session.flush()
    assert not may_see_measures(session, pair.priya, second)  # somebody else's guess is none
