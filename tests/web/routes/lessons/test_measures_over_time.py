"""A teacher's own measures over time: hers alone, in order, with how sure each is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from core.clock import utc_now
from core.models import Goal, Guess, Lesson, MeasuresOpening, MeasuresRow, Person, VoicePrint
from core.school_day import full_day
from tests.annotation.lessons.test_measures_over_time import document
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import make_lesson
from tests.support.web_school import School
from tests.web.test_query_counts import counting


def add_lesson(school: School, title: str, taught_on: date, measures: dict[str, Any] | None) -> str:
    with school.database.write() as session:
        owner = session.get_one(Person, school.ids["person_owner"])
        lesson = make_lesson(session, owner, title, taught_on=taught_on)
        if measures is not None:
            session.add(MeasuresRow(lesson_id=lesson.id, document=measures))
            session.add(Guess(lesson_id=lesson.id, person_id=owner.id, share=None, made_at=utc_now()))
        return lesson.id


def test_lessons_stand_in_the_order_of_their_days_and_open_from_their_point(school: School) -> None:
    later = add_lesson(school, "Later", date(2026, 3, 2), document())
    earlier = add_lesson(school, "Earlier", date(2026, 2, 2), document())
    text = school.browser("owner").get("/measures").text
    assert 0 < text.index(f"/lessons/{earlier}") < text.index(f"/lessons/{later}")
    assert "61 %" in text and "61 % to 70 %" in text


def test_a_lesson_still_worked_on_or_deleted_is_not_there(school: School) -> None:
    add_lesson(school, "Being worked on", date(2026, 2, 2), None)
    gone = add_lesson(school, "Taken away", date(2026, 2, 3), document())
    with school.database.write() as session:
        session.get_one(Lesson, gone).deleted_at = utc_now()
    text = school.browser("owner").get("/measures").text
    assert "Being worked on" not in text and "Taken away" not in text and "Once a lesson" in text


def test_nobody_else_sees_them(school: School) -> None:
    lesson = add_lesson(school, "Hers alone", date(2026, 2, 2), document())
    for kind in ("coach", "lead", "manager", "stranger"):
        text = school.browser(kind).get("/measures").text
        assert "Hers alone" not in text and lesson not in text


def test_pages_of_many_lessons_read_no_interval(school: School) -> None:
    add_lesson(school, "One", date(2026, 3, 2), document())
    with school.database.write() as session:
        session.get_one(Goal, school.ids["goal"]).measure = "wait_1_median_ms"
    pages = [("owner", "/"), ("coach", "/"), ("owner", "/measures"), ("owner", f"/goals/{school.ids['goal']}")]
    pages += [("coach", f"/goals/{school.ids['goal']}"), ("coach", f"/measures/of/{school.ids['partnership_coach']}")]
    for kind, address in pages:
        with counting() as counts:
            assert "2.0 s" in school.browser(kind).get(address).text, address
        assert any("measures.figures" in one for one in counts), address
        assert not any("measures.document" in one for one in counts), address


def test_a_coach_sees_them_only_while_they_are_shown_and_opens_only_what_is_shared(school: School) -> None:
    add_lesson(school, "Not for the coach", date(2026, 3, 2), document())
    owner, coach = school.browser("owner"), school.browser("coach")
    address = f"/measures/of/{school.ids['partnership_coach']}"
    seen = coach.get(address).text
    assert "61 %" in seen
    assert "Not for the coach" not in seen
    assert "/lessons/" not in seen
    assert owner.post(f"/measures/shown/{school.ids['showing']}/take-back").status_code == 303
    assert coach.get(address).status_code == 404
    again = {"partnership_id": school.ids["partnership_coach"]}
    assert owner.post("/measures/shown", data=again).status_code == 303
    assert coach.get(address).status_code == 200
    assert "Coach Person" in owner.get("/measures").text


def test_showing_closes_when_the_partnership_ends(school: School) -> None:
    add_lesson(school, "One", date(2026, 3, 2), document())
    school.browser("owner").post(f"/partnerships/{school.ids['partnership_coach']}/end")
    assert school.browser("coach").get(f"/measures/of/{school.ids['partnership_coach']}").status_code == 404
    refused = school.browser("owner").post("/measures/shown", data={"partnership_id": school.ids["partnership_coach"]})
    assert refused.status_code == 409


def test_a_coach_cannot_show_or_take_back_for_the_teacher(school: School) -> None:
    coach = school.browser("coach")
    shown = coach.post("/measures/shown", data={"partnership_id": school.ids["partnership_coach"]})
    assert shown.status_code == 422
    assert coach.post(f"/measures/shown/{school.ids['showing']}/take-back").status_code == 404


def test_she_guesses_once_then_sees_and_the_coach_never_learns_it(school: School) -> None:
    with school.database.write() as session:
        save_evidence(session, session.get_one(Lesson, school.ids["lesson"]), evidence_of())
    owner, coach = school.browser("owner"), school.browser("coach")
    address = f"/api/lessons/{school.ids['lesson']}"
    before = owner.get(address).json()
    assert (before["guess"], before["measures"]) == ({"wanted": True, "share": None}, None)
    assert "Guess first, then see" in owner.get("/measures").text
    assert coach.get(address).json()["measures"] is None
    assert owner.post(f"{address}/guess", json={"share": 1.5}).status_code == 422
    assert owner.post(f"{address}/guess", json={"share": 0.4}).json() == {"wanted": False, "share": 0.4}
    assert owner.post(f"{address}/guess", json={"share": 0.9}).json()["share"] == 0.4
    assert owner.get(address).json()["measures"]["teacher_ms"] > 0
    assert coach.get(address).json()["measures"]["teacher_ms"] > 0  # she shows them to this partnership
    assert coach.get(address).json()["guess"] == {"wanted": False, "share": None}
    assert coach.post(f"{address}/guess", json={"share": 0.4}).status_code == 404


def test_a_skipped_guess_is_never_asked_again(school: School) -> None:
    with school.database.write() as session:
        save_evidence(session, session.get_one(Lesson, school.ids["lesson"]), evidence_of())
    owner, address = school.browser("owner"), f"/api/lessons/{school.ids['lesson']}"
    assert owner.post(f"{address}/guess", json={"share": None}).status_code == 200
    page = owner.get(address).json()
    assert (page["guess"]["wanted"], page["measures"]["teacher_ms"] > 0) == (False, True)


def test_a_goal_shows_its_measure_across_lessons_to_her_and_to_a_coach_she_shows_it(school: School) -> None:
    add_lesson(school, "One", date(2026, 3, 2), document())
    with school.database.write() as session:
        session.get_one(Goal, school.ids["goal"]).measure = "wait_1_median_ms"
    address = f"/goals/{school.ids['goal']}"
    assert "across lessons" in school.browser("owner").get(address).text
    assert "across lessons" in school.browser("coach").get(address).text
    assert "Last, 2 March 2026: <strong>2.0 s" in school.browser("owner").get("/").text
    school.browser("owner").post(f"/measures/shown/{school.ids['showing']}/take-back")
    assert "across lessons" not in school.browser("coach").get(address).text


def test_the_voice_print_is_off_until_she_allows_it_and_gone_when_she_says_so(school: School) -> None:
    owner = school.browser("owner")
    assert "It is off." in owner.get("/me").text
    owner.post("/me/voice")
    owner.post("/me/voice")
    assert "your next lesson" in owner.get("/me").text
    with school.database.write() as session:
        row = session.get_one(VoicePrint, school.ids["person_owner"])
        row.voice, row.heard_ms = [0.0] * 192, 60_000
    assert "60 seconds" in owner.get("/me").text
    owner.post("/me/voice/delete")
    with school.database.read() as session:
        assert session.get(VoicePrint, school.ids["person_owner"]) is None


def test_the_owner_reads_when_a_coach_opened_her_measures_once_for_one_look(school: School) -> None:
    owner, coach = school.browser("owner"), school.browser("coach")
    assert "has not opened it" in owner.get("/measures").text
    for _ in range(2):
        assert coach.get(f"/measures/of/{school.ids['partnership_coach']}").status_code == 200
    assert f"and opened it on {full_day(utc_now())}" in owner.get("/measures").text
    assert owner.get("/me").text.count("your measures</a>") == 1
    with school.database.write() as session:
        session.execute(update(MeasuresOpening).values(opened_at=utc_now() - timedelta(days=1)))
        session.get_one(Goal, school.ids["goal"]).measure = "teacher_share_of_talk"
    add_lesson(school, "First", date(2026, 11, 2), document())
    assert coach.get(f"/goals/{school.ids['goal']}").status_code == 200  # the goal's line shows them too
    assert "2 times in all" in owner.get("/measures").text
    owner.post(f"/measures/shown/{school.ids['showing']}/take-back")
    coach.get(f"/goals/{school.ids['goal']}")
    assert owner.get("/me").text.count("your measures</a>") == 2


def test_a_line_on_the_coachs_first_page_is_a_listing_and_no_opening(school: School) -> None:
    owner, coach = school.browser("owner"), school.browser("coach")
    with school.database.write() as session:
        session.get_one(Goal, school.ids["goal"]).measure = "teacher_share_of_talk"
    add_lesson(school, "First", date(2026, 11, 2), document())
    assert "goal-line" in coach.get("/").text
    coach.get("/")
    with school.database.read() as session:
        assert list(session.scalars(select(MeasuresOpening.kind))) == ["listed"]
    assert "has not opened it" in owner.get("/measures").text
    coach.get(f"/measures/of/{school.ids['partnership_coach']}")
    coach.get("/")
    with school.database.read() as session:
        assert sorted(session.scalars(select(MeasuresOpening.kind))) == ["listed", "page"]
