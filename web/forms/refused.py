"""Form errors: shows a refused form again with what was typed and the error at its field.

Handlers just raise. Every address that a form posts to leads, when it is opened, to the page that the form is on.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote, unquote, urlsplit

from fastapi import Request
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Message

from core.errors import HindsightError, NotFound, OtherPerson, SignInNeeded
from web.forms.refilling import Typed, refill
from web.forms.refusals import FORMS, answer, asked, is_of_a_program, wants_json
from web.rendering import page

log = logging.getLogger("hindsight.web")

# Forms whose page is not the one above their address. Where a form is on several pages this is the one to open.
PAGES = (
    (re.compile(r"/actions/[^/]+/done"), "/"),
    (re.compile(r"/coaches/mirror/[^/]+/lesson"), "/partnerships"),  # which both of its people see
    (re.compile(r"/conversations/[^/]+/(forget|lesson)"), "/partnerships"),
    (re.compile(r"/lessons/[^/]+/delete-for-good"), "/"),
    (re.compile(r"/portfolio/[^/]+/consent"), "/me"),
    (re.compile(r"/programme/people/[^/]+/back"), "/programme"),
)
NEVER_SHOWN = re.compile(r"password|code|secret|^(old|new)$|_id$")  # names of what is not written out on a page
CHOSEN = "Please choose one from the list. What you chose may have been taken back or deleted in the meantime."
OF_THE_BODY = (b"content-length", b"content-type", b"transfer-encoding")
PAGE = (b"content-type", b"text/html; charset=utf-8")


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
    own = page_of(request, request.url.path)
    if isinstance(error, OtherPerson):  # who is signed in is shown nothing that somebody else typed
        return answer(request, error.status, error.code, str(error), back=own, link="Reload")
    typed = _texts(await _sent(request))
    for address in dict.fromkeys((_came_from(request), own)):
        again = await _filled_again(request, address, typed, error) if address else None
        if again:
            return HTMLResponse(again, error.status)
    words = [text for name, text in typed if " " in text.strip() and not NEVER_SHOWN.search(name)]
    back = f"/sign-in?next={quote(own)}" if isinstance(error, SignInNeeded) else "/"
    link = "Sign in" if isinstance(error, SignInNeeded) else "Back to this week"
    context = {"sentence": str(error), "words": words, "back": back, "link": link, "whose": ""}
    return page(request, "error.html", None, page_title="Hindsight", status=error.status, **context)


async def _filled_again(request: Request, address: str, typed: Typed, error: HindsightError) -> str | None:
    """Return the page at an address with its form filled; None if it has no such form, or cannot be shown."""
    sentence = CHOSEN if isinstance(error, NotFound) else str(error)
    try:
        here, _, query = address.partition("?")
        found = await _read(request, here, query)
        return found and refill(found, here, request.url.path, typed, sentence, error.fields)
    except Exception as failure:  # whatever it is: a refusal stays one, and what was written is given back
        said = {"code": "form_not_shown", **asked(request.scope)}
        log.error("the page of a refused form could not be shown", extra=said, exc_info=failure)
        return None


async def _sent(request: Request) -> FormData:
    try:
        return await request.form()
    except (HTTPException, RuntimeError):  # no form at all, or one that breaks off
        return FormData()


def _texts(form: FormData) -> Typed:
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _came_from(request: Request) -> str:
    """Return the page of ours that the form was on, as the browser says; nothing if it does not."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if parts.netloc != request.headers.get("host", "") or not parts.path.startswith("/") or is_of_a_program(parts.path):
        return ""
    return f"{unquote(parts.path)}?{parts.query}"


class _NoPage(Exception):
    """What stands at an address is not shown to this person, or is no page: a file, a recording, a stream."""


async def _read(request: Request, path: str, query: str) -> str | None:
    """Return a page as the same person would be shown it now; None if it is not shown."""
    scope = {
        **request.scope,
        "method": "GET",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode("latin-1"),
        "headers": [one for one in request.scope["headers"] if one[0] not in OF_THE_BODY],
    }
    body: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    pieces: list[bytes] = []

    async def receive() -> Message:
        return body.pop() if body else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] != "http.response.start":
            pieces.append(message.get("body", b""))
        elif message["status"] != HTTPStatus.OK or PAGE not in message["headers"]:
            raise _NoPage  # before it sends the rest

    with suppress(_NoPage, HindsightError):  # an error is raised when the refusal comes from before the routes
        await AsyncExitStackMiddleware(request.app.router)(scope, receive, send)
        return b"".join(pieces).decode()
    return None
