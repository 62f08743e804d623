"""The pair's ten minutes in two browsers: one film, one wheel, a reload, a lost network, one action, a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Place
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SHOTS = Path(__file__).resolve().parents[2] / "test-results"
WHERE = """(() => { const v = document.querySelector('video');
return [Date.now(), v.currentTime * 1000, v.playbackRate, v.paused]; })()"""

JOIN = "document.getElementById('join').hidden || document.getElementById('join').click()"


@pytest.fixture
def pair(browser: Browser, teacher: Page, place: Place) -> Iterator[tuple[Page, Page]]:
    """Yield coachee and coach in one room over the lesson, shared for the time of the test."""
    with shared_with_coach(place):
        context = browser.new_context(viewport={"width": 1360, "height": 860})
        coach = context.new_page()
        sign_in(coach, place.school, place.people.coach)
        teacher.goto(place.lesson)
        teacher.get_by_role("button", name="Open together with Priya").click()
        wait_until_it_plays(teacher)
        coach.goto(f"{place.school.address}/")
        coach.get_by_role("link", name="Open the room with Tom Teacher").click()
        wait_until_it_plays(coach)
        expect(teacher.locator("#here")).to_contain_text("Priya is here", timeout=10_000)
        yield teacher, coach
        context.close()


def drift_ms(one: Page, other: Page) -> float:
    """Return how far two players are apart at one moment: both are on one machine, so they share a clock."""
    at, place, rate, paused = one.evaluate(WHERE)
    later, elsewhere, _, _ = other.evaluate(WHERE)
    return float(abs(place + (0 if paused else (later - at) * rate) - elsewhere))


def is_playing(page: Page) -> bool:
    return not page.evaluate("document.querySelector('video').paused")


def wait_for_playing(page: Page, wanted: bool = True) -> None:
    end = time.monotonic() + 15
    while is_playing(page) != wanted:
        page.evaluate(JOIN)  # a browser that wants a press first
        assert time.monotonic() < end, f"the film of the other did not {'start' if wanted else 'stop'}"
        page.wait_for_timeout(50)


def settle(teacher: Page, coach: Page) -> None:
    """Wait until both see the same for a second; make bench-page measures the drift itself."""
    end = time.monotonic() + 30
    while (apart := median(drift_ms(teacher, coach) for _ in range(20))) > 150:
        assert time.monotonic() < end, f"they stayed {apart:.0f} ms apart"
        teacher.wait_for_timeout(200)


def test_both_see_the_same_and_leave_with_one_action_and_a_log(pair: tuple[Page, Page], place: Place) -> None:
    teacher, coach = pair
    teacher.evaluate("document.querySelector('video').play()")
    wait_for_playing(coach)
    settle(teacher, coach)
    expect(coach.locator("#steers")).to_contain_text("Tom has control")
    coach.evaluate("document.querySelector('video').currentTime = 60")
    settle(teacher, coach)
    assert float(teacher.evaluate("document.querySelector('video').currentTime")) > 60
    coach.evaluate("document.querySelector('video').pause()")
    wait_for_playing(teacher, wanted=False)
    settle(teacher, coach)
    coach.get_by_role("button", name="Put this moment on a card").click()
    expect(teacher.locator("#cards li")).to_have_count(1)
    teacher.get_by_label("What did you want to see").fill("More of their own words")
    expect(coach.locator("[data-others=G]")).to_contain_text("More of their own words", timeout=5000)
    teacher.screenshot(path=SHOTS / "session.png")
    teacher.get_by_role("button", name="Done").click()
    expect(teacher.locator("#said")).to_contain_text("one thing to do")
    teacher.get_by_label("One thing, by when?").fill("Count to five after I ask")
    teacher.get_by_role("button", name="Done").click()
    expect(coach.get_by_role("heading", name="Log")).to_be_visible(timeout=10_000)
    expect(teacher.get_by_text("Looked at 1:")).to_be_visible()
    coach.screenshot(path=SHOTS / "session-log.png")
    teacher.goto(f"{place.school.address}/")
    expect(teacher.get_by_text("Count to five after I ask")).to_be_visible()


def test_a_reload_and_a_lost_network_find_the_other_again(pair: tuple[Page, Page], place: Place) -> None:
    del place
    teacher, coach = pair
    teacher.evaluate("document.querySelector('video').play()")
    wait_for_playing(coach)
    coach.reload()
    wait_until_it_plays(coach)
    wait_for_playing(coach)
    coach.context.set_offline(True)
    teacher.evaluate("document.querySelector('video').currentTime = 100")
    teacher.wait_for_timeout(1500)
    coach.context.set_offline(False)
    settle(teacher, coach)
    teacher.evaluate("document.querySelector('video').pause()")
    teacher.get_by_label("One thing, by when?").fill("Nothing more")
    teacher.wait_for_timeout(800)
    teacher.get_by_role("button", name="Done").click()
    expect(teacher.get_by_role("heading", name="Log")).to_be_visible(timeout=10_000)


def test_both_write_at_one_stage_and_each_sees_the_line_of_the_other(pair: tuple[Page, Page]) -> None:
    teacher, coach = pair
    teacher.get_by_label("What did you want to see in this lesson?").fill("That they think before they speak")
    coach.get_by_label("What did you want to see in this lesson?").fill("Sam spoke first, twice")
    expect(coach.locator("[data-others=G]")).to_contain_text("That they think before they speak", timeout=20_000)
    expect(teacher.locator("[data-others=G]")).to_contain_text("Sam spoke first, twice", timeout=20_000)
    teacher.screenshot(path=SHOTS / "notes.png", full_page=True)
    teacher.set_viewport_size({"width": 360, "height": 740})
    teacher.screenshot(path=SHOTS / "notes-phone.png", full_page=True)
    teacher.reload()
    expect(teacher.get_by_label("What did you want to see in this lesson?")).to_have_value(
        "That they think before they speak"
    )


def test_both_write_the_one_action_and_the_later_one_sees_both_texts_and_chooses(pair: tuple[Page, Page]) -> None:
    teacher, coach = pair
    hers, his = (page.get_by_label("One thing, by when?") for page in pair)
    hers.focus()  # so that it does not change under her hands
    his.fill("Ask pairs first")
    expect(teacher.locator("[data-writing=action]")).to_have_text("Priya is writing", timeout=10_000)
    teacher.wait_for_timeout(1500)
    hers.press_sequentially("Count to five")
    expect(teacher.locator("#both")).to_contain_text("It now says: “Ask pairs first”", timeout=20_000)
    expect(hers).to_have_value("Count to five")
    teacher.screenshot(path=SHOTS / "both-texts.png", full_page=True)
    teacher.set_viewport_size({"width": 360, "height": 740})
    teacher.screenshot(path=SHOTS / "both-texts-phone.png", full_page=True)
    teacher.get_by_role("button", name="Keep mine").click()
    expect(his).to_have_value("Ask pairs first")  # he is still in it
    coach.locator("h1").click()
    expect(his).to_have_value("Count to five", timeout=20_000)
    expect(teacher.locator("#both")).to_have_text("")


def test_words_typed_just_before_the_next_field_or_done_are_kept(pair: tuple[Page, Page]) -> None:
    teacher, _ = pair
    teacher.get_by_label("What did you want to see in this lesson?").fill("First")
    teacher.locator("summary", has_text="Reality").click()
    teacher.get_by_label("What do you notice here?").fill("Second")
    teacher.get_by_label("One thing, by when?").fill("Third")
    teacher.get_by_role("button", name="Done").click()
    expect(teacher.get_by_role("heading", name="Log")).to_be_visible(timeout=20_000)
    expect(teacher.get_by_label("What did you want to see in this lesson?")).to_have_value("First")
    expect(teacher.get_by_label("What do you notice here?")).to_have_value("Second")
    expect(teacher.get_by_label("One thing, by when?")).to_have_value("Third")
