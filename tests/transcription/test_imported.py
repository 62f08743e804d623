"""Transcripts made elsewhere as words, and an analysis as a folder of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.types import MediaInfo, Role, Turn, Word
from transcription.document import Analysis
from transcription.formats.folder import write_folder
from transcription.formats.reading import Line, Transcript, TranscriptUnreadable, parse_transcript
from transcription.imported import words_of_transcript
from transcription.measures import measure_lesson


def test_words_are_spread_over_their_line_by_their_letters() -> None:
    words = words_of_transcript(Transcript((Line(0, "T", "a bcd", 1_000, 2_000),)))
    assert words == (Word(1_000, 1_250, "a", 1.0), Word(1_250, 2_000, "bcd", 1.0))


def test_a_transcript_without_times_cannot_be_laid_over_a_recording() -> None:
    with pytest.raises(TranscriptUnreadable, match="no times"):
        words_of_transcript(Transcript((Line(0, "T", "Hello."),)))


def test_a_folder_holds_every_file_of_the_contract(tmp_path: Path) -> None:
    turns = (Turn(0, 900, "S1", Role.TEACHER, "Why?"),)
    measures = measure_lesson(turns, None, [], (), 1_000)
    media = MediaInfo("mp4", 1_000, None, None)
    analysis = Analysis("a lesson.mp4", "0" * 64, 1, media, "base", "en", turns, (), (), (), measures)
    written = write_folder(tmp_path / "new" / "folder", analysis)
    names = ["transcript.vtt", "transcript.srt", "speakers.rttm", "analysis.eaf", "moments.csv"]
    assert [path.name for path in written] == names
    assert all(path.stat().st_size for path in written)
    assert parse_transcript(written[0].read_text(encoding="utf-8")).lines[0].text == "Why?"
    assert "a_lesson 1 0.000 0.900" in written[2].read_text(encoding="utf-8")


def test_an_empty_lesson_still_writes_valid_files(tmp_path: Path) -> None:
    measures = measure_lesson((), None, [], (), 0)
    analysis = Analysis("x", "0" * 64, 0, MediaInfo("wav", 0, None, None), "base", "en", (), (), (), (), measures)
    written = write_folder(tmp_path, analysis)
    assert written[0].read_text(encoding="utf-8").startswith("WEBVTT")
    assert written[4].read_text(encoding="utf-8").startswith("start,")
