"""The lead's page with a whole school on it: as many questions to the database as with three people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from tests.support.factories import make_person
from tests.support.web_school import School


def asked(school: School) -> int:
    count = 0

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    event.listen(school.database.engine, "before_cursor_execute", note)
    assert school.browser("lead").get("/programme").status_code == 200
    event.remove(school.database.engine, "before_cursor_execute", note)
    return count


def test_a_school_of_two_hundred_asks_the_database_no_more_than_a_small_one(school: School) -> None:
    asked(school)  # a first connection asks for itself
    before = asked(school)
    with school.database.write() as session:
        for number in range(200):
            make_person(session, f"Person {number}", department=f"Department {number % 9}")
    assert asked(school) == before
    assert "could ask" in school.browser("lead").get("/programme").text


def test_the_lead_changes_where_somebody_stands_on_a_page_of_her_own(school: School) -> None:
    lead, address = school.browser("lead"), f"/programme/people/{school.ids['person_stranger']}"
    assert f'href="{address}"' in lead.get("/programme").text
    boss = school.ids["person_friend"]
    lead.post(address, data={"department": "Art", "manager_id": boss})
    page = lead.get(address).text
    assert 'value="Art"' in page
    assert f'<option value="{boss}" selected>' in page
    assert lead.get("/programme/people/nobody").status_code == 404
