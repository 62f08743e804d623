"""Words go to the turn that they overlap most, else to the nearest in reach; the others make turns of their own."""

from __future__ import annotations

import pytest

from core.types import Role, VoiceTurn, Word
from transcription.speakers.turns import NOBODY, REACH_MS, assign_words_to_turns

VOICES = [VoiceTurn(10_000, 20_000, "S1"), VoiceTurn(20_500, 30_000, "S2")]
ROLES = [Role.TEACHER, Role.PUPIL]


def word(start_ms: int, end_ms: int, text: str = "word") -> Word:
    """Return a word."""
    return Word(start_ms, end_ms, text, 0.9)


def whose(*words: Word) -> dict[str, str]:
    """Return the words of each speaker."""
    return {turn.speaker: turn.text for turn in assign_words_to_turns(words, VOICES, ROLES) if turn.words}


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "speaker"),
    [
        (12_000, 12_400, "S1"),
        (19_900, 20_650, "S2"),  # more of it lies in the second
        (19_800, 20_650, "S1"),
        (20_100, 20_200, "S1"),  # in neither, and nearer to the first
        (20_350, 20_450, "S2"),
        (30_000 + REACH_MS, 32_500, "S2"),
        (30_001 + REACH_MS, 32_500, NOBODY),
        (7_000, 10_000 - REACH_MS, "S1"),
        (7_000, 9_999 - REACH_MS, NOBODY),
    ],
)
def test_a_word_goes_to_the_voice_that_it_lies_in_or_near(start_ms: int, end_ms: int, speaker: str) -> None:
    assert whose(word(start_ms, end_ms)) == {speaker: "word"}


@pytest.mark.parametrize(("gap", "turns"), [(REACH_MS, 1), (REACH_MS + 1, 2)])
def test_words_of_nobody_that_are_close_make_one_turn(gap: int, turns: int) -> None:
    said = [word(50_000, 50_400, "no"), word(50_400 + gap, 51_000 + gap, "voice")]
    orphans = [turn for turn in assign_words_to_turns(said, VOICES, ROLES) if turn.speaker == NOBODY]
    assert [turn.text for turn in orphans] == (["no voice"] if turns == 1 else ["no", "voice"])
    assert {turn.role for turn in orphans} == {Role.UNSURE}
    assert (orphans[0].start_ms, orphans[-1].end_ms) == (50_000, 51_000 + gap)


def test_turns_stand_in_order_of_time_with_the_role_of_their_voice_and_none_is_without_a_length() -> None:
    turns = assign_words_to_turns([word(0, 0, "early"), word(12_000, 12_400)], VOICES, ROLES)
    assert [(turn.speaker, turn.role) for turn in turns] == [
        (NOBODY, Role.UNSURE),
        ("S1", Role.TEACHER),
        ("S2", Role.PUPIL),
    ]
    assert (turns[0].start_ms, turns[0].end_ms) == (0, 1)
    assert assign_words_to_turns([], VOICES, ROLES)[1].text == ""
    with pytest.raises(ValueError, match="argument"):
        assign_words_to_turns([], VOICES, ROLES[:1])
