"""What is believed of a provider's answers, and what is not: each refusal has a sentence, and its reason in the log."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select
from starlette.testclient import TestClient

from core.cli import main
from core.database.db import Database
from core.models import AccountNotice, Person
from core.settings import get_settings
from tests.browser.school import free_port
from tests.support.factories import make_person
from tests.support.oidc_provider import SECRET, OwnProvider, own_provider
from web.app import create_app


@pytest.fixture
def provider() -> Iterator[OwnProvider]:
    with own_provider() as made:
        yield made


@pytest.fixture
def client(database: Database, provider: OwnProvider, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    values = {"ISSUER": provider.address, "CLIENT_ID": "hindsight", "CLIENT_SECRET": SECRET, "NAME": "the school"}
    for name, value in values.items():
        monkeypatch.setenv(f"HINDSIGHT_OIDC_{name}", value)
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", "http://testserver")
    get_settings.cache_clear()
    with database.write() as session:
        make_person(session, "Lea Lead", is_lead=True)
        make_person(session, "Ada", email="ada@school.example", password_hash="", joined_at=None)
    made = TestClient(create_app(), follow_redirects=False)
    made.headers["accept"] = "text/html"
    return made


def come_back(client: TestClient, provider: OwnProvider, extra: str = "&code=c") -> Any:
    """Go to the provider and come back from there."""
    client.cookies.clear()
    away = client.get("/sign-in/away")
    assert away.status_code == 303, away.text
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    provider.nonce = asked["nonce"][0]
    return client.get(f"/sign-in/back?state={asked['state'][0]}{extra}")


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the reasons in the log; nothing that the provider wrote stands beside them."""
    lines = [one for one in caplog.records if one.getMessage().startswith("single sign-on was refused: ")]
    for line in lines:
        assert "@" not in line.getMessage()
        assert "ada-" not in line.getMessage()
        assert getattr(line, "code", "")
    return [one.getMessage().partition(": ")[2] for one in lines]


def change(provider: OwnProvider, **values: Any) -> None:
    for name, value in values.items():
        setattr(provider, name, value)


class Later(int):
    """So many seconds from when the provider is asked."""


BELIEVED: dict[str, dict[str, Any]] = {
    "as it should be": {},
    "verified as a text": {"claims": {"email_verified": "true"}},
    "capitals in the address": {"claims": {"email": " ADA@School.Example "}},
    "a clock half a minute ahead": {"claims": {"iat": Later(30), "nbf": Later(30)}},
    "a clock half a minute behind": {"claims": {"exp": Later(-20)}},
    "a list with us alone": {"claims": {"aud": ["hindsight"]}},
    "a list with others, asked for by us": {"claims": {"aud": ["hindsight", "calendar"], "azp": "hindsight"}},
    "an issuer with a slash at its end": {"metadata": {"issuer": "SLASH"}, "claims": {"iss": "SLASH"}},
    "a slash in one place alone": {"metadata": {"issuer": "SLASH"}},
    "keys beside it that nobody knows": {"metadata": {"id_token_signing_alg_values_supported": ["RS256", "XY1"]}},
    "the address at userinfo alone": {
        "without": ("email", "email_verified"),
        "userinfo": {"sub": "ada-1", "email": "ada@school.example", "email_verified": True},
    },
    "verified at userinfo alone": {
        "without": ("email_verified",),
        "userinfo": {"sub": "ada-1", "email": "ada@school.example", "email_verified": "true"},
    },
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "verified: false": ({"claims": {"email_verified": False}}, "address_not_verified"),
    "verified: the text false": ({"claims": {"email_verified": "false"}}, "address_not_verified"),
    "verified: 1": ({"claims": {"email_verified": 1}}, "address_not_verified"),
    "verified: the text 1": ({"claims": {"email_verified": "1"}}, "address_not_verified"),
    "verified: a list": ({"claims": {"email_verified": [True]}}, "address_not_verified"),
    "no word of being verified": ({"without": ("email_verified",)}, "address_not_verified"),
    "no address": ({"without": ("email",)}, "address_missing"),
    "a list of addresses": ({"claims": {"email": ["ada@school.example"]}}, "address_missing"),
    "the sign for kelvin": ({"claims": {"email": "\u212aate@school.example"}}, "address_with_lookalikes"),
    "not on the list": ({"claims": {"email": "who@else.example", "sub": "x"}}, "not_on_the_list"),
    "no nonce": ({"without": ("nonce",)}, "missing_claim_nonce"),
    "another nonce": ({"claims": {"nonce": "another"}}, "invalid_claim_nonce"),
    "for others": ({"claims": {"aud": "calendar"}}, "invalid_claim_aud"),
    "for others in a list": ({"claims": {"aud": ["calendar", "mail"]}}, "invalid_claim_aud"),
    "for us and others, nobody asked": ({"claims": {"aud": ["hindsight", "mail"]}}, "invalid_claim_azp"),
    "for us, asked for by others": ({"claims": {"azp": "mail"}}, "invalid_claim_azp"),
    "another issuer": ({"claims": {"iss": "https://evil.example"}}, "invalid_claim_iss"),
    "over": ({"claims": {"exp": Later(-600)}}, "expired_token_exp"),
    "not yet": ({"claims": {"nbf": Later(3600)}}, "invalid_claim_nbf"),
    "no end": ({"without": ("exp",)}, "missing_claim_exp"),
    "no number": ({"without": ("sub",)}, "missing_claim_sub"),
    "an endless number": ({"claims": {"sub": "x" * 600}}, "invalid_claim_sub"),
    "a number with a line break": ({"claims": {"sub": "x\ny"}}, "invalid_claim_sub"),
    "userinfo of somebody else": (
        {"without": ("email",), "userinfo": {"sub": "eve-2", "email": "ada@school.example", "email_verified": True}},
        "userinfo_of_another",
    ),
    "userinfo without a number": (
        {"without": ("email",), "userinfo": {"email": "ada@school.example", "email_verified": True}},
        "userinfo_of_another",
    ),
    "userinfo is no object": ({"without": ("email",), "userinfo": "[]"}, "signature_wrong"),
    "address here, verified there": (
        {"claims": {"email_verified": False}, "userinfo": {"sub": "ada-1", "email_verified": True}},
        "address_not_verified",
    ),
    "token endpoint fails": ({"failing": {"/token": 400}}, "token_refused"),
    "keys are away": ({"failing": {"/keys": 500}}, "provider_away"),
    "userinfo fails": ({"without": ("email",), "failing": {"/userinfo": 500}}, "userinfo_unreadable"),
    "a key that nobody knows": ({"header": {"kid": "two"}}, "key_unknown"),
}


def prepared(provider: OwnProvider, values: dict[str, Any]) -> None:
    for name, value in values.items():
        said = value
        if isinstance(value, dict):
            said = {k: filled(provider, v) for k, v in value.items()}
        setattr(provider, name, said)


def filled(provider: OwnProvider, value: object) -> object:
    """Return a value with what is known only now: the time, the provider's address."""
    if isinstance(value, Later):
        return int(time.time()) + value
    return f"{provider.address}/" if value == "SLASH" else value


@pytest.mark.parametrize("case", list(BELIEVED))
def test_what_a_provider_may_say(client: TestClient, provider: OwnProvider, case: str) -> None:
    provider.userinfo = {"sub": "ada-1"}
    prepared(provider, BELIEVED[case])
    for _ in range(2):  # the second time she is known by her number
        answer = come_back(client, provider)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/"), answer.text
        assert client.get("/me").status_code == 200


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_refused_has_a_sentence_and_a_reason(
    client: TestClient, provider: OwnProvider, case: str, caplog: pytest.LogCaptureFixture, database: Database
) -> None:
    values, reason = REFUSED[case]
    provider.userinfo = {"sub": "ada-1"}
    prepared(provider, values)
    answer = come_back(client, provider)
    assert answer.status_code in (401, 403)
    assert 'class="problem"' in answer.text
    assert reasons(caplog) == [reason]
    assert client.get("/me").status_code == 303
    with database.read() as session:
        assert session.scalars(select(Person.subject).where(Person.subject.is_not(None))).all() == []


def compact(head: dict[str, Any], said: dict[str, Any], secret: bytes | None) -> str:
    """Return a token as an attacker writes it, with libraries that would refuse to left out."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    text = ".".join(part(json.dumps(one).encode()) for one in (head, said))
    return f"{text}.{part(hmac.digest(secret, text.encode(), 'sha256')) if secret else ''}"


def test_a_token_that_a_client_secret_signs_counts_only_where_the_provider_says_that_it_does_so(
    client: TestClient, provider: OwnProvider, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = provider.key.as_dict(private=False)
    pem = RSAKey.import_key(public).as_pem(private=False)
    change(provider, alg="HS256", key=OctKey.import_key(SECRET.encode(), {"kid": "one"}))
    provider.published = [[RSAKey.import_key(public)]] * 9
    assert come_back(client, provider).status_code == 401  # nobody said so
    provider.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256"]}
    assert come_back(client, provider).status_code == 303
    assert provider.asked.get("/keys", 0) == 0  # no public key is looked at for it
    with monkeypatch.context() as forged:  # the public key taken for a secret
        forged.setattr(provider, "signed", lambda said: compact({"alg": "HS256", "kid": "one"}, said, pem))
        assert come_back(client, provider).status_code == 401
    provider.key = OctKey.import_key(b"a short secret", {"kid": "one"})
    monkeypatch.setenv("HINDSIGHT_OIDC_CLIENT_SECRET", "a short secret")
    get_settings.cache_clear()
    assert come_back(client, provider).status_code == 401
    assert reasons(caplog) == ["algorithm_not_allowed", "signature_wrong", "algorithm_not_allowed"]


def test_a_token_without_a_signature_is_refused(
    client: TestClient, provider: OwnProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(provider, "signed", lambda said: compact({"alg": "none"}, said, None))
    assert come_back(client, provider).status_code == 401
    assert reasons(caplog) == ["algorithm_not_allowed"]


def test_a_new_key_is_looked_for_once_more(client: TestClient, provider: OwnProvider) -> None:
    old = provider.key
    provider.key = RSAKey.generate_key(2048, {"kid": "new"})
    provider.published = [[old]]  # what a cache before the provider still says
    assert come_back(client, provider).status_code == 303
    assert provider.asked["/keys"] == 2


def test_userinfo_may_be_signed(client: TestClient, provider: OwnProvider) -> None:
    said = {"sub": "ada-1", "email": "ada@school.example", "email_verified": True}
    provider.without = ("email", "email_verified")
    for more, status in (
        ({"aud": "calendar"}, 401),
        ({"iss": "https://evil.example"}, 401),
        ({"aud": "hindsight"}, 303),
    ):
        provider.userinfo = provider.signed({**said, **more})
        assert come_back(client, provider).status_code == status
    other = RSAKey.generate_key(2048)
    provider.userinfo = jwt.encode({"alg": "RS256", "kid": "one"}, said, other)
    provider.claims = {"sub": "ada-2"}
    assert come_back(client, provider).status_code == 401


def test_whoever_is_known_gets_in_without_userinfo(client: TestClient, provider: OwnProvider) -> None:
    assert come_back(client, provider).status_code == 303
    provider.failing = {"/userinfo": 500}
    provider.without = ("email", "email_verified")
    assert come_back(client, provider).status_code == 303


def test_a_changed_address_is_no_matter_and_a_changed_number_is_said_truly_with_a_way_back(
    client: TestClient, provider: OwnProvider, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    assert come_back(client, provider).status_code == 303
    provider.claims = {"email": "ada.married@school.example"}
    assert come_back(client, provider).status_code == 303
    provider.claims = {"sub": "ada-anew"}  # or another person who got her address
    answer = come_back(client, provider)
    assert answer.status_code == 403
    assert "a different account" in answer.text
    assert "hindsight sign-on-reset ada@school.example" in answer.text
    assert reasons(caplog) == ["number_changed"]
    provider.claims = {}
    assert come_back(client, provider).status_code == 303  # the old number still is hers
    ended = CliRunner().invoke(main, ["sign-on-reset", "Ada@School.example"])
    assert ended.exit_code == 0, ended.output
    assert client.get("/me").status_code == 303
    provider.claims = {"sub": "ada-anew"}
    assert come_back(client, provider).status_code == 303
    assert "get to know your school account anew" in client.get("/me").text
    with database.read() as session:
        events = session.scalars(select(AccountNotice.event).order_by(AccountNotice.at)).all()
        assert events == ["joined-by-provider", "number-forgotten", "joined-by-provider"]
    provider.claims = {}
    assert come_back(client, provider).status_code == 403  # and the old one opens nothing any more
    for email, why in (("nobody@school.example", "Nobody has joined"), ("lea@nowhere.example", "Nobody has joined")):
        ended = CliRunner().invoke(main, ["sign-on-reset", email])
        assert ended.exit_code == 1
        assert why in ended.output


@pytest.mark.parametrize(("said", "reason"), [("access_denied", "access_denied"), ("<script>", "other")])
def test_what_a_provider_says_instead_of_a_code_is_named_only_if_it_is_known(
    client: TestClient, provider: OwnProvider, said: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert come_back(client, provider, f"&error={said}").status_code == 401
    assert reasons(caplog) == [f"provider_said_{reason}"]


def test_a_provider_that_is_away_or_speaks_nonsense_is_said_plainly(
    client: TestClient, provider: OwnProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    known = "/.well-known/openid-configuration"
    monkeypatch.setattr(provider, "answer", lambda path: ("application/json", "[]" if path == known else "{}"))
    assert client.get("/sign-in/away").status_code == 401
    monkeypatch.setattr(provider, "answer", lambda _path: ("text/html", "<p>Moved</p>"))
    assert client.get("/sign-in/away").status_code == 401
    monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", f"http://127.0.0.1:{free_port()}")
    get_settings.cache_clear()
    assert client.get("/sign-in/away").status_code == 401
    assert reasons(caplog) == ["provider_unreadable", "provider_unreadable", "provider_away"]


@pytest.fixture
def alone(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Single sign-on is the only way in."""
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    get_settings.cache_clear()
    return client


def test_with_single_sign_on_alone_no_password_opens_anything(
    alone: TestClient, provider: OwnProvider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'type="password"' not in alone.get("/sign-in").text
    for method, path in (("POST", "/sign-in"), ("GET", "/forgotten"), ("POST", "/forgotten"), ("POST", "/welcome")):
        assert alone.request(method, path, data={"email": "ada@school.example"}).status_code == 403, path
    for path in ("/join/secret", "/new-password/secret"):
        assert (alone.get(path).status_code, alone.post(path).status_code) == (403, 403)
    assert come_back(alone, provider).status_code == 303
    page = alone.get("/me").text
    assert "A second factor is set up there" in page
    assert 'name="old"' not in page
    assert alone.post("/me/password", data={"new": "four words of mine"}).status_code == 403
    assert alone.get("/me/second-factor").status_code == 403
    ended = CliRunner().invoke(main, ["password-link", "ada@school.example"])
    assert ended.exit_code == 1
    assert "HINDSIGHT_PASSWORDS=true" in ended.output
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "true")  # the way back in, when the provider is lost
    get_settings.cache_clear()
    link = CliRunner().invoke(main, ["password-link", "ada@school.example"]).output.strip()
    assert alone.get(link.removeprefix("http://testserver")).status_code == 200


def test_with_single_sign_on_alone_whoever_comes_first_is_the_lead(
    provider: OwnProvider, alone: TestClient, database: Database
) -> None:
    with database.write() as session:
        for person in session.scalars(select(Person)):
            session.delete(person)
    assert "Whoever signs in first" in alone.get("/welcome").text
    assert come_back(alone, provider).status_code == 303
    assert alone.get("/programme").status_code == 200
    provider.claims = {"sub": "eve-2", "email": "eve@school.example"}
    assert come_back(alone, provider).status_code == 403


def test_a_session_by_password_ends_when_the_school_goes_over_to_single_sign_on(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annotation.people.passwords import hash_password

    with database.write() as session:
        person = session.scalars(select(Person).where(Person.email == "ada@school.example")).one()
        person.password_hash = hash_password("four words of mine")
    form = {"email": "ada@school.example", "password": "four words of mine"}
    assert client.post("/sign-in", data=form).status_code == 303
    assert client.get("/me").status_code == 200
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    get_settings.cache_clear()
    assert client.get("/me").status_code == 303


def test_there_must_be_some_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    get_settings.cache_clear()
    ended = CliRunner().invoke(main, ["migrate"])
    assert ended.exit_code == 2
    assert "HINDSIGHT_PASSWORDS=false cannot be used: nobody could sign in" in ended.stderr
