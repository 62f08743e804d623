"""Live updates by server-sent events that name the kind of change, never its content.

One task of the process reads the events of all lessons. One stream serves all pages of a browser: it follows a set of
things (`lesson:ID`, `clip:ID`, `session:ID`). Whether the person may still see a thing is asked again whenever
something is told about it, and at every heartbeat.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from pydantic import StringConstraints
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from annotation.access.reading import is_person
from annotation.coaching.sessions import get_session
from annotation.lessons.clips import get_clip
from annotation.lessons.lessons import get_lesson
from annotation.people.sign_in import find_sign_in
from core.database.db import get_database
from core.database.events import WINDOW, events_after, events_missed, last_event_number
from core.errors import NotFound
from core.models import Person
from web.security.auth import COOKIE, CurrentPerson
from web.security.guard import SAFE_METHODS

log = logging.getLogger(__name__)
router = APIRouter()

POLL_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0
MOST_THINGS = 100  # that one stream follows: a browser with more pages open than that is none
LARGEST = 2**63 - 1  # number that a database can hold


@dataclass(frozen=True, slots=True)
class Change:
    """One event: that something changed, and what kind of thing."""

    number: int
    lesson_id: str
    kind: str


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream, and the lessons it wants to hear about."""

    lessons: frozenset[str] = frozenset()
    changes: asyncio.Queue[Change] = field(default_factory=asyncio.Queue)


class Hub:
    """Passes events on to the streams that are open."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for new events now: this process has just written some."""
        self._woken.set()

    @asynccontextmanager
    async def listening(self, lessons: Iterable[str]) -> AsyncIterator[Listener]:
        """Yield a listener to these lessons; the reader runs while anybody listens."""
        listener = Listener(frozenset(lessons))
        self._listeners.add(listener)
        if self._reader is None or self._reader.done():  # nothing is awaited in here: there is one reader, never two
            self._ready.clear()
            self._reader = asyncio.create_task(self._read())
        try:
            await self._ready.wait()
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def _read(self) -> None:
        seen: Seen | None = None
        while True:
            changes: list[Change] = []
            try:
                if seen is None:
                    seen, _old = await run_in_threadpool(read_new, await run_in_threadpool(_nothing_new))
                    self._ready.set()
                else:
                    seen, changes = await run_in_threadpool(read_new, seen)
            except Exception:  # the database may be away for a moment; the next round asks again
                log.warning("events could not be read", exc_info=True)
            for change in changes:
                for listener in self._listeners:
                    if change.lesson_id in listener.lessons:
                        listener.changes.put_nowait(change)
            self._woken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest number, and which of the last `WINDOW` numbers were there already."""

    newest: int
    numbers: frozenset[int] = frozenset()


def _nothing_new() -> Seen:
    return Seen(newest_number())


def newest_number() -> int:
    """Return the number of the newest event: a page that is read after this misses nothing that follows it."""
    with get_database().read() as session:
        return last_event_number(session)


def read_new(seen: Seen) -> tuple[Seen, list[Change]]:
    """Return what is seen now, and each kind of change that is new, once a lesson, in order."""
    with get_database().read() as session:
        events = events_after(session, seen.newest - WINDOW)
    numbers = frozenset(number for number, _, _ in events)
    new = [event for event in events if event[0] not in seen.numbers]
    return Seen(max([seen.newest, *numbers]), numbers), once_each(new)


def once_each(events: Iterable[tuple[int, str, str]]) -> list[Change]:
    """Return each kind of change once a lesson, with the number of the last of them, in the order of these numbers."""
    last = {(lesson_id, kind): number for number, lesson_id, kind in events}
    return sorted((Change(number, *what) for what, number in last.items()), key=lambda change: change.number)


class Wake:
    """Wake the hub after each order that this process has carried out, so that the other page knows at once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await self.app(scope, receive, send)
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            hub: Hub = scope["app"].state.hub
            hub.wake()


def begin_live(app: FastAPI) -> None:
    """Give an application its hub."""
    app.state.hub = Hub()


# What can be followed, and how its rights are asked: each raises NotFound, or returns the id of the lesson whose events
# concern it ("" for a session without a film).
def _lesson(session: Session, person: Person, thing_id: str) -> str:
    return get_lesson(session, person, thing_id).id


def _clip(session: Session, person: Person, thing_id: str) -> str:
    return get_clip(session, person, thing_id)[1].id


def _session(session: Session, person: Person, thing_id: str) -> str:
    return get_session(session, person, thing_id)[0].lesson_id or ""


KINDS: Mapping[str, Callable[[Session, Person, str], str]] = {"lesson": _lesson, "clip": _clip, "session": _session}
ThingName = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(KINDS)}):[\w-]{{1,64}}$")]


def lessons_of(session: Session, person: Person, things: Iterable[str]) -> dict[str, str]:
    """Return those of the things that this person may follow now, each with the id of its lesson."""
    found = {}
    for thing in things:
        kind, _, thing_id = thing.partition(":")
        with suppress(NotFound):
            found[thing] = KINDS[kind](session, person, thing_id)
    return found


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows, by the secret of her browser's cookie: she may have signed out, here or from another device."""

    secret: str
    person_id: str

    def may_follow(self, things: Iterable[str]) -> dict[str, str] | None:
        """Return what she may follow of these, each with its lesson; None when she is not signed in any more."""
        with get_database().read() as session:
            known = find_sign_in(session, self.secret)
            if known is None or not is_person(known[0], self.person_id) or known[0].deactivated_at is not None:
                return None
            return lessons_of(session, known[0], things)


def missed(after: int | None, lessons: frozenset[str]) -> tuple[int, list[Change] | None]:
    """Return the newest number, and what happened to these lessons after one; None when that is not known any more."""
    with get_database().read() as session:
        newest = last_event_number(session)
        if after is None:
            return newest, []
        events = events_missed(session, after, lessons)
        return newest, None if events is None else once_each(events)


@router.get("/api/events", response_class=EventSourceResponse)
async def follow_things(
    request: Request,
    person: CurrentPerson,
    thing: Annotated[list[ThingName], Query(min_length=1, max_length=MOST_THINGS)],
    person_id: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> EventSourceResponse:
    """Stream what happens to a set of things: `step`, `words`, `comment`, `share`, `lesson` and `session`.

    What happened after the number `after` (or the header Last-Event-ID) comes first, or `missed` where that is not
    known any more; then `hello`. `gone` ends the things that it names. With `person_id`, everything is gone when
    somebody else is signed in: a page of hers must hear nothing of this one's.
    """
    secret = request.cookies.get(COOKIE, "")
    follower = Follower(secret, person_id or person.id)
    return stream(request.app.state.hub, follower, dict.fromkeys(thing), latest(after, last_event_id))


def latest(after: int | None, last_event_id: str) -> int | None:
    """Return the number that a browser knows last: of its address, or of the header that it sends by itself."""
    known = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else None
    numbers = [number for number in (after, known) if number is not None and number <= LARGEST]
    return max(numbers, default=None)


def one_thing(kind: str) -> Callable[..., str]:
    """Return a dependency that names the thing of an address with one id; raises NotFound before the stream begins."""

    def name(request: Request, person: CurrentPerson) -> str:
        thing_id = request.path_params[f"{kind}_id"]
        with get_database().read() as session:
            KINDS[kind](session, person, thing_id)
        return f"{kind}:{thing_id}"

    return name


def _stream_one(request: Request, person: Person, thing: str, last_event_id: str) -> EventSourceResponse:
    follower = Follower(request.cookies.get(COOKIE, ""), person.id)
    return stream(request.app.state.hub, follower, [thing], latest(None, last_event_id))


LastEventId = Annotated[str, Header(max_length=100)]


@router.get("/api/lessons/{lesson_id}/events", response_class=EventSourceResponse)
async def follow_lesson(
    request: Request,
    lesson_id: str,
    person: CurrentPerson,
    thing: Annotated[str, Depends(one_thing("lesson"))],
    last_event_id: LastEventId = "",
) -> EventSourceResponse:
    """Stream what happens to a lesson, and `gone` when access ends."""
    del lesson_id
    return _stream_one(request, person, thing, last_event_id)


@router.get("/api/clips/{clip_id}/events", response_class=EventSourceResponse)
async def follow_clip(
    request: Request,
    clip_id: str,
    person: CurrentPerson,
    thing: Annotated[str, Depends(one_thing("clip"))],
    last_event_id: LastEventId = "",
) -> EventSourceResponse:
    """Stream what happens to a clip, and `gone` when access ends."""
    del clip_id
    return _stream_one(request, person, thing, last_event_id)


@router.get("/api/sessions/{session_id}/events", response_class=EventSourceResponse)
async def follow_session(
    request: Request,
    session_id: str,
    person: CurrentPerson,
    thing: Annotated[str, Depends(one_thing("session"))],
    last_event_id: LastEventId = "",
) -> EventSourceResponse:
    """Stream what happens in the room and to what is looked at, and `gone`."""
    del session_id
    return _stream_one(request, person, thing, last_event_id)


def stream(hub: Hub, follower: Follower, things: Iterable[str], after: int | None) -> EventSourceResponse:
    """Answer with the events of these things, as long as the follower may see them."""
    return EventSourceResponse(
        events_of(hub, follower, things, after),
        ping=int(HEARTBEAT_SECONDS),
        ping_message_factory=lambda: ServerSentEvent(event="beat", data="{}"),
    )


async def events_of(
    hub: Hub, follower: Follower, things: Iterable[str], after: int | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield what was missed, `hello`, and what happens from now on, until nothing is left to follow."""
    wanted = list(things)
    following = await run_in_threadpool(follower.may_follow, wanted) or {}
    async with hub.listening(following.values()) as listener:
        newest, old = await run_in_threadpool(missed, after, listener.lessons)
        if gone := [thing for thing in wanted if thing not in following]:
            yield event("gone", gone)
        if old is None:
            yield event("missed", following)
        for past in old or []:
            yield event(past.kind, _concerned(following, past))
        yield event("hello", following, newest)
        while following:
            change = await _next(listener)
            asked = list(following) if change is None else _concerned(following, change)
            still = await run_in_threadpool(follower.may_follow, asked)
            gone = list(following) if still is None else [thing for thing in asked if thing not in still]
            following = {thing: lesson for thing, lesson in following.items() if thing not in gone} | (still or {})
            listener.lessons = frozenset(following.values())
            if gone:
                yield event("gone", gone)
            if change is not None and still:
                yield event(change.kind, still, change.number)


async def _next(listener: Listener) -> Change | None:
    """Return the next change, or None when it is time to ask again who may see what."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(listener.changes.get(), HEARTBEAT_SECONDS)
    return None


def _concerned(following: Mapping[str, str], change: Change) -> list[str]:
    return [thing for thing, lesson_id in following.items() if lesson_id == change.lesson_id]


def event(kind: str, things: Iterable[str], number: int | None = None) -> ServerSentEvent:
    """Return one event as it is sent: its kind, the things it concerns, and its number."""
    return ServerSentEvent(
        event=kind, data=json.dumps({"things": list(things)}), id=None if number is None else str(number)
    )
