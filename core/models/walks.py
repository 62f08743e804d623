"""Tables of learning walks and their notes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id, only_one


class Walk(Base):
    """A visit to a colleague's lesson. The visited teacher sees it once it is saved; then it stands as it is."""

    __tablename__ = "walk"
    __table_args__ = (only_one("uq_walk_unsaved", "observer_id", "observed_id", "title", where="saved_at IS NULL"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    observer_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    observed_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime]
    saved_at: Mapped[datetime | None]
    # Its sound, which is the observed teacher's:
    lesson_id: Mapped[str | None] = mapped_column(Id, ForeignKey("lesson.id", ondelete="SET NULL"), index=True)
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    # What became of it:
    goal_id: Mapped[str | None] = mapped_column(Id, ForeignKey("goal.id", ondelete="SET NULL"), index=True)


class WalkNote(Base):
    """What was noticed at a moment of a visit (ms from its beginning)."""

    __tablename__ = "walk_note"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    walk_id: Mapped[str] = mapped_column(Id, ForeignKey("walk.id", ondelete="CASCADE"), index=True)
    draft_id: Mapped[str] = mapped_column(String(80), unique=True)  # made by the page: sent twice, kept once
    at_ms: Mapped[int]
    text: Mapped[str]
