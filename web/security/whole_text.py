"""The edge for JSON: well-formed text, and numbers that every database and every reader takes. It is parsed once.

The middleware reads the body and parses it; a route that takes JSON is a `PlainJsonRoute`, which finds the document in
the scope. Any other route is handed `NO_JSON`, so that none can read what the middleware did not look at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from math import isfinite
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.text.plain_text import well_formed

NO_JSON = b"!"
DOCUMENT = "hindsight.document"  # its place in the scope of a request
LARGEST = 2**63 - 1
MOST_DIGITS = 20


def plain_document(body: bytes) -> Any:
    """Return what JSON says, with plain text and numbers alone; raises ValueError if it is none.

    What is no text becomes U+FFFD. Python takes NaN, numbers of any length, UTF-16 and half a character; others do not.
    """
    try:
        return _plain(json.loads(body, parse_int=_whole, parse_float=_finite, parse_constant=_refuse))
    except RecursionError as error:
        raise ValueError("too deep") from error


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


class PlainJsonRequest(Request):
    """A request whose JSON was parsed already."""

    async def json(self) -> Any:
        """Return the document."""
        return self.scope[DOCUMENT]


class PlainJsonRoute(APIRoute):
    """A route that takes JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def handle_plain(request: Request) -> Response:
            is_there = DOCUMENT in request.scope  # a refused form is read again from its request
            return await handle(PlainJsonRequest(request.scope, request.receive) if is_there else request)

        return handle_plain


class WholeText:
    """Read the JSON of a request, with whole characters only."""

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
        body = bytes(collected)
        if is_there := bool(body.strip()):
            with suppress(ValueError):
                scope[DOCUMENT] = plain_document(body)
        waiting: list[Message] = [{"type": "http.request", "body": NO_JSON if is_there else b"", "more_body": False}]

        async def receive_whole() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, receive_whole, send)
