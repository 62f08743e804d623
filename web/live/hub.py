"""The hub: one task of a process reads new events and tells every open stream what its listener may hear.

It asks rights again when something changed on which a right stands (`core/database/rights_watch.py`), when one ended
by its date, and at every heartbeat. A stream itself never asks the database once it has begun, and an answer that is
being sent (`web/transfer/while_allowed.py`) asks for its right when the hub says so.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from annotation.access.hearing import Topic, ended_by_time
from core.clock import latest_now, utc_now
from core.database.db import get_database
from core.database.events import RIGHTS, WINDOW, Happened, events_after, last_event_number
from web.live.telling import Answer, Follower, Question, Told, answer
from web.security.guard import SAFE_METHODS

log = logging.getLogger(__name__)

POLL_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0
FRESH_SECONDS = POLL_SECONDS + 0.3  # since the last reading began; after that nobody relies on it


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


class Watch:
    """Says to somebody who asks for a right by herself when to ask: first, and whenever one may have ended."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.doubt = asyncio.Event()
        self.doubt.set()

    def must_ask(self) -> bool:
        """Tell whether to ask now; then it is taken as asked. While the hub reads nothing, ask each time."""
        if not self.doubt.is_set() and self._hub.is_fresh():
            return False
        if self._hub.has_begun():  # else what changes before its first reading is never told
            self.doubt.clear()
        return True

    async def wait(self, done: asyncio.Future[None], most_seconds: float) -> None:
        """Return when something is done, when a right may have ended, after so long, or when the hub is late."""
        most_seconds = min(most_seconds, self._hub.fresh_for() or most_seconds)
        waits: set[asyncio.Future[Any]] = {done}
        if self._hub.has_begun():
            waits.add(asyncio.ensure_future(self.doubt.wait()))
        await asyncio.wait(waits, timeout=most_seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waits - {done}:
            one.cancel()


class Hub:
    """Tells the streams that are open."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._watches: set[Watch] = set()
        self._read_at = -math.inf
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
        self._begin()
        try:
            await self._ready.wait()
            yield listener
        finally:
            self._listeners.discard(listener)
            self._end()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Yield a watch, for as long as somebody asks for a right again and again."""
        watch = Watch(self)
        self._watches.add(watch)
        self._begin()
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            self._end()

    def has_begun(self) -> bool:
        """Tell whether everything that happens from now on will be read."""
        return self._ready.is_set()

    def is_fresh(self) -> bool:
        """Tell whether the last reading is no older than readings are."""
        return self.fresh_for() > 0

    def fresh_for(self) -> float:
        """Return for how many seconds the last reading can still be relied on."""
        return max(0.0, FRESH_SECONDS - (time.monotonic() - self._read_at))

    def _begin(self) -> None:
        if self._reader is None or self._reader.done():  # nothing is awaited in here: there is one reader, never two
            self._ready, self._woken = asyncio.Event(), asyncio.Event()  # of this event loop
            self._reader = asyncio.create_task(self._read())

    def _end(self) -> None:
        if not (self._listeners or self._watches) and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read(self) -> None:
        seen: Seen | None = None
        untold: list[Happened] = []
        ask_all, asked_at = False, time.monotonic()
        while True:
            latest_now()  # so that this process knows the hour when the clock is set back
            begun = time.monotonic()
            try:
                if seen is None:
                    seen = await run_in_threadpool(begin_reading)
                    self._ready.set()
                else:
                    seen, new, is_over = await run_in_threadpool(read_new, seen)
                    untold += new
                    ask_all = ask_all or is_over or time.monotonic() - asked_at > HEARTBEAT_SECONDS
                    if ask_all or any(event.kind == RIGHTS for event in new):
                        for watch in self._watches:
                            watch.doubt.set()
                self._read_at = begun
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
