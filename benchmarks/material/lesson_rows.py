"""Made rows of lessons of an hour: files, measures, turns and questions, as the analysis leaves them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from core.models import new_id

HOUR_MS = 3_600_000
WORDS = [*"abcdefghijklmnopqrst"]  # of a turn


def file_row(lesson_id: str, kind: str, now: datetime) -> dict[str, Any]:
    """Return the row of a file that is not there."""
    sizes = {"width": 1280, "height": 720, "columns": 10, "count": 100, "interval_ms": 36_000}
    mime = "image/jpeg" if kind in ("poster", "filmstrip") else "video/mp4"
    key = f"lessons/{lesson_id}/{kind}-{new_id()}.bin"
    row = {"lesson_id": lesson_id, "kind": kind, "key": key, "mime": mime, "bytes": 10**6, "info": sizes}
    return row | {"created_at": now}


def measures_document(dice: random.Random) -> dict[str, Any]:
    """Return the measures of a lesson, with all intervals that they count."""
    talk = dice.randint(1_000_000, 2_000_000)
    waits = [[k * 60_000, k * 60_000 + dice.randint(300, 5000)] for k in range(50)]
    intervals = [[k * 20_000, k * 20_000 + 9000] for k in range(170)]
    return {
        "lesson_ms": HOUR_MS,
        "teacher_ms": talk,
        "pupil_ms": 400_000,
        "group_ms": 300_000,
        "silence_ms": 500_000,
        "unsure_ms": 50_000,
        "speech_ms": talk + 450_000,
        "teacher_share_of_talk": talk / (talk + 450_000),
        "wait_1_median_ms": 1500,
        "wait_2_median_ms": 900,
        "wait_1_share_3s": 0.2,
        "longest_teacher_stretch_ms": 240_000,
        "turn_changes": 300,
        "questions_by_kind": {"open": 9, "probing": 5, "recall": 20},
        "answered_own_questions": 3,
        "heard_in": {"wait_1_median_ms": waits, "wait_2_median_ms": waits, "teacher_ms": intervals},
    }


def turn_rows(lessons: Sequence[tuple[str, str]], whole: int) -> Iterator[dict[str, Any]]:
    """Yield turns of lessons (id, owner): all of an hour for the first of them, a few for the others."""
    for number, (lesson_id, _) in enumerate(lessons):
        for k in range(400 if number < whole else 4):
            at = k * 9000
            words = [[at + j * 400, at + j * 400 + 350, word, 0.9] for j, word in enumerate(WORDS)]
            row = {"lesson_id": lesson_id, "number": k, "start_ms": at, "end_ms": at + 8000, "speaker": f"S{k % 4}"}
            yield row | {"role": "pupil" if k % 4 else "teacher", "text": " ".join(WORDS), "words": words}


def question_rows(lessons: Sequence[tuple[str, str]], whole: int) -> Iterator[dict[str, Any]]:
    """Yield questions of lessons (id, owner), more for the first of them."""
    kind = {"kind": "open", "confidence": 0.8, "answered_by": "pupil", "wait_1_ms": 1200, "wait_2_ms": 800}
    said = {"text": "What do you notice?", "speaker": "S0", "role": "teacher"}
    for number, (lesson_id, _) in enumerate(lessons):
        for k in range(60 if number < whole else 6):
            yield {"lesson_id": lesson_id, "start_ms": k * 60_000, "end_ms": k * 60_000 + 3000, **said, **kind}
