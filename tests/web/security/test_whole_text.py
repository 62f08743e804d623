"""Text that no keyboard writes: half an emoji, a zero, a byte order mark. Nothing fails by it, then or later."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.params import Form
from sqlalchemy import select

from core.database.db import Database, storable
from core.errors import InvalidInput
from core.models import Comment, Finding
from tests.support.factories import make_lesson, make_person
from tests.support.web_school import School
from web.security.bodies import api_routes
from web.security.whole_text import PlainJsonRoute, is_json, plain_document

ODD = ["a\ud83db", "\udfff", "a\x00b", "\ufeffa", "\x1b[31m", "\ufffe", "ا\u0301\u0e31\u05b0"]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_no_text_makes_any_place_that_takes_or_shows_it_fail(school: School, odd: str) -> None:
    owner, coach, ids = school.browser("owner"), school.browser("coach"), school.ids
    lesson = f"/api/lessons/{ids['lesson']}"
    raw = odd.encode("utf-8", "surrogatepass")
    words = base64.b64encode(raw).decode()

    def as_json(who: str, method: str, address: str, **body: object) -> Any:
        headers = {"content-type": "application/json"}
        return school.browser(who).request(method, address, content=json.dumps(body).encode(), headers=headers)

    def as_form(kind: str, address: str, **fields: str) -> Any:
        body = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in fields.items())
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return school.browser(kind).post(address, content=body.encode(), headers=headers)

    answers = [
        as_json("owner", "PATCH", lesson, title=odd, class_name=odd),
        as_json("coach", "PATCH", f"/api/comments/{ids['comment']}", text=f"x{odd}"),
        as_json("owner", "POST", f"{lesson}/comments", text=f"x{odd}", start_ms=1),
        as_json("owner", "POST", f"{lesson}/clips", title=odd, start_ms=0, end_ms=4000),
        as_json("coach", "PATCH", f"/api/sessions/{ids['session']}", notes={"G": odd}, action=odd),
        as_json("owner", "POST", f"{lesson}/corrections", kind="voice", speaker="S1", name=odd),
        as_form("owner", f"/goals/{ids['goal']}", title=odd, reality=odd, options=odd, will=odd),
        as_form("owner", f"/partnerships/{ids['partnership_coach']}/actions", what=odd, goal_id=ids["goal"]),
        as_form("owner", f"/walks/{ids['walk']}/answer", text=odd),
        as_form("coach", "/portfolio/reflections", title=f"x{odd}", text=odd),
        as_form("coach", "/coaches/modules/grow", text=odd),
        as_form("nobody", "/sign-in", email=odd, password=odd),
        owner.get(f"/lessons/{quote(raw)}"),
        owner.get(f"/sign-in?next={quote(raw)}"),
        owner.post(
            "/api/uploads",
            headers={"tus-resumable": "1.0.0", "upload-length": "5", "upload-metadata": f"filename {words}"},
        ),
        school.browser("lead").post(
            "/programme/staff", files={"file": ("staff.csv", b"name,email\n" + raw + b",x@school.example\n")}
        ),
        owner.post(
            f"/lessons/{ids['lesson']}/transcript",
            files={"file": ("t.srt", b"1\n00:00:01,000 --> 00:00:02,000\n" + raw + b" x\n")},
        ),
    ]
    answers += [owner.get(f"{lesson}/export/{kind}") for kind in ("vtt", "srt", "txt", "eaf", "csv", "json")]
    session = f"/sessions/{ids['session']}"
    shown = ("/me/everything.zip", "/portfolio.zip", "/portfolio", "/me", "/", session, f"{session}/log.pdf")
    answers += [browser.get(address) for browser in (owner, coach) for address in shown]
    assert [(one.request.method, one.url.path) for one in answers if one.status_code >= 500] == []


def test_half_an_emoji_becomes_the_sign_for_a_lost_character_and_a_whole_one_stays() -> None:
    assert plain_document(b'{"text": "a\\ud83d b"}') == {"text": "a\ufffd b"}
    assert plain_document(b'{"text": "\\ud83d\\udc4f"}') == {"text": "👏"}
    for code in ("utf-8", "utf-16"):
        assert plain_document('{"text": "a\ud83d"}'.encode(code, "surrogatepass")) == {"text": "a\ufffd"}
    odd_signs = b'{"\\u0000": ["\\u001b", "\\u000b", "\\uffff"]}'
    assert plain_document(odd_signs) == {"\ufffd": ["\ufffd", "\n", "\ufffd"]}
    for odd in (b"NaN", b"-Infinity", b"1e999", b"9" * 20, b"-" + b"9" * 5000, b"[" * 100_000, b"\xff", b'"\\ud83d'):
        with pytest.raises(ValueError):
            plain_document(b'{"number": ' + odd + b"}")
    assert storable(("a\0b", {"c": "\ud800"}, [1, None, "👏"])) == ("a\ufffdb", {"c": "\ufffd"}, [1, None, "👏"])


def test_every_route_that_takes_json_takes_the_document_that_was_looked_at(school: School) -> None:
    routes = list(api_routes(school.app.routes))
    taking = [one for one in routes if one.body_field and not isinstance(one.body_field.field_info, Form)]
    assert len(taking) > 15
    assert [one.path for one in taking if not isinstance(one, PlainJsonRoute)] == []


def test_a_body_of_json_is_parsed_once(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    def count(body: bytes | str, *arguments: Any, **named: Any) -> Any:
        if len(body) > 1000:
            parsed.append(len(body))
        return load(body, *arguments, **named)

    load, address = json.loads, f"/api/lessons/{school.ids['lesson']}/comments"
    body = json.dumps({"text": "Wait. " * 500, "start_ms": 1}).encode()
    monkeypatch.setattr(json, "loads", count)
    answer = school.browser("owner").post(address, content=body, headers={"content-type": "application/json"})
    monkeypatch.undo()
    assert (answer.status_code, answer.json()["text"]) == (201, ("Wait. " * 500).strip())
    assert parsed == [len(body)]


def test_json_that_nobody_can_read_is_refused_and_changes_nothing(school: School) -> None:
    owner, headers = school.browser("owner"), {"content-type": "application/json"}
    for body in (b"!", b'{"title": NaN}', b"[" * 5000, b'{"title": "x"'):
        answer = owner.patch(f"/api/lessons/{school.ids['lesson']}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), body


def test_every_content_type_that_is_read_as_json_passes_the_edge() -> None:
    kinds = ("application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json", " application/ld+json ")
    assert [is_json(kind) for kind in kinds] == [True] * len(kinds)
    assert not any(
        is_json(kind) for kind in ("text/plain", "multipart/form-data; boundary=json", "application/jsonx", "")
    )


def test_what_stands_in_a_column_of_json_is_plain_text_too(database: Database) -> None:
    with database.write() as session:
        lesson = make_lesson(session, make_person(session))
        session.add(Finding(lesson_id=lesson.id, kind="odd", document={"a\ud800": ["\x00", "x\x08\x0c", "👏", "é"]}))
    with database.read() as session:
        found = session.get_one(Finding, (lesson.id, "odd"))
        assert found.document == {"a\ufffd": ["\ufffd", "x\ufffd\n", "👏", "é"]}


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_a_number_of_more_than_64_bits_is_refused_and_not_stored(database: Database, number: int) -> None:
    with pytest.raises(InvalidInput, match="beyond"), database.write() as session:
        session.execute(select(Comment).where(Comment.start_ms == number))
