"""Retention: deletes films and transcripts after the periods in the settings, and tells owners a week before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.lessons.spoken_comments import remove_spoken_comments
from annotation.mail_queue import write_mail
from core.clock import utc_now
from core.models import (
    ChunkRow,
    Correction,
    Dictation,
    Finding,
    Lesson,
    Person,
    QuestionRow,
    SpeakerRow,
    Step,
    StoredFile,
    TurnRow,
)
from core.school_day import full_day
from core.settings import get_settings

WARNING = timedelta(days=7)
WORDS = ("words", "imported", "voices", "roles", "teacher", "speech")  # findings; pictures go with the film


def what_is_due(
    created_at: datetime, keep_days: int, warned_at: datetime | None, gone_at: datetime | None, now: datetime
) -> Literal["warn", "remove", ""]:
    """Say what a lesson's film or words need now. Nothing goes before its owner has known for a week."""
    if not keep_days or gone_at is not None or now < created_at + timedelta(days=keep_days) - WARNING:
        return ""
    if warned_at is None:
        return "warn"
    return "remove" if now >= max(created_at + timedelta(days=keep_days), warned_at + WARNING) else ""


def goes_on(created_at: datetime, keep_days: int, warned_at: datetime) -> datetime:
    """Return when what is warned of goes."""
    return max(created_at + timedelta(days=keep_days), warned_at + WARNING)


def upcoming(lesson: Lesson) -> list[tuple[str, datetime]]:
    """Return what of a lesson goes soon, and when, for its owner's pages."""
    settings, found = get_settings(), []
    if settings.keep_media_days and lesson.media_warned_at and not lesson.media_gone_at:
        found.append(("film", goes_on(lesson.created_at, settings.keep_media_days, lesson.media_warned_at)))
    if settings.keep_words_days and lesson.words_warned_at and not lesson.words_gone_at:
        found.append(("words", goes_on(lesson.created_at, settings.keep_words_days, lesson.words_warned_at)))
    return found


def lessons_due(session: Session) -> list[str]:
    """Return the ids of the lessons of which something goes now, or is to be warned of."""
    settings, now = get_settings(), utc_now()
    if not (settings.keep_media_days or settings.keep_words_days):
        return []
    media = (Lesson.media_warned_at, Lesson.media_gone_at)
    words = (Lesson.words_warned_at, Lesson.words_gone_at)
    there = or_(Lesson.media_gone_at.is_(None), Lesson.words_gone_at.is_(None))
    rows = select(Lesson.id, Lesson.created_at, *media, *words).where(there, Lesson.deleted_at.is_(None))
    return [
        one.id
        for one in session.execute(rows.order_by(Lesson.created_at))
        if what_is_due(one.created_at, settings.keep_media_days, one.media_warned_at, one.media_gone_at, now)
        or what_is_due(one.created_at, settings.keep_words_days, one.words_warned_at, one.words_gone_at, now)
    ]


def apply_retention_rules(session: Session, lesson_ids: Collection[str]) -> list[str]:
    """Warn of what goes in a week of these lessons, and remove what is due; return the keys of the files, to erase."""
    settings, now, keys = get_settings(), utc_now(), list[str]()
    for lesson in session.scalars(select(Lesson).where(Lesson.id.in_(lesson_ids), Lesson.deleted_at.is_(None))).all():
        due = what_is_due(
            lesson.created_at, settings.keep_media_days, lesson.media_warned_at, lesson.media_gone_at, now
        )
        if due == "warn":
            lesson.media_warned_at = now
            _tell(session, lesson, "film", goes_on(lesson.created_at, settings.keep_media_days, now))
        elif due == "remove":
            keys += _remove_media(session, lesson)
        due = what_is_due(
            lesson.created_at, settings.keep_words_days, lesson.words_warned_at, lesson.words_gone_at, now
        )
        if due == "warn":
            lesson.words_warned_at = now
            _tell(session, lesson, "words", goes_on(lesson.created_at, settings.keep_words_days, now))
        elif due == "remove":
            keys += _remove_words(session, lesson)
    return keys


def _tell(session: Session, lesson: Lesson, what: str, goes_at: datetime) -> None:
    owner = session.get_one(Person, lesson.owner_id)
    text = (
        f"Your school keeps recordings for a limited time. On {full_day(goes_at)} the {what} of a lesson of yours"
        f" will be removed. Until then you can save it: everything about you, as one file, is at\n\n{site()}/me\n"
    )
    write_mail(session, owner, f"The {what} of a lesson will be removed in a week", text, f"{what}:{lesson.id}")


def _remove_media(session: Session, lesson: Lesson) -> list[str]:
    """Remove film, sound, pictures and clips' files, and the steps that would make them anew."""
    keys = list(session.scalars(select(StoredFile.key).where(StoredFile.lesson_id == lesson.id)))
    session.execute(delete(StoredFile).where(StoredFile.lesson_id == lesson.id))
    session.execute(delete(Step).where(Step.lesson_id == lesson.id))
    session.execute(delete(Finding).where(Finding.lesson_id == lesson.id, Finding.kind == "pictures"))
    lesson.media_gone_at = utc_now()
    return keys


def _remove_words(session: Session, lesson: Lesson) -> list[str]:
    """Remove every word and voice, spoken comments too; measures, activities and comments stay. Returns keys."""
    keys = remove_spoken_comments(session, Dictation.lesson_id == lesson.id)
    for table in (TurnRow, ChunkRow, QuestionRow, SpeakerRow, Correction):
        session.execute(delete(table).where(table.lesson_id == lesson.id))
    session.execute(delete(Finding).where(Finding.lesson_id == lesson.id, Finding.kind.in_(WORDS)))
    session.execute(delete(Step).where(Step.lesson_id == lesson.id))
    lesson.words_gone_at = utc_now()
    return keys
