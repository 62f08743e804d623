"""What the listeners of open streams may be told now: rights and events, asked of the database for all of them at once.

Streams of one person that follow the same things are one question, so many of them cost no more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from annotation.access.hearing import Topic, may_hear
from annotation.access.reading import is_person
from annotation.access.states import get_active_partnership
from annotation.coaching.sessions import get_session
from annotation.lessons.clips import get_clip
from annotation.lessons.lessons import get_lesson
from annotation.people.second_factor import is_missing
from annotation.people.sign_in import find_devices
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


def topics_of(session: Session, person: Person, things: Iterable[str]) -> dict[str, Topic]:
    """Return the topics of those things that a person may follow now."""
    found: dict[str, Topic] = {}
    for thing in things:
        with suppress(HindsightError):
            found[thing] = topic_of(session, person, thing)
    return found


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows, by the secret of her browser's cookie: she may have signed out, here or from another device."""

    secret: str
    person_id: str

    def topics(self, things: Iterable[str]) -> dict[str, Topic]:
        """Return what she may follow of these things now."""
        with get_database().read() as session:
            person = still_signed_in(session, self.secret, self.person_id)
            return {} if person is None else topics_of(session, person, things)


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
    concerned = [
        one
        for one in questions
        if ask_all or any(_may_concern(topic, event) for event in events for _, topic in one.things)
    ]
    answers: dict[Question, Answer] = {}
    known: dict[tuple[str, tuple[tuple[str, Topic], ...]], Answer] = {}
    with get_database().read() as session:
        people = people_still_signed_in(session, {one.follower for one in concerned})
        for one in concerned:
            person = people.get(one.follower)
            key = ("" if person is None else person.id, one.things)
            if key not in known:
                known[key] = _answer_one(session, person, dict(one.things), events)
            answers[one] = known[key]
    return answers


def people_still_signed_in(session: Session, followers: Iterable[Follower]) -> dict[Follower, Person]:
    """Return who is signed in still, as `still_signed_in` says, asked for all of them at once."""
    followers = list(followers)
    devices = find_devices(session, [one.secret for one in followers])
    found: dict[Follower, Person] = {}
    for one in followers:
        person, device = devices.get(one.secret, (None, None))
        if person is None or device is None or not is_person(person, one.person_id):
            continue
        if person.deactivated_at is None and not is_missing(session, person, device):
            found[one] = person
    return found


def _answer_one(
    session: Session, person: Person | None, asked: Mapping[str, Topic], events: Sequence[Happened]
) -> Answer:
    still = {} if person is None else topics_of(session, person, asked)
    gone = tuple(thing for thing in asked if thing not in still)
    told = [Told("gone", gone)] if gone else []
    return Answer(still, told if person is None else told + _heard(session, person, still, events))


def _heard(session: Session, person: Person, following: Mapping[str, Topic], events: Sequence[Happened]) -> list[Told]:
    """Return what she is told of events, each kind once for the same things, in the order of their numbers."""
    last: dict[tuple[str, tuple[str, ...]], int] = {}
    for event in events:
        things = tuple(thing for thing, topic in following.items() if may_hear(session, person, topic, event))
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
        person = still_signed_in(session, follower.secret, follower.person_id)
        if person is None or events is None:
            return newest, None if events is None else []
        return newest, _heard(session, person, following, once_each(events))
