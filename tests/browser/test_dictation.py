"""A comment that is spoken: it shows that it records, for how long and how loud, and what becomes of it."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Place
from tests.browser.test_review_page import open_lesson

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SOON = 15_000  # ms, on a busy machine


def loudest(meter: Locator, seconds: float) -> float:
    """Return the highest level that a meter shows for a while: Chromium's own microphone beeps once a second."""
    end, most = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        most = max(most, float(meter.evaluate("(one) => one.value")))
        meter.page.wait_for_timeout(50)
    return most


def test_what_is_spoken_is_shown_to_be_recorded_with_time_and_level(teacher: Page, place: Place) -> None:
    sent: list[Route] = []

    def hold(route: Route) -> None:
        sent.append(route)

    teacher.route("**/said", hold)
    open_lesson(teacher, place)
    teacher.evaluate("document.querySelector('video').muted = true")
    teacher.evaluate("document.querySelector('video').play()")
    composer = teacher.locator("comment-composer")
    recording = composer.get_by_role("group", name="Recording")
    expect(recording).to_have_count(0)
    composer.get_by_role("button", name="Say it").click()
    expect(recording).to_be_visible(timeout=SOON)
    assert teacher.evaluate("document.querySelector('video').paused")
    expect(recording).to_contain_text("0:02", timeout=SOON)
    level = recording.get_by_role("meter", name="Loudness")
    assert loudest(level, 3) > 0.02
    teacher.screenshot(path="test-results/dictation.png")
    teacher.set_viewport_size({"width": 360, "height": 740})
    expect(recording).to_be_visible()
    assert teacher.evaluate("document.documentElement.scrollWidth") <= 360
    teacher.screenshot(path="test-results/dictation-phone.png")
    composer.get_by_role("button", name="Stop").click()
    expect(recording).to_have_count(0)
    expect(composer.get_by_role("status")).to_contain_text("Writing down what you said", timeout=SOON)
    assert len(sent) == 1
    assert len(sent[0].request.post_data_buffer or b"") > 1000
    sent[0].fulfill(status=422, json={"code": "invalid_input", "message": "There was nothing to hear."})
    expect(composer.get_by_role("status")).to_contain_text("There was nothing to hear.", timeout=SOON)
    expect(composer.get_by_role("button", name="Say it")).to_be_visible()


def test_a_microphone_that_is_refused_is_said_and_nothing_is_shown_to_record(teacher: Page, place: Place) -> None:
    teacher.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    open_lesson(teacher, place)
    composer = teacher.locator("comment-composer")
    composer.get_by_role("button", name="Say it").click()
    expect(composer.get_by_role("status")).to_contain_text("microphone", timeout=SOON)
    expect(composer.get_by_role("group", name="Recording")).to_have_count(0)
