"""What a person puts right lies over any run of the machine, and every measure follows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.types import Activity, ActivityKind, QuestionKind, Role, Span, Turn, VoiceTurn, Word
from tests.support.analysed_lesson import SAID, evidence_of
from transcription.lesson.corrections import (
    ActivityCorrection,
    Correction,
    QuestionCorrection,
    TurnCorrection,
    VoiceCorrection,
    anchors_of,
    correct_text,
    paint_activity,
    say,
    whose_voice,
)
from transcription.lesson.derive_findings import Evidence, LessonFindings, derive_findings


def understood(*corrections: Correction) -> LessonFindings:
    return derive_findings(evidence_of(), corrections)


def heard(speaker: str) -> tuple[Span, ...]:
    return anchors_of(understood().turns, speaker)


def roles_of(found: LessonFindings) -> list[str]:
    return [turn.role.value for turn in found.turns]


def renamed_run() -> Evidence:
    """The same lesson in a new run: other labels, other cuts between turns."""
    said = [(start, end, {"S1": "S3", "S2": "S1", "S3": "S2"}[voice], text) for start, end, voice, text in SAID]
    evidence = evidence_of(said)
    first, second, *rest = evidence.voices
    joined = VoiceTurn(first.start_ms, second.end_ms, "S3")
    return replace(evidence, voices=[joined, *rest], roles=[Role.PUPIL] * (len(rest) + 1))


def test_a_voice_that_is_a_pupils_everywhere_no_longer_counts_as_teacher_talk() -> None:
    before, after = understood(), understood(VoiceCorrection(heard("S1"), role=Role.PUPIL))
    assert before.measures.teacher_ms > 20_000
    assert after.measures.teacher_ms == 0
    assert after.measures.pupil_ms == before.measures.teacher_ms + before.measures.pupil_ms
    assert all(question.wait_1_ms is None for question in after.questions)


def test_a_merged_voice_takes_role_and_label_of_the_other() -> None:
    found = understood(VoiceCorrection(heard("S3"), into=heard("S2")))
    assert {turn.speaker for turn in found.turns} == {"S1", "S2"}
    assert found.measures.pupil_ms == understood().measures.pupil_ms
    found = understood(VoiceCorrection(heard("S3"), into=heard("S1")))
    assert roles_of(found).count("pupil") == 1


def test_turns_of_one_voice_never_overlap_even_after_a_merge() -> None:
    said = [*SAID, (7_000, 10_000, "S4", "and also the ruler")]
    evidence = evidence_of(sorted(said))
    turns = derive_findings(evidence).turns
    found = derive_findings(evidence, [VoiceCorrection(anchors_of(turns, "S4"), into=anchors_of(turns, "S1"))])
    own = [turn for turn in found.turns if turn.speaker == "S1"]
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(own))
    assert sum(len(turn.words) for turn in found.turns) == len(evidence.words)


def test_a_name_is_kept_and_can_be_taken_away() -> None:
    assert understood(VoiceCorrection(heard("S2"), name="Sam"), VoiceCorrection(heard("S2"), name="")).names == {
        "S2": ""
    }


def test_one_turn_that_a_pupil_spoke_is_a_pupils_and_the_rest_stays_the_teachers() -> None:
    turn = understood().turns[5]
    found = understood(TurnCorrection(Span(turn.start_ms, turn.end_ms), role=Role.PUPIL))
    assert roles_of(found) == ["teacher", "teacher", "pupil", "teacher", "pupil", "pupil"]
    assert found.turns[5].speaker not in {"S1", "S2", "S3"}
    assert found.measures.teacher_ms == understood().measures.teacher_ms - 12_000


def test_one_turn_can_be_given_to_a_voice_that_is_there() -> None:
    turn = understood().turns[2]
    found = understood(TurnCorrection(Span(turn.start_ms, turn.end_ms), into=heard("S3")))
    assert (found.turns[2].speaker, found.turns[2].role) == ("S3", Role.PUPIL)


def test_the_first_teacher_who_is_declared_makes_pupils_of_the_others() -> None:
    nobody_known = replace(evidence_of(), roles=[Role.UNSURE] * len(SAID))
    found = derive_findings(nobody_known, [VoiceCorrection(heard("S1"), role=Role.TEACHER)])
    assert roles_of(found) == roles_of(understood())


def test_corrections_survive_a_new_run_with_other_labels_and_other_cuts() -> None:
    turn = understood().turns[1]
    corrections: list[Correction] = [
        VoiceCorrection(heard("S1"), role=Role.TEACHER),
        VoiceCorrection(heard("S3"), name="Amira"),
        TurnCorrection(Span(turn.start_ms, turn.end_ms), role=Role.PUPIL),
        QuestionCorrection(Span(16_500, 22_000), QuestionKind.OPEN),
    ]
    found = derive_findings(renamed_run(), corrections)
    assert not found.unplaced
    assert found.names == {"S2": "Amira"}
    by_start = {each.start_ms: each for each in found.turns}
    assert by_start[0].role is Role.TEACHER  # the run joined it with the next turn: the correction cuts it again
    assert (by_start[9_000].role, by_start[9_000].text) == (Role.PUPIL, "What is one half of twelve?")
    assert [q.kind for q in found.questions if q.text == "Why is it six, Amira?"] == [QuestionKind.OPEN]


def test_a_correction_of_what_is_not_there_any_more_changes_nothing_and_says_so() -> None:
    gone = VoiceCorrection((Span(50_000, 55_000),), role=Role.TEACHER)
    found = understood(gone, VoiceCorrection(heard("S2"), name="Sam"))
    assert found.unplaced == {0}
    assert found.turns == understood().turns


def test_a_word_is_corrected_and_the_times_of_all_words_stay() -> None:
    turn = understood().turns[1]
    correction = correct_text(turn, "What is one third of twelve?")
    assert correction is not None
    assert correction.text == "third"
    found = understood(correction)
    assert found.turns[1].text == "What is one third of twelve?"
    assert [(w.start_ms, w.end_ms) for w in found.turns[1].words] == [(w.start_ms, w.end_ms) for w in turn.words]
    assert found.turns[1].words[3].probability == 1.0


def test_a_correction_of_words_can_make_a_question_of_what_was_none() -> None:
    turn = understood().turns[0]
    correction = correct_text(turn, "Good morning everybody. What is your name?")
    assert correction is not None
    asked = [question.text for question in understood(correction).questions]
    assert "What is your name?" in asked


def test_saying_the_same_again_is_no_correction() -> None:
    turn = understood().turns[1]
    assert correct_text(turn, turn.text) is None


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "dd", "eee"]), max_size=8)


@given(TEXTS, TEXTS)
def test_a_turn_says_exactly_what_was_typed_and_its_words_stay_in_order_and_inside_it(
    old: list[str], new: list[str]
) -> None:
    words = tuple(Word(1000 + i * 500, 1400 + i * 500, text, 0.5) for i, text in enumerate(old))
    turn = Turn(1000, 6000, "S1", Role.PUPIL, " ".join(old), words)
    correction = correct_text(turn, " ".join(new))
    if correction is None:
        assert old == new
        return
    meant = [w for w in words if correction.span.start_ms <= (w.start_ms + w.end_ms) / 2 < correction.span.end_ms]
    rest = len(words) - len(meant)
    first = words.index(meant[0]) if meant else 0
    said = [*words[:first], *say(meant, correction.text.split(), correction.span), *words[first + len(meant) :]]
    assert [word.text for word in said] == new
    assert len(said) == len(new) >= rest
    assert all(a.start_ms <= b.start_ms for a, b in pairwise(said))
    assert all(1000 <= word.start_ms < word.end_ms <= 6010 for word in said)


def test_a_question_is_added_taken_away_and_rekinded_and_the_measures_follow() -> None:
    before = understood()
    asked = next(question for question in before.questions if "half" in question.text)
    at = Span(asked.start_ms or 0, asked.end_ms or 0)
    without = understood(QuestionCorrection(at, None))
    assert without.measures.questions == before.measures.questions - 1
    managerial = understood(QuestionCorrection(at, QuestionKind.MANAGERIAL))
    assert managerial.measures.questions_by_kind["managerial"] == before.measures.questions_by_kind["managerial"] + 1
    assert next(q for q in managerial.questions if q.text == asked.text).wait_1_ms is None
    again = understood(QuestionCorrection(at, None), QuestionCorrection(at, QuestionKind.OPEN))
    new = next(q for q in again.questions if q.kind is QuestionKind.OPEN and (q.start_ms or 0) < 13_000)
    assert (new.text, new.confidence, new.answered_by.value) == (asked.text, 1.0, "pupil")
    assert new.wait_1_ms == asked.wait_1_ms
    assert new.wait_1_ms is not None


LESSON = (
    Activity(0, 60_000, ActivityKind.EXPOSITION),
    Activity(60_000, 120_000, ActivityKind.DISCUSSION),
    Activity(120_000, 200_000, ActivityKind.GROUP),
)


def test_a_border_of_an_activity_is_moved_by_laying_one_over_the_other() -> None:
    moved = paint_activity(LESSON, ActivityCorrection(Span(60_000, 75_000), ActivityKind.EXPOSITION))
    assert moved == (
        Activity(0, 75_000, ActivityKind.EXPOSITION),
        Activity(75_000, 120_000, ActivityKind.DISCUSSION),
        LESSON[2],
    )


@given(st.integers(0, 250_000), st.integers(1, 250_000), st.sampled_from(ActivityKind))
def test_activities_cover_the_lesson_without_gaps_whatever_is_laid_over(
    start_ms: int, length_ms: int, kind: ActivityKind
) -> None:
    found = paint_activity(LESSON, ActivityCorrection(Span(start_ms, start_ms + length_ms), kind))
    assert (found[0].start_ms, found[-1].end_ms) == (0, 200_000)
    assert all(a.end_ms == b.start_ms and a.kind is not b.kind for a, b in pairwise(found))
    assert all(a.start_ms < a.end_ms for a in found)


def test_a_voice_is_found_again_by_when_it_is_heard() -> None:
    turns = understood().turns
    for speaker in ("S1", "S2", "S3"):
        assert whose_voice(turns, anchors_of(turns, speaker)) == speaker
    assert whose_voice(turns, [Span(50_000, 52_000)]) is None
