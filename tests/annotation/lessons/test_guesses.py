"""Guesses: asked once a lesson, of its owner alone, and the first answer stays."""

from __future__ import annotations

import pytest

from annotation.lessons.guesses import find_guess, save_guess
from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from tests.support.factories import Pair


def test_the_first_guess_stays_and_so_does_no_guess(pair: Pair) -> None:
    assert find_guess(pair.session, pair.ada, pair.lesson.id) is None
    save_guess(pair.session, pair.ada, pair.lesson.id, 0.4)
    assert save_guess(pair.session, pair.ada, pair.lesson.id, 0.9).share == 0.4
    assert save_guess(pair.session, pair.ada, pair.lesson.id, None).share == 0.4


def test_who_skips_it_is_not_asked_again(pair: Pair) -> None:
    save_guess(pair.session, pair.ada, pair.lesson.id, None)
    skipped = find_guess(pair.session, pair.ada, pair.lesson.id)
    assert skipped is not None
    assert skipped.share is None
    assert save_guess(pair.session, pair.ada, pair.lesson.id, 0.5).share is None


@pytest.mark.parametrize(("share", "taken"), [(0, True), (1, True), (-0.01, False), (1.01, False)])
def test_a_guess_is_a_share_from_nothing_to_all(pair: Pair, share: float, *, taken: bool) -> None:
    if taken:
        assert save_guess(pair.session, pair.ada, pair.lesson.id, share).share == share
        return
    with pytest.raises(InvalidInput, match="from 0 to 100"):
        save_guess(pair.session, pair.ada, pair.lesson.id, share)
    assert find_guess(pair.session, pair.ada, pair.lesson.id) is None


def test_a_coach_guesses_nothing_of_a_lesson_that_is_shared_with_him(pair: Pair) -> None:
    pair.share()
    with pytest.raises(NotFound):
        save_guess(pair.session, pair.priya, pair.lesson.id, 0.5)
    pair.lesson.deleted_at = utc_now()
    with pytest.raises(NotFound):
        save_guess(pair.session, pair.ada, pair.lesson.id, 0.5)
