"""Mail, with a real SMTP server: sent once, tried again, given up in the end, and empty afterwards."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from starlette.testclient import TestClient

from annotation.mail_queue import write_mail
from annotation.people.passwords import hash_password
from core.clock import utc_now
from core.database.db import Database
from core.models import Mail
from core.settings import get_settings
from tests.browser.school import free_port
from tests.support.factories import make_person
from web.app import create_app
from workers.mailer import MOST_ATTEMPTS, send_mails


class Sink:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.got: list[tuple[list[str], Any]] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def sink(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    made, port = Sink(), free_port()
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("HINDSIGHT_SMTP_PORT", str(port))
    monkeypatch.setenv("HINDSIGHT_SMTP_SECURITY", "none")
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", "https://hindsight.school.example")
    get_settings.cache_clear()
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    yield made
    controller.stop()


def test_a_mail_goes_out_once_and_leaves_no_text_behind(database: Database, sink: Sink) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada Ünver")
        assert write_mail(session, ada, "Morgen um drei", "Schöne Grüße\n", "about")
        assert not write_mail(session, ada, "Morgen um drei", "Schöne Grüße\n", "about")
    assert send_mails(database, get_settings()) == 1
    assert send_mails(database, get_settings()) == 0
    (to, message) = sink.got[0]
    assert to == [ada.email]
    assert (message["subject"], message.get_content().strip()) == ("Morgen um drei", "Schöne Grüße")
    with database.read() as session:
        assert session.scalars(select(Mail)).one().text == ""


def test_a_server_that_is_away_is_asked_again_and_in_the_end_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:  # it listens to nobody
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("HINDSIGHT_SMTP_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("HINDSIGHT_SMTP_SECURITY", "none")
        get_settings.cache_clear()
        with database.write() as session:
            write_mail(session, make_person(session), "Hello", "Hello\n")
        for _ in range(MOST_ATTEMPTS + 2):
            assert send_mails(database, get_settings()) == 0
            with database.write() as session:
                row = session.scalars(select(Mail)).one()
                assert row.next_at > utc_now() or row.attempts == MOST_ATTEMPTS
                row.next_at = utc_now() - timedelta(seconds=1)
        with database.read() as session:
            assert session.scalars(select(Mail)).one().attempts == MOST_ATTEMPTS


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once_and_signs_every_device_out(
    database: Database, sink: Sink
) -> None:
    with database.write() as session:
        ada = make_person(session, password_hash=hash_password("four words of mine"))
        invited = make_person(session, "Nia New", joined_at=None)
    client = TestClient(create_app(), follow_redirects=False)
    other = TestClient(create_app(), follow_redirects=False)
    assert other.post("/sign-in", data={"email": ada.email, "password": "four words of mine"}).status_code == 303
    answers = [
        client.post("/forgotten", data={"email": one}) for one in (ada.email.upper(), "x@y.example", invited.email)
    ]
    assert {answer.headers["location"] for answer in answers} == {"/sign-in?notice=reset-asked"}
    assert send_mails(database, get_settings()) == 1
    link = next(word for word in sink.got[0][1].get_content().split() if word.startswith("https://"))
    path = link.removeprefix("https://hindsight.school.example")
    assert client.get(path).status_code == 200
    assert client.post(path, data={"password": "short"}).status_code == 422
    assert client.post(path, data={"password": "some other words"}).status_code == 303
    assert client.post(path, data={"password": "yet other words"}).status_code == 404
    assert other.get("/me").status_code == 401  # the other device is out
    assert client.post("/sign-in", data={"email": ada.email, "password": "four words of mine"}).status_code == 401
    assert client.post("/sign-in", data={"email": ada.email, "password": "some other words"}).status_code == 303


def test_the_log_never_shows_the_secret_of_a_link(caplog: pytest.LogCaptureFixture, database: Database) -> None:
    caplog.set_level("INFO")
    client = TestClient(create_app())
    for path in ("/new-password/verysecret", "/join/verysecret"):
        client.get(path)
    ours = [vars(record) for record in caplog.records if record.name.startswith("hindsight")]
    assert [line["route"] for line in ours] == ["/new-password/{secret}", "/join/{secret}"]
    assert "verysecret" not in str(ours)
