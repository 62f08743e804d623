"""Authentication of requests: the session cookie holds a random secret, everything else is in the database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
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
SHARED_COOKIE = "hindsight-shared"  # somebody said that this computer is shared; it goes when the browser is closed


@dataclass(frozen=True, slots=True)
class Found:
    """Whose secret a browser carries, and whether she must set up a second factor before she sees anything."""

    person: Person
    device: SignIn
    is_unready: bool


def find_signed_in(request: Request) -> Found | None:
    """Return who is signed in in this browser, or None."""
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        return None
    with get_database().read() as session:
        found = find_device(session, secret)
        return None if found is None else Found(*found, is_unready=is_missing(session, *found))


async def signed_in(found: Annotated[Found | None, Depends(find_signed_in)]) -> tuple[Person, SignIn] | None:
    """Return who is signed in on this device, and the device, or None; raises SecondFactorNeeded.

    Only a note that is due goes to a thread: each request comes through here.
    """
    if found is None:
        return None
    if found.is_unready:
        raise SecondFactorNeeded
    if utc_now() - found.device.last_seen_at > SEEN_EVERY:
        await run_in_threadpool(_note_seen, found.device.id)
    return found.person, found.device


def _note_seen(device_id: str) -> None:
    try:
        with get_database().write() as session:
            note_seen(session, device_id)
    except DiskFull:
        log.warning("no room to note when a device was seen")  # she can still read


def still_signed_in(session: Session, secret: str, person_id: str, *, leavers: bool = False) -> Person | None:
    """Return the person whose answer is being sent, if this browser is still hers; a leaver only where she may be."""
    known = find_sign_in(session, secret)
    if known is None or not is_person(known[0], person_id):
        return None
    return known[0] if leavers or known[0].deactivated_at is None else None


# What follows asks nobody, so it is spared the way to a thread and back.
Known = Annotated[tuple[Person, SignIn] | None, Depends(signed_in)]
GATES: list[Callable[[Known], Awaitable[Person]]] = []  # each lets in some of those who are signed in, or raises


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

    GATES.append(person_for)
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
    return Browser(
        this_device(request),
        request.cookies.get(COOKIE, ""),
        request.cookies.get(KNOWN_COOKIE, ""),
        is_shared=is_shared(request),
    )


def is_shared(request: Request) -> bool:
    """Tell whether somebody said in this browser that the computer is shared."""
    return SHARED_COOKIE in request.cookies


def sign_in_browser(request: Request, person: Person, address: str, road: Road, *, shared: bool = False) -> Response:
    """Sign this browser in under new secrets and go on; whoever has a second factor is asked for a code first.

    `shared` is what the form says of the computer. Once said, it holds until the sign-out or the browser's end.
    """
    browser = this_browser(request)
    browser = replace(browser, is_shared=shared or browser.is_shared)
    with get_database().write() as session:
        if road == "provider":  # a second factor is the provider's business there
            entered = Entered(*admit(session, person, browser, road))
        else:
            entered = enter_by_password(session, person, address, browser, road)
    if entered.waits:
        answer = RedirectResponse("/sign-in/code", 303)
        put_cookie(answer, WAITING, entered.secret, KEPT, path="/sign-in")
        if browser.is_shared:
            note_shared(answer)
        return answer
    return go_on(entered, address, is_shared=browser.is_shared)


def go_on(entered: Entered, address: str, *, is_shared: bool) -> Response:
    """Give a browser that is signed in its secrets, and send it on; on a shared computer none outlives the browser."""
    answer = RedirectResponse(address, 303)
    put_cookie(answer, COOKIE, entered.secret, None if is_shared else timedelta(days=get_settings().session_days))
    if entered.known:
        put_cookie(answer, KNOWN_COOKIE, entered.known, KNOWN_FOR)
    if is_shared:
        note_shared(answer)
    return answer


def note_shared(response: Response) -> None:
    """Have the browser remember, until it is closed, that the computer is shared."""
    put_cookie(response, SHARED_COOKIE, "yes", None)


def put_cookie(response: Response, name: str, secret: str, kept: timedelta | None, path: str = "/") -> None:
    """Give the browser a secret: out of reach of scripts and of other sites' forms; None: until it is closed."""
    response.set_cookie(
        name,
        secret,
        max_age=None if kept is None else round(kept.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=get_settings().cookies_need_https,
        path=path,
    )
