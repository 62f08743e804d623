"""HTTP connections that can be cut, and that are given up when a request does not come to its end.

To cut: what is not sent yet is thrown away, by us and by the kernel. How long a body may take is decided in
`web/security/bodies.py`; here are what comes before it, and what comes after its answer.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import ClassVar

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from web.transfer.waiting import Waiting

EXTENSION = "hindsight.cut"
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing drops the send buffer and resets the connection
HEAD_SECONDS = 30.0  # from the first byte of a request to the end of its headers
HEAD_BYTES = 64 * 1024  # of headers, of trailers, or of signs between two pieces of a body
LINGER_SECONDS = 5.0  # after the answer to a body that was not read: so long its sender has to notice
IDLE_SECONDS = 75.0  # before the first byte; a browser opens connections that it may need
STUCK_SECONDS = 120.0  # without taking any byte of an answer; a paused film asks again for what is missing
REFUSED = {408: b"408 Request Timeout", 431: b"431 Request Header Fields Too Large"}


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, whose requests carry the means to cut their connection, and whose half requests end.

    ASGI has no message for cutting: a response that raises is closed in an orderly way, so a slow reader still gets
    what lies in the buffers. uvicorn waits for ever for headers, holds any number of them, and goes on to receive a
    body that nobody reads.
    """

    waiting: ClassVar[Waiting] = Waiting()  # of this process
    _stuck: asyncio.TimerHandle | None = None
    _timer: asyncio.TimerHandle | None = None
    _in_body = False  # the headers are here, the end of the body is not
    _dry_bytes = 0  # received since the last piece of a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait(IDLE_SECONDS, 0)
        self.waiting.add(self, self._address, self._make_room)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        self.resume_writing()
        self.waiting.discard(self, self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that began must end its headers in time and within bounds."""
        if not self._in_body and self._dry_bytes == 0:
            self._wait(HEAD_SECONDS, 408)
        self._dry_bytes += len(data)
        super().data_received(data)
        if self._dry_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._give_up(431)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"cut": self.cut}}

    def on_headers_complete(self) -> None:
        """Hand the request on: how long its body may take is the application's business."""
        self._in_body, self._dry_bytes = True, 0
        self._stop_waiting()
        self.waiting.discard(self, self._address)
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; what comes behind a body is nobody's business."""
        if not self._in_body:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._dry_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that all of a request is here."""
        self._in_body, self._dry_bytes = False, 0
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, and a little while for the rest of a body that was not read."""
        is_half, is_last = self._in_body and not self.pipeline, not self.pipeline
        super().on_response_complete()
        if is_last and not self.transport.is_closing():
            self.waiting.add(self, self._address, self._make_room)
        if is_half and not self.transport.is_closing():
            self._wait(LINGER_SECONDS, 0)

    def pause_writing(self) -> None:
        """Wait for a reader that does not read, but not for ever."""
        super().pause_writing()
        self._stuck = self._stuck or self.loop.call_later(STUCK_SECONDS, self.cut)

    def resume_writing(self) -> None:
        """Go on: bytes were read."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _make_room(self) -> None:
        self._give_up(0)

    def cut(self) -> None:
        """Drop what is not sent yet, and the connection."""
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    def _wait(self, seconds: float, status: int) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._give_up, status)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, status: int) -> None:
        """Close the connection, with an answer unless another one is on its way."""
        answering: RequestResponseCycle | None = self.cycle
        if status and (answering is None or answering.response_complete):
            self.transport.write(b"HTTP/1.1 " + REFUSED[status] + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()


def cut(scope: Scope) -> bool:
    """Cut the connection of a request; False where the server cannot."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    if extension is None:
        return False
    extension["cut"]()
    return True
