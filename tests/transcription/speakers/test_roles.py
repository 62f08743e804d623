"""Roles of voices: who stands out is the teacher; nobody is, where it is not clear."""

from __future__ import annotations

import pytest

from core.types import Role, VoiceTurn
from transcription.speakers.roles import CROWDED, ENOUGH_MS, Heard, find_roles, find_teacher, hear, score, turn_roles


def voice(speaker: str, length_ms: int, *, voices: float = 1.0, loudness_db: float = -30.0) -> VoiceTurn:
    """Return a turn of a voice."""
    return VoiceTurn(0, length_ms, speaker, voices, loudness_db)


def known(talk_ms: int, *, loudness_db: float = -30.0, questions: int = 0, crowd_ms: int = 0) -> Heard:
    """Return what is known of a voice."""
    return Heard(talk_ms, crowd_ms, 1, loudness_db, questions)


def test_a_voice_is_summed_up_over_its_own_turns() -> None:
    turns = [
        voice("S1", 1000, loudness_db=-20),
        voice("S2", 9000),
        voice("S1", 3000, voices=CROWDED, loudness_db=-40),
    ]
    assert hear(turns, "S1", 2) == Heard(4000, 3000, 2, -35.0, 2)
    assert hear(turns, "S9", 0) == Heard(0, 0, 0, 0.0, 0)


@pytest.mark.parametrize(("talk_ms", "teacher"), [(ENOUGH_MS, "S1"), (ENOUGH_MS - 1, None)])
def test_one_voice_is_the_teachers_once_it_is_heard_long_enough(talk_ms: int, teacher: str | None) -> None:
    assert find_teacher({"S1": known(talk_ms)}) == teacher
    assert find_teacher({"S1": known(talk_ms + 5000, crowd_ms=5000)}) == teacher


@pytest.mark.parametrize(("first_ms", "teacher"), [(12_500, "S1"), (12_499, None)])
def test_who_leads_by_a_quarter_is_the_teacher_and_nobody_is_below_that(first_ms: int, teacher: str | None) -> None:
    assert find_teacher({"S2": known(10_000), "S1": known(first_ms)}) == teacher


def test_asking_and_loudness_speak_for_a_teacher() -> None:
    assert find_teacher({"S1": known(10_000, questions=3), "S2": known(10_000)}) == "S1"
    assert find_teacher({"S1": known(10_000), "S2": known(10_000, loudness_db=-42)}) == "S1"
    assert score(known(10_000, questions=1, loudness_db=-42), -30) == pytest.approx(10 * 1.3 / 2)


def test_pupils_are_told_from_group_work_and_all_are_unsure_without_a_teacher() -> None:
    turns = [voice("S1", 60_000), voice("S2", 5000), voice("S3", 3000, voices=2), voice("S3", 2000)]
    assert find_roles(turns, {}) == {"S1": Role.TEACHER, "S2": Role.PUPIL, "S3": Role.GROUP}
    turns[-1] = voice("S3", 2001)
    assert find_roles(turns, {})["S3"] is Role.PUPIL
    assert find_roles([voice("S1", 60_000), voice("S2", 60_000)], {}) == dict.fromkeys(("S1", "S2"), Role.UNSURE)
    assert find_roles([], {}) == {}


def test_a_teacher_who_is_known_by_her_voice_needs_no_lead_and_one_who_is_not_here_counts_for_nothing() -> None:
    turns = [voice("S1", 60_000), voice("S2", 1000)]
    assert find_roles(turns, {}, known_teacher="S2") == {"S1": Role.PUPIL, "S2": Role.TEACHER}
    assert find_roles(turns, {}, known_teacher="S9") == {"S1": Role.TEACHER, "S2": Role.PUPIL}


def test_a_turn_with_several_voices_at_once_is_group_talk_whoever_speaks() -> None:
    turns = [voice("S1", 1000), voice("S1", 1000, voices=1.5), voice("S2", 1000, voices=1.49)]
    roles = {"S1": Role.TEACHER, "S2": Role.PUPIL}
    assert turn_roles(turns, roles) == (Role.TEACHER, Role.GROUP, Role.PUPIL)
