"""What takes long to derive is derived in a child process, so that no page waits for it."""

from __future__ import annotations

import pytest

from tests.support.web_school import School
from transcription.lesson import corrected_findings

VTT = "WEBVTT\n\n00:00.000 --> 00:00.400\n<v Ada>Other words"


@pytest.mark.usefixtures("long_lesson")
def test_a_transcript_and_corrections_of_a_long_lesson_are_thought_out_elsewhere(school: School) -> None:
    owner, lesson = school.browser("owner"), school.ids["lesson"]
    address = f"/api/lessons/{lesson}/corrections"
    taken = owner.post(f"/lessons/{lesson}/transcript", files={"file": ("a.vtt", VTT, "text/vtt")})
    assert (taken.status_code, taken.headers["location"]) == (303, f"/lessons/{lesson}?notice=words-taken")
    change = {"kind": "activity", "start_ms": 0, "end_ms": 400, "activity": "discussion"}
    made = owner.post(address, json=change)
    assert made.status_code == 201
    newest = made.json()[-1]["id"]
    assert owner.put(f"{address}/{newest}", json={"undone": True}).status_code == 200
    assert owner.post(f"/lessons/{lesson}/transcript/forget").status_code == 303


@pytest.mark.usefixtures("long_lesson")
def test_a_refusal_of_the_child_is_the_answer(school: School) -> None:
    late = {"kind": "activity", "start_ms": 400, "end_ms": 400, "activity": "discussion"}
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/corrections", json=late)
    assert answer.status_code == 422
    assert "begins before it ends" in answer.text


@pytest.fixture
def long_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take any lesson for a long one, and derive nothing in this process."""

    def refuse(*_: object) -> None:
        pytest.fail("findings are derived in the pages' process")

    monkeypatch.setattr(corrected_findings, "QUICK_WORDS", 0)
    monkeypatch.setattr(corrected_findings, "derive_findings", refuse)
