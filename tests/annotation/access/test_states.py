"""The states of a partnership at each act: the staff list counts at once, whatever the row says."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.states import (
    active_now,
    closed_to_coach,
    get_active_partnership,
    is_active,
    refuse_suspended,
    require_active,
    require_walk_goes_on,
    state_of,
    states_of,
    suspended_now,
    suspended_now_or_at_end,
    walk_goes_on,
)
from annotation.errors import PartnershipOver, PartnershipSuspended, WalkStopped
from core.clock import utc_now
from core.errors import NotFound
from core.models import Partnership, Walk
from tests.support.factories import START, Pair

STATES = ("asked", "active", "suspended", "ended")


def holding(session: Session, partnership: Partnership) -> set[str]:
    """Return which of the conditions hold for a partnership."""
    conditions = {
        "active": active_now(),
        "suspended": suspended_now(),
        "suspended or at end": suspended_now_or_at_end(),
        "closed to coach": closed_to_coach(),
    }
    its = select(Partnership.id).where(Partnership.id == partnership.id)
    return {name for name, condition in conditions.items() if session.scalar(its.where(condition))}


@pytest.mark.parametrize(
    ("state", "in_line", "was_suspended", "now", "conditions"),
    [
        ("active", False, False, "active", {"active"}),
        ("active", True, False, "suspended", {"suspended", "suspended or at end", "closed to coach"}),
        ("suspended", False, True, "suspended", {"suspended", "suspended or at end", "closed to coach"}),
        ("suspended", True, True, "suspended", {"suspended", "suspended or at end", "closed to coach"}),
        ("ended", False, False, "ended", set()),
        ("ended", True, False, "ended", {"closed to coach"}),
        ("ended", False, True, "ended", {"suspended or at end", "closed to coach"}),
        ("asked", False, False, "asked", set()),
        ("asked", True, False, "asked", set()),
    ],
)
def test_the_state_of_a_partnership_is_that_of_its_row_and_of_the_staff_list(
    pair: Pair, state: str, in_line: bool, was_suspended: bool, now: str, conditions: set[str]
) -> None:
    if in_line:
        pair.put_in_line()
    pair.partnership.suspended_at = utc_now() if was_suspended else None
    pair.end(state)
    session, partnership = pair.session, pair.partnership
    assert state_of(session, partnership) == now
    assert states_of(session, [partnership]) == {partnership.id: now}
    assert is_active(session, partnership) == (now == "active")
    assert holding(session, partnership) == conditions


@pytest.mark.parametrize("turned", [False, True])
def test_a_line_suspends_in_both_directions_and_at_any_distance(pair: Pair, turned: bool) -> None:
    above, below = (pair.priya, pair.ada) if turned else (pair.ada, pair.priya)
    pair.otto.manager_id, below.manager_id = above.id, pair.otto.id
    pair.session.flush()
    assert state_of(pair.session, pair.partnership) == "suspended"
    assert holding(pair.session, pair.partnership) == {"suspended", "suspended or at end", "closed to coach"}


@pytest.mark.parametrize("state", STATES)
def test_what_asks_for_an_active_one_says_which_it_is_instead(pair: Pair, state: str) -> None:
    pair.end(state)
    if state == "active":
        require_active(pair.session, pair.partnership)
        assert get_active_partnership(pair.session, pair.ada, pair.partnership.id) is pair.partnership
        return
    with pytest.raises(PartnershipOver) as refused:
        require_active(pair.session, pair.partnership)
    assert isinstance(refused.value, PartnershipSuspended) == (state == "suspended")
    for lock in (False, True):
        with pytest.raises(type(refused.value)):
            get_active_partnership(pair.session, pair.priya, pair.partnership.id, lock=lock)


def test_somebody_elses_partnership_looks_as_if_it_were_not_there(pair: Pair) -> None:
    for person, partnership_id in ((pair.otto, pair.partnership.id), (pair.ada, "nothing")):
        for lock in (False, True):
            with pytest.raises(NotFound):
                get_active_partnership(pair.session, person, partnership_id, lock=lock)


def test_what_is_closed_to_the_coach_is_refused_also_after_the_end(pair: Pair) -> None:
    refuse_suspended(pair.session, pair.partnership)
    pair.end()
    refuse_suspended(pair.session, pair.partnership)
    pair.put_in_line()
    with pytest.raises(PartnershipSuspended):
        refuse_suspended(pair.session, pair.partnership)


def test_a_walk_goes_on_until_a_line_of_management_comes_between_its_two(pair: Pair) -> None:
    walk = Walk(observer_id=pair.otto.id, observed_id=pair.ada.id, title="Visit", began_at=START)
    assert walk_goes_on(pair.session, walk)
    require_walk_goes_on(pair.session, walk)
    pair.put_in_line()  # Priya's line is no matter
    require_walk_goes_on(pair.session, walk)
    pair.otto.manager_id = pair.ada.id
    pair.session.flush()
    assert not walk_goes_on(pair.session, walk)
    with pytest.raises(WalkStopped):
        require_walk_goes_on(pair.session, walk)
