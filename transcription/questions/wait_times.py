"""Wait times 1 and 2 (Rowe 1974) and who answered, from intervals of voice.

Wait time 1 and 2 are Rowe's (M. B. Rowe, 1974, "Wait-time and rewards as instructional variables",
Journal of Research in Science Teaching 11, 81-94): the pause after a question, and the pause after the answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from core.types import AnsweredBy, Role, Span
from transcription.speech.audible_turns import Heard

GOES_ON_MS = 400
"""An asker who is heard again after less than this made no pause: she goes on."""

GIVEN_UP_MS = 20_000
"""When nobody speaks for this long the class works or waits for something else: nobody answered."""

OVERLAP_MS = 1_000
"""A pupil who begins up to this long before the question ends answers it, with a wait of 0."""

DRIFT_MS = 700
"""How far a recognised word's end may lie from the sound that it belongs to."""

LOOK_MS = 600_000
"""No answer and no unbroken sound is longer than this: how far around a question is looked."""

NOISE_MS = 120
"""A voice shorter than this is no answer."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What followed a question. `goes_on`: the asker spoke on without a pause."""

    answered_by: AnsweredBy
    wait_1: Span | None
    wait_2: Span | None
    goes_on: bool


def end_of_sound(heard: Sequence[Heard], speaker: str, last_ms: int, end_ms: int) -> int:
    """Return where the sound of a question ends, whose last word was recognised from `last_ms` to `end_ms`.

    It is the end of the asker's interval that holds most of that word: recognisers stretch a last word far into the
    silence after it. Without one, the nearest within `DRIFT_MS`. When the interval goes on for longer
    than that the question ends inside it, and the word's own time is all there is.
    """
    own = [h for h in _around(heard, end_ms, DRIFT_MS) if h.speaker == speaker and h.end_ms > last_ms - DRIFT_MS]
    if not own:
        return end_ms

    def held(h: Heard) -> int:
        """Time of the word inside the interval; below 0, how far away it is."""
        return min(h.end_ms, end_ms) - max(h.start_ms, last_ms)

    best = max(own, key=held)
    return best.end_ms if best.end_ms - end_ms <= DRIFT_MS else end_ms


def find_waits(heard: Sequence[Heard], asker: str, start_ms: int, end_ms: int) -> Waits:
    """Return who spoke after a question that sounds from `start_ms` to `end_ms`, and the two waits.

    `heard` is in order of start. An answer is any voice but the asker's: a voice whose role is unsure
    ends the wait as a pupil's does.
    """
    nearby = _around(heard, end_ms, LOOK_MS)
    after = [h for h in nearby if h.end_ms > end_ms and h.end_ms - h.start_ms >= NOISE_MS]
    answer = next((h for h in after if h.speaker != asker and h.start_ms >= max(start_ms, end_ms - OVERLAP_MS)), None)
    again = next((h for h in after if h.speaker == asker), None)
    resumes_ms = max(again.start_ms, end_ms) if again else None
    if answer is None and resumes_ms is None:
        return Waits(AnsweredBy.NOBODY, None, None, False)
    if answer is None or (resumes_ms is not None and resumes_ms < answer.start_ms):
        assert resumes_ms is not None
        pause = Span(end_ms, resumes_ms)
        if pause.length_ms >= GIVEN_UP_MS:
            return Waits(AnsweredBy.NOBODY, None, None, False)
        return Waits(AnsweredBy.TEACHER, pause, None, pause.length_ms < GOES_ON_MS)
    wait_1 = Span(end_ms, max(answer.start_ms, end_ms))
    if wait_1.length_ms >= GIVEN_UP_MS:
        return Waits(AnsweredBy.NOBODY, None, None, False)
    by = AnsweredBy.TEACHER if answer.role is Role.TEACHER else AnsweredBy.PUPIL
    return Waits(by, wait_1, _wait_after(after, answer), False)


def _around(heard: Sequence[Heard], at_ms: int, ahead_ms: int) -> Sequence[Heard]:
    """Return what begins from `LOOK_MS` before to `ahead_ms` after a moment."""
    first = bisect_left(heard, at_ms - LOOK_MS, key=lambda x: x.start_ms)
    return heard[first : bisect_left(heard, at_ms + ahead_ms, key=lambda x: x.start_ms)]


def _wait_after(after: Sequence[Heard], answer: Heard) -> Span | None:
    """Return the pause between the end of the pupils' answer and the teacher, if she speaks next."""
    if answer.role is Role.TEACHER:
        return None
    end_ms = answer.end_ms
    for h in after:
        if h.start_ms < answer.start_ms or h is answer:
            continue
        if h.role is Role.TEACHER:
            pause = Span(end_ms, max(h.start_ms, end_ms))
            return pause if pause.length_ms < GIVEN_UP_MS else None
        if h.start_ms - end_ms >= GIVEN_UP_MS:
            return None
        end_ms = max(end_ms, h.end_ms)
    return None
