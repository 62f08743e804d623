"""The words of a lesson: searched, heard, and translated by the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place
from tests.browser.test_review_page import open_lesson

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

MARKED = "(name) => [...(CSS.highlights.get(name) || [])].map((range) => range.toString())"
# What a translator does: another element, with other words, where a piece of text stood.
TRANSLATE = """() => document.querySelectorAll('p.turn, button, .comment p, h1').forEach((one) => {
    for (const text of [...one.childNodes].filter((node) => node.nodeType === 3 && node.data.trim())) {
        const font = document.createElement('font'), inner = document.createElement('font');
        inner.textContent = 'Überșetzt: ' + text.data; font.append(inner); text.replaceWith(font); } })"""


def test_a_search_marks_what_it_finds_also_in_a_page_that_the_browser_translates(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    teacher.get_by_role("tab", name="Words").click()
    search = teacher.get_by_role("searchbox", name="Search the words")
    search.fill("ONE QUARTER IS")
    found = teacher.evaluate(MARKED, "found")
    assert found
    assert {one.lower() for one in found} == {"one quarter is"}
    teacher.evaluate("document.querySelector('video').currentTime = 38.5")
    teacher.wait_for_timeout(300)
    (spoken,) = teacher.evaluate(MARKED, "spoken")
    assert spoken in teacher.locator("p.turn.now").inner_text()

    teacher.evaluate(TRANSLATE)
    teacher.evaluate("document.querySelector('video').muted = true")
    teacher.evaluate("document.querySelector('video').play()")
    teacher.wait_for_timeout(1500)
    assert teacher.evaluate(MARKED, "spoken") == []  # the words that are shown are not those that are said
    search.fill("übersetzt: SO")
    for one in teacher.evaluate(MARKED, "found"):
        assert one.startswith("Überșetzt: ")
    search.fill("one quarter")
    assert {one.lower() for one in teacher.evaluate(MARKED, "found")} == {"one quarter"}
    expect(teacher.locator("lesson-transcript")).to_contain_text("1 of ")
    # the teacher's fixture fails when a script did
