"""Chunking: divides a lesson at silences into parts that are transcribed separately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.types import Chunk, Span

SHORTEST_MS = 90_000
LONGEST_MS = 180_000  # some windows of half a minute, of which the last is seldom full


def plan_chunks(
    speech: Sequence[Span], duration_ms: int, *, shortest_ms: int = SHORTEST_MS, longest_ms: int = LONGEST_MS
) -> tuple[Chunk, ...]:
    """Return the pieces in order; together they hold all speech, and none is longer than `longest_ms`.

    A piece is cut at the longest silence between its shortest and its longest length; speech that goes on
    without any silence is cut where it must be.
    """
    spoken = list(_bounded(speech, duration_ms, longest_ms))
    chunks: list[Chunk] = []
    while spoken:
        start_ms = spoken[0].start_ms
        count = _cut_after(spoken, start_ms, shortest_ms, longest_ms)
        piece, spoken = tuple(spoken[:count]), spoken[count:]
        chunks.append(Chunk(len(chunks), start_ms, piece[-1].end_ms, piece))
    return tuple(chunks)


def _cut_after(spoken: Sequence[Span], start_ms: int, shortest_ms: int, longest_ms: int) -> int:
    """Return how many spans the next piece takes."""
    fitting = [i for i, span in enumerate(spoken, 1) if span.end_ms - start_ms <= longest_ms]
    if len(fitting) == len(spoken):
        return len(spoken)
    long_enough = [i for i in fitting if spoken[i - 1].end_ms - start_ms >= shortest_ms] or fitting[-1:]
    return max(long_enough, key=lambda i: spoken[i].start_ms - spoken[i - 1].end_ms)


def _bounded(speech: Sequence[Span], duration_ms: int, longest_ms: int) -> Iterator[Span]:
    """Yield the speech within the lesson, no span longer than a piece may be, none over the one before."""
    free_ms = 0
    for span in sorted(speech, key=lambda each: each.start_ms):
        start_ms, end_ms = max(free_ms, span.start_ms), min(duration_ms, span.end_ms)
        while start_ms < end_ms:
            stop_ms = min(end_ms, start_ms + longest_ms)
            yield Span(start_ms, stop_ms)
            start_ms = stop_ms
        free_ms = max(free_ms, end_ms)
