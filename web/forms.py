"""A form that is refused comes back on its own page, with what was typed and the sentence at its field.

Handlers just raise. Every address that a form posts to leads, when it is opened, to the page that the form is on.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Message

from core.errors import HindsightError, NotFound, SignInNeeded
from web.refilling import Typed, refill
from web.refusals import FORMS, wants_json
from web.rendering import page

# Forms whose page is not the one above their address. Where a form is on several pages this is the one to open.
PAGES = (
    (re.compile(r"/actions/[^/]+/done"), "/"),
    (re.compile(r"/conversations/[^/]+/forget"), "/partnerships"),
    (re.compile(r"/lessons/[^/]+/delete-for-good"), "/"),
    (re.compile(r"/portfolio/[^/]+/consent"), "/me"),
)
NEVER_SHOWN = re.compile(r"password|code|secret|^(old|new)$|_id$")  # names of what is not written out on a page
CHOSEN = "Please choose one that is there. What you chose may have been taken back or deleted meanwhile."
OF_THE_BODY = (b"content-length", b"content-type", b"transfer-encoding")


def page_of(request: Request, path: str) -> str:
    """Return the address of the page that a form at `path` is on."""
    for form, address in PAGES:
        if form.fullmatch(path):
            return address
    while path and not _answers(request, "GET", path):
        path = path.rpartition("/")[0]
    return path or "/"


def is_form_address(request: Request) -> bool:
    """Tell whether a form posts to the address of this request."""
    return not wants_json(request) and _answers(request, "POST", request.url.path)


def _answers(request: Request, method: str, path: str) -> bool:
    scope = {**request.scope, "method": method, "path": path}
    return any(route.matches(scope)[0] == Match.FULL for route in request.app.router.routes)


def is_form(request: Request) -> bool:
    """Tell whether a person sent a form."""
    kind = request.headers.get("content-type", "")
    return request.method == "POST" and not wants_json(request) and (not kind or kind.startswith(FORMS))


async def show_again(request: Request, error: HindsightError) -> Response:
    """Answer a form that was refused: its page with what was typed, else a page that gives back what was written."""
    typed = _texts(await _sent(request))
    sentence = CHOSEN if isinstance(error, NotFound) else str(error)
    own = page_of(request, request.url.path)
    for address in dict.fromkeys((_came_from(request), own)):
        found = await _read(request, address) if address else None
        here = urlsplit(address).path
        again = found and refill(found, here, request.url.path, typed, sentence, error.fields)
        if again:
            return HTMLResponse(again, error.status)
    words = [text for name, text in typed if " " in text.strip() and not NEVER_SHOWN.search(name)]
    back = f"/sign-in?next={quote(own)}" if isinstance(error, SignInNeeded) else "/"
    link = "Sign in" if isinstance(error, SignInNeeded) else "Back to this week"
    context = {"sentence": str(error), "words": words, "back": back, "link": link}
    return page(request, "error.html", None, page_title="Hindsight", status=error.status, **context)


async def _sent(request: Request) -> FormData:
    try:
        return await request.form()
    except (HTTPException, RuntimeError):  # no form at all, or one that breaks off
        return FormData()


def _texts(form: FormData) -> Typed:
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _came_from(request: Request) -> str:
    """Return the page of ours that the form was on, as the browser says."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.headers.get("host", "") or not parts.path.startswith("/"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


async def _read(request: Request, address: str) -> str | None:
    """Return a page as the same person would be shown it now; None if it is not shown."""
    parts = urlsplit(address)
    headers = [one for one in request.scope["headers"] if one[0] not in OF_THE_BODY]
    scope = {
        **request.scope,
        "method": "GET",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": headers,
    }
    status, is_html, pieces = 0, False, []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, is_html
        if message["type"] == "http.response.start":
            status = message["status"]
            is_html = any(one == (b"content-type", b"text/html; charset=utf-8") for one in message["headers"])
        else:
            pieces.append(message.get("body", b""))

    await request.app.router(scope, receive, send)
    return b"".join(pieces).decode() if status == 200 and is_html else None
