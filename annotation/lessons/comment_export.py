"""Comment export: CSV and W3C Web Annotations (https://www.w3.org/TR/annotation-model/)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.models import Comment
from core.school_day import iso_moment
from core.text.csv_table import csv_text

Row = tuple[Comment, str, str | None]
"""A comment, its author's name, the title of its goal."""

COLUMNS = ("start", "end", "author", "kind", "stage", "goal", "text", "written", "id", "answers")
LONGEST_MOMENT_MS = 1000  # how long a moment is shown by programs that know ranges alone


def comments_csv(rows: Sequence[Row]) -> str:
    """Return comments as a table with times as h:mm:ss.mmm."""
    return csv_text(COLUMNS, (_cells(*row) for row in rows))


def _cells(one: Comment, author: str, goal: str | None) -> tuple[str | None, ...]:
    end = None if one.end_ms is None else _clock(one.end_ms)
    written = iso_moment(one.created_at)
    return (_clock(one.start_ms), end, author, one.kind, one.stage, goal, one.text, written, one.id, one.parent_id)


def web_annotations(rows: Sequence[Row], source: str) -> dict[str, Any]:
    """Return comments as one AnnotationPage; `source` is the address of the recording, a moment is a media fragment."""
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": f"{source}#comments",
        "type": "AnnotationPage",
        "items": [_annotation(*row, source) for row in rows],
    }


def _annotation(one: Comment, author: str, goal: str | None, source: str) -> dict[str, Any]:
    bodies: list[dict[str, Any]] = [{"type": "TextualBody", "value": one.text, "format": "text/plain"}]
    tags = [one.kind, *([f"GROW: {one.stage}"] if one.stage else []), *([f"goal: {goal}"] if goal else [])]
    bodies += [{"type": "TextualBody", "value": tag, "purpose": "tagging"} for tag in tags]
    place = f"t={_seconds(one.start_ms)}" + ("" if one.end_ms is None else f",{_seconds(one.end_ms)}")
    selector = {"type": "FragmentSelector", "conformsTo": "http://www.w3.org/TR/media-frags/", "value": place}
    motivation = "replying" if one.parent_id else "questioning" if one.kind == "question" else "commenting"
    target: Any = {"type": "SpecificResource", "source": source, "selector": selector}
    return {
        "id": f"urn:hindsight:comment:{one.id}",
        "type": "Annotation",
        "motivation": motivation,
        "creator": {"type": "Person", "name": author},
        "created": one.created_at.isoformat(),  # calendar rule: data
        "body": bodies,
        "target": [f"urn:hindsight:comment:{one.parent_id}", target] if one.parent_id else target,
    }


def eaf_marks(rows: Sequence[Row]) -> list[tuple[int, int, str]]:
    """Return comments as annotations of an ELAN tier: (start_ms, end_ms, "author: text")."""
    return [
        (one.start_ms, one.start_ms + LONGEST_MOMENT_MS if one.end_ms is None else one.end_ms, f"{who}: {one.text}")
        for one, who, _ in rows
    ]


def _seconds(ms: int) -> str:
    """Write a time in seconds, to the millisecond: 10800.123, 70."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
