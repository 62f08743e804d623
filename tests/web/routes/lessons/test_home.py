"""The first page: its lists have an end, and what is new is found however much there is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from annotation.lessons.comments import ASKED_FIRST, newest_comments
from core.clock import utc_now
from core.models import Comment, Lesson, Opening, Partnership, Person, Share, Step
from tests.support.factories import make_lesson, make_person, make_share
from tests.support.web_school import School

MORE = re.compile(r'href="(/\?[^"]*#(\w+))">Show more')


def add_lessons(school: School, count: int) -> None:
    """Give the owner so many more lessons, and share each with the coach."""
    with school.database.write() as session:
        owner = session.get_one(Person, school.ids["person_owner"])
        pair = session.get_one(Partnership, school.ids["partnership_coach"])
        for number in range(count):
            at = utc_now() - timedelta(days=number + 1)
            make_share(session, make_lesson(session, owner, f"Lesson {number:02}", created_at=at), pair)


@pytest.mark.parametrize(("kind", "name"), [("owner", "lessons"), ("coach", "shared")])
def test_a_long_list_begins_with_its_newest_and_shows_more_when_asked(school: School, kind: str, name: str) -> None:
    add_lessons(school, 40)
    client = school.browser(kind)
    first = client.get("/").text
    assert first.count('<li class="card">') == 12
    assert "Lesson 10" in first
    assert "Lesson 20" not in first
    links = {which: at.replace("&amp;", "&") for at, which in MORE.findall(first)}
    assert set(links) == {name}
    second = client.get(links[name]).text
    assert second.count('<li class="card">') == 36
    [(last, _)] = MORE.findall(second)
    third = client.get(last.replace("&amp;", "&")).text
    assert third.count('<li class="card">') == 41
    assert not MORE.findall(third)


def test_what_was_not_shown_in_a_list_is_not_noted_as_listed(school: School) -> None:
    add_lessons(school, 40)
    school.browser("coach").get("/")
    with school.database.read() as session:
        listed = select(func.count()).where(Opening.kind == "listed", Opening.clip_id.is_(None))
        assert session.scalar(listed) == 12


def test_a_nonsense_length_of_a_list_is_refused(school: School) -> None:
    for wanted in ("0", "-1", "99999999", "many"):
        assert school.browser("owner").get(f"/?lessons={wanted}").status_code == 422


def test_what_is_new_is_found_behind_many_comments_that_are_closed_to_her(school: School) -> None:
    ids = school.ids
    with school.database.write() as session:
        hidden = make_lesson(session, session.get_one(Person, ids["person_owner"]), "Taken back")
        row = {"author_id": ids["person_owner"], "partnership_id": ids["partnership_coach"], "start_ms": 5}
        for number in range(ASKED_FIRST + 5):
            at = utc_now() - timedelta(seconds=number)
            session.add(Comment(**row, lesson_id=hidden.id, text="Closed to him", created_at=at))
        old = utc_now() - timedelta(days=9)
        session.add(Comment(**row, lesson_id=ids["lesson"], text="Open to him", created_at=old))
    with school.database.read() as session:
        coach = session.get_one(Person, ids["person_coach"])
        assert [one.comment.text for one in newest_comments(session, coach)] == ["Open to him"]


def test_what_another_coach_wrote_is_new_once_the_coaches_meet(school: School) -> None:
    ids = school.ids
    with school.database.write() as session:
        lesson = session.get_one(Lesson, ids["lesson"])
        lesson.coaches_meet_at = utc_now() - timedelta(hours=2)
        session.get_one(Share, ids["share"]).created_at = utc_now() - timedelta(days=1)
        other = make_person(session, "Cora Coach")
        pair = Partnership(coach_id=other.id, coachee_id=lesson.owner_id, kind="coaching", created_at=utc_now())
        session.add(pair)
        session.flush()
        said = Comment(lesson_id=lesson.id, author_id=other.id, partnership_id=pair.id, start_ms=5, text="From Cora")
        said.created_at = utc_now() - timedelta(hours=1)
        session.add(said)
    with school.database.read() as session:
        coach = session.get_one(Person, ids["person_coach"])
        assert "From Cora" in [one.comment.text for one in newest_comments(session, coach)]


def test_a_file_that_cannot_be_used_is_not_offered_to_be_tried_again(school: School) -> None:
    with school.database.write() as session:
        lesson = session.get_one(Lesson, school.ids["lesson"])
        lesson.failure_code, lesson.failure_sentence = "file_empty", "This file is empty."
        for state, step in zip(("failed", "cancelled"), session.scalars(select(Step)).all(), strict=False):
            step.state = state
    owner = school.browser("owner")
    assert "this file could not be used" in owner.get("/").text
    assert "needs a look" not in owner.get("/").text
    page = owner.get(f"/lessons/{school.ids['lesson']}").text
    assert "This file is empty." in page
    assert '<a href="/upload">Choose another file</a>' in page
    steps = owner.get(f"/api/lessons/{school.ids['lesson']}/steps").json()["steps"]
    assert {step["state"] for step in steps} >= {"failed"}
    assert not any(step["can_retry"] for step in steps)
    assert "Choose another file" not in school.browser("coach").get(f"/lessons/{school.ids['lesson']}").text
