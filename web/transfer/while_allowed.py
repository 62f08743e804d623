"""Answers that end with the right to them: it is asked again while bytes are on their way.

A slow reader makes an answer last for minutes. One that is not over after `CHECK_SECONDS` asks for its right, and again
when the hub says that one may have ended (`web/live/hub.py`): many slow readers cost no more statements than one. When
it is gone the connection is cut, with what lies in its buffers. While the database gives no answer nothing more is
handed out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import anyio
from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.orm import Session
from starlette.types import Message, Receive, Scope, Send

from core.database.db import get_database
from core.errors import HindsightError
from core.models import Person
from web.live.hub import Hub
from web.security.auth import COOKIE, still_signed_in
from web.transfer.connection import cut

log = logging.getLogger("hindsight.web")

CHECK_SECONDS = 0.4
ANSWER_SECONDS = 0.3  # a check that takes longer holds the answer back
PIECE_BYTES = 64 * 1024  # of a text: what waits in a buffer can be thrown away, what is sent cannot

Right = Callable[[], bool]


def right_to(
    request: Request, person: Person, ask: Callable[[Session, Person], object], *, leavers: bool = False
) -> Right:
    """Return whether a person may still have what she is being sent, as a question that reads the database.

    She is signed in on this device, and `ask` does not refuse. Leavers keep what is theirs alone.
    """
    secret, person_id = request.cookies.get(COOKIE, ""), person.id

    def is_allowed() -> bool:
        with get_database().read() as session:
            known = still_signed_in(session, secret, person_id, leavers=leavers)
            if known is None:
                return False
            try:
                ask(session, known)
            except HindsightError:
                return False
            return True

    return is_allowed


class RightEnded(Exception):
    """The right ended while an answer was being sent, and the server cannot cut the connection by itself."""


class WhileAllowed(Response):
    """Another response, sent for as long as its reader may have it."""

    def __init__(self, response: Response, right: Right) -> None:
        self.response, self.right = response, right
        self.status_code, self.raw_headers, self.background = response.status_code, response.raw_headers, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and ask meanwhile."""
        may_send = asyncio.Event()
        may_send.set()

        async def send_allowed(message: Message) -> None:
            await may_send.wait()
            await send(message)

        sending = asyncio.ensure_future(self.response(scope, receive, send_allowed))
        try:
            await asyncio.wait({sending}, timeout=CHECK_SECONDS)
            if not sending.done() and not await self._stays_allowed(scope["app"].state.hub, sending, may_send):
                await self._end(scope, receive, sending)
                return
            sending.result()
        finally:
            sending.cancel()

    async def _stays_allowed(self, hub: Hub, sending: asyncio.Future[None], may_send: asyncio.Event) -> bool:
        """Return whether the right lasts until all is sent; if not, as soon as it has ended."""
        with hub.watching() as watch:
            while not sending.done():
                if watch.must_ask() and not await self._is_allowed(sending, may_send):
                    return False
                await watch.wait(sending, CHECK_SECONDS)
        return True

    async def _is_allowed(self, sending: asyncio.Future[None], may_send: asyncio.Event) -> bool:
        """Ask; an answer that is sent meanwhile needs none. Holds back what is sent while the database is silent."""
        answer = anyio.to_thread.run_sync(self.right, limiter=_own_threads())
        asking: asyncio.Future[bool] = asyncio.ensure_future(answer)
        both: set[asyncio.Future[Any]] = {asking, sending}
        try:
            await asyncio.wait(both, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done() and not sending.done():
                may_send.clear()
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return True
            try:
                return asking.result()
            except Exception:  # the database is away: what nobody can vouch for is not sent
                log.warning("a right could not be asked while an answer was sent", exc_info=True)
                return False
        finally:
            asking.cancel()
            may_send.set()

    async def _end(self, scope: Scope, receive: Receive, sending: asyncio.Future[None]) -> None:
        sending.cancel()
        is_cut = cut(scope)
        with suppress(asyncio.CancelledError):
            await asyncio.wait({sending}, timeout=1)
        log.info("an answer was cut: its reader may not have it any more", extra={"path": scope["path"]})
        if not is_cut:
            raise RightEnded
        async with asyncio.timeout(1):
            while (await receive())["type"] != "http.disconnect":
                pass


def in_pieces(response: Response, right: Right) -> Response:
    """Return an answer whose body is there already, in pieces: a slow reader has no more of it in our buffers than one.

    Shorter ones leave at once.
    """
    data = bytes(response.body)
    if len(data) <= PIECE_BYTES:
        return response

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), PIECE_BYTES):
            yield data[start : start + PIECE_BYTES]

    part = StreamingResponse(pieces(), response.status_code)
    part.raw_headers = response.raw_headers
    return WhileAllowed(part, right)


_limiters: dict[asyncio.AbstractEventLoop, anyio.CapacityLimiter] = {}


def _own_threads() -> anyio.CapacityLimiter:
    """Return threads that no slow store can use up: a check must not wait for them."""
    loop = asyncio.get_running_loop()
    if loop not in _limiters:
        _limiters.clear()
        _limiters[loop] = anyio.CapacityLimiter(8)
    return _limiters[loop]
