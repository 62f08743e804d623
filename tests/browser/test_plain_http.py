"""A school's first try: plain http at a name of its own, told as README tells the story, by coachee and coach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.conftest import Place, started
from tests.browser.people import PASSWORD

PROJECT = Path(__file__).resolve().parents[2]
RECORDING = PROJECT / "demo" / "lesson.mp4"
NAME = "hindsight.test"


@pytest.fixture(scope="module")
def elsewhere(playwright: Playwright) -> Iterator[Browser]:
    """Yield a browser to which this machine has a name of the school's."""
    with started(playwright, f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def address(place: Place) -> str:
    """Return the address that is typed."""
    return f"http://{NAME}:{place.school.port}"


@pytest.fixture
def visits(elsewhere: Browser) -> Iterator[list[BrowserContext]]:
    """Yield where the browsers of a test are kept; a script that fails in one of them fails the test."""
    contexts: list[BrowserContext] = []
    yield contexts
    for one in contexts:
        one.close()


def come(browser: Browser, visits: list[BrowserContext], address: str, email: str) -> Page:
    """Sign in through the form, at the school's own name."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    visits.append(context)
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This week")).to_be_visible()
    assert page.evaluate("isSecureContext") is False
    return page


def write(page: Page, words: str) -> None:
    field = page.locator("comment-composer textarea")
    field.fill(words)
    page.locator("comment-composer").get_by_role("button", name="Save").click()
    expect(page.locator("lesson-comments").get_by_text(words)).to_be_visible()


def test_the_story_of_a_coachee_and_a_coach_is_played_without_https(
    elsewhere: Browser, visits: list[BrowserContext], place: Place, address: str
) -> None:
    teacher = come(elsewhere, visits, address, place.people.teacher)
    teacher.goto(f"{address}/upload")
    teacher.locator("lesson-upload input[type=file]").set_input_files(RECORDING)
    expect(teacher.get_by_text("Uploaded. You can close this page now")).to_be_visible(timeout=60_000)

    path = place.lesson.removeprefix(place.school.address)
    teacher.goto(address + path)
    write(teacher, "A thought for myself, without https")
    teacher.locator("trust-pill button.pill").click()
    teacher.get_by_role("button", name=re.compile("^Share")).first.click()
    expect(teacher.locator("trust-pill button.pill")).to_contain_text("Priya")

    coach = come(elsewhere, visits, address, place.people.coach)
    coach.goto(address + path)
    write(coach, "What did the pause do here?")
    coach.get_by_role("button", name="Sign out").click()
    expect(coach.get_by_role("heading", name="Sign in")).to_be_visible()
    teacher.goto(f"{address}/me")
    expect(teacher.get_by_text("Priya Coach opened").first).to_be_visible()
    teacher.goto(address + path)
    teacher.locator("trust-pill button.pill").click()
    teacher.get_by_role("button", name="Take it back").click()
    expect(teacher.locator("trust-pill button.pill")).to_have_text("Only you")
    teacher.get_by_role("button", name="Sign out").click()
    expect(teacher.get_by_text("You are signed out.")).to_be_visible()


def test_recording_says_why_it_is_not_possible(
    elsewhere: Browser, visits: list[BrowserContext], place: Place, address: str
) -> None:
    page = come(elsewhere, visits, address, place.people.teacher)
    page.goto(f"{address}/upload")
    expect(page.locator("lesson-recorder")).to_contain_text("Browsers record only at an address with https")
    page.goto(address + place.lesson.removeprefix(place.school.address))
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("comment-composer [role=status]")).to_contain_text(
        "only allow the microphone on https addresses"
    )


def test_the_lead_reads_how_https_is_had(
    elsewhere: Browser, visits: list[BrowserContext], place: Place, address: str
) -> None:
    page = come(elsewhere, visits, address, place.people.lead)
    page.goto(f"{address}/programme")
    page.get_by_text("This address has no https yet").click()
    expect(page.get_by_text("caddy reverse-proxy --from")).to_be_visible()
    page.goto(f"{place.school.address}/sign-in")  # the same machine by its number
    assert page.locator("#https-missing").count() == 0
