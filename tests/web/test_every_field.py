"""Whatever is written into any field of any form, JSON or address: nothing fails, then or when it is read again."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from httpx2 import Response
from pydantic import BaseModel

import web.routes.lessons.exchange
import web.routes.school.programme
from tests.access.test_every_route import TABLE, address, filled
from tests.support.web_school import School

DAYS = [
    *("9999-12-31", "0001-01-01", "10000-01-01", "-1-01-01", "2026-02-30", "9999-12-31T23:59", "0001-01-01T00:00"),
    *("9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-14:00", "2016-12-31T23:59:60", "2016-12-31T23:59:60Z"),
]
NUMBERS = [
    *("-1", "0", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 400),
    *("1" + "0" * 5000, "1e400", "1e308", "-0.0", "0x10", "1_000", "\u0663", "\u00b2", "NaN", "Infinity", "-inf"),
    *("true", "null"),
]
# What text can be made of: from each of these a value takes some, the whole of Unicode among them.
ALPHABETS: dict[str, Callable[[], str]] = {
    "any": lambda: chr(random.randrange(0x110000)),
    "half": lambda: chr(random.randrange(0xD800, 0xE000)),
    "control": lambda: chr(random.choice((*range(1, 32), *range(0x7F, 0xA0)))),
    "none": lambda: random.choice(("\ufffe", "\uffff", "\ufdd0", "\U0001ffff", "\U0010ffff")),
    "order": lambda: random.choice("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"),
    "joined": lambda: random.choice(("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\U0001f1ee")),
    "marks": lambda: chr(random.randrange(0x300, 0x370)) * random.choice((1, 40, 300)),
    "zero": lambda: "\0",
    "ends": lambda: random.choice("\r\u2028\u2029\x85\x0b\x0c"),
    "private": lambda: chr(random.choice((0xE000, 0xF8FF, 0xF0000, 0x10FFFD))),
    "tags": lambda: chr(random.randrange(0xE0000, 0xE0080)),
    "signs": lambda: random.choice(("]]>", "-->", "</script>", "{{x}}", "%s", "=1+1", "..\\../", "%00%ff", "\ufeff")),
}


def drawn(*names: str, count: int = 3) -> str:
    """Return a text with some letters of each of these alphabets, in any order, and one that everybody writes."""
    letters = [ALPHABETS[name]() for name in names or ALPHABETS for _ in range(count)]
    random.shuffle(letters)
    return "x".join(letters)


def texts() -> Iterator[str]:
    """Yield four values, with letters of every alphabet, drawn anew each time: pytest-randomly has the seed."""
    yield drawn()  # of every alphabet
    yield drawn(random.choice(list(ALPHABETS)), count=20) + "x"
    yield random.choice((*NUMBERS, *DAYS))
    yield random.choice(("", " ", "\r", "\0", "\u3000\u200b", "\ud800", "a" * 100_000, "\U0001f600" * 20_001))


VALUES: list[Any] = [
    *(-1, 0, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 0.5, 1e308, -0.0, True, None),
    *([], {}, [[]], {"": {}}, ["\ud800"], {"\ud800": "\x00"}, {"G": "x\x0b", "\x00": "y"}, [2**70]),
]
RAW = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "9" * 5000,
    '"\\ud800"',
    '"\\udc00\\ud800"',
    "[" * 5000,
    '{"a":' * 5000,
    '"x',
]
FORM = "application/x-www-form-urlencoded"
LAST = ("/sign-out", "/me/devices/out")  # they end the session of whoever writes


def routes_in(routes: Iterable[object]) -> Iterator[APIRoute]:
    """Yield every route, those of included routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        yield from routes_in(getattr(getattr(route, "original_router", None), "routes", ()))


class Writer:
    """Sends requests with one odd value in one field, and the others as they should be; notes what fails."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.browsers = {kind: school.browser(kind) for kind in ("owner", "coach", "lead", "nobody")}
        self.failed: dict[str, None] = {}
        self.sent = self.taken = 0
        self.routes = {
            (method, route.path): route for route in routes_in(school.app.routes) for method in route.methods or ()
        }

    def fields(self) -> Iterator[tuple[str, str, str, bool]]:
        """Yield method, path, field, and whether the body is JSON."""
        for (method, path), route in self.routes.items():
            if path in LAST:
                continue
            for param in route.dependant.body_params:
                model = param.field_info.annotation
                if isinstance(model, type) and issubclass(model, BaseModel):
                    yield from ((method, path, field.alias or name, True) for name, field in model.model_fields.items())
                else:
                    yield method, path, param.alias, False

    def write(self, method: str, path: str, field: str, value: Any, *, is_json: bool, raw: str = "") -> None:
        """Send one request as each of those who may."""
        allowed, body, form = TABLE.get((method, path), (frozenset({"owner"}), None, None))
        given = dict(body) if isinstance(body, dict) else filled(self.school, form or {})
        given = {name: self.ids.get(text, text) if isinstance(text, str) else text for name, text in given.items()}
        to = address(self.school, path)
        for kind in [one for one in self.browsers if one in allowed][:1] or ["owner"]:
            if is_json:
                content = json.dumps({**given, field: value})
                if raw:
                    content = json.dumps({**given, field: "RAW"}).replace('"RAW"', raw)
                headers = {"content-type": "application/json"}
                answer = self.browsers[kind].request(method, to, content=content.encode(), headers=headers)
                self.note(answer, field, value or raw)
            elif "file" in (field, *given):
                rest = {name: text for name, text in given.items() if name != "file"}
                data = value if field == "file" else given.get("file", "")
                rest |= {} if field == "file" else {field: value}
                clean = {name: text.encode("utf-8", "surrogatepass") for name, text in rest.items()}
                files = {"file": ("a.txt", data.encode("utf-8", "surrogatepass"))}
                self.note(self.browsers[kind].post(to, data=clean, files=files), field, value)
            else:
                pairs = {**given, field: value}.items()
                text = "&".join(f"{quote(name)}={quote(one.encode('utf-8', 'surrogatepass'))}" for name, one in pairs)
                headers = {"content-type": FORM}
                self.note(self.browsers[kind].post(to, content=text.encode(), headers=headers), field, value)

    @property
    def ids(self) -> dict[str, str]:
        return {"PARTNERSHIP": self.school.ids["partnership_coach"]}

    def note(self, answer: Response, field: str = "", value: Any = "") -> None:
        """Count an answer; keep what failed."""
        self.sent += 1
        self.taken += answer.status_code < 400
        if answer.status_code >= 500:
            self.failed[f"{answer.request.method} {answer.request.url.path} {field} {ascii(value)[:60]}"] = None

    def read(self, *, papers: bool) -> None:
        """Read every page, paper, zip and export of both people."""
        for kind in ("owner", "coach", "lead"):
            for method, path in TABLE:
                if method != "GET" or path == "/metrics" or (path.endswith(".pdf") and not papers):
                    continue
                endings = ("csv", "json", "eaf", "vtt", "srt", "txt") if "{ending}" in path else ("",)
                for ending in endings:
                    to = address(self.school, path.replace("{ending}", ending) if ending else path)
                    self.note(self.browsers[kind].get(to), "read")


@pytest.fixture
def writer(school: School, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Return what writes; it reads files at once: that a child process does is tested in test_child_process.py."""

    async def compute_here(of: str, function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    for module in (web.routes.lessons.exchange, web.routes.school.programme):
        monkeypatch.setattr(module, "compute_in_child", compute_here)
    return Writer(school)


def test_no_value_of_any_kind_in_any_field_of_any_request_fails_then_or_later(writer: Writer) -> None:
    for method, path, field, is_json in writer.fields():
        for value in [*texts(), *(random.sample(VALUES, 2) if is_json else ())]:
            writer.write(method, path, field, value, is_json=is_json)
        for raw in random.sample(RAW, 1) if is_json else ():
            writer.write(method, path, field, "", is_json=True, raw=raw)
    writer.read(papers=True)
    assert list(writer.failed) == []
    assert (writer.sent > 300, writer.taken > 60) == (True, True)


def test_no_id_and_no_question_in_an_address_fails(writer: Writer) -> None:
    for (method, path), route in writer.routes.items():
        if path.endswith("/events") or path in LAST:
            continue
        for text in [drawn(), random.choice(NUMBERS)] if "{" in path else []:
            one = quote(text.encode("utf-8", "surrogatepass"), safe="")
            writer.note(writer.browsers["owner"].request(method, re.sub(r"\{[^}]*\}", one, path)), "address", one)
        for query in route.dependant.query_params:
            for text in (drawn(), random.choice(NUMBERS), random.choice(DAYS)):
                one = quote(text.encode("utf-8", "surrogatepass"), safe="")
                to = f"{address(writer.school, path)}?{query.alias}={one}"
                writer.note(writer.browsers["owner"].request(method, to), query.alias, one)
    assert list(writer.failed) == []


NAMES = (
    *("range", "if-range", "if-none-match", "if-modified-since", "last-event-id", "accept", "accept-language"),
    *("user-agent", "origin", "referer", "cookie", "content-type", "hindsight-person", "x-http-method-override"),
    *("upload-offset", "upload-length", "upload-metadata", "upload-defer-length", "tus-resumable", "x-forwarded-for"),
)
ASKED = (
    ("GET", "/lessons/{lesson_id}"),
    ("GET", "/media/clips/{clip_id}"),
    ("PATCH", "/api/lessons/{lesson_id}"),
    ("POST", "/api/uploads"),
    ("POST", "/me/called"),
    ("POST", "/sign-in"),
)


def test_no_header_fails(writer: Writer) -> None:
    for method, path in ASKED:
        for name in NAMES:
            text = random.choice((drawn(), random.choice(NUMBERS), f"bytes=0-{random.choice(NUMBERS)}"))
            whole = text.encode("utf-8", "surrogatepass")[:4000].translate(None, b"\r\n\0")
            headers = [(b"tus-resumable", b"1.0.0"), (name.encode(), whole)]
            to = address(writer.school, path)
            writer.note(writer.browsers["owner"].request(method, to, headers=headers, content=b"called=x"), name, text)
    assert list(writer.failed) == []
