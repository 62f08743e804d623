"""ELAN documents (.eaf 3.0), read and written: tiers for speakers, questions, activities and comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from core.types import Activity, Question, Turn
from transcription.formats.transcript import (
    Line,
    Transcript,
    TranscriptUnreadable,
    require_few_words,
    require_room,
    short_name,
    short_words,
)

TIME_DIGITS = 9  # of a time in milliseconds: eleven days
DEEPEST = 50  # ELAN nests six deep
_CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Annotation = tuple[int, int, str]


def write_eaf(
    turns: Sequence[Turn],
    questions: Sequence[Question],
    activities: Sequence[Activity],
    media_name: str,
    *,
    mime: str = "video/mp4",
    written: datetime | None = None,
    comments: Iterable[Annotation] = (),
) -> str:
    """Return the XML of an ELAN document that points to the recording `media_name` beside it; times in ms."""
    tiers: dict[str, list[Annotation]] = {}
    for turn in turns:
        tiers.setdefault(f"{turn.speaker} ({turn.role.value})", []).append((turn.start_ms, turn.end_ms, turn.text))
    tiers["questions"] = [
        (q.start_ms, q.end_ms, f"{q.kind.value}: {q.text}")
        for q in questions
        if q.start_ms is not None and q.end_ms is not None
    ]
    tiers["activities"] = [(a.start_ms, a.end_ms, a.kind.value) for a in activities]
    if notes := list(comments):
        tiers["comments"] = notes

    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "Hindsight",
            "DATE": (written or datetime.now(UTC)).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = ET.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    place = {"MEDIA_URL": f"./{_clean(media_name)}", "RELATIVE_MEDIA_URL": f"./{_clean(media_name)}", "MIME_TYPE": mime}
    ET.SubElement(header, "MEDIA_DESCRIPTOR", place)
    ordered: dict[str, list[Annotation]] = {}
    for name, marks in tiers.items():
        ordered |= _layers(name, marks) if name in OURS else {name: _apart(marks)}
    _add_tiers(root, ordered)
    kind = {"LINGUISTIC_TYPE_ID": "default-lt", "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    ET.SubElement(root, "LINGUISTIC_TYPE", kind)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _add_tiers(root: ET.Element, tiers: dict[str, list[Annotation]]) -> None:
    order = ET.SubElement(root, "TIME_ORDER")
    number = slot = 0
    for name, marks in tiers.items():
        tier = ET.SubElement(root, "TIER", {"LINGUISTIC_TYPE_REF": "default-lt", "TIER_ID": _clean(name)})
        for start_ms, end_ms, text in marks:
            number += 1
            slots = []
            for at_ms in (start_ms, end_ms):
                slot += 1
                slots.append(f"ts{slot}")
                ET.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slots[-1], "TIME_VALUE": str(at_ms)})
            holder = ET.SubElement(tier, "ANNOTATION")
            places = {"ANNOTATION_ID": f"a{number}", "TIME_SLOT_REF1": slots[0], "TIME_SLOT_REF2": slots[1]}
            alignable = ET.SubElement(holder, "ALIGNABLE_ANNOTATION", places)
            ET.SubElement(alignable, "ANNOTATION_VALUE").text = _clean(text)


def _apart(annotations: Iterable[Annotation]) -> list[Annotation]:
    """ELAN allows no overlap within a tier: an annotation begins where the one before it ends."""
    apart: list[Annotation] = []
    for start_ms, end_ms, text in sorted(annotations):
        start = max(start_ms, apart[-1][1]) if apart else start_ms
        if end_ms > start:
            apart.append((start, end_ms, text))
    return apart


def _layers(name: str, annotations: Iterable[Annotation]) -> dict[str, list[Annotation]]:
    """Spread annotations that overlap over as many tiers as it takes ("comments", "comments 2"): none is lost."""
    layers: list[list[Annotation]] = [[]]
    for start_ms, end_ms, text in sorted(annotations):
        mark = (start_ms, max(end_ms, start_ms + 1), text)  # ELAN shows nothing that has no length
        layer = next((one for one in layers if not one or one[-1][1] <= start_ms), None)
        if layer is None:
            layers.append(layer := [])
        layer.append(mark)
    return {name if k == 1 else f"{name} {k}": layer for k, layer in enumerate(layers, start=1)}


def _clean(text: str) -> str:
    """Leave out the control characters that XML cannot hold."""
    return _CONTROL.sub("", text)


OURS = {"questions", "activities", "comments"}
"""Tiers of our own that are no transcript."""


def read_eaf(text: str) -> Transcript:
    """Read what is said from an ELAN document: each time-aligned tier is a speaker. Raises `TranscriptUnreadable`.

    A document type declaration is refused: nobody's annotations need one, and attacks on XML parsers do.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise TranscriptUnreadable(why="it declares a document type, which ELAN never writes")
    document = _Document()
    parser = ET.XMLParser(target=document)  # noqa: S314 - no document type gets here, so no entity does
    try:
        parser.feed(text.encode())
        parser.close()
    except ET.ParseError as error:
        raise TranscriptUnreadable(why="it is damaged: its XML ends or breaks in the middle") from error
    lines: list[Line] = []
    left_out = 0
    for speaker, slots, said in document.marks:
        start, end = (document.times.get(slot, -1) for slot in slots)
        if said and 0 <= start < end:
            lines.append(Line(len(lines), speaker, said, start, end))
        else:
            left_out += 1
    if not lines:
        raise TranscriptUnreadable(why="it has no annotation with times and words")
    require_few_words(lines)
    notes = (f"{left_out} annotations without times or words were left out.",) if left_out else ()
    return Transcript(tuple(sorted(lines, key=lambda line: (line.start_ms or 0, line.row))), notes)


class _Document:
    """Collects time slots and annotations while a document is read; no tree of it is built."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {}
        self.marks: list[tuple[str, tuple[str, str], str]] = []  # speaker, time slots, words
        self._depth = 0
        self._speaker: str | None = None  # None: this tier is no transcript
        self._slots: tuple[str, str] | None = None
        self._words: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        if self._depth == 0 and tag != "ANNOTATION_DOCUMENT":
            raise TranscriptUnreadable(why="it is not an ELAN document")
        self._depth += 1
        if self._depth > DEEPEST:
            raise TranscriptUnreadable(why="its parts lie deeper in one another than those of an ELAN document")
        if tag == "TIME_SLOT":
            value = attributes.get("TIME_VALUE", "")
            if value.isdecimal() and len(value) <= TIME_DIGITS:
                self.times[attributes.get("TIME_SLOT_ID", "")] = int(value)
        elif tag == "TIER":
            name = short_name(attributes.get("PARTICIPANT") or attributes.get("TIER_ID") or "")
            ours = re.sub(r" \d+$", "", name) in OURS
            self._speaker = None if ours else re.sub(r" \((?:teacher|pupil|group|unsure)\)$", "", name)
        elif tag == "ALIGNABLE_ANNOTATION":
            self._slots = (attributes.get("TIME_SLOT_REF1", ""), attributes.get("TIME_SLOT_REF2", ""))
            self._words = []

    def data(self, text: str) -> None:
        """Take in text."""
        if self._words is not None:
            self._words.append(text)

    def end(self, tag: str) -> None:
        """End an element."""
        self._depth -= 1
        if tag == "ALIGNABLE_ANNOTATION" and self._slots is not None and self._words is not None:
            if self._speaker is not None:
                require_room(self.marks)
                self.marks.append((self._speaker, self._slots, short_words("".join(self._words))))
            self._slots = self._words = None
