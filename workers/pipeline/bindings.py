"""Binds each stage of the catalogue to its function and to the data that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.pipeline import lesson_stages, media_stages, speech_stages
from workers.pipeline.context import Context, Output


@dataclass(frozen=True, slots=True)
class Binding:
    """A stage's function, and what it reads.

    `reads`: source, sound, chunk, pieces, turns, clip, said, own_voice, corrections, or a finding.
    """

    run: Callable[[Context], Output]
    reads: frozenset[str]


def bind(run: Callable[[Context], Output], *reads: str) -> Binding:
    """Bind a function to what it reads."""
    return Binding(run, frozenset(reads))


BINDINGS: dict[str, Binding] = {  # a stage of core/pipeline/stages.py each
    "probe_media": bind(media_stages.run_probe_media, "source"),
    "make_rendition": bind(media_stages.run_make_rendition, "source"),
    "make_pictures": bind(media_stages.run_make_pictures, "source"),
    "extract_audio": bind(media_stages.run_extract_audio, "source"),
    "plan_chunks": bind(speech_stages.run_plan_chunks, "sound"),
    "transcribe_chunk": bind(speech_stages.run_transcribe_chunk, "sound", "chunk"),
    "merge_transcript": bind(speech_stages.run_merge_transcript, "pieces"),
    "find_speakers": bind(speech_stages.run_find_speakers, "sound", "speech", "own_voice"),
    "find_questions": bind(lesson_stages.run_find_questions, "words", "voices", "speech", "teacher", "corrections"),
    "find_activities": bind(lesson_stages.run_find_activities, "turns", "voices", "speech", "pictures", "corrections"),
    "measure_lesson": bind(lesson_stages.run_measure_lesson, "turns", "voices", "speech", "corrections"),
    "cut_clip": bind(media_stages.run_cut_clip, "source", "clip"),
    "blur_clip": bind(media_stages.run_blur_clip, "source", "clip"),
    "hear_comment": bind(speech_stages.run_hear_comment, "said"),
}
