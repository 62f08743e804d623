"""A sign-in on a shared computer: it ends with the browser or the day, and leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from annotation.people.passwords import hash_password
from core.models import KnownDevice, Person, SignIn
from tests.support.web_school import School
from web.security.auth import COOKIE, KNOWN_COOKIE, SHARED_COOKIE

PASSWORD = "four words of mine"


def sign_in(school: School, **more: str) -> tuple[TestClient, Any]:
    with school.database.write() as session:
        owner = session.get_one(Person, school.ids["person_owner"])
        owner.password_hash = hash_password(PASSWORD)
        email = owner.email
    client = school.browser("nobody")
    client.base_url = "http://localhost"  # of this machine: what its browser is told is told as by https
    return client, client.post("/sign-in", data={"email": email, "password": PASSWORD, **more})


def cookies_of(answer: Any) -> dict[str, str]:
    return {one.split("=")[0]: one for one in answer.headers.get_list("set-cookie")}


def test_a_shared_computer_gets_cookies_of_the_session_alone_and_is_signed_in_for_a_day_at_most(
    school: School,
) -> None:
    _, answer = sign_in(school, shared="true")
    given = cookies_of(answer)
    assert set(given) == {COOKIE, SHARED_COOKIE}
    assert not any("max-age" in one.lower() or "expires" in one.lower() for one in given.values())
    with school.database.read() as session:
        newest = session.scalars(select(SignIn).order_by(SignIn.created_at.desc())).first()
        assert newest is not None
        assert newest.expires_at - newest.created_at == timedelta(hours=12)
        assert session.scalars(select(KnownDevice)).all() == []


def test_a_computer_of_ones_own_stays_signed_in(school: School) -> None:
    client, answer = sign_in(school)
    given = cookies_of(answer)
    assert set(given) == {COOKIE, KNOWN_COOKIE}
    assert all("Max-Age=" in one for one in given.values())
    assert "clear-site-data" not in client.post("/sign-out").headers


@pytest.mark.parametrize(("form", "cleared"), [({}, '"cache", "storage"'), ({"others_keep": "true"}, '"cache"')])
def test_a_shared_computer_is_told_to_forget_at_the_sign_out(
    school: School, form: dict[str, str], cleared: str
) -> None:
    client, _ = sign_in(school, shared="true")
    assert 'name="shared-computer" content="yes"' in client.get("/me").text
    answer = client.post("/sign-out", data=form)
    assert answer.headers["clear-site-data"] == cleared
    assert not client.cookies


def test_what_was_said_of_the_computer_holds_until_the_sign_out(school: School) -> None:
    client, _ = sign_in(school, shared="true")
    client.cookies.delete(COOKIE)  # her time is over
    page = client.get("/sign-in").text
    assert 'name="shared" value="true" checked' in page
    client.post("/sign-out")
    assert "checked" not in client.get("/sign-in").text
