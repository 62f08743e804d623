"""Who may read what: `may_see`, the same rules as conditions of queries, and whose a thing is.

Being lead, or somebody's manager, counts for nothing here: only owning, sharing and writing do. Handlers and views
ask these functions and never compare ids themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import Session

from annotation.access.conversations import is_no_conversation
from annotation.access.line_management import in_one_line
from annotation.access.states import active_now, closed_to_coach, suspended_now, suspended_now_or_at_end
from core.clock import latest_now
from core.errors import NotFound
from core.models import (
    Clip,
    ClipShare,
    Comment,
    Dictation,
    Goal,
    Lesson,
    Partnership,
    Person,
    PortfolioItem,
    SessionNote,
    Share,
    ShownMeasures,
    Walk,
)

Thing = Lesson | Clip | Comment | Partnership | Goal | Share | Walk
T = TypeVar("T", bound=Thing)


def live_share() -> ColumnElement[bool]:
    """Condition: a share is open now, in an active partnership whose coachee owns the lesson."""
    return and_(
        Share.taken_back_at.is_(None),
        or_(Share.until.is_(None), Share.until > latest_now()),
        Share.lesson_id == Lesson.id,
        Share.partnership_id == Partnership.id,
        active_now(),
        Partnership.coachee_id == Lesson.owner_id,
        is_no_conversation(),
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
        or_(ClipShare.until.is_(None), ClipShare.until > latest_now()),
        ClipShare.clip_id == Clip.id,
        Clip.deleted_at.is_(None),
        ClipShare.partnership_id == Partnership.id,
        active_now(),
        Partnership.coachee_id == Lesson.owner_id,
        is_no_conversation(),
    )


def clips_seen_by(person: Person) -> ColumnElement[bool]:
    """Condition, in a query that also has its `Lesson`: a clip of one's own, or one that is shared with this person.

    Seeing a whole lesson is seeing its clips' moments, but a clip is a thing of its own: it has its own shares.
    """
    share = select(ClipShare.id).join(Partnership, Partnership.id == ClipShare.partnership_id)
    open_to = share.where(live_clip_share(), Partnership.coach_id == person.id).correlate(Clip, Lesson)
    mine = Lesson.owner_id == person.id
    return and_(Lesson.deleted_at.is_(None), Clip.deleted_at.is_(None), or_(mine, open_to.exists()))


def lessons_near(person: Person) -> ColumnElement[bool]:
    """Condition that every lesson fulfils which was ever shared with this person, and that an index answers.

    Like the others of this kind it opens nothing: it only keeps the rule from being asked of everything in the school.
    """
    shared = select(Share.lesson_id).join(Partnership, Partnership.id == Share.partnership_id)
    return Lesson.id.in_(shared.where(Partnership.coach_id == person.id))


def clips_near(person: Person) -> ColumnElement[bool]:
    """Condition that every clip fulfils which was ever shared with this person, and that an index answers."""
    shared = select(ClipShare.clip_id).join(Partnership, Partnership.id == ClipShare.partnership_id)
    return Clip.id.in_(shared.where(Partnership.coach_id == person.id))


def live_showing() -> ColumnElement[bool]:
    """Condition: somebody's measures over time are shown now, to an active partnership in which she is coached."""
    return and_(
        ShownMeasures.taken_back_at.is_(None),
        ShownMeasures.partnership_id == Partnership.id,
        active_now(),
        Partnership.coachee_id == ShownMeasures.owner_id,
    )


def partnerships_of(*people: Person) -> ColumnElement[bool]:
    """Condition: a partnership of one of these, as coach or coachee; what was written in it is another question."""
    ids = [one.id for one in people]
    return or_(Partnership.coach_id.in_(ids), Partnership.coachee_id.in_(ids))


def is_partner_of(person: Person) -> ColumnElement[bool]:
    """Condition on a Partnership and a Person: the other of the two, where this person is one of them."""
    return or_(
        and_(Partnership.coach_id == person.id, Person.id == Partnership.coachee_id),
        and_(Partnership.coachee_id == person.id, Person.id == Partnership.coach_id),
    )


def written_together(person: Person) -> ColumnElement[bool]:
    """Condition on a Partnership: what its two wrote together (goals, actions, cards, logs) is open to this person.

    To both, also after the end; to the coachee alone while a line of management is between them.
    """
    coach = and_(Partnership.coach_id == person.id, ~closed_to_coach())
    return and_(Partnership.state != "asked", or_(Partnership.coachee_id == person.id, coach))


def notes_seen_by(person: Person) -> ColumnElement[bool]:
    """Condition, in a query that also has its `Partnership`: a line of a session's notes that this person may read.

    Her own always; the other's, and lines whose author nobody knows, where what the two wrote together is open to her.
    While suspended, and after an end in suspension, the other's lines are closed, to the coachee too.
    """
    by_the_other = and_(SessionNote.author_id.is_not(None), suspended_now_or_at_end())
    return or_(SessionNote.author_id == person.id, and_(written_together(person), ~by_the_other))


def sees_written(session: Session, person: Person, partnership: Partnership) -> bool:
    """Tell whether what the two of a partnership wrote together is open to a person now."""
    its = select(Partnership.id).where(Partnership.id == partnership.id, written_together(person))
    return holds(session, its.exists())


def written_open(session: Session, person: Person, rows: Iterable[Partnership]) -> set[str]:
    """Return the ids of those partnerships in which what the two wrote together is open to a person now."""
    ids = [one.id for one in rows]
    return set(session.scalars(select(Partnership.id).where(Partnership.id.in_(ids), written_together(person))))


def require_written(session: Session, person: Person, partnership: Partnership) -> None:
    """Raise NotFound unless what the two of a partnership wrote together is open to a person now."""
    if not sees_written(session, person, partnership):
        raise NotFound


def goals_seen_by(person: Person) -> ColumnElement[bool]:
    """Condition: a goal whose title may be given to this person: one of a partnership of hers, whoever names it."""
    return Goal.partnership_id.in_(select(Partnership.id).where(written_together(person)))


def comments_seen_by(person: Person, *, also_deleted: bool = False) -> ColumnElement[bool]:
    """Condition: a comment that this person may read, in a query that also has its `Lesson`.

    Her own; on her own lesson those of her partnerships; on a coachee's lesson those of the very
    partnership that the lesson is shared with. So two coaches never read each other, unless the owner
    lets the coaches of this lesson meet: from then on, and from when it was shared with the reader.
    A private note has one reader. What was written on a clip is also open
    to whoever the clip is open to through that partnership. A deleted comment is there for its author alone, for undo.
    While a partnership is suspended, each of its two keeps what she wrote herself and nobody reads the other's.
    """
    mine_as_coachee = exists().where(
        Partnership.id == Comment.partnership_id,
        Partnership.coachee_id == person.id,
        Lesson.owner_id == person.id,
        ~suspended_now(),
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
        Comment.created_at >= Lesson.coaches_meet_at,  # never what was said before they met
        Comment.partnership_id.is_not(None),
        ~exists().where(Partnership.id == Comment.partnership_id, suspended_now()),
        Comment.clip_id.is_(None),  # a clip is shared alone
        any_share.where(live_share(), Partnership.coach_id == person.id, Share.created_at <= Comment.created_at)
        .correlate(Comment, Lesson)
        .exists(),
    )
    others = and_(_is_there(also_deleted), or_(mine_as_coachee, through_share, coaches_meet))
    on_lesson = and_(lessons_seen_by(person), or_(Comment.author_id == person.id, others))
    return and_(Comment.lesson_id == Lesson.id, or_(on_lesson, _seen_on_its_clip(person, also_deleted)))


def comments_near(person: Person) -> ColumnElement[bool]:
    """Condition that every comment of another fulfils which this person may read, and that an index answers.

    It opens nothing: it only keeps `comments_seen_by` from being asked of each comment of the school.
    """
    pairs = select(Partnership.id).where(partnerships_of(person))
    meeting = select(Share.lesson_id).join(Partnership, Partnership.id == Share.partnership_id)
    meeting = meeting.join(Lesson, Lesson.id == Share.lesson_id)
    meeting = meeting.where(Partnership.coach_id == person.id, Lesson.coaches_meet_at.is_not(None))
    return or_(Comment.partnership_id.in_(pairs), Comment.lesson_id.in_(meeting))


def _is_there(also_deleted: bool) -> ColumnElement[bool]:
    """Condition: a comment isn't deleted; `also_deleted` is for telling those who read it that it is."""
    return true() if also_deleted else Comment.deleted_at.is_(None)


def _seen_on_its_clip(person: Person, also_deleted: bool) -> ColumnElement[bool]:
    """Condition: a comment was written on a clip that this person sees, by her or in the partnership it is open to."""
    share = select(ClipShare.id).join(Partnership, Partnership.id == ClipShare.partnership_id)
    through = share.where(
        live_clip_share(), Partnership.coach_id == person.id, Partnership.id == Comment.partnership_id
    ).correlate(Clip, Comment, Lesson)
    others = and_(_is_there(also_deleted), through.exists())
    clip = select(Clip.id).where(Clip.id == Comment.clip_id, clips_seen_by(person))
    return clip.where(or_(Comment.author_id == person.id, others)).correlate(Comment, Lesson).exists()


def comments_kept_by(person: Person) -> ColumnElement[bool]:
    """Condition: like `comments_seen_by`, and what this person wrote, also where the lesson is not open any more."""
    return or_(comments_seen_by(person), and_(Comment.lesson_id == Lesson.id, Comment.author_id == person.id))


def may_see(session: Session, person: Person, thing: Thing) -> bool:
    """Tell whether a person may read a thing; that a partnership is there, and its state, is for its two people."""
    if isinstance(thing, Lesson):
        return holds(session, select(Lesson.id).where(Lesson.id == thing.id, lessons_seen_by(person)).exists())
    if isinstance(thing, Clip):
        its = select(Clip.id).join(Lesson, Lesson.id == Clip.lesson_id).where(Clip.id == thing.id)
        return holds(session, its.where(clips_seen_by(person)).exists())
    if isinstance(thing, Comment):
        seen = select(Comment.id).join(Lesson, Lesson.id == Comment.lesson_id)
        return holds(session, seen.where(Comment.id == thing.id, comments_seen_by(person)).exists())
    if isinstance(thing, Share):
        owned = select(Lesson.id).where(Lesson.id == thing.lesson_id, Lesson.owner_id == person.id)
        return holds(session, owned.exists())
    if isinstance(thing, Goal):
        its = select(Partnership.id).where(Partnership.id == thing.partnership_id, written_together(person))
        return holds(session, its.exists())
    if isinstance(thing, Walk):  # until a visit is saved it is the observer's alone
        return is_observer(thing, person) or (thing.saved_at is not None and is_observed(thing, person))
    return is_member(thing, person)


def clips_open_to(session: Session, person: Person, clip_ids: Iterable[str]) -> dict[str, Clip]:
    """Return those of some clips that a person may see now, by id."""
    its = select(Clip).join(Lesson, Lesson.id == Clip.lesson_id).where(Clip.id.in_(clip_ids), clips_seen_by(person))
    return {clip.id: clip for clip in session.scalars(its)}


def require_see(session: Session, person: Person, thing: T | None) -> T:
    """Return a thing that the person may read; raises NotFound: what is not hers looks as if it were not there."""
    if thing is None or not may_see(session, person, thing):
        raise NotFound
    return thing


def is_person(person: Person, person_id: str) -> bool:
    """Tell whether this is the person of an id."""
    return person.id == person_id


def is_owner(thing: Lesson | ShownMeasures | PortfolioItem, person: Person) -> bool:
    """Tell whether a lesson, a showing of measures or an item of a portfolio is this person's own."""
    return thing.owner_id == person.id


def is_author(comment: Comment, person: Person) -> bool:
    """Tell whether this person wrote a comment."""
    return comment.author_id == person.id


def is_speaker(comment: Dictation, person: Person) -> bool:
    """Tell whether this person spoke a comment that is being transcribed."""
    return comment.person_id == person.id


def is_coach(partnership: Partnership, person: Person) -> bool:
    """Tell whether this person coaches in a partnership."""
    return partnership.coach_id == person.id


def is_coachee(partnership: Partnership, person: Person) -> bool:
    """Tell whether this person is coached in a partnership."""
    return partnership.coachee_id == person.id


def is_member(partnership: Partnership, person: Person) -> bool:
    """Tell whether this person is one of the two of a partnership."""
    return is_coach(partnership, person) or is_coachee(partnership, person)


def other_person(partnership: Partnership, person: Person) -> str:
    """Return the id of the other one of a partnership's two people."""
    return partnership.coachee_id if is_coach(partnership, person) else partnership.coach_id


def asked_for(partnership: Partnership, person: Person) -> bool:
    """Tell whether it was this person who asked for a partnership."""
    return partnership.asked_by_id == person.id


def is_shown(item: PortfolioItem, person: Person) -> bool:
    """Tell whether an item of a coach's portfolio shows this person, who is asked for consent."""
    return item.coachee_id == person.id


def is_observer(walk: Walk, person: Person) -> bool:
    """Tell whether this person makes a learning walk."""
    return walk.observer_id == person.id


def is_observed(walk: Walk, person: Person) -> bool:
    """Tell whether it is this person's lesson that a learning walk visits."""
    return walk.observed_id == person.id


def other_of_walk(walk: Walk, person: Person) -> str:
    """Return the id of the other one of a learning walk's two people."""
    return walk.observed_id if is_observer(walk, person) else walk.observer_id


def answers_open(session: Session, walks: Iterable[Walk], person: Person) -> set[str]:
    """Return the ids of those learning walks whose answer a person may read.

    Both may; an observer with a line of management to the observed teacher keeps his own notes and reads no answer.
    """
    ids = [one.id for one in walks]
    by_him = and_(Walk.observer_id == person.id, ~in_one_line(Walk.observer_id, Walk.observed_id))
    return set(session.scalars(select(Walk.id).where(Walk.id.in_(ids), or_(Walk.observed_id == person.id, by_him))))


def holds(session: Session, condition: ColumnElement[bool]) -> bool:
    """Return what the database says of a condition."""
    return bool(session.scalar(select(condition)))
