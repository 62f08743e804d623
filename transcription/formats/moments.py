"""Write the moments of a lesson as a table for a spreadsheet: its questions and its activities, in order of time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

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
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for start_ms, end_ms, rest in sorted(rows, key=lambda row: row[:2]):
        times = [clock(start_ms, "."), clock(end_ms, "."), start_ms, end_ms]
        table.writerow([safe_cell(cell) for cell in [*times, *rest]])
    return out.getvalue()


def safe_cell(cell: object) -> str:
    """Return a cell that a spreadsheet shows and never runs: text that begins like a formula gets an apostrophe."""
    if isinstance(cell, int) or cell is None:
        return "" if cell is None else str(cell)
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
