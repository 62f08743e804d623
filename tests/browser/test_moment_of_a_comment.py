"""A comment stands at the moment of its first letter, or over the range that was selected, and says so meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Place
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 15_000  # ms, on a busy machine
NEAR = 700  # ms


@pytest.fixture
def lesson(teacher: Page, place: Place) -> Iterator[Page]:
    """Yield the teacher's lesson, which her coach may see; what she writes about it is deleted afterwards."""
    with shared_with_coach(place):
        before = {one["id"] for one in comments(teacher, place)}
        open_lesson(teacher, place)
        yield teacher
        for one in comments(teacher, place):
            if one["id"] not in before:
                teacher.request.delete(f"{place.school.address}/api/comments/{one['id']}")


def comments(page: Page, place: Place) -> list[dict[str, Any]]:
    lesson_id = place.lesson.rsplit("/", 1)[-1]
    found: list[dict[str, Any]] = page.request.get(f"{place.school.address}/api/lessons/{lesson_id}/comments").json()
    return found


def comment(page: Page, place: Place, text: str) -> dict[str, Any]:
    """Wait until the server has a comment that is on the page, and return it."""
    expect(page.locator("article.comment:not(.is-waiting)", has_text=text)).to_be_visible(timeout=SOON)
    (found,) = (one for one in comments(page, place) if one["text"] == text)
    return found


def open_lesson(page: Page, place: Place, at: str = "") -> None:
    page.goto("about:blank")
    page.goto(place.lesson + at)
    wait_until_it_plays(page)


def seek(page: Page, seconds: float) -> None:
    page.evaluate(f"(() => {{ const v = document.querySelector('video'); v.pause(); v.currentTime = {seconds}; }})()")
    page.wait_for_timeout(300)


def field_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Write a comment")


def test_the_field_follows_the_film_until_the_first_letter_and_then_says_its_moment(lesson: Page, place: Place) -> None:
    field, stamp = field_of(lesson), lesson.locator("comment-composer .figure")
    seek(lesson, 21)
    expect(field).to_have_attribute("placeholder", "Write at 0:21", timeout=SOON)
    field.press_sequentially("Sam")
    expect(stamp).to_have_text("at 0:21")
    seek(lesson, 40)
    expect(stamp).to_have_text("at 0:21")
    field.fill("")
    expect(stamp).to_have_text("")
    expect(field).to_have_attribute("placeholder", "Write at 0:40")
    seek(lesson, 50)
    field.press_sequentially("Anew")
    seek(lesson, 80)
    field.press("Enter")
    assert abs(comment(lesson, place, "Anew")["start_ms"] - 50_000) < NEAR


def test_a_space_after_enter_is_no_letter_of_the_next_comment(lesson: Page, place: Place) -> None:
    seek(lesson, 10)
    field_of(lesson).press_sequentially("The first")
    field_of(lesson).press("Enter")
    comment(lesson, place, "The first")
    field_of(lesson).press("Space")
    expect(lesson.locator("comment-composer .figure")).to_have_text("")
    seek(lesson, 60)
    field_of(lesson).press_sequentially("The second")
    field_of(lesson).press("Enter")
    assert abs(comment(lesson, place, "The second")["start_ms"] - 60_000) < NEAR


def test_a_draft_keeps_its_moment_and_all_that_was_chosen_over_a_reload(lesson: Page, place: Place) -> None:
    seek(lesson, 30)
    field_of(lesson).press_sequentially("Half a thought")
    lesson.get_by_label("Kind", exact=True).select_option("question")
    lesson.get_by_label("Who can read it").select_option(label="You and Priya")
    lesson.get_by_label("Goal", exact=True).select_option(label=place.people.goal)
    lesson.get_by_label("GROW stage").select_option("R")
    lesson.reload()
    wait_until_it_plays(lesson)
    seek(lesson, 70)
    expect(field_of(lesson)).to_have_value("Half a thought")
    expect(lesson.locator("comment-composer .figure")).to_have_text("at 0:30")
    field_of(lesson).press("Enter")
    found = comment(lesson, place, "Half a thought")
    assert abs(found["start_ms"] - 30_000) < NEAR
    assert (found["kind"], found["stage"], found["goal"]["title"]) == ("question", "R", place.people.goal)
    assert found["partnership_id"]


def test_only_me_keeps_stage_and_goal(lesson: Page, place: Place) -> None:
    lesson.get_by_label("Who can read it").select_option(label="You and Priya")
    lesson.get_by_label("Goal", exact=True).select_option(label=place.people.goal)
    field_of(lesson).press_sequentially("For myself")
    lesson.get_by_label("GROW stage").select_option("O")
    lesson.get_by_label("Who can read it").select_option(label="Only me")
    field_of(lesson).press("Enter")
    found = comment(lesson, place, "For myself")
    assert (found["partnership_id"], found["stage"]) == (None, "O")
    assert found["goal"]["title"] == place.people.goal


def test_c_takes_the_range_of_i_and_o_once(lesson: Page, place: Place) -> None:
    lesson.locator("h1").click()
    for key, at in (("i", 10), ("o", 20)):
        seek(lesson, at)
        lesson.keyboard.press(key)
    seek(lesson, 40)
    lesson.keyboard.press("c")
    expect(lesson.locator("comment-composer .figure")).to_have_text("0:10 to 0:20")
    field_of(lesson).press_sequentially("All of it")
    field_of(lesson).press("Enter")
    found = comment(lesson, place, "All of it")
    assert abs(found["start_ms"] - 10_000) < NEAR
    assert abs(found["end_ms"] - 20_000) < NEAR
    expect(lesson.get_by_role("group", name="The selected range")).to_be_hidden()
    field_of(lesson).press("Escape")
    seek(lesson, 50)
    lesson.keyboard.press("c")
    field_of(lesson).press_sequentially("The next")
    field_of(lesson).press("Enter")
    found = comment(lesson, place, "The next")
    assert abs(found["start_ms"] - 50_000) < NEAR
    assert found["end_ms"] is None


def test_c_takes_the_words_that_are_selected(lesson: Page, place: Place) -> None:
    lesson.get_by_role("tab", name="Words").click()
    start, end = lesson.evaluate(
        """() => { document.activeElement.blur(); const line = document.querySelectorAll('lesson-transcript .turn')[2];
        getSelection().selectAllChildren(line); return [Number(line.dataset.start), Number(line.dataset.end)]; }"""
    )
    expect(lesson.get_by_role("group", name="The selected range")).to_be_visible()
    lesson.keyboard.press("c")
    field_of(lesson).press_sequentially("These words")
    field_of(lesson).press("Enter")
    lesson.get_by_role("tab", name="Comments").click()
    found = comment(lesson, place, "These words")
    assert abs(found["start_ms"] - start) < NEAR
    assert abs(found["end_ms"] - end) < NEAR


def test_a_range_that_nothing_is_written_about_is_left_with_its_field(lesson: Page, place: Place) -> None:
    lesson.locator("h1").click()
    seek(lesson, 10)
    lesson.keyboard.press("i")
    lesson.keyboard.press("c")
    field_of(lesson).press("Escape")
    lesson.get_by_role("button", name="Select nothing").click()
    seek(lesson, 50)
    field_of(lesson).press_sequentially("Elsewhere")
    field_of(lesson).press("Enter")
    found = comment(lesson, place, "Elsewhere")
    assert abs(found["start_ms"] - 50_000) < NEAR
    assert found["end_ms"] is None


def test_a_link_to_a_moment_opens_there(lesson: Page, place: Place) -> None:
    open_lesson(lesson, place, "#t=60")
    lesson.wait_for_timeout(500)
    assert abs(lesson.evaluate("document.querySelector('video').currentTime") - 60) < 1
