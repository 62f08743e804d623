"""Replaces unpaired surrogates in JSON requests, which neither databases nor UTF-8 can store."""

from __future__ import annotations

import json
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def whole_json(body: bytes) -> bytes:
    """Return a JSON document in which every half of a surrogate pair is U+FFFD; what is no JSON stays as it is."""
    if not HALF.search(body):
        return body
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


class WholeText:
    """Hand on the JSON of a request with whole characters only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a body of JSON as a whole; every other body passes as it comes."""
        kind = Headers(scope=scope).get("content-type", "") if scope["type"] == "http" else ""
        if not kind.startswith("application/json"):
            await self.app(scope, receive, send)
            return
        collected = bytearray()
        message: Message = {"type": "http.request", "more_body": True}
        while message["type"] == "http.request" and message.get("more_body", False):
            message = await receive()
            collected += message.get("body", b"")
        if message["type"] != "http.request":  # it broke off: a route that takes no JSON must not run without it
            return
        waiting: list[Message] = [{"type": "http.request", "body": whole_json(bytes(collected)), "more_body": False}]

        async def receive_whole() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, receive_whole, send)
