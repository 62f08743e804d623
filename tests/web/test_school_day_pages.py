"""Days on pages, papers and exports are the school's: Los Angeles at 22:15, Sydney in the morning, Kathmandu."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest

from annotation.coaching.actions import add_action
from core.clock import stopped_at, utc_now
from core.models import Person
from core.school_day import SchoolDay, full_day
from core.settings import get_settings
from tests.support.web_school import School

TIMES = [
    ("America/Los_Angeles", time(22, 15)),  # already tomorrow by UTC
    ("Australia/Sydney", time(8, 0)),  # still yesterday by UTC
    ("Asia/Kathmandu", time(0, 10)),  # a quarter of an hour that whole hours would miss
]


@dataclass
class There:
    """A school, and the day and moment that it is there."""

    school: School
    today: SchoolDay
    moment: datetime


@pytest.fixture(params=TIMES, ids=lambda one: one[0].partition("/")[2])
def there(school: School, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[There]:
    zone, hour = request.param
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", zone)
    get_settings.cache_clear()
    local = datetime.combine(SchoolDay.of(utc_now()) + timedelta(days=2), hour, ZoneInfo(zone))
    moment = local.astimezone(UTC)
    assert moment.date() != local.date()  # else the test shows nothing
    with ExitStack() as stack:
        stack.enter_context(stopped_at(moment))
        yield There(school, SchoolDay.today(), moment)
    get_settings.cache_clear()


def test_what_is_to_be_done_by_today_is_called_so(there: There) -> None:
    ids = there.school.ids
    with there.school.database.write() as session:
        owner = session.get_one(Person, ids["person_owner"])
        for days, what in ((0, "This evening"), (1, "Next day"), (-1, "Last day")):
            add_action(session, owner, ids["partnership_coach"], what, there.today + timedelta(days=days))
    home = there.school.browser("owner").get("/").text
    assert "This evening, by today" in home
    assert "Next day, by tomorrow" in home
    assert "Last day, was for yesterday" in home


def test_a_share_until_today_is_open_to_the_end_of_the_schools_day(there: There) -> None:
    owner, coach, ids = there.school.browser("owner"), there.school.browser("coach"), there.school.ids
    body = {"partnership_id": ids["partnership_coach"], "until": there.today.isoformat()}
    yesterday = body | {"until": (there.today - timedelta(days=1)).isoformat()}
    assert owner.post(f"/api/lessons/{ids['lesson']}/shares", json=yesterday).status_code == 422
    answer = owner.post(f"/api/lessons/{ids['lesson']}/shares", json=body)
    assert answer.json()["until"] == there.today.isoformat()
    assert f"until {full_day(there.today)}" in coach.get(f"/lessons/{ids['lesson']}").text
    with stopped_at(there.today.ends - timedelta(seconds=1)):
        assert coach.get(f"/lessons/{ids['lesson']}").status_code == 200
    with stopped_at(there.today.ends):
        assert coach.get(f"/lessons/{ids['lesson']}").status_code != 200


def test_a_share_far_away_is_refused_in_a_sentence(school: School) -> None:
    body = {"partnership_id": school.ids["partnership_coach"], "until": "9999-12-31"}
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}/shares", json=body)
    assert answer.status_code == 422
    assert "before 2101" in answer.text


def test_a_log_of_today_says_today_on_every_paper(there: There) -> None:
    coach, ids = there.school.browser("coach"), there.school.ids
    form = {"action": "Wait for five seconds", "met_on": ""}
    address = coach.post(f"/partnerships/{ids['partnership_coach']}/logs", data=form).headers["location"]
    session_id = address.partition("?")[0].rpartition("/")[2]
    log = coach.get(f"/api/sessions/{session_id}/log").json()
    assert log["day"] == there.today.isoformat()
    assert log["lines"][0]["what"] == f"Met on {full_day(there.today)}"
    paper = coach.get(f"/sessions/{session_id}/log.pdf")
    assert there.today.isoformat() in paper.headers["content-disposition"]
    coach.post("/portfolio/logs", data={"session_id": session_id})
    with zipfile.ZipFile(BytesIO(coach.get("/portfolio.zip").content)) as archive:
        assert json.loads(archive.read("portfolio.json"))["day"] == full_day(there.today)
    assert f"Coaching log, {full_day(there.today)}" in coach.get("/portfolio").text
    tomorrow = form | {"met_on": (there.today + timedelta(days=1)).isoformat()}
    assert coach.post(f"/partnerships/{ids['partnership_coach']}/logs", data=tomorrow).status_code == 422


def test_what_is_taken_along_is_dated_by_the_school(there: There) -> None:
    answer = there.school.browser("coach").get("/me/everything.zip")
    assert there.today.isoformat() in answer.headers["content-disposition"]
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert f"taken on {full_day(there.today)}" in archive.read("README.txt").decode()


def test_every_page_names_the_zone_for_the_browser(there: There) -> None:
    page = there.school.browser("owner").get("/").text
    assert f'data-time-zone="{get_settings().zone.key}"' in page


def test_the_form_of_a_log_takes_no_day_that_is_still_to_come_at_the_school(there: There) -> None:
    page = there.school.browser("coach").get(f"/partnerships/{there.school.ids['partnership_coach']}").text
    assert f'max="{there.today.isoformat()}"' in page


def test_a_session_at_a_time_that_the_clocks_jump_over_is_refused_in_a_sentence(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "Europe/London")
    get_settings.cache_clear()
    coach, address = school.browser("coach"), f"/partnerships/{school.ids['partnership_coach']}/plan"
    answer = coach.post(address, data={"at": "2027-03-28T01:30"})
    assert answer.status_code == 422
    assert "skip this time" in answer.text
    assert coach.post(address, data={"at": "9999-12-31T23:59"}).status_code == 422
