"""A recorded conversation reaches nobody but its two people, on any road, and only both make it anything else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access import reading
from annotation.access.reading import may_see
from annotation.coaching.conversations import (
    ask_for_lesson,
    call_conversation,
    conversation_news,
    conversations_of,
    forget_conversation,
    keep_conversation,
    recorded_with,
)
from annotation.coaching.partnerships import end_partnership
from annotation.coaching.portfolio import add_clip
from annotation.coaching.sessions import begin_session
from annotation.errors import ConversationClosed, PartnershipOver
from annotation.lessons.clips import clips_with, delete_clip, list_shared_clips, make_clip, restore_clip, share_clip
from annotation.lessons.comments import CommentText, add_comment, list_comments
from annotation.lessons.lessons import let_coaches_meet, list_shared
from annotation.lessons.sharing import open_shares, share_lesson
from core.clock import utc_now
from core.database.db import Database
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Comment, Lesson, Partnership, Person, Share
from tests.support.factories import START, make_lesson, make_partnership, make_person, make_share


@dataclass
class Talk:
    """Priya coaches Ada and recorded it; Mark, her own coach and Ada's line manager, must never hear it."""

    session: Session
    priya: Person
    ada: Person
    mark: Person
    with_ada: Partnership
    with_mark: Partnership
    lesson: Lesson
    clip: Clip

    def call(self) -> None:
        """Call it a conversation."""
        call_conversation(self.session, self.priya, self.lesson.id, self.with_ada.id, agreed=True)


@pytest.fixture
def talk(database: Database) -> Iterator[Talk]:
    with database.write() as session:
        mark = make_person(session, "Mark")
        priya, ada = make_person(session, "Priya"), make_person(session, "Ada", manager_id=mark.id)
        with_ada, with_mark = make_partnership(session, priya, ada), make_partnership(session, mark, priya)
        lesson = make_lesson(session, priya, "Our talk", duration_ms=60_000)
        clip = make_clip(session, priya, lesson.id, "All of it", 0, 60_000)
        yield Talk(session, priya, ada, mark, with_ada, with_mark, lesson, clip)


def test_neither_a_conversation_nor_a_clip_of_it_can_be_shared(talk: Talk) -> None:
    talk.call()
    later = make_clip(talk.session, talk.priya, talk.lesson.id, "Cut afterwards", 0, 5000)
    with pytest.raises(ConversationClosed):
        share_lesson(talk.session, talk.priya, talk.lesson, talk.with_mark.id, None)
    for clip in (talk.clip, later):
        with pytest.raises(ConversationClosed):
            share_clip(talk.session, talk.priya, clip.id, talk.with_mark.id)
    assert not [*talk.session.scalars(select(Share)), *talk.session.scalars(select(ClipShare))]


def open_everything(talk: Talk) -> Comment:
    """Put rows into the tables that would open a lesson, past every function that refuses it."""
    make_share(talk.session, talk.lesson, talk.with_mark)
    talk.session.add(ClipShare(clip_id=talk.clip.id, partnership_id=talk.with_mark.id, created_at=START))
    said = {"lesson_id": talk.lesson.id, "start_ms": 1, "text": "Private", "created_at": utc_now()}
    comment = Comment(author_id=talk.priya.id, partnership_id=talk.with_mark.id, **said)
    on_clip = Comment(author_id=talk.priya.id, partnership_id=talk.with_mark.id, clip_id=talk.clip.id, **said)
    talk.session.add_all([comment, on_clip])
    let_coaches_meet(talk.session, talk.priya, talk.lesson.id, True)
    talk.session.flush()
    return comment


def test_a_share_that_exists_all_the_same_opens_nothing(talk: Talk) -> None:
    comment = open_everything(talk)
    assert may_see(talk.session, talk.mark, talk.lesson)  # or what follows would show nothing
    talk.lesson.conversation_id = talk.with_ada.id
    talk.session.flush()
    session, mark = talk.session, talk.mark
    for thing in (talk.lesson, talk.clip, comment):
        for person in (mark, talk.ada):
            assert not may_see(session, person, thing)
    assert (list_shared(session, mark), list_shared_clips(session, mark)) == ([], [])
    assert open_shares(session, mark, [talk.lesson.id]) == {}
    assert list(clips_with(session, mark, talk.with_mark.id)) == []
    assert list(list_comments(session, mark, talk.lesson.id)) == []
    for film in ({"lesson_id": talk.lesson.id}, {"clip_id": talk.clip.id}):
        with pytest.raises(InvalidInput):
            begin_session(session, talk.priya, talk.with_mark.id, **film)
        with pytest.raises(NotFound):
            begin_session(session, mark, talk.with_mark.id, **film)
    with pytest.raises(NotFound):
        add_clip(session, mark, talk.clip.id)
    with pytest.raises(NotFound):
        add_comment(session, mark, talk.lesson, CommentText("I heard you", 5))


@pytest.mark.parametrize(
    "name", [name for name, one in inspect.getmembers(reading, inspect.isfunction) if name.startswith("live_")]
)
def test_every_condition_that_opens_something_of_a_lesson_leaves_conversations_out(name: str) -> None:
    """A new `live_…` fails here until it asks whether the lesson is a conversation."""
    condition: Callable[[], object] = getattr(reading, name)
    about_a_lesson = "lesson" in str(condition())
    assert ("conversation_id IS NULL" in str(condition())) == about_a_lesson


def test_what_was_cut_and_shared_before_it_was_called_a_conversation_is_taken_back_first(talk: Talk) -> None:
    share_clip(talk.session, talk.priya, talk.clip.id, talk.with_mark.id)
    with pytest.raises(InvalidInput, match="take it back first"):
        talk.call()
    delete_clip(talk.session, talk.priya, talk.clip.id)
    talk.call()
    restore_clip(talk.session, talk.priya, talk.clip.id)
    assert not may_see(talk.session, talk.mark, talk.clip)
    ask_for_lesson(talk.session, talk.priya, talk.lesson.id)
    assert ask_for_lesson(talk.session, talk.ada, talk.lesson.id)
    assert not may_see(talk.session, talk.mark, talk.clip)  # the share of the deleted clip was closed with the rest


@pytest.mark.parametrize("state", ["asked", "ended", "suspended"])
def test_a_request_that_was_not_answered_makes_no_conversation(talk: Talk, state: str) -> None:
    talk.with_ada.state = state
    with pytest.raises(PartnershipOver):
        talk.call()
    assert talk.lesson.conversation_id is None


def test_whose_conversation_it_is_cannot_be_changed(talk: Talk) -> None:
    talk.call()
    other = make_partnership(talk.session, talk.priya, make_person(talk.session, "Omar"))
    with pytest.raises(InvalidInput):
        call_conversation(talk.session, talk.priya, talk.lesson.id, other.id, agreed=True)
    assert [one.lesson.id for one in recorded_with(talk.session, talk.ada)] == [talk.lesson.id]


@pytest.mark.parametrize("turned", [False, True])
def test_only_both_together_make_it_a_lesson(talk: Talk, turned: bool) -> None:
    talk.call()
    first, second = (talk.ada, talk.priya) if turned else (talk.priya, talk.ada)
    for _ in range(3):  # pressing again is no second voice
        assert not ask_for_lesson(talk.session, first, talk.lesson.id)
    assert [one.lesson.id for one in conversations_of(talk.session, talk.priya)] == [talk.lesson.id]
    assert [one.other_asks for one in conversation_news(talk.session, second)] == [True]
    keep_conversation(talk.session, second, talk.lesson.id)
    assert not ask_for_lesson(talk.session, second, talk.lesson.id)  # a refusal leaves nothing that could be agreed to
    assert ask_for_lesson(talk.session, first, talk.lesson.id)
    assert conversations_of(talk.session, talk.priya) == []
    with pytest.raises(NotFound):
        forget_conversation(talk.session, talk.ada, talk.lesson.id)


def test_nobody_else_says_a_word_about_it(talk: Talk) -> None:
    talk.call()
    for say in (ask_for_lesson, keep_conversation, forget_conversation):
        with pytest.raises(NotFound):
            say(talk.session, talk.mark, talk.lesson.id)
    assert (recorded_with(talk.session, talk.mark), conversations_of(talk.session, talk.mark)) == ([], [])


def test_she_sees_that_it_exists_and_has_it_deleted_until_she_has_agreed(talk: Talk) -> None:
    talk.call()
    assert [one.other for one in conversation_news(talk.session, talk.ada)] == ["Priya"]
    ask_for_lesson(talk.session, talk.priya, talk.lesson.id)
    end_partnership(talk.session, talk.priya, talk.with_ada.id)
    talk.lesson.deleted_at = utc_now()  # it can still be brought back
    talk.session.flush()
    assert [one.lesson.id for one in recorded_with(talk.session, talk.ada, talk.with_ada.id)] == [talk.lesson.id]
    forget_conversation(talk.session, talk.ada, talk.lesson.id)
    talk.session.expire_all()
    assert talk.session.scalar(select(Lesson.id)) is None
