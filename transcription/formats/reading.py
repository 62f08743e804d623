"""Reads WebVTT, SRT and CSV transcripts, also slightly damaged ones, and reports what was skipped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape

from core.text.csv_table import as_written, without_mark
from transcription.formats.transcript import (
    LATEST_MS,
    Line,
    Transcript,
    TranscriptUnreadable,
    require_few_words,
    require_room,
    short_name,
    short_words,
)

SAME_SENTENCE_MS = 500
"""Subtitles cut long sentences; two cues with less than this between them can be one sentence."""


def has_cues(text: str) -> bool:
    """Tell subtitles from a table."""
    return text.lstrip().startswith("WEBVTT") or _CUE.search(text) is not None


# Read in one pass: what may be long is possessive (`*+`), or stops where the next attempt would begin.
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_ARROW = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_CUE = re.compile(r"^[ \t]*+\d[\d:.,]*+[^\n,;]{0,12}-->", re.MULTILINE)
_VOICE = re.compile(r"<v(?:\.[^\s<>]*+)?\s++([^<>]++)>")
_TAG = re.compile(r"<[/a-zA-Z0-9][^<>]*+>|\{\\[^{}]*+\}")
_BIG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{7,}+);?")  # of no character; `unescape` fails at some
_SPEAKER = re.compile(r"^(?:>>\s*)?([A-Z][\w.'-]{0,20}(?: [\w.'-]{1,20}){0,2}):\s+(?=\S)")


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((thousandths or "0").ljust(3, "0"))


def parse_cues(text: str) -> Transcript:
    """Read subtitles: WebVTT or SRT. Raises `TranscriptUnreadable`."""
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
        require_room(lines)
        lines.append(Line(row - 1, speaker, said, start, end))
    require_few_words(lines)
    if not lines:
        raise TranscriptUnreadable(why="it has no line with usable times and words")
    return Transcript(_whole_sentences(lines), _notes((broken, "with unusable times"), (empty, "without words")))


def _whole_sentences(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Join cues that cut a sentence of one speaker: no full stop before, a small letter after, hardly a pause."""
    groups: list[list[Line]] = []
    end_ms = 0  # of the last group
    for line in lines:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.speaker == line.speaker
            and last.text[-1] not in ".?!…"
            and line.text[0].islower()
            and (line.start_ms or 0) - end_ms < SAME_SENTENCE_MS
        ):
            groups[-1].append(line)
            end_ms = max(end_ms, line.end_ms or 0)
        else:
            groups.append([line])
            end_ms = line.end_ms or 0
    return tuple(_joined(group) for group in groups)


def _joined(group: Sequence[Line]) -> Line:
    first = group[0]
    text = " ".join(line.text for line in group)
    return Line(first.row, first.speaker, text, first.start_ms, max(line.end_ms or 0 for line in group))


def _who_said(raw: str, before: str) -> tuple[str, str]:
    """Take the voice tag or a leading "Name:"; a cue without one goes on with the speaker before it."""
    voice = _VOICE.search(raw)
    said = short_words(unescape(_BIG_REFERENCE.sub("\ufffd", _TAG.sub("", raw))))
    if voice:
        return short_name(voice.group(1)), said
    named = _SPEAKER.match(said)
    if named:
        return named.group(1), said[named.end() :]
    return before, said


def parse_table(text: str) -> Transcript:
    """Read a table with the columns `speaker` and `text`. Raises `TranscriptUnreadable`."""
    text = without_mark(text)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        titles = next(reader, [])
        places = {title.strip().lower(): place for place, title in enumerate(titles)}
        if "text" not in places or "speaker" not in places:
            raise TranscriptUnreadable(why="it is neither subtitles nor a table with the columns “speaker” and “text”")
        lines, timeless, empty = _rows(reader, places)
    except csv.Error as error:
        raise TranscriptUnreadable(why="its table is damaged") from error
    if not lines:
        raise TranscriptUnreadable(why="it has no row with words")
    return Transcript(
        tuple(lines), _notes((timeless, "with unusable times (read without them)"), (empty, "without words"))
    )


def _rows(reader: Iterable[list[str]], places: Mapping[str, int]) -> tuple[list[Line], int, int]:
    lines: list[Line] = []
    timeless = empty = 0
    for row, cells in enumerate(each for each in reader if each):
        wanted = ("speaker", "text", "start_ms", "end_ms")
        speaker, text, *times = (cells[at] if 0 <= (at := places.get(name, -1)) < len(cells) else "" for name in wanted)
        said = short_words(as_written(text))
        if not said:
            empty += 1
            continue
        start, end = map(_whole, times)
        if start is None or end is None or end <= start:
            timeless += any(times)
            start = end = None
        require_room(lines)
        lines.append(Line(row, short_name(as_written(speaker)), said, start, end))
    require_few_words(lines)
    return lines, timeless, empty


def _whole(cell: str) -> int | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return round(number) if 0 <= number < LATEST_MS else None


def _notes(*counted: tuple[int, str]) -> tuple[str, ...]:
    return tuple(f"{n} line{'s' if n > 1 else ''} {what}." for n, what in counted if n)
