"""Cards of a session: at most three, in the order of the film, with words only while the comment stands."""

from __future__ import annotations

import pytest

from annotation.coaching.session_cards import cards_of, cards_of_sessions, choose_moment, drop_moment
from annotation.coaching.session_log import write_log
from annotation.coaching.sessions import begin_session, end_session
from annotation.errors import PartnershipSuspended
from annotation.lessons.comments import CommentText, add_comment, delete_comment, edit_comment
from core.errors import InvalidInput, NotFound
from core.models import CoachingSession, Comment
from tests.support.factories import Pair, make_lesson, make_partnership, make_person, make_share


@pytest.fixture
def room(pair: Pair) -> CoachingSession:
    """Return the room of the two over the shared lesson."""
    pair.share()
    return begin_session(pair.session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)


def said(pair: Pair, text: str, at_ms: int, *, to_priya: bool = True) -> Comment:
    """Write a comment of Ada's on the lesson."""
    partnership_id = pair.partnership.id if to_priya else None
    return add_comment(pair.session, pair.ada, pair.lesson, CommentText(text, at_ms), partnership_id=partnership_id)[0]


def test_cards_stand_in_the_order_of_the_film_and_a_fourth_is_refused(pair: Pair, room: CoachingSession) -> None:
    for person, at_ms in ((pair.ada, 9000), (pair.priya, 1000), (pair.ada, 5000)):
        choose_moment(pair.session, person, room.id, at_ms)
    found = [(card.start_ms, card.by) for card in cards_of(pair.session, room)]
    assert found == [(1000, pair.priya.id), (5000, pair.ada.id), (9000, pair.ada.id)]
    with pytest.raises(InvalidInput, match="take one away first"):
        choose_moment(pair.session, pair.ada, room.id, 7000)
    drop_moment(pair.session, pair.priya, room.id, 5000)  # either may, whoever chose it
    choose_moment(pair.session, pair.ada, room.id, 7000)
    assert [card.start_ms for card in cards_of(pair.session, room)] == [1000, 7000, 9000]


def test_a_card_says_what_its_comment_says_now_and_nothing_once_that_is_deleted(
    pair: Pair, room: CoachingSession
) -> None:
    comment = said(pair, "I waited", 3000)
    choose_moment(pair.session, pair.priya, room.id, 3000, comment.id)
    edit_comment(pair.session, pair.ada, comment, CommentText("I waited five seconds", 3000))
    assert [card.text for card in cards_of(pair.session, room)] == ["I waited five seconds"]
    delete_comment(pair.session, pair.ada, comment)
    pair.session.flush()
    assert [(card.text, card.comment_id) for card in cards_of(pair.session, room)] == [("", comment.id)]


def test_a_private_note_a_deleted_comment_and_one_to_another_coach_become_no_card(
    pair: Pair, room: CoachingSession
) -> None:
    private, gone = said(pair, "For myself", 1000, to_priya=False), said(pair, "Gone", 2000)
    delete_comment(pair.session, pair.ada, gone)
    other = make_partnership(pair.session, make_person(pair.session, "Omar"), pair.ada)
    make_share(pair.session, pair.lesson, other)
    elsewhere, _ = add_comment(
        pair.session, pair.ada, pair.lesson, CommentText("To Omar", 3000), partnership_id=other.id
    )
    second = make_lesson(pair.session, pair.ada)
    make_share(pair.session, second, pair.partnership)
    beside, _ = add_comment(
        pair.session, pair.ada, second, CommentText("Another lesson", 1), partnership_id=pair.partnership.id
    )
    for comment in (private, gone, elsewhere, beside):
        with pytest.raises(NotFound):
            choose_moment(pair.session, pair.ada, room.id, comment.start_ms, comment.id)
    with pytest.raises(NotFound):
        choose_moment(pair.session, pair.ada, room.id, 1000, "nothing")
    assert cards_of(pair.session, room) == []


def test_no_moment_lies_before_the_film(pair: Pair, room: CoachingSession) -> None:
    with pytest.raises(InvalidInput, match="moment of the film"):
        choose_moment(pair.session, pair.ada, room.id, -1)
    choose_moment(pair.session, pair.ada, room.id, 0)
    assert [card.start_ms for card in cards_of(pair.session, room)] == [0]


def test_no_card_is_chosen_or_taken_away_after_the_session_or_while_suspended(
    pair: Pair, room: CoachingSession
) -> None:
    choose_moment(pair.session, pair.ada, room.id, 1000)
    pair.put_in_line()
    with pytest.raises(PartnershipSuspended):
        choose_moment(pair.session, pair.ada, room.id, 2000)
    pair.ada.manager_id = None
    pair.session.flush()
    write_log(pair.session, pair.ada, room.id, action="Count")
    end_session(pair.session, pair.ada, room.id)
    for act in (choose_moment, drop_moment):
        with pytest.raises(InvalidInput, match="This session is over"):
            act(pair.session, pair.ada, room.id, 1000)
    with pytest.raises(NotFound):
        choose_moment(pair.session, pair.otto, room.id, 2000)
    assert [card.start_ms for card in cards_of_sessions(pair.session, [room])[room.id]] == [1000]
