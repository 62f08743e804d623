"""A lesson's talk: comments, shares and goals as the two people of a partnership meet them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from core.models import Person
from tests.support.factories import make_lesson
from tests.support.web_school import School
from web.commands import openapi_document

FORMULA = '<script>alert(1)</script> =1+1 </script> {{7*7}} & "'


def test_the_coach_asks_at_2_41_on_her_goal_and_she_answers(school: School) -> None:
    coach, owner = school.browser("coach"), school.browser("owner")
    comments = f"/api/lessons/{school.ids['lesson']}/comments"
    audience = coach.get(f"/api/lessons/{school.ids['lesson']}").json()["audiences"][0]
    assert audience["goals"][0]["title"] == "Wait longer"
    asked = coach.post(
        comments,
        json={
            "partnership_id": audience["partnership_id"],
            "kind": "question",
            "start_ms": 161_000,
            "goal_id": audience["goals"][0]["id"],
            "stage": "R",
            "text": "What did you hope they would say here?",
            "draft_id": "d1",
        },
    )
    assert asked.status_code == 201
    reply = {"parent_id": asked.json()["id"], "start_ms": 161_000, "text": "I wanted Sam to try."}
    assert owner.post(comments, json=reply).json()["partnership_id"] == audience["partnership_id"]
    seen = [one["text"] for one in coach.get(comments).json()]
    assert seen == ["A quiet word", "What did you hope they would say here?", "I wanted Sam to try."]


def test_the_same_draft_sent_twice_is_kept_once(school: School) -> None:
    owner = school.browser("owner")
    address = f"/api/lessons/{school.ids['lesson']}/comments"
    draft = {"text": "A note", "start_ms": 1, "draft_id": "the-draft"}
    first, second = owner.post(address, json=draft), owner.post(address, json=draft)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = school.browser("coach").post(address, json=draft)  # the same name on another desk is another draft
    assert other.status_code == 201


@pytest.mark.parametrize("changed", [{"text": "Other words"}, {"partnership_id": "hers"}, {"parent_id": "reply"}])
def test_the_same_draft_with_something_else_in_it_is_refused_and_changes_nothing(
    school: School, changed: dict[str, str]
) -> None:
    owner = school.browser("owner")
    address = f"/api/lessons/{school.ids['lesson']}/comments"
    draft = {"text": "A note", "start_ms": 1, "draft_id": "the-draft"}
    owner.post(address, json=draft)
    before = owner.get(address).json()
    ids = {"hers": school.ids["partnership_coach"], "reply": school.ids["comment"]}
    refused = owner.post(address, json=draft | {name: ids.get(value, value) for name, value in changed.items()})
    assert (refused.status_code, refused.json()["code"]) == (409, "sent_before")
    assert owner.get(address).json() == before


def test_a_draft_whose_answer_was_lost_is_known_again_after_it_was_changed(school: School) -> None:
    owner = school.browser("owner")
    address = f"/api/lessons/{school.ids['lesson']}/comments"
    draft = {"text": " A note ", "start_ms": 1, "draft_id": "the-draft"}
    first = owner.post(address, json=draft).json()
    owner.patch(f"/api/comments/{first['id']}", json={"text": "A better note"})
    again = owner.post(address, json=draft)
    assert (again.status_code, again.json()["text"]) == (200, "A better note")


def test_the_id_of_a_draft_is_its_writers_alone(school: School) -> None:
    owner, coach = school.browser("owner"), school.browser("coach")
    address = f"/api/lessons/{school.ids['lesson']}/comments"
    shared = {"partnership_id": school.ids["partnership_coach"], "text": "For both", "start_ms": 1, "draft_id": "mine"}
    assert owner.post(address, json=shared).json()["draft_id"] == "mine"
    assert [one["draft_id"] for one in coach.get(address).json() if one["text"] == "For both"] == [""]


def test_a_private_note_has_one_reader(school: School) -> None:
    address = f"/api/lessons/{school.ids['lesson']}/comments"
    school.browser("owner").post(address, json={"text": "Mine alone", "start_ms": 1})
    assert "Mine alone" in school.browser("owner").get(address).text
    assert "Mine alone" not in school.browser("coach").get(address).text


def test_two_coaches_never_read_each_other(school: School) -> None:
    owner, other = school.browser("owner"), school.browser("other_coach")
    lesson = f"/api/lessons/{school.ids['lesson']}"
    share = {"partnership_id": school.ids["partnership_other_coach"]}
    assert owner.post(f"{lesson}/shares", json=share).status_code == 201
    said = share | {"text": "From the other coach", "start_ms": 9}
    assert other.post(f"{lesson}/comments", json=said).status_code == 201
    assert "A quiet word" not in other.get(lesson).text
    assert ">Coach Person" not in other.get(f"/lessons/{school.ids['lesson']}").text
    assert "From the other coach" not in school.browser("coach").get(lesson).text
    assert len(owner.get(f"{lesson}/comments").json()) == 2
    wrong = said | {"goal_id": school.ids["goal"]}
    assert other.post(f"{lesson}/comments", json=wrong).status_code == 422


def test_taking_back_closes_page_media_and_comments_at_once(school: School) -> None:
    coach = school.browser("coach")
    assert school.browser("owner").delete(f"/api/shares/{school.ids['share']}").status_code == 204
    for path in ("/lessons/{}", "/api/lessons/{}", "/api/lessons/{}/comments", "/media/lessons/{}/rendition"):
        assert coach.get(path.format(school.ids["lesson"])).status_code == 404
    assert coach.patch(f"/api/comments/{school.ids['comment']}", json={"text": "Still?"}).status_code == 404


def test_a_coach_reads_whose_goal_it_is_on_the_first_page(school: School) -> None:
    coach, owner = school.browser("coach").get("/").text, school.browser("owner").get("/").text
    assert ("My goals" in coach, "My goals" in owner) == (False, True)
    assert 'Wait longer</a> <span class="quiet">of Ada Owner' in coach
    assert "of Ada Owner" not in owner


def test_every_page_has_its_sign_and_a_lesson_that_was_taken_back_a_word(school: School) -> None:
    sign = school.browser("nobody").get("/favicon.ico")
    assert (sign.status_code, sign.headers["content-type"]) == (200, "image/svg+xml")
    assert 'rel="icon" href="/favicon.ico"' in school.browser("nobody").get("/sign-in").text
    assert "its owner took it back" in school.browser("coach").get("/?notice=taken-back").text


def test_the_owner_reads_who_opened_her_lesson(school: School) -> None:
    school.browser("coach").get(f"/lessons/{school.ids['lesson']}")
    shares = school.browser("owner").get(f"/api/lessons/{school.ids['lesson']}/shares").json()
    assert [one["person"]["name"] for one in shares[0]["openings"]] == ["Coach Person"]
    assert "Coach Person opened" in school.browser("owner").get("/me").text


def test_words_of_people_are_never_markup(school: School) -> None:
    owner = school.browser("owner")
    lesson = school.ids["lesson"]
    owner.post(f"/api/lessons/{lesson}/comments", json={"text": FORMULA, "start_ms": 1})
    owner.patch(f"/api/lessons/{lesson}", json={"title": FORMULA})
    for page in ("/", f"/lessons/{lesson}"):
        assert "<script>alert" not in owner.get(page).text
    assert owner.get(f"/api/lessons/{lesson}/comments").json()[0]["text"] == FORMULA.strip()


def test_a_comment_is_edited_deleted_and_brought_back(school: School) -> None:
    coach, owner = school.browser("coach"), school.browser("owner")
    address = f"/api/comments/{school.ids['comment']}"
    listing = f"/api/lessons/{school.ids['lesson']}/comments"
    assert coach.patch(address, json={"text": "A kinder word"}).json()["edited_at"] is not None
    assert coach.delete(address).status_code == 204
    assert owner.get(listing).json() == []
    assert coach.get(listing).json()[0]["deleted"] is True
    assert coach.post(f"{address}/restore").json()["deleted"] is False
    assert owner.get(listing).json()[0]["text"] == "A kinder word"


@pytest.mark.parametrize(
    "bad",
    [
        {"text": "  ", "start_ms": 1},
        {"text": "x" * 5001, "start_ms": 1},
        {"text": "late", "start_ms": 600_001},
        {"text": "backwards", "start_ms": 10, "end_ms": 10},
        {"text": "huge", "start_ms": 10**30},
        {"start_ms": 1},
    ],
)
def test_a_comment_that_cannot_be_taken_gets_one_sentence(school: School, bad: dict[str, object]) -> None:
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/comments", json=bad)
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "message"}


def test_a_lesson_is_deleted_by_its_title_and_can_be_brought_back(school: School) -> None:
    owner, address = school.browser("owner"), f"/api/lessons/{school.ids['lesson']}"
    assert owner.request("DELETE", address, json={"title": "another"}).status_code == 422
    assert owner.request("DELETE", address, json={"title": "Year 9 fractions"}).status_code == 204
    assert owner.get(address).status_code == 404
    assert school.browser("coach").get(address).status_code == 404
    assert owner.post(f"{address}/restore").status_code == 204
    assert owner.get(address).status_code == 200


def test_captions_hold_what_was_said(school: School) -> None:
    answer = school.browser("coach").get(f"/media/lessons/{school.ids['lesson']}/captions.vtt")
    assert answer.headers["content-type"].startswith("text/vtt")
    assert answer.text == "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\n<v teacher>Secret words\n"


@contextmanager
def counted(school: School) -> Iterator[list[str]]:
    """Collect the statements that reach the database."""
    statements: list[str] = []

    def note(_c: object, _cu: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(school.database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(school.database.engine, "before_cursor_execute", note)


def test_a_longer_list_asks_no_more_questions_of_the_database(school: School) -> None:
    owner = school.browser("owner")
    with counted(school) as few:
        owner.get("/")
    with school.database.write() as session:
        owner_row = session.get_one(Person, school.ids["person_owner"])
        for number in range(25):
            make_lesson(session, owner_row, f"Lesson {number}")
    with counted(school) as many:
        owner.get("/")
    assert len(many) == len(few) < 40


def test_the_kept_description_of_the_api_is_current() -> None:
    kept = Path(__file__).resolve().parents[4] / "web" / "frontend" / "openapi.json"
    assert kept.read_text("utf-8") == openapi_document(), "run: hindsight openapi > web/frontend/openapi.json"


def test_a_change_that_arrives_late_overwrites_no_newer_one(school: School) -> None:
    coach, address = school.browser("coach"), f"/api/comments/{school.ids['comment']}"
    before = next(
        one["text"]
        for one in coach.get(f"/api/lessons/{school.ids['lesson']}/comments").json()
        if one["id"] == school.ids["comment"]
    )
    assert coach.patch(address, json={"text": "The newer words", "seen": [before]}).status_code == 200
    late = coach.patch(address, json={"text": "The older words", "seen": [before]})
    assert (late.status_code, late.json()["code"]) == (409, "edited_meanwhile")
    again = coach.patch(address, json={"text": "The newer words", "seen": [before]})  # its answer was lost
    assert (again.status_code, again.json()["text"]) == (200, "The newer words")
    assert len(coach.get(f"{address}/versions").json()) == 1
