"""Text files from any machine: UTF-8, UTF-16 and Windows-1252 are told apart, and what is no text is refused."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.text_decoding import NotText, decode_text

TEXT = "1\n00:00:01,000 --> 00:00:02,000\nSiobhán: what’s a “noun”?\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
    ],
)
def test_a_text_is_the_same_in_whatever_it_was_written(data: bytes) -> None:
    assert decode_text(data) == TEXT


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_end_as_they_do_here(end: str) -> None:
    assert decode_text(f"one{end}two{end}".encode()) == "one\ntwo\n"


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\x7fELF\x02\x01\x01\x03\x04\x05\x06", bytes(range(32)) * 9])
def test_what_is_empty_or_no_text_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(NotText, match=r"This file cannot be read: .+\."):
        decode_text(data)


def test_a_stray_control_character_is_no_reason_to_refuse_a_text() -> None:
    assert decode_text(b"a" * 49 + b"\x01")[-1] == "\x01"
    with pytest.raises(NotText, match="not a text file"):
        decode_text(b"a" * 48 + b"\x01\x02")


@given(st.binary(max_size=500))
def test_any_bytes_are_a_text_or_are_refused(data: bytes) -> None:
    try:
        assert "\r" not in decode_text(data)
    except NotText as error:
        assert str(error).endswith(".")
