"""Coaching mirror: how much a coach talked, asked and advised in a recorded conversation. No score."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.types import Question, QuestionKind, Role, Turn
from transcription.questions.utterances import split_turns

_ADVICE = re.compile(
    r"""\b(?:
        you \s (?:should|ought|need \s to|have \s to|must|could|might \s (?:want|like))
      | you(?:'d|\s would) \s be \s better
      | (?:why|how \s come) \s (?:don't|do \s not|didn't) \s you
      | have \s you (?:\s (?:ever|already))? \s (?:tried|thought \s (?:of|about)|considered)
      | how \s about | what \s if \s you
      | what \s about \s (?:an?|the|some|your|\w+ing) \b
      | if \s i \s (?:were|was) \s you
      | i(?:'d|\s would) \s (?:suggest|recommend|advise|try|do|start|use|give|put|just)
      | i \s (?:suggest|recommend|advise)
      | (?:what|the \s thing) \s i \s (?:do|did|always \s do|usually \s do)
      | my \s (?:advice|suggestion|tip)
      | try \s (?:to|and|using|giving|asking|this|that|it)
      | make \s sure \s (?:you|that|to)
      | next \s time,? \s (?:try|use|ask|give|do|don't)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Ways in which English speakers advise, also dressed as a question (van Nieuwerburgh's "queggestion")."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and when it was said (ms)."""

    start_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a coach did in a conversation. `coach_share` is of all talk, 0..1, None without talk.

    Times are those that the lesson's page shows: a turn holds pauses, so its length is not what was heard.
    """

    coach_ms: int
    coach_share: float | None
    longest_ms: int
    questions: tuple[Said, ...]
    open_questions: int
    advice: tuple[Said, ...]


def is_advice(sentence: str) -> bool:
    """Say whether a sentence advises."""
    return _ADVICE.search(sentence.replace("’", "'")) is not None


def analyse_conversation(turns: Sequence[Turn], questions: Sequence[Question], measures: Mapping[str, Any]) -> Mirror:
    """Count what the voice that the lesson calls the teacher's did: here it is the coach's.

    `measures` are the recording's, as they are stored.
    """
    asked = [one for one in questions if one.role is Role.TEACHER and one.start_ms is not None]
    said = [one for one in split_turns(turns) if one.role is Role.TEACHER]
    return Mirror(
        coach_ms=measures["teacher_ms"],
        coach_share=measures["teacher_share_of_talk"],
        longest_ms=measures["longest_teacher_stretch_ms"],
        questions=tuple(Said(one.start_ms or 0, one.text) for one in asked),
        open_questions=sum(one.kind in (QuestionKind.OPEN, QuestionKind.PROBING) for one in asked),
        advice=tuple(Said(one.start_ms or 0, one.text) for one in said if is_advice(one.text)),
    )
