"""HTTP connections that can be cut: what is not sent yet is thrown away, by us and by the kernel."""

from __future__ import annotations

import socket
import struct

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "hindsight.cut"
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing drops the send buffer and resets the connection


class CuttableHttp(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 whose requests carry the means to cut their connection.

    ASGI has no message for it: a response that raises is closed in an orderly way, so a slow reader still gets what
    lies in the buffers.
    """

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"cut": self.cut}}

    def cut(self) -> None:
        """Drop what is not sent yet, and the connection."""
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()


def cut(scope: Scope) -> bool:
    """Cut the connection of a request; False where the server cannot."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    if extension is None:
        return False
    extension["cut"]()
    return True
