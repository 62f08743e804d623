"""Changes and forms wait in the outbox: lines of a session, changes of a comment, goals and answers are sent once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from core.clock import utc_now
from core.models import Comment, Goal, PortfolioItem, SessionNote
from tests.browser.conftest import Place
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 20_000  # ms, on a busy machine
AGAIN = 45_000  # ms within which what waits is tried again by itself
READING = ("GET", "HEAD")
SEND_AND_GO = """() => { document.querySelector('form[action$="/goals"] button').click();
    document.querySelector('a[href="/measures"]').click(); }"""
LINE = "What did you want to see in this lesson?"


@contextmanager
def no_line(page: Page, address: str) -> Iterator[None]:
    """Let nothing that is written to an address through; reading goes on."""

    def cut(route: Route) -> None:
        if route.request.method in READING:
            route.continue_()
        else:
            route.abort()

    page.context.route(address, cut)
    yield
    page.context.unroute(address, cut)


def rows(place: Place, column: object, text: str) -> int:
    """Count the rows with this text."""
    with place.school.opened() as (database, _), database.read() as session:
        return len(session.scalars(select(column).where(column == text)).all())  # type: ignore[call-overload]


@pytest.fixture
def room(teacher: Page, place: Place) -> Iterator[Page]:
    """Yield the teacher in a room over her lesson."""
    with shared_with_coach(place):
        teacher.goto(place.lesson)
        teacher.get_by_role("button", name="Open together with Priya").click()
        wait_until_it_plays(teacher)
        yield teacher


@pytest.fixture
def partnership(teacher: Page, place: Place) -> Iterator[Page]:
    """Yield the page of the teacher's partnership; goals that are set there are closed afterwards."""
    teacher.goto(f"{place.school.address}/partnerships")
    teacher.get_by_role("link", name=re.compile(place.people.coach_name)).first.click()
    expect(teacher.get_by_role("heading", name="Goals")).to_be_visible()
    yield teacher
    with place.school.opened() as (database, _), database.write() as session:
        for goal in session.scalars(select(Goal).where(Goal.title != place.people.goal, Goal.closed_at.is_(None))):
            goal.closed_at, goal.slot = utc_now(), None


def fill_goal(page: Page, title: str) -> None:
    page.get_by_text("Set a goal", exact=True).click()
    page.get_by_label("Goal: what do you want to change?").fill(title)


def test_a_line_without_a_network_stands_in_its_field_over_a_reload_and_is_sent_once(room: Page, place: Place) -> None:
    with no_line(room, "**/api/sessions/*"):
        room.get_by_label(LINE).fill("That they think before they speak")
        expect(room.locator("#said")).to_contain_text("Waiting for the network", timeout=SOON)
        room.reload()
        expect(room.get_by_label(LINE)).to_have_value("That they think before they speak", timeout=SOON)
        address = room.url
        room.goto(f"{place.school.address}/")
        waiting = room.get_by_role("region", name="Not sent yet")
        expect(waiting).to_contain_text("That they think before they speak")
        room.screenshot(path="test-results/note-waits.png", full_page=True)
        room.goto(address)
        room.get_by_label(LINE).press_sequentially(", all of them")
    assert rows(place, SessionNote.text, "That they think before they speak, all of them") == 0
    expect(room.locator("#said")).to_have_text("", timeout=AGAIN)
    room.wait_for_timeout(1500)
    assert rows(place, SessionNote.text, "That they think before they speak, all of them") == 1


def test_a_line_that_is_typed_as_the_session_ends_is_sent_when_she_is_back(room: Page, place: Place) -> None:
    with no_line(room, "**/api/sessions/**"):  # so that its page does not hear of the end before it is typed
        room.get_by_label(LINE).fill("Written too late")
        room.context.clear_cookies()
    expect(room.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=SOON)
    assert rows(place, SessionNote.text, "Written too late") == 0
    sign_in(room, place.school, place.people.teacher)
    expect(room.get_by_role("region", name="Not sent yet")).to_be_hidden(timeout=SOON)
    assert rows(place, SessionNote.text, "Written too late") == 1


def test_ones_own_line_in_two_tabs_shows_the_later_one_both_texts_and_she_chooses(room: Page, place: Place) -> None:
    other = room.context.new_page()
    other.goto(room.url)
    wait_until_it_plays(other)
    other.get_by_label(LINE).focus()  # so that it does not change under her hands
    room.get_by_label(LINE).fill("From the first tab")
    room.get_by_label("One thing, by when?").focus()
    expect(room.locator("#said")).to_have_text("")
    other.wait_for_timeout(2000)
    other.get_by_label(LINE).press_sequentially("From the second tab")
    both = other.locator("[data-both=G]")
    expect(both).to_contain_text("It now says: “From the first tab”", timeout=SOON)
    expect(other.get_by_label(LINE)).to_have_value("From the second tab")
    other.screenshot(path="test-results/two-tabs.png", full_page=True)
    other.set_viewport_size({"width": 360, "height": 740})
    other.screenshot(path="test-results/two-tabs-phone.png", full_page=True)
    other.get_by_role("button", name="Keep mine").click()
    expect(both).to_have_text("", timeout=SOON)
    expect(room.get_by_label(LINE)).to_have_value("From the second tab", timeout=SOON)
    assert rows(place, SessionNote.text, "From the first tab") == 0


def test_a_change_of_a_comment_without_a_network_waits_below_it_and_is_sent_once(teacher: Page, place: Place) -> None:
    teacher.goto(place.lesson)
    wait_until_it_plays(teacher)
    teacher.get_by_role("textbox", name="Write a comment").fill("First words")
    teacher.get_by_role("textbox", name="Write a comment").press("Enter")
    comment = teacher.locator("article.comment", has_text="First words")
    comment.get_by_role("button", name="Edit").click(timeout=SOON)
    with no_line(teacher, "**/api/comments/*"):
        teacher.get_by_label("Your comment").fill("Better words")
        teacher.get_by_label("Your comment").press("Enter")
        waits = comment.locator("article.is-waiting")
        expect(waits).to_contain_text("Better words", timeout=SOON)
        expect(waits).to_contain_text("waiting to be sent")
        teacher.screenshot(path="test-results/change-waits.png")
        teacher.reload()
        expect(waits).to_contain_text("Better words", timeout=SOON)
    expect(teacher.locator("article.comment:not(.is-waiting)", has_text="Better words")).to_be_visible(timeout=AGAIN)
    expect(teacher.locator("article.is-waiting")).to_have_count(0)
    assert rows(place, Comment.text, "Better words") == 1


def test_a_goal_without_a_network_waits_below_its_form_and_is_set_once(partnership: Page, place: Place) -> None:
    fill_goal(partnership, "Ask before I tell")
    address = partnership.url
    with no_line(partnership, "**/goals"):
        partnership.get_by_role("button", name="Set this goal").click()
        waits = partnership.locator("article.is-waiting")
        expect(waits).to_contain_text("Ask before I tell", timeout=SOON)
        partnership.screenshot(path="test-results/goal-waits.png", full_page=True)
        partnership.get_by_role("button", name="Set this goal").click()
        partnership.wait_for_timeout(1000)
        expect(waits).to_have_count(1)
        partnership.goto(f"{place.school.address}/")
        expect(partnership.get_by_role("region", name="Not sent yet")).to_contain_text("Ask before I tell")
    partnership.reload()
    expect(partnership.get_by_role("region", name="Not sent yet")).to_be_hidden(timeout=AGAIN)
    partnership.goto(address)
    expect(partnership.get_by_role("link", name="Ask before I tell")).to_have_count(1)
    assert rows(place, Goal.title, "Ask before I tell") == 1


def test_a_goal_whose_answer_is_lost_is_set_once_and_leads_to_its_page(partnership: Page, place: Place) -> None:
    lost: list[str] = []

    def lose_answer(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.continue_()
        route.fetch(max_redirects=0)
        lost.append(route.request.url)
        return route.abort()

    partnership.route("**/goals", lose_answer)
    fill_goal(partnership, "Wait for every hand")
    button = partnership.get_by_role("button", name="Set this goal")
    button.click()
    expect(partnership.locator("article.is-waiting")).to_be_visible(timeout=SOON)
    button.click()
    expect(partnership.get_by_role("heading", name="Wait for every hand")).to_be_visible(timeout=SOON)
    assert len(lost) == 1
    assert rows(place, Goal.title, "Wait for every hand") == 1


def test_an_answer_that_is_sent_after_the_session_ended_is_kept_and_sent_once(teacher: Page, place: Place) -> None:
    teacher.goto(f"{place.school.address}/portfolio")
    teacher.get_by_label("Title").fill("A year of waiting")
    teacher.get_by_label("Your words").fill("I learned to count to five.")
    teacher.context.clear_cookies()
    teacher.get_by_role("button", name="Put it in").click()
    expect(teacher.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=SOON)
    assert rows(place, PortfolioItem.title, "A year of waiting") == 0
    sign_in(teacher, place.school, place.people.teacher)
    teacher.goto(f"{place.school.address}/portfolio")
    expect(teacher.get_by_text("A year of waiting")).to_be_visible(timeout=SOON)
    expect(teacher.get_by_label("Title")).to_have_value("")
    assert rows(place, PortfolioItem.title, "A year of waiting") == 1


def test_a_refused_form_is_shown_again_with_the_reason_at_its_field(partnership: Page, place: Place) -> None:
    partnership.get_by_text("Met somewhere else? Write it up", exact=True).click()
    partnership.get_by_label("One thing to do").fill("Count to five")
    partnership.get_by_label("You met on").evaluate("(field) => { field.max = ''; field.value = '2001-01-01'; }")
    partnership.get_by_role("button", name="Keep this log").click()
    expect(partnership.get_by_text("Please choose the day on which you met")).to_be_visible(timeout=SOON)
    expect(partnership.get_by_label("One thing to do")).to_have_value("Count to five")
    partnership.goto(f"{place.school.address}/")
    expect(partnership.get_by_role("region", name="Not sent yet")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_button_that_is_pressed_twice_makes_one_goal_with_and_without_scripts(
    browser: Browser, partnership: Page, place: Place, scripts: bool
) -> None:
    address, title = partnership.url, f"Pressed twice, {'with' if scripts else 'without'} scripts"
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.goto(address)
    fill_goal(page, title)
    page.get_by_role("button", name="Set this goal").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=SOON)
    assert rows(place, Goal.title, title) == 1
    context.close()


def test_who_goes_elsewhere_while_a_form_is_sent_is_not_brought_back(partnership: Page, place: Place) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    fill_goal(partnership, "Sent on the way")
    partnership.route("**/measures", hold)
    with partnership.expect_response(lambda one: one.request.method == "POST" and one.url.endswith("/goals")):
        partnership.evaluate(SEND_AND_GO)
    partnership.wait_for_timeout(500)
    held[0].continue_()
    expect(partnership).to_have_url(re.compile("/measures$"))
    assert rows(place, Goal.title, "Sent on the way") == 1
