"""Event streams: server-sent events that name the kind of change, never its content.

One stream serves all pages of a browser: it follows a set of things (`lesson:ID`, `clip:ID`, `session:ID`). What its
listener may hear is asked by the hub (`web/live/hub.py`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import StringConstraints
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from core.database.db import get_database
from core.models import Person
from web.live.hub import HEARTBEAT_SECONDS, Hub
from web.live.telling import KINDS, Follower, Told, missed, topic_of
from web.security.auth import COOKIE, CurrentPerson

router = APIRouter()

MOST_THINGS = 100  # that one stream follows: a browser with more pages open than that is none
LARGEST = 2**63 - 1  # number that a database can hold
ThingName = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(KINDS)}):[\w-]{{1,64}}$")]


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
            topic_of(session, person, f"{kind}:{thing_id}")
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
    async with hub.listening(follower) as listener:
        following = await run_in_threadpool(follower.topics, wanted)
        listener.following = dict(following)
        newest, old = await run_in_threadpool(missed, follower, following, after)
        if gone := [thing for thing in wanted if thing not in following]:
            yield event("gone", gone)
        if old is None:
            yield event("missed", following)
        for past in old or []:
            yield event(past.kind, past.things)
        yield event("hello", following, newest)
        left = set(following)
        while left:
            told: Told = await listener.told.get()
            yield event(told.kind, told.things, told.number)
            if told.kind == "gone":
                left -= set(told.things)


def event(kind: str, things: Iterable[str], number: int | None = None) -> ServerSentEvent:
    """Return one event as it is sent: its kind, the things it concerns, and its number."""
    return ServerSentEvent(
        event=kind, data=json.dumps({"things": list(things)}), id=None if number is None else str(number)
    )
