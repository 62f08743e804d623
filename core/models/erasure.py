"""Table of erasures: what was deleted, and is not yet gone from every file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id


class Erasure(Base):
    """Something whose rows are deleted, in the transaction that deleted them; a worker ends it.

    Until `done_at` its bytes may still lie in files of the store, in the database's file, or in its journal. It names
    no person and no content; whoever has its id can see how far it is.
    """

    __tablename__ = "erasure"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    what: Mapped[str] = mapped_column(String(20), default="")  # lesson, conversation, account; empty: overwritten words
    keys: Mapped[list[Any]] = mapped_column(default=list)  # files of the store that go with it
    uploads: Mapped[list[Any]] = mapped_column(default=list)  # files of unfinished uploads
    asked_at: Mapped[datetime]
    rewritten_at: Mapped[datetime | None]  # since then the tables' files hold none of it
    done_at: Mapped[datetime | None] = mapped_column(index=True)
