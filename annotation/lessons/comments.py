"""Timestamped comments: text at a time or range, optional goal and GROW stage, replies, edits, deletion."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import (
    clips_seen_by,
    comments_kept_by,
    comments_near,
    comments_seen_by,
    goals_seen_by,
    lessons_seen_by,
    may_see,
    require_see,
    written_together,
)
from annotation.access.states import require_active
from annotation.access.writing import require_change, require_delete
from annotation.errors import SentBefore
from annotation.lessons.clips import open_clip_shares
from annotation.lessons.sharing import open_shares
from annotation.lessons.undo import require_recent
from core.clock import utc_now
from core.database.events import About, record_event
from core.database.insert import insert_or_find, pressed_before
from core.errors import InvalidInput, NotAllowed
from core.models import Clip, Comment, CommentVersion, Goal, Lesson, Partnership, Person
from core.text.concurrent_edits import require_seen

KINDS = ("noticed", "question", "suggestion")
STAGES = ("", "G", "R", "O", "W")
LONGEST = 5000
DRAFT_LENGTH = 40
ASKED_FIRST = 100  # of the newest comments
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CommentText:
    """What somebody wants to say, and where. Times in ms of the lesson; no end means a moment."""

    text: str
    start_ms: int
    end_ms: int | None = None
    kind: str = "noticed"
    stage: str = ""
    goal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A comment, who wrote it, and where its reader can look at it: its lesson, its clip, or nowhere any more.

    `at_ms` is on the lesson's clock for whoever sees the lesson, else on the clip's.
    """

    comment: Comment
    author: Person
    place: Lesson | Clip | None
    at_ms: int


def add_comment(
    session: Session,
    person: Person,
    lesson: Lesson,
    said: CommentText,
    *,
    clip: Clip | None = None,
    partnership_id: str | None = None,
    parent_id: str | None = None,
    draft_id: str = "",
) -> tuple[Comment, bool]:
    """Add a comment to a lesson, or to a clip of it; return it, and whether it is new: a draft sent twice is kept once.

    An answer belongs where the comment that it answers belongs. Raises SentBefore for a draft with the id of another.
    """
    require_see(session, person, lesson if clip is None else clip)
    if len(draft_id) > DRAFT_LENGTH:
        raise InvalidInput(why="This draft has a name that is too long. Please reload the page.")
    draft = f"{person.id}:{draft_id}" if draft_id else None
    if (known := _find_draft(session, draft)) is not None:
        return _require_same(session, known, lesson, said, partnership_id, parent_id), False
    if parent_id is not None:
        parent = _find_parent(session, person, lesson, clip, parent_id)
        partnership_id, parent_id = parent.partnership_id, parent.parent_id or parent.id
        clip = None if parent.clip_id is None else session.get_one(Clip, parent.clip_id)
    if partnership_id is not None:
        _require_open(session, person, lesson, clip, partnership_id)
    _check(session, person, lesson, clip, partnership_id, said)
    comment = Comment(
        lesson_id=lesson.id,
        clip_id=None if clip is None else clip.id,
        author_id=person.id,
        partnership_id=partnership_id,
        parent_id=parent_id,
        draft_id=draft,
        kind=said.kind,
        start_ms=said.start_ms,
        end_ms=said.end_ms,
        goal_id=said.goal_id,
        stage=said.stage,
        text=said.text.strip(),
        created_at=utc_now(),
    )
    if draft is None and (there := _sent_before(session, comment)) is not None:
        return there, False
    comment, is_new = insert_or_find(session, comment, lambda: _find_draft(session, draft))
    if not is_new:
        return _require_same(session, comment, lesson, said, partnership_id, parent_id), False
    record_event(session, lesson.id, "comment", About(comment_id=comment.id))
    return comment, True


def _sent_before(session: Session, said: Comment) -> Comment | None:
    """Return the comment without a draft that says the same as another one that was sent a moment ago."""
    lock_row(session, Person, said.author_id)
    columns = (Comment.author_id, Comment.lesson_id, Comment.clip_id, Comment.partnership_id, Comment.parent_id)
    words = (Comment.kind, Comment.start_ms, Comment.end_ms, Comment.goal_id, Comment.stage, Comment.text)
    same = (column == getattr(said, column.key) for column in (*columns, *words))
    unsent = (Comment.draft_id.is_(None), Comment.deleted_at.is_(None))
    return pressed_before(session, Comment, Comment.created_at, *same, *unsent)


def _find_draft(session: Session, draft: str | None) -> Comment | None:
    return None if draft is None else session.scalar(select(Comment).where(Comment.draft_id == draft))


def _require_same(
    session: Session,
    sent: Comment,
    lesson: Lesson,
    said: CommentText,
    partnership_id: str | None,
    parent_id: str | None,
) -> Comment:
    """Return the comment that this draft has become, also when it was changed since; raises SentBefore."""
    earlier = select(CommentVersion.text).where(CommentVersion.comment_id == sent.id)
    is_reply = sent.parent_id is not None
    same_words = said.text.strip() in {sent.text, *session.scalars(earlier)}
    same_readers = is_reply or sent.partnership_id == partnership_id
    if sent.lesson_id != lesson.id or is_reply != (parent_id is not None) or not same_words or not same_readers:
        raise SentBefore
    return sent


def _find_parent(session: Session, person: Person, lesson: Lesson, clip: Clip | None, parent_id: str) -> Comment:
    parent = require_see(session, person, session.get(Comment, parent_id))
    if parent.lesson_id != lesson.id or (clip is not None and parent.clip_id != clip.id):
        raise InvalidInput(why="That comment is about something else, so it can't be answered here.")
    return parent


def _require_open(session: Session, person: Person, lesson: Lesson, clip: Clip | None, partnership_id: str) -> None:
    """Words go only where the other can read them: the lesson, or the clip, is shared with that partnership now."""
    open_to = {one.partnership.id for one in open_shares(session, person, [lesson.id]).get(lesson.id, [])}
    if clip is not None:
        open_to |= {one.partnership.id for one in open_clip_shares(session, person, [clip.id]).get(clip.id, [])}
    if partnership_id not in open_to:
        raise NotAllowed


def _check(
    session: Session,
    person: Person,
    lesson: Lesson,
    clip: Clip | None,
    partnership_id: str | None,
    said: CommentText,
) -> None:
    if not said.text.strip():
        raise InvalidInput(why="Please write something first.")
    if len(said.text) > LONGEST:
        raise InvalidInput(why=f"Please keep a comment under {LONGEST} characters.")
    if said.kind not in KINDS or said.stage not in STAGES:
        raise InvalidInput(why="Please choose one of the kinds and stages on the page.")
    if said.start_ms < 0 or (said.end_ms is not None and said.end_ms <= said.start_ms):
        raise InvalidInput(why="Please choose a range that ends after it begins.")
    last = max(said.start_ms, said.end_ms or 0)
    if lesson.duration_ms is not None and last > lesson.duration_ms:
        raise InvalidInput(why="This moment lies after the end of the lesson.")
    if clip is not None and not clip.start_ms <= said.start_ms <= last <= clip.end_ms:
        raise InvalidInput(why="This moment lies outside the clip.")
    if said.goal_id is not None:
        _check_goal(session, person, lesson, partnership_id, said.goal_id)


def _check_goal(session: Session, person: Person, lesson: Lesson, partnership_id: str | None, goal_id: str) -> None:
    """A comment names a goal of its own partnership; a private note, one of any that both belong to."""
    fits = (
        select(Goal.id)
        .join(Partnership, Partnership.id == Goal.partnership_id)
        .where(Goal.id == goal_id, written_together(person), Partnership.coachee_id == lesson.owner_id)
    )
    if partnership_id is not None:
        fits = fits.where(Partnership.id == partnership_id)
    if session.scalar(fits) is None:
        raise InvalidInput(why="This goal belongs to somebody else. Please choose one of yours.")


def get_own_comment(session: Session, person: Person, comment_id: str) -> Comment:
    """Return one's own comment to delete it, or to undo that, also where its place is closed; raises NotFound."""
    return require_delete(session, person, session.get(Comment, comment_id))


def edit_comment(
    session: Session, person: Person, comment: Comment, said: CommentText, seen: Sequence[str] = ()
) -> None:
    """Rewrite one's own comment while its place is open and its partnership active; what it said before is kept.

    `seen`: what it may say as far as its writer knows; raises EditedMeanwhile where she has changed it elsewhere since.
    """
    if comment.partnership_id is not None:
        require_active(session, session.get_one(Partnership, comment.partnership_id))
    lock_row(session, Comment, comment.id)  # what it said before is kept once
    require_change(session, person, comment)
    require_seen(seen, comment.text, said.text)
    lesson = session.get_one(Lesson, comment.lesson_id)
    _check(session, person, lesson, clip_of_comment(session, comment), comment.partnership_id, said)
    if said.text.strip() != comment.text:
        written = comment.edited_at or comment.created_at
        session.add(CommentVersion(comment_id=comment.id, text=comment.text, written_at=written))
        comment.edited_at = utc_now()
    comment.text, comment.kind, comment.stage = said.text.strip(), said.kind, said.stage
    comment.start_ms, comment.end_ms, comment.goal_id = said.start_ms, said.end_ms, said.goal_id
    record_event(session, comment.lesson_id, "comment", About(comment_id=comment.id))


def delete_comment(session: Session, person: Person, comment: Comment) -> None:
    """Take one's own comment away; it can be restored."""
    require_delete(session, person, comment)
    if comment.deleted_at is None:
        comment.deleted_at = utc_now()
        record_event(session, comment.lesson_id, "comment", About(comment_id=comment.id))


def restore_comment(session: Session, person: Person, comment: Comment) -> None:
    """Undo a deletion, for a day; raises NotFound afterwards."""
    require_delete(session, person, comment)
    if comment.deleted_at is not None:
        require_recent(comment.deleted_at)
        comment.deleted_at = None
        record_event(session, comment.lesson_id, "comment", About(comment_id=comment.id))


def clip_of_comment(session: Session, comment: Comment) -> Clip | None:
    """Return the clip that a comment was written on."""
    return None if comment.clip_id is None else session.get_one(Clip, comment.clip_id)


def beginning_for(session: Session, person: Person, comment: Comment) -> int:
    """Return where the clock begins on which this person sees a comment: whoever sees a clip alone has the clip's."""
    clip = clip_of_comment(session, comment)
    sees_lesson = clip is None or may_see(session, person, session.get_one(Lesson, comment.lesson_id))
    return 0 if clip is None or sees_lesson else clip.start_ms


def list_comments(
    session: Session, person: Person, lesson_id: str, clip: Clip | None = None, *, kept: bool = False
) -> Sequence[tuple[Comment, str, str | None]]:
    """Return the comments that a person may read, in the order of the lesson, with author and goal title.

    The title of a goal of somebody else's is left out.

    With a clip: those that were written on it. `kept`: also what she wrote where the lesson is closed to her.
    """
    readable = comments_kept_by(person) if kept else comments_seen_by(person)
    on_clip = [Comment.clip_id == clip.id] if clip is not None else []
    return _with_names(session, person, Comment.lesson_id == lesson_id, readable, *on_clip)


def comments_of_lessons(
    session: Session, person: Person, lesson_ids: Collection[str]
) -> dict[str, list[tuple[Comment, str, str | None]]]:
    """Return the comments on each of some lessons, as `list_comments` does, by the id of the lesson."""
    found: dict[str, list[tuple[Comment, str, str | None]]] = {one: [] for one in lesson_ids}
    for row in _with_names(session, person, Comment.lesson_id.in_(found), comments_seen_by(person)) if found else ():
        found[row[0].lesson_id].append(row)
    return found


def _with_names(
    session: Session, person: Person, *where: ColumnElement[bool]
) -> Sequence[tuple[Comment, str, str | None]]:
    rows = (
        select(Comment, Person.name, Goal.title)
        .join(Lesson, Lesson.id == Comment.lesson_id)
        .join(Person, Person.id == Comment.author_id)
        .outerjoin(Goal, and_(Goal.id == Comment.goal_id, goals_seen_by(person)))
        .where(*where)
        .order_by(Comment.start_ms, Comment.created_at, Comment.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(rows)]


def versions_of(session: Session, person: Person, comment_id: str) -> Sequence[CommentVersion]:
    """Return what a comment said before, oldest first, to whoever may read it; raises NotFound."""
    require_see(session, person, session.get(Comment, comment_id))
    rows = select(CommentVersion).where(CommentVersion.comment_id == comment_id)
    return session.scalars(rows.order_by(CommentVersion.written_at)).all()


def versions_by(session: Session, author: Person) -> dict[str, list[CommentVersion]]:
    """Return what one's own comments said before, oldest first, by the id of the comment, wherever they stand."""
    mine = select(CommentVersion).join(Comment, Comment.id == CommentVersion.comment_id)
    mine = mine.where(Comment.author_id == author.id, Comment.deleted_at.is_(None))
    found: dict[str, list[CommentVersion]] = {}
    for one in session.scalars(mine.order_by(CommentVersion.written_at)):
        found.setdefault(one.comment_id, []).append(one)
    return found


def _placed(session: Session, person: Person, rows: Select[Comment]) -> list[Placed]:
    on_clip = and_(Clip.id.is_not(None), clips_seen_by(person))
    found = session.execute(
        rows.add_columns(Person, Lesson, lessons_seen_by(person), Clip, on_clip)
        .join(Lesson, Lesson.id == Comment.lesson_id)
        .join(Person, Person.id == Comment.author_id)
        .outerjoin(Clip, Clip.id == Comment.clip_id)
        .order_by(Comment.created_at.desc(), Comment.id)
    )
    placed = []
    for comment, author, lesson, sees_lesson, clip, sees_clip in found:
        begin_ms = 0 if sees_lesson or clip is None else clip.start_ms
        place = lesson if sees_lesson else clip if sees_clip else None
        placed.append(Placed(comment, author, place, comment.start_ms - begin_ms))
    return placed


def newest_comments(session: Session, person: Person, limit: int = 8) -> list[Placed]:
    """Return what others lately wrote to this person.

    Whether she may read it is asked of the newest first: of some of the last weeks, of some of any time, and of all
    only where too little of them is open to her.
    """
    near = and_(comments_near(person), Comment.author_id != person.id, Comment.deleted_at.is_(None))
    newest_first = select(Comment.id).where(near).order_by(Comment.created_at.desc()).limit(ASKED_FIRST)
    seen = select(Comment).where(comments_seen_by(person)).limit(limit)
    lately = Comment.created_at > utc_now() - LATELY
    for since in (lately, true()):
        newest = session.scalars(newest_first.where(since)).all()
        found = _placed(session, person, seen.where(Comment.id.in_(newest)))
        if len(found) == limit or (since is not lately and len(newest) < ASKED_FIRST):
            return found
    return _placed(session, person, seen.where(near))


def comments_on_goal(session: Session, person: Person, goal_id: str) -> list[Placed]:
    """Return the comments on a goal that this person may read, newest first.

    What she wrote herself is hers also when the lesson is taken back.
    """
    on_goal = select(Comment).where(comments_kept_by(person), Comment.goal_id == goal_id)
    return _placed(session, person, on_goal.where(Comment.deleted_at.is_(None)))


def comments_by(session: Session, person: Person) -> list[Placed]:
    """Return what a person wrote, newest first."""
    return _placed(session, person, select(Comment).where(Comment.author_id == person.id, Comment.deleted_at.is_(None)))
