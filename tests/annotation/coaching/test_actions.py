"""Actions: one thing to do, written and ticked by either of the two while their partnership is active."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from annotation.coaching.actions import (
    LENGTH,
    action_fields,
    action_of,
    actions_of,
    add_action,
    set_done,
    write_action,
)
from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.sessions import new_session
from annotation.errors import PartnershipOver, PartnershipSuspended
from core.clock import stopped_at, utc_now
from core.errors import InvalidInput, NotFound
from core.models import Action
from tests.support.factories import Pair, make_partnership, make_person

DAY = date(2026, 12, 4)


def test_either_of_the_two_adds_an_action_and_nobody_else(pair: Pair) -> None:
    for person in (pair.ada, pair.priya):
        assert add_action(pair.session, person, pair.partnership.id, f"By {person.name}", DAY).by == DAY
    with pytest.raises(NotFound):
        add_action(pair.session, pair.otto, pair.partnership.id, "Not mine")
    assert actions_of(pair.session, pair.otto) == []


def test_an_action_that_is_pressed_twice_is_there_once_and_one_that_differs_is_another(pair: Pair) -> None:
    goal = set_goal(pair.session, pair.ada, pair.partnership.id, GoalText("Wait longer"))
    now = utc_now()
    with stopped_at(now):
        first = add_action(pair.session, pair.ada, pair.partnership.id, "Count", DAY)
        assert add_action(pair.session, pair.ada, pair.partnership.id, " Count ", DAY).id == first.id
        assert add_action(pair.session, pair.ada, pair.partnership.id, "Count", None).id != first.id
        assert add_action(pair.session, pair.ada, pair.partnership.id, "Count", DAY, goal_id=goal.id).id != first.id
    with stopped_at(now + timedelta(seconds=11)):
        assert add_action(pair.session, pair.ada, pair.partnership.id, "Count", DAY).id != first.id


def test_an_action_names_a_goal_of_its_own_partnership(pair: Pair) -> None:
    others = make_partnership(pair.session, make_person(pair.session, "Omar"), pair.ada)
    elsewhere = set_goal(pair.session, pair.ada, others.id, GoalText("Another coach's"))
    with pytest.raises(NotFound):
        add_action(pair.session, pair.ada, pair.partnership.id, "Count", goal_id=elsewhere.id)
    with pytest.raises(NotFound):
        add_action(pair.session, pair.ada, pair.partnership.id, "Count", goal_id="nothing")
    assert pair.session.scalars(select(Action)).all() == []


def test_the_day_on_which_it_was_done_stays_when_it_is_ticked_again(pair: Pair) -> None:
    action = add_action(pair.session, pair.ada, pair.partnership.id, "Count")
    now = utc_now()
    with stopped_at(now):
        set_done(pair.session, pair.ada, action.id, done=True)
    set_done(pair.session, pair.priya, action.id, done=True)
    assert action.done_at == now
    assert set_done(pair.session, pair.priya, action.id, done=False).done_at is None
    for person in (pair.otto, pair.ada):
        with pytest.raises(NotFound):
            set_done(pair.session, person, action.id if person is pair.otto else "nothing", done=True)


def test_nothing_is_added_or_ticked_after_the_end_or_in_one_line_of_management(pair: Pair) -> None:
    action = add_action(pair.session, pair.ada, pair.partnership.id, "Count")
    pair.put_in_line()
    for person in (pair.ada, pair.priya):
        with pytest.raises(PartnershipSuspended):
            set_done(pair.session, person, action.id, done=True)
    assert [one.id for one in actions_of(pair.session, pair.ada)] == [action.id]
    assert actions_of(pair.session, pair.priya) == []  # what the two wrote is hers alone meanwhile
    pair.ada.manager_id = None
    pair.end()
    with pytest.raises(PartnershipOver):
        add_action(pair.session, pair.ada, pair.partnership.id, "Another")
    assert [one.id for one in actions_of(pair.session, pair.priya)] == [action.id]


def test_what_is_to_do_stands_first_and_then_the_newest(pair: Pair) -> None:
    now, made = utc_now(), []
    for number in range(3):
        with stopped_at(now + timedelta(minutes=number)):
            made.append(add_action(pair.session, pair.ada, pair.partnership.id, f"Thing {number}"))
    set_done(pair.session, pair.ada, made[2].id, done=True)
    pair.session.flush()
    assert [one.what for one in actions_of(pair.session, pair.priya)] == ["Thing 1", "Thing 0", "Thing 2"]
    assert [one.what for one in actions_of(pair.session, pair.priya, only_to_do=True)] == ["Thing 1", "Thing 0"]
    assert actions_of(pair.session, pair.ada, "nothing") == []


def test_a_session_has_one_action_which_is_rewritten_and_taken_away(pair: Pair) -> None:
    meeting = new_session(pair.session, pair.partnership.id)
    goal = set_goal(pair.session, pair.ada, pair.partnership.id, GoalText("Wait longer"))
    first = write_action(pair.session, meeting, " Count to five ", DAY, goal.id)
    assert first is not None
    assert action_fields(first) == {"what": "Count to five", "by": "2026-12-04", "goal_id": goal.id}
    second = write_action(pair.session, meeting, "Count to six", None)
    assert second is not None
    assert (second.id, second.goal_id) == (first.id, goal.id)  # a goal that is not named stays
    assert write_action(pair.session, meeting, "  ", DAY) is None
    assert action_of(pair.session, meeting) is None
    assert action_fields(None) == {"what": "", "by": "", "goal_id": ""}


def test_an_action_is_as_long_as_its_column_and_no_longer(pair: Pair) -> None:
    meeting = new_session(pair.session, pair.partnership.id)
    assert write_action(pair.session, meeting, "x" * LENGTH, None) is not None
    with pytest.raises(InvalidInput, match="under 500"):
        write_action(pair.session, meeting, "x" * (LENGTH + 1), None)
    with pytest.raises(InvalidInput):
        add_action(pair.session, pair.ada, pair.partnership.id, "x" * (LENGTH + 1))
    with pytest.raises(InvalidInput):
        add_action(pair.session, pair.ada, pair.partnership.id, "  ")
