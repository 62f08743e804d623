"""What the analysis found: turns, questions, activities and speakers."""

from __future__ import annotations

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
