"""A goal's page brings together what was said about it in every lesson, its measure, its actions, and what changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.clock import utc_now
from core.models import Goal
from tests.support.web_school import School
from tests.web.routes.lessons.test_measures_over_time import add_lesson, document
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
