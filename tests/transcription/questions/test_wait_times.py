"""Wait times: who answered, and the two pauses of Rowe, at each of their limits."""

from __future__ import annotations

import pytest

from core.types import AnsweredBy, Role, Span
from transcription.questions.wait_times import (
    DRIFT_MS,
    GIVEN_UP_MS,
    GOES_ON_MS,
    LOOK_MS,
    Waits,
    end_of_sound,
    find_waits,
)
from transcription.speech.audible_turns import Heard

NOBODY = Waits(AnsweredBy.NOBODY, None, None, False)
END = 2_000  # where the question ends


def teacher(start_ms: int, end_ms: int) -> Heard:
    return Heard(start_ms, end_ms, "S1", Role.TEACHER)


def pupil(start_ms: int, end_ms: int, speaker: str = "S2", role: Role = Role.PUPIL) -> Heard:
    return Heard(start_ms, end_ms, speaker, role)


def waits(*after: Heard, start_ms: int = 0) -> Waits:
    return find_waits([teacher(start_ms, END), *after], "S1", start_ms, END)


def test_nobody_answers_when_nothing_follows() -> None:
    assert waits() == NOBODY


def test_a_pupil_ends_the_first_wait_and_the_teacher_the_second() -> None:
    found = waits(pupil(5_000, 6_000), teacher(7_500, 9_000))
    assert found == Waits(AnsweredBy.PUPIL, Span(END, 5_000), Span(6_000, 7_500), False)


@pytest.mark.parametrize("role", [Role.GROUP, Role.UNSURE])
def test_any_other_voice_answers_as_a_pupil_does(role: Role) -> None:
    assert waits(pupil(5_000, 6_000, role=role)) == Waits(AnsweredBy.PUPIL, Span(END, 5_000), None, False)


def test_another_teacher_answers_as_a_teacher_and_leaves_no_second_wait() -> None:
    found = waits(pupil(5_000, 6_000, "S9", Role.TEACHER), teacher(7_000, 8_000))
    assert found == Waits(AnsweredBy.TEACHER, Span(END, 5_000), None, False)


@pytest.mark.parametrize(("pause_ms", "goes_on"), [(GOES_ON_MS - 1, True), (GOES_ON_MS, False), (3_000, False)])
def test_the_asker_goes_on_when_she_makes_no_pause(pause_ms: int, goes_on: bool) -> None:
    found = waits(teacher(END + pause_ms, END + pause_ms + 1_000), pupil(9_000, 10_000))
    assert found == Waits(AnsweredBy.TEACHER, Span(END, END + pause_ms), None, goes_on)


def test_an_asker_whose_sound_lasts_past_the_question_goes_on_at_once() -> None:
    found = find_waits([teacher(0, 6_000)], "S1", 0, END)
    assert found == Waits(AnsweredBy.TEACHER, Span(END, END), None, True)


def test_who_speaks_at_the_same_moment_as_the_asker_answers() -> None:
    assert waits(pupil(3_000, 4_000), teacher(3_000, 5_000)).answered_by is AnsweredBy.PUPIL


@pytest.mark.parametrize(("pause_ms", "answered"), [(GIVEN_UP_MS - 1, True), (GIVEN_UP_MS, False)])
def test_after_twenty_seconds_the_question_is_given_up(pause_ms: int, answered: bool) -> None:
    at = END + pause_ms
    assert (waits(pupil(at, at + 900)) != NOBODY) is answered
    assert (waits(teacher(at, at + 900)) != NOBODY) is answered
    second = waits(pupil(3_000, 4_000), teacher(4_000 + pause_ms, 4_900 + pause_ms)).wait_2
    assert second == (Span(4_000, 4_000 + pause_ms) if answered else None)


@pytest.mark.parametrize(("start_ms", "wait"), [(1_000, Span(END, END)), (999, Span(END, 8_000))])
def test_a_pupil_may_begin_a_second_before_the_end(start_ms: int, wait: Span) -> None:
    found = find_waits([teacher(0, END), pupil(start_ms, 3_000), pupil(8_000, 9_000, "S3")], "S1", 0, END)
    assert found == Waits(AnsweredBy.PUPIL, wait, None, False)


def test_a_voice_from_before_the_question_began_is_no_answer() -> None:
    heard = [pupil(1_400, 3_000), teacher(1_500, END), pupil(8_000, 9_000, "S3")]
    assert find_waits(heard, "S1", 1_500, END).wait_1 == Span(END, 8_000)
    heard = [teacher(1_500, END), pupil(1_500, 3_000)]
    assert find_waits(heard, "S1", 1_500, END).wait_1 == Span(END, END)


@pytest.mark.parametrize(("length_ms", "wait"), [(120, Span(END, 3_000)), (119, Span(END, 5_000))])
def test_a_click_is_no_answer(length_ms: int, wait: Span) -> None:
    assert waits(pupil(3_000, 3_000 + length_ms), pupil(5_000, 6_000)).wait_1 == wait


def test_a_voice_that_ends_with_the_question_is_no_answer() -> None:
    assert waits(pupil(1_500, END)) == NOBODY
    assert waits(pupil(1_500, END + 1)).wait_1 == Span(END, END)


def test_the_second_wait_begins_after_the_last_pupil() -> None:
    answers = (pupil(3_000, 6_000), pupil(4_000, 5_000, "S3"), pupil(7_000, 8_000, "S4"))
    assert waits(*answers, teacher(9_000, 10_000)).wait_2 == Span(8_000, 9_000)
    assert waits(*answers[:2], teacher(9_000, 10_000)).wait_2 == Span(6_000, 9_000)
    assert waits(*answers).wait_2 is None


def test_a_teacher_who_breaks_in_leaves_a_second_wait_of_nothing() -> None:
    assert waits(pupil(3_000, 6_000), teacher(5_000, 7_000)).wait_2 == Span(6_000, 6_000)


@pytest.mark.parametrize(("pause_ms", "wait"), [(GIVEN_UP_MS, None), (GIVEN_UP_MS - 1, 1_000)])
def test_a_long_pause_between_pupils_ends_the_answer(pause_ms: int, wait: int | None) -> None:
    at = 4_000 + pause_ms
    second = waits(pupil(3_000, 4_000), pupil(at, at + 500, "S3"), teacher(at + 1_500, at + 2_000)).wait_2
    assert (second and second.length_ms) == wait


def test_a_teachers_word_before_the_answer_does_not_end_the_second_wait() -> None:
    heard = [teacher(0, END), teacher(1_500, 2_500), pupil(1_600, 3_000), teacher(4_000, 5_000)]
    found = find_waits(heard, "S9", 0, END)
    assert found.answered_by is AnsweredBy.TEACHER
    heard = [teacher(0, END), pupil(1_500, 2_600, "S1", Role.UNSURE), pupil(1_600, 3_000), teacher(4_000, 5_000)]
    assert find_waits(heard, "S1", 1_600, END).wait_2 == Span(3_000, 4_000)


def test_the_askers_own_words_that_last_into_the_answer_do_not_end_it() -> None:
    heard = [teacher(1_500, 2_600), pupil(1_600, 3_000), teacher(4_000, 5_000)]
    assert find_waits(heard, "S1", 1_600, END).wait_2 == Span(3_000, 4_000)
    together = [pupil(1_600, 3_000), teacher(1_600, 2_600), teacher(4_000, 5_000)]
    assert find_waits(together, "S1", 1_600, END).wait_2 == Span(3_000, 3_000)  # she spoke during it


def test_the_sound_of_a_question_ends_with_the_interval_that_holds_its_last_word() -> None:
    heard = [teacher(0, 2_200), teacher(4_800, 9_000)]
    assert end_of_sound(heard, "S1", 1_500, 4_700) == 2_200
    assert end_of_sound(heard, "S1", 1_500, 2_000) == 2_200
    assert end_of_sound(heard, "S1", 4_700, 5_000) == 5_000  # it goes on far beyond the word
    assert end_of_sound(heard, "S2", 1_500, 2_000) == 2_000


@pytest.mark.parametrize(("end_ms", "found"), [(2_000 + DRIFT_MS, 2_000 + DRIFT_MS), (2_001 + DRIFT_MS, 2_000)])
def test_an_interval_may_end_a_drift_after_the_word(end_ms: int, found: int) -> None:
    assert end_of_sound([teacher(0, end_ms)], "S1", 1_500, 2_000) == found


def test_an_interval_that_lies_farther_from_the_word_than_a_drift_is_not_its_sound() -> None:
    assert end_of_sound([teacher(0, 801)], "S1", 1_500, 2_000) == 801
    assert end_of_sound([teacher(0, 800)], "S1", 1_500, 2_000) == 2_000
    assert end_of_sound([teacher(2_699, 2_700)], "S1", 1_500, 2_000) == 2_700
    assert end_of_sound([teacher(2_700, 2_700)], "S1", 1_500, 2_000) == 2_000


def test_of_two_intervals_the_one_with_more_of_the_word_or_else_the_nearer_holds_it() -> None:
    assert end_of_sound([teacher(0, 1_600), teacher(1_700, 2_100)], "S1", 1_500, 2_000) == 2_100
    assert end_of_sound([teacher(0, 1_800), teacher(1_900, 2_100)], "S1", 1_500, 2_000) == 1_800
    assert end_of_sound([teacher(0, 1_400), teacher(2_050, 2_200)], "S1", 1_500, 2_000) == 2_200


def test_what_begins_more_than_ten_minutes_away_is_not_looked_at() -> None:
    at = 2 * LOOK_MS
    assert end_of_sound([teacher(at - LOOK_MS, at + 10)], "S1", at - 500, at) == at + 10
    assert end_of_sound([teacher(at - LOOK_MS - 1, at + 10)], "S1", at - 500, at) == at
    early = [teacher(at - LOOK_MS - 1, at + 5_000), pupil(at + 9_000, at + 9_500)]
    assert find_waits(early, "S1", at - 500, at).answered_by is AnsweredBy.PUPIL
