"""The edge for JSON: well-formed text, and numbers that every database and every reader takes."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.text.plain_text import well_formed

UNREADABLE = b"!"  # is no JSON, so the route refuses it as such
LARGEST = 2**63 - 1
MOST_DIGITS = 20


def whole_json(body: bytes) -> bytes:
    """Return a JSON document in UTF-8 with plain text and numbers alone; `UNREADABLE` if it is none.

    What is no text becomes U+FFFD. Python takes NaN, numbers of any length, UTF-16 and half a character; others do not.
    """
    if not body.strip():
        return body
    try:
        document = json.loads(body, parse_int=_whole, parse_float=_finite, parse_constant=_refuse)
        return json.dumps(_plain(document), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return UNREADABLE


def _whole(digits: str) -> int:
    number = int(digits) if len(digits) <= MOST_DIGITS else LARGEST + 1
    if abs(number) > LARGEST:
        raise ValueError("beyond 64 bits")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError("beyond all numbers")
    return number


def _refuse(name: str) -> None:
    raise ValueError(name)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {well_formed(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def is_json(kind: str) -> bool:
    """Tell whether a body of this content type is read as JSON: `application/json`, `application/ld+json`."""
    whole, _, rest = kind.partition(";")[0].strip().lower().partition("/")
    return whole == "application" and (rest == "json" or rest.endswith("+json"))


class WholeText:
    """Hand on the JSON of a request with whole characters only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a body of JSON as a whole; every other body passes as it comes."""
        kind = Headers(scope=scope).get("content-type", "") if scope["type"] == "http" else ""
        if not is_json(kind):
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
