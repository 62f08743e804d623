"""Activity classification: divides a lesson into exposition, discussion, group work and independent work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.types import Activity, ActivityKind, Role, Span, Turn, VoiceTurn
from transcription.lesson.measures import crowded, floor_changes, split_talk
from transcription.speech.audible_turns import Heard, hear
from transcription.speech.intervals import clip, near, total_ms

STEP_MS = 5_000
"""The lesson is judged in steps of this length, each by what surrounds it."""

AROUND_MS = 15_000
"""How much before and after a step is looked at."""

SHORTEST_MS = 30_000
"""An activity shorter than this is part of what surrounds it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Half a minute of a lesson in numbers: shares of the time (0..1), changes of the floor, movement (0..1)."""

    teacher: float
    pupil: float
    group: float
    unsure: float
    silence: float
    changes: int
    movement: float


def find_activities(
    turns: Sequence[Turn],
    voice: Sequence[VoiceTurn] | None,
    speech: Sequence[Span],
    duration_ms: int,
    movement: Sequence[float] = (),
) -> tuple[Activity, ...]:
    """Return the activities in order; they cover 0 to `duration_ms` without gaps.

    `movement` is how much the picture moves, 0..1, once a second; empty without a picture.
    """
    if duration_ms <= 0:
        return ()
    lesson = Span(0, duration_ms)
    heard = hear(turns, voice, speech)
    talk = split_talk([h for h in heard if h.start_ms < duration_ms], crowded(voice or ()), speech, lesson)
    changes = [span.start_ms for span in floor_changes(_teacher_and_class(heard))]
    steps = range(0, duration_ms, STEP_MS)
    kinds = [judge_scene(_look(around_ms, lesson, talk, changes, movement)) for around_ms in steps]
    runs = [Activity(at, min(at + STEP_MS, duration_ms), kind) for at, kind in zip(steps, kinds, strict=True)]
    return _smooth(runs)


def judge_scene(scene: Scene) -> ActivityKind:
    """Name what happens in half a minute.

    Thresholds by what the words mean: in exposition nearly all talk is the teacher's; in a discussion teacher
    and pupils speak in turn; group work is many voices at once (measured on made lessons: .31-.60 of group
    work against at most .04 elsewhere, so a fifth parts them); independent work is mostly quiet.
    """
    talk = 1.0 - scene.silence
    if scene.group >= 0.2 and scene.group + scene.unsure >= scene.teacher:
        return ActivityKind.GROUP
    if talk < 0.2:
        return ActivityKind.OTHER if scene.movement >= 0.5 else ActivityKind.INDEPENDENT
    if scene.unsure > 0.5 * talk:
        return ActivityKind.OTHER
    if scene.pupil + scene.group >= 0.1 * talk and scene.teacher > 0 and scene.changes >= 2:
        return ActivityKind.DISCUSSION
    if scene.teacher >= 0.7 * talk:
        return ActivityKind.EXPOSITION if talk >= 0.4 else ActivityKind.INDEPENDENT
    if scene.teacher > 0 and scene.changes >= 1:
        return ActivityKind.DISCUSSION
    return ActivityKind.OTHER


def _teacher_and_class(heard: Sequence[Heard]) -> list[Heard]:
    """Name everybody but the teacher alike: a discussion is the teacher and the class in turn."""
    return [Heard(h.start_ms, h.end_ms, "T" if h.role is Role.TEACHER else "class", h.role) for h in heard]


def _look(
    at_ms: int, lesson: Span, talk: dict[str, tuple[Span, ...]], changes: Sequence[int], movement: Sequence[float]
) -> Scene:
    around = Span(max(at_ms - AROUND_MS, 0), min(at_ms + STEP_MS + AROUND_MS, lesson.end_ms))

    def share(name: str) -> float:
        return total_ms(clip(near(talk[name], around), around)) / around.length_ms

    moves = movement[around.start_ms // 1000 : -(-around.end_ms // 1000)]
    return Scene(
        teacher=share("teacher_ms"),
        pupil=share("pupil_ms"),
        group=share("group_ms"),
        unsure=share("unsure_ms"),
        silence=share("silence_ms"),
        changes=sum(around.start_ms < at < around.end_ms for at in changes),
        movement=sum(moves) / len(moves) if moves else 0.0,
    )


def _smooth(runs: Sequence[Activity]) -> tuple[Activity, ...]:
    """Join equal neighbours, then let the shortest run that is too short be eaten by its longer neighbour."""
    joined = _join(runs)
    while len(joined) > 1:
        n = min(range(len(joined)), key=lambda i: joined[i].end_ms - joined[i].start_ms)
        short = joined[n]
        if short.end_ms - short.start_ms >= SHORTEST_MS:
            break
        beside = [joined[i] for i in (n - 1, n + 1) if 0 <= i < len(joined)]
        eater = max(beside, key=lambda a: a.end_ms - a.start_ms)
        joined[n] = Activity(short.start_ms, short.end_ms, eater.kind)
        joined = _join(joined)
    return tuple(joined)


def _join(runs: Sequence[Activity]) -> list[Activity]:
    joined: list[Activity] = []
    for run in runs:
        if joined and joined[-1].kind is run.kind:
            joined[-1] = Activity(joined[-1].start_ms, run.end_ms, run.kind)
        else:
            joined.append(run)
    return joined
