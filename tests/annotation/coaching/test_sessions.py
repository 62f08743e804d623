"""Sessions: planned on the school's clock, moved, cancelled; a room over what both can see; steered, and ended."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from annotation.coaching.session_cards import choose_moment
from annotation.coaching.session_log import write_log
from annotation.coaching.session_room import now_ms, people_present, room_of
from annotation.coaching.sessions import (
    a_week_later,
    begin_session,
    cancel_session,
    choose_film,
    end_session,
    film_is_open,
    get_session,
    mark_absent,
    mark_present,
    move_missed,
    next_planned,
    plan_session,
    sessions_of,
    set_playback,
)
from annotation.errors import PartnershipOver, PartnershipSuspended
from annotation.lessons.clips import make_clip, share_clip
from core.clock import stopped_at, utc_now
from core.errors import InvalidInput, NotFound
from core.models import CoachingSession
from tests.support.factories import Pair, make_lesson, make_partnership, make_person, make_share

LONDON = ZoneInfo("Europe/London")


@given(st.dates(date(2026, 1, 5), date(2027, 1, 1)), st.integers(0, 400))
def test_next_week_is_at_the_same_hour_of_the_schools_clock_also_when_the_clocks_change(day: date, days: int) -> None:
    planned = datetime.combine(day, time(15), LONDON).astimezone(UTC)
    now = planned + timedelta(days=days)
    later = a_week_later(planned, now, LONDON)
    assert later > now
    assert later - now <= timedelta(days=7, hours=1)
    assert later.astimezone(LONDON).hour == 15
    assert later.astimezone(LONDON).weekday() == planned.astimezone(LONDON).weekday()


def test_planning_again_moves_what_is_planned(pair: Pair) -> None:
    session, ada, partnership = pair.session, pair.ada, pair.partnership
    first = plan_session(session, ada, partnership.id, utc_now() + timedelta(days=1), weekly=True)
    second = plan_session(session, ada, partnership.id, utc_now() + timedelta(days=2), weekly=True)
    assert first.id == second.id
    for wrong in (timedelta(minutes=-1), timedelta(days=400)):
        with pytest.raises(InvalidInput):
            plan_session(session, ada, partnership.id, utc_now() + wrong)
    with pytest.raises(NotFound):
        plan_session(session, pair.otto, partnership.id, utc_now() + timedelta(days=1))


def test_a_weekly_session_that_is_cancelled_is_next_weeks_and_a_single_one_is_gone(pair: Pair) -> None:
    session, ada, coach, partnership = pair.session, pair.ada, pair.priya, pair.partnership
    at = utc_now() + timedelta(days=2)
    weekly = plan_session(session, ada, partnership.id, at, weekly=True)
    cancel_session(session, coach, weekly.id)
    assert weekly.planned_at == at + timedelta(weeks=1)
    plan_session(session, ada, partnership.id, at)
    cancel_session(session, coach, weekly.id)
    assert next_planned(session, partnership.id) is None


def test_a_session_that_ends_plans_the_next_and_one_nobody_opened_is_moved(pair: Pair) -> None:
    session, ada, coach, partnership = pair.session, pair.ada, pair.priya, pair.partnership
    meeting = plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=1), weekly=True)
    lesson = pair.lesson
    pair.share()
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


def test_a_week_that_was_planned_during_the_session_is_not_planned_twice(pair: Pair) -> None:
    session, ada, coach, partnership = pair.session, pair.ada, pair.priya, pair.partnership
    meeting = plan_session(session, ada, partnership.id, utc_now() + timedelta(hours=1), weekly=True)
    meeting.began_at = utc_now()
    moved = plan_session(session, coach, partnership.id, utc_now() + timedelta(days=5), weekly=True)
    write_log(session, coach, meeting.id, action="Wait")
    end_session(session, ada, meeting.id)
    waiting = select(CoachingSession).where(CoachingSession.ended_at.is_(None))
    assert [one.id for one in session.scalars(waiting)] == [moved.id]


def test_a_room_is_opened_over_what_both_can_see_and_nothing_else(pair: Pair) -> None:
    session, partnership = pair.session, pair.partnership
    with pytest.raises(InvalidInput, match="share it first"):
        begin_session(session, pair.ada, partnership.id, lesson_id=pair.lesson.id)
    with pytest.raises(NotFound):  # he is not even told that it is there
        begin_session(session, pair.priya, partnership.id, lesson_id=pair.lesson.id)
    hers = make_lesson(session, pair.priya)
    for person in (pair.ada, pair.priya):
        with pytest.raises(NotFound):  # the film of a session is the coachee's
            begin_session(session, person, partnership.id, lesson_id=hers.id)
    pair.share()
    room = begin_session(session, pair.priya, partnership.id, lesson_id=pair.lesson.id)
    assert begin_session(session, pair.ada, partnership.id, lesson_id=pair.lesson.id).id == room.id
    with pytest.raises(NotFound):
        begin_session(session, pair.otto, partnership.id, lesson_id=pair.lesson.id)


def test_a_clip_has_a_room_of_its_own_and_opens_nothing_of_its_lesson(pair: Pair) -> None:
    session, partnership = pair.session, pair.partnership
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 10_000, 20_000)
    share_clip(session, pair.ada, clip.id, partnership.id)
    room = begin_session(session, pair.priya, partnership.id, clip_id=clip.id)
    assert (room.lesson_id, room.clip_id) == (pair.lesson.id, clip.id)
    with pytest.raises(NotFound):
        choose_film(session, pair.priya, room.id, lesson_id=pair.lesson.id)
    pair.share()
    other = begin_session(session, pair.priya, partnership.id, lesson_id=pair.lesson.id)
    assert other.id != room.id
    with pytest.raises(InvalidInput, match="a room for this already"):
        choose_film(session, pair.priya, other.id, clip_id=clip.id)


def test_another_film_takes_the_cards_away_and_starts_at_its_beginning(pair: Pair) -> None:
    session = pair.session
    pair.share()
    second = make_lesson(session, pair.ada, "Year 8")
    make_share(session, second, pair.partnership)
    room = begin_session(session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    choose_moment(session, pair.priya, room.id, 5000)
    set_playback(session, pair.priya, room.id, playing=False, position_ms=90_000, speed=1.0, at=now_ms())
    changed = choose_film(session, pair.ada, room.id, lesson_id=second.id)
    assert (changed.lesson_id, changed.moments, room_of(changed).position_ms) == (second.id, [], 0)


def test_a_plan_far_from_now_does_not_become_the_room_that_is_opened(pair: Pair) -> None:
    session = pair.session
    pair.share()
    planned = plan_session(session, pair.ada, pair.partnership.id, utc_now() + timedelta(hours=13))
    assert begin_session(session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id).id != planned.id


def test_the_timer_runs_from_the_first_play_and_whoever_presses_is_in_control(pair: Pair) -> None:
    session, began = pair.session, utc_now()
    pair.share()
    room = begin_session(session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    set_playback(session, pair.priya, room.id, playing=False, position_ms=2000, speed=1.0, at=now_ms())
    assert room.began_at is None
    with stopped_at(began + timedelta(minutes=1)):
        set_playback(session, pair.ada, room.id, playing=True, position_ms=2000, speed=1.5, at=now_ms())
    with stopped_at(began + timedelta(minutes=2)):
        set_playback(session, pair.priya, room.id, playing=True, position_ms=9000, speed=1.5, at=now_ms())
    assert room.began_at == began + timedelta(minutes=1)
    assert (room_of(room).steered_by, room_of(room).number) == (pair.priya.id, 3)


@pytest.mark.parametrize(
    ("position_ms", "speed", "taken"),
    [(0, 0.25, True), (0, 4.0, True), (-1, 1.0, False), (0, 0.24, False), (0, 4.01, False)],
)
def test_a_place_or_a_speed_that_no_player_has_is_refused(
    pair: Pair, position_ms: int, speed: float, *, taken: bool
) -> None:
    pair.share()
    room = begin_session(pair.session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
    order: dict[str, Any] = {"playing": True, "position_ms": position_ms, "speed": speed, "at": now_ms()}
    if taken:
        assert set_playback(pair.session, pair.ada, room.id, **order).speed == speed
    else:
        with pytest.raises(InvalidInput):
            set_playback(pair.session, pair.ada, room.id, **order)


def test_a_clock_that_is_five_seconds_off_counts_as_now(pair: Pair) -> None:
    pair.share()
    with stopped_at(utc_now()):
        room = begin_session(pair.session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
        order: dict[str, Any] = {"playing": True, "position_ms": 0, "speed": 1.0}
        near = set_playback(pair.session, pair.ada, room.id, at=now_ms() - 4999, **order)
        far = set_playback(pair.session, pair.ada, room.id, at=now_ms() - 5000, **order)
        assert (near.at, far.at) == (now_ms() - 4999, now_ms())


def test_nobody_steers_a_film_that_was_taken_back_meanwhile(pair: Pair) -> None:
    share = pair.share()
    room = begin_session(pair.session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    share.taken_back_at = utc_now()
    pair.session.flush()
    assert not film_is_open(pair.session, pair.priya, room)
    assert film_is_open(pair.session, pair.ada, room)
    with pytest.raises(NotFound):
        set_playback(pair.session, pair.priya, room.id, playing=True, position_ms=0, speed=1.0, at=now_ms())


def test_each_is_in_the_room_until_she_leaves_or_falls_silent(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    pair.share()
    room = begin_session(session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    with stopped_at(now):
        mark_present(session, pair.ada, room.id)
        mark_present(session, pair.priya, room.id)
        assert people_present(room, pair.partnership) == {pair.ada.id, pair.priya.id}
        mark_absent(session, pair.priya, room.id)
        assert people_present(room, pair.partnership) == {pair.ada.id}
    with stopped_at(now + timedelta(seconds=25)):
        assert people_present(room, pair.partnership) == frozenset()
    with pytest.raises(NotFound):
        mark_present(session, pair.otto, room.id)


def test_a_session_ends_with_its_one_action_and_once(pair: Pair) -> None:
    session = pair.session
    pair.share()
    room = begin_session(session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    with pytest.raises(InvalidInput, match="one thing to do"):
        end_session(session, pair.ada, room.id)
    write_log(session, pair.ada, room.id, action="Count to five")
    ended = end_session(session, pair.ada, room.id).ended_at
    with stopped_at(utc_now() + timedelta(minutes=5)):
        assert end_session(session, pair.priya, room.id).ended_at == ended
    with pytest.raises(InvalidInput, match="This session is over"):
        set_playback(session, pair.ada, room.id, playing=True, position_ms=0, speed=1.0, at=now_ms())


def test_what_has_begun_or_was_never_planned_cannot_be_cancelled(pair: Pair) -> None:
    pair.share()
    room = begin_session(pair.session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
    with pytest.raises(InvalidInput, match="planned and has not begun"):
        cancel_session(pair.session, pair.ada, room.id)


@pytest.mark.parametrize(("state", "error"), [("ended", PartnershipOver), ("suspended", PartnershipSuspended)])
def test_nothing_is_planned_or_opened_once_the_partnership_is_over_or_suspended(
    pair: Pair, state: str, error: type[Exception]
) -> None:
    session = pair.session
    pair.share()
    room = begin_session(session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
    pair.end(state)
    with pytest.raises(error):
        plan_session(session, pair.ada, pair.partnership.id, utc_now() + timedelta(days=1))
    with pytest.raises(error):
        begin_session(session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
    with pytest.raises(error):
        mark_present(session, pair.ada, room.id)
    assert get_session(session, pair.ada, room.id)[0].id == room.id


def test_a_weekly_meeting_is_not_moved_before_a_day_has_gone_by_nor_while_suspended(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    meeting = plan_session(session, pair.ada, pair.partnership.id, now + timedelta(hours=1), weekly=True)
    with stopped_at(now + timedelta(hours=24)):
        assert move_missed(session) == 0
    with stopped_at(now + timedelta(hours=26)):
        pair.put_in_line()
        assert move_missed(session) == 0
        pair.ada.manager_id = None
        session.flush()
        assert move_missed(session) == 1
    assert meeting.planned_at == now + timedelta(hours=1, weeks=1)


def test_sessions_stand_newest_first_and_are_ones_own(pair: Pair) -> None:
    session = pair.session
    pair.share()
    first = begin_session(session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
    first.began_at = utc_now() - timedelta(days=7)
    write_log(session, pair.ada, first.id, action="Count")
    end_session(session, pair.ada, first.id)
    second = begin_session(session, pair.ada, pair.partnership.id, lesson_id=pair.lesson.id)
    session.flush()
    assert [one.id for one, _ in sessions_of(session, pair.priya)] == [second.id, first.id]
    assert [one.id for one, _ in sessions_of(session, pair.priya, only_open=True)] == [second.id]
    other = make_partnership(session, make_person(session, "Omar"), pair.ada)
    assert sessions_of(session, pair.ada, other.id) == []
    assert sessions_of(session, pair.otto) == []
    with pytest.raises(NotFound):
        get_session(session, pair.otto, first.id)
