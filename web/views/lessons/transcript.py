"""What the analysis found: turns, questions, activities and speakers."""

from __future__ import annotations

from core.models import QuestionRow
from web.views.base import View


class TurnView(View):
    """Who spoke, and the words as [start_ms, end_ms, text, probability]."""

    number: int
    start_ms: int
    end_ms: int
    speaker: str
    role: str
    text: str
    words: list[tuple[int, int, str, float]]


class QuestionView(View):
    """A question that was asked."""

    id: str
    start_ms: int
    end_ms: int
    text: str
    speaker: str
    role: str
    kind: str
    confidence: float
    answered_by: str
    wait_1_ms: int | None
    wait_2_ms: int | None


def question_view(row: QuestionRow, *, with_waits: bool) -> QuestionView:
    """Return a question; waits, and who answered, which they were computed from, go to whom measures are open alone."""
    view = QuestionView.model_validate(row)
    return view if with_waits else view.model_copy(update={"wait_1_ms": None, "wait_2_ms": None, "answered_by": ""})


class ActivityView(View):
    """What the class did for a range."""

    start_ms: int
    end_ms: int
    kind: str


class SpeakerView(View):
    """A voice."""

    label: str
    role: str
    name: str
