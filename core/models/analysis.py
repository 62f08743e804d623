"""Tables of analysis results: findings as JSON for stages, and rows for pages.

The rows say what the machine found, with what a person put right laid over it (`lesson/analysis_store.py`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from core.measure_figures import figures_of
from core.models.base import Base, Id, new_id


class Finding(Base):
    """The result of one stage that later stages build on, as JSON: `speech`, `voices`, `words`, `roles`, `pictures`,
    and `teacher`: the voice that was known from a voice print."""

    __tablename__ = "finding"

    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    document: Mapped[Any] = mapped_column(JSON)


class ChunkRow(Base):
    """A piece to transcribe, and its words once they are there: the checkpoint of transcription."""

    __tablename__ = "chunk"
    __table_args__ = (UniqueConstraint("lesson_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    speech: Mapped[list[Any]]  # [[start_ms, end_ms], ...]
    words: Mapped[list[Any] | None]  # [[start_ms, end_ms, text, probability], ...]


class SpeakerRow(Base):
    """A voice of the lesson."""

    __tablename__ = "speaker"
    __table_args__ = (UniqueConstraint("lesson_id", "label"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(12))  # S1, S2, ...
    role: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80), default="")  # given by a person


class TurnRow(Base):
    """A turn with its words."""

    __tablename__ = "turn"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    speaker: Mapped[str] = mapped_column(String(12))
    role: Mapped[str] = mapped_column(String(10))
    text: Mapped[str]
    words: Mapped[list[Any]]  # [[start_ms, end_ms, text, probability], ...]


class QuestionRow(Base):
    """A question that was asked."""

    __tablename__ = "question"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    text: Mapped[str]
    speaker: Mapped[str] = mapped_column(String(12))
    role: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12))
    confidence: Mapped[float]
    answered_by: Mapped[str] = mapped_column(String(10))
    wait_1_ms: Mapped[int | None]
    wait_2_ms: Mapped[int | None]


class ActivityRow(Base):
    """What the class did for a range."""

    __tablename__ = "activity"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))


def _figures_of_document(context: DefaultExecutionContext) -> dict[str, Any]:
    parameters: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return figures_of(parameters["document"])


class MeasuresRow(Base):
    """The measures of a lesson, and the intervals that each counts.

    `figures` is written with every document, whoever writes it: charts of many lessons read that alone.
    """

    __tablename__ = "measures"

    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]]  # core.types.Measures as JSON, heard_in as {name: [[start_ms, end_ms], ...]}
    figures: Mapped[dict[str, Any]] = mapped_column(default=_figures_of_document, onupdate=_figures_of_document)
