"""The log of a session: written by what happened, corrected afterwards, closed with the partnership."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from annotation.coaching.actions import action_fields, action_of, actions_of, set_done
from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.session_cards import choose_moment
from annotation.coaching.session_log import get_log, log_of, logs_of, write_log, write_log_afterwards
from annotation.coaching.sessions import begin_session, end_session, set_playback
from annotation.errors import PartnershipOver
from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.comments import CommentText, add_comment, delete_comment
from core.clock import stopped_at, utc_now
from core.errors import EditedMeanwhile, InvalidInput, NotFound
from core.models import CoachingSession
from core.text.concurrent_edits import version_of
from tests.support.factories import Pair


def what(pair: Pair, meeting: CoachingSession) -> list[str]:
    """Return the lines of a log as Ada reads it."""
    return [line.what for line in log_of(pair.session, pair.ada, meeting, pair.partnership)]


def test_a_log_that_is_written_afterwards_asks_for_the_action_alone(pair: Pair) -> None:
    session, ada, partnership = pair.session, pair.ada, pair.partnership
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
    assert [line.what for line in log_of(session, pair.priya, met, partnership)] == [
        f"Met on {today.day} {today:%B %Y}"
    ]
    action = action_of(session, met)
    assert action is not None
    assert [one.id for one in actions_of(session, pair.priya, goal_id=goal.id)] == [action.id]
    assert set_done(session, ada, action.id, done=True).done_at is not None
    assert set_done(session, ada, action.id, done=False).done_at is None
    with pytest.raises(InvalidInput, match="leave one thing"):
        write_log(session, ada, met.id, action="")


def test_a_log_that_is_sent_twice_is_there_once_and_another_days_is_another_one(pair: Pair) -> None:
    today = utc_now().date()

    def write(on: date) -> str:
        return write_log_afterwards(
            pair.session, pair.ada, pair.partnership.id, met_on=on, notes={"G": "Waiting"}, action="Count"
        ).id

    first = write(today)
    assert write(today) == first
    assert write(today - timedelta(days=1)) != first
    with pytest.raises(InvalidInput, match="within the last year"):
        write(today - timedelta(days=367))


def test_the_log_writes_itself_from_what_happened_in_the_session(pair: Pair) -> None:
    session, began = pair.session, utc_now().replace(microsecond=0)
    pair.share()
    meeting = begin_session(session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    said: dict[str, Any] = {"partnership_id": pair.partnership.id}
    add_comment(session, pair.priya, pair.lesson, CommentText("Long ago", 1000), **said)
    with stopped_at(began + timedelta(minutes=1)):
        set_playback(session, pair.ada, meeting.id, playing=True, position_ms=0, speed=1.0, at=0)
        choose_moment(session, pair.ada, meeting.id, 65_000)
    with stopped_at(began + timedelta(minutes=4)):
        add_comment(session, pair.priya, pair.lesson, CommentText("You waited", 61_000), **said)
        add_comment(session, pair.ada, pair.lesson, CommentText("For myself", 62_000))
        gone, _ = add_comment(session, pair.ada, pair.lesson, CommentText("Not so", 63_000), **said)
        delete_comment(session, pair.ada, gone)
    with stopped_at(began + timedelta(minutes=11)):
        write_log(session, pair.ada, meeting.id, action="Count to five")
        end_session(session, pair.ada, meeting.id)
    lines = what(pair, meeting)
    assert lines[0].startswith("Began on ")
    assert lines[1:] == ["Looked at 1:05: a moment", "Priya Coach at 1:01: You waited", "Ended after 10 minutes"]


def test_the_log_of_a_clip_is_on_the_clips_clock_and_leaves_out_what_was_said_beside_it(pair: Pair) -> None:
    session = pair.session
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 60_000, 90_000)
    share_clip(session, pair.ada, clip.id, pair.partnership.id)
    pair.share()
    meeting = begin_session(session, pair.priya, pair.partnership.id, clip_id=clip.id)
    meeting.began_at = utc_now() - timedelta(minutes=1)
    for at_ms, text in ((59_999, "Before"), (60_000, "First"), (90_000, "Last"), (90_001, "Beyond")):
        add_comment(session, pair.ada, pair.lesson, CommentText(text, at_ms), partnership_id=pair.partnership.id)
    assert [line for line in what(pair, meeting) if " at 0:" in line] == [
        "Ada Teacher at 0:00: First",
        "Ada Teacher at 0:30: Last",
    ]


def test_what_was_said_is_not_in_the_log_of_whoever_may_not_see_the_lesson_any_more(pair: Pair) -> None:
    session, share = pair.session, pair.share()
    meeting = begin_session(session, pair.priya, pair.partnership.id, lesson_id=pair.lesson.id)
    meeting.began_at = utc_now() - timedelta(minutes=1)
    add_comment(session, pair.ada, pair.lesson, CommentText("Between us", 5), partnership_id=pair.partnership.id)
    share.taken_back_at = utc_now()
    session.flush()
    assert not any("Between us" in line.what for line in log_of(session, pair.priya, meeting, pair.partnership))
    assert any("Between us" in line for line in what(pair, meeting))


def test_the_length_is_ten_to_fifteen_minutes_and_nothing_else_changes_with_it(pair: Pair) -> None:
    met = write_log_afterwards(
        pair.session, pair.ada, pair.partnership.id, met_on=utc_now().date(), notes={}, action="Count"
    )
    for minutes in (9, 16):
        with pytest.raises(InvalidInput, match="10 to 15 minutes"):
            write_log(pair.session, pair.ada, met.id, minutes=minutes)
    for minutes in (10, 15):
        assert write_log(pair.session, pair.ada, met.id, minutes=minutes).minutes == minutes
    action = action_of(pair.session, met)
    assert action is not None
    assert action.what == "Count"


def test_two_who_write_the_action_at_once_lose_nothing_of_each_other(pair: Pair) -> None:
    session = pair.session
    met = write_log_afterwards(session, pair.ada, pair.partnership.id, met_on=utc_now().date(), notes={}, action="Wait")
    seen = version_of(action_fields(action_of(session, met)))
    day = utc_now().date() + timedelta(days=7)
    write_log(session, pair.priya, met.id, action="Wait", action_by=day, action_version=seen)
    write_log(session, pair.ada, met.id, action="Wait longer", action_version=seen)
    assert action_fields(action_of(session, met)) == {"what": "Wait longer", "by": day.isoformat(), "goal_id": ""}
    with pytest.raises(EditedMeanwhile, match="Wait longer"):
        write_log(session, pair.priya, met.id, action="Count", action_version=seen)


def test_nobody_writes_in_the_log_of_a_partnership_that_is_over_and_both_still_read_it(pair: Pair) -> None:
    session = pair.session
    met = write_log_afterwards(session, pair.ada, pair.partnership.id, met_on=utc_now().date(), notes={}, action="Wait")
    pair.end()
    with pytest.raises(PartnershipOver):
        write_log(session, pair.ada, met.id, action="Another")
    for person in (pair.ada, pair.priya):
        assert get_log(session, person, met.id)[0].id == met.id
    with pytest.raises(NotFound):
        get_log(session, pair.otto, met.id)


def test_in_one_line_of_management_the_coach_reads_no_log_and_the_coachee_does(pair: Pair) -> None:
    session = pair.session
    met = write_log_afterwards(session, pair.ada, pair.partnership.id, met_on=utc_now().date(), notes={}, action="Wait")
    pair.put_in_line()
    with pytest.raises(NotFound):
        get_log(session, pair.priya, met.id)
    with pytest.raises(NotFound):
        log_of(session, pair.priya, met, pair.partnership)
    assert logs_of(session, pair.priya, [(met, pair.partnership)]) == {}
    assert what(pair, met)
