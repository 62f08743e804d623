"""Second factor pages: code entry after the password, set-up and removal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from textwrap import wrap
from typing import Annotated, Any, TypeVar

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.errors import CodeNeeded, WrongCode, WrongPassword
from annotation.people.second_factor import (
    begin_setup,
    finish_setup,
    is_required_of,
    renew_codes,
    standing_of,
    take_away,
)
from annotation.people.sign_in import Attempts
from annotation.people.two_step_sign_in import enter_by_code, who_waits
from core.database.db import get_database
from core.errors import HindsightError
from core.models import Person
from web.auth import WAITING, CurrentDevice, CurrentSelf, SelfToSetUp, go_on, this_browser
from web.rendering import go, page

log = logging.getLogger("hindsight.web")
router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]

Done = TypeVar("Done")


@router.get("/sign-in/code", response_class=HTMLResponse)
def ask_for_code(request: Request) -> Response:
    """Ask whoever typed a right password in this browser for a code."""
    try:
        with get_database().read() as session:
            who_waits(session, request.cookies.get(WAITING, ""))
    except CodeNeeded:
        return go("/sign-in", "sign-in-again")
    return page(request, "people/code.html", None, page_title="Your code")


@router.post("/sign-in/code", response_class=HTMLResponse)
def sign_in_with_code(request: Request, code: Text = "") -> Response:
    """Sign in with a code of the app or a recovery code."""
    attempts: Attempts = request.app.state.attempts
    secret, address = request.cookies.get(WAITING, ""), _address(request)
    try:
        with get_database().read() as session:
            person = who_waits(session, secret)
        attempts.begin_code(person.id, address)
        with get_database().write() as session:
            entered, goal = enter_by_code(session, secret, code, this_browser(request))
    except CodeNeeded:
        return go("/sign-in", "sign-in-again")
    except HindsightError as error:
        if isinstance(error, WrongCode):
            attempts.failed(address)
        log.info("a code was not taken", extra={"code": error.code})
        return page(request, "people/code.html", None, page_title="Your code", status=error.status, problem=str(error))
    attempts.code_fitted(person.id)
    attempts.succeeded(person.email)
    answer = go_on(entered, goal)
    answer.delete_cookie(WAITING, path="/sign-in")
    return answer


@router.get("/me/second-factor", response_class=HTMLResponse)
def show_second_factor(request: Request, known: SelfToSetUp) -> Response:
    """Show what the app needs, to scan and to type; once a second factor is set up, what can be done about it."""
    return _show(request, known[0])


@router.post("/me/second-factor", response_class=HTMLResponse)
def confirm_second_factor(request: Request, known: SelfToSetUp, password: Text = "", code: Text = "") -> Response:
    """Switch the second factor on once a code of the app fits, and show the recovery codes, this once."""
    person, device = known

    def confirm(session: Session) -> list[str]:
        return finish_setup(session, person, password, code, device)

    try:
        codes = _with_code(request, person, confirm)
    except HindsightError as error:
        return _show(request, person, error)
    return page(
        request, "people/recovery_codes.html", None, page_title="Recovery codes", codes=codes, email=person.email
    )


@router.post("/me/second-factor/codes", response_class=HTMLResponse)
def make_new_codes(
    request: Request, person: CurrentSelf, device: CurrentDevice, password: Text = "", code: Text = ""
) -> Response:
    """Show new recovery codes, this once; the old ones are worth nothing from now on."""
    try:
        codes = _with_code(request, person, lambda session: renew_codes(session, person, password, code, device))
    except HindsightError as error:
        return _show(request, person, error)
    return page(
        request, "people/recovery_codes.html", person, page_title="Recovery codes", codes=codes, email=person.email
    )


@router.post("/me/second-factor/remove", response_class=HTMLResponse)
def remove_second_factor(
    request: Request, person: CurrentSelf, device: CurrentDevice, password: Text = "", code: Text = ""
) -> Response:
    """Take one's own second factor away; every other device is signed out."""
    try:
        _with_code(request, person, lambda session: take_away(session, person, password, code, device))
    except HindsightError as error:
        return _show(request, person, error)
    return go("/me", "second-factor-gone")


def _with_code(request: Request, person: Person, act: Callable[[Session], Done]) -> Done:
    """Do what asks for password and code; attempts are limited as at the door."""
    attempts: Attempts = request.app.state.attempts
    attempts.begin_code(person.id, _address(request))
    try:
        with get_database().write() as session:
            done = act(session)
    except (WrongCode, WrongPassword) as error:
        attempts.failed(_address(request))
        log.info("a second factor was not changed", extra={"code": error.code})
        raise
    attempts.code_fitted(person.id)
    return done


def _show(request: Request, person: Person, error: HindsightError | None = None) -> HTMLResponse:
    status, problem = (200, None) if error is None else (error.status, str(error))
    with get_database().write() as session:
        standing, needed = standing_of(session, person.id), is_required_of(person)
        setup = None if standing.since is not None else begin_setup(session, person)
    about: dict[str, Any] = {"needed": needed, "email": person.email, "problem": problem, "status": status}
    if setup is None:
        about |= {"page_title": "Your second factor", "standing": standing}
        return page(request, "people/second_factor.html", person, **about)
    qr = segno.make(setup.address, error="m").svg_inline(svgclass=None, lineclass=None, omitsize=True)
    about |= {"page_title": "Set up a second factor", "qr": qr, "secret": " ".join(wrap(setup.secret, 4))}
    me = None if needed else person  # whoever must set it up first can go nowhere else
    return page(request, "people/second_factor_setup.html", me, **about)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
