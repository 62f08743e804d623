"""Every route of the application with every kind of person: who is let in is written here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from tests.web.school import BYTES, KINDS, School

OWNER = frozenset({"owner"})
PAIR = frozenset({"owner", "coach"})
COACH = frozenset({"coach"})
LEAD = frozenset({"lead"})
EVERYBODY = frozenset(KINDS)
SIGNED_IN = EVERYBODY - {"nobody"}
COMMENT = {"text": "A note", "start_ms": 5}
VOICE = {"kind": "voice", "speaker": "S1", "name": "Ms Owner"}

# (method, route): (who is let in, JSON body, form body). A refusal is 401, 403, 404, or the way to the sign-in page.
TABLE: dict[tuple[str, str], tuple[frozenset[str], object, dict[str, str] | None]] = {
    ("GET", "/healthz"): (EVERYBODY, None, None),
    ("GET", "/welcome"): (frozenset(), None, None),  # somebody is here already
    ("POST", "/welcome"): (frozenset(), None, {"name": "X", "email": "x@y.z", "password": "long enough words"}),
    ("GET", "/sign-in"): (frozenset({"nobody"}), None, None),
    ("POST", "/sign-in"): (frozenset(), None, {"email": "a@b.c", "password": "wrong words here"}),
    ("POST", "/sign-out"): (EVERYBODY, None, {}),
    ("GET", "/join/{secret}"): (EVERYBODY, None, None),  # who holds the link
    ("POST", "/join/{secret}"): (EVERYBODY, None, {"name": "Nia", "password": "four words of mine"}),
    ("GET", "/me"): (SIGNED_IN, None, None),
    ("POST", "/me/devices/{sign_in_id}"): (frozenset(), None, {}),  # an unknown device
    ("POST", "/me/password"): (frozenset(), None, {"old": "wrong words here", "new": "other words here"}),
    ("GET", "/"): (SIGNED_IN, None, None),
    ("GET", "/upload"): (SIGNED_IN, None, None),
    ("GET", "/measures"): (SIGNED_IN, None, None),  # her own alone
    ("GET", "/measures/of/{partnership_id}"): (COACH, None, None),
    ("POST", "/measures/shown"): (OWNER, None, {"partnership_id": "PARTNERSHIP"}),
    ("POST", "/measures/shown/{showing_id}/take-back"): (OWNER, None, {}),
    ("POST", "/api/lessons/{lesson_id}/guess"): (OWNER, {"share": 0.5}, None),
    ("POST", "/me/voice"): (SIGNED_IN, None, {}),
    ("POST", "/me/voice/delete"): (SIGNED_IN, None, {}),
    ("GET", "/lessons/{lesson_id}"): (PAIR, None, None),
    ("GET", "/partnerships"): (SIGNED_IN, None, None),
    ("GET", "/partnerships/{partnership_id}"): (PAIR, None, None),
    ("POST", "/partnerships/{partnership_id}/end"): (PAIR, None, {}),
    ("POST", "/partnerships/{partnership_id}/goals"): (PAIR, None, {"title": "Ask more"}),
    ("GET", "/goals/{goal_id}"): (PAIR, None, None),
    ("POST", "/goals/{goal_id}"): (PAIR, None, {"title": "Wait even longer"}),
    ("POST", "/goals/{goal_id}/close"): (PAIR, None, {}),
    ("GET", "/programme"): (LEAD, None, None),
    ("POST", "/programme/invitations"): (LEAD, None, {"name": "Zoe", "email": "zoe@school.example"}),
    ("POST", "/programme/people/{person_id}"): (LEAD, None, {"department": "Maths"}),
    ("POST", "/programme/partnerships"): (LEAD, None, {"kind": "mentoring"}),
    ("GET", "/api/lessons/{lesson_id}"): (PAIR, None, None),
    ("PATCH", "/api/lessons/{lesson_id}"): (OWNER, {"class_name": "9b"}, None),
    ("DELETE", "/api/lessons/{lesson_id}"): (OWNER, {"title": "Year 9 fractions"}, None),
    ("POST", "/api/lessons/{lesson_id}/restore"): (OWNER, None, None),
    ("POST", "/api/lessons/{lesson_id}/retry"): (OWNER, None, None),
    ("POST", "/api/lessons/{lesson_id}/stop"): (OWNER, None, None),
    ("GET", "/api/lessons/{lesson_id}/steps"): (PAIR, None, None),
    ("GET", "/api/lessons/{lesson_id}/comments"): (PAIR, None, None),
    ("POST", "/api/lessons/{lesson_id}/comments"): (PAIR, COMMENT, None),
    ("PATCH", "/api/comments/{comment_id}"): (COACH, {"text": "Better words"}, None),
    ("DELETE", "/api/comments/{comment_id}"): (COACH, None, None),
    ("POST", "/api/comments/{comment_id}/restore"): (COACH, None, None),
    ("GET", "/api/lessons/{lesson_id}/corrections"): (OWNER, None, None),
    ("POST", "/api/lessons/{lesson_id}/corrections"): (OWNER, VOICE, None),
    ("PUT", "/api/lessons/{lesson_id}/corrections/{correction_id}"): (OWNER, {"undone": True}, None),
    ("PUT", "/api/lessons/{lesson_id}/place"): (PAIR, {"at_ms": 1000}, None),
    ("GET", "/api/comments/{comment_id}/versions"): (PAIR, None, None),
    ("POST", "/api/lessons/{lesson_id}/clips"): (OWNER, {"title": "A", "start_ms": 0, "end_ms": 9000}, None),
    ("GET", "/clips/{clip_id}"): (PAIR, None, None),
    ("GET", "/api/clips/{clip_id}"): (PAIR, None, None),
    ("DELETE", "/api/clips/{clip_id}"): (OWNER, None, None),
    ("POST", "/api/clips/{clip_id}/restore"): (OWNER, None, None),
    ("POST", "/api/clips/{clip_id}/shares"): (OWNER, {"partnership_id": "PARTNERSHIP"}, None),
    ("DELETE", "/api/clips/{clip_id}/shares/{partnership_id}"): (OWNER, None, None),
    ("POST", "/api/lessons/{lesson_id}/said"): (PAIR, "any sound", None),
    ("GET", "/api/said/{said_id}"): (COACH, None, None),  # who said it, nobody else
    ("POST", "/api/clips/{clip_id}/blur"): (OWNER, None, None),
    ("GET", "/media/clips/{clip_id}"): (PAIR, None, None),
    ("HEAD", "/media/clips/{clip_id}"): (PAIR, None, None),
    ("GET", "/media/clips/{clip_id}/captions.vtt"): (PAIR, None, None),
    ("POST", "/partnerships/{partnership_id}/sessions"): (PAIR, None, {"lesson_id": "LESSON"}),
    ("GET", "/sessions/{session_id}"): (PAIR, None, None),
    ("GET", "/api/sessions/{session_id}"): (PAIR, None, None),
    ("PATCH", "/api/sessions/{session_id}"): (PAIR, {"notes": {"G": "Secret words"}}, None),
    ("GET", "/api/sessions/{session_id}/clock"): (SIGNED_IN, None, None),
    ("POST", "/api/sessions/{session_id}/steer"): (PAIR, {"playing": True, "position_ms": 0, "at": 0}, None),
    ("POST", "/api/sessions/{session_id}/here"): (PAIR, None, None),
    ("POST", "/api/sessions/{session_id}/leave"): (PAIR, None, None),
    ("POST", "/api/sessions/{session_id}/moments"): (PAIR, {"start_ms": 100, "text": "Here"}, None),
    ("DELETE", "/api/sessions/{session_id}/moments/{start_ms}"): (PAIR, None, None),
    ("POST", "/api/sessions/{session_id}/end"): (PAIR, None, None),
    ("GET", "/api/lessons/{lesson_id}/shares"): (OWNER, None, None),
    ("POST", "/api/lessons/{lesson_id}/shares"): (OWNER, {"partnership_id": "PARTNERSHIP"}, None),
    ("DELETE", "/api/shares/{share_id}"): (OWNER, None, None),
    ("GET", "/media/lessons/{lesson_id}/captions.vtt"): (PAIR, None, None),
    ("GET", "/media/lessons/{lesson_id}/{kind}"): (PAIR, None, None),
    ("HEAD", "/media/lessons/{lesson_id}/{kind}"): (PAIR, None, None),
}
# Routes of other rooms are tried in their own tests, with the same kinds of person.
ELSEWHERE = ("/api/uploads", "/api/lessons/{lesson_id}/events", "/api/sessions/{session_id}/events")


def routes_of(routes: Iterable[object]) -> set[tuple[str, str]]:
    """Return (method, path) of every route, those of included routers too."""
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, APIRoute):
            found |= {(method, route.path) for method in route.methods or ()}
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found |= routes_of(inner.routes)
    return found


def address(school: School, path: str) -> str:
    places = {
        "lesson_id": school.ids["lesson"],
        "partnership_id": school.ids["partnership_coach"],
        "goal_id": school.ids["goal"],
        "comment_id": school.ids["comment"],
        "share_id": school.ids["share"],
        "showing_id": school.ids["showing"],
        "correction_id": school.ids["correction"],
        "person_id": school.ids["person_stranger"],
        "secret": "join-me",
        "sign_in_id": "unknown",
        "kind": "rendition",
        "clip_id": school.ids["clip"],
        "said_id": school.ids["said"],
        "session_id": school.ids["session"],
        "start_ms": "100",
    }
    return path.format(**places)


def test_every_route_has_a_row_in_the_table(school: School) -> None:
    routes = {one for one in routes_of(school.app.routes) if not one[1].startswith(ELSEWHERE)}
    assert len(routes) > 30
    assert routes == set(TABLE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "path"), list(TABLE))
def test_a_route_lets_in_those_of_the_table_alone(school: School, method: str, path: str, kind: str) -> None:
    allowed, body, form = TABLE[(method, path)]
    if isinstance(body, dict) and "partnership_id" in body:
        body = {"partnership_id": school.ids["partnership_coach"]}
    if form is not None and "partnership_id" in form:
        form = form | {"partnership_id": school.ids["partnership_coach"]}
    if form is not None and "lesson_id" in form:
        form = form | {"lesson_id": school.ids["lesson"]}
    if path == "/programme/partnerships" and form is not None:
        pair = {"coach_id": school.ids["person_stranger"], "coachee_id": school.ids["person_owner"]}
        form = form | pair
    client: TestClient = school.browser(kind)
    answer = client.request(method, address(school, path), json=body, data=form)
    away = answer.headers.get("location", "").startswith("/sign-in?next=") or (
        path in ("/", "/welcome", "/sign-in") and answer.status_code == 303
    )
    assert answer.status_code < 500
    if kind in allowed:
        assert answer.status_code < 400, answer.text
        assert not away
    else:
        assert away or answer.status_code in (401, 403, 404, 409, 422), answer.text
        assert "Secret words" not in answer.text
        assert "A quiet word" not in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_media_bytes_reach_the_pair_alone(school: School, kind: str) -> None:
    client = school.browser(kind)
    for name in ("rendition", "poster", "filmstrip"):
        answer = client.get(f"/media/lessons/{school.ids['lesson']}/{name}", headers={"range": "bytes=10-19"})
        if kind in PAIR:
            assert (answer.status_code, answer.content) == (206, BYTES[10:20])
            assert "private" in answer.headers["cache-control"]
        else:
            assert answer.status_code in (401, 404)
            assert BYTES[10:20] not in answer.content


def test_the_table_is_as_large_as_the_application(record_property: Callable[[str, object], None]) -> None:
    record_property("routes_times_kinds_of_person", len(TABLE) * len(KINDS))
    assert len(TABLE) * len(KINDS) >= 300
