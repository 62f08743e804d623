"""The exchange formats: what is written is read by others' readers, and broken files are survived."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from core.text.text_decoding import NotText, decode_text
from core.types import Activity, ActivityKind, AnsweredBy, Question, QuestionKind, Role, Turn, Word
from transcription.formats.elan import write_eaf
from transcription.formats.moments import COLUMNS, write_moments
from transcription.formats.readers import parse_transcript, read_transcript
from transcription.formats.rttm import write_rttm
from transcription.formats.subtitles import write_srt, write_vtt
from transcription.formats.transcript import TranscriptUnreadable

TURNS = (
    Turn(0, 2_000, "S1", Role.TEACHER, "Is 3 < 5 & 5 > 3?"),
    Turn(1_500, 3_000, "S2", Role.PUPIL, "Yes."),
    Turn(3_600_000, 3_601_234, "S1", Role.TEACHER, "Good."),
)
QUESTIONS = (
    Question("=1+1, is it two?", "S1", Role.TEACHER, QuestionKind.RECALL, 0.8, AnsweredBy.PUPIL, 0, 2_000, 0, None),
)
ACTIVITIES = (Activity(0, 3_700_000, ActivityKind.EXPOSITION),)


def test_vtt_is_read_by_another_reader_with_its_voices(tmp_path: Path) -> None:
    file = tmp_path / "lesson.vtt"
    file.write_text(write_vtt(TURNS), encoding="utf-8")
    captions = webvtt.read(str(file)).captions
    assert [(c.start, c.voice) for c in captions] == [
        ("00:00:00.000", "S1"),
        ("00:00:01.500", "S2"),
        ("01:00:00.000", "S1"),
    ]
    assert "<v S1>Is 3 &lt; 5 &amp; 5 &gt; 3?" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [write_vtt, write_srt])
def test_subtitles_come_back_as_they_were_written(write: object, tmp_path: Path) -> None:
    assert callable(write)
    file = tmp_path / "lesson.txt"
    file.write_text(write(TURNS), encoding="utf-8")
    lines = read_transcript(file).lines
    assert [(x.start_ms, x.end_ms, x.speaker, x.text) for x in lines] == [
        (t.start_ms, t.end_ms, t.speaker, t.text) for t in TURNS
    ]


def test_a_long_turn_becomes_several_subtitles_at_its_words() -> None:
    words = tuple(Word(i * 1_000, i * 1_000 + 900, f"w{i}", 1.0) for i in range(30))
    turn = Turn(0, 30_000, "S1", Role.TEACHER, " ".join(w.text for w in words), words)
    cues = [block for block in write_vtt([turn]).split("\n\n") if "-->" in block]
    assert len(cues) == 5
    (line,) = parse_transcript(write_vtt([turn])).lines
    assert line.text == turn.text


def test_rttm_has_ten_fields_a_line_and_seconds() -> None:
    rows = [line.split(" ") for line in write_rttm(TURNS, "my lesson").splitlines()]
    assert all(len(row) == 10 for row in rows)
    assert rows[2] == ["SPEAKER", "my_lesson", "1", "3600.000", "1.234", "<NA>", "<NA>", "S1", "<NA>", "<NA>"]


def test_the_elan_document_is_read_by_pympi(tmp_path: Path) -> None:
    pympi = pytest.importorskip("pympi")
    file = tmp_path / "analysis.eaf"
    file.write_text(write_eaf(TURNS, QUESTIONS, ACTIVITIES, "lesson.mp4"), encoding="utf-8")
    eaf = pympi.Elan.Eaf(str(file))
    assert set(eaf.get_tier_names()) == {"S1 (teacher)", "S2 (pupil)", "questions", "activities"}
    assert eaf.get_annotation_data_for_tier("S2 (pupil)") == [(1_500, 3_000, "Yes.")]
    assert eaf.get_annotation_data_for_tier("questions") == [(0, 2_000, "recall: =1+1, is it two?")]


def test_the_moments_are_in_order_and_hold_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(write_moments(QUESTIONS, ACTIVITIES))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["moment"] for row in rows] == ["question", "activity"]
    assert rows[0]["text"] == "'=1+1, is it two?"
    assert (rows[0]["wait_1_ms"], rows[0]["wait_2_ms"]) == ("0", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_common_encoding_is_read(encoding: str) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Zoë>Où est le café?\n"
    (line,) = parse_transcript(decode_text(text.encode(encoding))).lines
    assert (line.speaker, line.text, line.start_ms, line.end_ms) == ("Zoë", "Où est le café?", 1_000, 2_000)


def test_cues_with_bad_times_are_left_out_and_said_so() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nGood.\n\n2\n00:00:zz --> 1\nBad.\n\n"
        "3\n00:00:05,000 --> 00:00:04,000\nBack.\n"
    )
    transcript = parse_transcript(text)
    assert [(x.row, x.text) for x in transcript.lines] == [(0, "Good.")]
    assert transcript.notes == ("2 lines with unusable times.",)


def test_a_table_may_have_times_semicolons_and_other_columns() -> None:
    transcript = parse_transcript("id;Speaker;Text;start_ms;end_ms\n7;T;What is it?;0;900\n8;S;A leaf.;x;y")
    first, second = transcript.lines
    assert (first.speaker, first.start_ms, first.end_ms) == ("T", 0, 900)
    assert (second.row, second.start_ms) == (1, None)
    assert transcript.notes == ("1 line with unusable times (read without them).",)


def test_a_table_with_arrows_in_its_words_and_a_nameless_column_stays_a_table() -> None:
    transcript = parse_transcript(",speaker,text\n0,T,Draw A --> B\n1,S,Why?\n")
    assert [(x.speaker, x.text) for x in transcript.lines] == [("T", "Draw A --> B"), ("S", "Why?")]
    assert transcript.notes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"\x00\x01\x02\x03\x04\x05" * 50,
        b"a,b\n1,2\n",
        b"WEBVTT\n",
        b"speaker,text\nT,\n",
        b"speaker,text\n",
    ],
)
def test_an_unusable_transcript_gets_one_plain_sentence(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(data)
    with pytest.raises(TranscriptUnreadable) as caught:
        read_transcript(file)
    sentence = str(caught.value)
    assert sentence.startswith("This transcript cannot be used: ")
    assert "\n" not in sentence


def test_a_missing_transcript_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TranscriptUnreadable):
        read_transcript(tmp_path / "nowhere.vtt")


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    try:
        transcript = parse_transcript(decode_text(data))
    except (NotText, TranscriptUnreadable):
        return
    assert transcript.lines


def test_every_shared_subtitle_is_read_or_refused_in_a_sentence(shared_data: Path) -> None:
    files = [f for f in (shared_data / "subtitles").rglob("*") if f.suffix in {".vtt", ".srt", ".sbv"}]
    read = refused = 0
    for file in files:
        try:
            assert read_transcript(file).lines
            read += 1
        except TranscriptUnreadable:
            refused += 1
    assert (read > 20, refused > 0) == (True, True)
