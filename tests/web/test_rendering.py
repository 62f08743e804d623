"""What templates write: lengths of time as people say them."""

from __future__ import annotations

import pytest

from web.rendering import length_in_words


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
