"""The analysis as one JSON document (contract `hindsight.analysis/1`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.types import Activity, Measures, MediaInfo, Question, Span, Turn, Word

SCHEMA = "hindsight.analysis/1"


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the document holds; the words are those of the turns."""

    name: str
    sha256: str
    size_bytes: int
    media: MediaInfo
    asr: str
    language: str
    turns: Sequence[Turn]
    questions: Sequence[Question]
    activities: Sequence[Activity]
    scenes: Sequence[Span]
    measures: Measures
    versions: Mapping[str, str] = field(default_factory=dict)
    wall_ms: Mapping[str, int] = field(default_factory=dict)
    peak_rss_bytes: int = 0


def analysis_document(analysis: Analysis) -> dict[str, Any]:
    """Return the document as JSON-ready values, every key of the contract present, times in milliseconds."""
    return {
        "schema": SCHEMA,
        "source": _source(analysis),
        "engine": {"asr": analysis.asr, "language": analysis.language, "versions": dict(analysis.versions)},
        "words": words_of(analysis.turns),
        "turns": [turn_document(turn) for turn in analysis.turns],
        "questions": [question_document(question) for question in analysis.questions],
        "activities": [{"start_ms": a.start_ms, "end_ms": a.end_ms, "kind": a.kind.value} for a in analysis.activities],
        "scenes": [{"start_ms": s.start_ms, "end_ms": s.end_ms} for s in analysis.scenes],
        "measures": measures_document(analysis.measures),
        "timing": {"wall_ms": dict(analysis.wall_ms), "peak_rss_bytes": analysis.peak_rss_bytes},
    }


def _source(analysis: Analysis) -> dict[str, Any]:
    video, audio = analysis.media.video, analysis.media.audio
    return {
        "name": analysis.name,
        "sha256": analysis.sha256,
        "bytes": analysis.size_bytes,
        "duration_ms": analysis.media.duration_ms,
        "container": analysis.media.container,
        "video": None
        if video is None
        else {
            "codec": video.codec,
            "width": video.width,
            "height": video.height,
            "fps": video.fps,
            "rotation": video.rotation,
        },
        "audio": None
        if audio is None
        else {"codec": audio.codec, "channels": audio.channels, "sample_rate": audio.sample_rate},
    }


def words_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return all words in order of time, each with the index of its turn."""
    placed: list[tuple[int, Word]] = [(index, word) for index, turn in enumerate(turns) for word in turn.words]
    placed.sort(key=lambda pair: (pair[1].start_ms, pair[1].end_ms))
    return [
        {
            "start_ms": word.start_ms,
            "end_ms": word.end_ms,
            "text": word.text,
            "probability": round(word.probability, 4),
            "turn": index,
        }
        for index, word in placed
    ]


def turn_document(turn: Turn) -> dict[str, Any]:
    """Return one turn as the contract writes it."""
    return {
        "start_ms": turn.start_ms,
        "end_ms": turn.end_ms,
        "speaker": turn.speaker,
        "role": turn.role.value,
        "text": turn.text,
    }


def question_document(question: Question) -> dict[str, Any]:
    """Return one question as the contract writes it."""
    return {
        "start_ms": question.start_ms,
        "end_ms": question.end_ms,
        "text": question.text,
        "speaker": question.speaker,
        "role": question.role.value,
        "kind": question.kind.value,
        "confidence": question.confidence,
        "answered_by": question.answered_by.value,
        "wait_1_ms": question.wait_1_ms,
        "wait_2_ms": question.wait_2_ms,
    }


def transcript_questions_document(questions: Sequence[Question]) -> dict[str, Any]:
    """Return the questions of a transcript made elsewhere: each with `row`, and with times where it has them."""
    found = []
    for question in questions:
        written = question_document(question)
        if question.start_ms is None:
            del written["start_ms"], written["end_ms"]
        found.append({"row": question.row, **written})
    return {"schema": SCHEMA, "questions": found}


def measures_document(measures: Measures) -> dict[str, Any]:
    """Return the measures as the contract writes them; the intervals of `heard_in` stay with the page."""
    return {
        "speech_ms": measures.speech_ms,
        "teacher_ms": measures.teacher_ms,
        "pupil_ms": measures.pupil_ms,
        "group_ms": measures.group_ms,
        "unsure_ms": measures.unsure_ms,
        "silence_ms": measures.silence_ms,
        "teacher_share_of_talk": measures.teacher_share_of_talk,
        "teacher_share_of_lesson": measures.teacher_share_of_lesson,
        "questions": measures.questions,
        "questions_by_kind": dict(measures.questions_by_kind),
        "wait_1_median_ms": measures.wait_1_median_ms,
        "wait_1_share_3s": measures.wait_1_share_3s,
        "wait_2_median_ms": measures.wait_2_median_ms,
        "longest_teacher_stretch_ms": measures.longest_teacher_stretch_ms,
        "turn_changes": measures.turn_changes,
    }
