"""Questions of a lesson: who answered, of which kind they are in their place, and how long there was to think."""

from __future__ import annotations

import pytest

from core.types import AnsweredBy, Question, QuestionKind, Role, Span, Turn, Word
from transcription.questions.lesson_questions import find_questions


def say(start_ms: int, end_ms: int, speaker: str, role: Role, text: str) -> Turn:
    """Spread the words of a text evenly over a turn."""
    parts = text.split()
    step = (end_ms - start_ms) // len(parts)
    words = tuple(Word(start_ms + i * step, start_ms + (i + 1) * step, p, 0.9) for i, p in enumerate(parts))
    return Turn(start_ms, end_ms, speaker, role, text, words)


def ask(*turns: Turn, speech: tuple[Span, ...] = ()) -> tuple[Question, ...]:
    return find_questions(turns, None, speech or [Span(t.start_ms, t.end_ms) for t in turns])


def test_wait_one_lasts_until_the_pupil_and_wait_two_until_the_teacher() -> None:
    (q,) = ask(
        say(0, 2000, "S1", Role.TEACHER, "What is the capital of France?"),
        say(5200, 6000, "S2", Role.PUPIL, "Paris."),
        say(7500, 9000, "S1", Role.TEACHER, "Yes, it is Paris."),
    )
    assert (q.kind, q.answered_by, q.wait_1_ms, q.wait_2_ms) == (QuestionKind.RECALL, AnsweredBy.PUPIL, 3200, 1500)


def test_a_wait_ends_when_the_teacher_answers_herself() -> None:
    (q,) = ask(
        say(0, 2000, "S1", Role.TEACHER, "What is the capital of France?"),
        say(4000, 5000, "S1", Role.TEACHER, "It is Paris."),
    )
    assert (q.answered_by, q.wait_1_ms, q.wait_2_ms) == (AnsweredBy.TEACHER, 2000, None)


def test_a_question_inside_a_long_turn_ends_where_the_sound_pauses_not_where_the_word_does() -> None:
    turn = say(0, 10_000, "S1", Role.TEACHER, "What is this? It is a very large and very old leaf.")
    drifting = Turn(
        0, 10_000, "S1", Role.TEACHER, turn.text, (*turn.words[:2], Word(1600, 2100, "this?", 0.9), *turn.words[3:])
    )
    (q,) = ask(drifting, speech=(Span(0, 2400), Span(4800, 10_000)))
    assert (q.end_ms, q.wait_1_ms, q.answered_by) == (2400, 2400, AnsweredBy.TEACHER)


@pytest.mark.parametrize("word_end_ms", [2100, 2900, 3700, 4700])
def test_a_last_word_stretched_into_the_silence_does_not_shorten_the_wait(word_end_ms: int) -> None:
    words = (Word(0, 800, "What", 0.9), Word(800, 1500, "is", 0.9), Word(1500, word_end_ms, "this?", 0.9))
    turns = [Turn(0, 3000, "S1", Role.TEACHER, "What is this?", words), say(5000, 6000, "S2", Role.PUPIL, "A leaf.")]
    (q,) = find_questions(turns, None, [Span(0, 2200), Span(5000, 6000)])
    assert (q.end_ms, q.wait_1_ms) == (2200, 2800)


def test_a_question_that_its_asker_runs_over_is_rhetorical_and_has_no_wait() -> None:
    (q,) = ask(say(0, 6000, "S1", Role.TEACHER, "Where does the water go? It goes straight into the sea."))
    assert (q.kind, q.wait_1_ms, q.wait_2_ms) == (QuestionKind.RHETORICAL, None, None)


def test_a_question_that_is_put_again_leaves_the_wait_to_the_last() -> None:
    first, second = ask(
        say(0, 6000, "S1", Role.TEACHER, "Where does the water go? Which river does it reach?"),
        say(8000, 9000, "S2", Role.PUPIL, "The Rhine."),
    )
    assert (first.kind, first.wait_1_ms) == (QuestionKind.RECALL, None)
    assert second.wait_1_ms == 2000


def test_managerial_questions_have_no_waits() -> None:
    (q,) = ask(say(0, 900, "S1", Role.TEACHER, "Ready?"), say(1500, 1900, "S2", Role.PUPIL, "Yes."))
    assert (q.kind, q.wait_1_ms, q.wait_2_ms) == (QuestionKind.MANAGERIAL, None, None)


def test_a_pupils_question_is_listed_without_waits() -> None:
    (q,) = ask(
        say(0, 2000, "S2", Role.PUPIL, "What does this word mean?"),
        say(3000, 4000, "S1", Role.TEACHER, "It means a small boat."),
    )
    assert (q.role, q.answered_by, q.wait_1_ms) == (Role.PUPIL, AnsweredBy.TEACHER, None)


def test_nobody_answers_when_nobody_speaks() -> None:
    (q,) = ask(say(0, 2000, "S1", Role.TEACHER, "What is the capital of France?"))
    assert (q.answered_by, q.wait_1_ms) == (AnsweredBy.NOBODY, None)


def test_a_pupil_who_breaks_in_gives_a_wait_of_nothing() -> None:
    (q,) = ask(
        say(0, 2000, "S1", Role.TEACHER, "What is the capital of France?"),
        say(1700, 2600, "S2", Role.PUPIL, "Paris!"),
    )
    assert (q.answered_by, q.wait_1_ms) == (AnsweredBy.PUPIL, 0)


def test_no_turns_give_no_questions() -> None:
    assert find_questions([], None, []) == ()
