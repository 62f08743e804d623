"""Audible turns: a turn is cut to the sound of its speaker, with breath left in and quiet voices kept."""

from __future__ import annotations

import pytest

from core.types import Role, Span, Turn, VoiceTurn
from transcription.speech.audible_turns import PAUSE_MS, Heard, hear


def turn(start_ms: int, end_ms: int, speaker: str = "S1", role: Role = Role.TEACHER) -> Turn:
    """Return a turn without words."""
    return Turn(start_ms, end_ms, speaker, role, "")


def spans(heard: tuple[Heard, ...]) -> list[tuple[int, int]]:
    """Return from where to where voices are heard."""
    return [(one.start_ms, one.end_ms) for one in heard]


def test_a_turn_without_any_measurement_is_heard_as_it_stands() -> None:
    assert hear([turn(0, 1000)], None, ()) == (Heard(0, 1000, "S1", Role.TEACHER),)
    assert hear([turn(500, 500)], None, ()) == ()


def test_a_turn_is_cut_to_the_voice_of_its_own_speaker() -> None:
    voices = [VoiceTurn(0, 1000, "S1"), VoiceTurn(3000, 9000, "S1"), VoiceTurn(1000, 3000, "S2")]
    assert spans(hear([turn(0, 5000)], voices, ())) == [(0, 1000), (3000, 5000)]
    assert spans(hear([turn(1500, 2500, "S3")], voices, ())) == [(1500, 2500)]  # no voice of hers was found


@pytest.mark.parametrize(("gap", "count"), [(PAUSE_MS - 1, 1), (PAUSE_MS, 2)])
def test_a_breath_belongs_to_the_turn_and_a_pause_does_not(gap: int, count: int) -> None:
    voices = [VoiceTurn(0, 1000, "S1"), VoiceTurn(1000 + gap, 4000, "S1")]
    assert len(hear([turn(0, 4000)], voices, ())) == count


@pytest.mark.parametrize(("found", "heard"), [(500, [(0, 500)]), (499, [(0, 1000)])])
def test_the_detector_is_believed_where_it_heard_half_of_a_stretch(found: int, heard: list[tuple[int, int]]) -> None:
    assert spans(hear([turn(0, 1000)], None, [Span(0, found)])) == heard


def test_a_quiet_stretch_is_kept_whole_and_a_loud_one_beside_it_is_cut() -> None:
    voices = [VoiceTurn(0, 1000, "S1"), VoiceTurn(2000, 3000, "S1")]
    speech = [Span(0, 100), Span(2000, 2300), Span(2700, 3000)]
    assert spans(hear([turn(0, 3000)], voices, speech)) == [(0, 1000), (2000, 3000)]
    assert spans(hear([turn(0, 3000)], voices, speech, pause_ms=0)) == [(0, 1000), (2000, 2300), (2700, 3000)]


def test_what_is_heard_stands_in_order_of_time_whoever_speaks() -> None:
    turns = [turn(500, 900, "S2", Role.PUPIL), turn(0, 800), turn(0, 300, "S3", Role.UNSURE)]
    assert [(one.start_ms, one.speaker) for one in hear(turns, None, ())] == [(0, "S3"), (0, "S1"), (500, "S2")]
    assert hear(turns, None, ())[0].span == Span(0, 300)
