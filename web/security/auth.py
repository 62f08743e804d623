"""Authentication of requests: the session cookie holds a random secret, everything else is in the database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from annotation.access.leavers import LeaverAct, require_allowed
from annotation.access.reading import is_person
from annotation.errors import PasswordsOff, SecondFactorNeeded
from annotation.people.people import require_lead
from annotation.people.second_factor import is_missing
from annotation.people.sign_in import (
    KNOWN_FOR,
    SEEN_EVERY,
    Browser,
    Road,
    admit,
    device_name,
    find_device,
    find_sign_in,
    note_seen,
)
from annotation.people.two_step_sign_in import KEPT, Entered, enter_by_password
from core.clock import utc_now
from core.database.db import get_database
from core.errors import DiskFull, SignInNeeded
from core.models import Person, SignIn
from core.settings import get_settings

log = logging.getLogger(__name__)

COOKIE = "hindsight"
WAITING = "hindsight-code"  # a sign-in whose password was right, and that waits for its code
KNOWN_COOKIE = "hindsight-known"  # no credential: see KnownDevice


def signed_in(request: Request) -> tuple[Person, SignIn] | None:
    """Return who is signed in on this device, and the device, or None; raises SecondFactorNeeded."""
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        return None
    with get_database().read() as session:
        found = find_device(session, secret)
        unready = found is not None and is_missing(session, *found)
    if unready:
        raise SecondFactorNeeded
    if found is not None and utc_now() - found[1].last_seen_at > SEEN_EVERY:
        try:
            with get_database().write() as session:
                note_seen(session, found[1].id)
        except DiskFull:
            log.warning("no room to note when a device was seen")  # she can still read
    return found


def still_signed_in(session: Session, secret: str, person_id: str, *, leavers: bool = False) -> Person | None:
    """Return the person whose answer is being sent, if this browser is still hers; a leaver only where she may be."""
    known = find_sign_in(session, secret)
    if known is None or not is_person(known[0], person_id):
        return None
    return known[0] if leavers or known[0].deactivated_at is None else None


# What follows asks nobody, so it is spared the way to a thread and back.
Known = Annotated[tuple[Person, SignIn] | None, Depends(signed_in)]


async def anybody(known: Known) -> Person | None:
    """Return the person who is signed in, or None."""
    return None if known is None else known[0]


def _person_for(act: LeaverAct | None) -> Callable[[Known], Awaitable[Person]]:
    """Return a dependency: whoever is signed in and may do an act; raises SignInNeeded or LeftSchool."""

    async def person_for(known: Known) -> Person:
        if known is None:
            raise SignInNeeded
        require_allowed(known[0], act)
        return known[0]

    return person_for


def open_to_leavers(act: LeaverAct) -> Any:
    """Return the dependency of a route that a leaver may use too: `Annotated[Person, open_to_leavers(act)]`."""
    return Depends(_person_for(act))


async def current_device(known: Known) -> SignIn:
    """Return the device that is asking; raises SignInNeeded."""
    if known is None:
        raise SignInNeeded
    return known[1]


def device_of_self(request: Request) -> tuple[Person, SignIn]:
    """Return who is asking, also when a second factor must be set up first: for the pages that set it up, alone."""
    with get_database().read() as session:
        found = find_device(session, request.cookies.get(COOKIE, ""))
    if found is None:
        raise SignInNeeded
    return found


async def passwords_wanted() -> None:
    """Refuse what is about passwords where single sign-on is the only way in; raises PasswordsOff."""
    if not get_settings().passwords:
        raise PasswordsOff


PasswordsWanted = Depends(passwords_wanted)
SelfToSetUp = Annotated[tuple[Person, SignIn], Depends(device_of_self)]
MaybePerson = Annotated[Person | None, Depends(anybody)]
CurrentPerson = Annotated[Person, Depends(_person_for(None))]
CurrentDevice = Annotated[SignIn, Depends(current_device)]


async def current_lead(person: CurrentPerson) -> Person:
    """Return the programme lead who is asking; raises NotAllowed."""
    require_lead(person)
    return person


CurrentLead = Annotated[Person, Depends(current_lead)]


def this_device(request: Request) -> str:
    """Say in a few words what the browser calls itself."""
    return device_name(request.headers.get("user-agent", ""))


def this_browser(request: Request) -> Browser:
    """Return what the browser says of itself, and the secrets that it carries."""
    return Browser(this_device(request), request.cookies.get(COOKIE, ""), request.cookies.get(KNOWN_COOKIE, ""))


def sign_in_browser(request: Request, person: Person, address: str, road: Road) -> Response:
    """Sign this browser in under new secrets and go on; whoever has a second factor is asked for a code first."""
    browser = this_browser(request)
    with get_database().write() as session:
        if road == "provider":  # a second factor is the provider's business there
            entered = Entered(*admit(session, person, browser, road))
        else:
            entered = enter_by_password(session, person, address, browser, road)
    if entered.waits:
        answer = RedirectResponse("/sign-in/code", 303)
        put_cookie(answer, WAITING, entered.secret, KEPT, path="/sign-in")
        return answer
    return go_on(entered, address)


def go_on(entered: Entered, address: str) -> Response:
    """Give a browser that is signed in its secrets, and send it on."""
    answer = RedirectResponse(address, 303)
    put_cookie(answer, COOKIE, entered.secret, timedelta(days=get_settings().session_days))
    put_cookie(answer, KNOWN_COOKIE, entered.known, KNOWN_FOR)
    return answer


def put_cookie(response: Response, name: str, secret: str, kept: timedelta, path: str = "/") -> None:
    """Give the browser a secret: out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        name,
        secret,
        max_age=round(kept.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=get_settings().cookies_need_https,
        path=path,
    )
