"""Packs speech into 30 s windows for Whisper with shortened pauses, and maps times back.

Whisper works as long on a second of sound as on thirty, so what is left out of a lesson is time won.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.types import Span
from transcription.speech.intervals import total_ms, union

LONGEST_MS = 29_000
PAD_MS = 200  # heard around speech, so that its first and last sound are whole
KEPT_PAUSE_MS = 1500  # a shorter pause stays as it is: shortened ones cost words
FULL = 0.8  # from here on a window ends at the longest pause in reach


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces of a sound that are heard one right after the other."""

    pieces: tuple[Span, ...]

    @property
    def length_ms(self) -> int:
        """How long it is to hear."""
        return sum(piece.length_ms for piece in self.pieces)

    def span_of(self, start_ms: int, end_ms: int) -> Span:
        """Return where in the sound a stretch of the window lies; at a seam it stays on its own side."""
        places = list(self._places())
        first = next((piece, at) for piece, at in reversed(places) if at <= max(0, start_ms))
        last = next(((piece, at) for piece, at in places if end_ms <= at + piece.length_ms), places[-1])
        start = min(first[0].end_ms, first[0].start_ms + max(0, start_ms) - first[1])
        return Span(start, max(start, min(last[0].end_ms, last[0].start_ms + end_ms - last[1])))

    def _places(self) -> Iterator[tuple[Span, int]]:
        at = 0
        for piece in self.pieces:
            yield piece, at
            at += piece.length_ms


def pack_speech(speech: Sequence[Span], length_ms: int, *, longest_ms: int = LONGEST_MS) -> tuple[Window, ...]:
    """Return windows that together hold all speech in order, none longer than `longest_ms`."""
    spoken = list(_bounded(speech, longest_ms - 2 * PAD_MS))
    padded = list(_padded(spoken, length_ms))
    windows: list[Window] = []
    while padded:
        count = _cut_after(spoken, padded, longest_ms)
        windows.append(Window(_joined(padded[:count])))
        spoken, padded = spoken[count:], padded[count:]
    return tuple(windows)


def _cut_after(spoken: Sequence[Span], padded: Sequence[Span], longest_ms: int) -> int:
    """Return how many spans the next window takes."""
    lengths: list[int] = []
    for count in range(1, len(padded) + 1):
        length = total_ms(_joined(padded[:count]))
        if length > longest_ms:
            break
        lengths.append(length)
    if len(lengths) == len(padded):
        return len(padded)
    full = [count for count, length in enumerate(lengths, 1) if length >= FULL * longest_ms] or [len(lengths)]
    return max(full, key=lambda count: spoken[count].start_ms - spoken[count - 1].end_ms)


def _joined(padded: Sequence[Span]) -> tuple[Span, ...]:
    return union(padded, KEPT_PAUSE_MS - 2 * PAD_MS)


def _padded(spoken: Sequence[Span], length_ms: int) -> Iterator[Span]:
    """Yield each span with some silence around it; two neighbours share what is between them."""
    for number, span in enumerate(spoken):
        before_ms = spoken[number - 1].end_ms if number else -span.start_ms
        after_ms = spoken[number + 1].start_ms if number + 1 < len(spoken) else 2 * length_ms - span.end_ms
        first, last = (before_ms + span.start_ms) // 2, (span.end_ms + after_ms) // 2
        yield Span(max(first, span.start_ms - PAD_MS), min(last, span.end_ms + PAD_MS))


def _bounded(speech: Sequence[Span], longest_ms: int) -> Iterator[Span]:
    """Yield the speech; what goes on for too long without any pause is cut where it must be."""
    for span in speech:
        for start_ms in range(span.start_ms, span.end_ms, longest_ms):
            yield Span(start_ms, min(span.end_ms, start_ms + longest_ms))
