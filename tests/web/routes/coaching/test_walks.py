"""Learning walks: the observer's until they are saved, then both may read them and nobody can change them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.clock import utc_now
from core.models import Lesson, Person, Step, StoredFile, Walk, WalkNote
from core.storage.configured import get_storage
from tests.support.web_school import School


def note(school: School, text: str, draft: str = "d1", at_ms: int = 61_000) -> int:
    body = {"at_ms": at_ms, "text": text, "draft_id": draft}
    return school.browser("coach").post(f"/api/walks/{school.ids['open_walk']}/notes", json=body).status_code


def test_the_visited_teacher_sees_nothing_until_it_is_saved_and_then_all_of_it(school: School) -> None:
    address = f"/walks/{school.ids['open_walk']}"
    assert note(school, "Three pupils compare answers") == 201
    assert school.browser("owner").get(address).status_code == 404
    assert school.browser("coach").post(f"{address}/save").status_code == 303
    page = school.browser("owner").get(address).text
    assert "Three pupils compare answers" in page
    assert "1:01" in page
    assert "visited you" in school.browser("owner").get("/").text


def test_a_saved_walk_stands_as_it_is(school: School) -> None:
    walk = school.ids["walk"]
    body = {"at_ms": 5, "text": "Later thoughts", "draft_id": "late"}
    assert school.browser("coach").post(f"/api/walks/{walk}/notes", json=body).status_code == 404
    assert school.browser("coach").delete(f"/api/walks/{walk}/notes/{school.ids['note_walk']}").status_code == 404
    assert school.browser("coach").post(f"/walks/{walk}/discard").status_code == 404
    assert "Later thoughts" not in school.browser("owner").get(f"/walks/{walk}").text


def test_a_note_that_is_sent_twice_is_kept_once_and_an_empty_one_is_refused(school: School) -> None:
    assert note(school, "Here") == note(school, "Here") == 201
    with school.database.read() as session:
        texts = session.scalars(select(WalkNote.text).where(WalkNote.walk_id == school.ids["open_walk"])).all()
    assert sorted(texts) == ["Here", "Secret words"]
    assert note(school, "  ", "d2") == 422
    assert note(school, "x" * 1001, "d3") == 422


def test_she_answers_and_makes_a_goal_of_it(school: School) -> None:
    address = f"/walks/{school.ids['walk']}"
    owner = school.browser("owner")
    owner.post(f"{address}/answer", data={"text": "I had not seen the window row"})
    assert "I had not seen the window row" in school.browser("coach").get(address).text
    form = {"partnership_id": school.ids["partnership_coach"], "title": "Look at the window row"}
    made = owner.post(f"{address}/goal", data=form)
    assert made.headers["location"].startswith("/goals/")
    assert "It has become a goal" in owner.get(address).text
    stranger = {"partnership_id": school.ids["partnership_coach"], "title": "Theirs"}
    assert school.browser("coach").post(f"{address}/goal", data=stranger).status_code == 404


def test_nobody_visits_within_the_own_management_line(school: School) -> None:
    form = {"observed_id": school.ids["person_owner"], "title": "Year 9"}
    refused = school.browser("manager").post("/walks", data=form)
    assert refused.status_code == 409
    assert "performance management" in refused.text
    assert (
        school.browser("owner")
        .post("/walks", data={"observed_id": school.ids["person_manager"], "title": "x"})
        .status_code
        == 409
    )
    assert school.browser("owner").post("/walks", data=form).status_code == 422


def test_the_sound_belongs_to_the_visited_teacher_and_goes_through_the_pipeline(school: School) -> None:
    address = f"/api/walks/{school.ids['open_walk']}/sound"
    coach = school.browser("coach")
    assert coach.post(address, content=b"").status_code == 422
    assert (
        coach.post(address, content=b"some sound", headers={"content-type": "audio/webm;codecs=opus"}).status_code
        == 204
    )
    assert coach.post(address, content=b"more sound").status_code == 422
    with school.database.read() as session:
        walk = session.get_one(Walk, school.ids["open_walk"])
        lesson = session.get_one(Lesson, walk.lesson_id or "")
        file = session.scalars(select(StoredFile).where(StoredFile.lesson_id == lesson.id)).one()
        assert lesson.owner_id == school.ids["person_owner"]
        assert (file.kind, file.mime, file.bytes, file.key.endswith(".webm")) == ("original", "audio/webm", 10, True)
        assert session.scalars(select(Step.stage).where(Step.lesson_id == lesson.id)).all() == ["probe_media"]
    assert coach.get(f"/lessons/{lesson.id}").status_code == 404
    assert school.browser("owner").get(f"/lessons/{lesson.id}").status_code == 200


@pytest.mark.parametrize("missing", ["person_invited", "person_leaver"])
def test_only_somebody_who_is_here_is_visited(school: School, missing: str) -> None:
    form = {"observed_id": school.ids[missing], "title": "Year 9"}
    assert school.browser("coach").post("/walks", data=form).status_code == 404
    with school.database.read() as session:
        assert session.get(Person, school.ids[missing]) is not None


def test_the_same_sound_again_is_the_same_and_leaves_no_second_file(school: School) -> None:
    address = f"/api/walks/{school.ids['open_walk']}/sound"
    coach = school.browser("coach")
    sent = [coach.post(address, content=b"some sound", headers={"content-type": "audio/webm"}) for _ in range(3)]
    assert [one.status_code for one in sent] == [204] * 3
    with school.database.read() as session:
        walk = session.get_one(Walk, school.ids["open_walk"])
        keys = session.scalars(select(StoredFile.key).where(StoredFile.lesson_id == walk.lesson_id)).all()
        titled = session.scalars(select(Lesson.id).where(Lesson.title == walk.title)).all()
    assert (len(keys), titled) == (1, [walk.lesson_id])
    stored = list(get_storage().keys())
    assert [key for key in stored if "original" in key and key.endswith(".webm")] == keys
    assert coach.post(f"/walks/{school.ids['open_walk']}/save").status_code == 303


def test_other_words_with_the_id_of_a_note_are_refused(school: School) -> None:
    assert note(school, "Here") == 201
    body = {"at_ms": 1, "text": "There", "draft_id": "d1"}
    refused = school.browser("coach").post(f"/api/walks/{school.ids['open_walk']}/notes", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "sent_before")


def test_the_page_says_how_long_the_visit_has_lasted(school: School) -> None:
    with school.database.write() as session:
        session.get_one(Walk, school.ids["open_walk"]).began_at = utc_now() - timedelta(minutes=3)
    page = school.browser("coach").get(f"/walks/{school.ids['open_walk']}").text
    gone_ms = int(re.search(r'"gone_ms": (\d+)', page)[1])  # type: ignore[index]
    assert 180_000 <= gone_ms < 240_000
