"""The rules of a room: what counts of an order, who is here, who steers, and when there is something to join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Place
from tests.browser.finished import add_finished_lesson
from tests.browser.rooms import SOON, place_of, room_of_two, wait_for_one_place, wait_for_standing
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WAIT = SOON * 1000  # ms
BEFORE_THE_NEXT_LOOK = 4000  # ms; a page looks by itself every ten seconds
NOT_BY_ITSELF = """(() => { const play = HTMLMediaElement.prototype.play; let isPressed = false;
HTMLMediaElement.prototype.play = function () { isPressed ||= window.event?.type === 'click'; return isPressed
    ? play.call(this) : Promise.reject(new DOMException('a press is wanted', 'NotAllowedError')); }; })()"""


@pytest.fixture
def pair(browser: Browser, teacher: Page, place: Place) -> Iterator[tuple[Page, Page]]:
    """Yield coachee and coach in one room."""
    with room_of_two(browser, teacher, place) as both:
        yield both


def seek(page: Page, seconds: float) -> None:
    page.evaluate("(s) => { document.querySelector('video').currentTime = s }", seconds)


def test_orders_given_without_a_line_count_for_nothing_and_the_others_hold(pair: tuple[Page, Page]) -> None:
    teacher, coach = pair
    seek(teacher, 10)
    wait_for_one_place(teacher, coach, at=10)
    teacher.context.set_offline(True)
    for seconds in (40, 41, 42, 43):
        seek(teacher, seconds)
        teacher.wait_for_timeout(300)
    assert abs(place_of(coach) - 10) < 1
    teacher.context.set_offline(False)
    wait_for_one_place(teacher, coach, at=10)
    for seconds in (20, 25, 30):
        seek(coach, seconds)
        wait_for_one_place(teacher, coach, at=seconds)
    coach.evaluate("document.querySelector('video').play()")
    wait_for_standing(teacher, wanted=False)
    coach.evaluate("document.querySelector('video').pause()")
    wait_for_standing(teacher)
    wait_for_one_place(teacher, coach)


def test_an_order_that_is_refused_is_taken_back_on_both_sides_and_said_alike(pair: tuple[Page, Page]) -> None:
    teacher, coach = pair
    seek(coach, 15)
    wait_for_one_place(teacher, coach, at=15)
    expect(coach.locator("#steers")).to_have_text("You have control", timeout=WAIT)
    expect(teacher.locator("#steers")).to_have_text("Priya has control", timeout=WAIT)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    teacher.route("**/steer", hold)
    seek(teacher, 50)
    expect(teacher.locator("#steers")).to_have_text("You have control", timeout=WAIT)
    teacher.wait_for_timeout(300)
    for one in held:
        one.fulfill(status=422, json={"code": "invalid_input", "message": "Please use the player itself."})
    teacher.unroute("**/steer")
    wait_for_one_place(teacher, coach, at=15)
    expect(teacher.locator("#steers")).to_have_text("Priya has control", timeout=WAIT)
    expect(coach.locator("#steers")).to_have_text("You have control", timeout=WAIT)
    seek(teacher, 50)
    wait_for_one_place(teacher, coach, at=50)
    expect(teacher.locator("#steers")).to_have_text("You have control", timeout=WAIT)
    expect(coach.locator("#steers")).to_have_text("Tom has control", timeout=WAIT)


def test_a_second_tab_that_is_closed_does_not_make_one_absent(pair: tuple[Page, Page]) -> None:
    teacher, coach = pair
    second = teacher.context.new_page()
    second.goto(teacher.url)
    wait_until_it_plays(second)
    teacher.bring_to_front()
    with teacher.expect_request("**/here", timeout=BEFORE_THE_NEXT_LOOK) as again:
        second.close(run_before_unload=True)
    assert again.value.method == "POST"
    coach.wait_for_timeout(500)
    for _ in range(10):
        expect(coach.locator("#here")).to_have_text("Tom is here", timeout=BEFORE_THE_NEXT_LOOK)
        coach.wait_for_timeout(100)


def test_another_film_is_there_for_both_within_a_second(pair: tuple[Page, Page], place: Place) -> None:
    teacher, coach = pair
    video = "document.querySelector('video')?.currentSrc"
    before = coach.evaluate(video)
    other = add_finished_lesson(place.school, place.people.teacher)
    with shared_with_coach(replace(place, lesson=f"{place.school.address}/lessons/{other}")):
        with coach.expect_event("framenavigated", timeout=BEFORE_THE_NEXT_LOOK):
            answer = teacher.request.post(f"{teacher.url}/film", form={"film": f"lesson:{other}"})
        assert answer.ok
        for page in pair:
            wait_until_it_plays(page)
            assert page.evaluate(video) != before
        seek(coach, 30)
        wait_for_one_place(teacher, coach, at=30)
    gone = teacher.request.post(
        f"{place.school.address}/lessons/{other}/delete-for-good", form={"title": "Year 9 fractions"}
    )
    assert gone.ok


def test_join_the_film_is_offered_where_a_press_is_wanted_and_goes_when_both_are_together(
    browser: Browser, teacher: Page, place: Place
) -> None:
    with room_of_two(browser, teacher, place, NOT_BY_ITSELF) as (_, coach):
        join = coach.get_by_role("button", name="Join the film")
        expect(join).to_be_hidden()
        teacher.evaluate("document.querySelector('video').play()")
        expect(join).to_be_visible(timeout=WAIT)
        teacher.evaluate("document.querySelector('video').pause()")
        expect(join).to_be_hidden(timeout=WAIT)  # both stand
        teacher.evaluate("document.querySelector('video').play()")
        expect(join).to_be_visible(timeout=WAIT)
        join.click()
        expect(join).to_be_hidden(timeout=WAIT)
        wait_for_standing(coach, wanted=False)
        wait_for_one_place(teacher, coach)
        coach.wait_for_timeout(1000)
        expect(join).to_be_hidden()
