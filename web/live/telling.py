"""What the listeners of open streams may be told now: rights and events, asked of the database for all of them at once.

Streams of one browser that follow the same things are one question, so many tabs cost no more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from annotation.access.hearing import Topic, may_hear
from annotation.access.states import get_active_partnership
from annotation.coaching.sessions import get_session
from annotation.lessons.clips import get_clip
from annotation.lessons.lessons import get_lesson
from core.database.db import get_database
from core.database.events import RIGHTS, Happened, events_missed, last_event_number
from core.errors import HindsightError
from core.models import Person
from web.security.auth import still_signed_in


# What can be followed, and how its right is asked: each raises NotFound or PartnershipOver, or returns the topic.
def _lesson(session: Session, person: Person, thing_id: str) -> Topic:
    return Topic(get_lesson(session, person, thing_id).id)


def _clip(session: Session, person: Person, thing_id: str) -> Topic:
    clip, lesson = get_clip(session, person, thing_id)
    return Topic(lesson.id, clip.id)


def _session(session: Session, person: Person, thing_id: str) -> Topic:
    meeting, partnership = get_session(session, person, thing_id)
    get_active_partnership(session, person, partnership.id)
    return Topic(meeting.lesson_id or "", meeting.clip_id, meeting.id)


KINDS: Mapping[str, Callable[[Session, Person, str], Topic]] = {"lesson": _lesson, "clip": _clip, "session": _session}


def topic_of(session: Session, person: Person, thing: str) -> Topic:
    """Return the topic of a thing (`lesson:ID`) that this person may follow now; raises a HindsightError."""
    kind, _, thing_id = thing.partition(":")
    return KINDS[kind](session, person, thing_id)


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows, by the secret of her browser's cookie: she may have signed out, here or from another device."""

    secret: str
    person_id: str

    def topics(self, things: Iterable[str]) -> dict[str, Topic]:
        """Return what she may follow of these things now."""
        with get_database().read() as session:
            return self.topics_in(session, things)

    def topics_in(self, session: Session, things: Iterable[str]) -> dict[str, Topic]:
        """Return what she may follow of these things now; nothing once she is not signed in any more."""
        person = still_signed_in(session, self.secret, self.person_id)
        found: dict[str, Topic] = {}
        for thing in things if person is not None else ():
            with suppress(HindsightError):
                found[thing] = topic_of(session, person, thing)  # type: ignore[arg-type]
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a stream: a kind of change, the things that it concerns, and its number."""

    kind: str
    things: tuple[str, ...]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for all streams of one browser that follow the same things."""

    follower: Follower
    things: tuple[tuple[str, Topic], ...]


@dataclass(slots=True)
class Answer:
    """What such a stream follows from now on, and what it is told."""

    following: dict[str, Topic]
    told: list[Told] = field(default_factory=list)


def answer(questions: Iterable[Question], events: Sequence[Happened], *, ask_all: bool) -> dict[Question, Answer]:
    """Return what each is told of new events, with what is gone; `ask_all`: also of those that no event concerns."""
    ask_all = ask_all or any(event.kind == RIGHTS for event in events)
    events = once_each(event for event in events if event.kind != RIGHTS)
    answers: dict[Question, Answer] = {}
    with get_database().read() as session:
        for question in questions:
            asked = dict(question.things)
            mine = [event for event in events if any(_may_concern(topic, event) for topic in asked.values())]
            if mine or ask_all:
                answers[question] = _answer_one(session, question.follower, asked, mine)
    return answers


def _answer_one(session: Session, follower: Follower, asked: Mapping[str, Topic], events: Sequence[Happened]) -> Answer:
    still = follower.topics_in(session, asked)
    gone = tuple(thing for thing in asked if thing not in still)
    told = [Told("gone", gone)] if gone else []
    return Answer(still, told + _heard(session, follower, still, events))


def _heard(
    session: Session, follower: Follower, following: Mapping[str, Topic], events: Sequence[Happened]
) -> list[Told]:
    """Return what she is told of events, each kind once for the same things, in the order of their numbers."""
    person = session.get(Person, follower.person_id)
    last: dict[tuple[str, tuple[str, ...]], int] = {}
    for event in events if person is not None else ():
        things = tuple(
            thing
            for thing, topic in following.items()
            if may_hear(session, person, topic, event)  # type: ignore[arg-type]
        )
        if things:
            last[event.kind, things] = event.number
    return sorted((Told(*what, number) for what, number in last.items()), key=lambda told: told.number or 0)


def _may_concern(topic: Topic, event: Happened) -> bool:
    same_session = event.about.session_id is not None and event.about.session_id == topic.session_id
    return same_session or (bool(event.lesson_id) and event.lesson_id == topic.lesson_id)


def once_each(events: Iterable[Happened]) -> list[Happened]:
    """Return each kind of event about the same thing once, with the last number, in the order of these numbers."""
    last = {replace(event, number=0): event for event in events}
    return sorted(last.values(), key=lambda event: event.number)


def missed(follower: Follower, following: Mapping[str, Topic], after: int | None) -> tuple[int, list[Told] | None]:
    """Return the newest number, and what she missed after one; None when that is not known any more."""
    with get_database().read() as session:
        newest = last_event_number(session)
        if after is None:
            return newest, []
        lessons = {topic.lesson_id for topic in following.values() if topic.lesson_id}
        sessions = {topic.session_id for topic in following.values() if topic.session_id}
        events = events_missed(session, after, lessons, sessions)
        return newest, None if events is None else _heard(session, follower, following, once_each(events))
