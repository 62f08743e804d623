"""Tables of training answers and portfolio items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id, only_one


class ModuleAnswer(Base):
    """What somebody wrote for the set task of a module. Hers alone, unless she puts it into her portfolio."""

    __tablename__ = "module_answer"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    module: Mapped[str] = mapped_column(String(40), primary_key=True)  # annotation/coaching/training.py
    text: Mapped[str]
    written_at: Mapped[datetime]


class PortfolioItem(Base):
    """One piece of a coach's portfolio: `log` (a session), `task` (a module), `clip`, or `reflection` (`text`).

    What shows a coachee has her as `coachee_id`, and is read by nobody but the coach before `consent` is `given`;
    else it is `asked`, `refused` or `withdrawn`. What shows nobody has neither.
    """

    __tablename__ = "portfolio_item"
    __table_args__ = (only_one("uq_portfolio_item_source", "owner_id", "kind", "ref_id", where="ref_id <> ''"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    ref_id: Mapped[str] = mapped_column(String(40), default="")  # of the session, the clip or the module
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(default="")  # of a reflection; of the others it stays where it was written
    agreed: Mapped[list[Any]] = mapped_column(default=list)  # fingerprints of the lines that are asked for
    coachee_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id", ondelete="SET NULL"), index=True)
    consent: Mapped[str] = mapped_column(String(12), default="")
    decided_at: Mapped[datetime | None]
    added_at: Mapped[datetime]
    position: Mapped[int]
    deleted_at: Mapped[datetime | None]  # taken out; it can be put back for a day
