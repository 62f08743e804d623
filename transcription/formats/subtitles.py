"""Writes a transcript as WebVTT, SRT and plain text."""

from __future__ import annotations

from collections.abc import Iterable

from core.types import Turn

LONGEST_MS = 7_000
"""A subtitle is shown for at most about this long: a longer turn with known words is cut into several."""


def write_vtt(turns: Iterable[Turn]) -> str:
    """Return WebVTT with a voice tag a cue: `<v S1>`."""
    cues = ["WEBVTT\n"]
    for turn in _cues(turns):
        speaker = _escape(turn.speaker)
        times = f"{clock(turn.start_ms, '.')} --> {clock(turn.end_ms, '.')}"
        cues.append(f"{times}\n<v {speaker}>{_escape(turn.text)}</v>\n")
    return "\n".join(cues)


def write_srt(turns: Iterable[Turn]) -> str:
    """Return SRT; SRT has no voices, so each cue begins with its speaker: `S1: ...`."""
    cues = []
    for number, turn in enumerate(_cues(turns), start=1):
        times = f"{clock(turn.start_ms, ',')} --> {clock(turn.end_ms, ',')}"
        text = turn.text.replace("-->", "→")
        cues.append(f"{number}\n{times}\n{turn.speaker}: {text}\n")
    return "\n".join(cues)


def write_text(turns: Iterable[Turn]) -> str:
    """Return a transcript to read: a paragraph a turn, with its time and its speaker."""
    paragraphs = [
        f"[{clock(turn.start_ms, '.')[:8]}] {turn.speaker}: {' '.join(turn.text.split())}"
        for turn in sorted(turns, key=lambda turn: (turn.start_ms, turn.end_ms))
        if turn.text.strip()
    ]
    return "\n\n".join(paragraphs) + "\n"


def clock(ms: int, mark: str) -> str:
    """Return `HH:MM:SS` with milliseconds after `mark`."""
    seconds, thousandths = divmod(max(ms, 0), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{thousandths:03d}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cues(turns: Iterable[Turn]) -> list[Turn]:
    """Cut long turns between words, leave out empty ones, and order by start."""
    cues: list[Turn] = []
    for turn in turns:
        text = " ".join(turn.text.split())
        if not turn.words or turn.end_ms - turn.start_ms <= LONGEST_MS:
            if text and turn.end_ms > turn.start_ms:
                cues.append(Turn(turn.start_ms, turn.end_ms, turn.speaker, turn.role, text))
            continue
        first = 0
        for i in range(1, len(turn.words) + 1):
            last = turn.words[i - 1]
            if i < len(turn.words) and turn.words[i].end_ms - turn.words[first].start_ms <= LONGEST_MS:
                continue
            said = " ".join(w.text for w in turn.words[first:i])
            start = turn.words[first].start_ms
            cues.append(Turn(start, max(last.end_ms, start + 1), turn.speaker, turn.role, said))
            first = i
    return sorted(cues, key=lambda t: (t.start_ms, t.end_ms))
