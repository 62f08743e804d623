"""The review page under conditions that a reader or a browser sets: zoom, colours, storage, what is dropped."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

FREE = """() => { const bottom = (one) => document.querySelector(one)?.getBoundingClientRect().bottom ?? 0;
    const composer = document.querySelector('comment-composer').getBoundingClientRect().top;
    return Math.min(innerHeight, composer) - Math.max(0, bottom('.stage')); }"""
FORBIDDEN = """for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
    Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError') } });"""
DROP = """() => { const data = new DataTransfer();
    for (const name of ['a.mp4', 'b.mp4', 'c.mov']) data.items.add(new File(['x'], name, { type: 'video/mp4' }));
    document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true })); }"""


@pytest.mark.parametrize(("width", "height"), [(320, 256), (740, 360)])
def test_at_400_percent_and_on_its_side_half_of_the_height_is_free(
    browser: Browser, place: Place, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.goto(place.lesson)
    wait_until_it_plays(page)
    page.evaluate("document.querySelector('#panel-comments').scrollIntoView({ block: 'start' })")
    page.wait_for_timeout(300)
    page.screenshot(path=f"test-results/low-{width}.png")
    assert page.evaluate(FREE) >= height / 2
    page.get_by_role("tab", name="Words").click(timeout=5000)
    expect(page.locator("p.turn").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_with_colours_of_the_readers_own_what_is_chosen_is_still_shown(browser: Browser, place: Place) -> None:
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.goto(place.lesson)
    wait_until_it_plays(page)
    page.screenshot(path="test-results/forced-colours.png")
    chosen = page.get_by_role("tab", selected=True)
    assert chosen.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
    drawn = page.locator("talk-lanes").evaluate("(one) => getComputedStyle(one).getPropertyValue('--ink').trim()")
    assert drawn == "CanvasText"
    context.close()


def test_where_storage_is_forbidden_one_can_still_write(browser: Browser, place: Place) -> None:
    context = browser.new_context()
    context.add_init_script(FORBIDDEN)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_in(page, place.school, place.people.teacher)
    page.goto(place.lesson)
    wait_until_it_plays(page)
    field = page.get_by_role("textbox", name="Write a comment")
    field.fill("Written without storage")
    field.press("Enter")
    mine = page.locator("article.comment", has_text="Written without storage")
    expect(mine).to_be_visible()
    mine.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)
    assert problems == []
    context.close()


def test_of_several_files_that_are_dropped_those_not_taken_are_named(teacher: Page, place: Place) -> None:
    begun: list[Route] = []

    def never_answer(route: Route) -> None:
        begun.append(route)  # so that the file that is taken is still on its way

    teacher.route("**/api/uploads", never_answer)
    teacher.goto(f"{place.school.address}/upload")
    teacher.evaluate(DROP)
    expect(teacher.get_by_text("Not taken: b.mp4, c.mov")).to_be_visible()
    teacher.get_by_role("button", name="Cancel").click()
    expect(teacher.get_by_role("button", name="Cancel")).to_have_count(0)
    assert len(begun) == 1


def test_words_and_captions_are_in_the_lessons_language(teacher: Page, place: Place) -> None:
    teacher.goto(place.lesson)
    wait_until_it_plays(teacher)
    language = teacher.evaluate("JSON.parse(document.getElementById('lesson-data').textContent).lesson.language")
    assert teacher.locator("lesson-transcript").evaluate("(one) => one.lang") == language
    assert teacher.locator("track").get_attribute("srclang") == language


def test_a_loop_without_a_range_stays_off_and_says_how(teacher: Page, place: Place) -> None:
    teacher.goto(place.lesson)
    wait_until_it_plays(teacher)
    loop = teacher.get_by_role("button", name="Loop")
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "false")
    expect(teacher.locator("#said")).to_contain_text("Select a range")
