"""Who, whether and how much are asked before a body is read: every route, with bodies of every size and kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import pytest
from starlette.types import Message

from tests.support.web_school import KINDS as KINDS_OF_PEOPLE
from tests.support.web_school import School, Standing
from web.app import create_app
from web.security import bodies
from web.security.auth import COOKIE, GATES, device_of_self
from web.security.bodies import ANYBODY_BYTES, BODY_BYTES, LARGE, api_routes, asked_by
from web.security.guard import SAFE_METHODS

PIECE = b"x" * 65_536
HUGE = 400 * 1024**2
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "audio/webm", "")
PLACES = {  # what the owner, or the one in the second place, sends a large body to
    "/api/lessons/{lesson_id}/said": "owner",
    "/api/walks/{walk_id}/sound": "coach",
    "/lessons/{lesson_id}/transcript": "owner",
    "/programme/staff": "lead",
}


@dataclass
class Sender:
    """A body that is sent piece by piece, and how much of it was taken."""

    pieces: Iterator[bytes]
    taken: int = 0
    sent: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        piece = next(self.pieces, b"")
        self.taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.sent[1:])


def ask(
    school: School, kind: str, method: str, path: str, pieces: Iterable[bytes] = (), **headers: str | int
) -> Sender:
    """Send a request straight to the application, as a server would."""
    secret = school.secrets.get(kind)
    named = {"accept": "text/html"} | {name.replace("_", "-"): str(value) for name, value in headers.items()}
    if secret:
        named["cookie"] = f"{COOKIE}={secret}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in named.items() if value],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    sender = Sender(iter(pieces))
    asyncio.run(school.app(scope, sender.receive, sender.send))
    return sender


def endless(most: int = HUGE) -> Iterator[bytes]:
    """Yield far more than any route takes."""
    for _ in range(most // len(PIECE)):
        yield PIECE


def routes() -> list[tuple[str, str, bool]]:
    """Return (method, path, needs a person) of every route that a body may be sent to."""
    return sorted(
        (method, route.path, any(call in (*GATES, device_of_self) for call in asked_by(route.dependant)))
        for route in api_routes(create_app().routes)
        for method in route.methods or ()
        if method not in SAFE_METHODS
    )


ROUTES = routes()
FOR_PEOPLE = [(method, path) for method, path, needs_person in ROUTES if needs_person]


def test_most_routes_need_a_person_and_those_that_do_not_are_known() -> None:
    assert len(FOR_PEOPLE) > 90
    assert {path for _, path, needs_person in ROUTES if not needs_person} == {
        "/forgotten",
        "/join/{secret}",
        "/new-password/{secret}",
        "/sign-in",
        "/sign-in/code",
        "/sign-out",
        "/welcome",
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sized", [True, False], ids=["announced", "chunked"])
def test_of_what_nobody_sends_to_a_route_for_people_nothing_large_is_read(
    standing_school: School, kind: str, sized: bool
) -> None:
    for method, path in FOR_PEOPLE:
        for secret in ("nobody", "forged"):
            size = {"content_length": HUGE} if sized else {"transfer_encoding": "chunked"}
            school = standing_school
            school.secrets["forged"] = "no secret of ours"
            sender = ask(school, secret, method, path, endless(), content_type=kind, **size)
            is_form = kind == KINDS[1] and not path.startswith("/api/")
            may_take = ANYBODY_BYTES + len(PIECE) if is_form and not sized else 0
            assert sender.taken <= may_take, path
            assert sender.status in ((401, 413) if may_take else (401,)), path
    del standing_school.secrets["forged"]


def test_a_small_body_of_nobody_is_not_waited_for(standing_school: School) -> None:
    for method, path in FOR_PEOPLE:
        sender = ask(standing_school, "nobody", method, path, [b"{}"], content_type=KINDS[0], content_length=2)
        assert (sender.taken, sender.status) == (0, 401), path


@pytest.mark.parametrize("who", ["nobody", "owner", "lead"])
@pytest.mark.parametrize("kind", KINDS)
def test_of_an_endless_body_no_more_is_read_than_the_route_takes(
    standing_school: School, standing: Standing, kind: str, who: str
) -> None:
    most = {
        route.path: LARGE[route.endpoint].most for route in api_routes(create_app().routes) if route.endpoint in LARGE
    }
    for method, path, _ in ROUTES:
        if path in most:
            continue  # below
        sender = ask(standing_school, who, method, path, endless(), content_type=kind, transfer_encoding="chunked")
        assert sender.taken <= BODY_BYTES + len(PIECE), path
        assert sender.status < 500, path
        announced = ask(standing_school, who, method, path, endless(), content_type=kind, content_length=BODY_BYTES + 1)
        assert announced.taken == 0, path
        assert announced.status < 500, path
    standing.is_changed()


def test_a_length_that_is_a_lie_changes_nothing(school: School) -> None:
    path = f"/api/lessons/{school.ids['lesson']}/comments"
    sender = ask(school, "owner", "POST", path, endless(), content_type=KINDS[0], content_length=10)
    assert (sender.status, json.loads(sender.body)["code"]) == (413, "body_too_large")
    assert sender.taken <= BODY_BYTES + len(PIECE)
    for lie in ("-1", "1e9", "9" * 40, "0x10"):
        assert ask(school, "owner", "POST", path, endless(), content_type=KINDS[0], content_length=lie).status == 413


def test_an_address_that_is_none_reads_nothing(school: School) -> None:
    for method, path in (("POST", "/nowhere"), ("PUT", "/sign-in"), ("POST", "/static/build/x"), ("POST", "/metrics")):
        for kind in KINDS:
            sender = ask(school, "owner", method, path, endless(), content_type=kind, transfer_encoding="chunked")
            assert (sender.taken, sender.status in (404, 405)) == (0, True), path


@pytest.mark.parametrize("path", PLACES)
def test_a_large_body_is_taken_up_to_its_own_limit_from_whoever_may_send_it(school: School, path: str) -> None:
    address = path.format(lesson_id=school.ids["lesson"], walk_id=school.ids["open_walk"])
    route = next(one for one in api_routes(school.app.routes) if one.path == path)
    most, kind = LARGE[route.endpoint].most, KINDS[3] if path.startswith("/api/") else KINDS[2]
    for who in KINDS_OF_PEOPLE:
        begins = [FILE] if kind == KINDS[2] else []
        sender = ask(school, who, "POST", address, chain(begins, endless()), content_type=kind, content_length=most)
        if who == PLACES[path] or (who == "coach" and path.endswith("/said")):
            assert 0 < sender.taken <= most + len(PIECE), who
            assert sender.status == 413
            assert ask(school, who, "POST", address, endless(), content_type=kind, content_length=most + 1).taken == 0
        else:
            assert sender.taken == 0, who
            assert sender.status in (401, 403, 404), who


def test_json_is_read_as_a_whole_and_so_never_more_of_it_than_a_form(school: School) -> None:
    address = f"/api/walks/{school.ids['open_walk']}/sound"
    for kind in (KINDS[0], "Application/JSON", "application/ld+json"):
        sender = ask(school, "coach", "POST", address, endless(), content_type=kind, transfer_encoding="chunked")
        assert sender.status == 413
        assert sender.taken <= BODY_BYTES + len(PIECE)


def test_too_much_is_refused_in_a_sentence(school: School) -> None:
    form = ask(school, "owner", "POST", "/me/called", endless(), content_type=KINDS[1], content_length=BODY_BYTES + 1)
    assert form.status == 413
    assert b"more than can be taken at once, so nothing was done" in form.body
    order = ask(
        school, "owner", "POST", "/api/lessons/x/comments", endless(), content_type=KINDS[0], content_length=HUGE
    )
    assert json.loads(order.body)["code"] == "body_too_large"


def test_what_somebody_wrote_whose_right_has_ended_is_given_back(school: School) -> None:
    written = b"text=" + b"A+long+thought+" * 1000
    for who, status in (("nobody", 401), ("leaver", 403), ("stranger", 404)):
        address = f"/walks/{school.ids['walk']}/answer"
        sender = ask(school, who, "POST", address, [written], content_type=KINDS[1], content_length=len(written))
        assert sender.status == status, who
        assert b"A long thought A long thought" in sender.body


def test_one_person_sends_only_so_many_large_bodies_at_once(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_AT_ONCE", 0)
    address = f"/api/lessons/{school.ids['lesson']}/said"
    refused = ask(school, "owner", "POST", address, [b"sound"], content_type=KINDS[3], content_length=5)
    assert (refused.status, json.loads(refused.body)["code"], refused.taken) == (429, "too_many_at_once", 0)
    monkeypatch.undo()
    assert ask(school, "owner", "POST", address, [b"sound"], content_type=KINDS[3], content_length=5).status == 202
