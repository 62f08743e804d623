"""Whatever gives a coach something of a shared lesson leaves a note for its owner."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from core.models import Opening
from tests.access.test_every_route import TABLE, address
from tests.support.web_school import BYTES, School

MARKERS = ("Secret words", "A quiet word", "Year 9 fractions")
PICTURES = ("poster", "filmstrip", "rendition")
# Where a marker is no content of a lesson: what both wrote, or he alone did.
TOGETHER = ("/me", "/portfolio", "/walks", "/coaches", "/partnerships", "/goals", "/sessions/", "/api/sessions/")


def kinds(school: School) -> list[str]:
    with school.database.read() as session:
        return list(session.scalars(select(Opening.kind)))


def forget(school: School) -> None:
    with school.database.write() as session:
        session.execute(delete(Opening))


def test_every_address_that_gives_content_of_a_lesson_leaves_a_note(school: School) -> None:
    coach = school.browser("coach")
    noted: dict[str, list[str]] = {}
    paths = [path for method, path in TABLE if method == "GET"]
    addresses = [address(school, path) for path in paths]
    addresses += [f"/media/lessons/{school.ids['lesson']}/{kind}" for kind in PICTURES]
    addresses += [f"/api/lessons/{school.ids['lesson']}/export/json"]
    addresses += [address(replace(school, ids=school.ids | {"session": school.ids["met"]}), path) for path in paths]
    for one in dict.fromkeys(addresses):
        forget(school)
        answer = coach.get(one)
        gives = answer.status_code == 200 and (
            any(marker in answer.text for marker in MARKERS) or BYTES[:200] in answer.content
        )
        noted[one] = kinds(school)
        if gives and not one.startswith(TOGETHER):
            assert noted[one], one
    assert noted["/"] == ["listed", "listed"]  # the lesson and the clip
    assert noted[f"/media/lessons/{school.ids['lesson']}/poster"] == ["listed"]
    assert noted[f"/media/lessons/{school.ids['lesson']}/captions.vtt"] == ["words"]
    assert noted[f"/api/sessions/{school.ids['session']}"] == ["page"]
    assert len([one for one in noted.values() if one]) > 12


@pytest.mark.parametrize("kind", ["owner", "stranger"])
def test_an_owner_and_a_refusal_leave_no_note(school: School, kind: str) -> None:
    client = school.browser(kind)
    for path in ("/lessons/{lesson}", "/api/lessons/{lesson}/comments", "/clips/{clip}", "/", "/sessions/{session}"):
        client.get(path.format(**school.ids))
    assert kinds(school) == []


def test_listing_is_never_called_opening_and_opening_is_noted_once(school: School) -> None:
    coach, owner = school.browser("coach"), school.browser("owner")
    coach.get("/")
    assert "had in a list" in owner.get("/me").text
    shares = owner.get(f"/api/lessons/{school.ids['lesson']}/shares").json()
    assert [one["openings"] for one in shares] == [[]]
    for _ in range(3):
        coach.get(f"/lessons/{school.ids['lesson']}")
        coach.get(f"/media/lessons/{school.ids['lesson']}/rendition", headers={"range": "bytes=0-9"})
        coach.get("/")
    assert sorted(kinds(school)) == ["listed", "listed", "page"]
    page = owner.get("/me").text
    assert page.index("Coach Person opened") < page.index("Coach Person had in a list")
