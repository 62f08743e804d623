"""Every form of the product: refused, it comes back with what was typed; its address can be opened again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import web.forms.refused
from annotation.people.people import hash_secret
from core.clock import utc_now
from core.database.db import Database
from core.errors import InvalidInput
from core.models import Clip, Goal, Lesson, PendingSignIn, Person, SecondFactor
from core.sealing import seal
from core.settings import get_settings
from tests.access.test_every_route import TABLE, address, routes_of
from tests.support.factories import make_lesson
from tests.support.web_school import KINDS, School
from web.app import create_app
from web.forms.refilling import Control, Form, forms_of
from web.security.auth import WAITING

TEMPLATES = Path(__file__).resolve().parents[3] / "web" / "templates"
SENTENCE = "This was refused by the test."
POSTED = sorted(path for method, path in TABLE if method == "POST" and not path.startswith("/api/"))


def test_every_form_address_is_in_the_walk(school: School) -> None:
    routes = {
        path for method, path in routes_of(school.app.routes) if method == "POST" and not path.startswith("/api/")
    }
    assert routes == set(POSTED)
    assert len(routes) > 40


@pytest.mark.parametrize("path", POSTED)
def test_the_address_of_a_form_can_be_opened(standing_school: School, path: str) -> None:
    school = standing_school
    for kind in TABLE[("POST", path)][0]:
        client = school.browser(kind)
        answer = client.get(address(school, path))
        assert answer.status_code in (200, 303), answer.text
        if answer.status_code == 303 and not answer.headers["location"].startswith("/sign-in"):
            assert client.get(answer.headers["location"]).status_code in (200, 303)


def test_an_address_of_the_api_is_no_page(school: School) -> None:
    answer = school.browser("owner").get(f"/api/comments/{school.ids['comment']}/restore")
    assert answer.status_code == 405
    assert answer.json()["code"] == "http_405"


@contextmanager
def refusing(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse the next thing that is to be written, whatever it is."""
    write = Database.write
    refused: list[bool] = []

    def refuse_once(database: Database) -> AbstractContextManager[Session]:
        if not refused:
            refused.append(True)
            raise InvalidInput(why=SENTENCE)
        return write(database)

    with patch.context() as within:
        within.setattr(Database, "write", refuse_once)
        yield


def furnish(school: School) -> None:
    """Bring the school into a state in which its pages show all of their forms that somebody types into."""
    ids, now = school.ids, utc_now()
    with school.database.write() as session:
        owner, coach = (session.get_one(Person, ids[f"person_{kind}"]) for kind in ("owner", "coach"))
        make_lesson(session, owner, "Gone", deleted_at=now)
        make_lesson(session, coach, "My own lesson")
        session.add(SecondFactor(person_id=coach.id, secret="-", made_at=now, confirmed_at=now))  # others set one up
        assert session.get_one(Goal, ids["goal"]).closed_at is None
        assert session.get_one(Lesson, ids["lesson"]).deleted_at is None
        assert session.get_one(Clip, ids["clip"]) is not None


def pages(school: School) -> Iterator[tuple[str, str]]:
    """Yield who opens which page."""
    for kind in KINDS:
        for method, path in TABLE:
            if method != "GET" or path.startswith(("/api/", "/media/")) or path.endswith((".zip", ".pdf")):
                continue
            for session in (school.ids["session"], school.ids["planned"]):
                changed = School(school.app, school.database, school.ids | {"session": session}, school.secrets)
                yield kind, address(changed, path)


def typed_into(control: Control) -> str | None:
    """Return what somebody types, None for a box that is left empty."""
    tag = control.tag
    if tag.name == "textarea":
        return "two lines\nof <words> & more"
    if tag.name == "select":
        return control.options[-1].attributes.get("value") or ""
    if tag.kind in ("checkbox", "radio"):
        return None if "checked" in tag.attributes else tag.attributes.get("value") or "on"
    kinds = {"email": "typed@school.example", "date": "2031-02-03", "datetime-local": "2031-02-03T10:15"}
    kinds |= {"password": "a password that is typed", "hidden": tag.attributes.get("value") or "", "file": "a,b"}
    return kinds.get(tag.kind, 'typed "words" & <more>')


def holds(control: Control, page: str, typed: str | None) -> bool:
    """Say whether a field of the answer holds what was typed."""
    tag = control.tag
    if tag.name == "textarea":
        assert control.end is not None
        return unescape(page[tag.end : control.end.start]) == f"\n{typed}"
    if tag.name == "select":
        return [one.attributes.get("value") or "" for one in control.options if "selected" in one.attributes] == [typed]
    if tag.kind in ("checkbox", "radio"):
        return ("checked" in tag.attributes) == (typed == (tag.attributes.get("value") or "on"))
    if tag.kind in ("password", "file"):
        return not tag.attributes.get("value")
    return tag.attributes.get("value") == typed


def send(client: TestClient, here: str, to: str, form: Form) -> tuple[Response, dict[str, str]]:
    """Fill a form in and send it as a browser would."""
    named = [one for one in form.controls if one.name]
    typed = {one.name: text for one in named if (text := typed_into(one)) is not None}
    files = {one.name: ("a.csv", typed.pop(one.name).encode()) for one in named if one.tag.kind == "file"}
    headers = {"referer": f"http://testserver{here}", "origin": "http://testserver"}
    return client.post(to, data=typed, files=files or None, headers=headers), typed


def same(form: Form, answer: Response, here: str, to: str, typed: dict[str, str]) -> Form:
    found = [one for one in forms_of(answer.text) if (one.tag.attributes.get("action") or here) == to]
    assert found, to
    return next((one for one in found if one.is_of(list(typed.items()))), found[0])


def in_templates() -> set[str]:
    """Return the patterns of the addresses of all forms that somebody types something into."""
    found = set()
    for path in TEMPLATES.rglob("*.html"):
        for form in re.findall(r'<form[^>]*method="post".*?</form>', path.read_text("utf-8"), re.DOTALL):
            types = re.search(r'<textarea|<select|<input(?![^>]*type="hidden")|include', form)
            action = re.search(r'<form[^>]*action="([^"]*)"', form)
            if types and "{{ address }}" not in form:
                found.add(re.sub(r"\{\{.*?\}\}", "…", action[1]) if action else "")
    return found


ELSEWHERE = {"/welcome", "/sign-in/code"}  # shown while there is nobody, or after a password; below


def test_every_form_comes_back_with_what_was_typed(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "127.0.0.1")
    get_settings.cache_clear()
    furnish(school)
    met: set[str] = set()
    for kind, here in pages(school):
        client = school.browser(kind)
        shown = client.get(here)
        if shown.status_code != 200:
            continue
        for form in forms_of(shown.text):
            to = form.tag.attributes.get("action") or here
            if (key := f"{kind if to == here else ''}{to}{[one.name for one in form.controls]}") in met:
                continue
            met |= {key, to if form.tag.attributes.get("action") else ""}
            with refusing(monkeypatch):
                answer, typed = send(client, here, to, form)
            assert 400 <= answer.status_code < 500, (here, to)
            assert answer.headers["content-type"].startswith("text/html")
            again = same(form, answer, here, to, typed)
            assert 'id="problem"' in answer.text, (here, to)
            named = [one for one in again.controls if one.is_visible]
            wrong = [one for one in named if not holds(one, answer.text, typed.get(one.name))]
            assert [one.name for one in wrong] == [], (here, to)
            assert "a password that is typed" not in answer.text
            assert again.around == []  # not folded up
    patterns = [re.compile(re.escape(one).replace("…", ".+")) for one in in_templates() - ELSEWHERE]
    assert len(patterns) > 20
    assert [one.pattern for one in patterns if not any(one.fullmatch(each) for each in met)] == []


KIND = "mentoring"
REFUSED = [
    ("lead", "/programme/invitations", {"name": "Nel", "email": "no address", "department": "Maths"}, "email"),
    ("lead", "/programme/invitations", {"name": "Nel", "email": "ada.owner@school.example"}, "email"),
    ("lead", "/programme/invitations", {"name": " ", "email": "nel@school.example"}, "name"),
    ("lead", "/programme/partnerships", {"coach_id": "OWNER", "coachee_id": "OWNER", "kind": "coaching"}, "coachee_id"),
    (
        "lead",
        "/programme/partnerships",
        {"coach_id": "MANAGER", "coachee_id": "OWNER", "kind": KIND},
        "coachee_id",
    ),
    ("lead", "/programme/people/MANAGER", {"department": "Maths", "manager_id": "OWNER"}, "manager_id"),
    ("owner", "/partnerships", {"other_id": "", "part": "coach", "kind": "coaching", "focus": "To wait"}, "other_id"),
    ("owner", "/partnerships/PAIR/goals", {"title": " ", "reality": "It is loud"}, "title"),
    ("owner", "/partnerships/PAIR/goals", {"title": "Wait", "will": "x" * 5000}, "will"),
    ("owner", "/goals/GOAL", {"title": "", "options": "Count to three"}, "title"),
    ("owner", "/partnerships/PAIR/plan", {"at": "2001-01-01T10:00", "weekly": "true"}, "at"),
    ("owner", "/partnerships/PAIR/plan", {"at": "soon"}, "at"),
    ("owner", "/partnerships/PAIR/logs", {"action": "", "goal": "To see it"}, "action"),
    ("owner", "/partnerships/PAIR/logs", {"action": "Wait", "met_on": "1999-01-01"}, "met_on"),
    ("owner", "/partnerships/PAIR/logs", {"action": "Wait", "met_on": "last week"}, "met_on"),
    ("owner", "/me/password", {"old": "not the right one", "new": "four new words here"}, "old"),
    ("owner", "/me/second-factor", {"password": "not the right one", "code": "123456"}, "password"),
    ("owner", "/me/delete", {"email": "other@school.example"}, "email"),
    ("nobody", "/sign-in", {"email": "ada@school.example", "password": "wrong words", "next": "/walks"}, "email"),
    ("nobody", "/join/join-me", {"name": "Nia New", "password": "short"}, "password"),
    ("nobody", "/new-password/new-password", {"password": "short"}, "password"),
    ("coach", "/portfolio/reflections", {"title": "On waiting", "text": " "}, "text"),
    ("coach", "/walks", {"observed_id": "OWNER", "title": " "}, "title"),
]


@pytest.mark.parametrize(("kind", "to", "form", "field"), REFUSED)
def test_the_sentence_stands_at_the_field_that_it_is_about(
    school: School, kind: str, to: str, form: dict[str, str], field: str
) -> None:
    ids = school.ids
    names = {"OWNER": ids["person_owner"], "MANAGER": ids["person_manager"]}
    names |= {"PAIR": ids["partnership_coach"], "GOAL": ids["goal"]}
    with school.database.read() as session:
        names["ada.owner@school.example"] = session.get_one(Person, ids["person_owner"]).email
    for name, value in names.items():
        to, form = to.replace(name, value), {key: names.get(text, text) for key, text in form.items()}
    answer = school.browser(kind).post(to, data=form)
    assert 400 <= answer.status_code < 500
    here = next(one for one in forms_of(answer.text) if (one.tag.attributes.get("action") or to) == to)
    for control in here.controls:
        said = control.tag.attributes
        is_wrong = control.name == field or (to, control.name) == BOTH
        assert (said.get("aria-invalid") == "true") == is_wrong, control.name
        if control.name in form and control.is_visible:
            typed = form[control.name] if control.tag.kind not in ("checkbox", "radio") else said.get("value")
            if control.tag.kind not in ("checkbox", "radio") or form[control.name] == said.get("value"):
                assert holds(control, answer.text, typed), control.name
    assert answer.text.count('id="problem"') == 1
    if to == "/sign-in":
        assert 'name="next" value="/walks"' in answer.text


BOTH = ("/sign-in", "password")  # which of the two is wrong is not said


def test_the_first_account_s_form_comes_back(database: Database) -> None:
    client = TestClient(create_app(), follow_redirects=False)
    form = {"name": "Lea Lead", "email": "lea@school.example", "password": "short"}
    answer = client.post("/welcome", data=form, headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert 'value="Lea Lead"' in answer.text
    assert 'value="lea@school.example"' in answer.text
    assert "short" not in answer.text.replace("shortest", "")
    assert 'aria-invalid="true"' in answer.text


def test_a_code_that_does_not_fit_is_refused_on_the_page_that_asks_for_it(school: School) -> None:
    with school.database.write() as session:
        owner, now = school.ids["person_owner"], utc_now()
        session.add(SecondFactor(person_id=owner, secret=seal("A" * 32), made_at=now, confirmed_at=now))
        waiting = PendingSignIn(secret_hash=hash_secret("waits"), person_id=owner, next_address="/")
        waiting.expires_at = now + timedelta(minutes=5)
        session.add(waiting)
    client = school.browser("nobody")
    client.cookies.set(WAITING, "waits")
    answer = client.post("/sign-in/code", data={"code": "a code"})
    assert answer.status_code == 401
    field = next(one for one in forms_of(answer.text) if one.tag.attributes.get("action") == "/sign-in/code").controls[
        0
    ]
    assert field.tag.attributes.get("aria-invalid") == "true"
    assert "Each code works once" in answer.text


def test_whose_session_has_ended_is_given_back_what_she_wrote(school: School) -> None:
    words = "A long thought about waiting"
    answer = school.browser("nobody").post(f"/walks/{school.ids['walk']}/answer", data={"text": words})
    assert answer.status_code == 401
    assert words in answer.text
    assert f'href="/sign-in?next=/walks/{school.ids["walk"]}"' in answer.text


def test_what_was_written_into_a_form_that_is_gone_is_given_back(school: School) -> None:
    with school.database.write() as session:
        session.get_one(Goal, school.ids["goal"]).closed_at = utc_now() - timedelta(minutes=1)
    words = {"title": "Wait a little", "reality": "I answer myself"}
    answer = school.browser("owner").post(f"/partnerships/{school.ids['partnership_expired']}x/goals", data=words)
    assert answer.status_code == 404
    assert "I answer myself" in answer.text


def test_a_form_of_a_stranger_s_page_shows_nothing_of_it(school: School) -> None:
    to = f"/goals/{school.ids['goal']}"
    headers = {"referer": f"http://testserver{to}"}
    answer = school.browser("stranger").post(to, data={"title": "Mine now"}, headers=headers)
    assert answer.status_code == 404
    assert "Wait longer" not in answer.text


def test_a_list_of_staff_that_is_refused_says_so_at_its_field(school: School) -> None:
    file = {"file": ("staff.csv", b"no,columns\n1,2\n")}
    answer = school.browser("lead").post("/programme/staff", files=file, data={"others_left": "true"})
    assert answer.status_code == 422
    form = next(one for one in forms_of(answer.text) if one.tag.attributes.get("action") == "/programme/staff")
    said = {one.name: one.tag.attributes for one in form.controls if one.name}
    assert said["file"]["aria-invalid"] == "true"
    assert "checked" in said["others_left"]


def refuse_goal(school: School, **headers: str) -> Response:
    """Send a goal that is refused."""
    to = f"/partnerships/{school.ids['partnership_coach']}/goals"
    form = {"title": " ", "reality": "I answer my own questions"}
    return school.browser("owner").post(to, data=form, headers=headers)


def is_given_back(answer: Response) -> bool:
    """Say whether a refusal is the plain page that gives back what was written."""
    page = unescape(answer.text)
    return answer.status_code == 422 and "What you wrote" in page and "I answer my own questions" in page


@pytest.mark.parametrize(
    "what", ["web.routes.coaching.partnerships.page", "web.forms.refused.refill", "core.database.db.Database.read"]
)
def test_a_page_that_fails_meanwhile_turns_no_refusal_into_a_fault(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    read_again = web.forms.refused._filled_again

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    async def read_while_it_fails(*given: Any) -> str | None:
        with monkeypatch.context() as within:
            within.setattr(what, fail)
            return await read_again(*given)

    monkeypatch.setattr("web.forms.refused._filled_again", read_while_it_fails)
    assert is_given_back(refuse_goal(school))
    assert [one.code for one in caplog.records if one.levelname == "ERROR"] == ["form_not_shown"]  # type: ignore[attr-defined]


ADDRESSES = {  # of ours that are no page with a form, or that cannot be read
    "stream": "http://testserver/api/lessons/LESSON/events",
    "film": "http://testserver/media/lessons/LESSON/captions.vtt",
    "zip": "http://testserver/me/everything.zip",
    "script": "http://testserver/static/favicon.svg",
    "other page": "http://testserver/me",
    "not shown": "http://testserver/lessons/none",
    "another site": "http://other.example/goals",
    "no address": "http://[",
    "no path": "http://testserver",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_whatever_page_the_browser_names_the_form_comes_back(school: School, name: str) -> None:
    named = ADDRESSES[name].replace("LESSON", school.ids["lesson"])
    answer = refuse_goal(school, referer=named, origin="http://testserver")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "I answer my own questions" in answer.text


def test_a_program_s_order_is_still_answered_with_json(school: School) -> None:
    client = school.browser("owner")
    address = f"/api/lessons/{school.ids['lesson']}/comments"
    answer = client.post(address, json={"text": " ", "start_ms": 0}, headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "message"}
