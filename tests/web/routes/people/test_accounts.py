"""Accounts as people meet them: first visit, invitation, signing in and out, orders from other sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from annotation.people.passwords import hash_password
from core.database.db import Database
from core.models import Person, SignIn
from tests.support.factories import make_person
from tests.support.web_school import School
from web.app import create_app
from web.security.auth import COOKIE

PASSWORD = "four words of mine"


def browser() -> TestClient:
    client = TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False)
    client.headers["accept"] = "text/html"
    return client


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> int:
    return client.post("/sign-in", data={"email": email, "password": password}).status_code


@pytest.fixture
def ada(database: Database) -> str:
    with database.write() as session:
        return make_person(session, password_hash=hash_password(PASSWORD)).email


def test_the_first_visit_makes_the_programme_lead(database: Database) -> None:
    client = browser()
    assert client.get("/").headers["location"] == "/welcome"
    form = {"name": "Lea Lead", "email": "Lea@School.example", "password": PASSWORD}
    answer = client.post("/welcome", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    assert client.get("/programme").status_code == 200
    with database.read() as session:
        assert session.scalars(select(Person.email)).all() == ["lea@school.example"]


def test_two_first_visits_at_once_make_one_account(database: Database) -> None:
    app = create_app()  # one for all, asked once before: it builds its routes at its first request, in one thread
    assert TestClient(app).get("/healthz").status_code == 200

    def visit(number: int) -> int:
        client = TestClient(app, follow_redirects=False, headers={"accept": "text/html"})
        form = {"name": "Lea", "email": f"lea{number}@school.example", "password": PASSWORD}
        return client.post("/welcome", data=form).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(visit, range(4)))
    assert answers == [303, 409, 409, 409]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_a_short_password_is_refused_with_a_sentence(database: Database) -> None:
    answer = browser().post("/welcome", data={"name": "Lea", "email": "l@s.example", "password": "short"})
    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text


def test_an_invitation_works_once(school: School) -> None:
    form = {"name": "Nia New", "password": PASSWORD}
    assert school.browser("nobody").post("/join/join-me", data=form).status_code == 303
    again = school.browser("nobody").post("/join/join-me", data=form)
    assert again.status_code == 404
    assert "no longer works" in again.text


def test_an_unknown_account_and_a_wrong_password_are_answered_alike(ada: str) -> None:
    client = browser()
    wrong = client.post("/sign-in", data={"email": ada, "password": "not the right one"})
    unknown = client.post("/sign-in", data={"email": "x" + ada, "password": "not the right one"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace(ada, "") == unknown.text.replace("x" + ada, "")


def test_guessing_is_slowed_down_even_for_the_right_password(ada: str) -> None:
    client = browser()
    answers = [sign_in(client, ada, "not the right one") for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert sign_in(client, ada) == 429


def test_signing_in_never_takes_a_secret_from_outside(ada: str) -> None:
    client = browser()
    client.cookies.set(COOKIE, "chosen-by-an-attacker")
    answer = client.post("/sign-in", data={"email": ada, "password": PASSWORD})
    assert answer.status_code == 303
    assert "chosen-by-an-attacker" not in answer.headers["set-cookie"]
    first = answer.cookies[COOKIE]
    stranger = browser()
    stranger.cookies.set(COOKIE, "chosen-by-an-attacker")
    assert stranger.get("/me").headers["location"] == "/sign-in?next=/me"
    fresh = browser()
    fresh.cookies.set(COOKIE, first)
    assert fresh.get("/me").status_code == 200


def test_a_revoked_device_is_out_at_once(school: School) -> None:
    client = school.browser("owner")
    with school.database.read() as session:
        mine = select(SignIn.id).where(SignIn.person_id == school.ids["person_owner"])
        device = session.scalars(mine).one()
    assert client.get("/me").status_code == 200
    assert school.browser("lead").post(f"/me/devices/{device}").status_code == 404
    assert client.post(f"/me/devices/{device}").status_code == 303
    assert client.get("/me").status_code == 303


def test_after_signing_in_nobody_is_led_to_another_site(ada: str) -> None:
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example"):
        form = {"email": ada, "password": PASSWORD, "next": elsewhere}
        assert browser().post("/sign-in", data=form).headers["location"] == "/"


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}]
)
def test_an_order_from_another_site_is_refused(school: School, headers: dict[str, str]) -> None:
    share = f"/api/shares/{school.ids['share']}"
    assert school.browser("owner").delete(share, headers=headers).status_code == 403
    assert school.browser("coach").get(f"/lessons/{school.ids['lesson']}").status_code == 200
    assert school.browser("owner").delete(share, headers={"origin": "http://testserver"}).status_code == 204


def test_a_failed_commit_never_follows_a_good_answer(school: School) -> None:
    def fail(_session: Session) -> None:
        raise RuntimeError("the disk is gone")

    event.listen(Session, "before_commit", fail)
    try:
        answer = school.browser("owner").delete(f"/api/shares/{school.ids['share']}")
    finally:
        event.remove(Session, "before_commit", fail)
    assert answer.status_code == 500
    assert answer.json()["code"] == "error"
    assert "disk is gone" not in answer.text
    assert school.browser("coach").get(f"/lessons/{school.ids['lesson']}").status_code == 200


def test_pages_carry_their_guards(school: School) -> None:
    answer = school.browser("owner").get("/")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_a_password_is_kept_as_argon2id_and_nowhere_else(ada: str, database: Database) -> None:
    assert hash_password(PASSWORD).startswith("$argon2id$")
    assert sign_in(browser(), ada) == 303
    with database.read() as session:
        kept = session.scalars(select(Person.password_hash)).one()
        assert kept.startswith("$argon2id$")
        assert PASSWORD not in kept
        assert len(session.scalars(select(SignIn.secret_hash)).one()) == 64
