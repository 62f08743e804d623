"""What is written is kept before it is sent, is seen while it waits, is there once, and is lost to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect

from core.clock import utc_now
from core.models import Share
from tests.browser.conftest import Place
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 20_000  # ms, on a busy machine
AGAIN = 45_000  # ms within which what waits is tried again by itself
COMMENTS = "**/api/lessons/*/comments"


@pytest.fixture
def share_id(place: Place) -> Iterator[str]:
    """Open the lesson to the coach; what the two write about it is deleted afterwards."""
    with shared_with_coach(place) as share_id:
        yield share_id


@pytest.fixture
def lesson(teacher: Page, place: Place, share_id: str) -> Iterator[Page]:
    """Yield the teacher's lesson; what she writes about it is deleted afterwards."""
    before = {one["id"] for one in comments(teacher, place)}
    teacher.goto(place.lesson)
    wait_until_it_plays(teacher)
    yield teacher
    for one in comments(teacher, place):
        if one["id"] not in before and one["mine"]:
            teacher.request.delete(f"{place.school.address}/api/comments/{one['id']}")


def comments(page: Page, place: Place) -> list[dict[str, Any]]:
    lesson_id = place.lesson.rsplit("/", 1)[-1]
    found: list[dict[str, Any]] = page.request.get(f"{place.school.address}/api/lessons/{lesson_id}/comments").json()
    return [one for one in found if not one["deleted"]]


def there(page: Page, place: Place, text: str) -> int:
    """Count the comments with this text on the server."""
    return sum(one["text"] == text for one in comments(page, place))


def waits(page: Page, text: str) -> Locator:
    return page.locator("article.is-waiting", has_text=text)


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Write a comment").fill(text)
    page.get_by_role("textbox", name="Write a comment").press("Enter")


def no_line(route: Route) -> None:
    """Let nothing that is written through; reading goes on."""
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def test_what_waits_is_in_the_list_over_a_reload_until_the_server_has_it(lesson: Page, place: Place) -> None:
    write(lesson, "Sent at once")
    first = lesson.locator("article.comment", has_text="Sent at once")
    expect(first.get_by_role("button", name="Reply")).to_be_visible(timeout=SOON)
    lesson.route(COMMENTS, no_line)
    write(lesson, "Kept without a line")
    first.get_by_role("button", name="Reply").click()
    lesson.get_by_label("Your reply").fill("A reply without a line")
    lesson.get_by_label("Your reply").press("Enter")
    for text in ("Kept without a line", "A reply without a line"):
        expect(waits(lesson, text)).to_contain_text("waiting to be sent", timeout=SOON)
    expect(first.locator("article.is-waiting")).to_have_count(1)
    lesson.reload()
    wait_until_it_plays(lesson)
    for text in ("Kept without a line", "A reply without a line"):
        expect(waits(lesson, text)).to_contain_text("waiting to be sent", timeout=SOON)
    lesson.unroute(COMMENTS)
    for text in ("Kept without a line", "A reply without a line"):
        expect(waits(lesson, text)).to_have_count(0, timeout=AGAIN)
        expect(lesson.locator("article.comment article.comment, article.comment", has_text=text).first).to_be_visible()
        assert there(lesson, place, text) == 1


def test_enter_twice_and_a_lost_answer_make_one_comment(lesson: Page, place: Place) -> None:
    field = lesson.get_by_role("textbox", name="Write a comment")
    field.fill("Pressed twice")
    field.press("Enter")
    field.press("Enter")
    expect(lesson.locator("article.comment:not(.is-waiting)", has_text="Pressed twice")).to_have_count(1, timeout=SOON)
    taken: list[APIResponse] = []

    def lose_answer(route: Route) -> None:
        if route.request.method != "POST" or taken:
            return route.continue_()
        taken.append(route.fetch())
        return route.abort()

    lesson.route(COMMENTS, lose_answer)
    write(lesson, "Its answer was lost")
    expect(lesson.locator("article.comment", has_text="Its answer was lost")).to_have_count(1, timeout=SOON)
    expect(waits(lesson, "Its answer was lost")).to_have_count(0, timeout=AGAIN)
    lesson.unroute(COMMENTS)
    assert [there(lesson, place, text) for text in ("Pressed twice", "Its answer was lost")] == [1, 1]


def test_two_tabs_that_finish_one_draft_differently_lose_neither(lesson: Page, place: Place) -> None:
    lesson.get_by_role("textbox", name="Write a comment").fill("One thought")
    other = lesson.context.new_page()
    other.goto(place.lesson)
    expect(other.get_by_role("textbox", name="Write a comment")).to_have_value("One thought", timeout=SOON)
    write(lesson, "One thought, ended here")
    expect(lesson.locator("article.comment:not(.is-waiting)", has_text="ended here")).to_be_visible(timeout=SOON)
    write(other, "One thought, ended there")
    row = waits(other, "ended there")
    expect(row).to_contain_text("sent before with other words", timeout=SOON)
    expect(other.locator("article.comment:not(.is-waiting)", has_text="ended here")).to_be_visible()
    row.get_by_role("button", name="Send it as well").click()
    expect(row).to_have_count(0, timeout=SOON)
    texts = ("One thought, ended here", "One thought, ended there")
    assert [there(lesson, place, text) for text in texts] == [1, 1]


def test_what_is_refused_stays_with_its_words_and_is_not_tried_again(
    browser: Browser, place: Place, share_id: str
) -> None:
    context = browser.new_context()
    coach = context.new_page()
    sign_in(coach, place.school, place.people.coach)
    coach.goto(place.lesson)
    coach.route(COMMENTS, no_line)
    write(coach, "A question for Tom")
    expect(waits(coach, "A question for Tom")).to_be_visible(timeout=SOON)
    with place.school.opened() as (database, _), database.write() as session:
        session.get_one(Share, share_id).taken_back_at = utc_now()
    coach.unroute(COMMENTS)
    posted: list[str] = []
    coach.on("request", lambda one: posted.append(one.url) if one.method == "POST" else None)
    coach.wait_for_url("**/?notice=taken-back", timeout=SOON)
    section = coach.get_by_role("region", name="What you had begun to write")
    expect(section).to_contain_text("A question for Tom", timeout=SOON)
    expect(section).to_contain_text("isn't open to you any more", timeout=SOON)
    coach.reload()
    coach.wait_for_timeout(1500)
    assert len([one for one in posted if one.endswith("/comments")]) <= 1
    assert share_id not in coach.evaluate("JSON.stringify(localStorage)")
    assert "/api/" not in coach.evaluate("JSON.stringify(localStorage)")
    expect(section.get_by_role("button", name="Copy")).to_be_visible()
    section.get_by_role("button", name="Delete").click()
    expect(section).to_be_hidden()
    coach.reload()
    expect(coach.get_by_role("heading", name="This week")).to_be_visible()
    expect(section).to_be_hidden()
    context.close()


def test_a_full_or_forbidden_store_is_said_and_loses_nothing_while_the_page_is_open(lesson: Page, place: Place) -> None:
    lesson.evaluate("void (Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') })")
    lesson.get_by_role("textbox", name="Write a comment").press_sequentially("Written")
    said = lesson.locator("comment-composer").get_by_role("status")
    expect(said).to_contain_text("can't save anything")
    lesson.route(COMMENTS, no_line)
    write(lesson, "Written without room")
    expect(waits(lesson, "Written without room")).to_be_visible(timeout=SOON)
    lesson.unroute(COMMENTS)
    expect(waits(lesson, "Written without room")).to_have_count(0, timeout=AGAIN)
    assert there(lesson, place, "Written without room") == 1
    lesson.reload()
