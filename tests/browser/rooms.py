"""Opens a session's room over the lesson in two browsers, and says where their films are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, expect

from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import sign_in, wait_until_it_plays

if TYPE_CHECKING:
    from tests.browser.conftest import Place

PLACE = "document.querySelector('video').currentTime"
STANDS = "document.querySelector('video').paused"
SOON = 20  # s, on a busy machine
ONE_PLACE = 0.5  # s; bench-page measures the drift itself


@contextmanager
def room_of_two(browser: Browser, teacher: Page, place: Place, coach_script: str = "") -> Iterator[tuple[Page, Page]]:
    """Yield coachee and coach in one room over the lesson, shared for the time of a test.

    `coach_script` runs in the coach's pages before their own.
    """
    with shared_with_coach(place):
        context = browser.new_context(viewport={"width": 1360, "height": 860})
        if coach_script:
            context.add_init_script(coach_script)
        coach = context.new_page()
        sign_in(coach, place.school, place.people.coach)
        teacher.goto(place.lesson)
        teacher.get_by_role("button", name="Open together with Priya").click()
        wait_until_it_plays(teacher)
        coach.goto(teacher.url)
        wait_until_it_plays(coach)
        expect(teacher.locator("#here")).to_contain_text("Priya is here", timeout=SOON * 1000)
        expect(coach.locator("#here")).to_contain_text("Tom is here", timeout=SOON * 1000)
        yield teacher, coach
        context.close()


def place_of(page: Page) -> float:
    """Return where a film is, in seconds."""
    return float(page.evaluate(PLACE))


def wait_for_one_place(*pages: Page, at: float | None = None) -> None:
    """Wait until the films stand or play at one place (`at`, if it is given)."""
    end = time.monotonic() + SOON
    while True:
        places = [place_of(page) for page in pages]
        if max(places) - min(places) < ONE_PLACE and (at is None or abs(places[0] - at) < ONE_PLACE):
            return
        assert time.monotonic() < end, f"they stayed at {places}"
        pages[0].wait_for_timeout(100)


def wait_for_standing(page: Page, wanted: bool = True) -> None:
    """Wait until a film stands, or plays."""
    end = time.monotonic() + SOON
    while bool(page.evaluate(STANDS)) != wanted:
        assert time.monotonic() < end, f"the film did not {'stop' if wanted else 'start'}"
        page.wait_for_timeout(50)
