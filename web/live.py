"""Live pages: server-sent events that say what kind of thing changed, never what it says.

One task of the process reads the events of all lessons; each open page waits for those of its own. Whether the
person may still see the lesson is asked again at every event and every heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from annotation.access import may
from annotation.lessons import get_lesson
from core.db import get_database
from core.events import events_after, last_event_number
from core.models import Lesson, Person
from web.auth import CurrentPerson

log = logging.getLogger(__name__)
router = APIRouter()

POLL_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0


class Hub:
    """Passes events on to the pages that are open."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listening(self, lesson_id: str) -> AsyncIterator[asyncio.Queue[str]]:
        """Yield the queue of kinds of one lesson's events; the reader runs while anybody listens."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._waiting[lesson_id].add(queue)
        if self._reader is None or self._reader.done():
            number = await run_in_threadpool(_newest)
            self._reader = asyncio.create_task(self._read(number))
        try:
            yield queue
        finally:
            self._waiting[lesson_id].discard(queue)
            if not self._waiting[lesson_id]:
                del self._waiting[lesson_id]
            if not self._waiting and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def _read(self, number: int) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                number, kinds = await run_in_threadpool(_since, number)
            except Exception:  # the database may be away for a moment; the next round asks again
                log.warning("events could not be read", exc_info=True)
                continue
            for lesson_id, kind in kinds:
                for queue in self._waiting.get(lesson_id, ()):
                    queue.put_nowait(kind)


def _newest() -> int:
    with get_database().read() as session:
        return last_event_number(session)


def _since(number: int) -> tuple[int, list[tuple[str, str]]]:
    """Return the newest number, and each kind of change once a lesson, in order."""
    with get_database().read() as session:
        events = events_after(session, number)
    newest = events[-1].number if events else number
    return newest, list(dict.fromkeys((event.lesson_id, event.kind) for event in events))


def begin_live(app: FastAPI) -> None:
    """Give an application its hub."""
    app.state.hub = Hub()


def seen_lesson(lesson_id: str, person: CurrentPerson) -> str:
    """Return the id of a lesson that the person may see; raises NotFound before the stream begins."""
    with get_database().read() as session:
        return get_lesson(session, person, lesson_id).id


@router.get("/api/lessons/{lesson_id}/events", response_class=EventSourceResponse)
async def follow_lesson(
    request: Request, lesson_id: Annotated[str, Depends(seen_lesson)], person: CurrentPerson
) -> EventSourceResponse:
    """Stream `step`, `words`, `comment`, `share` and `lesson` as they happen, and `gone` when access ends."""
    hub: Hub = request.app.state.hub
    return EventSourceResponse(_events(hub, lesson_id, person), ping=int(HEARTBEAT_SECONDS))


async def _events(hub: Hub, lesson_id: str, person: Person) -> AsyncIterator[ServerSentEvent]:
    async with hub.listening(lesson_id) as queue:
        yield ServerSentEvent(event="hello", data="{}")
        while True:
            kind = ""
            with suppress(TimeoutError):
                kind = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            if not await run_in_threadpool(_still_seen, person, lesson_id):
                yield ServerSentEvent(event="gone", data="{}")
                return
            if kind:
                yield ServerSentEvent(event=kind, data="{}")


def _still_seen(person: Person, lesson_id: str) -> bool:
    with get_database().read() as session:
        lesson = session.get(Lesson, lesson_id)
        return lesson is not None and may(session, person, "see", lesson)
