"""Limits for the head of a request: none of its parts is so long that reading it takes time."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import HindsightError
from web.forms.refusals import answer

LONGEST_BYTES = 8192  # of an address or one header; browsers send some hundreds
FORMS_WITH_FILES = b"multipart/form-data"


class HeaderTooLong(HindsightError):
    """An address or a header longer than any browser of ours sends."""

    code = "header_too_long"
    status = 431
    sentence = (
        "This address, or what your browser sends along with it, is too long. Please open the page from its start."
    )


class PlainHeaders:
    """Refuse long heads, and hand on the others without what only takes time to read.

    A backslash in a cookie (RFC 6265 allows none) costs quadratic time in Python's `http.cookies` before 3.11.10.
    A form with files may name any codec of Python for its texts, Punycode as well; ours are UTF-8.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parts = (scope.get("raw_path") or b"", scope.get("query_string", b""))
        if max(len(one) for one in (*parts, *(value for _, value in scope["headers"]))) > LONGEST_BYTES:
            short = {**scope, "path": scope["path"][:LONGEST_BYTES], "query_string": b"", "headers": []}
            refused = answer(Request(short), HeaderTooLong.status, HeaderTooLong.code, HeaderTooLong.sentence)
            await refused(scope, receive, send)
            return
        headers = [(name, plain(name, value)) for name, value in scope["headers"]]
        scope["headers"] = headers  # in place: whoever logs the request reads from it what the route was
        await self.app(scope, receive, send)


def plain(name: bytes, value: bytes) -> bytes:
    """Return a header's value as it is handed on."""
    if name == b"cookie":
        return value.replace(b"\\", b"")
    if name == b"content-type" and value.lower().startswith(FORMS_WITH_FILES):
        parts = value.split(b";")
        return b";".join(part for part in parts if not part.strip().lower().startswith(b"charset"))
    return value
