"""Reads WebVTT, SRT and CSV transcripts, also slightly damaged ones, and reports what was skipped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from core.csv_table import as_written, without_mark
from core.errors import UnusableFile
from core.text_decoding import NotText, decode_text

MAX_BYTES = 20_000_000
"""A three-hour transcript has under one megabyte; more than this is not a transcript."""

SAME_SENTENCE_MS = 500
"""Subtitles cut long sentences; two cues with less than this between them can be one sentence."""


class TranscriptUnreadable(UnusableFile):
    """A transcript file of which nothing can be used; `why` says what is wrong with it."""

    code = "transcript_unreadable"
    sentence = "This transcript cannot be used: {why}."
    fields = ("file",)


@dataclass(frozen=True, slots=True)
class Line:
    """One row or cue: what was said by whom; `row` counts from 0 in the file; times may be missing."""

    row: int
    speaker: str
    text: str
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """The lines of a file, and plain sentences about what in it was left out."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def read_transcript(path: Path) -> Transcript:
    """Read a transcript by what it holds, not by its name. Raises `TranscriptUnreadable` with one sentence."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TranscriptUnreadable(why="it is far too large to be a transcript")
        data = path.read_bytes()
    except OSError as error:
        raise TranscriptUnreadable(why="it cannot be opened") from error
    try:
        text = decode_text(data)
    except NotText as error:
        raise TranscriptUnreadable(**error.places) from error
    return parse_transcript(text)


def parse_transcript(text: str) -> Transcript:
    """Read the text of a VTT, SRT or CSV file. Raises `TranscriptUnreadable` with one sentence."""
    if text.lstrip().startswith("WEBVTT") or _CUE.search(text):
        return _parse_cues(text)
    return _parse_table(text)


_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_ARROW = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_CUE = re.compile(r"^[ \t]*\d[\d:.,]*[^\n,;]{0,12}-->", re.MULTILINE)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[/a-zA-Z0-9][^<>]*>|\{\\[^}]*\}")
_SPEAKER = re.compile(r"^(?:>>\s*)?([A-Z][\w.'-]{0,20}(?: [\w.'-]{1,20}){0,2}):\s+(?=\S)")


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((thousandths or "0").ljust(3, "0"))


def _parse_cues(text: str) -> Transcript:
    lines: list[Line] = []
    broken = empty = row = 0
    speaker = ""
    for block in re.split(r"\n[ \t]*\n", text):
        rows = block.strip("\n\ufeff").split("\n")
        at = next((i for i, r in enumerate(rows) if "-->" in r), None)
        if at is None:
            continue
        match = _ARROW.match(rows[at])
        times = match.groups() if match else ()
        start, end = (_milliseconds(times[:4]), _milliseconds(times[4:])) if match else (0, 0)
        row += 1
        if not match or end <= start:
            broken += 1
            continue
        raw = " ".join(rows[at + 1 :])
        speaker, said = _who_said(raw, speaker)
        if not said:
            empty += 1
            continue
        lines.append(Line(row - 1, speaker, said, start, end))
    if not lines:
        raise TranscriptUnreadable(why="it has no line with usable times and words")
    return Transcript(_whole_sentences(lines), _notes((broken, "with unusable times"), (empty, "without words")))


def _whole_sentences(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Join cues that cut a sentence of one speaker: no full stop before, a small letter after, hardly a pause."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.speaker == line.speaker
            and last.text[-1] not in ".?!…"
            and line.text[0].islower()
            and (line.start_ms or 0) - (last.end_ms or 0) < SAME_SENTENCE_MS
        ):
            end_ms = max(last.end_ms or 0, line.end_ms or 0)
            joined[-1] = Line(last.row, last.speaker, f"{last.text} {line.text}", last.start_ms, end_ms)
        else:
            joined.append(line)
    return tuple(joined)


def _who_said(raw: str, before: str) -> tuple[str, str]:
    """Take the voice tag or a leading "Name:"; a cue without one goes on with the speaker before it."""
    voice = _VOICE.search(raw)
    said = " ".join(unescape(_TAG.sub("", raw)).split())
    if voice:
        return voice.group(1).strip(), said
    named = _SPEAKER.match(said)
    if named:
        return named.group(1), said[named.end() :]
    return before, said


def _parse_table(text: str) -> Transcript:
    text = without_mark(text)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    try:
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        if "text" not in names or "speaker" not in names:
            raise TranscriptUnreadable(why="it is neither subtitles nor a table with the columns “speaker” and “text”")
        lines, timeless, empty = _rows(reader, names)
    except csv.Error as error:
        raise TranscriptUnreadable(why="its table is damaged") from error
    if not lines:
        raise TranscriptUnreadable(why="it has no row with words")
    return Transcript(
        tuple(lines), _notes((timeless, "with unusable times (read without them)"), (empty, "without words"))
    )


def _rows(reader: csv.DictReader[str], names: dict[str, str]) -> tuple[list[Line], int, int]:
    lines: list[Line] = []
    timeless = empty = 0
    for row, cells in enumerate(reader):
        said = " ".join(as_written(cells[names["text"]] or "").split())
        if not said:
            empty += 1
            continue
        times = [cells[names[key]] if key in names else None for key in ("start_ms", "end_ms")]
        start, end = map(_whole, times)
        if start is None or end is None or end <= start:
            timeless += any(times)
            start = end = None
        lines.append(Line(row, as_written(cells[names["speaker"]] or "").strip(), said, start, end))
    return lines, timeless, empty


def _whole(cell: str | None) -> int | None:
    try:
        number = float(cell or "")
    except ValueError:
        return None
    return round(number) if 0 <= number < 1e9 else None


def _notes(*counted: tuple[int, str]) -> tuple[str, ...]:
    return tuple(f"{n} line{'s' if n > 1 else ''} {what}." for n, what in counted if n)
