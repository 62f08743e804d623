"""A coach's mirror: talk, questions and advice of one side of a conversation."""

from __future__ import annotations

import pytest

from core.types import AnsweredBy, Question, QuestionKind, Role, Span, Turn
from transcription.lesson.analysis_document import measures_document
from transcription.lesson.measures import measure_lesson
from transcription.lesson.mirror import analyse_conversation, is_advice

ADVICE = [
    "You should wait longer.",
    "Have you tried mini whiteboards?",
    "Why don’t you stand at the side?",
    "If I were you I'd start with pairs.",
    "What about a seating plan?",
    "I would put Ella in charge.",
    "Next time, try it without the slide.",
    "My advice is to film the back row.",
    "You might want to look at that again.",
]
NO_ADVICE = [
    "What did you notice?",
    "What did you hope they would say here?",
    "So what I hear is that it felt long.",
    "You waited for four seconds.",
    "Tell me more about that.",
    "How would you know that it had worked?",
    "I wonder what Tom was writing.",
    "What about two quarters and three sixths?",
]


@pytest.mark.parametrize("sentence", ADVICE)
def test_advice_is_heard_also_when_it_is_dressed_as_a_question(sentence: str) -> None:
    assert is_advice(sentence)


@pytest.mark.parametrize("sentence", NO_ADVICE)
def test_a_question_a_summary_and_a_description_are_no_advice(sentence: str) -> None:
    assert not is_advice(sentence)


def test_the_mirror_counts_the_coach_alone_and_each_thing_can_be_heard() -> None:
    turns = (
        Turn(0, 4_000, "S1", Role.TEACHER, "What did you notice? You should wait."),
        Turn(4_000, 16_000, "S2", Role.PUPIL, "I should wait, you should too. Why not?"),
        Turn(16_000, 20_000, "S1", Role.TEACHER, "Tell me more."),
    )
    asked = [
        Question("What did you notice?", "S1", Role.TEACHER, QuestionKind.OPEN, 0.9, AnsweredBy.PUPIL, 0, 2_000),
        Question("Why not?", "S2", Role.PUPIL, QuestionKind.PROBING, 0.9, AnsweredBy.NOBODY, 15_000, 16_000),
    ]
    speech = (Span(0, 1_500), Span(2_500, 16_000), Span(16_000, 20_000))  # a pause within the first turn
    measures = measures_document(measure_lesson(turns, None, speech, asked, 20_000))
    mirror = analyse_conversation(turns, asked, measures)
    assert mirror.longest_ms == measures["longest_teacher_stretch_ms"]
    assert (mirror.coach_ms, mirror.coach_share) == (measures["teacher_ms"], measures["teacher_share_of_talk"])
    assert ([one.text for one in mirror.questions], mirror.open_questions) == (["What did you notice?"], 1)
    assert [one.text for one in mirror.advice] == ["You should wait."]
    assert 0 < mirror.advice[0].start_ms < 4_000


def test_a_silent_recording_has_no_share() -> None:
    measures = measures_document(measure_lesson((), None, (), (), 20_000))
    assert analyse_conversation((), (), measures).coach_share is None
