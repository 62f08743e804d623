"""A person's lessons: list, rename, delete, restore, and the progress of their analysis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from annotation.access.reading import lessons_near, lessons_seen_by, live_share, require_see, shared_with
from annotation.access.writing import require_change
from annotation.errors import TitleDiffers
from annotation.lessons.undo import UNDO_LESSON, require_recent
from annotation.people.people import clean_name
from core.clock import utc_now
from core.database.erasures import record_erasure
from core.database.events import record_event
from core.database.insert import insert_or_find
from core.errors import InvalidInput, NotFound
from core.models import Comment, Erasure, Lesson, Partnership, Person, Place, Share, Step, StoredFile, Upload
from core.pipeline.stages import STAGES
from core.pipeline.steps import start_again, stop_steps

TITLE_LENGTH = 200
CLASS_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Stage:
    """All steps of one stage of a lesson taken together; `progress` is 0..1."""

    stage: str
    state: str
    progress: float
    error_code: str
    error_sentence: str


def get_lesson(session: Session, person: Person, lesson_id: str) -> Lesson:
    """Return a lesson that this person may see; raises NotFound."""
    return require_see(session, person, session.get(Lesson, lesson_id))


def get_own_lesson(session: Session, person: Person, lesson_id: str) -> Lesson:
    """Return a lesson of one's own that is not deleted; raises NotFound."""
    lesson = require_change(session, person, session.get(Lesson, lesson_id))
    if lesson.deleted_at is not None:
        raise NotFound
    return lesson


def list_own(session: Session, person: Person, most: int | None = None) -> Sequence[Lesson]:
    """Return a person's own lessons, newest first; a coach's recorded conversations are not among them."""
    return session.scalars(_taught(person).order_by(Lesson.created_at.desc(), Lesson.id).limit(most)).all()


def list_leaving(session: Session, person: Person) -> Sequence[Lesson]:
    """Return a person's own lessons of which she was told that something goes, and it has not gone yet."""
    film = and_(Lesson.media_warned_at.is_not(None), Lesson.media_gone_at.is_(None))
    words = and_(Lesson.words_warned_at.is_not(None), Lesson.words_gone_at.is_(None))
    return session.scalars(_taught(person).where(or_(film, words)).order_by(Lesson.created_at, Lesson.id)).all()


def _taught(person: Person) -> Select[Lesson]:
    mine = select(Lesson).where(Lesson.owner_id == person.id, Lesson.deleted_at.is_(None))
    return mine.where(Lesson.conversation_id.is_(None))


def lessons_with(session: Session, person: Person, partnership_id: str) -> Sequence[Lesson]:
    """Return the lessons that are open to one partnership of a person now, newest first."""
    rows = (
        select(Lesson)
        .join(Share, Share.lesson_id == Lesson.id)
        .join(Partnership, Partnership.id == Share.partnership_id)
        .where(live_share(), lessons_seen_by(person), Partnership.id == partnership_id)
    )
    return session.scalars(rows.order_by(Lesson.created_at.desc(), Lesson.id)).all()


def list_everything_own(session: Session, person: Person) -> Sequence[Lesson]:
    """Return all of a person's lessons, oldest first: conversations and deleted ones too."""
    mine = select(Lesson).where(Lesson.owner_id == person.id)
    return session.scalars(mine.order_by(Lesson.created_at, Lesson.id)).all()


def list_deleted(session: Session, person: Person) -> Sequence[Lesson]:
    """Return a person's own lessons that can still be brought back."""
    mine = select(Lesson).where(Lesson.owner_id == person.id, Lesson.deleted_at.is_not(None))
    return session.scalars(mine.order_by(Lesson.deleted_at.desc())).all()


def list_shared(session: Session, person: Person, most: int | None = None) -> Sequence[tuple[Lesson, str]]:
    """Return the lessons that others share with a person now, newest first, with their owners' names."""
    rows = select(Lesson, Person.name).join(Person, Person.id == Lesson.owner_id)
    rows = rows.where(lessons_near(person), shared_with(person))
    ordered = rows.order_by(Lesson.created_at.desc(), Lesson.id).limit(most)
    return [(row[0], row[1]) for row in session.execute(ordered)]


def files_of(session: Session, lesson_ids: Iterable[str]) -> dict[str, dict[str, StoredFile]]:
    """Return each lesson's files by kind; the newest of a kind wins."""
    found: dict[str, dict[str, StoredFile]] = {}
    rows = session.scalars(
        select(StoredFile).where(StoredFile.lesson_id.in_(list(lesson_ids))).order_by(StoredFile.created_at)
    )
    for row in rows:
        found.setdefault(row.lesson_id, {})[row.kind] = row
    return found


def file_of(session: Session, lesson_id: str, kind: str) -> StoredFile | None:
    """Return the newest file of a kind of a lesson."""
    rows = select(StoredFile).where(StoredFile.lesson_id == lesson_id, StoredFile.kind == kind)
    return session.scalar(rows.order_by(StoredFile.created_at.desc()).limit(1))


def stages_of(session: Session, lesson_ids: Iterable[str]) -> dict[str, list[Stage]]:
    """Return how far the work on each lesson is, stage by stage in the order of the pipeline.

    That somebody speaks a comment is hers alone, so it is not among them.
    """
    steps: dict[str, dict[str, list[Any]]] = {}
    alike = (Step.lesson_id, Step.stage, Step.version, Step.state, Step.error_code, Step.error_sentence)
    counted = select(*alike, func.count().label("number"), func.sum(Step.progress).label("progress"))
    wanted = counted.where(Step.lesson_id.in_(list(lesson_ids)), Step.stage != "hear_comment").group_by(*alike)
    for step in session.execute(wanted):
        steps.setdefault(step.lesson_id, {}).setdefault(step.stage, []).append(step)
    return {
        lesson_id: sorted((_together(name, rows) for name, rows in by_stage.items()), key=_order)
        for lesson_id, by_stage in steps.items()
    }


def _order(stage: Stage) -> tuple[int, str]:
    return (list(STAGES).index(stage.stage), stage.stage)


def _together(name: str, steps: Sequence[Any]) -> Stage:
    """The newest version of a stage counts; it failed when one of its steps did, is done when all are.

    A row stands for all steps that are alike: `number` of them, `progress` is their sum.
    """
    newest = max(step.version for step in steps)
    steps = [step for step in steps if step.version == newest]
    states = {step.state for step in steps}
    loudest = [state for state in ("failed", "cancelled", "running") if state in states]
    if loudest:
        state: str = loudest[0]
    elif len(states) == 1:
        state = steps[0].state
    else:
        state = "running" if "done" in states else "ready"
    failed = next((step for step in steps if step.state == "failed"), None)
    done = sum(step.number if step.state == "done" else step.progress for step in steps)
    done /= sum(step.number for step in steps)
    code, sentence = (failed.error_code, failed.error_sentence) if failed else ("", "")
    return Stage(name, state, round(done, 4), code, sentence)


def remember_place(session: Session, person: Person, lesson: Lesson, at_ms: int) -> None:
    """Keep where a person is in a lesson that she may see, so that she goes on there on any device."""
    require_see(session, person, lesson)
    at_ms = min(at_ms, lesson.duration_ms or at_ms)
    made = Place(lesson_id=lesson.id, person_id=person.id, at_ms=at_ms, kept_at=utc_now())
    place, is_new = insert_or_find(session, made, lambda: session.get(Place, (lesson.id, person.id)))
    if not is_new:
        place.at_ms, place.kept_at = at_ms, utc_now()


def place_in(session: Session, person: Person, lesson: Lesson) -> int:
    """Return where a person stopped watching (ms); the beginning if she was at the end or never here."""
    place = session.get(Place, (lesson.id, person.id))
    if place is None or (lesson.duration_ms is not None and place.at_ms > lesson.duration_ms - 3000):
        return 0
    return place.at_ms


def rename_lesson(
    session: Session,
    person: Person,
    lesson_id: str,
    *,
    title: str | None = None,
    class_name: str | None = None,
    taught_on: date | None = None,
) -> Lesson:
    """Change what is given of a lesson's name, class and date."""
    lesson = get_own_lesson(session, person, lesson_id)
    if title is not None:
        lesson.title = clean_name(title, "a title", TITLE_LENGTH)
    if class_name is not None:
        lesson.class_name = clean_name(class_name, "a class", CLASS_LENGTH) if class_name.strip() else ""
    if taught_on is not None:
        if not 1950 <= taught_on.year <= 2100:
            raise InvalidInput(why="Please check the year of the lesson.")
        lesson.taught_on = taught_on
    record_event(session, lesson.id, "lesson")
    return lesson


def restart_work(session: Session, person: Person, lesson_id: str) -> int:
    """Start what failed or was stopped of one's own lesson again; return how many steps."""
    lesson = get_own_lesson(session, person, lesson_id)
    again = start_again(session, lesson.id)
    if again:
        lesson.failure_code = lesson.failure_sentence = ""
        record_event(session, lesson.id, "step")
    return again


def stop_work(session: Session, person: Person, lesson_id: str) -> int:
    """Stop the work on one's own lesson; what is done stays. Return how many steps that concerns."""
    lesson = get_own_lesson(session, person, lesson_id)
    stopped = stop_steps(session, lesson.id)
    if stopped:
        record_event(session, lesson.id, "step")
    return stopped


def delete_lesson(session: Session, person: Person, lesson_id: str, typed_title: str) -> None:
    """Delete one's own lesson for everybody at once; the owner can bring it back until the sweeper comes."""
    lesson = get_own_lesson(session, person, lesson_id)
    if " ".join(typed_title.split()) != " ".join(lesson.title.split()):
        raise TitleDiffers
    lesson.deleted_at = utc_now()
    record_event(session, lesson.id, "lesson")


def restore_lesson(session: Session, person: Person, lesson_id: str) -> Lesson:
    """Undo a deletion, shares included, for a week; raises NotFound afterwards."""
    lesson = require_change(session, person, session.get(Lesson, lesson_id))
    if lesson.deleted_at is not None:
        require_recent(lesson.deleted_at, UNDO_LESSON)
    lesson.deleted_at = None
    record_event(session, lesson.id, "lesson")
    return lesson


def delete_now(session: Session, person: Person, lesson_id: str, typed_title: str) -> Erasure:
    """Delete one's own lesson for good at once, for which its title is asked."""
    lesson = require_change(session, person, session.get(Lesson, lesson_id))
    if " ".join(typed_title.split()) != " ".join(lesson.title.split()):
        raise TitleDiffers
    record_event(session, lesson.id, "lesson")
    return delete_for_good(session, lesson.id)


def let_coaches_meet(session: Session, person: Person, lesson_id: str, allowed: bool) -> None:
    """Let the coaches of one's own lesson read what each of them writes on it from now on, or end that."""
    lesson = get_own_lesson(session, person, lesson_id)
    lesson.coaches_meet_at = (lesson.coaches_meet_at or utc_now()) if allowed else None
    record_event(session, lesson.id, "comment")


def delete_for_good(session: Session, lesson_id: str, what: str = "lesson") -> Erasure:
    """Remove a lesson and all that was said and found in it; a worker ends the erasure, files and journal included."""
    return record_erasure(session, what, remove_lesson(session, lesson_id))


def remove_lesson(session: Session, lesson_id: str) -> list[str]:
    """Remove the rows of a lesson; return the keys of its files, for its erasure."""
    keys = list(session.scalars(select(StoredFile.key).where(StoredFile.lesson_id == lesson_id)))
    # Replies first: a comment's parent must not vanish before it.
    replies = delete(Comment).where(Comment.lesson_id == lesson_id, Comment.parent_id.is_not(None))
    session.execute(replies)
    session.execute(delete(Upload).where(Upload.lesson_id == lesson_id))
    session.execute(delete(Lesson).where(Lesson.id == lesson_id))
    return keys
