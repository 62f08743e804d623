"""What a leaver reaches: every route, asked by somebody who has left and whose own everything there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from annotation.people.passwords import hash_password
from annotation.people.sign_in import begin_sign_in
from annotation.school.staff import mark_left
from core.clock import utc_now
from core.database.backup import tables_of
from core.database.db import Database
from core.models import Lesson, Person, PortfolioItem, SignIn, VoicePrint
from tests.access.test_every_route import EVERYBODY, TABLE, address, filled
from tests.support.web_school import School

# (method, route) -> what a leaver whose own it is gets: the act is done, or refused for another reason than leaving.
OPEN = {
    ("GET", "/me"),
    ("GET", "/api/me"),
    ("GET", "/me/everything.zip"),
    ("POST", "/me/delete"),
    ("POST", "/lessons/{lesson_id}/delete-for-good"),
    ("POST", "/conversations/{lesson_id}/forget"),
    ("POST", "/portfolio/{item_id}/consent"),
    ("POST", "/me/voice/delete"),
    ("POST", "/me/devices/out"),
    ("POST", "/me/devices/{sign_in_id}"),
    ("POST", "/me/password"),
    ("POST", "/me/password/remove"),
    ("GET", "/me/second-factor"),
    ("POST", "/me/second-factor"),
    ("POST", "/me/second-factor/codes"),
    ("POST", "/me/second-factor/remove"),
}
# Open to everybody, signed in or not, or about signing in itself.
FOR_ANYBODY = {one for one, (who, _, _) in TABLE.items() if who == EVERYBODY} | {
    (method, path) for method, path in TABLE if path.startswith(("/welcome", "/sign-in", "/metrics"))
}
LEFT = "/me?notice=left"


def leave(school: School, kind: str) -> School:
    """Have the lead close somebody's account; return the school as she finds it when she signs in again."""
    with school.database.write() as session:
        mark_left(session, session.get_one(Person, school.ids["person_lead"]), school.ids[f"person_{kind}"])
        person = session.get_one(Person, school.ids[f"person_{kind}"])
        return replace(school, secrets=school.secrets | {kind: begin_sign_in(session, person, "a browser")})


def rows(database: Database) -> dict[str, int]:
    """Return how many rows each table has."""
    with database.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables_of(connection)
        }


@pytest.mark.parametrize("kind", ["owner", "coach"])
def test_a_leaver_is_let_in_where_the_list_says_and_nowhere_else(school: School, kind: str) -> None:
    left = leave(school, kind)
    browser, before, refused = left.browser(kind), rows(left.database), 0
    for (method, path), (_, body, form) in TABLE.items():
        if (method, path) in OPEN | FOR_ANYBODY:
            continue
        fields = filled(left, form or {})
        files = {"file": ("a.txt", fields.pop("file").encode())} if "file" in fields else None
        answer = browser.request(method, address(left, path), json=body, data=fields or None, files=files)
        sent_back = answer.headers.get("location", "") == LEFT
        assert sent_back or answer.status_code in (403, 404), (method, path, answer.status_code, answer.text[:200])
        refused += 1
    assert refused > 100
    assert rows(left.database) == before


def test_what_is_open_to_a_leaver_is_never_refused_because_she_has_left(school: School) -> None:
    for method, path in sorted(OPEN):
        form = filled(school, TABLE[(method, path)][2] or {}) | {"answer": "no"}
        sent = form if method == "POST" else None
        answer = school.browser("leaver").request(method, address(school, path), data=sent)
        assert answer.headers.get("location", "") != LEFT, (method, path)
        assert answer.status_code != 403, (method, path)


def test_a_leaver_withdraws_her_consent_and_gives_no_new_one(school: School) -> None:
    address = f"/portfolio/{school.ids['item']}/consent"
    assert school.browser("owner").post(address, data={"answer": "yes"}).status_code == 303
    owner = leave(school, "owner").browser("owner")
    page = owner.get("/me").text
    assert "Withdraw it" in page
    assert "I agree" not in page
    assert owner.post(address, data={"answer": "no"}).headers["location"] == "/me?notice=consent-not"
    assert owner.post(address, data={"answer": "yes"}).status_code == 403
    with school.database.read() as session:
        assert session.get_one(PortfolioItem, school.ids["item"]).consent == "withdrawn"


def test_a_leaver_deletes_one_lesson_and_keeps_the_rest(school: School) -> None:
    coach = leave(school, "coach").browser("coach")
    assert "Our talk" in coach.get("/me").text
    wrong = coach.post(f"/lessons/{school.ids['talk']}/delete-for-good", data={"title": "Something else"})
    assert wrong.status_code == 422
    assert coach.post(f"/lessons/{school.ids['lesson']}/delete-for-good", data={"title": "x"}).status_code == 404
    assert coach.post(f"/lessons/{school.ids['talk']}/delete-for-good", data={"title": "Our talk"}).status_code == 303
    assert "Our talk" not in coach.get("/me").text
    with school.database.read() as session:
        assert session.get(Lesson, school.ids["talk"]) is None
        assert session.get(Lesson, school.ids["lesson"]) is not None


def test_a_leaver_has_a_recorded_conversation_with_her_deleted(school: School) -> None:
    owner = leave(school, "owner").browser("owner")
    assert f"/conversations/{school.ids['talk']}/forget" in owner.get("/me").text
    assert owner.post(f"/conversations/{school.ids['talk']}/forget").status_code == 303
    assert "Recorded conversations with you" not in owner.get("/me").text
    with school.database.read() as session:
        assert session.get(Lesson, school.ids["talk"]) is None


def test_a_leaver_deletes_her_voice_print_and_makes_no_new_one(school: School) -> None:
    with school.database.write() as session:
        session.add(VoicePrint(person_id=school.ids["person_owner"], consented_at=utc_now()))
    owner = leave(school, "owner").browser("owner")
    assert "Delete my voice print" in owner.get("/me").text
    assert owner.post("/me/voice/delete").headers["location"] == "/me?notice=print-deleted"
    assert "Learn my voice" not in owner.get("/me").text
    assert owner.post("/me/voice").status_code == 403
    with school.database.read() as session:
        assert session.get(VoicePrint, school.ids["person_owner"]) is None


def test_a_leaver_signs_a_device_out_and_changes_her_password(school: School) -> None:
    left = leave(school, "owner")
    with school.database.write() as session:
        person = session.get_one(Person, school.ids["person_owner"])
        person.password_hash = hash_password("the old words of mine")
        begin_sign_in(session, person, "a lost phone")
    owner = left.browser("owner")
    with school.database.read() as session:
        lost = session.scalars(select(SignIn.id).where(SignIn.device == "a lost phone")).one()
    assert owner.post(f"/me/devices/{lost}").headers["location"] == "/me?notice=device-out"
    new = {"old": "the old words of mine", "new": "some new words of mine"}
    assert owner.post("/me/password", data=new).headers["location"] == "/me?notice=password-changed"
    with school.database.read() as session:
        assert session.get(SignIn, lost) is None
