"""Second factor pages: code entry after the password, set-up and removal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import wrap
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from annotation.access.leavers import LeaverAct
from annotation.errors import WrongCode, WrongPassword
from annotation.people.passwords import TypedPassword
from annotation.people.second_factor import (
    begin_setup,
    finish_setup,
    is_required_of,
    remove_factor,
    renew_codes,
    standing_of,
)
from annotation.people.sign_in import Attempts, known_device
from annotation.people.two_step_sign_in import enter_by_code, who_waits
from core.database.db import get_database
from core.models import Person
from web.rendering import go, page
from web.security.auth import WAITING, CurrentDevice, SelfToSetUp, go_on, open_to_leavers, this_browser

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]
Self = Annotated[Person, open_to_leavers(LeaverAct.SECOND_FACTOR)]


@router.get("/sign-in/code", response_class=HTMLResponse)
def ask_for_code(request: Request) -> Response:
    """Ask whoever typed a right password in this browser for a code."""
    with get_database().read() as session:
        who_waits(session, request.cookies.get(WAITING, ""))
    return page(request, "people/code.html", None, page_title="Your code")


@router.post("/sign-in/code", response_class=HTMLResponse)
def sign_in_with_code(request: Request, code: Text = "") -> Response:
    """Sign in with a code of the app or a recovery code."""
    secret, browser = request.cookies.get(WAITING, ""), this_browser(request)
    with get_database().read() as session:
        person = who_waits(session, secret)
        known = known_device(session, person.email, browser.known)

    with _limited(request, person, known), get_database().write() as session:
        entered, goal = enter_by_code(session, secret, code, browser)
    answer = go_on(entered, goal, is_shared=browser.is_shared)
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

    with _limited(request, person, device.id):
        typed = TypedPassword(password, person.password_hash)
        with get_database().write() as session:
            codes = finish_setup(session, person, typed, code, device)
    return _show_codes(request, person, codes)


@router.post("/me/second-factor/codes", response_class=HTMLResponse)
def make_new_codes(
    request: Request, person: Self, device: CurrentDevice, password: Text = "", code: Text = ""
) -> Response:
    """Show new recovery codes, this once; the old ones are worth nothing from now on."""
    with _limited(request, person, device.id):
        typed = TypedPassword(password, person.password_hash)
        with get_database().write() as session:
            codes = renew_codes(session, person, typed, code, device)
    return _show_codes(request, person, codes)


@router.post("/me/second-factor/remove", response_class=HTMLResponse)
def remove_second_factor(
    request: Request, person: Self, device: CurrentDevice, password: Text = "", code: Text = ""
) -> Response:
    """Take one's own second factor away; every other device is signed out."""
    with _limited(request, person, device.id):
        typed = TypedPassword(password, person.password_hash)
        with get_database().write() as session:
            remove_factor(session, person, typed, code, device)
    return go("/me", "second-factor-gone")


def _show_codes(request: Request, person: Person, codes: list[str]) -> HTMLResponse:
    about: dict[str, Any] = {"codes": codes, "email": person.email}
    return page(request, "people/recovery_codes.html", person, page_title="Recovery codes", **about)


@contextmanager
def _limited(request: Request, person: Person, known: str) -> Iterator[None]:
    """Limit attempts at a code as at the door, on a device that is known by a count of its own."""
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    attempts.begin_code(person.id, address, known)
    try:
        yield
    except (WrongCode, WrongPassword):
        attempts.failed(address, known)
        raise
    attempts.code_fitted(person.id, known)


def _show(request: Request, person: Person) -> HTMLResponse:
    with get_database().write() as session:
        standing, needed = standing_of(session, person.id), is_required_of(person)
        setup = None if standing.since is not None else begin_setup(session, person)
    about: dict[str, Any] = {"needed": needed, "email": person.email}
    if setup is None:
        about |= {"page_title": "Your second factor", "standing": standing}
        return page(request, "people/second_factor.html", person, **about)
    qr = Markup(segno.make(setup.address, error="m").svg_inline(svgclass=None, lineclass=None, omitsize=True))  # noqa: S704 - drawn here
    about |= {"page_title": "Set up a second factor", "qr": qr, "secret": " ".join(wrap(setup.secret, 4))}
    me = None if needed else person  # whoever must set it up first can go nowhere else
    return page(request, "people/second_factor_setup.html", me, **about)
