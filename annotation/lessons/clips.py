"""Clips: a named range of a lesson with its own file and shares. A clip gives no access to its lesson."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import (
    clips_near,
    clips_seen_by,
    is_partner_of,
    live_clip_share,
    partnerships_of,
    require_see,
)
from annotation.access.writing import require_change
from annotation.lessons.lessons import get_own_lesson
from annotation.lessons.sharing import open_share, require_coached_in, withdraw
from annotation.lessons.undo import require_recent
from annotation.people.people import clean_name
from core.allowances import count_use
from core.clock import utc_now
from core.database.events import About, record_event
from core.database.insert import pressed_before
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Lesson, Partnership, Person
from core.pipeline.steps import request_step

TITLE_LENGTH = 200
SHORTEST_MS, LONGEST_MS = 1000, 30 * 60_000


@dataclass(frozen=True, slots=True)
class OpenClipShare:
    """A clip's share that is open now, and the other person of its partnership."""

    share: ClipShare
    clip: Clip
    partnership: Partnership
    other: Person


def make_clip(session: Session, person: Person, lesson_id: str, title: str, start_ms: int, end_ms: int) -> Clip:
    """Name a range of one's own lesson and have its file cut, once if it is asked for twice; it is private at first."""
    lesson = get_own_lesson(session, person, lesson_id)
    lock_row(session, Lesson, lesson.id)  # its clips are numbered one after the other
    if start_ms < 0 or end_ms - start_ms < SHORTEST_MS or (lesson.duration_ms and end_ms > lesson.duration_ms):
        raise InvalidInput(why="Please choose a range of at least one second inside the lesson.")
    if end_ms - start_ms > LONGEST_MS:
        raise InvalidInput(why="A clip is at most half an hour long. Please choose a shorter range.")
    name = clean_name(title, "a name for the clip", TITLE_LENGTH)
    its = (Clip.lesson_id == lesson.id, Clip.title == name, Clip.start_ms == start_ms, Clip.end_ms == end_ms)
    there = pressed_before(session, Clip, Clip.created_at, *its, Clip.deleted_at.is_(None))
    if there is not None:
        return there
    count_use(session, person.id, "clip")
    last = session.scalar(select(func.max(Clip.number)).where(Clip.lesson_id == lesson.id)) or 0
    clip = Clip(
        lesson_id=lesson.id,
        number=last + 1,
        title=name,
        start_ms=start_ms,
        end_ms=end_ms,
        created_at=utc_now(),
    )
    session.add(clip)
    session.flush()
    request_step(session, lesson.id, "cut_clip", clip.number)
    record_event(session, lesson.id, "lesson", About(clip_id=clip.id))
    return clip


def get_clip(session: Session, person: Person, clip_id: str) -> tuple[Clip, Lesson]:
    """Return a clip that this person may see, and its lesson; raises NotFound."""
    clip = require_see(session, person, session.get(Clip, clip_id))
    return clip, session.get_one(Lesson, clip.lesson_id)


def get_own_clip(session: Session, person: Person, clip_id: str) -> Clip:
    """Return a clip of one's own lesson; raises NotFound."""
    return require_change(session, person, session.get(Clip, clip_id))


def delete_clip(session: Session, person: Person, clip_id: str) -> None:
    """Take a clip away from everybody; it can be restored."""
    clip = get_own_clip(session, person, clip_id)
    clip.deleted_at = clip.deleted_at or utc_now()
    record_event(session, clip.lesson_id, "share", About(clip_id=clip.id))


def restore_clip(session: Session, person: Person, clip_id: str) -> Clip:
    """Undo a deletion, shares included, for a day; raises NotFound afterwards."""
    clip = get_own_clip(session, person, clip_id)
    if clip.deleted_at is not None:
        require_recent(clip.deleted_at)
    clip.deleted_at = None
    record_event(session, clip.lesson_id, "share", About(clip_id=clip.id))
    return clip


def ask_for_blur(session: Session, person: Person, clip_id: str) -> Clip:
    """Have a clip's file made once more with blurred faces; asking again changes nothing. For its owner only."""
    clip = get_own_clip(session, person, clip_id)
    lesson = lock_row(session, Lesson, clip.lesson_id)
    if clip.deleted_at is not None or lesson is None:
        raise NotFound
    if not (lesson.media or {}).get("video"):
        raise InvalidInput(why="This lesson is sound alone: there is no face to blur.")
    request_step(session, clip.lesson_id, "blur_clip", clip.number)
    record_event(session, clip.lesson_id, "lesson", About(clip_id=clip.id))
    return clip


def share_clip(
    session: Session, person: Person, clip_id: str, partnership_id: str, until: date | None = None
) -> ClipShare:
    """Open a clip to a partnership, and nothing else of its lesson; sharing again moves the date."""
    clip = get_own_clip(session, person, clip_id)
    if clip.deleted_at is not None:
        raise NotFound
    require_coached_in(session, person, partnership_id, "A clip can be shared with somebody who coaches you.")
    return open_share(session, ClipShare, {"clip_id": clip.id}, clip.lesson_id, partnership_id, until)


def withdraw_clip(session: Session, person: Person, clip_id: str, partnership_id: str) -> None:
    """Close a clip's share at once."""
    clip = get_own_clip(session, person, clip_id)
    for share in session.scalars(
        select(ClipShare).filter_by(clip_id=clip.id, partnership_id=partnership_id, taken_back_at=None)
    ).all():
        withdraw(session, share, clip.lesson_id)


def clips_of(session: Session, person: Person, lesson_id: str) -> Sequence[Clip]:
    """Return the clips of a lesson that this person may see, in the order of the lesson."""
    rows = select(Clip).join(Lesson, Lesson.id == Clip.lesson_id).where(Clip.lesson_id == lesson_id)
    return session.scalars(rows.where(clips_seen_by(person)).order_by(Clip.start_ms, Clip.id)).all()


def clips_by_number(session: Session, lesson_id: str) -> dict[int, Clip]:
    """Return all clips of a lesson by their number, deleted ones too: for its owner."""
    return {one.number: one for one in session.scalars(select(Clip).where(Clip.lesson_id == lesson_id))}


def list_shared_clips(session: Session, person: Person, most: int | None = None) -> list[tuple[Clip, str]]:
    """Return the clips that others share with this person now, newest first, with their owners' names."""
    rows = (
        select(Clip, Person.name)
        .join(Lesson, Lesson.id == Clip.lesson_id)
        .join(Person, Person.id == Lesson.owner_id)
        .where(clips_near(person), clips_seen_by(person), Lesson.owner_id != person.id)
        .order_by(Clip.created_at.desc(), Clip.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in session.execute(rows)]


def clips_with(session: Session, person: Person, partnership_id: str) -> Sequence[Clip]:
    """Return the clips that are open to one partnership of a person now, newest first."""
    rows = (
        select(Clip)
        .join(Lesson, Lesson.id == Clip.lesson_id)
        .join(ClipShare, ClipShare.clip_id == Clip.id)
        .join(Partnership, Partnership.id == ClipShare.partnership_id)
        .where(live_clip_share(), clips_seen_by(person), Partnership.id == partnership_id)
    )
    return session.scalars(rows.order_by(Clip.created_at.desc(), Clip.id)).all()


def open_clip_shares(session: Session, person: Person, clip_ids: Iterable[str]) -> dict[str, list[OpenClipShare]]:
    """Return, for each clip, the open shares that this person is part of."""
    found: dict[str, list[OpenClipShare]] = {}
    for one in _open_shares(session, person, ClipShare.clip_id.in_(list(clip_ids))):
        found.setdefault(one.clip.id, []).append(one)
    return found


def clips_open_of(session: Session, owner: Person, lesson_ids: Iterable[str]) -> dict[str, list[OpenClipShare]]:
    """Return, for each lesson of one's own, the open shares of its clips."""
    found: dict[str, list[OpenClipShare]] = {}
    for one in _open_shares(session, owner, and_(Lesson.owner_id == owner.id, Lesson.id.in_(list(lesson_ids)))):
        found.setdefault(one.clip.lesson_id, []).append(one)
    return found


def _open_shares(session: Session, person: Person, which: ColumnElement[bool]) -> list[OpenClipShare]:
    rows = session.execute(
        select(ClipShare, Clip, Partnership, Person)
        .join(Clip, Clip.id == ClipShare.clip_id)
        .join(Lesson, Lesson.id == Clip.lesson_id)
        .join(Partnership, Partnership.id == ClipShare.partnership_id)
        .join(Person, is_partner_of(person))
        .where(live_clip_share(), partnerships_of(person), which)
        .order_by(ClipShare.created_at, ClipShare.id)
    )
    return [OpenClipShare(share, clip, partnership, other) for share, clip, partnership, other in rows]
