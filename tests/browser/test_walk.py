"""A walk on a phone: its times are the server's, one refused note holds up no other, its sound is sent once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 20_000  # ms, on a busy machine
SIXTY_DAYS = 60 * 86_400_000  # ms
WRONG = """const D = Date; window.Date = class extends D {
constructor(...a) { a.length ? super(...a) : super(D.now() + %d); } static now() { return D.now() + %d; } };"""


@pytest.fixture(params=[480_000, -SIXTY_DAYS, SIXTY_DAYS], ids=["8 minutes fast", "60 days slow", "60 days fast"])
def phone(request: pytest.FixtureRequest, browser: Browser, place: Place) -> Iterator[Page]:
    """Yield a phone with a wrong clock, and a visit that has just begun on it, and is thrown away."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.add_init_script(WRONG % (request.param, request.param))
    page = context.new_page()
    sign_in(page, place.school, place.people.coach)
    page.goto(f"{place.school.address}/walks")
    page.get_by_label("Who are you visiting?").select_option(label="Tom Teacher")
    page.get_by_label("What do you see?").fill(f"Clock {request.param}")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("learning-walk textarea")).to_be_visible(timeout=SOON)
    yield page
    if page.get_by_text("Throw it away", exact=True).count():
        page.get_by_text("Throw it away", exact=True).click()
        page.get_by_role("button", name="Yes, throw it away").click()
    context.close()


def test_a_visit_keeps_the_servers_time_whatever_the_phone_believes(phone: Page) -> None:
    expect(phone.get_by_role("timer")).to_contain_text("10 minutes left")
    field, notes = phone.locator("learning-walk textarea"), phone.locator("learning-walk ol li")
    refused: list[str] = []

    def refuse_one(route: Route) -> None:
        if "Refused" not in (route.request.post_data or ""):
            return route.continue_()
        refused.append(route.request.url)
        return route.fulfill(status=422, json={"code": "invalid_input", "message": "This is not taken."})

    phone.route("**/notes", refuse_one)
    for text in ("Two hands up", "Refused by the server", "A third thing"):
        field.fill(text)
        field.press("Enter")
    for text in ("Two hands up", "A third thing"):
        row = notes.filter(has_text=text)
        expect(row.get_by_role("button", name="Take away")).to_be_visible(timeout=SOON)
        expect(row).to_contain_text("0:")
    row = notes.filter(has_text="Refused by the server")
    expect(row).to_contain_text("This is not taken.")
    phone.wait_for_timeout(6000)
    assert len(refused) == 1
    expect(row.get_by_role("button", name="Copy")).to_be_visible()
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_a_sound_whose_answer_was_lost_is_sent_again_and_the_visit_is_saved(browser: Browser, place: Place) -> None:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, place.school, place.people.coach)
    page.goto(f"{place.school.address}/walks")
    page.get_by_label("Who are you visiting?").select_option(label="Tom Teacher")
    page.get_by_label("What do you see?").fill("With sound")
    page.get_by_role("button", name="Begin").click()
    page.locator("learning-walk textarea").fill("A note")
    page.locator("learning-walk textarea").press("Enter")
    page.get_by_role("button", name="Record the sound too").click()
    page.wait_for_timeout(4000)
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort()

    page.route("**/sound", lose_the_first)
    save = page.locator("#save-walk button")
    save.click()
    expect(page.locator("learning-walk > p[role=status]")).to_contain_text("could not be sent", timeout=SOON)
    save.click()
    expect(page.get_by_text("It is saved.")).to_be_visible(timeout=SOON)
    assert lost == [204]
    context.close()
