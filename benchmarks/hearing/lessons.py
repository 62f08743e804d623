"""Accuracy of voices, roles, wait times and activities on synthetic lessons, and the processor time used."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from benchmarks.hearing.speakers import write_sound
from benchmarks.material.made_lesson import Half, MadeLesson, make_lesson
from core.types import FreeWatch, Role, Span, VoiceTurn
from transcription.lesson.derive_findings import Evidence, LessonFindings, derive_findings
from transcription.networks.speaker_networks import OnnxSpeakerModels
from transcription.questions.lesson_questions import VOICE_PAUSE_MS
from transcription.questions.wait_times import end_of_sound, find_waits
from transcription.speakers.diarization import find_speakers
from transcription.speech.audible_turns import hear
from transcription.speech.detection import detect_speech
from transcription.speech.intervals import intersect, subtract, total_ms, union
from workers.pipeline.stage_functions import classify_roles


@dataclass(frozen=True, slots=True)
class Judged:
    """How well one lesson was heard; shares in percentage points, errors of waits in ms."""

    lesson: str
    der_outside: float
    der_whole: float
    share_of_talk: float
    share_of_lesson: float
    wait_errors: tuple[int, ...]
    waits_lost: int
    activities_right: float
    seconds_a_minute: float


def judge_lesson(data: Path, models_dir: Path, half: Half, seed: int) -> Judged:
    """Make a lesson, hear it, and hold what was heard against the truth."""
    lesson = make_lesson(data, half, seed)
    begun = time.perf_counter()
    voices, speech = diarize_lesson(lesson, models_dir)
    found = derive_findings(Evidence([], voices, classify_roles([], voices, speech), speech, lesson.length_ms))
    seconds = time.perf_counter() - begun
    teacher = union(Span(t.start_ms, t.end_ms) for t in lesson.turns if t.role is Role.TEACHER)
    talk = union(Span(t.start_ms, t.end_ms) for t in lesson.turns)
    whole = (Span(0, lesson.length_ms),)
    measures = found.measures
    errors, lost = wait_errors(lesson, found, voices, speech)
    return Judged(
        lesson=lesson.name,
        der_outside=error_rate(lesson, voices, subtract(whole, lesson.groups)),
        der_whole=error_rate(lesson, voices, whole),
        share_of_talk=100 * ((measures.teacher_share_of_talk or 0) - total_ms(teacher) / total_ms(talk)),
        share_of_lesson=100 * ((measures.teacher_share_of_lesson or 0) - total_ms(teacher) / lesson.length_ms),
        wait_errors=errors,
        waits_lost=lost,
        activities_right=activities_right(lesson, found),
        seconds_a_minute=seconds * 60_000 / lesson.length_ms,
    )


def diarize_lesson(lesson: MadeLesson, models_dir: Path) -> tuple[tuple[VoiceTurn, ...], tuple[Span, ...]]:
    """Return who speaks when, and where somebody speaks, as the pipeline finds them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        write_sound(path, lesson.samples)
        speech = detect_speech(path, FreeWatch())
        return find_speakers(path, speech, models=OnnxSpeakerModels(models_dir), watch=FreeWatch()), speech


def error_rate(lesson: MadeLesson, voices: Sequence[VoiceTurn], where: Sequence[Span]) -> float:
    """Return the diarization error rate (no collar) inside some spans."""
    reference, found = Annotation(), Annotation()
    for track, true in enumerate(lesson.turns):
        reference[Segment(true.start_ms / 1000, true.end_ms / 1000), track] = true.speaker
    for track, voice in enumerate(voices):
        found[Segment(voice.start_ms / 1000, voice.end_ms / 1000), track] = voice.speaker
    inside = Timeline([Segment(span.start_ms / 1000, span.end_ms / 1000) for span in where])
    return float(DiarizationErrorRate(collar=0)(reference, found, uem=inside))


def wait_errors(
    lesson: MadeLesson, found: LessonFindings, voices: Sequence[VoiceTurn], speech: Sequence[Span]
) -> tuple[tuple[int, ...], int]:
    """Return the errors (ms) of both waits after each true question, and how many waits were not found."""
    heard = hear(found.turns, voices, speech, VOICE_PAUSE_MS)
    errors: list[int] = []
    lost = 0
    for exchange in lesson.exchanges:
        at = exchange.question
        near = [h for h in heard if h.role is Role.TEACHER and h.start_ms < at.end_ms and h.end_ms > at.start_ms]
        if not near:
            lost += 2
            continue
        asker = near[-1].speaker
        waits = find_waits(heard, asker, at.start_ms, end_of_sound(heard, asker, at.end_ms - 300, at.end_ms))
        for wait, true_ms in ((waits.wait_1, exchange.wait_1_ms), (waits.wait_2, exchange.wait_2_ms)):
            if wait is None:
                lost += 1
            else:
                errors.append(abs(wait.length_ms - true_ms))
    return tuple(errors), lost


def activities_right(lesson: MadeLesson, found: LessonFindings) -> float:
    """Return the share of the time whose activity is named rightly."""
    right = sum(
        total_ms(intersect([Span(a.start_ms, a.end_ms)], [Span(b.start_ms, b.end_ms)]))
        for a in lesson.activities
        for b in found.activities
        if a.kind is b.kind
    )
    return right / lesson.length_ms


def median_error(judged: Sequence[Judged]) -> float:
    """Return the median error (ms) of all waits of some lessons."""
    return median(error for each in judged for error in each.wait_errors)


def peak_mb(data: Path, models_dir: Path, minutes: float) -> float:
    """Return the peak memory (MB) of hearing a lesson of some minutes, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, context.Pool(1) as pool:
        path = Path(folder) / "long.wav"
        pool.apply(_write_long, (data, path, minutes))
        with context.Pool(1) as fresh:
            return float(fresh.apply(_hear_long, (path, models_dir)))


def _write_long(data: Path, path: Path, minutes: float) -> None:
    import numpy as np

    lesson = make_lesson(data, "tune", 1)
    repeats = -(-int(minutes * 60_000) // lesson.length_ms)
    write_sound(path, np.tile(lesson.samples, repeats)[: int(minutes * 60 * 16_000)])


def _hear_long(path: Path, models_dir: Path) -> float:
    speech = detect_speech(path, FreeWatch())
    find_speakers(path, speech, models=OnnxSpeakerModels(models_dir), watch=FreeWatch())
    # not ru_maxrss: a process begins with that of its parent
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
