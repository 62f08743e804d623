"""A coach who has one clip can say something about it: the teacher reads it, and nobody else does."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import update

from core.clock import utc_now
from core.models import Clip, ClipShare, Comment, Lesson, Share
from tests.support.web_school import KINDS, School

BEGIN = 2000  # of the clip, on the lesson's clock


@pytest.fixture
def alone(school: School) -> School:
    """A school in which two coaches have the clip, and nobody has the lesson."""
    now = utc_now()
    with school.database.write() as session:
        session.execute(update(Share).values(taken_back_at=now))
        clip = session.get_one(Clip, school.ids["clip"])
        clip.start_ms = BEGIN
        other = school.ids["partnership_other_coach"]
        session.add(ClipShare(clip_id=clip.id, partnership_id=other, created_at=now))
    return school


def say(school: School, kind: str, text: str = "About the wait", **more: Any) -> Any:
    body = {"partnership_id": school.ids[f"partnership_{kind}"], "start_ms": 500, "text": text, **more}
    return school.browser(kind).post(f"/api/clips/{school.ids['clip']}/comments", json=body)


def read(school: School, kind: str, thing: str = "clip") -> list[tuple[str, int]]:
    answer = school.browser(kind).get(f"/api/{thing}s/{school.ids[thing]}/comments")
    return [(one["text"], one["start_ms"]) for one in answer.json()] if answer.status_code == 200 else []


def test_what_a_coach_of_a_clip_says_is_read_by_the_two_alone(alone: School) -> None:
    made = say(alone, "coach")
    assert (made.status_code, made.json()["start_ms"], made.json()["on_clip"]) == (201, 500, True)
    for kind in KINDS:
        assert read(alone, kind) == ([("About the wait", 500)] if kind in ("owner", "coach") else []), kind
    assert read(alone, "owner", "lesson") == [("A quiet word", 1000), ("About the wait", BEGIN + 500)]
    assert read(alone, "coach", "lesson") == []
    assert "About the wait" in alone.browser("owner").get(f"/clips/{alone.ids['clip']}").text
    assert "About the wait" in alone.browser("owner").get(f"/lessons/{alone.ids['lesson']}").text


def test_a_coach_of_a_clip_reads_nothing_that_was_said_about_the_rest(alone: School) -> None:
    assert read(alone, "coach") == []
    assert "A quiet word" not in alone.browser("coach").get(f"/clips/{alone.ids['clip']}").text


def test_two_coaches_of_one_clip_do_not_read_each_other_not_even_where_coaches_of_the_lesson_meet(
    alone: School,
) -> None:
    with alone.database.write() as session:
        session.get_one(Lesson, alone.ids["lesson"]).coaches_meet_at = utc_now()
        session.execute(update(Share).values(taken_back_at=None, until=None))
    say(alone, "coach")
    say(alone, "other_coach", "Another matter")
    assert read(alone, "coach") == [("About the wait", 500)]
    assert read(alone, "other_coach") == [("Another matter", 500)]
    assert sorted(read(alone, "owner")) == [("About the wait", 500), ("Another matter", 500)]


def test_the_teachers_answer_on_the_lessons_page_reaches_the_coach_on_the_clips(alone: School) -> None:
    made = say(alone, "coach").json()
    reply = {"parent_id": made["id"], "start_ms": BEGIN + 500, "text": "I wanted Sam to"}
    owner = alone.browser("owner")
    assert owner.post(f"/api/lessons/{alone.ids['lesson']}/comments", json=reply).status_code == 201
    assert read(alone, "coach") == [("About the wait", 500), ("I wanted Sam to", 500)]
    assert read(alone, "other_coach") == []


@pytest.mark.parametrize("where", [{"start_ms": 3001}, {"start_ms": 500, "end_ms": 3001}])
def test_words_on_a_clip_stay_inside_it(alone: School, where: dict[str, Any]) -> None:
    answer = say(alone, "coach", **where)
    assert (answer.status_code, answer.json()["message"]) == (422, "This moment lies outside the clip.")


def test_a_coach_of_a_clip_changes_her_words_on_the_clips_clock(alone: School) -> None:
    made, coach = say(alone, "coach", end_ms=900).json(), alone.browser("coach")
    changed = coach.patch(f"/api/comments/{made['id']}", json={"start_ms": 700, "text": "Better words"}).json()
    assert (changed["start_ms"], changed["end_ms"], changed["text"]) == (700, 900, "Better words")
    with alone.database.read() as session:
        assert session.get_one(Comment, made["id"]).start_ms == BEGIN + 700
    assert coach.patch(f"/api/comments/{made['id']}", json={"start_ms": 3500}).status_code == 422
    assert coach.get(f"/api/comments/{made['id']}/versions").json()[0]["text"] == "About the wait"
    coach.delete(f"/api/comments/{made['id']}")
    assert read(alone, "owner") == []
    assert coach.post(f"/api/comments/{made['id']}/restore").json()["start_ms"] == 700
    assert read(alone, "owner") == [("Better words", 700)]


@pytest.mark.parametrize("how", ["taken back", "clip deleted", "lesson deleted"])
def test_a_clip_that_is_closed_closes_what_was_said_on_it_to_the_coach_at_once_but_her_words_stay_hers(
    alone: School, how: str
) -> None:
    goal = alone.ids["goal"]
    made, owner, coach = say(alone, "coach", goal_id=goal).json(), alone.browser("owner"), alone.browser("coach")
    clip, lesson = alone.ids["clip"], alone.ids["lesson"]
    assert f"/clips/{clip}#comment-{made['id']}" in coach.get(f"/goals/{goal}").text
    assert f"/lessons/{lesson}#comment-{made['id']}" in owner.get(f"/goals/{goal}").text
    if how == "taken back":
        owner.delete(f"/api/clips/{clip}/shares/{alone.ids['partnership_coach']}")
    elif how == "clip deleted":
        owner.delete(f"/api/clips/{clip}")
    else:
        owner.request("DELETE", f"/api/lessons/{lesson}", json={"title": "Year 9 fractions"})
    assert read(alone, "coach") == []
    assert say(alone, "coach").status_code == 404
    assert coach.patch(f"/api/comments/{made['id']}", json={"text": "Other"}).status_code == 404
    with zipfile.ZipFile(io.BytesIO(coach.get("/me/everything.zip").content)) as archive:
        table = archive.read("comments.csv").decode("utf-8-sig")
    kept = [row for row in csv.DictReader(io.StringIO(table)) if row["lesson"] == ""]
    assert ("About the wait", "500") in [(row["text"], row["start_ms"]) for row in kept]
    page = coach.get(f"/goals/{goal}").text
    assert "About the wait" in page
    assert f"#comment-{made['id']}" not in page


def test_nobody_writes_to_a_partnership_that_the_clip_is_not_open_to(alone: School) -> None:
    owner, address = alone.browser("owner"), f"/api/clips/{alone.ids['clip']}/comments"
    body = {"partnership_id": alone.ids["partnership_taken_back"], "start_ms": 0, "text": "To nobody"}
    assert owner.post(address, json=body).status_code == 403
    assert owner.post(address, json=body | {"partnership_id": None}).status_code == 201
    assert read(alone, "coach") == []
    lesson_comment = alone.ids["comment"]
    reply = {"parent_id": lesson_comment, "start_ms": 0, "text": "In the wrong place"}
    assert owner.post(address, json=reply).status_code == 422


def test_a_draft_that_is_sent_twice_is_kept_once(alone: School) -> None:
    assert [say(alone, "coach", draft_id="one").status_code for _ in range(2)] == [201, 200]
    assert len(read(alone, "owner")) == 1


def test_what_is_new_leads_to_the_clip_on_its_own_clock(alone: School) -> None:
    body = {"partnership_id": alone.ids["partnership_coach"], "start_ms": 1000, "text": "Look here"}
    alone.browser("owner").post(f"/api/clips/{alone.ids['clip']}/comments", json=body)
    home = alone.browser("coach").get("/").text
    assert f"/clips/{alone.ids['clip']}#comment-" in home
    assert "A wait, 0:01" in home


def test_a_log_of_a_session_over_a_clip_tells_moments_on_the_clips_clock(alone: School) -> None:
    coach, partnership = alone.browser("coach"), alone.ids["partnership_coach"]
    room = coach.post(f"/partnerships/{partnership}/sessions", data={"clip_id": alone.ids["clip"]}).headers["location"]
    say(alone, "coach", "Said together", start_ms=1000)
    for kind in ("owner", "coach"):
        found = alone.browser(kind).get(f"/api{room}").json()
        assert [one["what"] for one in found["log"]][-1] == "Coach Person at 0:01: Said together"
        assert [(one["start_ms"], one["text"]) for one in found["offered"]] == [(1000, "Said together")]
