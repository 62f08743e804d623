"""A portfolio: consent item by item for the very words, redacted when it is withdrawn, as PDF and as zip."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

from pypdf import PdfReader
from sqlalchemy import select

from annotation.lessons.undo import UNDO
from core.clock import utc_now
from core.models import ClipShare, PortfolioItem
from tests.support.web_school import BYTES, School
from web.pdf.document import render_pdf
from workers.queue.sweeper import delete_discarded


def pdf(school: School) -> str:
    answer = school.browser("coach").get("/portfolio.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


def consent(school: School, answer: str, item: str | None = None) -> None:
    school.browser("owner").post(f"/portfolio/{item or school.ids['item']}/consent", data={"answer": answer})


def test_a_log_is_left_out_until_the_coachee_agrees_and_again_when_she_withdraws(school: School) -> None:
    assert "Secret words" not in pdf(school)
    assert "has not answered yet" in pdf(school)
    consent(school, "yes")
    text = pdf(school)
    assert "Secret words of a log" in text
    assert "Ada Owner agreed to this item on" in text
    consent(school, "no")
    text = pdf(school)
    assert "Secret words" not in text
    assert "withdrawn her consent" in text
    assert "Coaching log" not in text  # not even which it was


def test_a_refusal_is_kept_and_can_become_a_yes(school: School) -> None:
    consent(school, "no")
    assert "does not want it here" in pdf(school)
    consent(school, "yes")
    assert "Secret words of a log" in pdf(school)


def test_a_log_that_is_changed_after_the_consent_is_shown_as_it_was_agreed_to(school: School) -> None:
    consent(school, "yes")
    address = f"/api/sessions/{school.ids['met']}"
    assert school.browser("coach").patch(address, json={"notes": {"G": "Something she never saw"}}).status_code == 200
    assert "never saw" not in pdf(school)


def test_nobody_but_the_coachee_answers_for_her(school: School) -> None:
    for kind in ("coach", "lead", "manager", "other_coach"):
        answer = school.browser(kind).post(f"/portfolio/{school.ids['item']}/consent", data={"answer": "yes"})
        assert answer.status_code == 404


def test_a_reflection_that_names_a_coachee_waits_for_her_and_one_that_names_nobody_does_not(school: School) -> None:
    coach = school.browser("coach")
    coach.post("/portfolio/reflections", data={"title": "Waiting", "text": "I learned it from ADA."})
    coach.post("/portfolio/reflections", data={"title": "A year", "text": "I learned to be silent."})
    with school.database.read() as session:
        items = {one.title: one.consent for one in session.scalars(select(PortfolioItem))}
    assert (items["Waiting"], items["A year"]) == ("asked", "")
    assert "silent" in pdf(school)
    assert "learned it from" not in pdf(school)


def test_a_clip_is_in_the_zip_while_it_is_agreed_to_and_still_shared(school: School) -> None:
    coach = school.browser("coach")
    assert coach.post("/portfolio/clips", data={"clip_id": school.ids["clip"]}).status_code == 303
    with school.database.read() as session:
        item = session.scalars(select(PortfolioItem).where(PortfolioItem.kind == "clip")).one().id

    def films() -> list[str]:
        archive = zipfile.ZipFile(io.BytesIO(coach.get("/portfolio.zip").content))
        assert archive.testzip() is None
        assert archive.read("portfolio.pdf").startswith(b"%PDF")
        found = [name for name in archive.namelist() if "Clip" in name and not name.endswith(".txt")]
        assert all(archive.read(name) == BYTES for name in found)
        return found

    assert films() == []
    consent(school, "yes", item)
    assert len(films()) == 1
    with school.database.write() as session:
        for share in session.scalars(select(ClipShare)):
            share.taken_back_at = utc_now()
    assert films() == []
    assert "not shared any more" in pdf(school)


def test_items_move_and_go_and_the_same_log_is_there_once(school: School) -> None:
    coach = school.browser("coach")
    coach.post("/portfolio/tasks", data={"module": "grow"})
    coach.post("/portfolio/logs", data={"session_id": school.ids["met"]})
    data = json.loads(zipfile.ZipFile(io.BytesIO(coach.get("/portfolio.zip").content)).read("portfolio.json"))
    assert [one["kind"] for one in data["items"]] == ["log", "task"]
    coach.post(f"/portfolio/{school.ids['item']}/move", data={"by": "1"})
    page = coach.get("/portfolio").text
    assert page.index("Set task: The GROW Method") < page.index("Coaching log")
    coach.post(f"/portfolio/{school.ids['item']}/remove")
    assert "Coaching log," not in coach.get("/portfolio.pdf").text


def reflect(school: School, title: str, text: str) -> str:
    """Put a reflection into the coach's portfolio, and return it."""
    school.browser("coach").post("/portfolio/reflections", data={"title": title, "text": text})
    with school.database.read() as session:
        return session.scalars(select(PortfolioItem.id).where(PortfolioItem.title == title)).one()


def test_a_reflection_that_is_taken_out_can_be_put_back_for_a_day(school: School) -> None:
    coach, item = school.browser("coach"), reflect(school, "A year", "I learned to be silent.")
    for _ in range(2):  # twice is once
        assert coach.post(f"/portfolio/{item}/remove").status_code == 303
    assert "I learned to be silent." not in coach.get("/portfolio").text
    assert "silent" not in pdf(school)
    assert f"/portfolio/{item}/restore" in coach.get("/portfolio").text
    for _ in range(2):
        assert coach.post(f"/portfolio/{item}/restore").status_code == 303
    assert "I learned to be silent." in coach.get("/portfolio").text
    assert f"/portfolio/{item}/restore" not in coach.get("/portfolio").text
    assert "silent" in pdf(school)


def test_a_reflection_that_was_taken_out_a_day_ago_is_gone(school: School) -> None:
    coach, item = school.browser("coach"), reflect(school, "A year", "I learned to be silent.")
    coach.post(f"/portfolio/{item}/remove")
    with school.database.write() as session:
        session.get_one(PortfolioItem, item).deleted_at = utc_now() - UNDO - timedelta(minutes=1)
    assert coach.post(f"/portfolio/{item}/restore").status_code == 404
    assert "A year" not in coach.get("/portfolio").text
    delete_discarded(school.database)
    with school.database.read() as session:
        assert session.get(PortfolioItem, item) is None


def test_what_shows_a_coachee_is_hers_to_answer_no_more_while_it_is_taken_out_and_keeps_her_answer(
    school: School,
) -> None:
    coach, owner = school.browser("coach"), school.browser("owner")
    item = reflect(school, "Of ADA", "I learned it from ADA.")
    assert "Of ADA" in owner.get("/me").text
    coach.post(f"/portfolio/{item}/remove")
    assert "Of ADA" not in owner.get("/me").text
    coach.post(f"/portfolio/{item}/restore")
    assert "Of ADA" in owner.get("/me").text
    consent(school, "yes", item)
    coach.post(f"/portfolio/{item}/remove")
    consent(school, "no", item)  # from a page that was open
    coach.post(f"/portfolio/{item}/restore")
    assert "learned it from" not in pdf(school)


def test_a_log_that_was_taken_out_and_is_put_in_again_is_there_once(school: School) -> None:
    coach = school.browser("coach")
    coach.post(f"/portfolio/{school.ids['item']}/remove")
    assert coach.post("/portfolio/logs", data={"session_id": school.ids["met"]}).status_code == 303
    with school.database.read() as session:
        logs = session.scalars(select(PortfolioItem).where(PortfolioItem.kind == "log")).all()
    assert [(one.id, one.deleted_at) for one in logs] == [(school.ids["item"], None)]


def test_what_people_write_is_never_markup_in_a_paper() -> None:
    nasty = '#read("/etc/passwd") $x$ *bold* <label> @ref [x] \\ `code` // comment'
    data = {"name": nasty, "day": "today", "items": [{"number": 1, "title": nasty, "text": nasty, "consent": nasty}]}
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(render_pdf("portfolio", data))).pages)
    assert text.replace("\n", " ").count('#read("/etc/passwd")') >= 4
    assert "root:" not in text


def test_a_log_is_a_paper_and_data(school: School) -> None:
    coach = school.browser("coach")
    paper = PdfReader(io.BytesIO(coach.get(f"/sessions/{school.ids['met']}/log.pdf").content))
    text = "".join(page.extract_text() for page in paper.pages)
    assert "Secret words of a log" in text
    assert "Secret words to do" in text
    assert "Ada Owner" in text
    data = coach.get(f"/api/sessions/{school.ids['met']}/log").json()
    assert (data["notes"], data["action"], data["action_done"]) == (
        [{"stage": "G", "text": "Secret words of a log", "by": data["coach"], "mine": True}],
        "Secret words to do",
        False,
    )
