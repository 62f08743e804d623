"""Table of pipeline steps. The rows are the truth; the queue carries only their ids."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id


class Step(Base):
    """One piece of work. `state` is waiting, ready, running, done, failed or cancelled."""

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("lesson_id", "stage", "chunk_no", "version"),
        Index("ix_step_ready", "state", "queue", "lesson_id", "next_at", "dispatched_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(40))
    chunk_no: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    queue: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]  # not before
    dispatched_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(Id)
    lease_until: Mapped[datetime | None]
    progress: Mapped[float] = mapped_column(default=0.0)  # 0..1
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[str] = mapped_column(String(64), default="")
    error_sentence: Mapped[str] = mapped_column(String(500), default="")
    cancel_requested_at: Mapped[datetime | None]
