"""Access rules: `may` decides about one row; the same rules as SQL conditions select rows for lists.

Being lead, or somebody's manager, counts for nothing here: only owning, sharing and writing do.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.errors import NotFound
from core.models import Clip, ClipShare, Comment, Goal, Lesson, Partnership, Person, Share, ShownMeasures, Walk

Action = Literal["see", "change"]
Thing = Lesson | Clip | Comment | Partnership | Goal | Share | Walk


def live_share() -> ColumnElement[bool]:
    """Condition: a share is open now, in an active partnership whose coachee owns the lesson."""
    return and_(
        Share.taken_back_at.is_(None),
        or_(Share.until.is_(None), Share.until > utc_now()),
        Share.lesson_id == Lesson.id,
        Share.partnership_id == Partnership.id,
        Partnership.state == "active",
        Partnership.coachee_id == Lesson.owner_id,
    )


def shared_with(person: Person) -> ColumnElement[bool]:
    """Condition: a lesson that somebody shares with this person now."""
    share = select(Share.id).join(Partnership, Partnership.id == Share.partnership_id)
    open_to = share.where(live_share(), Partnership.coach_id == person.id).correlate(Lesson)
    return and_(Lesson.deleted_at.is_(None), open_to.exists())


def lessons_seen_by(person: Person) -> ColumnElement[bool]:
    """Condition: a lesson that this person may see: her own, or one that is shared with her now."""
    return and_(Lesson.deleted_at.is_(None), or_(Lesson.owner_id == person.id, shared_with(person)))


def live_clip_share() -> ColumnElement[bool]:
    """Condition: a clip's share is open now, in an active partnership whose coachee owns the lesson."""
    return and_(
        ClipShare.taken_back_at.is_(None),
        or_(ClipShare.until.is_(None), ClipShare.until > utc_now()),
        ClipShare.clip_id == Clip.id,
        Clip.deleted_at.is_(None),
        ClipShare.partnership_id == Partnership.id,
        Partnership.state == "active",
        Partnership.coachee_id == Lesson.owner_id,
    )


def clips_seen_by(person: Person) -> ColumnElement[bool]:
    """Condition, in a query that also has its `Lesson`: a clip of one's own, or one that is shared with this person.

    Seeing a whole lesson is seeing its clips' moments, but a clip is a thing of its own: it has its own shares.
    """
    share = select(ClipShare.id).join(Partnership, Partnership.id == ClipShare.partnership_id)
    open_to = share.where(live_clip_share(), Partnership.coach_id == person.id).correlate(Clip, Lesson)
    mine = Lesson.owner_id == person.id
    return and_(Lesson.deleted_at.is_(None), Clip.deleted_at.is_(None), or_(mine, open_to.exists()))


def live_showing() -> ColumnElement[bool]:
    """Condition: somebody's measures over time are shown now, to an active partnership in which she is coached."""
    return and_(
        ShownMeasures.taken_back_at.is_(None),
        ShownMeasures.partnership_id == Partnership.id,
        Partnership.state == "active",
        Partnership.coachee_id == ShownMeasures.owner_id,
    )


def partnerships_of(person: Person) -> ColumnElement[bool]:
    """Condition: a partnership in which this person is coach or coachee."""
    return or_(Partnership.coach_id == person.id, Partnership.coachee_id == person.id)


def comments_seen_by(person: Person) -> ColumnElement[bool]:
    """Condition: a comment that this person may read, in a query that also has its `Lesson`.

    Her own; on her own lesson those of her partnerships; on a coachee's lesson those of the very
    partnership that the lesson is shared with. So two coaches never read each other, unless the owner
    lets the coaches of this lesson meet, and a private note has one reader. What was written on a clip is also open
    to whoever the clip is open to through that partnership. A deleted comment is there for its author alone, for undo.
    """
    mine_as_coachee = exists().where(
        Partnership.id == Comment.partnership_id,
        Partnership.coachee_id == person.id,
        Lesson.owner_id == person.id,
    )
    through_share = (
        select(Share.id)
        .join(Partnership, Partnership.id == Share.partnership_id)
        .where(live_share(), Partnership.coach_id == person.id, Partnership.id == Comment.partnership_id)
        .correlate(Comment, Lesson)
        .exists()
    )
    any_share = select(Share.id).join(Partnership, Partnership.id == Share.partnership_id)
    coaches_meet = and_(
        Lesson.coaches_meet,
        Comment.partnership_id.is_not(None),
        Comment.clip_id.is_(None),  # a clip is shared alone
        any_share.where(live_share(), Partnership.coach_id == person.id).correlate(Lesson).exists(),
    )
    others = and_(Comment.deleted_at.is_(None), or_(mine_as_coachee, through_share, coaches_meet))
    on_lesson = and_(lessons_seen_by(person), or_(Comment.author_id == person.id, others))
    return and_(Comment.lesson_id == Lesson.id, or_(on_lesson, _seen_on_its_clip(person)))


def _seen_on_its_clip(person: Person) -> ColumnElement[bool]:
    """Condition: a comment was written on a clip that this person sees, by her or in the partnership it is open to."""
    share = select(ClipShare.id).join(Partnership, Partnership.id == ClipShare.partnership_id)
    through = share.where(
        live_clip_share(), Partnership.coach_id == person.id, Partnership.id == Comment.partnership_id
    ).correlate(Clip, Comment, Lesson)
    others = and_(Comment.deleted_at.is_(None), through.exists())
    clip = select(Clip.id).where(Clip.id == Comment.clip_id, clips_seen_by(person))
    return clip.where(or_(Comment.author_id == person.id, others)).correlate(Comment, Lesson).exists()


def comments_kept_by(person: Person) -> ColumnElement[bool]:
    """Condition: like `comments_seen_by`, and what this person wrote, also where the lesson is not open any more."""
    return or_(comments_seen_by(person), and_(Comment.lesson_id == Lesson.id, Comment.author_id == person.id))


def may(session: Session, person: Person, action: Action, thing: Thing) -> bool:
    """Decide whether a person may see or change a thing.

    A lesson and its shares are changed by their owner alone, a comment by its author, a goal by both
    people of its active partnership; a partnership is ended by either.
    """
    if isinstance(thing, Lesson):
        seen_lesson = select(Lesson.id).where(Lesson.id == thing.id, lessons_seen_by(person))
        return thing.owner_id == person.id if action == "change" else _holds(session, seen_lesson.exists())
    if isinstance(thing, Clip):
        its = select(Clip.id).join(Lesson, Lesson.id == Clip.lesson_id).where(Clip.id == thing.id)
        mine = its.where(Lesson.owner_id == person.id, Lesson.deleted_at.is_(None))
        return _holds(session, (mine if action == "change" else its.where(clips_seen_by(person))).exists())
    if isinstance(thing, Comment):
        if action == "change" and thing.author_id != person.id:
            return False
        seen = select(Comment.id).join(Lesson, Lesson.id == Comment.lesson_id)
        return _holds(session, seen.where(Comment.id == thing.id, comments_seen_by(person)).exists())
    if isinstance(thing, Share):
        owned = select(Lesson.id).where(Lesson.id == thing.lesson_id, Lesson.owner_id == person.id)
        return _holds(session, owned.exists())
    if isinstance(thing, Goal):
        its = select(Partnership.id).where(Partnership.id == thing.partnership_id, partnerships_of(person))
        if action == "change":
            its = its.where(Partnership.state == "active")
        return _holds(session, its.exists())
    if isinstance(thing, Walk):
        return _may_walk(person, action, thing)
    return person.id in (thing.coach_id, thing.coachee_id)


def _may_walk(person: Person, action: Action, walk: Walk) -> bool:
    """Until a visit is saved it is the observer's alone; then both may read it, and it stands as it is."""
    if action == "change" or walk.saved_at is None:
        return walk.observer_id == person.id and walk.saved_at is None
    return person.id in (walk.observer_id, walk.observed_id)


def require(session: Session, person: Person, action: Action, thing: Thing | None) -> None:
    """Raise NotFound unless the person may: what is not hers looks as if it were not there."""
    if thing is None or not may(session, person, action, thing):
        raise NotFound


def _holds(session: Session, condition: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(condition)))
