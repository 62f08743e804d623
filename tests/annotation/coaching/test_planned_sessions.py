"""Sessions that are planned: weekly on the school's clock, moved, cancelled, written up afterwards; reminders."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from annotation.coaching.actions import action_of, actions_of, set_done
from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.reminders import remind_of_sessions
from annotation.coaching.session_log import log_of, write_log, write_log_afterwards
from annotation.coaching.sessions import (
    a_week_later,
    begin_session,
    cancel_session,
    end_session,
    move_missed,
    next_planned,
    plan_session,
)
from core.clock import utc_now
from core.database.db import Database
from core.errors import InvalidInput, NotFound
from core.models import CoachingSession, Mail, Partnership, Person
from core.settings import get_settings
from tests.support.factories import make_lesson, make_partnership, make_person, make_share

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def pair(database: Database) -> tuple[Person, Person, Partnership]:
    with database.write() as session:
        coach, ada = make_person(session, "Priya Coach"), make_person(session, "Ada")
        return coach, ada, make_partnership(session, coach, ada)


@given(st.dates(date(2026, 1, 5), date(2027, 1, 1)), st.integers(0, 400))
def test_next_week_is_at_the_same_hour_of_the_schools_clock_also_when_the_clocks_change(day: date, days: int) -> None:
    planned = datetime.combine(day, time(15), LONDON).astimezone(UTC)
    now = planned + timedelta(days=days)
    later = a_week_later(planned, now, LONDON)
    assert later > now
    assert later - now <= timedelta(days=7, hours=1)
    assert later.astimezone(LONDON).hour == 15
    assert later.astimezone(LONDON).weekday() == planned.astimezone(LONDON).weekday()


def test_planning_again_moves_what_is_planned(database: Database, pair: tuple[Person, Person, Partnership]) -> None:
    _, ada, partnership = pair
    with database.write() as session:
        first = plan_session(session, ada, partnership.id, utc_now() + timedelta(days=1), weekly=True)
        second = plan_session(session, ada, partnership.id, utc_now() + timedelta(days=2), weekly=True)
        assert first.id == second.id
        for wrong in (timedelta(minutes=-1), timedelta(days=400)):
            with pytest.raises(InvalidInput):
                plan_session(session, ada, partnership.id, utc_now() + wrong)
        with pytest.raises(NotFound):
            plan_session(session, make_person(session, "Otto"), partnership.id, utc_now() + timedelta(days=1))


def test_a_weekly_session_that_is_cancelled_is_next_weeks_and_a_single_one_is_gone(
    database: Database, pair: tuple[Person, Person, Partnership]
) -> None:
    coach, ada, partnership = pair
    with database.write() as session:
        at = utc_now() + timedelta(days=2)
        weekly = plan_session(session, ada, partnership.id, at, weekly=True)
        cancel_session(session, coach, weekly.id)
        assert weekly.planned_at == at + timedelta(weeks=1)
        plan_session(session, ada, partnership.id, at)
        cancel_session(session, coach, weekly.id)
        assert next_planned(session, partnership.id) is None


def test_a_session_that_ends_plans_the_next_and_one_nobody_opened_is_moved(
    database: Database, pair: tuple[Person, Person, Partnership]
) -> None:
    coach, ada, partnership = pair
    with database.write() as session:
        meeting = plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=1), weekly=True)
        lesson = make_lesson(session, ada, duration_ms=60_000)
        make_share(session, lesson, partnership)
        assert begin_session(session, coach, partnership.id, lesson_id=lesson.id).id == meeting.id  # it is about now
        write_log(session, coach, meeting.id, action="Wait")
        end_session(session, ada, meeting.id)
        following = next_planned(session, partnership.id)
        assert following is not None
        assert following.planned_at is not None
        assert timedelta(days=6) < following.planned_at - utc_now() < timedelta(days=8)
        following.planned_at = utc_now() - timedelta(days=2)
        session.flush()
        assert move_missed(session) == 1
        assert following.planned_at > utc_now()
        assert move_missed(session) == 0


def test_a_week_that_was_planned_during_the_session_is_not_planned_twice(
    database: Database, pair: tuple[Person, Person, Partnership]
) -> None:
    coach, ada, partnership = pair
    with database.write() as session:
        meeting = plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=1), weekly=True)
        meeting.began_at = utc_now()
        moved = plan_session(session, coach, partnership.id, utc_now() + timedelta(days=5), weekly=True)
        write_log(session, coach, meeting.id, action="Wait")
        end_session(session, ada, meeting.id)
        waiting = select(CoachingSession).where(CoachingSession.ended_at.is_(None))
        assert [one.id for one in session.scalars(waiting)] == [moved.id]


def test_a_log_that_is_written_afterwards_asks_for_the_action_alone(
    database: Database, pair: tuple[Person, Person, Partnership]
) -> None:
    coach, ada, partnership = pair
    with database.write() as session:
        goal = set_goal(session, ada, partnership.id, GoalText("Wait longer"))
        today = utc_now().date()
        with pytest.raises(InvalidInput, match="one thing"):
            write_log_afterwards(session, ada, partnership.id, met_on=today, notes={}, action=" ")
        assert session.scalars(select(CoachingSession)).all() == []
        with pytest.raises(InvalidInput, match="day on which you met"):
            write_log_afterwards(session, ada, partnership.id, met_on=today + timedelta(days=3), notes={}, action="x")
        met = write_log_afterwards(
            session, ada, partnership.id, met_on=today, notes={}, action="Count to five", goal_id=goal.id
        )
        assert [line.what for line in log_of(session, coach, met, partnership)] == [f"Met on {today.day} {today:%B %Y}"]
        action = action_of(session, met)
        assert action is not None
        assert [one.id for one in actions_of(session, coach, goal_id=goal.id)] == [action.id]
        assert set_done(session, ada, action.id, done=True).done_at is not None
        assert set_done(session, ada, action.id, done=False).done_at is None
        with pytest.raises(InvalidInput, match="leave one thing"):
            write_log(session, ada, met.id, action="")


def test_both_are_reminded_once_a_day_before_and_again_when_it_is_moved_unless_switched_off(
    database: Database, pair: tuple[Person, Person, Partnership], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ada, partnership = pair
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "Europe/London")
    get_settings.cache_clear()
    with database.write() as session:
        plan_session(session, ada, partnership.id, utc_now() + timedelta(days=3))
        assert remind_of_sessions(session) == 0
        plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=20))
        assert remind_of_sessions(session) == 2
        assert remind_of_sessions(session) == 0
        texts = [(one.subject, one.text) for one in session.scalars(select(Mail).order_by(Mail.subject))]
        assert [subject for subject, _ in texts] == ["Your session with Ada", "Your session with Priya Coach"]
        assert "switch these mails off" in texts[0][1]
        session.get_one(Person, ada.id).wants_mail = False
        plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=21))
        assert remind_of_sessions(session) == 1


def test_without_a_mail_server_nothing_is_written(database: Database, pair: tuple[Person, Person, Partnership]) -> None:
    _, ada, partnership = pair
    with database.write() as session:
        plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=20))
        assert remind_of_sessions(session) == 0
        assert session.scalars(select(Mail)).all() == []
