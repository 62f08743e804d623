"""The right to hear of an event: each listener is told of what she may see at that moment, and of nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.access.hearing import Topic, ended_by_time, may_hear
from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.comments import CommentText, add_comment, delete_comment
from core.clock import utc_now
from core.database.events import About, Happened
from core.models import Clip, Comment, SignIn
from tests.support.factories import Pair, make_lesson, make_partnership, make_person, make_share


def hearing(pair: Pair, topic: Topic, lesson_id: str | None, kind: str = "lesson", **about: str) -> set[str]:
    """Return who is told of an event while she follows a topic."""
    pair.session.flush()
    event = Happened(1, lesson_id, kind, About(**about))
    everybody = (pair.ada, pair.priya, pair.otto)
    return {one.name.partition(" ")[0] for one in everybody if may_hear(pair.session, one, topic, event)}


def clip_of(pair: Pair) -> Clip:
    """Make a clip that is open to Otto alone, who becomes a coach of Ada's."""
    clip = make_clip(pair.session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    with_otto = make_partnership(pair.session, pair.otto, pair.ada)
    share_clip(pair.session, pair.ada, clip.id, with_otto.id)
    return clip


def comment(pair: Pair, *, private: bool = False) -> Comment:
    """Write a comment of Priya's on the lesson."""
    to = None if private else pair.partnership.id
    return add_comment(pair.session, pair.priya, pair.lesson, CommentText("A word", 5), partnership_id=to)[0]


def test_a_change_of_a_lesson_is_told_to_whom_it_is_open_while_it_is(pair: Pair) -> None:
    topic = Topic(pair.lesson.id)
    assert hearing(pair, topic, pair.lesson.id) == {"Ada"}
    share = pair.share()
    assert hearing(pair, topic, pair.lesson.id) == {"Ada", "Priya"}
    share.taken_back_at = utc_now()
    assert hearing(pair, topic, pair.lesson.id) == {"Ada"}


def test_nobody_who_follows_another_lesson_hears_of_it(pair: Pair) -> None:
    pair.share()
    second = make_lesson(pair.session, pair.ada)
    make_share(pair.session, second, pair.partnership)
    assert hearing(pair, Topic(second.id), pair.lesson.id) == set()
    assert hearing(pair, Topic(), None) == set()
    assert hearing(pair, Topic("gone"), "gone") == set()


def test_a_comment_is_told_to_those_who_may_read_it_also_when_it_was_just_deleted(pair: Pair) -> None:
    pair.share()
    topic, said, note = Topic(pair.lesson.id), comment(pair), comment(pair, private=True)
    assert hearing(pair, topic, pair.lesson.id, "comment", comment_id=said.id) == {"Ada", "Priya"}
    assert hearing(pair, topic, pair.lesson.id, "comment", comment_id=note.id) == {"Priya"}
    delete_comment(pair.session, pair.priya, said)
    assert hearing(pair, topic, pair.lesson.id, "comment", comment_id=said.id) == {"Ada", "Priya"}


def test_what_is_about_one_person_is_told_to_her_alone(pair: Pair) -> None:
    pair.share()
    topic = Topic(pair.lesson.id)
    assert hearing(pair, topic, pair.lesson.id, "words", person_id=pair.priya.id) == {"Priya"}
    assert hearing(pair, topic, pair.lesson.id, "words", person_id=pair.ada.id) == {"Ada"}


def test_a_share_is_told_to_its_partnership_and_never_to_another_coach(pair: Pair) -> None:
    pair.share()
    other = make_partnership(pair.session, pair.otto, pair.ada)
    make_share(pair.session, pair.lesson, other)
    about = {"partnership_id": pair.partnership.id}
    assert hearing(pair, Topic(pair.lesson.id), pair.lesson.id, "share", **about) == {"Ada", "Priya"}
    assert hearing(pair, Topic(pair.lesson.id), pair.lesson.id, "share", partnership_id="gone") == {"Ada"}


def test_who_follows_a_clip_hears_of_that_clip_and_not_of_its_lesson(pair: Pair) -> None:
    clip = clip_of(pair)
    pair.share()
    on_clip, on_lesson = Topic(pair.lesson.id, clip_id=clip.id), Topic(pair.lesson.id)
    assert "Otto" in hearing(pair, on_clip, pair.lesson.id, "step", clip_id=clip.id)
    assert "Otto" not in hearing(pair, on_clip, pair.lesson.id, "step", clip_id="another")
    assert "Priya" not in hearing(pair, on_lesson, pair.lesson.id, "step", clip_id=clip.id)
    assert hearing(pair, on_clip, pair.lesson.id) == {"Ada"}


def test_a_session_is_told_to_who_is_in_its_room_and_writing_to_the_other_one_alone(pair: Pair) -> None:
    room, elsewhere = Topic(pair.lesson.id, session_id="room"), Topic(pair.lesson.id, session_id="another")
    assert hearing(pair, room, pair.lesson.id, "session", session_id="room") == {"Ada", "Priya", "Otto"}
    assert hearing(pair, elsewhere, pair.lesson.id, "session", session_id="room") == set()
    assert hearing(pair, Topic(pair.lesson.id), pair.lesson.id, "session", session_id="room") == set()
    about = {"session_id": "room", "person_id": pair.ada.id}
    assert hearing(pair, room, pair.lesson.id, "writing-G", **about) == {"Ada"}


@pytest.mark.parametrize("kind", ["share", "clip share", "sign-in"])
def test_a_right_that_ends_by_its_date_is_noticed_once(pair: Pair, kind: str) -> None:
    session, now = pair.session, utc_now()
    end = now - timedelta(seconds=5)
    if kind == "share":
        pair.share(until=end)
    elif kind == "clip share":
        clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
        share_clip(session, pair.ada, clip.id, pair.partnership.id).until = end
    else:
        times = {"created_at": end, "last_seen_at": end, "expires_at": end}
        session.add(SignIn(person_id=make_person(session).id, secret_hash="x", **times))
    session.flush()
    assert ended_by_time(session, end - timedelta(seconds=1), now)
    assert ended_by_time(session, end - timedelta(seconds=1), end)
    assert not ended_by_time(session, end, now)
    assert not ended_by_time(session, now - timedelta(days=1), end - timedelta(seconds=1))
