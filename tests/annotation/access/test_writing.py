"""Who may change what: asked of the rules themselves, for each kind of thing and each way a right ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotation.access.reading import Thing
from annotation.access.writing import may_change, require_change, require_delete
from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.walks import begin_walk, save_note, save_walk
from annotation.lessons.clips import make_clip
from annotation.lessons.comments import CommentText, add_comment
from core.clock import utc_now
from core.errors import NotFound
from core.models import Comment, Lesson
from tests.support.factories import Pair


def changing(pair: Pair, thing: Thing) -> set[str]:
    """Return who may change a thing."""
    pair.session.flush()
    everybody = (pair.ada, pair.priya, pair.otto)
    return {one.name.partition(" ")[0] for one in everybody if may_change(pair.session, one, thing)}


def comment(pair: Pair, *, private: bool = False) -> Comment:
    """Write a comment of Priya's on the shared lesson."""
    to = None if private else pair.partnership.id
    return add_comment(pair.session, pair.priya, pair.lesson, CommentText("A word", 5), partnership_id=to)[0]


def test_a_lesson_its_clips_and_its_shares_are_changed_by_the_owner_alone(pair: Pair) -> None:
    share, clip = pair.share(), make_clip(pair.session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    things: tuple[Thing, ...] = (pair.lesson, clip, share)
    for thing in things:
        assert changing(pair, thing) == {"Ada"}
    pair.lesson.deleted_at = utc_now()
    assert changing(pair, clip) == set()  # the lesson is brought back first
    assert changing(pair, pair.lesson) == {"Ada"}


def test_a_partnership_is_ended_by_either_and_a_goal_changed_by_both_while_it_is_active(pair: Pair) -> None:
    goal = set_goal(pair.session, pair.ada, pair.partnership.id, GoalText("Wait longer"))
    for thing in (pair.partnership, goal):
        assert changing(pair, thing) == {"Ada", "Priya"}
    pair.put_in_line()
    assert changing(pair, goal) == set()
    assert changing(pair, pair.partnership) == {"Ada", "Priya"}


def test_a_comment_is_changed_by_its_author_while_its_place_is_open_and_its_partnership_active(pair: Pair) -> None:
    share = pair.share()
    said, note = comment(pair), comment(pair, private=True)
    assert (changing(pair, said), changing(pair, note)) == ({"Priya"}, {"Priya"})
    pair.partnership.state = "suspended"
    assert (changing(pair, said), changing(pair, note)) == (set(), set())
    pair.partnership.state, share.taken_back_at = "active", utc_now()
    assert (changing(pair, said), changing(pair, note)) == (set(), set())


def test_a_comment_is_deleted_by_its_author_also_where_its_place_is_closed(pair: Pair) -> None:
    share = pair.share()
    said = comment(pair)
    share.taken_back_at = utc_now()
    pair.end()
    assert require_delete(pair.session, pair.priya, said) is said
    for person, thing in ((pair.ada, said), (pair.otto, said), (pair.priya, None)):
        with pytest.raises(NotFound):
            require_delete(pair.session, person, thing)
    pair.lesson.deleted_at = utc_now()
    with pytest.raises(NotFound):  # the lesson goes with all that was said on it
        require_delete(pair.session, pair.priya, said)


def test_a_visit_is_changed_by_its_observer_until_it_is_saved(pair: Pair) -> None:
    walk = begin_walk(pair.session, pair.otto, pair.ada.id, "Visit")
    assert changing(pair, walk) == {"Otto"}
    save_note(pair.session, pair.otto, walk.id, 0, "A calm start", "one")
    save_walk(pair.session, pair.otto, walk.id)
    assert changing(pair, walk) == set()


@pytest.mark.parametrize("missing", [lambda pair: None, lambda pair: pair.lesson])
def test_what_may_not_be_changed_looks_as_if_it_were_not_there(
    pair: Pair, missing: Callable[[Pair], Lesson | None]
) -> None:
    with pytest.raises(NotFound):
        require_change(pair.session, pair.otto, missing(pair))
    assert require_change(pair.session, pair.ada, pair.lesson) is pair.lesson
