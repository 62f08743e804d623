"""Goals of a partnership with their GROW fields; both people edit them, and each goal says who set it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import goals_seen_by, require_see, written_together
from annotation.access.states import get_active_partnership
from annotation.errors import TooManyGoals
from annotation.people.people import clean_name
from core.clock import utc_now
from core.database.insert import pressed_before
from core.errors import InvalidInput
from core.models import Goal, GoalVersion, Partnership, Person
from core.text.concurrent_edits import merge_edit, version_of

MOST_ACTIVE = 3
TITLE_LENGTH = 300
FIELD_LENGTH = 4000
MEASURES = {
    "teacher_share_of_talk": "teacher talk",
    "pupil_ms": "pupil talk",
    "wait_1_median_ms": "wait after a question",
    "wait_2_median_ms": "wait after an answer",
    "longest_teacher_stretch_ms": "longest stretch of teacher talk",
    "turn_changes": "changes of who speaks",
}


@dataclass(frozen=True, slots=True)
class GoalText:
    """What a goal says, before it is checked."""

    title: str
    reality: str = ""
    options: str = ""
    will: str = ""
    measure: str = ""
    direction: str = ""


def _checked(text: GoalText) -> GoalText:
    parts = {"reality": text.reality, "options": text.options, "will": text.will}
    too_long = tuple(name for name, part in parts.items() if len(part) > FIELD_LENGTH)
    if too_long:
        raise InvalidInput(why=f"Please keep each part of a goal under {FIELD_LENGTH} characters.", fields=too_long)
    if text.measure and text.measure not in MEASURES:
        raise InvalidInput(why="Please choose one of the measures, or none.", fields=("measure",))
    if text.direction not in ("", "up", "down") or bool(text.measure) != bool(text.direction):
        raise InvalidInput(why="A measure needs a direction: should it go up or down?", fields=("direction",))
    title = clean_name(text.title, "the goal in one line", TITLE_LENGTH)
    return GoalText(title, text.reality.strip(), text.options.strip(), text.will.strip(), text.measure, text.direction)


def text_of(goal: Goal) -> GoalText:
    """Return what a goal says now."""
    return GoalText(goal.title, goal.reality, goal.options, goal.will, goal.measure, goal.direction)


def version_of_goal(goal: Goal) -> str:
    """Return the version of what a goal says now, which whoever changes it sends back."""
    return version_of(asdict(text_of(goal)))


def _put(goal: Goal, text: GoalText) -> None:
    goal.title, goal.reality, goal.options, goal.will = text.title, text.reality, text.options, text.will
    goal.measure, goal.direction = text.measure, text.direction


def set_goal(session: Session, person: Person, partnership_id: str, text: GoalText) -> Goal:
    """Write a new goal, once if it is sent twice; raises TooManyGoals when three are active."""
    # The row is locked, so that two goals at once cannot both be the third (PostgreSQL; SQLite has one writer).
    get_active_partnership(session, person, partnership_id, lock=True)
    text = _checked(text)
    its = (Goal.partnership_id == partnership_id, Goal.set_by_id == person.id, Goal.title == text.title)
    there = pressed_before(session, Goal, Goal.created_at, *its, Goal.closed_at.is_(None))
    if there is not None and text_of(there) == text:
        return there
    slot = _free_slot(session, partnership_id)
    goal = Goal(partnership_id=partnership_id, set_by_id=person.id, created_at=utc_now(), slot=slot)
    _put(goal, text)
    session.add(goal)
    session.flush()
    return goal


def _free_slot(session: Session, partnership_id: str) -> int:
    active = select(Goal.slot).where(Goal.partnership_id == partnership_id, Goal.closed_at.is_(None))
    taken = session.scalars(active).all()
    if len(taken) >= MOST_ACTIVE:
        raise TooManyGoals
    return next(slot for slot in range(1, MOST_ACTIVE + 1) if slot not in taken)


def get_goal(session: Session, person: Person, goal_id: str) -> Goal:
    """Return a goal of one of this person's partnerships; raises NotFound."""
    return require_see(session, person, session.get(Goal, goal_id))


def _get_to_change(session: Session, person: Person, goal_id: str) -> Goal:
    """Return a goal as it is now, for one of the two to change it; the partnership is locked with it."""
    goal = get_goal(session, person, goal_id)
    get_active_partnership(session, person, goal.partnership_id, lock=True)
    return require_see(session, person, lock_row(session, Goal, goal_id))


def edit_goal(session: Session, person: Person, goal_id: str, text: GoalText, seen: str = "") -> Goal:
    """Rewrite a goal; either of the two may, and what it said before is kept.

    `seen` is the version that was rewritten; raises EditedMeanwhile where the other has changed the same words since.
    """
    goal = _get_to_change(session, person, goal_id)
    before = asdict(text_of(goal))
    after = asdict(_checked(GoalText(**merge_edit(seen, before, asdict(_checked(text))))))
    changed = {name: value for name, value in before.items() if after[name] != value}
    if changed:
        now = utc_now()
        session.add(GoalVersion(goal_id=goal.id, changed_by_id=person.id, changed_at=now, before=changed))
        _put(goal, GoalText(**after))
    return goal


def versions_of_goal(session: Session, person: Person, goal_id: str) -> list[tuple[GoalVersion, str]]:
    """Return what a goal said before, newest change first, and who changed it."""
    goal = get_goal(session, person, goal_id)
    rows = select(GoalVersion, Person.name).join(Person, Person.id == GoalVersion.changed_by_id)
    ordered = rows.where(GoalVersion.goal_id == goal.id).order_by(GoalVersion.changed_at.desc())
    return [(row[0], row[1]) for row in session.execute(ordered)]


def versions_of_goals(session: Session, person: Person) -> dict[str, list[tuple[GoalVersion, str]]]:
    """Return what each goal of a person's partnerships said before, as `versions_of_goal` does, by the goal's id."""
    found: dict[str, list[tuple[GoalVersion, str]]] = {}
    rows = select(GoalVersion, Person.name).join(Person, Person.id == GoalVersion.changed_by_id)
    hers = rows.join(Goal, Goal.id == GoalVersion.goal_id).where(goals_seen_by(person))
    for version, name in session.execute(hers.order_by(GoalVersion.changed_at.desc())):
        found.setdefault(version.goal_id, []).append((version, name))
    return found


def close_goal(session: Session, person: Person, goal_id: str, outcome: str = "") -> Goal:
    """Put a goal aside, with what changed in one's own words; its comments stay.

    Where the other of the two has just put it aside, what both wrote stays.
    """
    goal = _get_to_change(session, person, goal_id)
    outcome = outcome.strip()
    if goal.closed_at is not None and goal.outcome and outcome not in ("", goal.outcome):
        outcome = f"{goal.outcome}\n\n{outcome}"
    if len(outcome) > FIELD_LENGTH:
        raise InvalidInput(why=f"Please keep what changed under {FIELD_LENGTH} characters.")
    goal.closed_at, goal.slot = goal.closed_at or utc_now(), None
    goal.outcome = outcome or goal.outcome
    return goal


def reopen_goal(session: Session, person: Person, goal_id: str) -> Goal:
    """Undo that; raises TooManyGoals when three others are active."""
    goal = _get_to_change(session, person, goal_id)
    if goal.closed_at is not None:
        goal.closed_at, goal.slot = None, _free_slot(session, goal.partnership_id)
    return goal


def set_by_the_coach(goal: Goal, partnership: Partnership) -> bool:
    """Tell whether a coaching goal was written by the coach, which both are told, kindly."""
    return partnership.kind == "coaching" and goal.set_by_id == partnership.coach_id


def goals_of(session: Session, person: Person, partnership_ids: Sequence[str] | None = None) -> Sequence[Goal]:
    """Return the goals that a person may see, active ones first, of all or some partnerships."""
    mine = select(Goal).join(Partnership, Partnership.id == Goal.partnership_id).where(written_together(person))
    if partnership_ids is not None:
        mine = mine.where(Goal.partnership_id.in_(partnership_ids))
    return session.scalars(mine.order_by(Goal.closed_at.is_not(None), Goal.created_at, Goal.id)).all()
