"""Goals: at most three active, edited by both without losing a word, closed and opened again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.coaching.goals import (
    FIELD_LENGTH,
    GoalText,
    close_goal,
    edit_goal,
    get_goal,
    goals_of,
    reopen_goal,
    set_by_the_coach,
    set_goal,
    text_of,
    version_of_goal,
    versions_of_goal,
    versions_of_goals,
)
from annotation.errors import PartnershipOver, PartnershipSuspended, TooManyGoals
from core.clock import stopped_at, utc_now
from core.errors import EditedMeanwhile, InvalidInput, NotFound
from core.models import Goal
from tests.support.factories import Pair, make_partnership, make_person


def goal(pair: Pair, title: str = "Wait longer", **values: str) -> Goal:
    """Write a goal of Ada's."""
    return set_goal(pair.session, pair.ada, pair.partnership.id, GoalText(title, **values))


def test_a_fourth_active_goal_is_refused_until_one_is_closed(pair: Pair) -> None:
    first, *_ = [goal(pair, f"Goal {number}") for number in range(3)]
    with pytest.raises(TooManyGoals):
        goal(pair, "Goal 3")
    close_goal(pair.session, pair.priya, first.id, " I wait longer now. ")
    assert (first.outcome, first.slot) == ("I wait longer now.", None)
    goal(pair, "Goal 3")
    with pytest.raises(TooManyGoals):
        reopen_goal(pair.session, pair.ada, first.id)
    pair.session.refresh(first)
    assert first.closed_at is not None
    other = make_partnership(pair.session, make_person(pair.session, "Omar"), pair.ada)
    set_goal(pair.session, pair.ada, other.id, GoalText("With Omar"))  # each partnership has three of its own


def test_a_goal_that_is_reopened_is_active_with_what_changed_still_there(pair: Pair) -> None:
    made = goal(pair)
    close_goal(pair.session, pair.ada, made.id, "Better")
    when = made.closed_at
    with stopped_at(utc_now() + timedelta(days=1)):
        close_goal(pair.session, pair.ada, made.id)
        close_goal(pair.session, pair.ada, made.id, "Better ")
    assert (made.closed_at, made.outcome) == (when, "Better")
    reopen_goal(pair.session, pair.priya, made.id)
    assert (made.closed_at, made.slot, made.outcome) == (None, 1, "Better")
    with pytest.raises(InvalidInput, match="under 4000"):
        close_goal(pair.session, pair.ada, made.id, "x" * (FIELD_LENGTH + 1))


def test_what_both_write_as_they_put_a_goal_aside_stays(pair: Pair) -> None:
    made = goal(pair)
    close_goal(pair.session, pair.ada, made.id, "I wait longer.")
    close_goal(pair.session, pair.priya, made.id, "You wait longer.")
    assert made.outcome == "I wait longer.\n\nYou wait longer."


def test_a_goal_that_is_pressed_twice_is_there_once(pair: Pair) -> None:
    now = utc_now()
    with stopped_at(now):
        first = goal(pair)
        assert goal(pair).id == first.id
        assert goal(pair, reality="I ask on").id != first.id
    with stopped_at(now + timedelta(seconds=11)):
        assert goal(pair).id != first.id


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (GoalText(" "), "title"),
        (GoalText("x" * 301), "title"),
        (GoalText("Wait", reality="x" * (FIELD_LENGTH + 1)), "reality"),
        (GoalText("Wait", options="x" * (FIELD_LENGTH + 1)), "options"),
        (GoalText("Wait", will="x" * (FIELD_LENGTH + 1)), "will"),
        (GoalText("Wait", measure="grade", direction="up"), "measure"),
        (GoalText("Wait", measure="pupil_ms"), "direction"),
        (GoalText("Wait", direction="up"), "direction"),
        (GoalText("Wait", measure="pupil_ms", direction="sideways"), "direction"),
    ],
)
def test_what_is_no_goal_is_refused_at_its_field(pair: Pair, text: GoalText, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        set_goal(pair.session, pair.ada, pair.partnership.id, text)
    assert field in refused.value.fields
    assert goals_of(pair.session, pair.ada) == []


def test_both_edit_a_goal_and_what_it_said_is_kept_with_who_changed_it(pair: Pair) -> None:
    made = goal(pair, reality="I ask on", measure="wait_1_median_ms", direction="up")
    now = utc_now()
    with stopped_at(now + timedelta(minutes=1)):
        edit_goal(pair.session, pair.priya, made.id, GoalText("Wait three seconds", reality="I ask on"))
    with stopped_at(now + timedelta(minutes=2)):
        edit_goal(pair.session, pair.ada, made.id, GoalText("Wait three seconds", reality="I count"))
    with stopped_at(now + timedelta(minutes=3)):
        edit_goal(pair.session, pair.ada, made.id, text_of(made))  # nothing changed
    pair.session.flush()
    found = [(version.before, name) for version, name in versions_of_goal(pair.session, pair.ada, made.id)]
    assert found == [
        ({"reality": "I ask on"}, "Ada Teacher"),
        ({"title": "Wait longer", "measure": "wait_1_median_ms", "direction": "up"}, "Priya Coach"),
    ]
    by_goal = versions_of_goals(pair.session, pair.priya)
    assert [version.before for version, _ in by_goal[made.id]] == [before for before, _ in found]
    assert versions_of_goals(pair.session, pair.otto) == {}


def test_two_who_edit_at_once_keep_both_parts_and_the_later_of_one_part_is_shown_the_other(pair: Pair) -> None:
    made = goal(pair)
    seen = version_of_goal(made)
    edit_goal(pair.session, pair.priya, made.id, GoalText("Wait longer", reality="I ask on"), seen)
    edit_goal(pair.session, pair.ada, made.id, GoalText("Wait longer", will="I count"), seen)
    assert (made.reality, made.will) == ("I ask on", "I count")
    with pytest.raises(EditedMeanwhile, match="I ask on") as refused:
        edit_goal(pair.session, pair.ada, made.id, GoalText("Wait longer", reality="I repeat"), seen)
    assert refused.value.fields == ("reality",)


def test_two_who_choose_a_measure_at_once_get_no_mixture_of_both(pair: Pair) -> None:
    made = goal(pair)
    seen = version_of_goal(made)
    edit_goal(pair.session, pair.priya, made.id, GoalText("Wait longer", measure="pupil_ms", direction="up"), seen)
    with pytest.raises(EditedMeanwhile):
        edit_goal(pair.session, pair.ada, made.id, GoalText("Wait", measure="turn_changes", direction="down"), seen)


def test_nobody_else_reads_or_edits_it_and_after_the_end_nobody_edits_it(pair: Pair) -> None:
    made = goal(pair)
    with pytest.raises(NotFound):
        get_goal(pair.session, pair.otto, made.id)
    for person, error in ((pair.otto, NotFound), (pair.priya, PartnershipOver), (pair.ada, PartnershipOver)):
        if error is PartnershipOver:
            pair.end()
        with pytest.raises(error):
            edit_goal(pair.session, person, made.id, GoalText("Mine"))
        with pytest.raises(error):
            close_goal(pair.session, person, made.id)
    assert get_goal(pair.session, pair.priya, made.id).title == "Wait longer"


def test_in_one_line_of_management_the_goal_is_the_coachees_to_read_and_nobodys_to_change(pair: Pair) -> None:
    made = goal(pair)
    pair.put_in_line()
    with pytest.raises(NotFound):
        get_goal(pair.session, pair.priya, made.id)
    assert get_goal(pair.session, pair.ada, made.id).id == made.id
    with pytest.raises(PartnershipSuspended):
        edit_goal(pair.session, pair.ada, made.id, GoalText("Mine"))


@pytest.mark.parametrize(
    ("kind", "by_coach", "flagged"),
    [("coaching", True, True), ("coaching", False, False), ("mentoring", True, False), ("mentoring", False, False)],
)
def test_only_a_coaching_goal_that_the_coach_wrote_is_flagged(
    pair: Pair, kind: str, *, by_coach: bool, flagged: bool
) -> None:
    pair.partnership.kind = kind
    made = set_goal(pair.session, pair.priya if by_coach else pair.ada, pair.partnership.id, GoalText("Wait longer"))
    assert set_by_the_coach(made, pair.partnership) == flagged


def test_active_goals_stand_first_in_the_order_in_which_they_were_set(pair: Pair) -> None:
    now, made = utc_now(), []
    for number in range(3):
        with stopped_at(now + timedelta(minutes=number)):
            made.append(goal(pair, f"Goal {number}"))
    close_goal(pair.session, pair.ada, made[0].id)
    pair.session.flush()
    assert [one.title for one in goals_of(pair.session, pair.priya)] == ["Goal 1", "Goal 2", "Goal 0"]
    assert goals_of(pair.session, pair.priya, []) == []
    assert goals_of(pair.session, pair.otto, [pair.partnership.id]) == []
