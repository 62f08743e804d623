"""The second factor as people meet it: set up, asked for, lost, required; and what an attacker would try."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from annotation.people.account_links import make_link
from annotation.people.passwords import hash_password
from core.cli import main
from core.database.db import Database
from core.models import AccountNotice, Mail, PendingSignIn, Person, RecoveryCode, SecondFactor
from core.sealing import key_file
from core.settings import get_settings
from tests.access.test_every_route import TABLE, address
from tests.support.factories import make_person
from tests.support.web_school import School
from web.app import create_app
from web.security.auth import COOKIE, WAITING

PASSWORD = "four words of mine"


@dataclass
class Clock:
    """A clock that a test moves by steps of a code."""

    now: datetime = datetime(2026, 11, 30, 15, 0, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def next_code(self) -> None:
        self.now += timedelta(seconds=30)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("annotation.people.second_factor.utc_now", made)
    return made


@pytest.fixture
def ada(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()
    with database.write() as session:
        make_person(
            session, "Lea Lead", email="lea@school.example", password_hash=hash_password(PASSWORD), is_lead=True
        )
        return make_person(session, email="ada@school.example", password_hash=hash_password(PASSWORD)).email


def browser(app: FastAPI | None = None) -> TestClient:
    client = TestClient(app or create_app(), raise_server_exceptions=False, follow_redirects=False)
    client.headers["accept"] = "text/html"
    return client


def give_password(client: TestClient, email: str, password: str = PASSWORD) -> str:
    """Return where the right password leads."""
    answer = client.post("/sign-in", data={"email": email, "password": password})
    return str(answer.headers.get("location", answer.status_code))


def give_code(client: TestClient, code: str) -> int:
    return client.post("/sign-in/code", data={"code": code}).status_code


def secret_on(page: str) -> str:
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page)
    assert found is not None, page
    return found[1].replace(" ", "")


def set_up(client: TestClient, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    """Set a second factor up on the page, and return the app and the recovery codes."""
    app = pyotp.TOTP(secret_on(client.get("/me/second-factor").text))
    form = {"password": PASSWORD, "code": app.at(clock.now)}
    answer = client.post("/me/second-factor", data=form)
    assert answer.status_code == 200, answer.text
    codes = re.findall(r"<li><code>([a-z2-9-]+)</code></li>", answer.text)
    assert len(codes) == len(set(codes)) == 10
    clock.next_code()
    return app, codes


def told(database: Database) -> list[str]:
    """Return what was told on her page; each also by mail."""
    with database.read() as session:
        mails = session.scalars(select(Mail.id)).all()
        events = list(session.scalars(select(AccountNotice.event).order_by(AccountNotice.at, AccountNotice.id)))
        assert len(mails) == len(events)
        return events


def rule(monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    monkeypatch.setenv("HINDSIGHT_REQUIRE_SECOND_FACTOR", who)
    get_settings.cache_clear()


def test_she_sets_it_up_and_from_then_on_a_code_is_asked_for(ada: str, clock: Clock, database: Database) -> None:
    mine, other = browser(), browser()
    assert give_password(mine, ada) == give_password(other, ada) == "/"
    assert "Set it up" in mine.get("/me").text
    page = mine.get("/me/second-factor").text
    assert "<svg" in page
    assert "style=" not in page
    assert secret_on(page) == secret_on(mine.get("/me/second-factor").text)  # looking again changes nothing
    app, _ = set_up(mine, clock)
    assert other.get("/me").headers["location"].startswith("/sign-in")  # her other device is out
    assert "10 of your 10 recovery codes are left" in mine.get("/me").text
    assert secret_on(page) not in mine.get("/me/second-factor").text
    assert told(database) == ["factor-set"]
    assert give_password(other, ada) == "/sign-in/code"
    assert other.get("/sign-in/code").status_code == 200
    assert other.get("/me").status_code == 303
    assert give_code(other, "000000") == 401
    assert give_code(other, f" {app.at(clock.now)[:3]} {app.at(clock.now)[3:]} ") == 303
    assert other.get("/me").status_code == 200


def test_the_way_goes_on_to_where_she_wanted_to_and_never_to_another_site(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    for wanted, reached in (("/upload", "/upload"), ("//evil.example", "/")):
        form = {"email": ada, "password": PASSWORD, "next": wanted}
        client.post("/sign-in", data=form)
        answer = client.post("/sign-in/code", data={"code": app.at(clock.now)})
        assert answer.headers["location"] == reached
        clock.next_code()


def test_a_code_is_taken_once_and_none_before_the_last(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    give_password(client, ada)
    used, before = app.at(clock.now), app.at(clock.now, counter_offset=-1)
    assert give_code(client, used) == 303
    for again in (used, before):
        fresh = browser()
        give_password(fresh, ada)
        assert give_code(fresh, again) == 401
    fresh = browser()
    give_password(fresh, ada)
    assert give_code(fresh, app.at(clock.now, counter_offset=2)) == 401  # a minute ahead: outside the window
    assert give_code(fresh, app.at(clock.now, counter_offset=1)) == 303  # half a minute ahead: a phone's clock may be


def test_a_recovery_code_works_once_and_she_is_told(ada: str, clock: Clock, database: Database) -> None:
    client = browser()
    give_password(client, ada)
    _, codes = set_up(client, clock)
    for typed, answered in ((codes[0].upper().replace("-", " "), 303), (codes[0], 401)):
        client = browser()
        give_password(client, ada)
        assert give_code(client, typed) == answered
    assert told(database)[1:] == ["recovery-code-used"]
    client = browser()
    give_password(client, ada)
    assert give_code(client, codes[1]) == 303
    assert "8 of your 10 recovery codes are left" in client.get("/me").text


def test_nothing_of_it_lies_readable_in_the_database(ada: str, clock: Clock, database: Database) -> None:
    client = browser()
    give_password(client, ada)
    app, codes = set_up(client, clock)
    with database.read() as session:
        stored = session.scalars(select(SecondFactor.secret)).one()
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert app.secret not in stored
    assert not {code.replace("-", "") for code in codes} & set(hashes)
    mode = key_file(get_settings()).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_without_its_key_a_recovery_code_works_and_an_app_is_told_of_plainly(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, codes = set_up(client, clock)
    key_file(get_settings()).unlink()
    client = browser()
    give_password(client, ada)
    answer = client.post("/sign-in/code", data={"code": app.at(clock.now)})
    assert answer.status_code == 503
    assert "recovery code" in answer.text
    assert give_code(client, codes[0]) == 303


def test_guessing_codes_is_slowed_down_even_for_the_right_one(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    site, answers = create_app(), []
    for _ in range(6):  # each time from the beginning, in a browser of its own
        client = browser(site)
        give_password(client, ada)
        answers.append(give_code(client, "000000"))
    assert answers == [401] * 5 + [429]
    assert give_code(client, app.at(clock.now)) == 429


def test_who_has_the_password_alone_locks_nobody_out_where_she_signed_in_before(ada: str, clock: Clock) -> None:
    site = create_app()
    mine, thief = browser(site), browser(site)
    give_password(mine, ada)
    app, _ = set_up(mine, clock)
    mine.post("/sign-out")
    give_password(thief, ada)
    assert [give_code(thief, "000000") for _ in range(6)] == [401] * 5 + [429]
    assert give_password(mine, ada) == "/sign-in/code"
    assert give_code(mine, app.at(clock.now)) == 303
    assert give_code(thief, app.at(clock.now)) == 429  # her own success opens nothing for the thief


def test_the_old_app_and_old_recovery_codes_are_worth_nothing_once_a_new_app_is_set_up(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    old, old_codes = set_up(client, clock)
    client.post("/me/second-factor/remove", data={"password": PASSWORD, "code": old.at(clock.now)})
    clock.next_code()
    new, _ = set_up(client, clock)
    assert new.secret != old.secret
    client = browser()
    give_password(client, ada)
    for code, answered in ((old.at(clock.now), 401), (old_codes[0], 401), (new.at(clock.now), 303)):
        assert give_code(client, code) == answered


def test_a_sign_in_that_waits_is_worth_nothing_once_another_code_was_taken_for_it(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    give_password(client, ada)
    waiting = client.cookies[WAITING]
    assert give_code(client, app.at(clock.now)) == 303
    assert client.cookies.get(WAITING) is None
    clock.next_code()
    thief = browser()
    thief.cookies.set(WAITING, waiting)
    late = thief.post("/sign-in/code", data={"code": app.at(clock.now)})
    assert late.headers["location"] == "/sign-in?notice=sign-in-again"


def test_the_session_that_a_browser_carried_before_ends_with_the_new_one(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    planted = client.cookies[COOKIE]
    give_password(client, ada)
    assert give_code(client, app.at(clock.now)) == 303
    assert client.cookies[COOKIE] != planted
    other = browser()
    other.cookies.set(COOKIE, planted)
    assert other.get("/me").headers["location"].startswith("/sign-in")


def test_taking_it_away_asks_for_password_and_code(ada: str, clock: Clock, database: Database) -> None:
    client, other = browser(), browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    give_password(other, ada)
    assert give_code(other, app.at(clock.now)) == 303
    clock.next_code()
    for form in (
        {"password": "not the right one", "code": app.at(clock.now)},
        {"password": PASSWORD, "code": "000000"},
    ):
        for what in ("remove", "codes"):
            assert client.post(f"/me/second-factor/{what}", data=form).status_code == 401
    form = {"password": PASSWORD, "code": app.at(clock.now)}
    assert client.post("/me/second-factor/remove", data=form).headers["location"] == "/me?notice=second-factor-gone"
    assert other.get("/me").status_code == 303
    assert give_password(other, ada) == "/"
    assert told(database)[-1] == "factor-removed"
    with database.read() as session:
        assert session.scalars(select(SecondFactor)).all() == []
        assert session.scalars(select(RecoveryCode)).all() == []


def test_new_recovery_codes_make_the_old_ones_worthless(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app, old = set_up(client, clock)
    form = {"password": PASSWORD, "code": app.at(clock.now)}
    answer = client.post("/me/second-factor/codes", data=form)
    new = re.findall(r"<li><code>([a-z2-9-]+)</code></li>", answer.text)
    client = browser()
    give_password(client, ada)
    assert give_code(client, old[0]) == 401
    assert give_code(client, new[0]) == 303


def test_an_unlocked_device_alone_cannot_set_one_up(ada: str, clock: Clock) -> None:
    client = browser()
    give_password(client, ada)
    app = pyotp.TOTP(secret_on(client.get("/me/second-factor").text))
    form = {"password": "not the right one", "code": app.at(clock.now)}
    assert client.post("/me/second-factor", data=form).status_code == 401
    assert give_password(browser(), ada) == "/"


def test_a_new_password_by_mail_does_not_go_round_it(ada: str, clock: Clock, database: Database) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    waiting = browser()
    give_password(waiting, ada)
    with database.write() as session:
        secret = make_link(session, session.scalars(select(Person).where(Person.email == ada)).one(), "reset")
    thief = browser()
    assert thief.post(f"/new-password/{secret}", data={"password": "some other words"}).status_code == 303
    assert give_password(thief, ada, "some other words") == "/sign-in/code"
    assert thief.get("/me").status_code == 303
    late = waiting.post("/sign-in/code", data={"code": app.at(clock.now)})
    assert late.headers["location"] == "/sign-in?notice=sign-in-again"  # the password it was let in by is no more
    assert waiting.get("/me").status_code == 303


@pytest.mark.parametrize("kind", ["owner", "lead"])
def test_between_password_and_code_no_page_and_no_api_is_open(school: School, kind: str, clock: Clock) -> None:
    with school.database.write() as session:
        person = session.get_one(Person, school.ids[f"person_{kind}"])
        person.password_hash = hash_password(PASSWORD)
    set_up(school.browser(kind), clock)
    client = school.browser("nobody")
    assert give_password(client, person.email) == "/sign-in/code"
    waiting = client.cookies[WAITING]
    with school.database.read() as session:
        assert len(session.scalars(select(PendingSignIn)).all()) == 1
    stranger = school.browser("nobody")
    stranger.cookies.set(COOKIE, waiting)  # it is no session under the name of one either
    walked = 0
    for method, path in TABLE:
        if path in OPEN_TO_ALL:
            continue
        for one in (client, stranger):
            one.cookies.set(WAITING, waiting, domain="testserver.local", path="/")  # sent everywhere
            answer = one.request(method, address(school, path))
            assert answer.status_code in (303, 401, 403, 404, 405, 409, 422), (method, path, answer.status_code)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith(("/sign-in", "/welcome")), (path, answer.headers)
            for words in ("Secret words", "A quiet word", "Year 9 fractions"):
                assert words not in answer.text, path
            walked += 1
    assert walked > 200


OPEN_TO_ALL = (
    "/deletions/{erasure_id}",  # says nothing of anybody
    "/favicon.ico",
    "/forgotten",
    "/healthz",
    "/join/{secret}",
    "/new-password/{secret}",
    "/sign-in",
    "/sign-in/code",
    "/sign-out",
    "/welcome",
)


def test_whoever_must_have_one_is_led_to_it_before_anything_else(
    school: School, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with school.database.write() as session:
        session.get_one(Person, school.ids["person_owner"]).password_hash = hash_password(PASSWORD)
    client = school.browser("owner")
    assert client.get("/").status_code == 200
    rule(monkeypatch, "everybody")  # from now on, in the session that exists already
    for method, path in TABLE:
        if path in OPEN_TO_ALL or path == "/me/second-factor":
            continue
        answer = client.request(method, address(school, path))
        if method == "GET" and not path.startswith(("/api/", "/media/")):
            to = answer.headers.get("location", "")
            assert to == "/me/second-factor" or answer.status_code in (404, 405), (path, answer.status_code)
        else:
            assert answer.status_code in (303, 401, 403, 404, 405, 409, 422), (method, path, answer.status_code)
        assert "Secret words" not in answer.text
    page = client.get("/me/second-factor").text
    assert "Your school asks for a second factor" in page
    assert "<nav" not in page
    set_up(client, clock)
    assert client.get("/").status_code == 200


def test_the_rule_for_leads_binds_leads_alone(ada: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(monkeypatch, "leads")
    teacher, lead = browser(), browser()
    give_password(teacher, ada)
    give_password(lead, "lea@school.example")
    assert teacher.get("/").status_code == 200
    assert lead.get("/").headers["location"] == "/me/second-factor"
    assert lead.get("/api/lessons/x").json()["code"] == "second_factor_needed"
    set_up(lead, clock)
    assert lead.get("/programme").status_code == 200


def test_a_lost_one_is_taken_away_by_the_it_person_and_she_is_told(ada: str, clock: Clock, database: Database) -> None:
    client = browser()
    give_password(client, ada)
    set_up(client, clock)
    ended = CliRunner().invoke(main, ["second-factor-remove", ada.upper()])
    assert ended.exit_code == 0, ended.output
    assert client.get("/me").status_code == 303
    assert give_password(client, ada) == "/"
    assert told(database)[-1] == "factor-lost"
    for address_, why in ((ada, "has no second factor"), ("x@y.example", "Nobody has joined")):
        ended = CliRunner().invoke(main, ["second-factor-remove", address_])
        assert ended.exit_code == 1
        assert why in ended.output


def test_a_sign_in_that_waits_ends_after_ten_minutes_and_with_the_factor(
    ada: str, clock: Clock, database: Database
) -> None:
    client = browser()
    give_password(client, ada)
    app, _ = set_up(client, clock)
    give_password(client, ada)
    with database.write() as session:
        session.scalars(select(PendingSignIn)).one().expires_at -= timedelta(minutes=11)
    late = client.post("/sign-in/code", data={"code": app.at(clock.now)})
    assert late.headers["location"] == "/sign-in?notice=sign-in-again"
    give_password(client, ada)
    CliRunner().invoke(main, ["second-factor-remove", ada])
    assert client.get("/sign-in/code").headers["location"] == "/sign-in?notice=sign-in-again"
    assert client.get("/me").status_code == 303
