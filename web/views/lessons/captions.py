"""Captions: what was said as WebVTT, a few seconds each, a voice named by its role."""

from __future__ import annotations

from collections.abc import Iterable

from core.models import TurnRow

CAPTION_MS = 6000


def captions(turns: Iterable[TurnRow]) -> str:
    """Write turns as WebVTT, a few seconds a caption; a voice is named by its role."""
    cues = ["WEBVTT\n"]
    for turn in turns:
        for start, end, text in _pieces(turn):
            cues.append(f"{_vtt_time(start)} --> {_vtt_time(end)}\n<v {turn.role}>{_escaped(text)}\n")
    return "\n".join(cues)


def _pieces(turn: TurnRow) -> list[tuple[int, int, str]]:
    if not turn.words:
        return [(turn.start_ms, max(turn.end_ms, turn.start_ms + 1), turn.text)] if turn.text.strip() else []
    pieces: list[tuple[int, int, list[str]]] = []
    for start, end, text, *_rest in turn.words:
        if pieces and end - pieces[-1][0] <= CAPTION_MS:
            pieces[-1] = (pieces[-1][0], max(pieces[-1][1], end), [*pieces[-1][2], text])
        else:
            pieces.append((start, max(end, start + 1), [text]))
    return [(start, end, " ".join(words)) for start, end, words in pieces]


def _escaped(text: str) -> str:
    flat = " ".join(text.split())
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _vtt_time(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
