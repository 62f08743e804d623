"""Openings: who opened whose lesson, clip or measures, and when. Only the owner reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Literal

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from annotation.access.reading import clips_seen_by, is_owner, lessons_seen_by, live_showing
from core.clock import utc_now
from core.errors import NotFound
from core.models import Clip, Lesson, MeasuresOpening, Opening, Partnership, Person, ShownMeasures

LISTED: Literal["listed"] = "listed"
ONE_OPENING = timedelta(minutes=10)  # a page and its film are one opening, not forty


Kind = Literal["page", "film", "words", "comments", "export", "paper", "listed"]
"""What was opened; `listed`: a picture or a line of it stood in a list, which is no opening."""


def opening_is_due(
    session: Session, person: Person, lesson: Lesson, clip: Clip | None = None, kind: Kind = "page"
) -> bool:
    """Tell whether this look at somebody else's lesson, or at a clip of it, is a new opening, or a new listing."""
    lessons, clips = due_openings(session, person, *_one(lesson, clip), kind)
    return bool(lessons or clips)


def due_openings(
    session: Session, person: Person, lessons: Iterable[Lesson], clips: Iterable[Clip], kind: Kind
) -> tuple[set[str], set[str]]:
    """Return the ids of those lessons and clips of others of which this look is a new opening, or a new listing.

    What was opened lately isn't listed as well.
    """
    wanted = {one.id for one in lessons if not is_owner(one, person)}
    wanted_clips = set(session.scalars(_clips_of_others(person, {one.id for one in clips})))
    if not wanted and not wanted_clips:
        return set(), set()
    its_lesson = and_(Opening.clip_id.is_(None), Opening.lesson_id.in_(wanted))
    lately = select(Opening.lesson_id, Opening.clip_id).where(
        Opening.person_id == person.id,
        Opening.opened_at > utc_now() - ONE_OPENING,
        or_(its_lesson, Opening.clip_id.in_(wanted_clips)),
    )
    if kind != LISTED:
        lately = lately.where(Opening.kind != LISTED)
    noted = session.execute(lately).all()
    return wanted - {one.lesson_id for one in noted if one.clip_id is None}, wanted_clips - {
        one.clip_id for one in noted
    }


def record_opening(
    session: Session, person: Person, lesson: Lesson, clip: Clip | None = None, kind: Kind = "page"
) -> None:
    """Note that somebody else opened a lesson, or a clip of it, or had it in a list, for its owner to read."""
    record_openings(session, person, *_one(lesson, clip), kind)


def record_openings(
    session: Session, person: Person, lessons: Iterable[Lesson], clips: Iterable[Clip], kind: Kind
) -> None:
    """Note that somebody else opened lessons and clips, or had them in a list, for their owners to read.

    Raises NotFound when one of them is withdrawn meanwhile.
    """
    due, due_clips = due_openings(session, person, lessons, clips, kind)
    seen = set(session.scalars(select(Lesson.id).where(Lesson.id.in_(due), lessons_seen_by(person)))) if due else set()
    of_clips = _clips_of_others(person, due_clips).add_columns(Clip.lesson_id).where(clips_seen_by(person))
    seen_clips = {row.id: row.lesson_id for row in session.execute(of_clips)} if due_clips else {}
    if seen != due or set(seen_clips) != due_clips:
        raise NotFound
    opened = [(lesson_id, None) for lesson_id in seen] + [(seen_clips[one], one) for one in seen_clips]
    session.add_all(
        Opening(lesson_id=lesson_id, person_id=person.id, clip_id=clip_id, kind=kind, opened_at=utc_now())
        for lesson_id, clip_id in opened
    )


def _one(lesson: Lesson, clip: Clip | None) -> tuple[Sequence[Lesson], Sequence[Clip]]:
    return ([lesson], []) if clip is None else ([], [clip])


def _clips_of_others(person: Person, clip_ids: Iterable[str]) -> Select[str]:
    others = select(Clip.id).join(Lesson, Lesson.id == Clip.lesson_id)
    return others.where(Clip.id.in_(clip_ids), Lesson.owner_id != person.id)


def openings(
    session: Session, owner: Person, lesson_id: str | None = None
) -> list[tuple[Opening, Person, Lesson, str | None]]:
    """Return who opened what of this person's lessons (with the title of a clip), newest first, at most 200.

    Openings come before listings.
    """
    rows = (
        select(Opening, Person, Lesson, Clip.title)
        .outerjoin(Clip, Clip.id == Opening.clip_id)
        .join(Lesson, Lesson.id == Opening.lesson_id)
        .join(Person, Person.id == Opening.person_id)
        .where(Lesson.owner_id == owner.id)
        .order_by(Opening.kind == LISTED, Opening.opened_at.desc())
        .limit(200)
    )
    if lesson_id is not None:
        rows = rows.where(Lesson.id == lesson_id)
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(rows)]


def due_measures_openings(session: Session, coach: Person, partnership_ids: Sequence[str], kind: Kind) -> Sequence[str]:
    """Return the ids of the live showings of some partnerships to this coach of which no note was made lately."""
    lately = exists().where(
        MeasuresOpening.showing_id == ShownMeasures.id, MeasuresOpening.opened_at > utc_now() - ONE_OPENING
    )
    if kind != LISTED:
        lately = lately.where(MeasuresOpening.kind != LISTED)
    shown = select(ShownMeasures.id).join(Partnership, Partnership.id == ShownMeasures.partnership_id)
    his = shown.where(live_showing(), Partnership.id.in_(partnership_ids), Partnership.coach_id == coach.id)
    return session.scalars(his.where(~lately)).all()


def record_measures_openings(
    session: Session, coach: Person, partnership_ids: Sequence[str], kind: Kind = "page"
) -> None:
    """Note that a coach opened the measures that are shown to him, or had them in a list, for their owner to read."""
    for showing_id in due_measures_openings(session, coach, partnership_ids, kind):
        session.add(MeasuresOpening(showing_id=showing_id, kind=kind, opened_at=utc_now()))


def measures_openings(session: Session, owner: Person) -> list[tuple[MeasuresOpening, Person]]:
    """Return who opened one's measures or had them in a list, and when, newest first, at most 200."""
    rows = (
        select(MeasuresOpening, Person)
        .join(ShownMeasures, ShownMeasures.id == MeasuresOpening.showing_id)
        .join(Partnership, Partnership.id == ShownMeasures.partnership_id)
        .join(Person, Person.id == Partnership.coach_id)
        .where(ShownMeasures.owner_id == owner.id)
        .order_by(MeasuresOpening.opened_at.desc())
    )
    return [(row[0], row[1]) for row in session.execute(rows.limit(200))]
