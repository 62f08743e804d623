"""Measures of a lesson, computed from intervals of speech; definitions are in docs/measures.md."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from statistics import median

from core.types import Measures, Question, QuestionKind, Role, Span, Turn, VoiceTurn
from transcription.speech.audible_turns import Heard, hear
from transcription.speech.intervals import clip, intersect, subtract, total_ms, union

LONG_WAIT_MS = 3_000
"""Rowe 1974: from about three seconds on, answers grow longer and more pupils take part."""

STRETCH_PAUSE_MS = 5_000
"""A pause of this length ends a stretch of teacher talk: by then the class is doing something else."""

OTHER_VOICE_MS = 500
"""Another voice heard for at least this long ends a stretch; a cough or an "mm" does not."""

UNHEARD_SPEECH_MS = 500
"""Speech that no turn covers counts as unsure from this length on; shorter edges belong to the detectors."""

GROUP_VOICES = 1.5
"""A turn with this many voices at once, on the average, is group talk."""


def measure_lesson(
    turns: Sequence[Turn],
    voice: Sequence[VoiceTurn] | None,
    speech: Sequence[Span],
    questions: Sequence[Question],
    duration_ms: int,
) -> Measures:
    """Return the measures of a lesson of `duration_ms` (milliseconds).

    `turns` carry who spoke; `voice` and `speech` (either may be empty) say where in them there is sound.
    """
    lesson = Span(0, max(duration_ms, 0))
    heard = [
        Heard(max(h.start_ms, 0), min(h.end_ms, lesson.end_ms), h.speaker, h.role)
        for h in hear(turns, voice, speech)
        if h.start_ms < lesson.end_ms and h.end_ms > 0
    ]
    talk = split_talk(heard, crowded(voice or ()), speech, lesson)
    ms = {name: total_ms(spans) for name, spans in talk.items()}
    stretch = longest_stretch(heard)
    changes = floor_changes(heard)
    in_lesson = [q for q in questions if q.start_ms is None or q.start_ms < lesson.end_ms]
    kinds = {kind.value: sum(q.kind is kind for q in in_lesson) for kind in QuestionKind}
    first = [q.wait_1_ms for q in in_lesson if q.wait_1_ms is not None]
    second = [q.wait_2_ms for q in in_lesson if q.wait_2_ms is not None]
    return Measures(
        **ms,
        teacher_share_of_talk=_share(ms["teacher_ms"], ms["speech_ms"]),
        teacher_share_of_lesson=_share(ms["teacher_ms"], lesson.length_ms),
        questions=len(in_lesson),
        questions_by_kind=kinds,
        wait_1_median_ms=round(median(first)) if first else None,
        wait_1_share_3s=_share(sum(wait >= LONG_WAIT_MS for wait in first), len(first)),
        wait_2_median_ms=round(median(second)) if second else None,
        longest_teacher_stretch_ms=stretch.length_ms if stretch else 0,
        turn_changes=len(changes),
        heard_in={
            **talk,
            "teacher_share_of_talk": talk["teacher_ms"],
            "teacher_share_of_lesson": talk["teacher_ms"],
            **_questions_heard_in(in_lesson, heard),
            "longest_teacher_stretch_ms": (stretch,) if stretch else (),
            "turn_changes": changes,
        },
    )


def split_talk(
    heard: Iterable[Heard], crowd: Sequence[Span], speech: Sequence[Span], lesson: Span
) -> dict[str, tuple[Span, ...]]:
    """Part the lesson into teacher, pupil, group, unsure and silence, so that each instant is in exactly one.

    Teacher talk is the union of all in which the teacher is heard, so it wins over everybody who speaks
    at the same time. What is left is group talk where a turn is a group's, where `crowd` says that several
    speak at once, or where two voices overlap; then pupil, then unsure. Speech that no turn covers is unsure.
    """
    heard = list(heard)
    by_role = {role: union(h.span for h in heard if h.role is role) for role in Role}
    teacher = by_role[Role.TEACHER]
    everyone = union(h.span for h in heard)
    several = union([*by_role[Role.GROUP], *intersect(everyone, union(crowd)), *_overlaps(heard)])
    group = subtract(several, teacher)
    pupil = subtract(subtract(by_role[Role.PUPIL], teacher), group)
    unheard = [s for s in subtract(clip(speech, lesson), everyone) if s.length_ms >= UNHEARD_SPEECH_MS]
    unsure = subtract(union([*by_role[Role.UNSURE], *unheard]), union([*teacher, *group, *pupil]))
    talk = union([*teacher, *group, *pupil, *unsure])
    return {
        "speech_ms": talk,
        "teacher_ms": teacher,
        "pupil_ms": pupil,
        "group_ms": group,
        "unsure_ms": unsure,
        "silence_ms": subtract(union([lesson]), talk),
    }


def longest_stretch(heard: Sequence[Heard]) -> Span | None:
    """Return the longest teacher talk without another voice, its short pauses included; None without teacher talk."""
    others = union(h.span for h in heard if h.role is not Role.TEACHER and h.span.length_ms >= OTHER_VOICE_MS)
    alone = subtract(union(h.span for h in heard if h.role is Role.TEACHER), others)
    starts = [s.start_ms for s in others]
    best: Span | None = None
    run: Span | None = None
    k = 0
    for piece in alone:
        while k < len(starts) and starts[k] < piece.start_ms:
            k += 1
        cut = k > 0 and run is not None and others[k - 1].end_ms > run.end_ms
        if run is None or cut or piece.start_ms - run.end_ms >= STRETCH_PAUSE_MS:
            run = piece
        else:
            run = Span(run.start_ms, piece.end_ms)
        if best is None or run.length_ms > best.length_ms:
            best = run
    return best


def floor_changes(heard: Iterable[Heard]) -> tuple[Span, ...]:
    """Return the interval that begins each change of who has the floor.

    A voice that is heard only while another speaks (an "mm-hm") does not take the floor.
    """
    changes: list[Span] = []
    holder: Heard | None = None
    for h in sorted(heard, key=lambda x: (x.start_ms, -x.end_ms)):
        if holder is not None and h.end_ms <= holder.end_ms:
            continue
        if holder is not None and h.speaker != holder.speaker:
            changes.append(h.span)
        holder = h
    return tuple(changes)


def crowded(voice: Iterable[VoiceTurn]) -> tuple[Span, ...]:
    """Return where several voices were heard at once inside single turns."""
    return union(Span(v.start_ms, v.end_ms) for v in voice if v.voices >= GROUP_VOICES)


def _overlaps(heard: Iterable[Heard]) -> tuple[Span, ...]:
    """Return where two different speakers are heard at once."""
    edges = sorted(
        edge
        for speaker_spans in _by_speaker(heard).values()
        for span in union(speaker_spans)
        for edge in ((span.start_ms, 1), (span.end_ms, -1))
    )
    found: list[Span] = []
    voices = 0
    since = 0
    for at_ms, step in edges:
        if voices >= 2 and at_ms > since:
            found.append(Span(since, at_ms))
        voices += step
        since = at_ms
    return union(found)


def _by_speaker(heard: Iterable[Heard]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for h in heard:
        spans.setdefault(h.speaker, []).append(h.span)
    return spans


def _questions_heard_in(questions: Sequence[Question], heard: Sequence[Heard]) -> dict[str, tuple[Span, ...]]:
    """Name the intervals of the questions, of each kind, and of the waits."""
    timed = [(q, Span(q.start_ms, q.end_ms)) for q in questions if q.start_ms is not None and q.end_ms is not None]
    first = [(q.wait_1_ms, Span(at.end_ms, at.end_ms + q.wait_1_ms)) for q, at in timed if q.wait_1_ms is not None]
    named = {"questions": tuple(at for _, at in timed)}
    for kind in QuestionKind:
        named[f"questions_by_kind.{kind.value}"] = tuple(at for q, at in timed if q.kind is kind)
    named["wait_1_median_ms"] = tuple(span for _, span in first)
    named["wait_1_share_3s"] = tuple(span for wait, span in first if wait >= LONG_WAIT_MS)
    named["wait_2_median_ms"] = tuple(span for q, at in timed if (span := _second_wait(q, at, heard)) is not None)
    return named


def _second_wait(question: Question, at: Span, heard: Sequence[Heard]) -> Span | None:
    """Return the pause before the teacher's first words after the answer, as long as the question says."""
    if question.wait_2_ms is None:
        return None
    answer_ms = at.end_ms + (question.wait_1_ms or 0)
    for h in heard[bisect_right(heard, answer_ms, key=lambda x: x.start_ms) :]:
        if h.role is Role.TEACHER:
            return Span(max(h.start_ms - question.wait_2_ms, at.end_ms), h.start_ms)
    return None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
