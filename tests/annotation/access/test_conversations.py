"""The rule about recorded conversations: they are read by whoever recorded them, and known to the other one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from annotation.access.conversations import (
    is_no_conversation,
    recorded_of,
    require_conversation,
    require_no_conversation,
)
from annotation.errors import ConversationClosed
from core.errors import NotFound
from core.models import Lesson, Partnership
from tests.support.factories import Pair, make_lesson


@pytest.fixture
def talk(pair: Pair) -> Lesson:
    """Return what Priya recorded of a conversation with Ada."""
    return make_lesson(pair.session, pair.priya, "Our talk", conversation_id=pair.partnership.id)


def test_a_conversation_is_refused_where_a_lesson_would_be_opened(pair: Pair, talk: Lesson) -> None:
    require_no_conversation(pair.lesson)
    with pytest.raises(ConversationClosed):
        require_no_conversation(talk)
    found = set(pair.session.scalars(select(Lesson.id).where(is_no_conversation())))
    assert found == {pair.lesson.id}


def test_it_is_known_to_the_two_who_are_in_it_and_to_nobody_else(pair: Pair, talk: Lesson) -> None:
    for person in (pair.priya, pair.ada):
        assert require_conversation(pair.session, person, talk).id == pair.partnership.id
    with pytest.raises(NotFound):
        require_conversation(pair.session, pair.otto, talk)
    for nothing in (pair.lesson, None):
        with pytest.raises(NotFound):
            require_conversation(pair.session, pair.ada, nothing)


def test_only_whoever_is_coached_is_told_what_was_recorded_with_her(pair: Pair, talk: Lesson) -> None:
    rows = select(Lesson.id).join(Partnership, Partnership.id == Lesson.conversation_id)
    found = {
        person.name: pair.session.scalars(rows.where(recorded_of(person))).all()
        for person in (pair.ada, pair.priya, pair.otto)
    }
    assert found == {"Ada Teacher": [talk.id], "Priya Coach": [], "Otto Other": []}
