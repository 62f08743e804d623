"""Live pages: server-sent events that say what kind of thing changed, never what it says.

One task of the process reads the events of all lessons; each open page waits for those of its own. Whether the
person may still see the lesson is asked again at every event and every heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from annotation.access.reading import may
from annotation.lessons.lessons import get_lesson
from annotation.people.sign_in import find_sign_in
from core.database.db import get_database
from core.database.events import events_after, last_event_number
from core.models import Lesson
from web.auth import COOKIE, CurrentPerson
from web.security import SAFE_METHODS

log = logging.getLogger(__name__)
router = APIRouter()

POLL_SECONDS = 0.4
WINDOW = 200  # numbers that are looked at again: on PostgreSQL a smaller one may be committed after a greater one
HEARTBEAT_SECONDS = 15.0


class Hub:
    """Passes events on to the pages that are open."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for new events now: this process has just written some."""
        self._woken.set()

    @asynccontextmanager
    async def listening(self, lesson_id: str) -> AsyncIterator[asyncio.Queue[str]]:
        """Yield the queue of kinds of one lesson's events; the reader runs while anybody listens."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._waiting[lesson_id].add(queue)
        if self._reader is None or self._reader.done():  # nothing is awaited in here: there is one reader, never two
            self._ready.clear()
            self._reader = asyncio.create_task(self._read())
        try:
            await self._ready.wait()
            yield queue
        finally:
            self._waiting[lesson_id].discard(queue)
            if not self._waiting[lesson_id]:
                del self._waiting[lesson_id]
            if not self._waiting and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def _read(self) -> None:
        seen: Seen | None = None
        while True:
            kinds: list[tuple[str, str]] = []
            try:
                if seen is None:
                    seen, _old = await run_in_threadpool(read_new, await run_in_threadpool(_nothing_new))
                    self._ready.set()
                else:
                    seen, kinds = await run_in_threadpool(read_new, seen)
            except Exception:  # the database may be away for a moment; the next round asks again
                log.warning("events could not be read", exc_info=True)
            for lesson_id, kind in kinds:
                for queue in self._waiting.get(lesson_id, ()):
                    queue.put_nowait(kind)
            self._woken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest number, and which of the last `WINDOW` numbers were there already."""

    newest: int
    numbers: frozenset[int] = frozenset()


def _nothing_new() -> Seen:
    with get_database().read() as session:
        return Seen(last_event_number(session))


def read_new(seen: Seen) -> tuple[Seen, list[tuple[str, str]]]:
    """Return what is seen now, and each kind of change that is new, once a lesson, in order."""
    with get_database().read() as session:
        events = events_after(session, seen.newest - WINDOW)
    numbers = frozenset(number for number, _, _ in events)
    new = [(lesson_id, kind) for number, lesson_id, kind in events if number not in seen.numbers]
    return Seen(max([seen.newest, *numbers]), numbers), list(dict.fromkeys(new))


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


def seen_lesson(lesson_id: str, person: CurrentPerson) -> str:
    """Return the id of a lesson that the person may see; raises NotFound before the stream begins."""
    with get_database().read() as session:
        return get_lesson(session, person, lesson_id).id


@router.get("/api/lessons/{lesson_id}/events", response_class=EventSourceResponse)
async def follow_lesson(request: Request, lesson_id: Annotated[str, Depends(seen_lesson)]) -> EventSourceResponse:
    """Stream `step`, `words`, `comment`, `share` and `lesson` as they happen, and `gone` when access ends."""
    secret = request.cookies.get(COOKIE, "")
    return stream(request.app.state.hub, lesson_id, partial(_still_seen, secret, lesson_id))


def stream(hub: Hub, lesson_id: str, is_allowed: Callable[[], bool]) -> EventSourceResponse:
    """Answer with the events of a lesson, as long as `is_allowed` says so; it is asked at each."""
    return EventSourceResponse(_events(hub, lesson_id, is_allowed), ping=int(HEARTBEAT_SECONDS))


async def _events(hub: Hub, lesson_id: str, is_allowed: Callable[[], bool]) -> AsyncIterator[ServerSentEvent]:
    async with hub.listening(lesson_id) as queue:
        yield ServerSentEvent(event="hello", data="{}")
        while True:
            kind = ""
            with suppress(TimeoutError):
                kind = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            if not await run_in_threadpool(is_allowed):
                yield ServerSentEvent(event="gone", data="{}")
                return
            if kind:
                yield ServerSentEvent(event=kind, data="{}")


def _still_seen(secret: str, lesson_id: str) -> bool:
    """Ask again who this is, too: she may have signed out, here or from another device."""
    with get_database().read() as session:
        known = find_sign_in(session, secret)
        lesson = session.get(Lesson, lesson_id)
        return known is not None and lesson is not None and may(session, known[0], "see", lesson)
