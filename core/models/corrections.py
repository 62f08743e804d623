"""Tables of a teacher's corrections, guesses, shown measures and voice print."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id, only_one


class Correction(Base):
    """One thing that a person put right. It lies over what the machine found, in any run, until it is undone.

    `body` says where in time and what; `transcription/lesson/corrections.py` knows its shapes by `kind`.
    """

    __tablename__ = "correction"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    made_by_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"))
    made_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))
    body: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]


class Guess(Base):
    """What share of the talk a teacher thought was hers before she saw it; asked once a lesson."""

    __tablename__ = "guess"

    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    share: Mapped[float | None]  # 0..1; None: she did not want to guess
    made_at: Mapped[datetime]


class ShownMeasures(Base):
    """A teacher shows her measures over time to one partnership, until she takes that back."""

    __tablename__ = "shown_measures"
    __table_args__ = (only_one("uq_shown_measures_open", "owner_id", "partnership_id", where="taken_back_at IS NULL"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    partnership_id: Mapped[str] = mapped_column(Id, ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    shown_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]


class MeasuresOpening(Base):
    """The coach to whom measures are shown opened them, or had one in a list; their owner can read when."""

    __tablename__ = "measures_opening"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    showing_id: Mapped[str] = mapped_column(Id, ForeignKey("shown_measures.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="page", server_default="page")  # or listed
    opened_at: Mapped[datetime]


class VoicePrint(Base):
    """What a teacher's own voice sounds like, kept with her consent so that the next lessons start right.

    Consent makes the row, taking it back deletes it; `voice` is filled from the first lesson that is
    analysed afterwards and in which it is clear who the teacher is.
    """

    __tablename__ = "voice_print"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    consented_at: Mapped[datetime]
    voice: Mapped[list[Any] | None] = mapped_column(JSON)  # 192 numbers of length 1 (CAM++)
    heard_ms: Mapped[int] = mapped_column(default=0)  # how much speech it was made from


class Dictation(Base):
    """A comment that somebody speaks: its sound is kept until it is heard, then its words, for its author alone."""

    __tablename__ = "dictation"
    __table_args__ = (UniqueConstraint("lesson_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # in its lesson, from 1: names its step and its file
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    text: Mapped[str | None]  # None: not heard yet
