"""Questions: what asks, of which kind, who answered, and how long there was to think."""

from __future__ import annotations

import pytest

from core.types import AnsweredBy, Question, QuestionKind, Role, Span, Turn, Word
from transcription.questions.detection import Around, asks
from transcription.questions.kinds import kind_of
from transcription.questions.lesson_questions import find_questions
from transcription.questions.utterances import split_sentences

TEACHER = Around(teacher=True)

ASKING = [
    "What is the capital of France",
    "So what happens to the ice when it melts",
    "How many sides does a hexagon have",
    "Okay, and where did the river go",
    "Can anybody tell me what a noun is",
    "Who can remind us of the rule",
    "Do you think the king was right to leave",
    "Is it bigger or smaller than the other one",
    "Isn't that the same number",
    "It gets colder up there, doesn't it",
    "These two are equal, right",
    "If I double it, what do I get",
    "Seven times eight is what",
    "I wonder what would happen without light",
    "What about the second paragraph",
    "Why",
    "How come",
    "Any questions",
    "Ready",
    "Anyone else",
]

TELLING = [
    "Please open your books at page nine",
    "What I want you to do is draw a line",
    "When we heat it, it turns into gas",
    "That's right",
    "The answer is on the right",
    "Do the next one on your own",
    "Have a seat, everybody",
    "What a lovely drawing",
    "Let's see what we have here",
    "I think it is twelve",
    "Twelve",
    "Yes",
    "We know that plants need water",
    "Because the water is warmer than the air",
    "If you finish early you can read",
]


@pytest.mark.parametrize("text", ASKING)
def test_a_question_is_heard_without_its_mark(text: str) -> None:
    assert asks(f"{text}.", TEACHER) >= 0.5


@pytest.mark.parametrize("text", TELLING)
def test_what_tells_is_no_question(text: str) -> None:
    assert asks(f"{text}.", TEACHER) < 0.5


@pytest.mark.parametrize("text", [*ASKING, *TELLING])
def test_a_mark_always_makes_it_surer(text: str) -> None:
    assert asks(f"{text}?", TEACHER) > asks(f"{text}.", TEACHER)


def test_a_statement_that_is_answered_with_yes_was_a_question() -> None:
    assert asks("You agree with Tom.", Around(teacher=True, hands_over=True, reply="Yes, I do.")) >= 0.5
    assert asks("You agree with Tom.", TEACHER) < 0.5


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


def test_sentences_are_cut_at_punctuation_but_not_at_points_in_numbers_or_titles() -> None:
    assert split_sentences("Okay. What is 3.5 plus 1? Mr. Lee knows") == [
        "Okay.",
        "What is 3.5 plus 1?",
        "Mr. Lee knows",
    ]


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


def test_a_right_after_her_own_words_and_a_sentence_left_for_the_class_ask() -> None:
    alone, after_own = Around(True), Around(True, after_own=True)
    assert asks("Right.", alone) < 0.5 < asks("Right.", after_own)
    assert asks("And the height is.", Around(True)) < 0.5 < asks("And the height is.", Around(True, hands_over=True))
