"""Spoken comments: heard for their speaker alone, numbered in their lesson, removed with sound and step."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from annotation.lessons.spoken_comments import read_spoken_comment, remove_spoken_comments, start_spoken_comment
from core.clock import utc_now
from core.errors import NotFound
from core.models import Dictation, Person, Step, StoredFile
from tests.support.factories import Pair


def speak(pair: Pair, person: Person, key: str = "key") -> Dictation:
    """Have somebody speak a comment on the lesson."""
    return start_spoken_comment(pair.session, person, pair.lesson, key, 9, "audio/webm")


def step_of(pair: Pair, said: Dictation) -> Step:
    """Return the step that hears it."""
    return pair.session.scalars(select(Step).where(Step.chunk_no == said.number)).one()


def test_it_is_heard_for_whoever_sees_the_lesson_and_read_by_its_speaker_alone(pair: Pair) -> None:
    with pytest.raises(NotFound):
        speak(pair, pair.priya)
    pair.share()
    said = speak(pair, pair.priya)
    assert read_spoken_comment(pair.session, pair.priya, said.id) == ("working", "")
    for nobody in (pair.ada, pair.otto):
        with pytest.raises(NotFound):
            read_spoken_comment(pair.session, nobody, said.id)
    with pytest.raises(NotFound):
        read_spoken_comment(pair.session, pair.priya, "nothing")


def test_words_that_were_heard_are_closed_with_the_lesson(pair: Pair) -> None:
    share = pair.share()
    said = speak(pair, pair.priya)
    said.text = "You waited"
    assert read_spoken_comment(pair.session, pair.priya, said.id) == ("heard", "You waited")
    share.taken_back_at = utc_now()
    pair.session.flush()
    with pytest.raises(NotFound):
        read_spoken_comment(pair.session, pair.priya, said.id)


@pytest.mark.parametrize(
    ("state", "read"),
    [("ready", "working"), ("running", "working"), ("failed", "failed"), ("cancelled", "failed"), ("done", "working")],
)
def test_it_says_how_far_it_is(pair: Pair, state: str, read: str) -> None:
    other, said = speak(pair, pair.ada, "other"), speak(pair, pair.ada, "key")
    step_of(pair, other).state = "failed"
    step_of(pair, said).state = state
    pair.session.flush()
    assert read_spoken_comment(pair.session, pair.ada, said.id) == (read, "")


def test_silence_is_heard_too(pair: Pair) -> None:
    said = speak(pair, pair.ada)
    said.text = ""
    assert read_spoken_comment(pair.session, pair.ada, said.id) == ("heard", "")


def test_what_is_removed_takes_its_own_sound_and_step_along_and_no_other(pair: Pair) -> None:
    first, second = speak(pair, pair.ada, "first"), speak(pair, pair.ada, "second")
    assert (first.number, second.number) == (1, 2)
    assert remove_spoken_comments(pair.session, Dictation.id == first.id) == ["first"]
    assert pair.session.scalars(select(StoredFile.key)).all() == ["second"]
    assert pair.session.scalars(select(Step.chunk_no)).all() == [2]
    assert speak(pair, pair.ada, "third").number == 3
