"""Error handlers: every failure becomes a page or JSON with one sentence; details go to the log only."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from annotation.errors import CodeNeeded, LeftSchool, SecondFactorNeeded
from core.errors import HindsightError, InvalidInput, SignInNeeded
from web.forms.refusals import answer, asked, wants_json
from web.forms.refused import is_form, is_form_address, page_of, show_again

log = logging.getLogger("hindsight.web")

SENTENCES = {
    404: "There is nothing here that is shared with you. It may have been taken back or deleted.",
    405: "This address cannot be used in this way.",
    413: "This is more than can be taken at once.",
    500: "Something went wrong on our side. Nothing you saved is lost; please try again.",
}


# What FastAPI calls what is wrong with a field of a form, and what people are told.
OF_A_FIELD = {
    "missing": "Please fill this in.",
    "date": "Please choose a day.",
    "string_too_long": "This is too long. Please write at most {max_length} characters.",
}


def sentence_of_field(found: Any) -> str:
    """Say what is wrong with a field of a form."""
    kind = "date" if str(found["type"]).startswith("date_") else str(found["type"])
    return OF_A_FIELD.get(kind, "This cannot be read. Please check it.").format(**found.get("ctx", {}))


def led_to(request: Request, error: HindsightError) -> str:
    """Return the page that somebody is led to instead of an answer, or nothing."""
    if wants_json(request):
        return ""
    if isinstance(error, CodeNeeded):
        return "/sign-in?notice=sign-in-again"
    if request.method != "GET":
        return ""
    if isinstance(error, SignInNeeded):
        return f"/sign-in?next={quote(request.url.path)}"
    if isinstance(error, SecondFactorNeeded):
        return "/me/second-factor"
    return "/me?notice=left" if isinstance(error, LeftSchool) else ""


async def refusal_of(request: Request, error: HindsightError) -> Response:
    """Return the answer to a request that is refused."""
    if error.status >= 500:
        log.error("failed", extra={**asked(request.scope), "code": error.code}, exc_info=error)
    if elsewhere := led_to(request, error):
        return RedirectResponse(elsewhere, 303)
    if is_form(request):
        return await show_again(request, error)
    return answer(request, error.status, error.code, str(error))


def add_error_answers(app: FastAPI) -> None:
    """Teach the application what to answer when something is raised."""

    @app.exception_handler(HindsightError)
    async def refuse(request: Request, error: HindsightError) -> Response:
        return await refusal_of(request, error)

    @app.exception_handler(RequestValidationError)
    async def refuse_input(request: Request, error: RequestValidationError) -> Response:
        if is_form(request):
            found = error.errors()[0]
            fields = tuple(str(part) for part in found["loc"][1:2])
            return await show_again(request, InvalidInput(why=sentence_of_field(found), fields=fields))
        places = [str(part) for part in error.errors()[0]["loc"][1:]] if error.errors() else []
        where = f" ({places[0][:40]})" if places and places[0].isidentifier() else ""
        return answer(request, 422, "invalid_input", f"Something in this request cannot be read{where}.")

    @app.exception_handler(HTTPException)
    def refuse_address(request: Request, error: HTTPException) -> Response:
        if (
            error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
            and request.method in ("GET", "HEAD")
            and is_form_address(request)
        ):
            return RedirectResponse(page_of(request, request.url.path), 303)
        sentence = SENTENCES.get(error.status_code, "This did not work. Please go back and try again.")
        made = answer(request, error.status_code, f"http_{error.status_code}", sentence)
        made.headers.update(error.headers or {})
        return made

    @app.exception_handler(Exception)
    def fail(request: Request, _error: Exception) -> Response:
        return answer(request, 500, "error", SENTENCES[500])
