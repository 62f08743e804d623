"""Question detection: what asks and what tells, with and without a mark, and which feature says so."""

from __future__ import annotations

from math import exp

import pytest

from transcription.questions.detection import WEIGHTS, Around, asks, features, head_of, plain

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


def test_a_right_after_her_own_words_and_a_sentence_left_for_the_class_ask() -> None:
    alone, after_own = Around(True), Around(True, after_own=True)
    assert asks("Right.", alone) < 0.5 < asks("Right.", after_own)
    assert asks("And the height is.", Around(True)) < 0.5 < asks("And the height is.", Around(True, hands_over=True))


FEATURES = [  # what speaks for and against asking, besides "always"
    ("What a lovely drawing", ["wh_exclaimed"]),
    ("Ready", ["alone"]),
    ("Is it", ["alone"]),
    ("Is, it", ["alone"]),
    ("Which one", ["alone"]),
    ("What's that", ["why_head"]),
    ("When is it", ["wh_with_auxiliary"]),
    ("When it melts", []),
    ("Which you know", ["which_relative"]),
    ("Which goes to the left", ["which_relative"]),
    ("Which is bigger", ["wh_with_auxiliary"]),
    ("Which is the house", ["which_relative"]),
    ("What is that", ["wh_with_auxiliary"]),
    ("What about you", ["wh_with_auxiliary"]),
    ("What number is it", ["wh_with_auxiliary"]),
    ("What number", ["wh_head"]),
    ("What number is", ["wh_with_auxiliary"]),
    ("What he is", ["wh_relative"]),
    ("What he said is true", ["wh_relative"]),
    ("What he's said", ["wh_relative"]),
    ("Which he said", ["which_relative"]),
    ("Which he said is better", ["wh_head"]),
    ("How many sides", ["wh_with_auxiliary"]),
    ("How he did it", ["wh_relative"]),
    ("How he's done it", ["wh_relative"]),
    ("How long", ["how_head"]),
    ("How", ["alone"]),
    ("Who goes", ["wh_head"]),
    ("In what way", ["wh_head"]),
    ("On the table", []),
    ("And what way", ["wh_head"]),
    ("Do it", ["order"]),
    ("Do your best", ["order"]),
    ("Do my one", ["order"]),
    ("Do that", ["order"]),
    ("Do this one", ["order"]),
    ("Do the next one", ["order"]),
    ("Do the next one there in books", ["order"]),
    ("Do the next one there in your books", ["inverted"]),
    ("Do all", ["order"]),
    ("Do both", ["order"]),
    ("Do they fit", ["inverted"]),
    ("Do these two fit", ["inverted"]),
    ("Do", []),
    ("Have a seat", ["order"]),
    ("Have the red pen", ["order"]),
    ("Have your pen", ["order"]),
    ("Have some", ["order"]),
    ("Have it", ["order"]),
    ("Have that", ["order"]),
    ("Have one", ["order"]),
    ("Have all", ["order"]),
    ("Have they gone", ["inverted"]),
    ("Is three bigger", ["inverted"]),
    ("Is bigger", []),
    ("Does Maya agree", ["inverted"]),
    ("Do number four", []),
    ("Have number four", []),
    ("Don't stop now", []),
    ("Will Tom come", []),
    ("May Tom come", []),
    ("Might Tom come", []),
    ("Can Tom come", []),
    ("Any more", ["anybody_head"]),
    ("Anybody can do that", []),
    ("Let's see", ["let_us"]),
    ("Let me go", ["let_us"]),
    ("Please sit down", ["let_us"]),
    ("You agree with Tom", ["you_verb"]),
    ("You can sit", []),
    ("Okay", ["okay_alone"]),
    ("OK", ["okay_alone"]),
    ("Right", ["okay_alone"]),
    ("All right", []),
    ("Alright", []),
    ("Yes", []),
    ("Yeah", []),
    ("It is good, okay", ["okay_tag"]),
    ("Good, okay", []),
    ("That is okay", []),
    ("These two are equal, right", ["right_tag"]),
    ("The answer is on the right", []),
    ("So right", ["right_tag"]),
    ("Doesn't it", ["inverted"]),
    ("It gets colder up there, doesn't it", ["tag", "inverted_later"]),
    ("It rains and what happens", []),
    ("We saw it and why is it blue", ["inverted_later"]),
    ("Look over here how many do we need", ["wh_inverted_later"]),
    ("We know where do they live", []),
    ("Seven times eight is what", ["wh_in_place"]),
    ("Times what", ["wh_in_place"]),
    ("They are how many", ["wh_in_place"]),
    ("They gave seven times what we had", ["wh_in_place"]),
    ("Red or blue", ["or_choice"]),
    ("Red pens or a very dark blue", ["or_choice"]),
    ("Big very old red pens or a very dark blue", []),
    ("I wonder", ["wonders"]),
    ("Everybody ready", ["you_verb", "checks_all"]),
    ("I'm curious", ["is_curious"]),
    ("You want to come", ["you_verb", "offers"]),
    ("There are any questions", ["any_at_end"]),
    ("Explain that", ["asks_to_tell"]),
    ("The height is...", ["breaks_off_at_verb"]),
    ("The height is", []),
    ("Is...", ["breaks_off"]),
    ("The height of a tree...", ["breaks_off"]),
    ("Twelve", ["short_answer"]),
    ("12", ["short_answer"]),
    ("Twelve, yes", ["short_answer"]),
    ("Twelve, no", ["short_answer"]),
    ("Yeah, twelve", ["short_answer"]),
    ("Twelve yeah", ["short_answer"]),
    ("Twelve blue", []),
    ("So do you agree", ["inverted"]),
    ("A, is it blue", ["inverted", "inverted_later"]),
    ("It is...", ["breaks_off_at_verb"]),
    ("Blue okay", []),
    ("It fits okay", ["okay_tag"]),
    ("It fits, huh", ["tag"]),
    ("Blue, what", ["alone"]),
    ("Big red pens or a very dark blue", ["or_choice"]),
    ("Big old red pens or a very dark blue", []),
    ("Any questions", ["alone"]),
    ("Got any questions", ["any_at_end"]),
    ("One two three", []),
    (" ".join(["one"] + ["two three"] * 12), []),
    (" ".join(["two three"] * 13), ["long"]),
]


@pytest.mark.parametrize(("text", "found"), FEATURES)
def test_each_feature_has_its_phrases_and_its_limits(text: str, found: list[str]) -> None:
    assert features(text, Around(False)) == ["always", *found]


AROUND = [
    ("Blue ones", Around(False), []),
    ("Blue ones", Around(False, hands_over=True), ["hands_over"]),
    ("Blue ones", Around(False, reply="Yes, I do."), ["replied_to"]),
    ("Blue ones", Around(False, reply="Maybe."), []),
    ("Blue ones", Around(True), ["teacher"]),
    ("Blue ones", Around(True, hands_over=True), ["teacher", "hands_over", "teacher_hands_over"]),
    ("Blue ones", Around(True, reply="No."), ["teacher", "replied_to", "teacher_replied_to"]),
    ("Blue ones", Around(True, after_own=True), ["teacher"]),
    ("Right", Around(False, after_own=True), ["okay_alone"]),
    ("Right", Around(True, after_own=True), ["okay_alone", "teacher", "right_after_own"]),
    ("It goes into", Around(False, hands_over=True), ["hands_over"]),
    ("It goes into", Around(True), ["teacher"]),
    ("It goes into", Around(True, hands_over=True), ["teacher", "hands_over", "teacher_hands_over", "leaves_a_gap"]),
    ("Goes into", Around(True, hands_over=True), ["teacher", "hands_over", "teacher_hands_over", "leaves_a_gap"]),
    ("Into", Around(True, hands_over=True), ["teacher", "hands_over", "teacher_hands_over", "calls_on"]),
    ("Maya", Around(True, hands_over=True), ["teacher", "hands_over", "teacher_hands_over", "calls_on"]),
    ("Maya", Around(False, hands_over=True), ["hands_over"]),
    ("Maya", Around(True), ["teacher"]),
    ("Great", Around(True, hands_over=True), ["teacher", "hands_over", "teacher_hands_over"]),
]


@pytest.mark.parametrize(("text", "around", "found"), AROUND)
def test_what_surrounds_an_utterance_speaks_too(text: str, around: Around, found: list[str]) -> None:
    assert features(text, around) == ["always", *found]


def test_a_missing_mark_speaks_against_asking_only_where_marks_are_used() -> None:
    used = Around(False, marked=True)
    assert features("Blue ones.", used) == ["always", "no_mark_where_marks_are_used"]
    assert features("Blue ones?", used) == features("Blue ones?", Around(False)) == ["always", "mark"]
    assert features("(laughs)", Around(True, hands_over=True)) == ["always"]
    assert features("The height is...?", Around(False)) == ["always", "mark", "breaks_off_at_verb"]


PLAIN = [
    ("[noise] What is it?", "what is it"),
    ("(laughs) So", "so"),
    ("It’s “nice”; ‘really’!", "it's nice 'really'"),
    ("3.5 plus 1.", "3.5 plus 1"),
    ("Well - no", "well no"),
    ("five--six—seven–eight -nine ten-", "five six seven eight nine ten"),
    ("a well-kept thing", "a well-kept thing"),
    (", a , b,", "a, b"),
    ("One:   two…three", "one two three"),
]


@pytest.mark.parametrize(("text", "flat"), PLAIN)
def test_plain_text_has_words_and_commas_alone(text: str, flat: str) -> None:
    assert plain(text) == flat


HEADS = [
    ("okay, so what is it", "what is it"),
    ("maya, is it blue", "is it blue"),
    ("what, is it", "what is it"),
    ("is, it", "is it"),
    ("the the river", "the river"),
    ("is is, it", "is it"),
    ("the, the river, here", "the river here"),
    ("so", "so"),
    ("well no", "no"),
    ("blue ones", "blue ones"),
]


@pytest.mark.parametrize(("text", "head"), HEADS)
def test_what_only_leads_in_is_left_out(text: str, head: str) -> None:
    assert " ".join(head_of(text)) == head


def test_how_sure_it_is_comes_from_the_weights() -> None:
    weight = WEIGHTS["always"] + WEIGHTS["mark"] + WEIGHTS["alone"]
    assert asks("Ready?", Around(False)) == pytest.approx(1 / (1 + exp(-weight)))
    twice = WEIGHTS["always"] + WEIGHTS["wh_with_auxiliary"]  # a feature counts once, whichever rule found it
    assert asks("What is that", Around(False)) == pytest.approx(1 / (1 + exp(-twice)))
