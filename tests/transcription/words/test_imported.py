"""Transcripts made elsewhere as words, and an analysis as a folder of files."""

from __future__ import annotations

import pytest

from core.types import MediaInfo, Role, Turn, Word
from transcription.formats.folder import folder_files
from transcription.formats.readers import parse_transcript
from transcription.formats.transcript import Line, Transcript, TranscriptUnreadable
from transcription.lesson.analysis_document import Analysis
from transcription.lesson.measures import measure_lesson
from transcription.words.imported import words_of_transcript


def test_words_are_spread_over_their_line_by_their_letters() -> None:
    words = words_of_transcript(Transcript((Line(0, "T", "a bcd", 1_000, 2_000),)))
    assert words == (Word(1_000, 1_250, "a", 1.0), Word(1_250, 2_000, "bcd", 1.0))


def test_a_transcript_without_times_cannot_be_laid_over_a_recording() -> None:
    with pytest.raises(TranscriptUnreadable, match="no times"):
        words_of_transcript(Transcript((Line(0, "T", "Hello."),)))


def test_a_folder_holds_every_file_of_the_contract() -> None:
    turns = (Turn(0, 900, "S1", Role.TEACHER, "Why?"),)
    measures = measure_lesson(turns, None, [], (), 1_000)
    media = MediaInfo("mp4", 1_000, None, None)
    analysis = Analysis("a lesson.mp4", "0" * 64, 1, media, "base", "en", turns, (), (), (), measures)
    files = folder_files(analysis)
    assert list(files) == ["transcript.vtt", "transcript.srt", "speakers.rttm", "analysis.eaf", "moments.csv"]
    assert all(files.values())
    assert parse_transcript(files["transcript.vtt"]).lines[0].text == "Why?"
    assert "a_lesson 1 0.000 0.900" in files["speakers.rttm"]


def test_an_empty_lesson_still_has_valid_files() -> None:
    measures = measure_lesson((), None, [], (), 0)
    analysis = Analysis("x", "0" * 64, 0, MediaInfo("wav", 0, None, None), "base", "en", (), (), (), (), measures)
    files = folder_files(analysis)
    assert files["transcript.vtt"].startswith("WEBVTT")
    assert files["moments.csv"].startswith("start,")
