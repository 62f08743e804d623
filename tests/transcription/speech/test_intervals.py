"""Interval arithmetic, compared with sets of single milliseconds: nothing is lost, counted twice or made up."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Span
from transcription.speech.intervals import clip, intersect, near, subtract, total_ms, union

LONGEST = 60
ranges = st.builds(lambda start, length: Span(start, start + length), st.integers(0, LONGEST), st.integers(0, 20))
some = st.lists(ranges, max_size=8)


def points(spans: Iterable[Span]) -> set[int]:
    """Return every millisecond that is in one of some ranges."""
    return {ms for span in spans for ms in range(span.start_ms, span.end_ms)}


def is_union(spans: Iterable[Span]) -> bool:
    """Say whether ranges are in order, apart from each other, and none is empty."""
    found = list(spans)
    return all(a.end_ms < b.start_ms for a, b in pairwise(found)) and all(span.length_ms > 0 for span in found)


@given(some)
def test_a_union_is_every_moment_once_and_in_order(spans: list[Span]) -> None:
    joined = union(spans)
    assert points(joined) == points(spans)
    assert is_union(joined)
    assert total_ms(joined) == len(points(spans))


@given(some, some)
def test_what_is_in_and_what_is_not_make_the_whole(a: list[Span], b: list[Span]) -> None:
    both, alone = intersect(union(a), union(b)), subtract(union(a), union(b))
    assert points(both) == points(a) & points(b)
    assert points(alone) == points(a) - points(b)
    assert total_ms(both) + total_ms(alone) == len(points(a))


@given(some, ranges)
def test_clipping_keeps_what_lies_inside(spans: list[Span], whole: Span) -> None:
    found = clip(spans, whole)
    assert points(found) == points(spans) & points([whole])
    assert is_union(found)


@given(some, ranges)
def test_what_is_near_is_all_that_can_touch(spans: list[Span], whole: Span) -> None:
    joined = union(spans)
    found = near(joined, whole)
    assert points(intersect(found, union([whole]))) == points(joined) & points([whole])
    if whole.length_ms:
        touching = [span for span in joined if span.start_ms < whole.end_ms and span.end_ms > whole.start_ms]
        assert list(found) == touching


@pytest.mark.parametrize(("gap", "bridge", "count"), [(0, 0, 1), (1, 0, 2), (1, 1, 2), (499, 500, 1), (500, 500, 2)])
def test_ranges_that_touch_are_one_and_so_are_those_with_a_gap_below_the_bridge(
    gap: int, bridge: int, count: int
) -> None:
    assert len(union([Span(0, 10), Span(10 + gap, 1000)], bridge)) == count


def test_a_range_within_another_does_not_shorten_it() -> None:
    assert union([Span(0, 100), Span(10, 20), Span(100, 101)]) == (Span(0, 101),)
    assert subtract([Span(0, 100)], [Span(0, 10), Span(50, 60), Span(90, 100)]) == (Span(10, 50), Span(60, 90))
