"""Measures: the lesson is parted without gaps or double counting, and each number can be heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import AnsweredBy, Measures, Question, QuestionKind, Role, Span, Turn, VoiceTurn
from transcription.lesson.measures import measure_lesson
from transcription.speech.intervals import total_ms, union

PARTS = ("teacher_ms", "pupil_ms", "group_ms", "unsure_ms", "silence_ms")
LESSON_MS = 100_000
spans = st.builds(
    lambda start, length: Span(start, start + length), st.integers(0, LESSON_MS), st.integers(1, LESSON_MS // 4)
)
turn_lists = st.lists(
    st.builds(
        lambda span, speaker: Turn(span.start_ms, span.end_ms, speaker[0], speaker[1], ""),
        spans,
        st.sampled_from(
            [("S1", Role.TEACHER), ("S2", Role.PUPIL), ("S3", Role.PUPIL), ("S4", Role.GROUP), ("S5", Role.UNSURE)]
        ),
    ),
    max_size=12,
)
voices = st.lists(
    st.builds(
        lambda span, name, many: VoiceTurn(span.start_ms, span.end_ms, name, many),
        spans,
        st.sampled_from(["S1", "S2", "S3"]),
        st.sampled_from([1.0, 2.0]),
    ),
    max_size=8,
)


def turn(start_ms: int, end_ms: int, role: Role, speaker: str = "") -> Turn:
    return Turn(start_ms, end_ms, speaker or role.value, role, "")


def measure(*turns: Turn, questions: tuple[Question, ...] = (), duration_ms: int = LESSON_MS) -> Measures:
    return measure_lesson(turns, None, [], questions, duration_ms)


@given(turn_lists, voices, st.lists(spans, max_size=10))
def test_the_five_parts_add_up_to_the_lesson(turns: list[Turn], voice: list[VoiceTurn], speech: list[Span]) -> None:
    m = measure_lesson(turns, voice, speech, (), LESSON_MS)
    assert sum(getattr(m, part) for part in PARTS) == LESSON_MS
    assert m.speech_ms == LESSON_MS - m.silence_ms
    heard = [span for part in PARTS for span in m.heard_in[part]]
    assert total_ms(union(heard)) == total_ms(heard) == LESSON_MS
    assert m.longest_teacher_stretch_ms <= LESSON_MS


def test_the_teacher_is_counted_wherever_she_is_heard() -> None:
    m = measure(turn(0, 10_000, Role.TEACHER), turn(5_000, 15_000, Role.PUPIL))
    assert (m.teacher_ms, m.pupil_ms, m.group_ms, m.silence_ms) == (10_000, 5_000, 0, 85_000)
    assert m.teacher_share_of_talk == pytest.approx(2 / 3)
    assert m.teacher_share_of_lesson == pytest.approx(0.1)


def test_a_turn_counts_as_long_as_its_own_voice_is_heard_in_it() -> None:
    m = measure_lesson([turn(0, 10_000, Role.TEACHER)], [VoiceTurn(0, 4_000, "teacher")], [], (), LESSON_MS)
    assert (m.teacher_ms, m.longest_teacher_stretch_ms) == (4_000, 4_000)
    assert m.heard_in["teacher_share_of_talk"] == m.heard_in["teacher_share_of_lesson"] == (Span(0, 4_000),)


def test_without_a_teacher_there_is_no_stretch_and_who_ended_before_the_start_hands_nothing_over() -> None:
    assert measure(turn(0, 9_000, Role.PUPIL)).longest_teacher_stretch_ms == 0
    assert measure(turn(-500, 0, Role.PUPIL), turn(500, 1_000, Role.TEACHER)).turn_changes == 0


def test_two_pupils_at_once_are_group_talk() -> None:
    m = measure(turn(0, 10_000, Role.PUPIL, "S2"), turn(6_000, 12_000, Role.PUPIL, "S3"))
    assert (m.pupil_ms, m.group_ms) == (8_000, 4_000)


def test_a_pause_is_silence_only_when_it_is_longer_than_a_breath() -> None:
    turns = [turn(0, 10_000, Role.TEACHER)]
    breath = measure_lesson(turns, None, [Span(0, 4_000), Span(4_400, 10_000)], (), LESSON_MS)
    pause = measure_lesson(turns, None, [Span(0, 4_000), Span(6_000, 10_000)], (), LESSON_MS)
    assert (breath.teacher_ms, pause.teacher_ms) == (10_000, 8_000)


def test_a_far_voice_that_the_speech_detector_missed_still_counts() -> None:
    turns = [turn(0, 10_000, Role.PUPIL)]
    assert measure_lesson(turns, None, [Span(0, 1_000)], (), LESSON_MS).pupil_ms == 10_000


def test_speech_of_nobody_is_unsure() -> None:
    assert measure_lesson([], None, [Span(0, 7_000)], (), LESSON_MS).unsure_ms == 7_000


def test_another_voice_ends_the_longest_stretch_and_a_breath_does_not() -> None:
    m = measure(
        turn(0, 10_000, Role.TEACHER),
        turn(12_000, 20_000, Role.TEACHER),
        turn(21_000, 23_000, Role.PUPIL),
        turn(24_000, 30_000, Role.TEACHER),
    )
    assert m.heard_in["longest_teacher_stretch_ms"] == (Span(0, 20_000),)


def test_a_voice_heard_only_under_another_does_not_take_the_floor() -> None:
    m = measure(
        turn(0, 10_000, Role.TEACHER),
        turn(4_000, 5_000, Role.PUPIL, "S2"),
        turn(11_000, 12_000, Role.PUPIL, "S3"),
        turn(13_000, 14_000, Role.TEACHER),
    )
    assert m.turn_changes == 2


def asked(end_ms: int, wait_1_ms: int | None, kind: QuestionKind = QuestionKind.RECALL) -> Question:
    return Question("?", "S1", Role.TEACHER, kind, 0.9, AnsweredBy.PUPIL, end_ms - 500, end_ms, wait_1_ms, None)


def test_waits_are_a_median_and_a_share_of_three_seconds_and_can_be_heard() -> None:
    m = measure(questions=(asked(1_000, 800), asked(9_000, 3_000), asked(20_000, None, QuestionKind.MANAGERIAL)))
    assert (m.questions, m.questions_by_kind["recall"], m.questions_by_kind["managerial"]) == (3, 2, 1)
    assert (m.wait_1_median_ms, m.wait_1_share_3s, m.wait_2_median_ms) == (1_900, 0.5, None)
    assert m.heard_in["wait_1_share_3s"] == (Span(9_000, 12_000),)


def test_an_empty_lesson_has_no_shares() -> None:
    m = measure()
    assert (m.silence_ms, m.teacher_share_of_talk, m.wait_1_median_ms, m.turn_changes) == (LESSON_MS, None, None, 0)
    assert measure(duration_ms=0).silence_ms == 0


def test_a_turn_past_the_end_is_cut_at_the_end() -> None:
    assert measure(turn(90_000, 130_000, Role.TEACHER)).teacher_ms == 10_000


def test_what_begins_at_the_end_or_ended_before_the_start_does_not_count() -> None:
    m = measure(
        turn(-2_000, 0, Role.PUPIL), turn(-1_000, 1_000, Role.TEACHER), turn(LESSON_MS, LESSON_MS + 9, Role.GROUP)
    )
    assert (m.teacher_ms, m.pupil_ms, m.turn_changes) == (1_000, 0, 0)
    assert m.heard_in["teacher_ms"] == (Span(0, 1_000),)
    assert measure(turn(LESSON_MS - 1, LESSON_MS, Role.PUPIL), turn(-5, 1, Role.TEACHER)).turn_changes == 1
    assert measure(duration_ms=-5).silence_ms == 0
    assert measure(turn(0, 1, Role.TEACHER), duration_ms=1).teacher_share_of_lesson == 1.0


def test_a_question_after_the_end_does_not_count_and_one_without_times_does() -> None:
    untimed = Question("?", "S1", Role.TEACHER, QuestionKind.OPEN, 0.9, AnsweredBy.PUPIL, None, None, None, None)
    late, last = asked(LESSON_MS + 500, None), asked(LESSON_MS + 499, None)
    m = measure(questions=(untimed, late, last))
    assert m.questions == 2
    assert m.questions_by_kind == {kind.value: kind.value in {"open", "recall"} for kind in QuestionKind}
    assert m.heard_in["questions"] == (Span(LESSON_MS - 1, LESSON_MS + 499),)
    assert m.heard_in["questions_by_kind.recall"] == m.heard_in["questions"]
    assert m.heard_in["questions_by_kind.open"] == ()


def answered(end_ms: int, wait_1_ms: int | None, wait_2_ms: int | None) -> Question:
    return Question(
        "?", "S1", Role.TEACHER, QuestionKind.OPEN, 0.9, AnsweredBy.PUPIL, end_ms - 500, end_ms, wait_1_ms, wait_2_ms
    )


def test_a_second_wait_is_heard_before_the_teachers_first_words_after_the_answer() -> None:
    turns = (
        turn(0, 2_000, Role.TEACHER),
        turn(5_000, 6_000, Role.PUPIL),
        turn(7_500, 8_500, Role.TEACHER),
        turn(9_000, 9_500, Role.TEACHER),
    )
    m = measure(*turns, questions=(answered(2_000, 3_000, 1_500), answered(30_000, 10, 800), answered(2_000, 2_999, 2)))
    assert m.wait_2_median_ms == 800
    assert m.heard_in["wait_2_median_ms"] == (Span(6_000, 7_500), Span(7_498, 7_500))
    assert m.heard_in["wait_1_median_ms"] == (Span(2_000, 5_000), Span(30_000, 30_010), Span(2_000, 4_999))
    assert m.heard_in["wait_1_share_3s"] == (Span(2_000, 5_000),)
    assert m.wait_1_share_3s == pytest.approx(1 / 3)


def test_a_second_wait_without_a_first_is_looked_for_from_the_end_of_the_question_and_never_before_it() -> None:
    turns = (turn(0, 2_000, Role.TEACHER), turn(2_000, 3_000, Role.TEACHER), turn(4_000, 5_000, Role.TEACHER))
    m = measure(*turns, questions=(answered(2_000, None, 9_000),))
    assert m.heard_in["wait_2_median_ms"] == (Span(2_000, 4_000),)
    assert measure(*turns, questions=(answered(2_000, None, None),)).heard_in["wait_2_median_ms"] == ()
    at_once = measure(turns[0], turn(2_001, 3_000, Role.TEACHER), questions=(answered(2_000, 0, 9_000),))
    assert at_once.heard_in["wait_2_median_ms"] == (Span(2_000, 2_001),)


@pytest.mark.parametrize(("length_ms", "longest"), [(499, Span(0, 9_000)), (500, Span(0, 4_000))])
def test_another_voice_of_half_a_second_ends_a_stretch(length_ms: int, longest: Span) -> None:
    m = measure(
        turn(0, 4_000, Role.TEACHER), turn(4_100, 4_100 + length_ms, Role.PUPIL), turn(5_500, 9_000, Role.TEACHER)
    )
    assert m.heard_in["longest_teacher_stretch_ms"] == (longest,)
    assert m.longest_teacher_stretch_ms == longest.length_ms


@pytest.mark.parametrize(("pause_ms", "longest"), [(4_999, Span(0, 9_999)), (5_000, Span(0, 4_000))])
def test_a_pause_of_five_seconds_ends_a_stretch(pause_ms: int, longest: Span) -> None:
    m = measure(turn(0, 4_000, Role.TEACHER), turn(4_000 + pause_ms, 5_000 + pause_ms, Role.TEACHER))
    assert m.heard_in["longest_teacher_stretch_ms"] == (longest,)


def test_a_voice_inside_the_teachers_talk_cuts_the_stretch_and_the_later_longer_one_is_named() -> None:
    m = measure(turn(0, 10_000, Role.TEACHER), turn(3_000, 4_000, Role.PUPIL))
    assert m.heard_in["longest_teacher_stretch_ms"] == (Span(4_000, 10_000),)
    m = measure(turn(0, 10_000, Role.TEACHER), turn(6_000, 7_000, Role.PUPIL))
    assert m.heard_in["longest_teacher_stretch_ms"] == (Span(0, 6_000),)
    m = measure(turn(0, 4_000, Role.TEACHER), turn(20_000, 24_000, Role.TEACHER))
    assert m.heard_in["longest_teacher_stretch_ms"] == (Span(0, 4_000),)  # of two alike, the first
    assert measure(turn(0, 4_000, Role.PUPIL)).heard_in["longest_teacher_stretch_ms"] == ()


def test_several_voices_between_two_pieces_of_the_teacher_are_all_seen() -> None:
    m = measure(
        turn(0, 2_000, Role.TEACHER),
        turn(2_100, 2_700, Role.PUPIL, "S2"),
        turn(2_800, 3_400, Role.PUPIL, "S3"),
        turn(3_500, 6_000, Role.TEACHER),
        turn(6_100, 7_000, Role.TEACHER),
    )
    assert m.heard_in["longest_teacher_stretch_ms"] == (Span(3_500, 7_000),)


@pytest.mark.parametrize(("length_ms", "unsure_ms"), [(499, 0), (500, 500)])
def test_speech_of_nobody_counts_from_half_a_second(length_ms: int, unsure_ms: int) -> None:
    m = measure_lesson([], None, [Span(0, length_ms)], (), LESSON_MS)
    assert (m.unsure_ms, m.silence_ms) == (unsure_ms, LESSON_MS - unsure_ms)


def test_speech_past_the_end_is_cut_at_the_end() -> None:
    m = measure_lesson([], None, [Span(LESSON_MS - 1_000, LESSON_MS + 9_000)], (), LESSON_MS)
    assert m.heard_in["unsure_ms"] == (Span(LESSON_MS - 1_000, LESSON_MS),)


@pytest.mark.parametrize(("voices_at_once", "group_ms"), [(1.4, 0), (1.5, 3_000)])
def test_a_turn_of_many_voices_is_group_talk_from_one_and_a_half_on(voices_at_once: float, group_ms: int) -> None:
    voice = [VoiceTurn(0, 3_000, "S2", voices_at_once)]
    m = measure_lesson([turn(0, 3_000, Role.PUPIL, "S2")], voice, [], (), LESSON_MS)
    assert (m.group_ms, m.pupil_ms) == (group_ms, 3_000 - group_ms)


def test_a_group_and_an_unsure_turn_are_what_they_are_called() -> None:
    m = measure(turn(0, 1_000, Role.GROUP), turn(2_000, 4_000, Role.UNSURE), turn(5_000, 8_000, Role.PUPIL))
    assert (m.group_ms, m.unsure_ms, m.pupil_ms, m.speech_ms) == (1_000, 2_000, 3_000, 6_000)
    assert measure(turn(0, 2_000, Role.UNSURE), turn(1_000, 3_000, Role.PUPIL)).group_ms == 1_000
    assert measure(turn(0, 2_000, Role.PUPIL, "S2"), turn(1_000, 3_000, Role.PUPIL, "S2")).group_ms == 0
    three = (turn(0, 9_000, Role.PUPIL, "A"), turn(1_000, 5_000, Role.PUPIL, "B"), turn(3_000, 8_000, Role.PUPIL, "C"))
    assert measure(*three).heard_in["group_ms"] == (Span(1_000, 8_000),)


def test_the_floor_changes_with_the_speaker_and_the_longer_of_two_that_begin_together_holds_it() -> None:
    m = measure(
        turn(0, 5_000, Role.TEACHER),
        turn(0, 2_000, Role.PUPIL, "S2"),
        turn(6_000, 7_000, Role.TEACHER),
        turn(6_500, 7_000, Role.PUPIL, "S3"),
        turn(6_900, 7_001, Role.PUPIL, "S2"),
    )
    assert m.heard_in["turn_changes"] == (Span(6_900, 7_001),)
