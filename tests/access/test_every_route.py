"""Every route of the application with every kind of person: who is let in is written here, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import chain

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from annotation.coaching.session_log import write_log_afterwards
from core.clock import utc_now
from core.models import CoachingSession, MeasuresRow, Person
from tests.support.factories import make_partnership
from tests.support.web_school import BYTES, KINDS, School, Standing

OWNER = frozenset({"owner"})
PAIR = frozenset({"owner", "coach"})
COACH = frozenset({"coach"})
LEAD = frozenset({"lead"})
EVERYBODY = frozenset(KINDS)
SELF = EVERYBODY - {"nobody"}  # a leaver, too
SIGNED_IN = SELF - {"leaver"}
STAFF = "name,email\nZoe New,zoe@school.example\n"
VTT = "WEBVTT\n\n00:00.000 --> 00:00.900\nOther words\n"
COMMENT = {"text": "A note", "start_ms": 5}
VOICE = {"kind": "voice", "speaker": "S1", "name": "Ms Owner"}

# (method, route): (who is let in, JSON body, form body). A refusal is 401, 403, 404, or the way to the sign-in page.
TABLE: dict[tuple[str, str], tuple[frozenset[str], object, dict[str, str] | None]] = {
    ("GET", "/healthz"): (EVERYBODY, None, None),
    ("GET", "/favicon.ico"): (EVERYBODY, None, None),
    ("GET", "/welcome"): (frozenset(), None, None),  # somebody is here already
    ("POST", "/welcome"): (frozenset(), None, {"name": "X", "email": "x@y.z", "password": "long enough words"}),
    ("GET", "/sign-in"): (frozenset({"nobody"}), None, None),
    ("POST", "/sign-in"): (frozenset(), None, {"email": "a@b.c", "password": "wrong words here"}),
    ("GET", "/sign-in/code"): (frozenset(), None, None),  # nobody's password was right before
    ("POST", "/sign-in/code"): (frozenset(), None, {"code": "123456"}),
    ("GET", "/me/second-factor"): (SELF, None, None),
    ("POST", "/me/second-factor"): (frozenset(), None, {"password": "wrong words here", "code": "123456"}),
    ("POST", "/me/second-factor/codes"): (frozenset(), None, {"password": "wrong words here", "code": "123456"}),
    ("POST", "/me/second-factor/remove"): (frozenset(), None, {"password": "wrong words here", "code": "123456"}),
    ("POST", "/sign-out"): (EVERYBODY, None, {}),
    ("GET", "/join/{secret}"): (EVERYBODY, None, None),  # who holds the link
    ("POST", "/join/{secret}"): (EVERYBODY, None, {"name": "Nia", "password": "four words of mine"}),
    ("GET", "/deletions/{erasure_id}"): (EVERYBODY, None, None),  # who has its address: it says nothing of anybody
    ("GET", "/me"): (SELF, None, None),
    ("GET", "/api/me"): (SELF, None, None),
    ("GET", "/me/everything.zip"): (SELF, None, None),  # her own alone
    ("POST", "/me/delete"): (frozenset(), None, {"email": "somebody@else.example"}),
    ("POST", "/me/mails"): (SIGNED_IN, None, {"wanted": "false"}),
    ("POST", "/me/called"): (SIGNED_IN, None, {"called": "Ada"}),
    ("GET", "/forgotten"): (EVERYBODY, None, None),
    ("POST", "/forgotten"): (EVERYBODY, None, {"email": "a@b.example"}),
    ("GET", "/new-password/{secret}"): (EVERYBODY, None, None),  # who holds the link
    ("POST", "/new-password/{secret}"): (EVERYBODY, None, {"password": "four words of mine"}),
    ("GET", "/sign-in/away"): (
        frozenset(),
        None,
        None,
    ),  # no provider is set: tests/web/routes/people/test_single_sign_on.py
    ("GET", "/sign-in/back"): (frozenset(), None, None),
    ("POST", "/partnerships"): (SIGNED_IN, None, {"other_id": "FRIEND", "part": "coachee", "kind": "coaching"}),
    ("POST", "/partnerships/{partnership_id}/answer"): (frozenset(), None, {"answer": "yes"}),  # nobody was asked
    ("POST", "/partnerships/{partnership_id}/resume"): (frozenset(), None, {}),  # it is not suspended
    ("POST", "/partnerships/{partnership_id}/actions"): (PAIR, None, {"what": "Wait"}),
    ("POST", "/actions/{action_id}/done"): (PAIR, None, {"done": "true"}),
    ("POST", "/partnerships/{partnership_id}/plan"): (PAIR, None, {"at": "SOON"}),
    ("POST", "/sessions/{session_id}/cancel"): (PAIR, None, {}),
    ("POST", "/sessions/{session_id}/film"): (PAIR, None, {"film": "FILM"}),
    ("POST", "/partnerships/{partnership_id}/logs"): (PAIR, None, {"action": "Wait"}),
    ("GET", "/sessions/{session_id}/log.pdf"): (PAIR, None, None),
    ("GET", "/api/sessions/{session_id}/log"): (PAIR, None, None),
    ("POST", "/goals/{goal_id}/reopen"): (PAIR, None, {}),
    ("POST", "/conversations/{lesson_id}/forget"): (OWNER, None, {}),  # whoever was recorded
    ("POST", "/conversations/{lesson_id}/lesson"): (PAIR, None, {"answer": "no"}),  # the two who are in it
    ("GET", "/coaches"): (SIGNED_IN, None, None),
    ("GET", "/coaches/modules/{name}"): (SIGNED_IN, None, None),
    ("POST", "/coaches/modules/{name}"): (SIGNED_IN, None, {"text": "My answer"}),
    ("POST", "/coaches/mirror"): (
        COACH,
        None,
        {"lesson_id": "TALK", "partnership_id": "PARTNERSHIP", "agreed": "true"},
    ),
    ("GET", "/coaches/mirror/{lesson_id}"): (COACH, None, None),
    ("POST", "/coaches/mirror/{lesson_id}/lesson"): (PAIR, None, {}),  # either asks, the other agrees
    ("GET", "/portfolio"): (SIGNED_IN, None, None),  # her own alone
    ("GET", "/portfolio.pdf"): (SIGNED_IN, None, None),
    ("GET", "/portfolio.zip"): (SIGNED_IN, None, None),
    ("POST", "/portfolio/logs"): (COACH, None, {"session_id": "MET"}),
    ("POST", "/portfolio/clips"): (COACH, None, {"clip_id": "CLIP"}),
    ("POST", "/portfolio/tasks"): (COACH, None, {"module": "grow"}),
    ("POST", "/portfolio/reflections"): (SIGNED_IN, None, {"title": "A year", "text": "I learned to wait."}),
    ("POST", "/portfolio/{item_id}/remove"): (COACH, None, {}),
    ("POST", "/portfolio/{item_id}/restore"): (COACH, None, {}),
    ("POST", "/portfolio/{item_id}/move"): (COACH, None, {"by": "-1"}),
    ("POST", "/portfolio/{item_id}/consent"): (OWNER, None, {"answer": "yes"}),
    ("GET", "/walks"): (SIGNED_IN, None, None),
    ("POST", "/walks"): (SIGNED_IN, None, {"observed_id": "FRIEND", "title": "Year 9"}),
    ("GET", "/walks/{walk_id}"): (PAIR, None, None),
    ("POST", "/walks/{walk_id}/answer"): (OWNER, None, {"text": "Thank you"}),
    ("POST", "/walks/{walk_id}/goal"): (OWNER, None, {"partnership_id": "PARTNERSHIP", "title": "Ask more"}),
    ("POST", "/walks/{walk_id}/save"): (COACH, None, {}),
    ("POST", "/walks/{walk_id}/discard"): (COACH, None, {}),
    ("POST", "/api/walks/{walk_id}/notes"): (COACH, {"at_ms": 5, "text": "Here", "draft_id": "d"}, None),
    ("DELETE", "/api/walks/{walk_id}/notes/{note_id}"): (COACH, None, None),
    ("POST", "/api/walks/{walk_id}/sound"): (COACH, "any sound", None),
    ("POST", "/lessons/{lesson_id}/delete-for-good"): (OWNER, None, {"title": "Year 9 fractions"}),
    ("PUT", "/api/lessons/{lesson_id}/coaches-meet"): (OWNER, {"allowed": True}, None),
    ("GET", "/api/lessons/{lesson_id}/export/{ending}"): (PAIR, None, None),  # of comments; see the next test
    ("POST", "/lessons/{lesson_id}/transcript"): (OWNER, None, {"file": VTT}),
    ("POST", "/lessons/{lesson_id}/transcript/forget"): (OWNER, None, {}),
    ("POST", "/programme/people/{person_id}/link"): (LEAD, None, {}),
    ("POST", "/programme/people/{person_id}/left"): (LEAD, None, {}),
    ("POST", "/programme/people/{person_id}/back"): (LEAD, None, {}),
    ("POST", "/programme/staff"): (LEAD, None, {"file": STAFF}),
    ("POST", "/programme/staff/apply"): (LEAD, None, {"text": STAFF}),
    ("POST", "/me/devices/{sign_in_id}"): (frozenset(), None, {}),  # an unknown device
    ("POST", "/me/devices/out"): (SELF, None, {}),
    ("POST", "/me/password/link"): (frozenset(), None, {}),  # no mail server: tests/annotation/test_credentials.py
    ("POST", "/me/password/remove"): (frozenset(), None, {}),  # nobody has two ways in
    ("POST", "/me/password"): (frozenset(), None, {"old": "wrong words here", "new": "other words here"}),
    ("GET", "/"): (SIGNED_IN, None, None),
    ("GET", "/upload"): (SIGNED_IN, None, None),
    ("GET", "/measures"): (SIGNED_IN, None, None),  # her own alone
    ("GET", "/measures/of/{partnership_id}"): (COACH, None, None),
    ("POST", "/measures/shown"): (OWNER, None, {"partnership_id": "PARTNERSHIP"}),
    ("POST", "/measures/shown/{showing_id}/take-back"): (OWNER, None, {}),
    ("POST", "/api/lessons/{lesson_id}/guess"): (OWNER, {"share": 0.5}, None),
    ("POST", "/me/voice"): (SIGNED_IN, None, {}),
    ("POST", "/me/voice/delete"): (SELF, None, {}),
    ("GET", "/lessons/{lesson_id}"): (PAIR, None, None),
    ("GET", "/partnerships"): (SIGNED_IN, None, None),
    ("GET", "/partnerships/{partnership_id}"): (PAIR, None, None),
    ("POST", "/partnerships/{partnership_id}/end"): (PAIR, None, {}),
    ("POST", "/partnerships/{partnership_id}/goals"): (PAIR, None, {"title": "Ask more"}),
    ("GET", "/goals/{goal_id}"): (PAIR, None, None),
    ("POST", "/goals/{goal_id}"): (PAIR, None, {"title": "Wait even longer"}),
    ("POST", "/goals/{goal_id}/close"): (PAIR, None, {}),
    ("GET", "/programme"): (LEAD, None, None),
    ("GET", "/programme/work"): (LEAD, None, None),
    ("GET", "/metrics"): (frozenset(), None, None),  # no token is set: tests/web/routes/school/test_machine.py
    ("POST", "/programme/invitations"): (LEAD, None, {"name": "Zoe", "email": "zoe@school.example"}),
    ("GET", "/programme/people/{person_id}"): (LEAD, None, None),
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
    ("GET", "/api/clips/{clip_id}/comments"): (PAIR, None, None),
    ("POST", "/api/clips/{clip_id}/comments"): (PAIR, COMMENT, None),
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
    ("POST", "/api/sessions/{session_id}/writing"): (PAIR, {"field": "G"}, None),
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
# Routes of other modules are tried in their own tests, with the same kinds of person.
# Where somebody is led who may not see a page: her words of a moment ago are over, or her account is closed.
AWAY = ("/sign-in?next=", "/sign-in?notice=sign-in-again", "/me?notice=left")
STREAMS = ("/api/events", *(f"/api/{kind}s/{{{kind}_id}}/events" for kind in ("lesson", "clip", "session")))
ELSEWHERE = ("/api/uploads", *STREAMS)


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
    ids = school.ids
    places = {
        "lesson_id": ids["talk"] if path.startswith(("/coaches/", "/conversations/")) else ids["lesson"],
        "partnership_id": ids["partnership_coach"],
        "goal_id": ids["goal"],
        "comment_id": ids["comment"],
        "share_id": ids["share"],
        "showing_id": ids["showing"],
        "correction_id": ids["correction"],
        "person_id": ids[
            "person_invited"
            if path.endswith("/link")
            else "person_leaver"
            if path.endswith("/back")
            else "person_stranger"
        ],
        "secret": "new-password" if path.startswith("/new-password/") else "join-me",
        "sign_in_id": "unknown",
        "kind": "rendition",
        "clip_id": ids["clip"],
        "said_id": ids["said"],
        "session_id": ids["planned" if path.endswith("/cancel") else "session"],
        "start_ms": "100",
        "action_id": ids["action"],
        "item_id": ids["item"],
        "walk_id": ids["walk" if path.endswith(("{walk_id}", "/answer", "/goal")) else "open_walk"],
        "note_id": ids["note_open_walk"],
        "name": "grow",
        "ending": "csv",
        "erasure_id": ids["erasure"],
    }
    return path.format(**places)


def filled(school: School, form: dict[str, str]) -> dict[str, str]:
    """Put the school's own ids where a form names them in capitals."""
    ids = school.ids
    soon = (utc_now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    values = {"PARTNERSHIP": ids["partnership_coach"], "LESSON": ids["lesson"], "FRIEND": ids["person_friend"]}
    values |= {
        "FILM": f"lesson:{ids['lesson']}",
        "TALK": ids["talk"],
        "MET": ids["met"],
        "CLIP": ids["clip"],
        "SOON": soon,
    }
    return {name: values.get(value, value) for name, value in form.items()}


def test_every_route_has_a_row_in_the_table(school: School) -> None:
    routes = {one for one in routes_of(school.app.routes) if not one[1].startswith(ELSEWHERE)}
    assert len(routes) > 30
    assert routes == set(TABLE)


def filled_request(
    school: School, path: str, body: object, form: dict[str, str] | None
) -> tuple[object, dict[str, str] | None, dict[str, tuple[str, bytes]] | None]:
    """Return JSON, form and files of a row of the table, as they are sent to this school."""
    if isinstance(body, dict) and "partnership_id" in body:
        body = {"partnership_id": school.ids["partnership_coach"]}
    form = None if form is None else filled(school, form)
    files = {"file": ("a.txt", form.pop("file").encode())} if form and "file" in form else None
    if path == "/programme/partnerships" and form is not None:
        form |= {"coach_id": school.ids["person_stranger"], "coachee_id": school.ids["person_owner"]}
    return body, form, files


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "path"), list(TABLE))
def test_a_route_lets_in_those_of_the_table_alone(
    standing_school: School, standing: Standing, method: str, path: str, kind: str
) -> None:
    school = standing_school
    allowed, body, form = TABLE[(method, path)]
    body, form, files = filled_request(school, path, body, form)
    client: TestClient = school.browser(kind)
    answer = client.request(method, address(school, path), json=body, data=form, files=files)
    if method != "GET" and answer.status_code < 400:
        standing.is_changed()
    away = answer.headers.get("location", "").startswith(AWAY) or (
        path in ("/", "/welcome", "/sign-in") and answer.status_code == 303
    )
    assert answer.status_code < 500
    if kind in allowed:
        assert answer.status_code < 400, answer.text
        assert not away
    else:
        assert away or answer.status_code in (401, 403, 404, 409, 422), answer.text
        if kind not in PAIR or not path.startswith("/me/"):  # her own page, with a sentence, is hers to read
            assert "Secret words" not in answer.text
            assert "A quiet word" not in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_media_bytes_reach_the_pair_alone(school: School, kind: str) -> None:
    client = school.browser(kind)
    lesson = f"/media/lessons/{school.ids['lesson']}"
    for address in (*(f"{lesson}/{name}" for name in PICTURES), f"/media/clips/{school.ids['clip']}"):
        answer = client.get(address, headers={"range": "bytes=10-19"})
        if kind in PAIR:
            assert (answer.status_code, answer.content) == (206, BYTES[10:20])
            assert "private" in answer.headers["cache-control"]
        else:
            assert answer.status_code in (401, 403, 404)
            assert BYTES[10:20] not in answer.content


PICTURES = ("rendition", "poster", "filmstrip")
CONTENT = {
    "lesson": [
        "/lessons/{lesson}",
        "/api/lessons/{lesson}",
        "/api/lessons/{lesson}/steps",
        "/media/lessons/{lesson}/rendition",
    ],
    "clip": ["/clips/{clip}", "/api/clips/{clip}", "/media/clips/{clip}", "/media/clips/{clip}/captions.vtt"],
    "comment": [
        "/api/lessons/{lesson}/comments",
        "/api/comments/{comment}/versions",
        "/api/lessons/{lesson}/export/json",
        "/api/clips/{clip}/comments",
    ],
    "goal": ["/goals/{goal}", "/partnerships/{partnership_coach}"],
    "session": ["/sessions/{session}", "/api/sessions/{session}"],
    "log": ["/api/sessions/{met}/log", "/sessions/{met}/log.pdf", "/sessions/{met}"],
    "note": ["/walks/{walk}"],
}
PRIVATE = ("/lessons/{lesson}", "/api/lessons/{lesson}/comments", "/api/lessons/{lesson}/export/csv")


def test_every_thing_is_open_to_its_two_people_and_to_nobody_else(
    school: School, record_property: Callable[[str, object], None]
) -> None:
    cells = 0
    for thing, addresses in CONTENT.items():
        for path in addresses:
            for kind in KINDS:
                answer = school.browser(kind).get(path.format(**school.ids))
                expected = kind in PAIR
                assert (answer.status_code == 200) == expected, (thing, path, kind, answer.status_code)
                cells += 1
    media = (len(PICTURES) + 1) * len(KINDS)  # test_media_bytes_reach_the_pair_alone
    routes = len(TABLE) * len(KINDS)  # test_a_route_lets_in_those_of_the_table_alone
    record_property("cells", routes + media + cells)
    print(  # noqa: T201 - the figure that the documents point to
        f"{routes + media + cells} cells, none wrong: {len(TABLE)} routes x {len(KINDS)} kinds of person, {media} of"
        f" media bytes, and {cells} of {len(CONTENT)} things at {len([*chain(*CONTENT.values())])} addresses"
    )
    assert cells == sum(len(one) for one in CONTENT.values()) * len(KINDS)


@pytest.mark.parametrize("writer", ["owner", "coach"])
def test_a_private_note_is_read_by_its_writer_and_by_nobody_else(school: School, writer: str) -> None:
    note = {"text": "For myself alone", "start_ms": 5}
    for thing in ("lesson", "clip"):
        address = f"/api/{thing}s/{school.ids[thing]}/comments"
        assert school.browser(writer).post(address, json=note).status_code == 201
    for path in (*PRIVATE, "/clips/{clip}", "/api/clips/{clip}/comments", "/"):
        for kind in KINDS:
            text = school.browser(kind).get(path.format(**school.ids)).text
            assert ("For myself alone" in text) == (kind == writer and path != "/"), (path, kind)


@pytest.mark.parametrize("kind", ["lead", "manager"])
def test_neither_lead_nor_line_manager_reads_a_word_or_a_measure_of_anybody_anywhere(school: School, kind: str) -> None:
    measures = dict.fromkeys(("teacher_ms", "pupil_ms", "unsure_ms", "speech_ms", "turn_changes"), FIGURE)
    with school.database.write() as session:
        session.add(MeasuresRow(lesson_id=school.ids["lesson"], document=measures))
    client = school.browser(kind)
    walked = 0
    for method, path in TABLE:
        if method != "GET":
            continue
        for ids in (school.ids, school.ids | {"lesson": school.ids["talk"], "session": school.ids["met"]}):
            answer = client.get(address(replace(school, ids=ids), path))
            walked += 1
            for secret in ("Secret words", "A quiet word", "Wait longer", "Year 9 fractions", "Our talk", "A wait"):
                assert secret not in answer.text, (path, secret)
            assert str(FIGURE) not in answer.text, path
            assert not any(word in answer.text for word in MEASURE_WORDS) or path == "/measures", path
    assert walked > 80


FIGURE = 98_765_431
MEASURE_WORDS = ("share of the talk", "Wait after a question", "Pupil talk", "Longest stretch")


class Pieces(HTMLParser):
    """Collects the text of each piece of a page that is read as one: a line, a row, a paragraph, a choice."""

    ONE = frozenset({"li", "tr", "p", "option", "summary", "h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in self.ONE:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        self.found[-1] += data


def test_the_lead_never_sees_a_number_beside_a_name(school: School) -> None:
    with school.database.write() as session:
        people = {row.id: row.name for row in session.scalars(select(Person))}
        coach, met = session.get_one(Person, school.ids["person_coach"]), {"G": "Secret words"}
        friend = session.get_one(Person, school.ids["person_friend"])
        stranger = session.get_one(Person, school.ids["person_stranger"])
        others = [make_partnership(session, coach, one).id for one in (friend, stranger)]  # three pairs: it is counted
        now = utc_now()
        session.get_one(CoachingSession, school.ids["session"]).began_at = now  # of this week, whenever that began
        for pair in (school.ids["partnership_coach"], *others):
            today = now.date()
            write_log_afterwards(session, coach, pair, met_on=today, notes=met, action="Secret words")
    for address in ("/programme", "/programme/work", f"/programme/people/{school.ids['person_coach']}"):
        pieces = Pieces()
        pieces.feed(school.browser("lead").get(address).text)
        named = [text for text in pieces.found if any(name in text for name in people.values())]
        known = re.compile(r"\S+@\S+|until \d+ \w+ \d{4}")  # an address; the day on which a leaver's account goes
        assert [text for text in named if re.search(r"\d", known.sub("", text))] == []
        if address == "/programme":
            assert len(named) > len(people)
            assert re.search(r">4</td>", school.browser("lead").get(address).text)  # and yet it is counted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["vtt", "srt", "txt", "eaf"])
def test_a_transcript_is_taken_along_by_its_owner_alone(school: School, kind: str, ending: str) -> None:
    answer = school.browser(kind).get(f"/api/lessons/{school.ids['lesson']}/export/{ending}")
    assert (answer.status_code == 200) == (kind == "owner")
    assert ("Secret words" in answer.text) == (kind == "owner")


def test_the_table_is_as_large_as_the_application(record_property: Callable[[str, object], None]) -> None:
    record_property("routes_times_kinds_of_person", len(TABLE) * len(KINDS))
    assert len(TABLE) * len(KINDS) >= 1000
