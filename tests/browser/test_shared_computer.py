"""Two people at one computer: what one of them wrote is hers alone, on the page and on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.models import Person
from tests.browser.conftest import Place
from tests.browser.people import PASSWORD
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SOON = 15_000  # ms, on a busy machine
ON_DISK = "JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage })"


@pytest.fixture(autouse=True)
def share_id(place: Place) -> Iterator[str]:
    """Open the lesson to the coach, so that both may comment on it and only the page's person tells them apart."""
    with shared_with_coach(place) as share_id:
        yield share_id


@pytest.fixture
def computer(browser: Browser) -> Iterator[Page]:
    """Yield a browser in which nobody is signed in yet."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def sign_out(page: Page) -> None:
    page.locator('form[action="/sign-out"] button').click()


def authors(page: Page, place: Place, text: str) -> list[str]:
    """Return who wrote a comment, as far as whoever is signed in may see it."""
    lesson_id = place.lesson.rsplit("/", 1)[-1]
    comments = page.request.get(f"{place.school.address}/api/lessons/{lesson_id}/comments").json()
    return [one["author"]["name"] for one in comments if one["text"] == text]


def field_of(page: Page) -> str:
    return page.get_by_label("Write a comment").input_value()


def write_offline(page: Page, text: str) -> None:
    page.context.set_offline(True)
    page.get_by_label("Write a comment").fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("comment-composer").get_by_role("status")).to_contain_text("kept on your device")


def test_what_one_person_wrote_waits_for_her_and_is_neither_seen_nor_sent_by_the_next(
    computer: Page, place: Place
) -> None:
    note = "Only me: kept while the line was bad"
    sign_in(computer, place.school, place.people.teacher)
    computer.goto(place.lesson)
    computer.get_by_label("Who can read it").select_option(label="Only me")
    write_offline(computer, note)
    computer.get_by_label("Write a comment").fill("half written")
    computer.context.clear_cookies()  # her time is over
    computer.context.set_offline(False)
    expect(computer.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=SOON)
    expect(computer.locator("#main")).to_be_hidden()
    sign_in(computer, place.school, place.people.coach)
    computer.goto(place.lesson)
    assert field_of(computer) == ""
    computer.wait_for_timeout(1500)
    assert authors(computer, place, note) == []
    sign_out(computer)
    sign_in(computer, place.school, place.people.teacher)
    computer.goto(place.lesson)
    expect(computer.locator("lesson-comments")).to_contain_text(note, timeout=SOON)
    assert field_of(computer) == "half written"
    assert len(authors(computer, place, note)) == 1
    computer.get_by_label("Write a comment").fill("")
    sign_out(computer)
    sign_in(computer, place.school, place.people.coach)
    assert authors(computer, place, note) == []


def test_signing_out_tells_what_is_not_sent_and_lets_her_choose(computer: Page, place: Place) -> None:
    sign_in(computer, place.school, place.people.teacher)
    for text, choice in (("To send now", "Send now"), ("To discard", "Discard and sign out")):
        computer.goto(place.lesson)
        computer.route("**/comments", lambda route: route.abort())
        computer.get_by_label("Write a comment").fill(text)
        computer.get_by_role("button", name="Save", exact=True).click()
        expect(computer.locator("comment-composer").get_by_role("status")).to_contain_text("kept on your device")
        sign_out(computer)
        dialog = computer.get_by_role("dialog")
        expect(dialog.get_by_role("heading", name="One comment is not sent yet")).to_be_visible()
        expect(dialog).to_contain_text(text)
        dialog.get_by_role("button", name="Stay signed in").click()
        expect(dialog).not_to_be_attached()
        sign_out(computer)
        if choice == "Send now":
            dialog.get_by_role("button", name=choice).click()
            expect(dialog.get_by_role("status")).to_contain_text("still could not be sent")
            computer.unroute("**/comments")
        dialog.get_by_role("button", name=choice).click()
        expect(computer.get_by_text("You are signed out.")).to_be_visible(timeout=SOON)
        computer.unroute("**/comments")
        assert text not in computer.evaluate(ON_DISK)
        sign_in(computer, place.school, place.people.teacher)
        assert len(authors(computer, place, text)) == (choice == "Send now")


def test_a_page_in_which_somebody_else_has_signed_in_writes_nothing_and_says_so(computer: Page, place: Place) -> None:
    sign_in(computer, place.school, place.people.teacher)
    computer.goto(place.lesson)
    computer.get_by_label("Write a comment").fill("Half a thought")
    form_page = computer.context.new_page()
    form_page.goto(f"{place.school.address}/me")
    form_page.get_by_label("What should we call you?").fill("Not hers")
    form_page.route("**/api/me", lambda route: route.abort())  # so that only the server knows
    other = computer.context.new_page()
    other.goto(place.school.address)
    other.locator('form[action="/sign-out"] button').click()
    sign_in(other, place.school, place.people.coach)
    said = computer.get_by_role("heading", name=re.compile("^You are signed in as"))
    expect(said).to_be_visible(timeout=SOON)
    expect(computer.locator("#main")).to_be_hidden()
    assert "Half a thought" not in computer.inner_text("body")
    # A page that has not heard of it sends its form: the server refuses it, and shows nobody what was typed.
    form_page.evaluate("document.querySelector('form[action=\"/me/called\"]').submit()")
    expect(form_page.get_by_role("heading", name=re.compile("^You are signed in as"))).to_be_visible(timeout=SOON)
    assert "Not hers" not in form_page.content()
    computer.get_by_role("button", name="Reload").click()
    expect(computer.get_by_label("Write a comment")).to_have_value("", timeout=SOON)
    with place.school.opened() as (database, _), database.read() as session:
        assert not session.query(Person).filter(Person.called == "Not hers").count()


@pytest.mark.parametrize("is_open", [True, False])
def test_of_what_was_half_written_about_a_closed_lesson_the_words_alone_stay_for_their_writer(
    computer: Page, teacher: Page, place: Place, share_id: str, is_open: bool
) -> None:
    lesson_id = place.lesson.rsplit("/", 1)[-1]
    sign_in(computer, place.school, place.people.coach)
    computer.goto(place.lesson)
    title = computer.locator("h1").inner_text()
    computer.get_by_label("Write a comment").fill("Half a thought")
    computer.wait_for_timeout(1500)
    assert lesson_id in computer.evaluate(ON_DISK)
    if not is_open:
        computer.goto(f"{place.school.address}/walks")
    assert teacher.request.delete(f"{place.school.address}/api/shares/{share_id}").ok
    if is_open:
        computer.wait_for_url("**/?notice=taken-back", timeout=SOON)
    else:
        computer.goto(place.lesson)
    left = computer.get_by_role("region", name="What you had begun to write")
    expect(left).to_contain_text("Half a thought", timeout=SOON)
    assert (lesson_id in computer.evaluate(ON_DISK), title in computer.inner_text("body")) == (False, False)
    computer.screenshot(path=f"test-results/left-words-{is_open}.png")
    computer.set_viewport_size({"width": 360, "height": 740})
    computer.screenshot(path=f"test-results/left-words-{is_open}-phone.png")
    computer.goto(f"{place.school.address}/")
    expect(left).to_contain_text("isn't open to you any more")
    expect(left.get_by_role("button", name="Copy")).to_be_visible()
    sign_out(computer)
    sign_in(computer, place.school, place.people.teacher)
    expect(left).to_be_hidden()
    assert "Half a thought" not in computer.inner_text("body")
    sign_out(computer)
    sign_in(computer, place.school, place.people.coach)
    left.get_by_role("button", name="Delete").click()
    expect(left).to_be_hidden()
    assert "Half a thought" not in computer.evaluate(ON_DISK)


def test_a_form_that_was_half_filled_in_waits_for_its_writer(computer: Page, place: Place) -> None:
    sign_in(computer, place.school, place.people.teacher)
    computer.goto(f"{place.school.address}/me")
    computer.get_by_label("What should we call you?").fill("Half a name")
    other = computer.context.new_page()
    other.goto(place.school.address)
    other.locator('form[action="/sign-out"] button').click()
    expect(computer.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=SOON)
    sign_in(other, place.school, place.people.coach)
    other.goto(f"{place.school.address}/me")
    assert other.get_by_label("What should we call you?").input_value() != "Half a name"
    sign_out(other)
    computer.close()
    sign_in(other, place.school, place.people.teacher)
    other.goto(f"{place.school.address}/me")
    expect(other.get_by_label("What should we call you?")).to_have_value("Half a name")


def test_a_shared_computer_keeps_nothing_after_the_sign_out(computer: Page, place: Place) -> None:
    computer.goto(f"{place.school.address}/sign-in")
    computer.get_by_label("Email").fill(place.people.teacher)
    computer.get_by_label("Password").fill(PASSWORD)
    computer.get_by_label("This is a shared computer").check()
    computer.get_by_role("button", name="Sign in").click()
    expect(computer.get_by_role("heading", name="This week")).to_be_visible()
    cookies = {one["name"]: one["expires"] for one in computer.context.cookies()}
    assert cookies == {"hindsight": -1, "hindsight-shared": -1}  # they end with the browser
    computer.goto(place.lesson)
    computer.get_by_label("Write a comment").fill("half written here")
    assert "half written here" in computer.evaluate(ON_DISK)
    sign_out(computer)
    dialog = computer.get_by_role("dialog")
    expect(dialog).to_contain_text("One comment is half written")
    expect(dialog).to_contain_text("nothing stays here after you sign out")
    expect(dialog.get_by_role("button", name="Keep on this device")).not_to_be_attached()
    dialog.get_by_role("button", name="Discard and sign out").click()
    expect(computer.get_by_text("You are signed out.")).to_be_visible()
    assert computer.context.cookies() == []
    assert "half written" not in computer.evaluate(ON_DISK)
    assert "hindsight:of:" not in computer.evaluate(ON_DISK)
