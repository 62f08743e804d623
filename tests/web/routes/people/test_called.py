"""What somebody is called is asked on joining and on her page, and shown wherever a short name is."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from annotation.people.passwords import _hasher
from annotation.people.sign_in import Attempts
from core.models import Person
from tests.support.web_school import School


def places(school: School) -> dict[str, str]:
    """Return each page on which the owner reads her coach's short name."""
    owner, ids = school.browser("owner"), school.ids
    addresses = [f"/lessons/{ids['lesson']}", f"/goals/{ids['goal']}", f"/sessions/{ids['session']}"]
    addresses.append(f"/partnerships/{ids['partnership_coach']}")
    return {address: owner.get(address).text for address in addresses}


def test_nobody_is_called_mr_and_everybody_what_she_says(school: School) -> None:
    with school.database.write() as session:
        session.get_one(Person, school.ids["person_coach"]).name = "Mr Patel"
    for address, page in places(school).items():
        assert "You and Mr Patel" in page, address
    coach = school.browser("coach")
    assert "your partners read “Mr Patel”" in coach.get("/me").text
    assert coach.post("/me/called", data={"called": " Raj "}).headers["location"] == "/me?notice=saved"
    assert "your partners read “Raj”" in coach.get("/me").text
    for address, page in places(school).items():
        assert "You and Raj" in page, address
    seen = school.browser("owner").get(f"/api/sessions/{school.ids['session']}").json()
    assert seen["other_called"] == "Raj"
    clip = coach.get(f"/clips/{school.ids['clip']}").text
    assert "Ada and you" in clip


def test_too_long_an_answer_is_refused_and_stays_in_the_field(school: School) -> None:
    answer = school.browser("coach").post("/me/called", data={"called": "x" * 61})
    assert answer.status_code == 422
    assert "at most 60 characters" in answer.text
    assert f'value="{"x" * 61}"' in answer.text


def test_who_joins_is_asked_and_may_leave_it_empty(school: School) -> None:
    browser = school.browser("nobody")
    assert "What should we call you?" in browser.get("/join/join-me").text
    form = {"name": "Dr Nia New", "password": "four words of mine", "called": "Nia"}
    assert browser.post("/join/join-me", data=form | {"password": "short"}).status_code == 422
    assert browser.post("/join/join-me", data=form).status_code == 303
    with school.database.read() as session:
        assert session.get_one(Person, school.ids["person_invited"]).called == "Nia"


def test_what_somebody_is_called_goes_with_her_account(school: School) -> None:
    coach = school.browser("coach")
    coach.post("/me/called", data={"called": "Secret nickname"})
    with school.database.read() as session:
        email = session.get_one(Person, school.ids["person_coach"]).email
    assert coach.post("/me/delete", data={"email": email}).status_code == 303
    with school.database.read() as session:
        assert session.get_one(Person, school.ids["person_coach"]).called == ""


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_somebody_signs_in_on_any_keyboard_and_the_old_hash_becomes_a_new_one(
    school: School, form: Literal["NFC", "NFD"]
) -> None:
    stored = _hasher().hash(unicodedata.normalize("NFD", "café au lait"))  # as it was kept before
    with school.database.write() as session:
        person = session.get_one(Person, school.ids["person_stranger"])
        person.password_hash, email = stored, person.email
    school.app.state.attempts = Attempts()
    typed = {"email": email, "password": unicodedata.normalize(form, "café au lait")}
    assert school.browser("nobody").post("/sign-in", data=typed).status_code == 303
    with school.database.read() as session:
        assert session.get_one(Person, school.ids["person_stranger"]).password_hash != stored
    assert school.browser("nobody").post("/sign-in", data=typed).status_code == 303
