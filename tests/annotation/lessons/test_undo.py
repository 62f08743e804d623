"""How long a deletion can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.lessons.undo import UNDO, UNDO_LESSON, require_recent
from core.clock import stopped_at, utc_now
from core.errors import NotFound


@pytest.mark.parametrize("within", [UNDO, UNDO_LESSON])
def test_a_deletion_is_undone_to_its_last_moment_and_not_after_it(within: timedelta) -> None:
    with stopped_at(utc_now()):
        require_recent(utc_now() - within, within)
        with pytest.raises(NotFound):
            require_recent(utc_now() - within - timedelta(microseconds=1), within)


def test_a_comment_comes_back_for_a_day_and_a_lesson_for_a_week() -> None:
    assert (timedelta(days=1), timedelta(days=7)) == (UNDO, UNDO_LESSON)
    with stopped_at(utc_now()), pytest.raises(NotFound):
        require_recent(utc_now() - timedelta(days=2))
