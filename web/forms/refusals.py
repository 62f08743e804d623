"""Answers to refused requests: a page for browsers, JSON for programs, and a log line."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Scope

from web.rendering import page

JSON = "application/json"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def is_of_a_program(path: str) -> bool:
    """Tell whether an address is for programs: no page is there."""
    return path.startswith(("/api/", "/media/"))


def wants_json(request: Request) -> bool:
    """Tell whether a program, or a script of a page, asks rather than a person."""
    if is_of_a_program(request.url.path) or request.headers.get("accept") == JSON:
        return True
    sends_form = request.headers.get("content-type", "").startswith(FORMS)
    return not sends_form and "text/html" not in request.headers.get("accept", "text/html")


def answer(
    request: Request, status: int, code: str, sentence: str, *, back: str = "/", link: str = "Back to this week"
) -> Response:
    """Return the failure in the form that was asked for; a page links to an address to go on to."""
    if wants_json(request):
        return JSONResponse({"code": code, "message": sentence}, status)
    # What she had half written about what is closed to her is in her browser, which shows it to her.
    whose = getattr(request.state, "person_id", "") if status == HTTPStatus.NOT_FOUND else ""
    context: dict[str, object] = {"sentence": sentence, "words": [], "back": back, "link": link, "whose": whose}
    return page(request, "error.html", None, page_title="Hindsight", status=status, **context)


def asked(scope: Scope) -> dict[str, str]:
    """Return what a line of the log says of a request.

    That is the pattern of its route: the path itself may hold the secret of a link, or whatever somebody typed.
    """
    said = {"method": scope["method"], "route": getattr(scope.get("route"), "path", "none")}
    named = scope.get("path_params", {})
    lesson = named.get("lesson_id") or named.get("upload_id")  # a lesson takes the id of its upload
    return said | ({"lesson": lesson} if lesson else {})
