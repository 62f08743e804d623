"""Outgoing mail as rows: written once for one thing, to who is here, and only where a mail server is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from annotation.mail_queue import KEPT, Reminder, delete_old_mails, write_mail, write_mails, write_reminders
from core.clock import stopped_at, utc_now
from core.models import Mail
from tests.support.factories import Pair


def subjects(pair: Pair) -> list[str]:
    """Return the subjects of all mails that wait."""
    pair.session.flush()
    return list(pair.session.scalars(select(Mail.subject).order_by(Mail.subject)))


@pytest.mark.usefixtures("mail_server")
def test_what_is_about_one_thing_is_told_once_and_what_is_about_nothing_each_time(pair: Pair) -> None:
    assert write_mail(pair.session, pair.ada, "First", "text", "lesson:1")
    assert not write_mail(pair.session, pair.ada, "Again", "text", "lesson:1")
    for _ in range(2):
        assert write_mail(pair.session, pair.ada, "Notice", "text")
    assert subjects(pair) == ["First", "Notice", "Notice"]


@pytest.mark.usefixtures("mail_server")
def test_a_leaver_gets_no_mail(pair: Pair) -> None:
    pair.otto.deactivated_at = utc_now()
    assert not write_mail(pair.session, pair.otto, "Subject", "text")
    write_mails(pair.session, [pair.otto], "Subject", "text")
    assert subjects(pair) == []
    write_mails(pair.session, [pair.ada, pair.otto, pair.priya], "Subject", "text")
    told = set(pair.session.scalars(select(Mail.person_id)))
    assert told == {pair.ada.id, pair.priya.id}


def test_without_a_mail_server_nothing_waits(pair: Pair) -> None:
    assert not write_mail(pair.session, pair.ada, "Subject", "text")
    assert write_reminders(pair.session, [Reminder(pair.ada, "Subject", "text", "about")]) == 0
    write_mails(pair.session, [pair.ada], "Subject", "text")
    assert subjects(pair) == []


@pytest.mark.usefixtures("mail_server")
def test_a_reminder_can_be_switched_off_and_says_how(pair: Pair) -> None:
    tomorrow = [Reminder(pair.ada, "Tomorrow", "You meet.\n", f"session:{number}") for number in (1, 2, 3)]
    assert [write_reminders(pair.session, tomorrow[:2]) for _ in range(2)] == [2, 0]
    assert "switch these mails off on your own page" in (pair.session.scalar(select(Mail.text)) or "")
    pair.ada.wants_mail = False
    assert write_reminders(pair.session, tomorrow) == 0


@pytest.mark.usefixtures("mail_server")
def test_a_mail_is_kept_for_half_a_year_so_that_nothing_is_told_twice(pair: Pair) -> None:
    now = utc_now()
    with stopped_at(now):
        write_mail(pair.session, pair.ada, "Kept", "text", "lesson:1")
    with stopped_at(now + KEPT):
        delete_old_mails(pair.session)
        assert subjects(pair) == ["Kept"]
    with stopped_at(now + KEPT + timedelta(seconds=1)):
        delete_old_mails(pair.session)
        assert subjects(pair) == []
