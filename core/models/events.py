"""Table of change events, in order, trimmed after some time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id


class Event(Base):
    """Something changed, and what it is about; the page asks for what it may see. Never any content in here.

    What it is about says who is told: with a partnership its two, with a comment those who may read that, with a clip
    those who may see that, with a person she alone; with none of them whoever may see the lesson. These ids are no
    foreign keys: a thing may go while its event is still to be told.

    Its kind is step, words, comment, share, lesson or session; `writing-` and a field of a session's notes; or rights,
    which is for the streams themselves.
    """

    __tablename__ = "event"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    lesson_id: Mapped[str | None] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(index=True)
    partnership_id: Mapped[str | None] = mapped_column(Id)
    comment_id: Mapped[str | None] = mapped_column(Id)
    clip_id: Mapped[str | None] = mapped_column(Id)
    session_id: Mapped[str | None] = mapped_column(Id)
    person_id: Mapped[str | None] = mapped_column(Id)
