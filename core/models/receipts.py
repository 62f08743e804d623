"""Table of receipts: what was done once, and is answered the same when it is asked for again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id


class Receipt(Base):
    """That a request with an id of its own was done, and what it was answered: an address or an id, never content.

    `key` is a digest of the id, of whoever sent it, and of all that it said. The id stands nowhere else.
    """

    __tablename__ = "receipt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    answer: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(index=True)
