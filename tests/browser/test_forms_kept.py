"""A form that is sent after the session has ended comes back filled, once its person has signed in again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Place
from tests.browser.people import PASSWORD
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 20_000  # ms, on a busy machine


def test_what_was_sent_after_the_session_ended_is_in_its_form_again_and_nobody_elses(
    browser: Browser, place: Place
) -> None:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.goto(f"{place.school.address}/walks")
    title = page.get_by_label("What do you see?")
    title.fill("Year 8, forces")
    page.get_by_label("Who are you visiting?").select_option(index=1)
    context.clear_cookies()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Please sign in first.")).to_be_visible(timeout=SOON)
    sign_in(page, place.school, place.people.coach)
    page.goto(f"{place.school.address}/walks")
    expect(title).to_have_value("")
    context.clear_cookies()
    page.goto(f"{place.school.address}/sign-in?next=/walks")
    page.get_by_label("Email").fill(place.people.teacher)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(title).to_have_value("Year 8, forces", timeout=SOON)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Year 8, forces")).to_be_visible(timeout=SOON)
    page.goto(f"{place.school.address}/walks")
    expect(title).to_have_value("")
    page.get_by_role("link", name="Year 8, forces").click()
    page.get_by_text("Throw it away", exact=True).click()
    page.get_by_role("button", name="Yes, throw it away").click()
    context.close()
