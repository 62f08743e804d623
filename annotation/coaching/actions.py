"""Actions: one thing to do, with a due date and a done flag, attached to a session, a goal, or both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import written_together
from annotation.access.states import get_active_partnership
from annotation.people.people import clean_name
from core.clock import utc_now
from core.database.insert import pressed_before
from core.errors import InvalidInput, NotFound
from core.models import Action, CoachingSession, Goal, Partnership, Person
from core.school_day import iso_day

LENGTH = 500


def add_action(
    session: Session,
    person: Person,
    partnership_id: str,
    what: str,
    by: date | None = None,
    *,
    goal_id: str | None = None,
) -> Action:
    """Write down one thing to do; either of the two may. Sent twice at the same moment it is there once."""
    get_active_partnership(session, person, partnership_id, lock=True)
    _check_goal(session, partnership_id, goal_id)
    made = Action(partnership_id=partnership_id, goal_id=goal_id or None, by=by, created_at=utc_now())
    made.what = clean_name(what, "one thing to do", LENGTH)
    same = (Action.what == made.what, Action.by == by, Action.goal_id == made.goal_id, Action.session_id.is_(None))
    its = (Action.partnership_id == partnership_id, Action.done_at.is_(None), *same)
    if (there := pressed_before(session, Action, Action.created_at, *its)) is not None:
        return there
    session.add(made)
    session.flush()
    return made


def set_done(session: Session, person: Person, action_id: str, *, done: bool) -> Action:
    """Tick an action, or undo that, while its partnership is active."""
    action = session.get(Action, action_id)
    if action is None:
        raise NotFound
    get_active_partnership(session, person, action.partnership_id)
    action.done_at = (action.done_at or utc_now()) if done else None
    return action


def action_of(session: Session, meeting: CoachingSession) -> Action | None:
    """Return the one action of a session."""
    return actions_of_sessions(session, [meeting]).get(meeting.id)


def actions_of_sessions(session: Session, meetings: Sequence[CoachingSession]) -> dict[str, Action]:
    """Return the one action of each of some sessions that has one, by the id of the session."""
    theirs = select(Action).where(Action.session_id.in_([one.id for one in meetings]))
    return {one.session_id: one for one in session.scalars(theirs) if one.session_id is not None}


def action_fields(action: Action | None) -> dict[str, str]:
    """Return what the one action of a session says, as what two people may change at once; empty without one."""
    if action is None:
        return {"what": "", "by": "", "goal_id": ""}
    by = "" if action.by is None else iso_day(action.by)
    return {"what": action.what, "by": by, "goal_id": action.goal_id or ""}


def write_action(
    session: Session, meeting: CoachingSession, what: str, by: date | None, goal_id: str | None = None
) -> Action | None:
    """Write, rewrite or (empty) remove the one action of a session; who may is the session's to decide."""
    if len(what) > LENGTH:
        raise InvalidInput(why=f"Please keep the action under {LENGTH} characters.", fields=("what", "action"))
    action = action_of(session, meeting)
    if not what.strip():
        if action is not None:
            session.delete(action)
            session.flush()
        return None
    _check_goal(session, meeting.partnership_id, goal_id)
    if action is None:
        action = Action(partnership_id=meeting.partnership_id, session_id=meeting.id, created_at=utc_now())
        session.add(action)
    action.what, action.by = what.strip(), by
    action.goal_id = goal_id or action.goal_id
    session.flush()
    return action


def actions_of(
    session: Session,
    person: Person,
    partnership_id: str | None = None,
    goal_id: str | None = None,
    *,
    only_to_do: bool = False,
) -> Sequence[Action]:
    """Return the actions of a person's partnerships that are open to her: those to do first, then the newest."""
    mine = select(Action).join(Partnership, Partnership.id == Action.partnership_id).where(written_together(person))
    if partnership_id is not None:
        mine = mine.where(Action.partnership_id == partnership_id)
    if goal_id is not None:
        mine = mine.where(Action.goal_id == goal_id)
    if only_to_do:
        mine = mine.where(Action.done_at.is_(None))
    return session.scalars(mine.order_by(Action.done_at.is_not(None), Action.created_at.desc(), Action.id)).all()


def _check_goal(session: Session, partnership_id: str, goal_id: str | None) -> None:
    goal = session.get(Goal, goal_id) if goal_id else None
    if goal_id and (goal is None or goal.partnership_id != partnership_id):
        raise NotFound
