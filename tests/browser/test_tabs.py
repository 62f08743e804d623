"""Many tabs of one browser at HTTP/1.1: six connections, for streams, films and everything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TABS = 8
SOON = 12_000  # ms, on a busy machine; before an answer that does not come is given up (15 s)
HIDE = """hidden => {
Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
document.dispatchEvent(new Event('visibilitychange'));
}"""
PLAY = "(() => { const v = document.querySelector('video'); v.muted = true; v.play(); })()"
FILM = """(() => { const v = document.querySelector('video');
return { source: v.getAttribute('src'), at: v.currentTime, ready: v.readyState, poster: v.poster.slice(0, 15) }; })()"""


def wait_for(page: Page, what: str, is_so: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, what
        page.wait_for_timeout(100)


def has_played(page: Page) -> bool:
    return float(page.evaluate(FILM)["at"]) > 0.3


def has_let_go(page: Page) -> bool:
    return page.evaluate(FILM)["source"] is None


class Streams:
    """The streams that a browser holds at this moment."""

    def __init__(self, page: Page) -> None:
        self.open: set[Request] = set()
        context = page.context
        context.on("request", lambda one: self.open.add(one) if "/events" in one.url else None)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)

    def _ended(self, request: Request) -> None:
        self.open.discard(request)


def comment(page: Page, text: str) -> None:
    page.get_by_label("Write a comment").fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Write a comment")).to_have_value("", timeout=SOON)
    expect(page.locator("lesson-comments")).to_contain_text(text, timeout=SOON)


def test_eight_tabs_have_their_film_and_save_works_in_each(teacher: Page, place: Place) -> None:
    streams = Streams(teacher)
    tabs = [teacher, *(teacher.context.new_page() for _ in range(TABS - 1))]
    for tab in tabs:
        tab.goto(place.lesson, timeout=SOON)
        wait_until_it_plays(tab)
    comment(tabs[0], "From the first of eight")
    comment(tabs[-1], "From the last of eight")
    for tab in tabs:
        expect(tab.locator("lesson-comments")).to_contain_text("From the first of eight", timeout=SOON)
        expect(tab.locator("lesson-comments")).to_contain_text("From the last of eight", timeout=SOON)
    wait_for(teacher, "more than one stream is left", lambda: len(streams.open) == 1)
    assert teacher.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "http/1.1"


def test_tabs_whose_film_was_played_leave_connections_to_the_one_that_is_looked_at(teacher: Page, place: Place) -> None:
    tabs = [teacher, *(teacher.context.new_page() for _ in range(TABS - 1))]
    for tab in tabs:
        tab.goto(place.lesson, timeout=20_000)
        wait_until_it_plays(tab)
        tab.evaluate(PLAY)
        wait_for(tab, "the film stands still", partial(has_played, tab))
        tab.evaluate("document.querySelector('video').pause()")
        if tab is not tabs[-1]:
            tab.evaluate(HIDE, True)  # the next tab is in front of it
            wait_for(tab, "the film is kept", partial(has_let_go, tab))
    comment(tabs[-1], "From the last of eight films")
    tabs[0].evaluate(HIDE, False)
    expect(tabs[0].locator("lesson-comments")).to_contain_text("From the last of eight films", timeout=SOON)
    wait_until_it_plays(tabs[0])


def test_the_stream_goes_on_in_another_tab_when_the_one_that_held_it_is_closed(teacher: Page, place: Place) -> None:
    context = teacher.context
    first = context.new_page()
    first.goto(place.lesson)
    first.wait_for_timeout(1500)  # it is the leader now
    teacher.goto(place.lesson)
    third = context.new_page()
    third.goto(place.lesson)
    teacher.wait_for_timeout(1000)
    first.close()
    comment(teacher, "After the first was closed")
    expect(third.locator("lesson-comments")).to_contain_text("After the first was closed", timeout=SOON)


def test_the_stream_goes_on_in_another_tab_when_the_one_that_held_it_has_crashed(teacher: Page, place: Place) -> None:
    context = teacher.context
    first = context.new_page()
    first.goto(place.lesson)
    first.wait_for_timeout(1500)
    teacher.goto(place.lesson)
    third = context.new_page()
    third.goto(place.lesson)
    teacher.wait_for_timeout(1500)
    # A page that is frozen: its scripts stand still and it says nothing more.
    first.context.new_cdp_session(first).send("Page.setWebLifecycleState", {"state": "frozen"})
    first.context.new_cdp_session(first).send("Emulation.setScriptExecutionDisabled", {"value": True})
    comment(teacher, "After the first was frozen")
    expect(third.locator("lesson-comments")).to_contain_text("After the first was frozen", timeout=10_000)


def test_a_hidden_page_lets_go_of_stream_and_film_and_takes_both_up_where_it_was(teacher: Page, place: Place) -> None:
    streams = Streams(teacher)
    teacher.goto(place.lesson)
    wait_until_it_plays(teacher)
    teacher.evaluate("document.querySelector('video').currentTime = 42")
    wait_for(teacher, "no stream", lambda: len(streams.open) == 1)
    teacher.wait_for_timeout(500)
    teacher.evaluate(HIDE, True)
    wait_for(teacher, "the film is kept", lambda: teacher.evaluate(FILM)["source"] is None)
    wait_for(teacher, "the stream is kept", lambda: not streams.open)
    let_go = teacher.evaluate(FILM)
    assert let_go["at"] == 42
    assert let_go["poster"] == "data:image/jpeg"  # the picture that was seen is seen until the film is there
    other = teacher.context.new_page()
    other.goto(place.lesson)
    comment(other, "While the other was hidden")
    other.close()
    expect(teacher.locator("lesson-comments")).not_to_contain_text("While the other was hidden")
    teacher.evaluate(HIDE, False)
    expect(teacher.locator("lesson-comments")).to_contain_text("While the other was hidden", timeout=SOON)
    wait_until_it_plays(teacher)
    assert abs(teacher.evaluate(FILM)["at"] - 42) < 0.1
    teacher.evaluate(PLAY)
    wait_for(teacher, "the film does not go on", lambda: 42 < teacher.evaluate(FILM)["at"] < 60)


def test_a_hidden_page_whose_film_plays_keeps_both(teacher: Page, place: Place) -> None:
    streams = Streams(teacher)
    teacher.goto(place.lesson)
    wait_until_it_plays(teacher)
    teacher.evaluate(PLAY)
    teacher.evaluate(HIDE, True)
    teacher.wait_for_timeout(4500)
    assert teacher.evaluate(FILM)["source"] is not None
    assert len(streams.open) == 1


def test_what_the_other_wrote_while_the_line_was_down_is_shown_when_it_is_back(
    teacher: Page, coach: Page, place: Place
) -> None:
    teacher.goto(place.lesson)
    teacher.wait_for_timeout(1500)
    teacher.context.set_offline(True)
    teacher.evaluate("dispatchEvent(new Event('offline'))")
    comment(coach, "While your line was down")
    teacher.wait_for_timeout(1000)
    teacher.context.set_offline(False)
    expect(teacher.locator("lesson-comments")).to_contain_text("While your line was down", timeout=10_000)


def test_focus_and_what_is_being_written_stay_when_the_other_writes(teacher: Page, coach: Page, place: Place) -> None:
    teacher.goto(place.lesson)
    comment(coach, "The first of two")
    first = teacher.locator("article.comment", has_text="The first of two")
    first.get_by_role("button", name="Reply").focus()
    comment(coach, "A second one")
    expect(teacher.locator("lesson-comments")).to_contain_text("A second one", timeout=SOON)
    expect(first.get_by_role("button", name="Reply")).to_be_focused()
    first.get_by_role("button", name="Reply").click()
    first.get_by_label("Your reply").fill("I am writing")
    comment(coach, "And a third one")
    expect(teacher.locator("lesson-comments")).to_contain_text("And a third one", timeout=SOON)
    expect(first.get_by_label("Your reply")).to_have_value("I am writing")
    expect(first.get_by_label("Your reply")).to_be_focused()
    first.get_by_role("button", name="Send").click()
    expect(first.locator("article.comment")).to_contain_text("I am writing")
    expect(first.get_by_role("button", name="Reply")).to_be_visible()


def test_a_link_to_a_moment_opens_there(teacher: Page, place: Place) -> None:
    teacher.goto(f"{place.lesson}#t=60")
    wait_until_it_plays(teacher)
    assert abs(teacher.evaluate(FILM)["at"] - 60) < 1.5


def test_who_signs_in_next_in_another_tab_is_not_followed_by_the_pages_of_the_first(
    teacher: Page, coach: Page, place: Place
) -> None:
    """Both may see the lesson, so only who is signed in tells them apart."""
    del coach
    teacher.goto(place.lesson)
    teacher.wait_for_timeout(1500)
    other = teacher.context.new_page()
    other.goto(place.school.address)
    other.get_by_role("button", name="Sign out").click()
    sign_in(other, place.school, place.people.coach)
    other.goto(place.lesson)
    comment(other, "From the second person")
    expect(teacher.locator("lesson-comments")).to_be_hidden(timeout=20_000)  # with all of the page


def test_save_never_waits_without_a_word(teacher: Page, place: Place) -> None:
    teacher.goto(place.lesson)
    teacher.route("**/comments", lambda _: None)  # no answer ever comes
    teacher.get_by_label("Write a comment").fill("Is anybody there?")
    teacher.get_by_role("button", name="Save", exact=True).click()
    said = teacher.locator("comment-composer").get_by_role("status")
    expect(said).to_contain_text("kept on your device", timeout=20_000)
    teacher.unroute("**/comments")
    expect(teacher.locator("lesson-comments")).to_contain_text("Is anybody there?", timeout=30_000)
