"""Utterances: a turn is cut into sentences."""

from __future__ import annotations

from transcription.questions.utterances import split_sentences


def test_sentences_are_cut_at_punctuation_but_not_at_points_in_numbers_or_titles() -> None:
    assert split_sentences("Okay. What is 3.5 plus 1? Mr. Lee knows") == [
        "Okay.",
        "What is 3.5 plus 1?",
        "Mr. Lee knows",
    ]
