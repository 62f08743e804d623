"""Activities cover the lesson without gaps and follow who speaks."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from core.types import ActivityKind, Role, Turn, VoiceTurn
from transcription.lesson.activities import SHORTEST_MS, find_activities


def lesson_of_four_parts() -> list[Turn]:
    turns = [Turn(0, 120_000, "S1", Role.TEACHER, "")]
    for at in range(120_000, 240_000, 10_000):
        turns += [Turn(at, at + 4_000, "S1", Role.TEACHER, ""), Turn(at + 5_000, at + 9_000, "S2", Role.PUPIL, "")]
    turns.append(Turn(240_000, 360_000, "S3", Role.GROUP, ""))
    return turns


def test_a_lesson_of_four_parts_is_told_apart() -> None:
    found = find_activities(lesson_of_four_parts(), None, [], 480_000)
    kinds = [activity.kind for activity in found]
    assert kinds == [ActivityKind.EXPOSITION, ActivityKind.DISCUSSION, ActivityKind.GROUP, ActivityKind.INDEPENDENT]
    for activity, true_start in zip(found, (0, 120_000, 240_000, 360_000), strict=True):
        assert abs(activity.start_ms - true_start) <= 15_000


def test_quiet_with_much_movement_is_no_independent_work() -> None:
    assert [a.kind for a in find_activities([], None, [], 120_000, [0.9] * 120)] == [ActivityKind.OTHER]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 200_000), st.integers(200, 60_000), st.sampled_from(list(Role)), st.sampled_from([1.0, 2.0])
        ),
        max_size=15,
    ),
    st.integers(1, 240_000),
)
def test_activities_cover_the_lesson_without_gaps(parts: list[tuple[int, int, Role, float]], duration_ms: int) -> None:
    turns = [Turn(start, start + length, f"S-{role}", role, "") for start, length, role, _ in parts]
    voice = [VoiceTurn(start, start + length, f"S-{role}", voices) for start, length, role, voices in parts]
    found = find_activities(turns, voice, [], duration_ms)
    assert (found[0].start_ms, found[-1].end_ms) == (0, duration_ms)
    assert all(a.end_ms == b.start_ms and a.kind is not b.kind for a, b in itertools.pairwise(found))
    assert len(found) == 1 or all(a.end_ms - a.start_ms >= SHORTEST_MS for a in found)


def test_a_lesson_without_length_has_no_activities() -> None:
    assert find_activities([], None, [], 0) == ()
