"""No open page misses a change, whatever order the database makes them visible in; none hears of what is closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session
from sse_starlette import ServerSentEvent

from annotation.lessons.lessons import delete_for_good
from annotation.people.sign_in import end_sign_in, find_sign_in
from core.clock import utc_now
from core.database.db import Database
from core.database.events import RIGHTS, WINDOW, About, Happened, events_missed, record_event, record_events
from core.models import Event, Partnership, Person, Share
from tests.support.factories import make_lesson, make_person
from tests.support.web_school import KINDS, School
from web.live.hub import Hub, Seen, newest_number, read_new
from web.live.streams import events_of, latest
from web.live.telling import Follower, once_each

Told = tuple[str, list[str]]


def test_a_change_that_becomes_visible_after_a_later_one_is_not_missed(any_database: Database) -> None:
    if any_database.engine.dialect.name == "sqlite":
        return  # one writer at a time: numbers become visible in their order
    with any_database.write() as session:
        lesson_id = make_lesson(session, make_person(session)).id
    with Session(any_database.engine) as slow:
        record_event(slow, lesson_id, "comment")
        slow.flush()
        with any_database.write() as session:
            record_event(session, lesson_id, "step")
        seen, changes, _ = read_new(Seen(0))
        assert kinds(changes) == [(lesson_id, "step")]
        slow.commit()
    seen, changes, _ = read_new(seen)
    assert kinds(changes) == [(lesson_id, "comment")]
    assert read_new(seen)[1] == []
    with any_database.read() as session:  # a page whose stream broke between the two
        missed = events_missed(session, seen.newest, frozenset({lesson_id}))
    assert missed is not None
    assert "comment" in [event.kind for event in missed]


def test_the_end_of_a_right_is_not_missed_behind_hundreds_of_later_changes(any_database: Database) -> None:
    if any_database.engine.dialect.name == "sqlite":
        return
    with Session(any_database.engine) as slow:
        record_event(slow, None, RIGHTS)
        slow.flush()
        with any_database.write() as session:
            record_events(session, "step", [(None, About())] * 2 * WINDOW)
        seen, _, _ = read_new(Seen(0))
        slow.commit()
    seen, changes, _ = read_new(seen)
    assert kinds(changes) == [(None, RIGHTS)]
    assert read_new(seen)[1] == []


def test_a_lesson_that_takes_the_newest_change_with_it_leaves_one_that_no_page_knows(any_database: Database) -> None:
    with any_database.write() as session:
        lesson_id = make_lesson(session, make_person(session)).id
        record_event(session, lesson_id, "step")
    seen, _, _ = read_new(Seen(0))
    with any_database.write() as session:
        delete_for_good(session, lesson_id)
    assert RIGHTS in [kind for _, kind in kinds(read_new(seen)[1])]


def test_a_page_hears_of_each_kind_of_change_once(any_database: Database) -> None:
    with any_database.write() as session:
        lesson_id = make_lesson(session, make_person(session)).id
        for _ in range(300):
            record_event(session, lesson_id, "words")
        record_event(session, lesson_id, "step")
    seen, changes, _ = read_new(Seen(0))
    assert kinds(once_each(changes)) == [(lesson_id, "words"), (lesson_id, "step")]
    assert read_new(seen)[1] == []


def kinds(changes: Iterable[Happened]) -> list[tuple[str | None, str]]:
    return [(change.lesson_id, change.kind) for change in changes]


def test_what_happened_while_a_stream_was_down_is_known_as_long_as_its_rows_are(any_database: Database) -> None:
    long_ago = utc_now() - timedelta(minutes=5)
    with any_database.write() as session:
        mine, other = (make_lesson(session, make_person(session)).id for _ in range(2))
        rows = [Event(lesson_id=lesson, kind="step", at=long_ago) for lesson in (mine, other, mine)]
        session.add_all(rows)
        session.flush()
        first = rows[0].number
        rows[0].at -= timedelta(minutes=1)
        record_event(session, mine, "comment")
    with any_database.write() as session:
        after = events_missed(session, first, frozenset({mine}))
        assert after is not None
        assert kinds(after) == [(mine, "step"), (mine, "comment")]
        assert events_missed(session, first + 1000, frozenset({mine})) is None  # another database than it was
        session.execute(delete(Event).where(Event.number <= first + 1))
        assert events_missed(session, first, frozenset({mine})) is None  # nobody knows what was between
        assert events_missed(session, first + 1, frozenset({mine})) is not None


@pytest.mark.parametrize(
    ("after", "header", "known"),
    [(None, "", None), (7, "", 7), (7, "9", 9), (9, "7", 9), (None, "x", None), (None, "9" * 30, None), (3, "-1", 3)],
)
def test_a_browser_goes_on_from_the_later_of_the_two_numbers_it_sends(
    after: int | None, header: str, known: int | None
) -> None:
    assert latest(after, header) == known


def follower(school: School, kind: str) -> Follower:
    with school.database.read() as session:
        found = find_sign_in(session, school.secrets[kind])
        assert found is not None
        return Follower(school.secrets[kind], found[0].id)


class Line:
    """One open stream of a test."""

    def __init__(self, hub: Hub, who: Follower, things: list[str], after: int | None = None) -> None:
        self._hub = hub
        self._events: AsyncIterator[ServerSentEvent] = events_of(hub, who, things, after)

    async def next(self, *, wake: bool = True) -> Told:
        if wake:
            self._hub.wake()
        event = await asyncio.wait_for(anext(self._events), 10)
        return str(event.event), json.loads(str(event.data))["things"]

    async def until_hello(self) -> list[Told]:
        told: list[Told] = []
        while not told or told[-1][0] != "hello":
            told.append(await self.next())
        return told

    async def is_over(self) -> bool:
        try:
            await self.next()
        except StopAsyncIteration:
            return True
        return False


def things_of(school: School) -> list[str]:
    return [f"lesson:{school.ids['lesson']}", f"clip:{school.ids['clip']}", f"session:{school.ids['session']}"]


def happen(school: School, kind: str) -> None:
    with school.database.write() as session:
        record_event(session, school.ids["lesson"], kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "nobody"])
def test_a_stream_follows_what_its_person_may_see_and_nothing_else(school: School, kind: str) -> None:
    async def look() -> list[Told]:
        return await Line(Hub(), follower(school, kind), things_of(school)).until_hello()

    if kind == "leaver":
        assert school.browser(kind).get("/api/events", params={"thing": things_of(school)}).status_code == 403
        return
    told = asyncio.run(look())
    if kind in ("owner", "coach"):
        assert told == [("hello", things_of(school))]
    else:
        assert told == [("gone", things_of(school)), ("hello", [])]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("owner", "coach")])
def test_the_address_of_one_thing_answers_those_who_may_not_see_it_before_any_stream(school: School, kind: str) -> None:
    for thing in things_of(school):
        room, _, thing_id = thing.partition(":")
        answer = school.browser(kind).get(f"/api/{room}s/{thing_id}/events", headers={"accept": "application/json"})
        assert answer.status_code in (401, 403, 404)
    assert school.browser("nobody").get("/api/events", params={"thing": things_of(school)}).status_code in (303, 401)


@pytest.mark.parametrize("things", [[], ["lesson:"], ["walk:1"], ["lesson:a b"], [f"lesson:{n}" for n in range(101)]])
def test_things_that_cannot_be_followed_are_refused_before_any_stream(school: School, things: list[str]) -> None:
    assert school.browser("owner").get("/api/events", params={"thing": things}).status_code == 422


def test_one_stream_tells_of_each_thing_what_concerns_it(school: School) -> None:
    things = things_of(school)
    with school.database.write() as session:
        owner = session.get_one(Person, follower(school, "owner").person_id)
        other = make_lesson(session, owner).id

    async def follow() -> list[Told]:
        line = Line(Hub(), follower(school, "owner"), [*things, f"lesson:{other}"])
        await line.until_hello()
        happen(school, "comment")
        first = await line.next()
        with school.database.write() as session:
            record_event(session, other, "words")
        return [first, await line.next()]

    assert asyncio.run(follow()) == [("comment", things), ("words", [f"lesson:{other}"])]


def test_what_happened_meanwhile_is_told_first_when_a_stream_is_back(school: School) -> None:
    lesson = f"lesson:{school.ids['lesson']}"

    async def follow(after: int) -> list[Told]:
        return await Line(Hub(), follower(school, "owner"), [lesson], after).until_hello()

    happen(school, "step")
    number = newest_number()
    happen(school, "comment")
    assert ("comment", [lesson]) in asyncio.run(follow(number))
    assert asyncio.run(follow(number + 1000)) == [("missed", [lesson]), ("hello", [lesson])]


def take_share_back(school: School) -> None:
    with school.database.write() as session:
        share = session.get_one(Share, school.ids["share"])
        share.taken_back_at = utc_now()
        record_event(session, school.ids["lesson"], "share", About(partnership_id=share.partnership_id))


def sign_out(school: School) -> None:
    with school.database.write() as session:
        end_sign_in(session, school.secrets["coach"])
        record_event(session, school.ids["lesson"], "comment")


@pytest.mark.parametrize("ends", [take_share_back, sign_out])
def test_a_stream_says_gone_and_nothing_more_the_moment_its_right_ends(
    school: School, ends: Callable[[School], None]
) -> None:
    lesson = f"lesson:{school.ids['lesson']}"

    async def follow() -> tuple[Told, bool]:
        line = Line(Hub(), follower(school, "coach"), [lesson])
        await line.until_hello()
        ends(school)
        return await line.next(), await line.is_over()

    assert asyncio.run(follow()) == (("gone", [lesson]), True)


def test_what_is_left_is_followed_on_when_one_thing_is_gone(school: School) -> None:
    lesson, session_name = f"lesson:{school.ids['lesson']}", f"session:{school.ids['session']}"

    async def follow() -> list[Told]:
        line = Line(Hub(), follower(school, "coach"), [lesson, session_name])
        await line.until_hello()
        take_share_back(school)
        return [await line.next(), await line.next()]

    assert asyncio.run(follow()) == [("gone", [lesson]), ("share", [session_name])]


def test_a_page_of_one_person_hears_nothing_once_another_has_signed_in_at_this_browser(school: School) -> None:
    lesson = f"lesson:{school.ids['lesson']}"
    of_page = follower(school, "coach").person_id  # both may see the lesson

    async def follow() -> tuple[list[Told], bool]:
        line = Line(Hub(), Follower(school.secrets["owner"], of_page), [lesson])
        return await line.until_hello(), await line.is_over()

    assert asyncio.run(follow()) == ([("gone", [lesson]), ("hello", [])], True)


def test_nobody_hears_when_the_right_ends_without_a_word(school: School) -> None:
    lesson = f"lesson:{school.ids['lesson']}"

    async def follow() -> Told:
        line = Line(Hub(), follower(school, "coach"), [lesson])
        await line.until_hello()
        with school.database.write() as session:
            session.get_one(Partnership, school.ids["partnership_coach"]).state = "ended"
        return await line.next()

    assert asyncio.run(follow()) == ("gone", [lesson])
