"""Where the focus is after what had it was removed, hidden, or drawn anew because somebody else wrote."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Place
from tests.browser.rooms import room_of_two
from tests.browser.test_review_page import open_lesson
from tests.browser.test_tabs import comment

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 20_000  # ms, on a busy machine
IS_WITHIN = "(one) => one.contains(document.activeElement) && document.activeElement !== document.body"


def has_focus(page: Page, part: str) -> bool:
    """Say whether something within a part of the page has the focus."""
    return bool(page.locator(part).first.evaluate(IS_WITHIN))


def test_what_others_write_and_delete_takes_away_neither_focus_nor_open_lists(
    teacher: Page, coach: Page, place: Place
) -> None:
    open_lesson(teacher, place)
    for text in ("The first of three", "The second of three", "The third of three"):
        comment(coach, text)
    said = teacher.locator("lesson-comments")
    expect(said).to_contain_text("The third of three", timeout=SOON)
    teacher.locator("details.exports summary").click()
    second = teacher.locator("article.comment", has_text="The second of three")
    number = teacher.locator("article.comment").evaluate_all(
        "(all) => all.findIndex((one) => one.textContent.includes('The second of three'))"
    )
    reply = second.get_by_role("button", name="Reply")
    reply.focus()
    theirs = coach.locator("article.comment", has_text="The first of three")
    theirs.get_by_role("button", name="Edit").click()
    coach.get_by_role("textbox", name="Your comment").fill("The first of three, put better")
    coach.get_by_role("textbox", name="Your comment").press("Enter")
    expect(said).to_contain_text("put better", timeout=SOON)
    expect(reply).to_be_focused()
    coach.locator("article.comment", has_text="The second of three").get_by_role("button", name="Delete").click()
    expect(said).not_to_contain_text("The second of three", timeout=SOON)
    assert has_focus(teacher, "lesson-comments")
    there = teacher.locator("article.comment").evaluate_all(
        "(all) => all.findIndex((one) => one.contains(document.activeElement))"
    )
    assert there == number  # the row itself, or the one that stands there now
    assert teacher.locator("details.exports").evaluate("(one) => one.open")


def test_after_a_deletion_of_ones_own_the_focus_is_on_what_can_be_done_next(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    comment(teacher, "To be deleted")
    mine = teacher.locator("article.comment[id]", has_text="To be deleted")
    expect(mine).to_be_visible(timeout=SOON)
    row = teacher.locator(f"#{mine.get_attribute('id')}")
    mine.get_by_role("button", name="Delete").focus()
    teacher.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Undo")).to_be_visible(timeout=SOON)
    assert row.evaluate(IS_WITHIN)


def test_a_range_that_is_let_go_and_a_clip_that_is_named_leave_the_focus_beside_them(
    teacher: Page, place: Place
) -> None:
    open_lesson(teacher, place)
    teacher.keyboard.press("i")
    let_go = teacher.get_by_role("button", name="Select nothing")
    let_go.focus()
    teacher.keyboard.press("Enter")
    expect(let_go).to_be_hidden()
    teacher.wait_for_timeout(300)
    assert has_focus(teacher, "main")
    teacher.locator("h1").click()
    teacher.keyboard.press("i")
    teacher.get_by_role("button", name="Make a clip").click()
    teacher.get_by_label("Name of the clip").fill("A wait")
    teacher.keyboard.press("Enter")
    row = teacher.locator("lesson-clips li", has_text="A wait")
    expect(row).to_be_visible(timeout=SOON)
    expect(teacher.get_by_label("Name of the clip")).to_have_count(0, timeout=SOON)
    assert has_focus(teacher, "lesson-clips")
    row.get_by_role("button", name="Delete").focus()
    teacher.keyboard.press("Enter")
    expect(teacher.locator("lesson-clips").get_by_role("button", name="Undo")).to_be_visible(timeout=SOON)
    assert has_focus(teacher, "lesson-clips")


def test_a_card_that_is_taken_away_gives_its_focus_to_the_next_one(
    browser: Browser, teacher: Page, place: Place
) -> None:
    with room_of_two(browser, teacher, place) as (_, coach):
        put = coach.get_by_role("button", name="Put this moment on a card")
        for seconds in (10, 20):
            coach.evaluate("(s) => { document.querySelector('video').currentTime = s }", seconds)
            expect(coach.locator("output[aria-label=Speed]")).to_be_visible()
            coach.wait_for_timeout(500)
            put.click()
            expect(coach.locator("#cards li", has_text=f"0:{seconds}")).to_be_visible(timeout=SOON)
        coach.locator("#cards li").first.get_by_role("button", name="Take away").focus()
        teacher.get_by_label("What did you want to see in this lesson?").fill("That they think")
        expect(coach.locator("[data-others=G]")).to_contain_text("That they think", timeout=SOON)
        expect(coach.locator("#cards li").first.get_by_role("button", name="Take away")).to_be_focused()
        coach.keyboard.press("Enter")
        expect(coach.locator("#cards li")).to_have_count(1, timeout=SOON)
        assert has_focus(coach, "#cards")
        coach.locator("#cards li").first.get_by_role("button", name="Take away").focus()
        coach.keyboard.press("Enter")
        expect(coach.locator("#cards li")).to_have_count(0, timeout=SOON)
        coach.wait_for_timeout(300)
        assert has_focus(coach, "main")


def test_a_note_of_a_visit_that_is_taken_away_gives_its_focus_to_the_next_one(coach: Page, place: Place) -> None:
    coach.goto(f"{place.school.address}/walks")
    coach.get_by_label("Who are you visiting?").select_option(label="Tom Teacher")
    coach.get_by_label("What do you see?").fill("Focus")
    coach.get_by_role("button", name="Begin").click()
    field = coach.locator("learning-walk textarea")
    for text in ("One hand up", "Two hands up", "Three hands up"):
        field.fill(text)
        field.press("Enter")
        expect(coach.get_by_role("button", name=f"Take away: {text}")).to_be_visible(timeout=SOON)
    coach.get_by_role("button", name="Take away: Three hands up").focus()
    coach.keyboard.down("Enter")
    expect(coach.get_by_text("Three hands up")).to_have_count(0, timeout=SOON)
    expect(coach.get_by_role("button", name="Take away: Two hands up")).to_be_focused()
    coach.keyboard.down("Enter")  # held: it presses nothing more
    coach.keyboard.up("Enter")
    coach.wait_for_timeout(500)
    coach.keyboard.press("Enter")
    expect(coach.get_by_text("Two hands up")).to_have_count(0, timeout=SOON)
    expect(coach.get_by_role("button", name="Take away: One hand up")).to_be_focused()
    coach.keyboard.press("Enter")
    expect(coach.get_by_text("One hand up")).to_have_count(0, timeout=SOON)
    coach.wait_for_timeout(300)
    assert has_focus(coach, "learning-walk")
    coach.get_by_text("Throw it away", exact=True).click()
    coach.get_by_role("button", name="Yes, throw it away").click()


def test_who_leaves_a_button_by_a_click_beside_it_is_not_called_back(teacher: Page, coach: Page, place: Place) -> None:
    open_lesson(teacher, place)
    comment(coach, "To be left")
    left = teacher.locator("article.comment", has_text="To be left")
    left.get_by_role("button", name="Reply").focus(timeout=SOON)
    teacher.locator("h1").click()
    coach.locator("article.comment", has_text="To be left").get_by_role("button", name="Delete").click()
    expect(teacher.locator("lesson-comments")).not_to_contain_text("To be left", timeout=SOON)
    teacher.wait_for_timeout(300)
    assert teacher.evaluate("document.activeElement === document.body")
