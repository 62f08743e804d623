"""Signs a browser in."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.people import PASSWORD
from tests.browser.school import School

ENOUGH_TO_PLAY = 2  # HTMLMediaElement.HAVE_CURRENT_DATA


def sign_in(page: Page, school: School, email: str) -> None:
    """Sign in through the form."""
    page.goto(f"{school.address}/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This week")).to_be_visible()


def wait_until_it_plays(page: Page) -> None:
    """Poll from outside: the pages' own policy forbids the evaluation that Playwright's waiting does inside."""
    end = time.monotonic() + 20
    while page.evaluate("document.querySelector('video')?.readyState ?? 0") < ENOUGH_TO_PLAY:
        assert time.monotonic() < end, "the film did not begin"
        page.wait_for_timeout(100)
