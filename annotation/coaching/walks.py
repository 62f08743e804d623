"""Learning walks: short lesson visits with descriptive notes that the visited teacher can read and answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from annotation.access.line_management import refuse_line
from annotation.access.locks import lock_row, lock_staff_list
from annotation.access.reading import answers_open, is_coachee, is_observed, other_of_walk, require_see
from annotation.access.states import require_walk_goes_on
from annotation.access.writing import require_change
from annotation.coaching.goals import GoalText, set_goal
from annotation.errors import SentBefore
from annotation.people.people import clean_name
from core.allowances import count_use
from core.clock import utc_now
from core.database.insert import insert_or_find
from core.errors import InvalidInput, NotFound
from core.models import Goal, Lesson, Partnership, Person, StoredFile, Walk, WalkNote
from core.pipeline.steps import add_first_step
from core.school_day import SchoolDay
from core.text.concurrent_edits import require_version

MINUTES = 10
TITLE_LENGTH, NOTE_LENGTH, ANSWER_LENGTH, MOST_NOTES = 200, 1000, 4000, 200
DRAFT_LENGTH = 40


def begin_walk(session: Session, observer: Person, observed_id: str, title: str) -> Walk:
    """Begin a visit, or go on with one that is not saved yet; refused within one management line, as coaching is."""
    observed = session.get(Person, observed_id)
    if observed is None or observed.deactivated_at is not None or observed.joined_at is None:
        raise NotFound
    if observed.id == observer.id:
        raise InvalidInput(why="Please choose the colleague whom you visit.", fields=("observed_id",))
    lock_staff_list(session)
    refuse_line(session, observer, observed)
    name = clean_name(title, "what you see, such as Year 9 fractions", TITLE_LENGTH)
    made = Walk(observer_id=observer.id, observed_id=observed.id, title=name, began_at=utc_now())
    there = select(Walk).filter_by(observer_id=observer.id, observed_id=observed.id, title=name, saved_at=None)
    return insert_or_find(session, made, lambda: session.scalar(there))[0]


def get_walk(session: Session, person: Person, walk_id: str) -> Walk:
    """Return a visit that this person may see; raises NotFound."""
    return require_see(session, person, session.get(Walk, walk_id))


def get_open_walk(session: Session, person: Person, walk_id: str) -> Walk:
    """Return a visit that this person still writes; raises NotFound, or WalkStopped within one management line."""
    walk = get_unsaved_walk(session, person, walk_id)
    require_walk_goes_on(session, walk)
    return walk


def get_unsaved_walk(session: Session, person: Person, walk_id: str) -> Walk:
    """Return a visit of this person's that is not saved, to take something of it away; raises NotFound."""
    return require_change(session, person, lock_row(session, Walk, walk_id))


def save_note(session: Session, person: Person, walk_id: str, at_ms: int, text: str, draft_id: str) -> WalkNote:
    """Write what is noticed at a moment; a draft sent twice is kept once. Raises SentBefore for other words."""
    walk = get_open_walk(session, person, walk_id)
    if not text.strip() or len(text) > NOTE_LENGTH or at_ms < 0 or not 0 < len(draft_id) <= DRAFT_LENGTH:
        raise InvalidInput(why=f"Please write what you notice, in at most {NOTE_LENGTH} characters.")
    draft = f"{walk.id}:{draft_id}"
    known = session.scalar(select(WalkNote).where(WalkNote.draft_id == draft))
    if known is not None:
        if known.text != text.strip():
            raise SentBefore
        return known
    if len(notes_of(session, walk)) >= MOST_NOTES:
        raise InvalidInput(why=f"{MOST_NOTES} notes are enough for one visit.")
    made = WalkNote(walk_id=walk.id, draft_id=draft, at_ms=at_ms, text=text.strip())
    session.add(made)
    session.flush()
    return made


def drop_note(session: Session, person: Person, walk_id: str, note_id: str) -> None:
    """Take a note away before the visit is saved."""
    walk = get_unsaved_walk(session, person, walk_id)
    session.execute(delete(WalkNote).where(WalkNote.id == note_id, WalkNote.walk_id == walk.id))


def notes_of(session: Session, walk: Walk) -> Sequence[WalkNote]:
    """Return the notes of a visit in order."""
    return notes_of_walks(session, [walk])[walk.id]


def notes_of_walks(session: Session, walks: Sequence[Walk]) -> dict[str, list[WalkNote]]:
    """Return the notes of each of some visits in order, by the id of the visit."""
    found: dict[str, list[WalkNote]] = {one.id: [] for one in walks}
    theirs = select(WalkNote).where(WalkNote.walk_id.in_(found)).order_by(WalkNote.at_ms, WalkNote.id)
    for note in session.scalars(theirs):
        found[note.walk_id].append(note)
    return found


def save_walk_sound(
    session: Session, person: Person, walk_id: str, lesson_id: str, key: str, *, mime: str, size: int, sha256: str
) -> Lesson | None:
    """Make a lesson of the sound of a visit. It belongs to the visited teacher; the observer does not hear it again.

    Returns None when this very sound was saved before: its answer was lost on the way, and it was sent again.
    """
    walk = get_open_walk(session, person, walk_id)
    if walk.lesson_id is not None:
        its = select(StoredFile.sha256).where(StoredFile.lesson_id == walk.lesson_id, StoredFile.kind == "original")
        if session.scalar(its) == sha256:
            return None
        raise InvalidInput(why="The sound of this visit has already been saved.")
    count_use(session, person.id, "walk_sound")
    lesson = Lesson(id=lesson_id, owner_id=walk.observed_id, title=walk.title, created_at=utc_now())
    lesson.taught_on = SchoolDay.of(walk.began_at)
    session.add(lesson)
    session.flush()
    file = StoredFile(lesson_id=lesson.id, kind="original", key=key, mime=mime, bytes=size, sha256=sha256, info={})
    file.name, file.created_at = "learning walk", utc_now()
    session.add(file)
    add_first_step(session, lesson.id)
    walk.lesson_id = lesson.id
    session.flush()
    return lesson


def save_walk(session: Session, person: Person, walk_id: str) -> Walk:
    """Save a visit: from now on the visited teacher reads it, and it stands as it is."""
    walk = get_open_walk(session, person, walk_id)
    if not notes_of(session, walk):
        raise InvalidInput(why="Please write at least one thing that you noticed.")
    walk.saved_at = utc_now()
    return walk


def discard_walk(session: Session, person: Person, walk_id: str) -> None:
    """Throw a visit away that was not saved."""
    session.delete(get_unsaved_walk(session, person, walk_id))


def answer_walk(session: Session, person: Person, walk_id: str, text: str, seen: str = "") -> Walk:
    """Let the visited teacher say what she thinks about it; raises WalkStopped within one management line.

    `seen` is the version that she changed; raises EditedMeanwhile where she has written another one elsewhere since.
    """
    walk = require_see(session, person, lock_row(session, Walk, walk_id))
    if not is_observed(walk, person):
        raise NotFound
    require_walk_goes_on(session, walk)
    if len(text) > ANSWER_LENGTH:
        raise InvalidInput(why=f"Please keep your answer under {ANSWER_LENGTH} characters.")
    require_version(seen, walk.answer, text)
    walk.answer, walk.answered_at = text.strip(), utc_now()
    return walk


def answers_seen_by(session: Session, person: Person, walks: Sequence[Walk]) -> dict[str, str]:
    """Return the answer to each visit as far as this person may read it, by its id; empty where there is none."""
    is_open = answers_open(session, walks, person)
    return {one.id: one.answer if one.id in is_open else "" for one in walks}


def goal_of_walk(session: Session, person: Person, walk_id: str, partnership_id: str, title: str) -> Goal:
    """Turn what a visit showed into a goal of one's own, with a coach."""
    walk = get_walk(session, person, walk_id)
    partnership = session.get(Partnership, partnership_id)
    if not is_observed(walk, person) or partnership is None or not is_coachee(partnership, person):
        raise NotFound
    goal = set_goal(session, person, partnership_id, GoalText(title=title))
    walk.goal_id = goal.id
    return goal


def walks_of(session: Session, person: Person) -> list[tuple[Walk, str]]:
    """Return a person's visits and the saved visits to her, newest first, with the other's name."""
    mine = or_(Walk.observer_id == person.id, (Walk.observed_id == person.id) & Walk.saved_at.is_not(None))
    found = session.scalars(select(Walk).where(mine).order_by(Walk.began_at.desc(), Walk.id)).all()
    others = {other_of_walk(one, person) for one in found}
    names = {row.id: row.name for row in session.scalars(select(Person).where(Person.id.in_(others)))}
    return [(one, names[other_of_walk(one, person)]) for one in found]
