"""With text at 200 % and without motion the pages still hold together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_text_of_twice_the_size_is_not_cut_off_sideways(browser: Browser, place: Place) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    for path in ("/", "/upload", "/partnerships", "/measures", "/me", place.lesson):
        page.goto(path if path.startswith("http") else f"{place.school.address}{path}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, path
    wait_until_it_plays(page)
    page.screenshot(path="test-results/large-text.png")
    moving = page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0
    composer = page.get_by_role("textbox", name="Write a comment")
    composer.scroll_into_view_if_needed()
    expect(composer).to_be_in_viewport()
    context.close()
