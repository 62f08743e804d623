"""Writes the moments of a lesson (questions and activities) as CSV, in order of time."""

from __future__ import annotations

from collections.abc import Iterable

from core.text.csv_table import csv_text
from core.types import Activity, Question
from transcription.formats.subtitles import clock

COLUMNS = (
    "start",
    "end",
    "start_ms",
    "end_ms",
    "moment",
    "kind",
    "speaker",
    "text",
    "answered_by",
    "wait_1_ms",
    "wait_2_ms",
)


def write_moments(questions: Iterable[Question], activities: Iterable[Activity]) -> str:
    """Return CSV with a heading row; the columns are `COLUMNS`."""
    rows: list[tuple[int, int, list[object]]] = []
    for q in questions:
        if q.start_ms is not None and q.end_ms is not None:
            waits = [q.answered_by.value, q.wait_1_ms, q.wait_2_ms]
            rows.append((q.start_ms, q.end_ms, ["question", q.kind.value, q.speaker, q.text, *waits]))
    rows.extend((a.start_ms, a.end_ms, ["activity", a.kind.value, "", "", "", None, None]) for a in activities)
    rows.sort(key=lambda row: row[:2])
    times = ([clock(start_ms, "."), clock(end_ms, "."), start_ms, end_ms] for start_ms, end_ms, _ in rows)
    table = ([*place, *rest] for place, (_, _, rest) in zip(times, rows, strict=True))
    return csv_text(COLUMNS, table, for_programs=True)
