"""Reminders of planned sessions: once, a day before, to both, unless somebody has switched them off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from annotation.coaching.reminders import remind_of_sessions, site
from annotation.coaching.sessions import plan_session
from core.clock import stopped_at, utc_now
from core.models import Mail
from core.settings import get_settings
from tests.support.factories import Pair


@pytest.mark.usefixtures("mail_server")
def test_both_are_reminded_once_a_day_before_and_again_when_it_is_moved_unless_switched_off(pair: Pair) -> None:
    session, ada, partnership = pair.session, pair.ada, pair.partnership
    plan_session(session, ada, partnership.id, utc_now() + timedelta(days=3))
    assert remind_of_sessions(session) == 0
    plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=20))
    assert remind_of_sessions(session) == 2
    assert remind_of_sessions(session) == 0
    texts = [(one.subject, one.text) for one in session.scalars(select(Mail).order_by(Mail.subject))]
    assert [subject for subject, _ in texts] == ["Your session with Ada Teacher", "Your session with Priya Coach"]
    assert "switch these mails off" in texts[0][1]
    ada.wants_mail = False
    plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=21))
    assert remind_of_sessions(session) == 1


def test_without_a_mail_server_nothing_is_written(pair: Pair) -> None:
    plan_session(pair.session, pair.ada, pair.partnership.id, utc_now() + timedelta(hours=20))
    assert remind_of_sessions(pair.session) == 0
    assert pair.session.scalars(select(Mail)).all() == []


@pytest.mark.usefixtures("mail_server")
@pytest.mark.parametrize("state", ["suspended", "ended", "in one line"])
def test_nobody_is_reminded_of_a_meeting_that_cannot_take_place(pair: Pair, state: str) -> None:
    plan_session(pair.session, pair.ada, pair.partnership.id, utc_now() + timedelta(hours=20))
    if state == "in one line":
        pair.put_in_line()
    else:
        pair.end(state)
    assert remind_of_sessions(pair.session) == 0


@pytest.mark.usefixtures("mail_server")
def test_a_meeting_that_has_begun_or_whose_time_is_over_is_not_announced(pair: Pair) -> None:
    meeting = plan_session(pair.session, pair.ada, pair.partnership.id, utc_now() + timedelta(hours=20))
    meeting.began_at = utc_now()
    assert remind_of_sessions(pair.session) == 0
    meeting.began_at = None
    with stopped_at(utc_now() + timedelta(hours=21)):
        assert remind_of_sessions(pair.session) == 0


@pytest.mark.usefixtures("mail_server")
def test_the_mail_says_when_on_the_schools_clock_and_leads_to_the_meeting(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "Europe/London")
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", "https://hindsight.school.example")
    get_settings.cache_clear()
    assert site() == "https://hindsight.school.example"
    with stopped_at(utc_now().replace(year=2027, month=7, day=1, hour=12, minute=0)):
        meeting = plan_session(
            pair.session, pair.ada, pair.partnership.id, utc_now().replace(day=2, hour=9, minute=30, second=0)
        )
        remind_of_sessions(pair.session)
    text = pair.session.scalars(select(Mail.text)).first() or ""
    assert "on Friday 2 July 2027 at 10:30" in text
    assert f"https://hindsight.school.example/sessions/{meeting.id}" in text
