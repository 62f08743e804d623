"""Every format of a transcript that is read: in linear time whatever it holds, within bounds, and in plain text."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import transcription.formats
from tests.support.growth import grows_too_fast, shapes_of
from transcription.formats.readers import READERS, decode_transcript, parse_transcript
from transcription.formats.transcript import (
    LONGEST_NAME,
    LONGEST_WORD,
    MAX_BYTES,
    MOST_LINES,
    MOST_WORDS,
    TranscriptUnreadable,
)

CUE = "00:00:01.000 --> 00:00:02.000\n{}\n\n"


@pytest.mark.parametrize("name", READERS)
def test_twice_as_much_of_anything_takes_about_twice_as_long_to_read(name: str) -> None:
    reader = READERS[name]
    shapes = list(shapes_of(reader.example))
    assert len(shapes) > 500
    slow = {said: why for said, shape in shapes if (why := grows_too_fast(reader.read, shape))}
    assert slow == {}


@pytest.mark.parametrize("name", READERS)
def test_the_example_of_a_format_is_read_by_it_alone(name: str) -> None:
    example = READERS[name].example
    assert next(one for one, reader in READERS.items() if reader.reads(example)) == name
    (line,) = decode_transcript(example.encode()).lines
    assert (line.speaker, line.text, line.start_ms, line.end_ms) == ("Ada", "Why?", 0, 900)


def test_whatever_returns_a_transcript_is_one_of_the_readers() -> None:
    found = set()
    for path in Path(transcription.formats.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and node.returns is not None
                and "Transcript" in ast.unparse(node.returns)
            ):
                found.add(node.name)
    ways_in = {"read_transcript", "decode_transcript", "parse_transcript"}
    assert found == ways_in | {reader.read.__name__ for reader in READERS.values()}


@pytest.mark.parametrize(
    "text",
    [
        "WEBVTT\n\n" + CUE.format("x") * (MOST_LINES + 1),
        "WEBVTT\n\n" + CUE.format("x " * (MOST_WORDS + 1)),
        "speaker,text\n" + "a,x\n" * (MOST_LINES + 1),
        "speaker,text\n" + ("a," + "x " * 50_000 + "\n") * 6,
        READERS["elan"].example.replace("Why?", "x " * (MOST_WORDS + 1)),
        READERS["elan"]
        .example.replace("<ANNOTATION>", "<ANNOTATION>" * 100)
        .replace("</ANNOTATION>", "</ANNOTATION>" * 100),
        "x" * (MAX_BYTES + 1),
    ],
    ids=["cues", "words of cues", "rows", "words of rows", "words of annotations", "depth", "bytes"],
)
def test_more_than_any_lesson_has_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(TranscriptUnreadable, match=r"This transcript cannot be used: it.*\."):
        decode_transcript(text.encode())


def test_names_and_words_of_any_length_become_short_ones() -> None:
    (line,) = parse_transcript("WEBVTT\n\n" + CUE.format(f"<v {'n' * 10_000}>{'w' * 1_000} end")).lines
    assert line.speaker == "n" * LONGEST_NAME
    assert [len(word) for word in line.text.split()] == [LONGEST_WORD] * 5 + [3]


def test_a_time_of_thousands_of_digits_is_no_time() -> None:
    example = READERS["elan"].example
    with pytest.raises(TranscriptUnreadable, match="no annotation with times"):
        parse_transcript(example.replace('TIME_VALUE="900"', f'TIME_VALUE="{"9" * 5000}"'))


def test_a_reference_to_no_character_does_not_end_the_reading() -> None:
    (line,) = parse_transcript("WEBVTT\n\n" + CUE.format(f"a&#{'1' * 5000}; &#65; b")).lines
    assert line.text == "a\ufffd A b"
