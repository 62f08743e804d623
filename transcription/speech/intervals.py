"""Interval arithmetic: union, intersection, difference and total length of time ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.types import Span


def union(spans: Iterable[Span], bridge_ms: int = 0) -> tuple[Span, ...]:
    """Join ranges that touch or overlap, and those with a gap of less than `bridge_ms`; empty ranges vanish."""
    joined: list[Span] = []
    for span in sorted((s for s in spans if s.end_ms > s.start_ms), key=lambda s: s.start_ms):
        if joined and span.start_ms - joined[-1].end_ms < max(bridge_ms, 1):
            last = joined[-1]
            joined[-1] = Span(last.start_ms, max(last.end_ms, span.end_ms))
        else:
            joined.append(span)
    return tuple(joined)


def intersect(a: Sequence[Span], b: Sequence[Span]) -> tuple[Span, ...]:
    """Return the time that is in both; each of `a` and `b` must be a union (ordered, without overlap)."""
    found: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i].start_ms, b[j].start_ms), min(a[i].end_ms, b[j].end_ms)
        if start < end:
            found.append(Span(start, end))
        if a[i].end_ms < b[j].end_ms:
            i += 1
        else:
            j += 1
    return tuple(found)


def subtract(a: Sequence[Span], b: Sequence[Span]) -> tuple[Span, ...]:
    """Return the time of `a` that is not in `b`; each must be a union (ordered, without overlap)."""
    left: list[Span] = []
    j = 0
    for span in a:
        start = span.start_ms
        while j < len(b) and b[j].end_ms <= start:
            j += 1
        k = j
        while k < len(b) and b[k].start_ms < span.end_ms:
            if b[k].start_ms > start:
                left.append(Span(start, b[k].start_ms))
            start = max(start, b[k].end_ms)
            k += 1
        if start < span.end_ms:
            left.append(Span(start, span.end_ms))
    return tuple(left)


def clip(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """Keep what lies inside `within`."""
    return union(
        Span(max(s.start_ms, within.start_ms), min(s.end_ms, within.end_ms))
        for s in spans
        if s.start_ms < within.end_ms and s.end_ms > within.start_ms
    )


def total_ms(spans: Iterable[Span]) -> int:
    """Return the sum of the lengths."""
    return sum(s.length_ms for s in spans)


def near(spans: Sequence[Span], whole: Span) -> Sequence[Span]:
    """Return the ranges of a union that can touch `whole`, found by bisection: lessons have thousands."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle].end_ms <= whole.start_ms:
            low = middle + 1
        else:
            high = middle
    last = low
    while last < len(spans) and spans[last].start_ms < whole.end_ms:
        last += 1
    return spans[low:last]
