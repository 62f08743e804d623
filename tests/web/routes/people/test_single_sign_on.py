"""Single sign-on against a real OpenID Connect provider, and with what an attacker would send."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from core.clock import utc_now
from core.database.db import Database
from core.models import Person, SignOn
from core.settings import get_settings
from tests.browser.school import free_port
from tests.support.factories import make_person
from web.app import create_app

USERS = [
    {"sub": "ada-1", "email": "ada@school.example", "email_verified": True},
    {"sub": "liar-2", "email": "ada@school.example", "email_verified": False},
    {"sub": "stranger-3", "email": "who@elsewhere.example", "email_verified": True},
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("oidc-provider-mock")),
        "--port",
        str(port),
        "--require-nonce",
        "true",
    ]
    for user in USERS:
        command += ["--user-claims", json.dumps(user)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{address}/.well-known/openid-configuration", timeout=2).raise_for_status()
                break
            except httpx.TransportError:
                assert time.monotonic() < end, "the provider did not start"
                time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def client(database: Database, provider: str, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    for name, value in {
        "ISSUER": provider,
        "CLIENT_ID": "hindsight",
        "CLIENT_SECRET": "a secret",
        "NAME": "the school's Google",
    }.items():
        monkeypatch.setenv(f"HINDSIGHT_OIDC_{name}", value)
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", "http://testserver")
    get_settings.cache_clear()
    made = TestClient(create_app(), follow_redirects=False)
    made.headers["accept"] = "text/html"
    with database.write() as session:
        make_person(session, "Lea Lead", is_lead=True)
        make_person(session, "Ada", email="ada@school.example", password_hash="", joined_at=None)
    return made


def come_back(client: TestClient, subject: str, next_address: str = "/upload") -> str:
    """Go to the provider, sign in there, and return the way back to us."""
    away = client.get("/sign-in/away", params={"next": next_address})
    assert away.status_code == 303
    there = httpx.post(away.headers["location"], data={"sub": subject})
    assert there.status_code == 302, there.text
    return there.headers["location"].removeprefix("http://testserver")


def test_somebody_on_the_staff_list_gets_in_without_ever_having_a_password(
    client: TestClient, database: Database
) -> None:
    assert "Sign in with the school&#39;s Google" in client.get("/sign-in").text
    back = client.get(come_back(client, "ada-1"))
    assert (back.status_code, back.headers["location"]) == (303, "/upload")
    assert client.get("/me").status_code == 200
    with database.write() as session:
        ada = session.query(Person).filter_by(email="ada@school.example").one()
        assert ada.subject is not None
        assert ada.subject.endswith("|ada-1")
        assert ada.joined_at is not None
        ada.email = "ada.married@school.example"  # from now on she is known by the provider's own number
        assert session.query(SignOn).all() == []
    client.cookies.clear()
    assert client.get(come_back(client, "ada-1", "/")).headers["location"] == "/"


@pytest.mark.parametrize("subject", ["liar-2", "stranger-3"])
def test_an_address_that_nobody_verified_or_nobody_knows_gets_nowhere(client: TestClient, subject: str) -> None:
    back = client.get(come_back(client, subject))
    assert back.status_code in (401, 403)
    assert client.get("/me").headers["location"] == "/sign-in?next=/me"


def test_a_leaver_gets_to_her_own_page_alone(client: TestClient, database: Database) -> None:
    with database.write() as session:
        session.query(Person).filter_by(email="ada@school.example").one().deactivated_at = utc_now()
    assert client.get(come_back(client, "ada-1")).status_code == 303
    assert client.get("/upload").headers["location"] == "/me?notice=left"
    assert client.get("/me").status_code == 200


def test_what_another_browser_began_cannot_be_finished_here(client: TestClient) -> None:
    back = come_back(client, "ada-1")
    victim = TestClient(client.app, follow_redirects=False)
    assert victim.get(back).status_code == 401  # it has not the secret of the journey
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 401  # and a journey ends once


def test_a_code_that_is_made_up_a_state_that_is_not_ours_and_a_refusal_end_with_a_sentence(client: TestClient) -> None:
    state = parse_qs(urlsplit(come_back(client, "ada-1")).query)["state"][0]
    for address in (
        f"/sign-in/back?code=made-up&state={state}",
        "/sign-in/back?code=x&state=y",
        "/sign-in/back?error=access_denied",
    ):
        answer = client.get(address)
        assert answer.status_code == 401
        assert "did not work" in answer.text


def test_a_provider_that_is_away_or_another_one_is_said_plainly(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    for issuer in (f"http://127.0.0.1:{free_port()}", provider.replace("127.0.0.1", "localhost") + "/other"):
        monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", issuer)
        get_settings.cache_clear()
        answer = client.get("/sign-in/away")
        assert answer.status_code == 401
        assert "use your password" in answer.text


def test_after_single_sign_on_nobody_is_led_to_another_site(client: TestClient) -> None:
    assert client.get(come_back(client, "ada-1", "//evil.example")).headers["location"] == "/"
