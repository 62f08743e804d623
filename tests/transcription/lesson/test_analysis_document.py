"""The analysis document: every field of the contract, with its type."""

from __future__ import annotations

import json
from typing import Any

from core.types import (
    Activity,
    ActivityKind,
    AnsweredBy,
    AudioStream,
    MediaInfo,
    Question,
    QuestionKind,
    Role,
    Span,
    Turn,
    VideoStream,
    Word,
)
from transcription.lesson.analysis_document import Analysis, analysis_document
from transcription.lesson.measures import measure_lesson

NUMBER = (int, float)
QUESTION = {
    "start_ms": int,
    "end_ms": int,
    "text": str,
    "speaker": str,
    "role": str,
    "kind": str,
    "confidence": NUMBER,
    "answered_by": str,
    "wait_1_ms": (int, type(None)),
    "wait_2_ms": (int, type(None)),
}
SHAPE: dict[str, Any] = {
    "schema": str,
    "source": {
        "name": str,
        "sha256": str,
        "bytes": int,
        "duration_ms": int,
        "container": str,
        "video": {"codec": str, "width": int, "height": int, "fps": NUMBER, "rotation": int},
        "audio": {"codec": str, "channels": int, "sample_rate": int},
    },
    "engine": {"asr": str, "language": str, "versions": {"python": str}},
    "words": [{"start_ms": int, "end_ms": int, "text": str, "probability": NUMBER, "turn": int}],
    "turns": [{"start_ms": int, "end_ms": int, "speaker": str, "role": str, "text": str}],
    "questions": [QUESTION],
    "activities": [{"start_ms": int, "end_ms": int, "kind": str}],
    "scenes": [{"start_ms": int, "end_ms": int}],
    "measures": {
        "speech_ms": int,
        "teacher_ms": int,
        "pupil_ms": int,
        "group_ms": int,
        "unsure_ms": int,
        "silence_ms": int,
        "teacher_share_of_talk": (float, type(None)),
        "teacher_share_of_lesson": (float, type(None)),
        "questions": int,
        "questions_by_kind": dict.fromkeys(("recall", "open", "probing", "managerial", "rhetorical"), int),
        "wait_1_median_ms": (int, type(None)),
        "wait_1_share_3s": (float, type(None)),
        "wait_2_median_ms": (int, type(None)),
        "longest_teacher_stretch_ms": int,
        "turn_changes": int,
    },
    "timing": {"wall_ms": {"probe_media": int}, "peak_rss_bytes": int},
}


def check(value: Any, shape: Any, at: str = "document") -> None:
    if isinstance(shape, dict):
        assert set(value) == set(shape), at
        for key, inner in shape.items():
            check(value[key], inner, f"{at}.{key}")
    elif isinstance(shape, list):
        assert value, at
        for n, item in enumerate(value):
            check(item, shape[0], f"{at}[{n}]")
    else:
        assert isinstance(value, shape), at


def make_analysis(video: VideoStream | None, audio: AudioStream | None) -> Analysis:
    word = Word(0, 900, "Why?", 0.987654)
    turns = (Turn(0, 900, "S1", Role.TEACHER, "Why?", (word,)), Turn(2_000, 3_000, "S2", Role.PUPIL, "So.", ()))
    questions = (
        Question("Why?", "S1", Role.TEACHER, QuestionKind.PROBING, 0.8, AnsweredBy.PUPIL, 0, 900, 1_100, None, row=0),
    )
    return Analysis(
        name="lesson.mp4",
        sha256="0" * 64,
        size_bytes=123,
        media=MediaInfo("mp4", 10_000, video, audio),
        asr="base",
        language="en",
        turns=turns,
        questions=questions,
        activities=(Activity(0, 10_000, ActivityKind.DISCUSSION),),
        scenes=(Span(0, 10_000),),
        measures=measure_lesson(turns, None, [], questions, 10_000),
        versions={"python": "3.11"},
        wall_ms={"probe_media": 5},
        peak_rss_bytes=1,
    )


def test_every_field_of_the_contract_is_there_and_no_other() -> None:
    analysis = make_analysis(VideoStream("h264", 640, 360, 25.0, 90, "yuv420p"), AudioStream("aac", 2, 48_000))
    document = json.loads(json.dumps(analysis_document(analysis)))
    check(document, SHAPE)
    assert document["schema"] == "hindsight.analysis/1"
    assert document["words"] == [{"start_ms": 0, "end_ms": 900, "text": "Why?", "probability": 0.9877, "turn": 0}]
    assert document["measures"]["wait_1_median_ms"] == 1_100


def test_a_recording_without_picture_or_without_sound_says_null() -> None:
    assert analysis_document(make_analysis(None, AudioStream("mp3", 1, 8_000)))["source"]["video"] is None
    assert analysis_document(make_analysis(VideoStream("vp9", 1, 1, 1.0, 0, ""), None))["source"]["audio"] is None
