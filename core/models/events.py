"""Table of change events of lessons, in order, trimmed after some time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id


class Event(Base):
    """Something changed; the page asks for what it may see. Never any content in here."""

    __tablename__ = "event"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))  # step, words, comment, share, lesson
    at: Mapped[datetime]
