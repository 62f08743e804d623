"""Question kinds: the words speak for one of five."""

from __future__ import annotations

import pytest

from core.types import QuestionKind
from transcription.questions.kinds import kind_of

KINDS = [
    ("What is seven times eight?", QuestionKind.RECALL),
    ("When did the war end?", QuestionKind.RECALL),
    ("What do you think will happen next?", QuestionKind.OPEN),
    ("How else could we do it?", QuestionKind.OPEN),
    ("What do you notice about these words?", QuestionKind.OPEN),
    ("Why do you say that?", QuestionKind.PROBING),
    ("How do you know it is a metal?", QuestionKind.PROBING),
    ("How come it floats?", QuestionKind.PROBING),
    ("What makes you think so?", QuestionKind.PROBING),
    ("Can you explain why it sinks?", QuestionKind.PROBING),
    ("Tell us why.", QuestionKind.PROBING),
    ("Ready?", QuestionKind.MANAGERIAL),
    ("Why don't you sit over there?", QuestionKind.MANAGERIAL),
    ("Can you please put that away?", QuestionKind.MANAGERIAL),
    ("Does everybody have a pencil?", QuestionKind.MANAGERIAL),
    ("Any questions?", QuestionKind.MANAGERIAL),
    ("You know what?", QuestionKind.RHETORICAL),
    ("Isn't that amazing?", QuestionKind.RHETORICAL),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_the_words_speak_for_a_kind(text: str, kind: QuestionKind) -> None:
    assert kind_of(text, by_teacher=True)[0] is kind


def test_a_pupils_why_does_not_probe_a_pupil() -> None:
    assert kind_of("Why is it blue?", by_teacher=False)[0] is QuestionKind.OPEN
