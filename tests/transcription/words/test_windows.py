"""Speech packed into half minutes: nothing is lost, and every time is found again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.types import Span, Word
from transcription.speech.intervals import union
from transcription.words.recogniser import unheard
from transcription.words.windows import LONGEST_MS, Window, pack_speech

LESSON_MS = 300_000

speech = st.lists(
    st.builds(
        lambda start, length: Span(start, min(LESSON_MS, start + length)),
        st.integers(0, LESSON_MS - 1),
        st.integers(1, 70_000),
    ),
    max_size=25,
).map(union)


@given(speech)
def test_windows_hold_all_speech_once_and_in_order_and_none_is_too_long(spoken: tuple[Span, ...]) -> None:
    windows = pack_speech(spoken, LESSON_MS)
    pieces = [piece for window in windows for piece in window.pieces]
    heard = np.zeros(LESSON_MS, int)
    for piece in pieces:
        assert 0 <= piece.start_ms < piece.end_ms <= LESSON_MS
        heard[piece.start_ms : piece.end_ms] += 1
    assert all(window.length_ms <= LONGEST_MS for window in windows)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(pieces))
    for span in spoken:
        assert (heard[span.start_ms : span.end_ms] == 1).all()


@given(speech, st.data())
def test_what_is_heard_in_a_window_is_found_again_in_the_lesson(spoken: tuple[Span, ...], data: st.DataObject) -> None:
    for window in pack_speech(spoken, LESSON_MS):
        at = data.draw(st.integers(0, window.length_ms - 1))
        place = window.span_of(at, at + 1)
        inside = [moment for piece in window.pieces for moment in range(piece.start_ms, piece.end_ms)]
        assert (place.start_ms, place.end_ms) == (inside[at], inside[at] + 1)


def test_a_word_at_a_seam_stays_on_its_own_side() -> None:
    window = Window((Span(1000, 2000), Span(9000, 9500)))
    assert window.span_of(800, 1000) == Span(1800, 2000)
    assert window.span_of(1000, 1200) == Span(9000, 9200)
    assert window.span_of(1400, 1900) == Span(9400, 9500)
    assert window.span_of(-20, 50) == Span(1000, 1050)


def test_a_window_ends_at_the_longest_pause_in_reach() -> None:
    spoken = [
        Span(start, start + 2000) for start in (0, 3000, 6000, 9000, 12_000, 15_000, 19_000, 22_000, 25_000, 28_000)
    ]
    first, second = pack_speech(spoken, 40_000, longest_ms=17_500)
    assert first.pieces[-1].end_ms == 17_200
    assert second.pieces[0].start_ms == 18_800


def test_speech_without_words_was_dropped_and_neither_a_stretched_word_nor_pauses_hide_that() -> None:
    spoken = (Span(0, 10_000), Span(12_000, 13_000))
    assert unheard(spoken, [Word(0, 300, "one", 0.9), Word(4000, 4500, "two", 0.9)]) == (
        (Span(700, 3600),),
        (Span(4900, 10_000), Span(12_000, 13_000)),
    )
    assert unheard(spoken[:1], [Word(0, 9900, "stretched", 0.9)]) == ((Span(1900, 10_000),),)
    counted = tuple(Span(start, start + 500) for start in range(0, 4000, 1000))
    assert unheard(counted, [Word(0, 200, "four", 0.9)]) == (counted[1:],)
    assert unheard(counted[:3], [Word(0, 200, "two", 0.9)]) == ()
    assert unheard((), []) == ()
