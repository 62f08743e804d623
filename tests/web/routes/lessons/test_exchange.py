"""Lessons in the formats of other programs, read back by programs that nobody here wrote; and transcripts from them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st
from pympi.Elan import Eaf
from sqlalchemy import select

from core.errors import HindsightError
from core.models import Comment, Lesson, TurnRow
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.web_school import School
from transcription.formats.elan import read_eaf
from transcription.formats.readers import decode_transcript

NAME = {"kind": "voice", "speaker": "S1", "name": "Ms Owner"}


@pytest.fixture
def heard(school: School) -> School:
    """Return a school whose lesson has two voices, of which one has a name."""
    with school.database.write() as session:
        lesson = session.get_one(Lesson, school.ids["lesson"])
        save_evidence(session, lesson, evidence_of())
    named = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/corrections", json=NAME)
    assert named.status_code == 201, named.text
    return school


def export(school: School, ending: str, kind: str = "owner") -> str:
    answer = school.browser(kind).get(f"/api/lessons/{school.ids['lesson']}/export/{ending}")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return answer.text


def test_a_vtt_parser_reads_the_transcript_with_the_corrected_names(heard: School) -> None:
    captions = webvtt.from_buffer(io.StringIO(export(heard, "vtt"))).captions
    assert captions[0].voice == "Ms Owner"
    assert captions[0].text.startswith("Good morning everybody.")
    assert {one.voice for one in captions} == {"Ms Owner", "Pupil S2", "Pupil S3"}
    assert all(one.start_in_seconds < one.end_in_seconds for one in captions)


def test_an_srt_parser_reads_it_too_and_the_text_reads_as_a_dialogue(heard: School) -> None:
    captions = webvtt.from_buffer(io.StringIO(export(heard, "srt")), format="srt").captions
    assert captions[0].text.startswith("Ms Owner: Good morning")
    assert "[00:00:00] Ms Owner: Good morning everybody." in export(heard, "txt")


def test_elan_reads_everything_of_a_lesson(heard: School, tmp_path: Path) -> None:
    path = tmp_path / "lesson.eaf"
    path.write_text(export(heard, "eaf"), "utf-8")
    document = Eaf(str(path))
    assert set(document.get_tier_names()) >= {"Ms Owner (teacher)", "questions", "activities", "comments"}
    said = document.get_annotation_data_for_tier("Ms Owner (teacher)")
    assert said[0][2].startswith("Good morning")
    assert document.get_annotation_data_for_tier("comments") == [(1000, 2000, "Coach Person: A quiet word")]


def test_comments_are_csv_that_no_spreadsheet_runs_and_annotations_as_the_w3c_writes_them(heard: School) -> None:
    with heard.database.write() as session:
        session.get_one(Comment, heard.ids["comment"]).text = '=HYPERLINK("https://evil.example","click")'
    rows = list(csv.DictReader(io.StringIO(export(heard, "csv").removeprefix("\ufeff"))))
    assert rows[0]["text"].startswith("'=HYPERLINK")
    assert (rows[0]["start"], rows[0]["author"], rows[0]["goal"]) == ("0:00:01.000", "Coach Person", "Wait longer")
    answer = heard.browser("coach").get(f"/api/lessons/{heard.ids['lesson']}/export/json")
    page = answer.json()
    assert answer.headers["content-type"].startswith("application/ld+json")
    assert (page["@context"], page["type"]) == ("http://www.w3.org/ns/anno.jsonld", "AnnotationPage")
    (one,) = page["items"]
    assert one["target"]["selector"]["value"] == "t=1"
    assert one["body"][0]["value"].startswith("=HYPERLINK")
    assert one["creator"]["name"] == "Coach Person"


def test_a_better_transcript_takes_the_place_of_the_words_names_the_voices_and_can_be_taken_back(heard: School) -> None:
    owner, address = heard.browser("owner"), f"/lessons/{heard.ids['lesson']}/transcript"
    cues = ("00:00.000 --> 00:08.000\n<v Ms Better>Good evening all.", "00:14.000 --> 00:15.500\n<v Sam>Six, I think.")
    better = "\n\n".join(["WEBVTT", *cues])
    taken = owner.post(address, files={"file": ("t.vtt", better.encode())})
    assert taken.headers["location"].endswith("notice=words-taken")
    text = export(heard, "txt")
    assert "Ms Better: Good evening all." in text
    assert "Sam: Six, I think." in text
    assert "Good morning" not in text
    owner.post(f"{address}/forget")
    text = export(heard, "txt")
    assert "Good morning everybody." in text
    assert "Ms Better" not in text
    assert "Sam:" not in text


def test_what_elan_wrote_and_what_we_wrote_is_read_back(heard: School) -> None:
    owner, address = heard.browser("owner"), f"/lessons/{heard.ids['lesson']}/transcript"
    ours = export(heard, "eaf")
    transcript = read_eaf(ours)
    assert transcript.lines[0].speaker == "Ms Owner"
    assert not any("quiet word" in line.text for line in transcript.lines)  # comments are no transcript
    changed = ours.replace("Good morning everybody", "Good evening everybody")
    assert owner.post(address, files={"file": ("t.eaf", changed.encode())}).status_code == 303
    with heard.database.read() as session:
        first = session.scalars(
            select(TurnRow).where(TurnRow.lesson_id == heard.ids["lesson"]).order_by(TurnRow.start_ms)
        ).first()
        assert first is not None
        assert first.text.startswith("Good evening")


BOMB = '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY c "&b;&b;">]><ANNOTATION_DOCUMENT>&c;</ANNOTATION_DOCUMENT>'
FILE_READER = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><ANNOTATION_DOCUMENT>&x;</ANNOTATION_DOCUMENT>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02" * 50,
        b"<html>",
        b"<ANNOTATION_DOCUMENT>",
        BOMB.encode(),
        FILE_READER.encode(),
        b"WEBVTT\n\nno times",
    ],
)
def test_a_file_that_is_no_transcript_is_refused_with_a_sentence_and_changes_nothing(
    heard: School, content: bytes
) -> None:
    before = export(heard, "txt")
    answer = heard.browser("owner").post(
        f"/lessons/{heard.ids['lesson']}/transcript", files={"file": ("t.vtt", content)}
    )
    assert answer.status_code == 422
    assert "This transcript cannot be used" in answer.text
    assert "root:" not in answer.text
    assert export(heard, "txt") == before


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_is_sent_as_a_transcript_is_read_or_refused(content: bytes) -> None:
    try:
        assert decode_transcript(content).lines
    except HindsightError as error:
        assert str(error)
