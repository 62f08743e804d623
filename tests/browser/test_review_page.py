"""The review page and the upload page, by keyboard, by thumb, and on a small screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def now_ms(page: Page) -> int:
    """Return where the film is."""
    return round(1000 * float(page.evaluate("document.querySelector('video').currentTime")))


def open_lesson(page: Page, place: Place) -> None:
    """Open the lesson at its beginning."""
    page.goto(place.lesson)
    wait_until_it_plays(page)
    page.evaluate("document.querySelector('video').currentTime = 10")
    page.locator("h1").click()


def test_the_keys_play_step_jump_and_open_the_list_of_keys(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    teacher.keyboard.press("l")
    assert now_ms(teacher) == 20_000
    teacher.keyboard.press("j")
    assert now_ms(teacher) == 10_000
    teacher.keyboard.press("ArrowRight")
    assert now_ms(teacher) == 15_000
    teacher.keyboard.press(".")
    assert now_ms(teacher) == 15_060  # the middle of the next picture, at 25 a second
    teacher.keyboard.press(".")
    teacher.keyboard.press(",")
    assert now_ms(teacher) == 15_060
    teacher.keyboard.press("+")
    assert teacher.evaluate("document.querySelector('video').playbackRate") == 1.25
    teacher.keyboard.press("-")
    teacher.keyboard.press("]")
    assert now_ms(teacher) > 15_060
    teacher.keyboard.press("?")
    expect(teacher.get_by_role("dialog")).to_contain_text("one frame back or on")
    teacher.keyboard.press("Escape")
    expect(teacher.locator("dialog")).to_have_count(0)
    teacher.keyboard.press("c")
    expect(teacher.get_by_role("textbox", name="Write a comment")).to_be_focused()


def test_a_click_on_the_words_seeks_and_the_words_follow(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    teacher.get_by_role("tab", name="Words").click()
    teacher.locator("p.turn", has_text="one quarter is bigger").first.click()
    assert abs(now_ms(teacher) - 37_723) < 900
    expect(teacher.locator("p.turn.now")).to_contain_text("one quarter is bigger")


def test_a_comment_over_a_range_is_edited_deleted_and_brought_back(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    composer = teacher.get_by_role("textbox", name="Write a comment")
    composer.press_sequentially("Long wait here")
    teacher.evaluate("document.querySelector('video').currentTime = 14")
    teacher.get_by_role("button", name="until now").click()
    composer.press("Enter")
    mine = teacher.locator("article.comment", has_text="Long wait here")
    expect(mine).to_contain_text("0:10")
    mine.get_by_role("button", name="Edit").click()
    teacher.get_by_role("textbox", name="Your comment").fill("A long and good wait")
    teacher.get_by_role("button", name="Save").first.click()
    mine = teacher.locator("article.comment", has_text="A long and good wait")
    expect(mine).to_contain_text("edited")
    place_of_it = teacher.locator(f"#{mine.get_attribute('id')}")
    mine.get_by_role("button", name="Delete").click()
    place_of_it.get_by_role("button", name="Undo").click()
    expect(mine).to_be_visible()
    mine.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)


def test_a_comment_written_without_a_network_is_sent_later_once(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    teacher.context.set_offline(True)
    composer = teacher.get_by_role("textbox", name="Write a comment")
    composer.fill("Written on a train")
    composer.press("Enter")
    expect(teacher.get_by_text("kept on your device")).to_be_visible()
    teacher.context.set_offline(False)
    kept = teacher.locator("article.comment", has_text="Written on a train")
    expect(kept).to_have_count(1, timeout=10_000)
    teacher.reload()
    expect(kept).to_have_count(1)
    kept.get_by_role("button", name="Delete").click()


def test_an_upload_that_was_left_is_listed_carried_on_or_discarded(
    teacher: Page, place: Place, tmp_path: object
) -> None:
    del tmp_path
    address = f"{place.school.address}/api/uploads"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "4000000", "Upload-Metadata": "filename bGVzc29uLm1wNA=="}
    assert teacher.request.post(address, headers=headers).status == 201
    teacher.goto(f"{place.school.address}/upload")
    left = teacher.get_by_role("listitem").filter(has_text="lesson.mp4")
    expect(left).to_contain_text("0 % of 4 MB is here")
    left.get_by_role("button", name="Discard").click()
    expect(left).to_have_count(0)
    teacher.reload()
    expect(teacher.get_by_label("Choose a recording")).to_be_attached()
    expect(left).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off_and_the_composer_leaves_room(browser: Browser, place: Place, theme: str) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
        color_scheme="dark" if theme == "dark" else "light",
    )
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    for address in (
        place.lesson,
        f"{place.school.address}/upload",
        f"{place.school.address}/",
        f"{place.school.address}/me",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    page.goto(place.lesson)
    wait_until_it_plays(page)
    page.screenshot(path=f"test-results/phone-{theme}.png")
    assert page.evaluate("document.querySelector('body > header').offsetHeight") < 64
    assert page.evaluate("document.querySelector('comment-composer').offsetHeight") < 60  # one line until one writes
    page.get_by_label("Write a comment").focus()
    expect(page.locator("comment-composer").get_by_role("button", name="Save")).to_be_visible()
    page.get_by_label("Write a comment").blur()
    page.get_by_role("tab", name="Measures").tap()
    expect(page.get_by_text(re.compile("of the talk"))).to_be_visible()
    context.close()


def test_a_lesson_recorded_in_the_browser_uploads_while_it_records(teacher: Page, place: Place) -> None:
    teacher.goto(f"{place.school.address}/upload")
    teacher.get_by_role("button", name="Record with the camera").click()
    expect(teacher.get_by_text(re.compile("Recording: 0:0[3-9]"))).to_be_visible(timeout=15_000)
    teacher.screenshot(path="test-results/record.png")
    teacher.get_by_role("button", name="Stop and keep").click()
    expect(teacher.get_by_role("link", name="Watch it now")).to_be_visible(timeout=60_000)
    teacher.get_by_role("link", name="Watch it now").click()
    wait_until_it_plays(teacher)
