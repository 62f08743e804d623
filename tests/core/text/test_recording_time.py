"""Moments and lengths of a recording, as people write them."""

from __future__ import annotations

import pytest

from core.text.recording_time import clock_time, length_in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "less than a minute"),
        (60, "1 minute"),
        (3570, "1 hour"),
        (9840, "2 hours 44 minutes"),
        (90_000, "25 hours"),
    ],
)
def test_a_length_of_time_is_written_as_people_say_it(seconds: float, words: str) -> None:
    assert length_in_words(seconds) == words


@pytest.mark.parametrize(("ms", "written"), [(0, "0:00"), (161_999, "2:41"), (3_729_000, "1:02:09")])
def test_a_moment_of_a_recording_has_hours_where_there_are_any(ms: int, written: str) -> None:
    assert clock_time(ms) == written
