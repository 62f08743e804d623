"""The owner puts right what the machine found; the pages, the measures and a new run follow."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from core.clock import utc_now
from core.models import Finding, Guess, Lesson, TurnRow
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.web_school import School
from transcription.lesson.analysis_store import save_findings, save_turns
from transcription.lesson.corrected_findings import apply_corrections, read_basis
from transcription.lesson.derive_findings import derive_findings


@pytest.fixture
def heard(school: School) -> School:
    """The school, with a lesson in which the machine heard six turns of three voices."""
    with school.database.write() as session:
        lesson = session.get_one(Lesson, school.ids["lesson"])
        save_evidence(session, lesson, evidence_of())
        session.add(Guess(lesson_id=lesson.id, person_id=lesson.owner_id, share=None, made_at=utc_now()))
    return school


def page(school: School, kind: str = "owner") -> dict[str, Any]:
    answer: dict[str, Any] = school.browser(kind).get(f"/api/lessons/{school.ids['lesson']}").json()
    return answer


def put(school: School, **change: object) -> list[dict[str, Any]]:
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/corrections", json=change)
    assert answer.status_code == 201, answer.text
    views: list[dict[str, Any]] = answer.json()
    return views


def undo(browser: TestClient, school: School, correction_id: str, undone: bool = True) -> None:
    address = f"/api/lessons/{school.ids['lesson']}/corrections/{correction_id}"
    assert browser.put(address, json={"undone": undone}).status_code == 200


def test_a_renamed_voice_is_called_so_on_the_coachs_page_too(heard: School) -> None:
    views = put(heard, kind="voice", speaker="S2", name="  Sam   Smith ")
    assert views[-1]["sentence"] == "The voice at 0:14 is called Sam Smith"
    names = {one["label"]: one["name"] for one in page(heard, "coach")["speakers"]}
    assert names == {"S1": "", "S2": "Sam Smith", "S3": ""}


def test_the_measures_follow_at_once_and_undo_and_redo_bring_them_back(heard: School) -> None:
    owner = heard.browser("owner")
    before = page(heard)["measures"]
    views = put(heard, kind="voice", speaker="S1", role="pupil")
    assert page(heard)["measures"]["teacher_ms"] == 0
    undo(owner, heard, views[-1]["id"])
    assert page(heard)["measures"] == before
    undo(owner, heard, views[-1]["id"], undone=False)
    assert page(heard)["measures"]["teacher_ms"] == 0


def test_the_captions_say_the_corrected_words(heard: School) -> None:
    turn = page(heard)["turns"][1]
    place = {"start_ms": turn["start_ms"], "end_ms": turn["end_ms"], "speaker": "S1"}
    views = put(heard, kind="words", text="What is one third of twelve?", **place)
    assert views[-1]["sentence"] == "At 0:10 is said: third"
    captions = heard.browser("coach").get(f"/media/lessons/{heard.ids['lesson']}/captions.vtt").text
    assert "one third of" in captions
    assert "one half of" not in captions


def test_a_correction_pressed_twice_is_kept_once(heard: School) -> None:
    first = put(heard, kind="voice", speaker="S2", role="teacher")
    assert put(heard, kind="voice", speaker="S2", role="teacher") == first


def test_corrections_survive_a_new_run_of_the_pipeline(heard: School) -> None:
    put(heard, kind="voice", speaker="S2", name="Sam")
    with heard.database.write() as session:  # what the stages save once they have run again
        lesson = session.get_one(Lesson, heard.ids["lesson"])
        laid = apply_corrections(read_basis(session, lesson), evidence_of())
        assert laid is not None
        save_turns(session, lesson.id, derive_findings(evidence_of()).turns)
        save_findings(session, lesson.id, laid)
    assert "Sam" in {one["name"] for one in page(heard)["speakers"]}


def test_a_question_an_activity_and_a_turn_are_put_right(heard: School) -> None:
    question = page(heard)["questions"][0]
    put(heard, kind="question", start_ms=question["start_ms"], end_ms=question["end_ms"], question_kind=None)
    put(heard, kind="activity", start_ms=0, end_ms=20_000, activity="independent")
    put(heard, kind="turn", start_ms=33_000, end_ms=45_000, role="group")
    now = page(heard)
    assert question["text"] not in {one["text"] for one in now["questions"]}
    assert (now["activities"][0]["kind"], now["activities"][0]["end_ms"]) == ("independent", 20_000)
    assert now["measures"]["group_ms"] == 12_000
    sentences = [one["sentence"] for one in put(heard, kind="turn", start_ms=33_000, end_ms=45_000, into="S3")]
    assert sentences[-4:] == [
        "At 0:09 is asked: nothing",
        "From 0:00 to 0:20: independent work",
        "At 0:33 speaks: several at once",
        "At 0:33 speaks: the voice at 0:26",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "voice", "speaker": "S1"},
        {"kind": "voice", "speaker": "S9", "role": "teacher"},
        {"kind": "voice", "speaker": "S1", "into": "S1"},
        {"kind": "voice", "speaker": "S1", "name": "x" * 81},
        {"kind": "voice", "speaker": "S1", "role": "headmaster"},
        {"kind": "turn", "start_ms": 0, "end_ms": 8000},
        {"kind": "turn", "start_ms": 8000, "end_ms": 0, "role": "pupil"},
        {"kind": "turn", "start_ms": 0, "end_ms": 10**9, "role": "pupil"},
        {"kind": "words", "start_ms": 1, "end_ms": 8000, "speaker": "S1", "text": "x"},
        {"kind": "question", "start_ms": -1, "end_ms": 8000, "question_kind": "open"},
        {"kind": "activity", "start_ms": 0, "end_ms": 8000, "activity": "chaos"},
        {"kind": "verdict"},
    ],
)
def test_a_correction_that_means_nothing_is_refused_in_a_sentence_and_changes_nothing(
    heard: School, change: dict[str, object]
) -> None:
    before = page(heard)
    answer = heard.browser("owner").post(f"/api/lessons/{heard.ids['lesson']}/corrections", json=change)
    assert answer.status_code == 422
    assert answer.json()["message"].endswith(".")
    assert page(heard) == before


def test_before_the_voices_are_known_a_correction_is_told_to_wait(school: School) -> None:
    with school.database.write() as session:
        session.execute(delete(Finding).where(Finding.kind == "roles"))
    change = {"kind": "voice", "speaker": "S1", "role": "teacher"}
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/corrections", json=change)
    assert (answer.status_code, answer.json()["code"]) == (409, "still_listening")


def test_the_coach_neither_sees_nor_makes_corrections(heard: School) -> None:
    put(heard, kind="voice", speaker="S2", name="Sam")
    coach = heard.browser("coach")
    address = f"/api/lessons/{heard.ids['lesson']}/corrections"
    assert coach.get(address).status_code == 404
    assert coach.post(address, json={"kind": "voice", "speaker": "S2", "name": ""}).status_code == 404


def test_another_lessons_correction_cannot_be_undone_through_ones_own(heard: School) -> None:
    views = put(heard, kind="voice", speaker="S2", name="Sam")
    address = f"/api/lessons/{heard.ids['lesson']}/corrections/{views[-1]['id']}"
    assert heard.browser("stranger").put(address, json={"undone": True}).status_code == 404
    elsewhere = f"/api/lessons/{heard.ids['lesson']}/corrections/{'0' * 15}"
    assert heard.browser("owner").put(elsewhere, json={"undone": True}).status_code == 404
    with heard.database.read() as session:
        assert session.query(TurnRow).filter_by(lesson_id=heard.ids["lesson"]).count() == 6
