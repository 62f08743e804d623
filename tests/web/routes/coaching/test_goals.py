"""A goal's page brings together what was said about it in every lesson, its measure, its actions, and what changed."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date, timedelta

import pytest

from annotation.coaching.goals import text_of
from core.clock import utc_now
from core.models import Goal
from tests.annotation.lessons.test_measures_over_time import document
from tests.support.web_school import School
from tests.web.routes.lessons.test_measures_over_time import add_lesson
from web.rendering import by_day


@pytest.mark.parametrize("kind", ["owner", "coach"])
def test_comments_of_two_lessons_by_stage_actions_measure_and_change_are_on_one_page(school: School, kind: str) -> None:
    owner, goal, pair = school.browser("owner"), school.ids["goal"], school.ids["partnership_coach"]
    with school.database.write() as session:
        row = session.get_one(Goal, goal)
        row.measure, row.direction = "wait_1_median_ms", "up"
    add_lesson(school, "Before", date(2020, 3, 2), document(wait_1_median_ms=1000))
    later = add_lesson(school, "Since", utc_now().date(), document(wait_1_median_ms=3000))
    owner.post(f"/api/lessons/{later}/shares", json={"partnership_id": pair})
    for lesson, stage, text in ((school.ids["lesson"], "R", "I see it now"), (later, "O", "Or ask pairs first")):
        said = {"partnership_id": pair, "start_ms": 0, "text": text, "stage": stage, "goal_id": goal}
        assert owner.post(f"/api/lessons/{lesson}/comments", json=said).status_code == 201
    owner.post(f"/partnerships/{pair}/actions", data={"what": "Count to three", "by": "2030-01-01", "goal_id": goal})
    owner.post(f"/goals/{goal}/close", data={"outcome": "They talk to each other"})
    page = school.browser(kind).get(f"/goals/{goal}")
    assert page.status_code == 200
    order: tuple[str, ...] = (
        "They talk to each other",
        "Before this goal: 1.0 s",
        "across lessons",
        "Count to three",
        "by 1 January 2030",
    )
    order += ("<h3>Reality</h3>", "I see it now", "<h3>Options</h3>", "Or ask pairs first", "A quiet word")
    assert [page.text.find(words) for words in order] == sorted(page.text.find(words) for words in order)
    assert -1 not in [page.text.find(words) for words in order]


@pytest.mark.parametrize(("days", "words"), [(0, "by today"), (1, "by tomorrow"), (-1, "was for yesterday")])
def test_a_day_is_written_as_people_say_it(days: int, words: str) -> None:
    assert by_day(utc_now().date() + timedelta(days=days)) == words


def test_a_day_of_this_week_is_named() -> None:
    day = utc_now().date() + timedelta(days=3)
    assert by_day(day) == f"by {day:%A}"


def form_of(school: School, kind: str) -> dict[str, str]:
    """Return the form of the goal as its page sends it to somebody."""
    page = school.browser(kind).get(f"/goals/{school.ids['goal']}").text
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert version is not None
    with school.database.read() as session:
        text = text_of(session.get_one(Goal, school.ids["goal"]))
    return asdict(text) | {"version": version[1]}


def test_what_two_people_change_of_a_goal_at_once_is_kept_of_both(school: School) -> None:
    hers, his, address = form_of(school, "owner"), form_of(school, "coach"), f"/goals/{school.ids['goal']}"
    assert school.browser("owner").post(address, data=hers | {"reality": "They answer at once"}).status_code == 303
    assert school.browser("coach").post(address, data=his | {"will": "Count to five"}).status_code == 303
    now = form_of(school, "owner")
    assert (now["reality"], now["will"]) == ("They answer at once", "Count to five")


def test_who_changes_the_same_part_of_a_goal_later_sees_both_texts_and_chooses(school: School) -> None:
    hers, his, address = form_of(school, "owner"), form_of(school, "coach"), f"/goals/{school.ids['goal']}"
    assert school.browser("owner").post(address, data=hers | {"will": "Count to three"}).status_code == 303
    refused = school.browser("coach").post(address, data=his | {"will": "Ask pairs first"})
    assert refused.status_code == 409
    assert "It now says: “Count to three”" in refused.text
    assert "Ask pairs first</textarea>" in refused.text
    assert form_of(school, "owner")["will"] == "Count to three"
    version = re.search(r'name="version" value="([^"]+)"', refused.text)
    assert version is not None
    again = his | {"will": "Ask pairs first", "version": version[1]}
    assert school.browser("coach").post(address, data=again).status_code == 303
    assert form_of(school, "owner")["will"] == "Ask pairs first"
    assert "will: Count to three" in school.browser("owner").get(address).text
