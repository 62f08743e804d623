"""Tables of lessons, stored files, uploads and openings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id, only_one


class Lesson(Base):
    """One recording with its owner, title, class and date. Private to its owner until she shares it."""

    __tablename__ = "lesson"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    class_name: Mapped[str] = mapped_column(String(120), default="")
    taught_on: Mapped[date | None]
    created_at: Mapped[datetime]
    media: Mapped[dict[str, Any] | None]  # core.types.MediaInfo as JSON, once probed
    duration_ms: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(16), default="")  # once heard
    failure_code: Mapped[str] = mapped_column(String(64), default="")  # why it can never become playable
    failure_sentence: Mapped[str] = mapped_column(String(500), default="")
    deleted_at: Mapped[datetime | None]  # can be undone until the sweeper deletes it for good
    coaches_meet_at: Mapped[datetime | None]  # from then on its coaches read what each of them writes
    # A coach's recording of a coaching conversation, for the coach's own mirror; never shared.
    conversation_id: Mapped[str | None] = mapped_column(Id, ForeignKey("partnership.id"), index=True)
    conversation_since: Mapped[datetime | None]  # when the coach called it one
    release_asked_by_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id"))  # "a lesson after all"
    media_warned_at: Mapped[datetime | None]
    media_gone_at: Mapped[datetime | None]  # the school's retention
    words_warned_at: Mapped[datetime | None]
    words_gone_at: Mapped[datetime | None]


class StoredFile(Base):
    """A file in the store: `original`, `rendition`, `sound`, `poster` or `filmstrip` of a lesson."""

    __tablename__ = "stored_file"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(255), default="")  # as the person named it, for display only
    mime: Mapped[str] = mapped_column(String(80))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), default="", index=True)
    info: Mapped[dict[str, Any]] = mapped_column(default=dict)  # Rendition or Filmstrip as JSON
    created_at: Mapped[datetime]


class Upload(Base):
    """An upload on its way. How much is there is the size of its file on disk, never a column."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    mime: Mapped[str] = mapped_column(String(80), default="")
    length: Mapped[int] = mapped_column(BigInteger)
    is_growing: Mapped[bool] = mapped_column(default=False)  # still being recorded: `length` is the most it may be
    title: Mapped[str] = mapped_column(String(200), default="")
    class_name: Mapped[str] = mapped_column(String(120), default="")
    taught_on: Mapped[date | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # Once complete:
    lesson_id: Mapped[str | None] = mapped_column(Id, ForeignKey("lesson.id", ondelete="SET NULL"), index=True)


class Opening(Base):
    """Somebody else opened a lesson, or had it in a list; its owner can read when. `kind` is one of `openings.Kind`."""

    __tablename__ = "opening"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    clip_id: Mapped[str | None] = mapped_column(Id, ForeignKey("clip.id"), index=True)  # None: all of it
    kind: Mapped[str] = mapped_column(String(10), server_default="page")
    opened_at: Mapped[datetime]


class Place(Base):
    """Where a person stopped watching a lesson, on whatever device. Hers alone."""

    __tablename__ = "place"

    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    at_ms: Mapped[int]
    kept_at: Mapped[datetime]


class Clip(Base):
    """A named range of a lesson with a file of its own, so that it can be shared alone."""

    __tablename__ = "clip"
    __table_args__ = (UniqueConstraint("lesson_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # in its lesson, from 1: names its step and its file
    title: Mapped[str] = mapped_column(String(200))
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ClipShare(Base):
    """A clip opened to one partnership, until a date or until it is taken back. It opens nothing else of the lesson."""

    __tablename__ = "clip_share"
    __table_args__ = (only_one("uq_clip_share_open", "clip_id", "partnership_id", where="taken_back_at IS NULL"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    clip_id: Mapped[str] = mapped_column(Id, ForeignKey("clip.id", ondelete="CASCADE"), index=True)
    partnership_id: Mapped[str] = mapped_column(Id, ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]
