"""Bodies of requests: who sends one, to what, how much and how fast is asked before it is read, and while it comes.

FastAPI reads a form or JSON before it asks a route's dependencies. So this middleware asks them first: whoever may not
use the route is answered with the body unread. A route whose body may be large says so with `takes`.
"""

from __future__ import annotations

import time
from asyncio import Timeout, timeout
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotation.access.reading import is_person
from core.database.db import get_database
from core.errors import HindsightError, OtherPerson
from core.models import Person
from web.errors import refusal_of
from web.forms.refused import is_form
from web.security.auth import GATES, current_lead, device_of_self, find_signed_in, passwords_wanted, signed_in
from web.security.page_person import PERSON_HEADER
from web.security.whole_text import is_json

BODY_BYTES = 1024**2  # of a form or of JSON; the longest text of a form has 20,000 letters
ANYBODY_BYTES = 256 * 1024  # where nobody need be signed in; what somebody wrote whose session ended is given back
FORM_BYTES = 64 * 1024  # of a form around its file
MOST_ANONYMOUS = 200  # half bodies of people who are not signed in; one of a browser is whole at once
MOST_AT_ONCE = 20  # large bodies that one person sends to this process
SILENT_SECONDS = 60.0  # without a byte: a phone that goes from one network to the next is silent for less
GRACE_SECONDS, SLOWEST_BYTES = 60.0, 1000  # after so long, fewer bytes a second than this are no living upload
WRITTEN = "application/x-www-form-urlencoded"
GONE: Message = {"type": "http.disconnect"}

T = TypeVar("T", bound=Callable[..., Any])


class BodyTooLarge(HindsightError):
    """More than a route takes."""

    code = "body_too_large"
    status = 413
    sentence = "This is more than can be taken at once, so nothing was done. Please send a smaller one."


class BodyStalled(HindsightError):
    """A body that stopped coming, or that never comes to an end."""

    code = "body_stalled"
    status = 408
    sentence = "This stopped on its way before all of it had come. Please check your connection and try again."


class TooManyAtOnce(HindsightError):
    """One person sends more files at the same time than anybody would."""

    code = "too_many_at_once"
    status = 429
    sentence = "You are sending many files at the same moment. Please wait until some of them are here, then try again."


@dataclass(frozen=True, slots=True)
class LargeBody:
    """What a route takes: at most so many bytes, once `may_send` (session, person, ids of the path) does not refuse."""

    most_bytes: int | Callable[[], int]
    may_send: Callable[..., object] | None = None

    @property
    def most(self) -> int:
        """The limit as it is set now."""
        return self.most_bytes if isinstance(self.most_bytes, int) else self.most_bytes()


LARGE: dict[Callable[..., Any], LargeBody] = {}  # by the function of a route


def takes(most_bytes: int | Callable[[], int], may_send: Callable[..., object] | None = None) -> Callable[[T], T]:
    """Let the body of a route be larger than a form; whether she may send it there is asked before it is read."""

    def note(handler: T) -> T:
        LARGE[handler] = LargeBody(most_bytes, may_send)
        return handler

    return note


def api_routes(routes: Iterable[object]) -> Iterator[APIRoute]:
    """Yield every route, those of included routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from api_routes(inner.routes)


def asked_by(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Yield whatever a route asks before it does anything."""
    for one in dependant.dependencies:
        if one.call is not None:
            yield one.call
        yield from asked_by(one)


@dataclass(slots=True)
class Incoming:
    """A body that comes in: counted, and given up when it is too large, too slow, or silent."""

    receive: Receive
    most_bytes: int
    refusal: HindsightError | None = None
    came: int = 0
    waited: float = 0.0
    is_whole: bool = False
    patience: Timeout | None = None

    def give_up(self) -> None:
        """Wait no longer for its next piece."""
        if self.patience is not None and not self.patience.expired():
            self.patience.reschedule(0)

    async def next(self) -> Message:
        """Return the next piece; of what is given up that its sender has gone, so that nothing is made of it."""
        if self.is_whole:
            return await self.receive()
        if self.refusal is not None:
            return GONE
        begun, left = time.monotonic(), GRACE_SECONDS + self.came / SLOWEST_BYTES - self.waited
        try:
            async with timeout(max(0.0, min(SILENT_SECONDS, left))) as self.patience:
                message = await self.receive()
        except TimeoutError:
            self.refusal = BodyStalled()
            return GONE
        finally:
            self.patience = None
        self.waited += time.monotonic() - begun
        self.came += len(message.get("body", b""))
        if self.came > self.most_bytes:
            self.refusal = BodyTooLarge()
            return GONE
        self.is_whole = not message.get("more_body", False)
        return message


@dataclass(slots=True)
class Bodies:
    """Ask before a body is read, and limit it while it is."""

    app: ASGIApp
    sending: Counter[str] = field(default_factory=Counter)  # large bodies on their way, by person
    anonymous: dict[int, Incoming] = field(default_factory=dict)  # bodies on their way of whoever it is, oldest first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; one without a body passes as it comes."""
        if scope["type"] != "http" or not has_body(headers := Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        route, found = route_of(scope)
        if route is None:
            await self.app(scope, nobody_sends, send)  # there is nothing at this address
            return
        scope.update(found)  # for the log
        request = Request(scope, receive=nobody_sends)
        large = LARGE.get(route.endpoint)
        most, said = BODY_BYTES, announced(headers)
        try:
            person = await sender_of(request, route)
            if large is not None and person is not None:
                await run_in_threadpool(ask, large, person, request.path_params)
                most = large.most
            if person is None:
                most = ANYBODY_BYTES
            if is_json(headers.get("content-type", "")):  # it is read as a whole, whatever the route takes
                most = min(most, BODY_BYTES)
            if said > most:
                raise BodyTooLarge
        except HindsightError as refusal:
            is_kept = is_form(request) and headers.get("content-type", "").startswith(WRITTEN)
            if isinstance(refusal, BodyTooLarge) or not is_kept or said > ANYBODY_BYTES:
                await (await refusal_of(request, refusal))(scope, receive, send)
                return
            most, person, large = ANYBODY_BYTES, None, None  # the route refuses it, and gives back what was written
        body = Incoming(receive, most)
        with self._limited(body) if person is None else nullcontext():
            await self._pass_on(scope, body, send, person if large is not None else None)

    @contextmanager
    def _limited(self, body: Incoming) -> Iterator[None]:
        """Hold a body of somebody who is not known; where too many come in at once, give up the oldest half one."""
        half = [one for one in self.anonymous.values() if not one.is_whole and one.refusal is None]
        if len(half) >= MOST_ANONYMOUS:
            half[0].give_up()
        self.anonymous[id(body)] = body
        try:
            yield
        finally:
            self.anonymous.pop(id(body), None)

    async def _pass_on(self, scope: Scope, body: Incoming, send: Send, person: Person | None) -> None:
        """Hand a body on; `person` sends a large one, and only so many at once."""
        has_begun = False

        async def answer(message: Message) -> None:
            nonlocal has_begun
            if has_begun or body.refusal is None:
                has_begun = True
                await send(message)

        if person is None:
            await self._let_in(scope, body, answer)
        elif self.sending[person.id] >= MOST_AT_ONCE:
            body.refusal = TooManyAtOnce()
        else:
            self.sending[person.id] += 1
            try:
                await self._let_in(scope, body, answer)
            finally:
                self.sending[person.id] -= 1
                self.sending += Counter()  # forgets who sends nothing any more
        if body.refusal is not None and not has_begun:
            refused = await refusal_of(Request(scope, receive=nobody_sends), body.refusal)
            if isinstance(body.refusal, BodyStalled):
                refused.headers["connection"] = "close"
            await refused(scope, body.receive, send)

    async def _let_in(self, scope: Scope, body: Incoming, send: Send) -> None:
        try:
            await self.app(scope, body.next, send)
        except Exception:
            if body.refusal is None:
                raise


def has_body(headers: Headers) -> bool:
    """Tell whether a request brings a body."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def announced(headers: Headers) -> int:
    """Return how long a body is said to be; 0 when nothing that can be read is said."""
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else 0


def route_of(scope: Scope) -> tuple[APIRoute | None, Scope]:
    """Return the route of a request, and what its address says; nothing of an address that is none."""
    for route in api_routes(scope["app"].router.routes):
        match, found = route.matches(scope)
        if match == Match.FULL:
            return route, found
    return None, {}


async def nobody_sends() -> Message:
    """Stand in for a body that is not read."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def sender_of(request: Request, route: APIRoute) -> Person | None:
    """Return who sends a body, or None where nobody need be signed in; raises what the route itself would raise."""
    calls = list(asked_by(route.dependant))
    if passwords_wanted in calls:
        await passwords_wanted()
    if device_of_self in calls:
        person, _ = await run_in_threadpool(device_of_self, request)
        return person
    gates = [one for one in GATES if one in calls]
    if not gates:
        return None
    known = await signed_in(await run_in_threadpool(find_signed_in, request))
    people = [await gate(known) for gate in gates]
    named = request.headers.get(PERSON_HEADER)
    if named is not None and not is_person(people[0], named):
        raise OtherPerson(name=people[0].name)
    if current_lead in calls:
        await current_lead(people[0])
    return people[0]


def ask(large: LargeBody, person: Person, ids: dict[str, Any]) -> None:
    """Ask whether somebody may send a large body to what the address names; raises what refuses it."""
    if large.may_send is not None:
        with get_database().read() as session:
            large.may_send(session, person, **ids)
