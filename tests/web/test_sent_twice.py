"""Every form carries an id of its own: sent twice it is done once and answered the same, however late."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx2 as httpx
import pytest
from fastapi import Request
from sqlalchemy import func, select, update
from starlette.types import Message

from annotation.coaching import session_log
from core.clock import utc_now
from core.database import insert
from core.database.receipts import KEPT, forget_old_receipts
from core.models import Base, Goal, Receipt
from tests.access.test_every_route import TABLE, address, filled_request
from tests.support.web_school import School
from tests.web.test_pressed_at_once import SEVERAL, rows
from web.forms.sent_once import read_sent_form
from web.rendering import FORM_FIELD

FORMS = {
    path: next(kind for kind in ("owner", "coach", "lead") if kind in who)
    for (method, path), (who, _, form) in TABLE.items()
    if method == "POST" and form is not None and not path.startswith("/api/") and who - {"nobody", "leaver"}
}
# What a second press of these leaves: what it overwrites is gone, and a link that is shown is made anew.
AGAIN = frozenset(SEVERAL)
# Not answered the same: who signs out is nobody by then, a link works once, and a list that is applied changes no more.
ELSEWISE = ("/sign-out", "/join/{secret}", "/new-password/{secret}", "/programme/staff/apply")
ID = re.compile(rf'<input type="hidden" name="{FORM_FIELD}" value="([^"]+)">')
BEFORE_SIGN_IN = ("/join", "/forgotten", "/new-password", "/welcome", "/sign-in", "/deletions")


@pytest.fixture(autouse=True)
def much_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing count as the same press of a moment ago."""
    monkeypatch.setattr(insert, "PRESS", timedelta(0))
    monkeypatch.setattr(session_log, "PRESS", timedelta(0))


def send(school: School, path: str, form_id: str, **more: str) -> httpx.Response:
    """Send the form of a row of the table, under an id."""
    _, form, files = filled_request(school, path, None, TABLE[("POST", path)][2])
    data = {**(form or {}), **more, FORM_FIELD: form_id}
    return school.browser(FORMS[path]).post(address(school, path), data=data, files=files)


@pytest.mark.parametrize("path", sorted(set(FORMS) - set(ELSEWISE)))
def test_a_form_that_is_sent_twice_is_done_once_and_answered_the_same(school: School, path: str) -> None:
    first = send(school, path, "one")
    assert first.status_code < 400, first.text
    there = rows(school.database)
    second = send(school, path, "one")
    assert second.status_code == first.status_code, second.text
    assert second.headers.get("location") == first.headers.get("location")
    assert set(rows(school.database) - there) <= AGAIN


# Whatever a form makes: each of these rows is there once more when it is sent from a page that was opened anew.
MADE = ("action", "goal", "coaching_session", "portfolio_item")
NEW_WORDS = {
    "/partnerships/{partnership_id}/goals": "title",
    "/partnerships/{partnership_id}/actions": "what",
    "/partnerships/{partnership_id}/logs": "action",
    "/portfolio/reflections": "title",
}


@pytest.mark.parametrize("path", NEW_WORDS)
def test_another_form_and_other_words_in_the_same_one_are_things_of_their_own(school: School, path: str) -> None:
    def made() -> int:
        return sum(count for name, count in rows(school.database).items() if name in MADE)

    with school.database.write() as session:  # three goals are the most
        session.execute(update(Goal).values(closed_at=utc_now(), slot=None))
    before = made()
    assert send(school, path, "one").status_code == 303
    of_each = made() - before
    assert of_each >= 1
    assert send(school, path, "two").status_code == 303
    assert made() - before == 2 * of_each
    assert send(school, path, "two", **{NEW_WORDS[path]: "Other words"}).status_code == 303
    assert made() - before == 3 * of_each
    assert send(school, path, "two", **{NEW_WORDS[path]: "Other words"}).status_code == 303
    assert made() - before == 3 * of_each


def test_what_is_refused_leaves_no_receipt_and_is_done_once_it_is_right(school: School) -> None:
    path = "/partnerships/{partnership_id}/goals"
    for _ in range(3):
        assert send(school, path, "one", title="").status_code == 422
    with school.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0
    assert send(school, path, "one").status_code == 303


def test_one_form_that_arrives_six_times_at_once_makes_one_goal_and_leads_to_it_each_time(school: School) -> None:
    path, answers, barrier = "/partnerships/{partnership_id}/goals", list[httpx.Response](), threading.Barrier(6)

    def press() -> None:
        barrier.wait()
        answers.append(send(school, path, "one", title="Wait for hands"))

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, answers[0].headers["location"])}
    with school.database.read() as session:
        goals = session.scalars(select(Goal).where(Goal.title == "Wait for hands")).all()
    assert [f"/goals/{one.id}?notice=goal-set" for one in goals] == [answers[0].headers["location"]]


def test_two_people_never_share_a_receipt(school: School) -> None:
    path = "/partnerships/{partnership_id}/goals"
    assert send(school, path, "one").status_code == 303
    form = TABLE[("POST", path)][2] or {}
    other = school.browser("coach").post(address(school, path), data={**form, FORM_FIELD: "one"})
    assert other.status_code == 303
    with school.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 2


def test_measures_that_were_taken_back_are_not_opened_by_a_form_that_arrives_late(school: School) -> None:
    assert send(school, "/measures/shown", "one").status_code == 303
    shown = Base.metadata.tables["shown_measures"]
    with school.database.write() as session:
        session.execute(update(shown).values(taken_back_at=utc_now()))
    assert send(school, "/measures/shown", "one").status_code == 303
    with school.database.read() as session:
        assert session.scalar(select(func.count()).where(shown.c.taken_back_at.is_(None))) == 0


@pytest.mark.parametrize("with_file", [True, False])
def test_what_a_file_says_is_not_compared_so_a_form_with_one_is_always_done(with_file: bool) -> None:
    files = {"file": ("staff.csv", b"name")} if with_file else None
    sent = httpx.Request("POST", "http://testserver/x", data={FORM_FIELD: "one", "what": "Words"}, files=files)
    headers = [(name.lower(), value) for name, value in sent.headers.raw]
    address = {"scheme": "http", "server": ("testserver", 80), "path": "/x", "query_string": b""}

    async def receive() -> Message:
        return {"type": "http.request", "body": sent.read(), "more_body": False}

    async def read() -> str:
        request = Request({"type": "http", "method": "POST", "headers": headers} | address, receive)
        found = await read_sent_form(request)
        await request.close()
        return found

    assert bool(asyncio.run(read())) != with_file


def test_a_clip_that_is_asked_for_twice_is_made_once(school: School) -> None:
    clip = {"title": "A", "start_ms": 0, "end_ms": 9000, "draft_id": "one"}
    to, owner = f"/api/lessons/{school.ids['lesson']}/clips", school.browser("owner")
    first = owner.post(to, json=clip)
    assert first.status_code == 201
    assert owner.post(to, json=clip).json() == first.json()
    assert len(owner.post(to, json=clip | {"draft_id": "two"}).json()) == len(first.json()) + 1


def test_a_share_that_was_taken_back_is_not_opened_by_a_request_that_arrives_late(school: School) -> None:
    lesson, clip = (f"/api/{kind}s/{school.ids[kind]}/shares" for kind in ("lesson", "clip"))
    new, owner = {"partnership_id": school.ids["partnership_coach"], "draft_id": "one"}, school.browser("owner")
    share = owner.post(lesson, json=new).json()
    assert owner.post(lesson, json=new).json()["id"] == share["id"]
    assert owner.delete(f"/api/shares/{share['id']}").status_code == 204
    assert owner.post(lesson, json=new).status_code == 404
    assert share["id"] not in [one["id"] for one in owner.get(lesson).json()]
    assert owner.post(clip, json=new).status_code == 201
    owner.delete(f"{clip}/{new['partnership_id']}")
    [late] = [one for one in owner.post(clip, json=new).json() if one["id"] == school.ids["clip"]]
    assert new["partnership_id"] not in late["partnership_ids"]
    [again] = [
        one for one in owner.post(clip, json=new | {"draft_id": "two"}).json() if one["id"] == school.ids["clip"]
    ]
    assert new["partnership_id"] in again["partnership_ids"]


def test_a_goal_that_was_taken_up_again_is_not_put_aside_by_a_form_that_arrives_late(school: School) -> None:
    path = "/goals/{goal_id}/close"
    assert send(school, path, "one").status_code == 303
    assert send(school, "/goals/{goal_id}/reopen", "two").status_code == 303
    assert send(school, path, "one").status_code == 303
    with school.database.read() as session:
        assert session.get_one(Goal, school.ids["goal"]).closed_at is None


def test_a_moment_is_on_one_card_however_often_it_is_put_there(school: School) -> None:
    to = f"/api/sessions/{school.ids['session']}/moments"
    for kind in ("owner", "owner", "coach"):
        answer = school.browser(kind).post(to, json={"start_ms": 4000})
        assert answer.status_code == 201
        assert [one["start_ms"] for one in answer.json()["moments"]].count(4000) == 1


def forms_in(school: School, kind: str) -> Iterator[tuple[str, str]]:
    client = school.browser(kind)
    for method, path in TABLE:
        if method == "GET" and not path.startswith(("/api/", "/media/", *BEFORE_SIGN_IN)):
            for form in re.findall(r"<form\b.*?</form>", client.get(address(school, path)).text, re.DOTALL):
                if 'method="post"' in form.split(">")[0]:
                    yield path, form


@pytest.mark.parametrize("kind", ["owner", "coach", "lead", "leaver"])
def test_every_form_of_every_page_has_an_id_that_no_other_has(school: School, kind: str) -> None:
    found = [(path, ID.findall(form)) for path, form in forms_in(school, kind)]
    assert len(found) > 3
    assert [path for path, ids in found if len(ids) != 1] == []
    assert len({ids[0] for _, ids in found}) == len(found)


def test_a_receipt_is_forgotten_after_a_month(school: School) -> None:
    assert send(school, "/partnerships/{partnership_id}/goals", "one").status_code == 303
    for days, left in ((-1, 1), (1, 0)):
        with school.database.write() as session:
            session.execute(update(Receipt).values(at=utc_now() - KEPT - timedelta(days=days)))
            forget_old_receipts(session)
            assert session.scalar(select(func.count()).select_from(Receipt)) == left


WRITING = re.compile(r"<textarea\b")


@pytest.mark.parametrize("kind", ["owner", "coach"])
def test_every_form_with_room_for_writing_goes_through_the_outbox(school: School, kind: str) -> None:
    found = [(path, form.split(">")[0]) for path, form in forms_in(school, kind) if WRITING.search(form)]
    assert len(found) > 3
    assert [path for path, tag in found if "data-waits" not in tag] == []


def test_a_script_is_told_in_data_what_is_wrong_with_a_form_and_a_browser_on_its_page(school: School) -> None:
    to, owner = address(school, "/partnerships/{partnership_id}/goals"), school.browser("owner")
    told = owner.post(to, data={"title": ""}, headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (422, "invalid_input")
    shown = owner.post(to, data={"title": ""}, headers={"accept": "text/html,application/json;q=0.5"})
    assert (shown.status_code, shown.headers["content-type"]) == (422, "text/html; charset=utf-8")
    nobody = school.browser("nobody").post(to, data={"title": "A"}, headers={"accept": "application/json"})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "sign_in_needed")


ANSWERS = ("/coaches/modules/{name}", "/walks/{walk_id}/answer")
VERSION = re.compile(r'name="version" value="([^"]*)"')


@pytest.mark.parametrize("path", ANSWERS)
def test_an_answer_that_arrives_late_overwrites_no_newer_one(school: School, path: str) -> None:
    client, to = school.browser("owner"), address(school, path)
    shown = address(school, path).removesuffix("/answer")
    first = VERSION.findall(client.get(shown).text)[0]
    for text in ("The newer words", "The newer words"):  # the second one's answer was lost
        assert client.post(to, data={"text": text, "version": first}).status_code == 303
    late = client.post(to, data={"text": "The older words", "version": first})
    assert late.status_code == 409
    assert "It now says: “The newer words”" in late.text
    assert "The older words" in late.text
    newer = VERSION.findall(client.get(shown).text)[0]
    assert client.post(to, data={"text": "The newest\r\n\r\nwords", "version": newer}).status_code == 303
    assert "The newest" in client.get(shown).text
