"""Plain http at a name of the school's own: whose order it is, what a refusal looks like, what one setting decides."""

from __future__ import annotations

import logging

import pytest
from click.testing import CliRunner
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from annotation.people.passwords import hash_password
from core.cli import main
from core.models import Person
from core.settings import Settings, get_settings
from tests.support.web_school import School
from web.app import create_app
from web.security.guard import comes_from_elsewhere

PASSWORD = "four words of mine"
SCHOOL = "http://school.test:8000"


def at(address: str, school: School, kind: str) -> TestClient:
    """Return a browser of somebody that types this address, and says of its requests what browsers say there."""
    known = school.browser(kind)
    client = TestClient(create_app(), base_url=address, raise_server_exceptions=False, follow_redirects=False)
    client.headers["accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    client.headers["origin"] = address
    for cookie in known.cookies.jar:
        client.cookies.set(cookie.name, cookie.value or "")
    return client


def use(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"HINDSIGHT_{name}", value)
    get_settings.cache_clear()
    return get_settings()


def test_an_order_of_its_own_page_is_followed_at_any_name(school: School) -> None:
    client = at(SCHOOL, school, "owner")
    assert client.get("/").status_code == 200
    assert client.post("/sign-out").status_code == 303
    assert client.get("/me").headers["location"] == "/sign-in?next=/me"


HEADERS_OF_OTHERS = [
    {"origin": "http://evil.test:8000"},
    {"origin": "http://school.test:9000"},
    {"origin": "null"},
    {"origin": "null", "referer": f"{SCHOOL}/me"},
    {"referer": "http://evil.test/page"},
    {"referer": "http://[broken"},
    {"sec-fetch-site": "cross-site", "origin": SCHOOL},
    {"sec-fetch-site": "same-site", "origin": "http://other.school.test"},
]


@pytest.mark.parametrize("headers", HEADERS_OF_OTHERS)
def test_another_page_s_order_is_refused_whatever_the_browser_can_say(headers: dict[str, str]) -> None:
    assert comes_from_elsewhere("POST", Headers({"host": "school.test:8000"} | headers)) is not None
    assert comes_from_elsewhere("GET", Headers({"host": "school.test:8000"} | headers)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": SCHOOL},
        {"origin": "https://school.test:8000"},
        {"referer": f"{SCHOOL}/join/a-secret"},
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_an_own_page_s_order_is_followed_whatever_the_browser_can_say(headers: dict[str, str]) -> None:
    assert comes_from_elsewhere("POST", Headers({"host": "school.test:8000"} | headers)) is None


def test_a_proxy_that_hides_the_name_is_made_up_for_by_the_setting() -> None:
    headers = Headers({"host": "127.0.0.1:8000", "origin": "http://lessons.school.test"})
    assert comes_from_elsewhere("POST", headers) is not None
    assert comes_from_elsewhere("POST", headers, "http://lessons.school.test") is None


FORMS = ("/sign-in", "/sign-out", "/welcome", "/me/password", "/programme/invitations", "/nowhere")


@pytest.mark.parametrize("origin", ["null", "http://evil.test"])
@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_is_refused_is_answered_with_a_page_and_an_order_of_the_api_with_json(
    school: School, path: str, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = at(SCHOOL, school, "owner")
    client.headers.update({"origin": origin, "accept": "*/*"})
    with caplog.at_level(logging.WARNING, "hindsight.web"):
        answer = client.post(path, data={"email": "ada@school.example"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "nothing was done" in answer.text
    assert f"origin {origin}, host school.test:8000" in caplog.text
    refused = client.post(f"/api/lessons/{school.ids['lesson']}/comments", json={})
    assert refused.status_code == 403
    assert refused.json()["code"] in ("from_elsewhere", "from_nowhere")


def test_a_refusal_names_the_address_and_the_setting_that_would_mend_it(school: School) -> None:
    client = at("http://127.0.0.1:8000", school, "nobody")
    answer = client.post("/sign-in", data={}, headers={"origin": "http://lessons.school.test"})
    assert "http://lessons.school.test" in answer.text
    assert "HINDSIGHT_PUBLIC_URL" in answer.text


def test_no_other_site_learns_an_address_of_ours(school: School) -> None:
    for path in ("/join/join-me", "/new-password/new-password", "/sign-in"):
        assert school.browser("nobody").get(path).headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("variables", "secure"),
    [
        ({}, False),
        ({"PUBLIC_URL": "http://school.test"}, False),
        ({"PUBLIC_URL": "https://school.test"}, True),
        ({"PUBLIC_URL": "https://school.test", "SECURE_COOKIES": ""}, True),
        ({"PUBLIC_URL": "https://school.test", "SECURE_COOKIES": "false"}, False),
        ({"SECURE_COOKIES": "true"}, True),
    ],
)
def test_cookies_follow_from_the_address_unless_they_are_set_by_themselves(
    school: School, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], secure: bool
) -> None:
    with school.database.write() as session:
        person = session.get_one(Person, school.ids["person_owner"])
        person.password_hash = hash_password(PASSWORD)
        form = {"email": person.email, "password": PASSWORD}
    use(monkeypatch, **variables)
    answer = school.browser("nobody").post("/sign-in", data=form)
    assert answer.status_code == 303
    assert ("Secure" in answer.headers["set-cookie"]) == secure


def test_links_follow_from_the_address(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"name": "Nel", "email": "nel@school.example"}
    own = at(SCHOOL, school, "lead").post("/programme/invitations", data=form)
    assert f"{SCHOOL}/join/" in own.text
    use(monkeypatch, PUBLIC_URL="HTTP://Lessons.School.test:80/")
    answer = school.browser("lead").post("/programme/invitations", data=form | {"email": "nel2@school.example"})
    assert "http://lessons.school.test/join/" in answer.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://school.test/hindsight", "does not work below a path"),
        ("https://school.test/?a=1", "does not work below a path"),
        ("school.test", "an address such as"),
        ("ftp://school.test", "an address such as"),
        ("http://", "an address such as"),
        ("http://user:secret@school.test", "an address such as"),
        ("http://school.test:port", "an address such as"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", address)
    get_settings.cache_clear()
    ended = CliRunner().invoke(main, ["doctor"])
    get_settings.cache_clear()
    assert ended.exit_code == 2
    assert f"HINDSIGHT_PUBLIC_URL={address} cannot be used" in ended.stderr
    assert words in ended.stderr


MISSING = 'id="https-missing"'


@pytest.mark.parametrize(
    ("address", "headers", "told"),
    [
        (SCHOOL, {}, True),
        ("http://192.168.1.20:8000", {}, True),
        ("http://localhost:8000", {}, False),
        ("http://127.0.0.1:8000", {}, False),
        ("http://[::1]:8000", {}, False),
        ("http://hindsight.localhost", {}, False),
        ("https://school.test", {}, False),
        (SCHOOL, {"x-forwarded-proto": "https"}, False),
    ],
)
def test_whoever_runs_it_is_told_that_https_is_missing_and_how_to_get_it(
    school: School, address: str, headers: dict[str, str], told: bool
) -> None:
    for path in ("/", "/programme", "/programme/work"):
        page = at(address, school, "lead").get(path, headers=headers)
        assert page.status_code == 200
        assert (MISSING in page.text) == told, path
        assert ("HINDSIGHT_PUBLIC_URL=https://" in page.text) == told


def test_nobody_else_is_told_and_nobody_is_where_https_is_set(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("owner", "coach", "nobody"):
        for path in ("/", "/me", "/sign-in", "/upload"):
            assert MISSING not in at(SCHOOL, school, kind).get(path).text
    use(monkeypatch, PUBLIC_URL="https://school.test")
    assert MISSING not in at(SCHOOL, school, "lead").get("/programme").text


@pytest.mark.usefixtures("database")
def test_the_first_visit_is_told_too() -> None:
    client = TestClient(create_app(), base_url=SCHOOL)
    assert MISSING in client.get("/welcome", headers={"accept": "text/html"}).text


def test_where_cookies_need_https_the_sign_in_at_http_says_where_to_go(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, PUBLIC_URL="https://lessons.school.test")
    assert 'href="https://lessons.school.test"' in at(SCHOOL, school, "nobody").get("/sign-in").text
    for address in ("https://lessons.school.test", "http://localhost:8000"):
        assert "keeps no sign-in" not in at(address, school, "nobody").get("/sign-in").text


def test_what_browsers_ignore_without_https_is_not_sent_without(school: School) -> None:
    kept = "cross-origin-opener-policy"
    assert kept not in at(SCHOOL, school, "owner").get("/").headers
    assert at("https://school.test", school, "owner").get("/").headers[kept] == "same-origin"
    assert at("http://localhost", school, "owner").get("/").headers[kept] == "same-origin"
