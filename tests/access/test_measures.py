"""No route gives a coach what was measured of a shared lesson until its owner has guessed and shows it to him."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete

from core.clock import utc_now
from core.models import Guess, MeasuresRow, QuestionRow, ShownMeasures
from tests.access.test_every_route import TABLE, address
from tests.support.web_school import School

SPOKEN, WAIT_1, WAIT_2 = 98_765_431, 76_543_219, 65_432_187
ENDINGS = ("csv", "json", "vtt", "srt", "txt", "eaf")


def measure(school: School, *, guessed: bool, shown: bool) -> None:
    numbers = dict.fromkeys(("teacher_ms", "pupil_ms", "unsure_ms", "speech_ms", "turn_changes"), SPOKEN)
    numbers |= {"wait_1_median_ms": WAIT_1, "wait_2_median_ms": WAIT_2, "longest_teacher_stretch_ms": SPOKEN}
    document = {**numbers, "heard_in": {}, "questions_by_kind": {"open": SPOKEN}, "teacher_share_of_talk": 0.5}
    asked = {"start_ms": 0, "end_ms": 900, "text": "Why?", "speaker": "S1", "role": "teacher", "kind": "open"}
    waits = {"confidence": 0.9, "answered_by": "pupil", "wait_1_ms": WAIT_1, "wait_2_ms": WAIT_2}
    with school.database.write() as session:
        session.add(MeasuresRow(lesson_id=school.ids["lesson"], document=document))
        session.add(QuestionRow(lesson_id=school.ids["lesson"], **asked, **waits))
        if guessed:
            owner = school.ids["person_owner"]
            session.add(Guess(lesson_id=school.ids["lesson"], person_id=owner, share=0.5, made_at=utc_now()))
        if not shown:
            session.execute(delete(ShownMeasures))


def walk(school: School, kind: str) -> dict[str, str]:
    """Return what every address that is read answers this person."""
    client = school.browser(kind)
    answers = {}
    for method, path in TABLE:
        if method != "GET" or path == "/api/lessons/{lesson_id}/export/{ending}":
            continue
        for name, ids in (("", school.ids), ("met", school.ids | {"session": school.ids["met"]})):
            answers[f"{path} {name}"] = client.get(address(replace(school, ids=ids), path)).text
    for ending in ENDINGS:
        path = f"/api/lessons/{school.ids['lesson']}/export/{ending}"
        answers[path] = client.get(path).text
    return answers


def markers_in(text: str) -> set[int]:
    return {number for number in (SPOKEN, WAIT_1, WAIT_2) if str(number) in text}


@pytest.mark.parametrize(("guessed", "shown"), [(False, False), (True, False), (False, True)])
def test_no_route_gives_a_coach_a_measure_or_a_wait_before_both_are_done(
    school: School, guessed: bool, shown: bool
) -> None:
    measure(school, guessed=guessed, shown=shown)
    answers = walk(school, "coach")
    assert {path: markers_in(text) for path, text in answers.items() if markers_in(text)} == {}
    assert len(answers) > 60
    lesson = school.browser("coach").get(f"/api/lessons/{school.ids['lesson']}").json()
    assert lesson["measures"] is None
    assert [one["text"] for one in lesson["questions"]] == ["Why?"]  # turns and questions are his to read
    assert lesson["turns"]


def test_what_is_shown_after_the_guess_is_there_and_goes_when_it_is_taken_back(school: School) -> None:
    measure(school, guessed=True, shown=True)
    path = f"/api/lessons/{school.ids['lesson']}"
    assert markers_in(school.browser("coach").get(path).text) == {SPOKEN, WAIT_1, WAIT_2}
    school.browser("owner").post(f"/measures/shown/{school.ids['showing']}/take-back")
    assert markers_in(school.browser("coach").get(path).text) == set()
    assert markers_in(school.browser("owner").get(path).text) == {SPOKEN, WAIT_1, WAIT_2}


def test_measures_shown_to_one_coach_are_shown_to_no_other(school: School) -> None:
    measure(school, guessed=True, shown=True)
    other = {"partnership_id": school.ids["partnership_other_coach"]}
    assert school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/shares", json=other).status_code == 201
    answer = school.browser("other_coach").get(f"/api/lessons/{school.ids['lesson']}")
    assert answer.status_code == 200
    assert markers_in(answer.text) == set()
