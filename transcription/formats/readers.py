"""The formats of transcripts that are read, and how they are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.text.text_decoding import NotText, decode_text
from transcription.formats.elan import read_eaf
from transcription.formats.reading import has_cues, parse_cues, parse_table
from transcription.formats.transcript import MAX_BYTES, Transcript, TranscriptUnreadable


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one format. `example` is a small file of it, which a test fills with whatever might take long to read."""

    reads: Callable[[str], bool]
    read: Callable[[str], Transcript]
    example: str


READERS: dict[str, Reader] = {
    "elan": Reader(
        reads=lambda text: text.lstrip("\ufeff \n").startswith("<"),
        read=read_eaf,
        example=(
            "<ANNOTATION_DOCUMENT><TIME_ORDER>"
            '<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>'
            '</TIME_ORDER><TIER TIER_ID="Ada (teacher)"><ANNOTATION>'
            '<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">'
            "<ANNOTATION_VALUE>Why?</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
        ),
    ),
    "subtitles": Reader(
        reads=has_cues,
        read=parse_cues,
        example="WEBVTT\n\n1\n00:00:00.000 --> 00:00:00.900\n<v Ada>Why?</v>\n",
    ),
    "table": Reader(
        reads=lambda text: True, read=parse_table, example="speaker,text,start_ms,end_ms\nAda,Why?,0,900\n"
    ),
}
"""By name; the first that reads a text is taken."""


def read_transcript(path: Path) -> Transcript:
    """Read a file. Raises `TranscriptUnreadable` with one sentence."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TranscriptUnreadable(why="it cannot be opened") from error
    return decode_transcript(data)


def decode_transcript(data: bytes) -> Transcript:
    """Read the bytes of a file. Raises `TranscriptUnreadable` with one sentence."""
    if len(data) > MAX_BYTES:
        raise TranscriptUnreadable(why="it is far too large to be a transcript")
    try:
        text = decode_text(data)
    except NotText as error:
        raise TranscriptUnreadable(**error.places) from error
    return parse_transcript(text)


def parse_transcript(text: str) -> Transcript:
    """Read a text by what it holds, not by a name. Raises `TranscriptUnreadable` with one sentence."""
    return next(one for one in READERS.values() if one.reads(text)).read(text)
