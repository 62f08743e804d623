"""The hub: one task of a process reads new events and tells every open stream what its listener may hear.

It asks rights again when something changed on which a right stands (`core/database/rights_watch.py`), when one ended
by its date, and at every heartbeat. A stream itself never asks the database once it has begun.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from annotation.access.hearing import Topic, ended_by_time
from core.clock import latest_now, utc_now
from core.database.db import get_database
from core.database.events import WINDOW, Happened, events_after, last_event_number
from web.live.telling import Answer, Follower, Question, Told, answer
from web.security.guard import SAFE_METHODS

log = logging.getLogger(__name__)

POLL_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream, what it follows, and what it is still to say. `is_new`: its rights are asked once more."""

    follower: Follower
    following: dict[str, Topic] = field(default_factory=dict)
    told: asyncio.Queue[Told] = field(default_factory=asyncio.Queue)
    is_new: bool = True

    @property
    def question(self) -> Question:
        """What is asked for it."""
        return Question(self.follower, tuple(self.following.items()))


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest number, which of the last `WINDOW` numbers were there already, and when that was."""

    newest: int
    numbers: frozenset[int] = frozenset()
    at: datetime = field(default_factory=utc_now)


def newest_number() -> int:
    """Return the number of the newest event: a page that is read after this misses nothing that follows it."""
    with get_database().read() as session:
        return last_event_number(session)


def begin_reading() -> Seen:
    """Return what is there already."""
    return read_new(Seen(newest_number()))[0]


def read_new(seen: Seen) -> tuple[Seen, list[Happened], bool]:
    """Return what is seen now, what is new, and whether a right has ended by its date meanwhile."""
    now = utc_now()
    with get_database().read() as session:
        events = events_after(session, seen.newest - WINDOW)
        is_over = ended_by_time(session, seen.at, now)
    numbers = frozenset(event.number for event in events)
    new = [event for event in events if event.number not in seen.numbers]
    return Seen(max([seen.newest, *numbers]), numbers, now), new, is_over


class Hub:
    """Tells the streams that are open."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for new events now: this process has just written some."""
        self._woken.set()

    @asynccontextmanager
    async def listening(self, follower: Follower) -> AsyncIterator[Listener]:
        """Yield a listener that follows nothing yet; the reader runs while anybody listens."""
        listener = Listener(follower)
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
        untold: list[Happened] = []
        ask_all, asked_at = False, time.monotonic()
        while True:
            latest_now()  # so that this process knows the hour when the clock is set back
            try:
                if seen is None:
                    seen = await run_in_threadpool(begin_reading)
                    self._ready.set()
                else:
                    seen, new, is_over = await run_in_threadpool(read_new, seen)
                    untold += new
                    ask_all = ask_all or is_over or time.monotonic() - asked_at > HEARTBEAT_SECONDS
                await self._tell(untold, ask_all=ask_all)
                if ask_all:
                    ask_all, asked_at = False, time.monotonic()
                untold = []
            except Exception:  # the database may be away for a moment; the next round asks again
                log.warning("events could not be read", exc_info=True)
            self._woken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    async def _tell(self, events: list[Happened], *, ask_all: bool) -> None:
        """Ask for all listeners at once, and give each what it is told.

        Whoever joins later than this begins with a newer number than these events have.
        """
        listeners = [one for one in self._listeners if one.following]
        new = {one.question for one in listeners if one.is_new}
        if not (events or ask_all or new):
            return
        asked = {one: one.question for one in listeners}
        answers: dict[Question, Answer] = {}
        if events or ask_all:
            answers = await run_in_threadpool(answer, set(asked.values()), events, ask_all=ask_all)
        if late := new - set(answers):
            answers |= await run_in_threadpool(answer, late, [], ask_all=True)
        for listener, question in asked.items():
            if (found := answers.get(question)) is None:
                continue
            listener.is_new = False
            listener.following = dict(found.following)
            for told in found.told:
                listener.told.put_nowait(told)


class Wake:
    """Wake the hub after each unsafe request that this process has answered, so that the other page knows at once."""

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
