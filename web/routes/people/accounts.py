"""Account pages: first account, joining, sign-in and sign-out, forgotten password, one's own page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from annotation.access.leavers import LeaverAct, has_left
from annotation.coaching.portfolio import asked_of
from annotation.errors import AlreadyBegun, WrongSignIn
from annotation.mail_queue import mail_is_on
from annotation.people.account_deletion import erase_account
from annotation.people.account_links import (
    accept_invitation,
    ask_for_reset,
    choose_password,
    find_link,
    mail_reset,
    open_invitation,
)
from annotation.people.credentials import list_notices, renew_hash
from annotation.people.names import clean_called, short_name
from annotation.people.passwords import NewPassword, TypedPassword, renewed_hash
from annotation.people.people import address_key, leaver_until, make_first_account, nobody_yet
from annotation.people.second_factor import standing_of
from annotation.people.sign_in import (
    Attempts,
    change_password,
    check_sign_in,
    end_sign_in,
    known_device,
    list_devices,
    may_set_first_password,
    remove_password,
    revoke_device,
    sign_out_everywhere,
)
from annotation.people.voice_prints import allow_print, delete_print, find_print
from core.database.db import get_database
from core.errors import NotFound
from core.models import Person, SignIn
from core.settings import get_settings
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go, local_address, page
from web.security.auth import (
    COOKIE,
    KNOWN_COOKIE,
    SHARED_COOKIE,
    CurrentDevice,
    CurrentPerson,
    MaybePerson,
    PasswordsWanted,
    is_shared,
    open_to_leavers,
    sign_in_browser,
    this_device,
)
from web.security.connections import came_by_plain_http
from web.views.people.accounts import list_openings
from web.views.people.leaver import left_behind
from web.views.people.sign_in_page import sso_label, ways_in

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]
ReadsOwnPage = Annotated[Person, open_to_leavers(LeaverAct.READ_OWN_PAGE)]
DeletesAccount = Annotated[Person, open_to_leavers(LeaverAct.DELETE_ACCOUNT)]
DeletesVoice = Annotated[Person, open_to_leavers(LeaverAct.DELETE_VOICE_PRINT)]
SignsOut = Annotated[Person, open_to_leavers(LeaverAct.SIGN_OUT_DEVICES)]
ChangesPassword = Annotated[Person, open_to_leavers(LeaverAct.CHANGE_PASSWORD)]


def _begun() -> bool:
    with get_database().read() as session:
        return not nobody_yet(session)


@router.get("/welcome", response_class=HTMLResponse)
def show_welcome(request: Request) -> Response:
    """Show the form of the first account, as long as there is none."""
    if _begun():
        return RedirectResponse("/sign-in", 303)
    return page(request, "people/welcome.html", None, page_title="Welcome", name="", email="", called="", **ways_in())


@router.post("/welcome", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def make_first(request: Request, name: Text = "", email: Text = "", password: Text = "", called: Text = "") -> Response:
    """Make the first account, the programme lead's, and sign it in."""
    if _begun():  # before the slow hash
        raise AlreadyBegun
    chosen = NewPassword(password)
    with get_database().write() as session:
        person = make_first_account(session, name, email, chosen, called)
    return sign_in_browser(request, person, "/", "link")


@router.get("/sign-in", response_class=HTMLResponse)
def show_sign_in(request: Request, person: MaybePerson) -> Response:
    """Show the sign-in form."""
    goal = local_address(request.query_params.get("next", "/"))
    if person is not None:
        return RedirectResponse(goal, 303)
    if not _begun():
        return RedirectResponse("/welcome", 303)
    form: dict[str, Any] = {"email": "", "next": goal, **ways_in()}
    return page(request, "people/sign_in.html", None, page_title="Sign in", **form)


@router.post("/sign-in", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def sign_in(
    request: Request,
    email: Text = "",
    password: Text = "",
    next_address: Annotated[str, Form(alias="next")] = "/",
    shared: Annotated[bool, Form()] = False,
) -> Response:
    """Sign in; whatever was wrong, the sentence is the same."""
    attempts: Attempts = request.app.state.attempts
    account = address_key(email)
    with get_database().read() as session:
        known = known_device(session, account, request.cookies.get(KNOWN_COOKIE, ""))
    try:
        attempts.begin(account, _address(request), known)
        with get_database().read() as session:
            person = check_sign_in(session, account, password)
        answer = sign_in_browser(request, person, local_address(next_address), "password", shared=shared)
        if renewed := renewed_hash(password, person.password_hash):
            with get_database().write() as session:
                renew_hash(session, person, renewed)
    except WrongSignIn:
        attempts.failed(_address(request), known)
        raise
    attempts.succeeded(account, known)
    return answer


def _address(request: Request) -> str:
    """Return where a request comes from; behind a proxy that is trusted, what the proxy says."""
    return request.client.host if request.client else ""


@router.get("/forgotten", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def show_forgotten(request: Request) -> HTMLResponse:
    """Ask for the address to which a link to a new password goes."""
    return page(request, "people/forgotten.html", None, page_title="A new password", mail=mail_is_on())


@router.post("/forgotten", dependencies=[PasswordsWanted])
def ask_for_password(request: Request, email: Text = "") -> Response:
    """Mail a link; whether there is such an account, the answer does not say."""
    if not mail_is_on():
        return show_forgotten(request)
    attempts: Attempts = request.app.state.attempts
    with get_database().read() as session:
        known = known_device(session, email, request.cookies.get(KNOWN_COOKIE, ""))
    attempts.begin(f"reset:{address_key(email)}", _address(request), known)
    attempts.failed(_address(request), known)
    with get_database().write() as session:
        ask_for_reset(session, email)
    return go("/sign-in", "reset-asked")


@router.get("/new-password/{secret}", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def show_new_password(request: Request, secret: str) -> HTMLResponse:
    """Show the form of a new password to whoever holds the link."""
    with get_database().read() as session:
        _, person = find_link(session, secret, "reset")
    return page(request, "people/new_password.html", None, page_title="A new password", email=person.email)


@router.post("/new-password/{secret}", dependencies=[PasswordsWanted])
def set_new_password(request: Request, secret: str, password: Text = "") -> Response:
    """Set a new password; the link works once, and every device is signed out."""
    with get_database().read() as session:
        find_link(session, secret, "reset")  # before the slow hash
    chosen = NewPassword(password)
    with get_database().write() as session:
        choose_password(session, secret, chosen, this_device(request))
    return go("/sign-in", "password-new")


@router.get("/api/me", status_code=204)
def confirm_signed_in(person: ReadsOwnPage) -> Response:
    """Tell a page whether its person is still signed in here: whose page it is, every request says itself."""
    del person
    return Response(status_code=204)


@router.post("/sign-out")
def sign_out(request: Request, others_keep: Annotated[bool, Form()] = False) -> Response:
    """Sign this device out; a shared computer forgets everything, but what others keep there is theirs."""
    with get_database().write() as session:
        end_sign_in(session, request.cookies.get(COOKIE, ""))
    answer = go("/sign-in", "signed-out")
    answer.delete_cookie(COOKIE, path="/")
    if is_shared(request):
        answer.delete_cookie(SHARED_COOKIE, path="/")
        if not came_by_plain_http(request):  # browsers ignore it there, and complain
            answer.headers["clear-site-data"] = '"cache"' if others_keep else '"cache", "storage"'
    return answer


@router.get("/join/{secret}", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def show_join(request: Request, secret: str) -> Response:
    """Show an invited person the form of her account."""
    with get_database().write() as session:
        invited = open_invitation(session, secret, this_device(request))
    form: dict[str, Any] = {
        "name": invited.name,
        "email": invited.email,
        "sso": sso_label(),
        "called": invited.called,
    }
    return page(request, "people/join.html", None, page_title="Join", **form)


@router.post("/join/{secret}", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def join(request: Request, secret: str, name: Text = "", password: Text = "", called: Text = "") -> Response:
    """Make an invited person's account and sign it in; the link works once."""
    with get_database().read() as session:
        find_link(session, secret, "join")  # before the slow hash
    chosen = NewPassword(password)
    with get_database().write() as session:
        person = accept_invitation(session, secret, name, chosen, this_device(request), called=called)
    return sign_in_browser(request, person, "/", "link")


def _factor(session: Session, person: Person) -> dict[str, Any]:
    """Return how it stands with her second factor; beside single sign-on there is none of ours."""
    standing = standing_of(session, person.id)
    by_provider = not person.password_hash or not get_settings().passwords
    return {"by_provider": by_provider, "since": standing.since, "codes_left": standing.codes_left}


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
            "factor": _factor(session, person),
            "openings": list_openings(session, person),
            "consents": asked_of(session, person),
            "notices": [sentence for _, sentence in list_notices(session, person)],
            "has_password": bool(person.password_hash),
            "may_set_password": may_set_first_password(device),
            **ways_in(),
            "by_provider": person.subject is not None,
            "left_behind": left_behind(session, person) if has_left(person) else None,
        }
    until = leaver_until(person)
    details = {"email": person.email, "department": person.department, "until": until, "mail": mail_is_on()}
    details |= {"called": person.called, "short_name": short_name(person), "name": person.name}
    details |= {"wants_mail": person.wants_mail, **context, **more}
    return page(request, "people/me.html", person, page_title="Me", status=status, **details)


@router.get("/me", response_class=HTMLResponse)
def show_me(request: Request, person: ReadsOwnPage, device: CurrentDevice) -> HTMLResponse:
    """Show one's profile, one's devices, and who saw what of one's own."""
    return _show_me(request, person, device)


@router.post("/me/mails")
def set_mails(person: CurrentPerson, wanted: Annotated[bool, Form()] = False) -> Response:
    """Switch reminders on or off."""
    with get_database().write() as session:
        session.get_one(Person, person.id).wants_mail = wanted
    return go("/me", "mail-set")


@router.post("/me/called")
def set_called(person: CurrentPerson, called: Text = "") -> Response:
    """Say what one wants to be called; nothing written: as before."""
    with get_database().write() as session:
        session.get_one(Person, person.id).called = clean_called(called)
    return go("/me", "saved")


@router.post("/me/delete")
def delete_me(person: DeletesAccount, email: Text = "") -> Response:
    """Delete one's account with everything that is one's own; the address is asked for."""
    erasure = erase_account(get_database(), person, email)
    answer = go(f"/deletions/{erasure.id}")
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.post("/me/voice")
def allow_voice(person: CurrentPerson, sent: SentForm) -> Response:
    """Consent to a voice print."""
    with get_database().write() as session:

        def act() -> Response:
            allow_print(session, person)
            return go("/me", "print-allowed")

        return answer_once(session, person, sent, act)


@router.post("/me/voice/delete")
def delete_voice(person: DeletesVoice) -> Response:
    """Delete the voice print, and the consent with it."""
    with get_database().write() as session:
        delete_print(session, person)
    return go("/me", "print-deleted")


@router.post("/me/devices/out")
def sign_others_out(person: SignsOut, device: CurrentDevice) -> Response:
    """Sign every other device out."""
    with get_database().write() as session:
        sign_out_everywhere(session, person, device)
    return go("/me", "devices-out")


@router.post("/me/devices/{sign_in_id}")
def sign_device_out(sign_in_id: str, person: SignsOut) -> Response:
    """Sign one of one's own devices out."""
    with get_database().write() as session:
        revoke_device(session, person, sign_in_id)
    return go("/me", "device-out")


@router.post("/me/password", response_class=HTMLResponse, dependencies=[PasswordsWanted])
def set_password(
    request: Request,
    person: ChangesPassword,
    device: CurrentDevice,
    old: Text = "",
    new: Text = "",
) -> Response:
    """Change one's password, or set a first one; every other device is signed out."""
    attempts: Attempts = request.app.state.attempts
    attempts.begin(person.email, _address(request), device.id)
    typed = TypedPassword(old, person.password_hash)
    if person.password_hash and not typed.fits:  # before another slow hash
        raise WrongSignIn
    chosen = NewPassword(new)
    with get_database().write() as session:
        change_password(session, person, typed, chosen, device)
    attempts.succeeded(person.email, device.id)
    return go("/me", "password-changed")


@router.post("/me/password/link", dependencies=[PasswordsWanted])
def ask_for_own_link(request: Request, person: CurrentPerson, device: CurrentDevice) -> Response:
    """Mail oneself a link to a new password."""
    if not mail_is_on():
        raise NotFound
    attempts: Attempts = request.app.state.attempts
    attempts.begin(f"reset:{person.email}", _address(request), device.id)
    with get_database().write() as session:
        mail_reset(session, person)
    return go("/me", "link-mailed")


@router.post("/me/password/remove")
def remove_own_password(person: ChangesPassword, device: CurrentDevice) -> Response:
    """Take one's password away, where single sign-on opens the account."""
    with get_database().write() as session:
        remove_password(session, person, device)
    return go("/me", "password-removed")
