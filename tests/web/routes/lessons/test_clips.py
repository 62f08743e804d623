"""A clip is shared alone: the whole lesson stays closed, and what is taken back is closed at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.clock import utc_now
from core.models import Clip, ClipShare, Opening, Partnership, Share, Step, TurnRow
from tests.support.web_school import BYTES, School


@pytest.fixture
def alone(school: School) -> School:
    """A school in which the coach sees the clip, and the lesson is not shared with anybody."""
    with school.database.write() as session:
        for share in session.scalars(select(Share)):
            share.taken_back_at = utc_now()
        words = [[6000, 6400, "Elsewhere", 0.9]]
        session.add(
            TurnRow(
                lesson_id=school.ids["lesson"],
                number=1,
                start_ms=6000,
                end_ms=6400,
                speaker="S1",
                role="teacher",
                text="Elsewhere",
                words=words,
            )
        )
    return school


def test_a_coach_of_a_clip_sees_its_film_and_words_and_nothing_else_of_the_lesson(alone: School) -> None:
    coach = alone.browser("coach")
    clip, lesson = alone.ids["clip"], alone.ids["lesson"]
    found = coach.get(f"/api/clips/{clip}").json()
    assert [turn["text"] for turn in found["turns"]] == ["Secret words"]
    assert coach.get(f"/media/clips/{clip}", headers={"range": "bytes=0-9"}).content == BYTES[:10]
    with alone.database.read() as session:
        assert [row.person_id for row in session.scalars(select(Opening))] == [alone.ids["person_coach"]]
    page = coach.get(f"/clips/{clip}").text
    assert "A wait" in page
    assert "Elsewhere" not in page
    assert lesson not in page
    for path in (
        f"/lessons/{lesson}",
        f"/api/lessons/{lesson}",
        f"/api/lessons/{lesson}/comments",
        f"/api/lessons/{lesson}/steps",
        f"/media/lessons/{lesson}/rendition",
        f"/media/lessons/{lesson}/poster",
        f"/media/lessons/{lesson}/filmstrip",
        f"/media/lessons/{lesson}/captions.vtt",
    ):
        assert coach.get(path).status_code == 404, path


def test_the_lessons_pill_says_that_a_clip_of_it_is_open_and_its_owner_can_take_it_back(alone: School) -> None:
    owner, lesson = alone.browser("owner"), f"/api/lessons/{alone.ids['lesson']}"
    words = "Only you, and one clip with Coach"
    page = owner.get(lesson).json()
    assert (page["pill"], page["shares"]) == (words, [])
    (share,) = page["clips"][0]["shares"]
    assert share["with"]["name"] == "Coach Person"
    assert words in owner.get("/").text
    assert words in owner.get(lesson.removeprefix("/api")).text
    owner.delete(f"/api/clips/{alone.ids['clip']}/shares/{share['partnership_id']}")
    assert owner.get(lesson).json()["pill"] == "Only you"
    assert words not in owner.get("/").text


def test_who_sees_the_whole_lesson_is_not_named_again_for_its_clip_and_never_reads_of_another_coach(
    school: School,
) -> None:
    lesson, address = f"/api/lessons/{school.ids['lesson']}", f"/api/clips/{school.ids['clip']}/shares"
    assert school.browser("owner").get(lesson).json()["pill"] == "You and Coach"
    school.browser("owner").post(address, json={"partnership_id": school.ids["partnership_other_coach"]})
    assert school.browser("owner").get(lesson).json()["pill"] == "You and Coach, and one clip with Other_Coach"
    assert school.browser("coach").get(lesson).json()["pill"] == "You and Ada"


def test_only_the_owner_saves_a_clip_as_a_file(alone: School) -> None:
    clip = alone.ids["clip"]
    assert alone.browser("coach").get(f"/media/clips/{clip}?download=true").status_code == 404
    saved = alone.browser("owner").get(f"/media/clips/{clip}?download=true")
    assert "attachment" in saved.headers["content-disposition"]
    assert saved.content == BYTES


@pytest.mark.parametrize("how", ["taken back", "clip deleted", "lesson deleted", "partnership over"])
def test_a_clip_that_is_closed_is_closed_at_once_and_for_every_door(alone: School, how: str) -> None:
    clip, partnership = alone.ids["clip"], alone.ids["partnership_coach"]
    owner, coach = alone.browser("owner"), alone.browser("coach")
    if how == "taken back":
        assert owner.delete(f"/api/clips/{clip}/shares/{partnership}").json()[0]["with"] == []
    elif how == "clip deleted":
        assert owner.delete(f"/api/clips/{clip}").json() == []
    elif how == "lesson deleted":
        body = {"title": "Year 9 fractions"}
        assert owner.request("DELETE", f"/api/lessons/{alone.ids['lesson']}", json=body).status_code == 204
    else:
        with alone.database.write() as session:
            session.get_one(Partnership, partnership).state = "suspended"
    for path in (f"/clips/{clip}", f"/api/clips/{clip}", f"/media/clips/{clip}", f"/media/clips/{clip}/captions.vtt"):
        assert coach.get(path).status_code == 404, path


def test_a_deleted_clip_comes_back_with_its_shares(alone: School) -> None:
    clip, owner = alone.ids["clip"], alone.browser("owner")
    owner.delete(f"/api/clips/{clip}")
    back = owner.post(f"/api/clips/{clip}/restore").json()
    assert [one["name"] for one in back[0]["with"]] == ["Coach Person"]


def test_a_named_range_gets_a_number_a_step_and_no_audience(school: School) -> None:
    lesson = school.ids["lesson"]
    body = {"title": "Second", "start_ms": 1000, "end_ms": 9000}
    made = school.browser("owner").post(f"/api/lessons/{lesson}/clips", json=body).json()[-1]
    assert (made["title"], made["ready"], made["with"]) == ("Second", False, [])
    with school.database.read() as session:
        clip = session.get_one(Clip, made["id"])
        step = session.scalars(select(Step).where(Step.stage == "cut_clip")).one()
        assert (clip.number, step.chunk_no, step.state, step.queue) == (2, 2, "ready", "media")


@pytest.mark.parametrize(("start_ms", "end_ms"), [(5000, 5500), (0, 700_000), (9000, 1000), (0, 2_000_000_000)])
def test_a_range_that_is_none_is_refused_with_a_sentence(school: School, start_ms: int, end_ms: int) -> None:
    body = {"title": "No", "start_ms": start_ms, "end_ms": end_ms}
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/clips", json=body)
    assert answer.status_code == 422
    assert "range" in answer.json()["message"]


def test_a_clip_is_open_until_the_end_of_its_day_and_the_pill_says_so(school: School) -> None:
    owner, address = school.browser("owner"), f"/api/clips/{school.ids['clip']}/shares"
    body = {"partnership_id": school.ids["partnership_coach"], "until": f"{utc_now():%Y-%m-%d}"}
    (clip,) = owner.post(address, json=body).json()
    assert clip["pill"].startswith("You and Coach, until ")
    assert "Ada and you, until " in school.browser("coach").get(f"/clips/{school.ids['clip']}").text
    assert school.browser("coach").get(f"/media/clips/{school.ids['clip']}").status_code == 200
    assert owner.post(address, json={**body, "until": "2020-01-01"}).status_code == 422
    with school.database.write() as session:
        for share in session.scalars(select(ClipShare)):
            share.until = utc_now() - timedelta(seconds=1)
    assert school.browser("coach").get(f"/media/clips/{school.ids['clip']}").status_code == 404
    assert school.browser("coach").get(f"/clips/{school.ids['clip']}").status_code == 404
    owner.post(address, json={"partnership_id": school.ids["partnership_coach"]})
    assert school.browser("coach").get(f"/clips/{school.ids['clip']}").status_code == 200


def test_the_owner_reads_on_the_clips_page_who_opened_it_and_on_the_lessons_who_opened_that(school: School) -> None:
    school.browser("coach").get(f"/clips/{school.ids['clip']}")
    owner = school.browser("owner")
    (share,) = owner.get(f"/api/clips/{school.ids['clip']}").json()["shares"]
    assert (share["with"]["name"], len(share["openings"])) == ("Coach Person", 1)
    (whole,) = owner.get(f"/api/lessons/{school.ids['lesson']}/shares").json()
    assert whole["openings"] == []  # a look at a clip is no look at the lesson
    assert school.browser("coach").get(f"/api/clips/{school.ids['clip']}").json()["shares"] == []
