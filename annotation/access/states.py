"""States of a partnership, asked at each act: asked, active, suspended, ended.

A partnership is suspended when its row says so, and as soon as a line of management has come between its two people,
whatever its row says. What is done in a partnership is done while it is active.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from annotation.access.line_management import in_one_line, is_in_one_line
from annotation.access.locks import lock_row
from annotation.errors import PartnershipOver, PartnershipSuspended, WalkStopped
from core.errors import NotFound
from core.models import Partnership, Person, Walk


@cache
def line_between() -> ColumnElement[bool]:
    """Condition on a Partnership: one of its two people manages the other now.

    It is made once: it stands in most queries, several times in some, and making it took a third of the home page.
    """
    return in_one_line(Partnership.coach_id, Partnership.coachee_id)


def active_now() -> ColumnElement[bool]:
    """Condition on a Partnership: it is active, and no line of management has come between its two people."""
    return and_(Partnership.state == "active", ~line_between())


def suspended_now() -> ColumnElement[bool]:
    """Condition on a Partnership: it is suspended, by its row or by the staff list."""
    return or_(Partnership.state == "suspended", and_(Partnership.state == "active", line_between()))


def suspended_now_or_at_end() -> ColumnElement[bool]:
    """Condition on a Partnership: it is suspended, or was when it ended."""
    return or_(suspended_now(), and_(Partnership.state == "ended", Partnership.suspended_at.is_not(None)))


def closed_to_coach() -> ColumnElement[bool]:
    """Condition on a Partnership: what its two wrote together is closed to the coach.

    So it is while suspended, and after the end where it ended suspended or where he has become her manager since.
    """
    return or_(suspended_now_or_at_end(), and_(Partnership.state == "ended", line_between()))


def state_of(session: Session, partnership: Partnership) -> str:
    """Return the state of a partnership now: asked, active, suspended or ended."""
    if partnership.state == "active" and is_in_one_line(session, partnership.coach_id, partnership.coachee_id):
        return "suspended"
    return partnership.state


def states_of(session: Session, rows: Iterable[Partnership]) -> dict[str, str]:
    """Return the state of each of some partnerships now, by id, in one query."""
    states = {one.id: one.state for one in rows}
    late = select(Partnership.id).where(Partnership.id.in_(states), suspended_now())
    return states | dict.fromkeys(session.scalars(late), "suspended")


def is_active(session: Session, partnership: Partnership) -> bool:
    """Tell whether a partnership is active now: only then is anything open, said or shared in it."""
    return state_of(session, partnership) == "active"


def require_active(session: Session, partnership: Partnership) -> None:
    """Raise PartnershipOver or PartnershipSuspended unless a partnership is active now."""
    state = state_of(session, partnership)
    if state == "suspended":
        raise PartnershipSuspended
    if state != "active":
        raise PartnershipOver


def refuse_suspended(session: Session, partnership: Partnership) -> None:
    """Raise PartnershipSuspended while a line of management is between the two of a partnership, also after its end."""
    if session.scalar(select(Partnership.id).where(Partnership.id == partnership.id, closed_to_coach())):
        raise PartnershipSuspended


def get_active_partnership(session: Session, person: Person, partnership_id: str, *, lock: bool = False) -> Partnership:
    """Return a partnership of this person's that is active; raises NotFound, PartnershipOver or PartnershipSuspended.

    `lock` keeps others from changing the row until the end (PostgreSQL; SQLite has one writer).
    """
    partnership = lock_row(session, Partnership, partnership_id) if lock else session.get(Partnership, partnership_id)
    if partnership is None or person.id not in (partnership.coach_id, partnership.coachee_id):
        raise NotFound
    require_active(session, partnership)
    return partnership


def walk_goes_on(session: Session, walk: Walk) -> bool:
    """Tell whether no line of management has come between the two people of a learning walk."""
    return not is_in_one_line(session, walk.observer_id, walk.observed_id)


def require_walk_goes_on(session: Session, walk: Walk) -> None:
    """Raise WalkStopped when a line of management has come between the two people of a learning walk."""
    if not walk_goes_on(session, walk):
        raise WalkStopped
