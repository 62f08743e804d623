"""Requests of a page that somebody else opened, at every route: refused, with nothing done and nothing shown."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from core.database.db import Database
from core.models import Base, Person
from tests.access.test_every_route import ELSEWHERE, TABLE, address, filled, routes_of
from tests.support.web_school import School, Standing
from web.rendering import PERSON_FIELD
from web.security.page_person import PERSON_HEADER

UPLOADS = (
    ("POST", "/api/uploads"),
    ("HEAD", "/api/uploads/{upload_id}"),
    ("PATCH", "/api/uploads/{upload_id}"),
    ("DELETE", "/api/uploads/{upload_id}"),
)
TUS = {"tus-resumable": "1.0.0", "upload-length": "10", "upload-offset": "0"}
# Pages that are open to nobody: there is no person on whose page their forms could be.
BEFORE_SIGN_IN = ("/sign-in", "/welcome", "/forgotten", "/join/", "/new-password/")
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


def rows_of(database: Database) -> dict[str, list[str]]:
    """Return everything that the database holds, but when a device was last seen."""
    with database.read() as session:
        return {
            table.name: sorted(
                str([value for column, value in row._mapping.items() if column != "last_seen_at"])
                for row in session.execute(select(table))
            )
            for table in Base.metadata.sorted_tables
        }


def test_the_walk_meets_every_route(school: School) -> None:
    streams = {one for one in routes_of(school.app.routes) if one[1].endswith("/events")}  # these name their person
    tus = {one for one in routes_of(school.app.routes) if one[1].startswith("/api/uploads")}
    assert routes_of(school.app.routes) - streams == set(TABLE) | tus
    assert {one for one in tus if one[0] != "OPTIONS"} == set(UPLOADS)
    assert all(one[1].startswith(ELSEWHERE) for one in streams | tus)


@pytest.mark.parametrize(("method", "path"), [*TABLE, *UPLOADS])
def test_a_request_of_another_persons_page_is_refused_at_every_route(
    standing_school: School, method: str, path: str
) -> None:
    school = standing_school
    _, body, form = TABLE.get((method, path), (None, None, None))
    place = path.replace("{upload_id}", "an-upload")
    before = rows_of(school.database)
    for kind in ("owner", "coach", "lead"):
        client = school.browser(kind)
        client.headers[PERSON_HEADER] = school.ids["person_stranger"]
        where = address(school, place) if (method, path) in TABLE else place
        files = {"file": ("a.txt", form["file"].encode())} if form and "file" in form else None
        data = None if form is None else {k: v for k, v in filled(school, form).items() if k != "file"}
        answer = client.request(
            method, where, json=body, data=data, files=files, headers=TUS if "upload" in path else {}
        )
        assert answer.status_code == 409, (kind, answer.text)
        if path.startswith(("/api/", "/media/")) and method != "HEAD":
            assert answer.json()["code"] == "other_person"
        if method != "HEAD":
            assert "signed in as" in answer.text
        assert "Secret words" not in answer.text
        assert "A quiet word" not in answer.text
    assert rows_of(school.database) == before


FORMS = [(method, path) for (method, path), (_, _, form) in TABLE.items() if form is not None]


@pytest.mark.parametrize(("method", "path"), FORMS)
def test_a_form_of_another_persons_page_is_refused_and_shows_nobody_what_was_typed(
    standing_school: School, method: str, path: str
) -> None:
    school = standing_school
    form = TABLE[(method, path)][2]
    assert form is not None
    before = rows_of(school.database)
    files = {"file": ("a.txt", form["file"].encode())} if "file" in form else None
    data = {name: value for name, value in filled(school, form).items() if name != "file"}
    data |= {PERSON_FIELD: school.ids["person_stranger"], "more": "what the other one typed"}
    for kind in ("owner", "coach", "lead"):
        answer = school.browser(kind).request(method, address(school, path), data=data, files=files)
        assert "the other one typed" not in answer.text
        if files and kind not in TABLE[(method, path)][0]:  # whose page it is stands in a body that is not read
            assert answer.status_code in (403, 404)
            before["opening"] = rows_of(school.database)["opening"]  # she is shown her own page again
            continue
        assert answer.status_code == 409, (kind, answer.text)
        assert "signed in as" in answer.text
        assert "Reload" in answer.text
    assert rows_of(school.database) == before


@pytest.mark.parametrize("kind", ["owner", "coach", "lead", "leaver"])
def test_every_form_of_every_page_says_whose_page_it_is(school: School, kind: str) -> None:
    own = f'<input type="hidden" name="{PERSON_FIELD}" value="{school.ids[f"person_{kind}"]}">'
    client, found = school.browser(kind), 0
    for method, path in TABLE:
        if method != "GET" or path.startswith(("/api/", "/media/", *BEFORE_SIGN_IN)):
            continue
        for form in FORM.findall(client.get(address(school, path)).text):
            if 'method="post"' in form.split(">")[0]:
                assert own in form, (path, form)
                found += 1
    assert found > 3


def test_ones_own_page_goes_on_working(school: School, standing: Standing) -> None:
    del standing
    client = school.browser("owner")
    own = school.ids["person_owner"]
    assert client.get(f"/api/lessons/{school.ids['lesson']}", headers={PERSON_HEADER: own}).status_code == 200
    answer = client.post("/me/called", data={"called": "Ada", PERSON_FIELD: own})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?notice=saved")
    with school.database.read() as session:
        assert session.get_one(Person, own).called == "Ada"


def test_whose_sign_in_is_over_is_asked_to_sign_in(school: School) -> None:
    nobody = school.browser("nobody")
    answer = nobody.get(f"/api/lessons/{school.ids['lesson']}", headers={PERSON_HEADER: school.ids["person_owner"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")


def test_a_form_that_breaks_off_is_refused_as_it_always_was(school: School) -> None:
    content = {"content-type": "multipart/form-data; boundary=x"}
    answer = school.browser("owner").post("/me/called", content=b"--x\r\nContent-Dis", headers=content)
    assert answer.status_code in (303, 400, 422)
