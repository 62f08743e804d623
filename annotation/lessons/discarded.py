"""Removes for good what was deleted or left lying, once it can't be brought back: comments, clips, sound, items."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from annotation.lessons.spoken_comments import remove_spoken_comments
from annotation.lessons.undo import UNDO
from core.clock import utc_now
from core.models import Clip, ClipShare, Comment, Dictation, PortfolioItem, Step, StoredFile

CLIP_STAGES = ("cut_clip", "blur_clip")
AT_ONCE = 20  # of each kind, in one transaction


def remove_discarded(session: Session) -> tuple[int, list[str]]:
    """Remove some of what can't be brought back any more; return how many, and the keys of their files, to erase."""
    gone, keys = utc_now() - UNDO, list[str]()
    items = session.scalars(select(PortfolioItem.id).where(PortfolioItem.deleted_at < gone).limit(AT_ONCE)).all()
    if items:
        session.execute(delete(PortfolioItem).where(PortfolioItem.id.in_(items)))
    clips = session.scalars(select(Clip).where(Clip.deleted_at < gone, Clip.title != "").limit(AT_ONCE)).all()
    for clip in clips:
        keys += _empty_clip(session, clip)
    said = session.scalars(select(Dictation.id).where(Dictation.created_at < gone).limit(AT_ONCE)).all()
    if said:
        keys += remove_spoken_comments(session, Dictation.id.in_(said))
    return _remove_comments(session, gone) + len(items) + len(clips) + len(said), keys


def _remove_comments(session: Session, before: datetime) -> int:
    """Remove deleted comments with what they said before; an answer to one stands by itself from now on."""
    gone = session.scalars(select(Comment.id).where(Comment.deleted_at < before).limit(AT_ONCE)).all()
    if gone:
        session.execute(update(Comment).where(Comment.parent_id.in_(gone)).values(parent_id=None))
        session.execute(delete(Comment).where(Comment.id.in_(gone)))
    return len(gone)


def _empty_clip(session: Session, clip: Clip) -> list[str]:
    """Remove a clip's title, files, steps and shares.

    Its row stays: what was written on it belongs to the lesson, and is read by nobody more than before.
    """
    files = select(StoredFile).where(StoredFile.lesson_id == clip.lesson_id)
    files = files.where(StoredFile.kind.in_((f"clip-{clip.number}", f"blurred-{clip.number}")))
    keys = []
    for file in session.scalars(files).all():
        keys.append(file.key)
        session.delete(file)
    steps = delete(Step).where(Step.lesson_id == clip.lesson_id, Step.stage.in_(CLIP_STAGES))
    session.execute(steps.where(Step.chunk_no == clip.number))
    session.execute(delete(ClipShare).where(ClipShare.clip_id == clip.id))
    clip.title = ""
    return keys
