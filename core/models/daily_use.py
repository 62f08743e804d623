"""Table of daily uses: how often somebody began what takes disk."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id


class DailyUse(Base):
    """How often a person began one kind of thing on a day; deleting the thing takes nothing off."""

    __tablename__ = "daily_use"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
