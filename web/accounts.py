"""Accounts: the first one, joining by invitation, signing in and out, and one's own page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from annotation.errors import AlreadyBegun
from annotation.people import accept_invitation, find_invitation, make_first_account, nobody_yet
from annotation.sharing import openings
from annotation.signing_in import Attempts, change_password, check_sign_in, end_sign_in, list_devices, revoke_device
from annotation.voice_prints import allow_print, delete_print, find_print
from core.db import get_database
from core.errors import HindsightError
from core.models import Person, SignIn
from web.auth import COOKIE, CurrentDevice, CurrentPerson, MaybePerson, begin, put_cookie
from web.rendering import go, local_address, page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


def _sign_in(request: Request, person: Person, address: str) -> Response:
    answer = RedirectResponse(address, 303)
    put_cookie(answer, begin(request, person))
    return answer


def _begun() -> bool:
    with get_database().read() as session:
        return not nobody_yet(session)


@router.get("/welcome", response_class=HTMLResponse)
def show_welcome(request: Request) -> Response:
    """Show the form of the first account, as long as there is none."""
    if _begun():
        return RedirectResponse("/sign-in", 303)
    return page(request, "welcome.html", None, page_title="Welcome", name="", email="")


@router.post("/welcome", response_class=HTMLResponse)
def make_first(request: Request, name: Text = "", email: Text = "", password: Text = "") -> Response:
    """Make the first account, the programme lead's, and sign it in."""
    try:
        if _begun():  # before the slow hash
            raise AlreadyBegun
        with get_database().write() as session:
            person = make_first_account(session, name, email, password)
    except HindsightError as error:
        form = {"name": name, "email": email, "problem": str(error)}
        return page(request, "welcome.html", None, page_title="Welcome", status=error.status, **form)
    return _sign_in(request, person, "/")


@router.get("/sign-in", response_class=HTMLResponse)
def show_sign_in(request: Request, person: MaybePerson) -> Response:
    """Show the sign-in form."""
    goal = local_address(request.query_params.get("next", "/"))
    if person is not None:
        return RedirectResponse(goal, 303)
    if not _begun():
        return RedirectResponse("/welcome", 303)
    return page(request, "sign_in.html", None, page_title="Sign in", email="", next=goal)


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    email: Text = "",
    password: Text = "",
    next_address: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Sign in; whatever was wrong, the sentence is the same."""
    attempts: Attempts = request.app.state.attempts
    account = email.strip().lower()
    try:
        attempts.count(account, request.client.host if request.client else "")
        with get_database().read() as session:
            person = check_sign_in(session, account, password)
    except HindsightError as error:
        form = {"email": email, "next": local_address(next_address), "problem": str(error)}
        return page(request, "sign_in.html", None, page_title="Sign in", status=error.status, **form)
    attempts.forget(account)
    return _sign_in(request, person, local_address(next_address))


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """Sign this device out."""
    with get_database().write() as session:
        end_sign_in(session, request.cookies.get(COOKIE, ""))
    answer = go("/sign-in", "signed-out")
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/join/{secret}", response_class=HTMLResponse)
def show_join(request: Request, secret: str) -> Response:
    """Show an invited person the form of her account."""
    with get_database().read() as session:
        invitation = find_invitation(session, secret)
    form = {"name": invitation.name, "email": invitation.email, "problem": None}
    return page(request, "join.html", None, page_title="Join", status=200, **form)


@router.post("/join/{secret}", response_class=HTMLResponse)
def join(request: Request, secret: str, name: Text = "", password: Text = "") -> Response:
    """Make an invited person's account and sign it in; the link works once."""
    with get_database().read() as session:
        invitation = find_invitation(session, secret)
    try:
        with get_database().write() as session:
            person = accept_invitation(session, secret, name, password)
    except HindsightError as error:
        form = {"name": name, "email": invitation.email, "problem": str(error)}
        return page(request, "join.html", None, page_title="Join", status=error.status, **form)
    return _sign_in(request, person, "/")


def _show_me(request: Request, person: Person, device: SignIn, status: int = 200, **more: Any) -> HTMLResponse:
    with get_database().read() as session:
        voice = find_print(session, person)
        context: dict[str, Any] = {
            "voice": voice
            and {"since": voice.consented_at, "seconds": voice.heard_ms // 1000, "made": voice.voice is not None},
            "devices": [
                {"id": row.id, "device": row.device, "last_seen_at": row.last_seen_at, "is_this": row.id == device.id}
                for row in list_devices(session, person)
            ],
            "openings": [
                {"person": reader.name, "lesson": lesson.title, "lesson_id": lesson.id, "opened_at": row.opened_at}
                for row, reader, lesson in openings(session, person)
            ],
        }
    details = {"email": person.email, "department": person.department, **context, **more}
    return page(request, "me.html", person, page_title="Me", status=status, **details)


@router.get("/me", response_class=HTMLResponse)
def show_me(request: Request, person: CurrentPerson, device: CurrentDevice) -> HTMLResponse:
    """Show one's profile, one's devices, and who saw what of one's own."""
    return _show_me(request, person, device)


@router.post("/me/voice")
def allow_voice(person: CurrentPerson) -> Response:
    """Consent to a voice print."""
    with get_database().write() as session:
        allow_print(session, person)
    return go("/me", "print-allowed")


@router.post("/me/voice/delete")
def delete_voice(person: CurrentPerson) -> Response:
    """Delete the voice print, and the consent with it."""
    with get_database().write() as session:
        delete_print(session, person)
    return go("/me", "print-deleted")


@router.post("/me/devices/{sign_in_id}")
def sign_device_out(sign_in_id: str, person: CurrentPerson) -> Response:
    """Sign one of one's own devices out."""
    with get_database().write() as session:
        revoke_device(session, person, sign_in_id)
    return go("/me", "device-out")


@router.post("/me/password", response_class=HTMLResponse)
def set_password(
    request: Request, person: CurrentPerson, device: CurrentDevice, old: Text = "", new: Text = ""
) -> Response:
    """Change one's password; every other device is signed out."""
    attempts: Attempts = request.app.state.attempts
    try:
        attempts.count(person.email, request.client.host if request.client else "")
        with get_database().write() as session:
            change_password(session, person, old, new, device.id)
    except HindsightError as error:
        return _show_me(request, person, device, error.status, problem=str(error))
    attempts.forget(person.email)
    return go("/me", "password-changed")
