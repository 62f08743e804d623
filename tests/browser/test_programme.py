"""The programme around the page, in a browser: a visit without network, a partnership from question to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SOON = datetime.now(UTC) + timedelta(days=2)


def test_what_is_noted_without_network_waits_on_the_phone_survives_a_reload_and_is_sent(
    browser: Browser, place: Place
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    sign_in(page, place.school, place.people.coach)
    page.goto(f"{place.school.address}/walks")
    page.get_by_label("Who are you visiting?").select_option(label="Tom Teacher")
    page.get_by_label("What do you see?").fill("Year 9, a starter")
    page.get_by_role("button", name="Begin").click()
    field = page.get_by_label("What do you see and hear?")
    field.fill("With network")
    field.press("Enter")
    expect(page.get_by_role("button", name="Take away: With network")).to_be_visible()
    context.route("**/api/walks/**", lambda route: route.abort())
    field.fill("Without network")
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("on this phone", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Without network")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.unroute("**/api/walks/**")
    expect(page.get_by_role("button", name="Take away: Without network")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Record the sound too").click()
    expect(page.get_by_role("button", name="Recording the sound")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(2500)  # a piece of the recording comes every two seconds
    page.get_by_role("button", name="Save it for Tom Teacher").click()
    expect(page.get_by_text("Your colleague can read it now")).to_be_visible(timeout=15_000)
    address = page.url
    context.close()
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.get_by_role("link", name="Year 9, a starter").first.click()
    expect(page).to_have_url(address.split("?")[0])
    expect(page.get_by_text("Without network")).to_be_visible()
    expect(page.get_by_role("link", name="Listen to the sound")).to_be_visible()
    context.close()


def test_a_partnership_is_asked_for_answered_planned_and_ended(browser: Browser, place: Place, teacher: Page) -> None:
    teacher.goto(f"{place.school.address}/partnerships")
    teacher.get_by_label("Colleague", exact=True).select_option(label="Lena Lead")
    teacher.get_by_role("button", name="Ask", exact=True).click()
    expect(teacher.get_by_text("has not answered yet")).to_be_visible()
    pair = teacher.url.split("?")[0]
    context = browser.new_context()
    other = context.new_page()
    sign_in(other, place.school, place.people.lead)
    other.get_by_role("link", name="Tom Teacher asks you to be partners").click()
    other.get_by_role("button", name="Yes").click()
    expect(other.get_by_text("You are partners now")).to_be_visible()
    teacher.goto(pair)
    teacher.get_by_label("Day and time").fill(f"{SOON:%Y-%m-%d}T15:45")
    teacher.get_by_role("button", name="Plan it").click()
    expect(teacher.get_by_text(f"{SOON:%A} {SOON.day} {SOON:%B %Y} at 15:45")).to_be_visible()
    other.goto(place.school.address)
    other.get_by_role("link", name="Open the room with Tom Teacher").click()
    expect(other.get_by_text("Planned for")).to_be_visible()
    other.get_by_label("One thing, by when?").fill("Ask more of them")
    other.get_by_role("button", name="Done").click()
    expect(other.get_by_role("heading", name="Log")).to_be_visible()
    other.goto(pair)
    expect(other.get_by_text("Ask more of them").first).to_be_visible()
    other.get_by_role("button", name="Done", exact=True).click()
    expect(other.get_by_role("button", name="Not done yet")).to_be_visible()
    other.get_by_text("End this partnership", exact=True).click()
    other.get_by_role("button", name="Yes, end it").click()
    expect(other.get_by_text("This partnership has ended")).to_be_visible()
    context.close()


def test_a_coach_who_has_a_clip_alone_writes_on_it_and_the_teacher_reads_it_at_once(
    browser: Browser, place: Place, teacher: Page
) -> None:
    lesson = f"{place.school.address}/api/lessons/{place.lesson.rsplit('/', 1)[-1]}"
    audience = teacher.request.get(f"{place.school.address}/partnerships").text()
    partnership = audience.split("/partnerships/", 1)[1].split('"', 1)[0]
    clip = teacher.request.post(f"{lesson}/clips", data={"title": "Only this", "start_ms": 20_000, "end_ms": 40_000})
    clip_id = clip.json()[-1]["id"]
    address = f"{place.school.address}/clips/{clip_id}"
    teacher.request.post(f"{place.school.address}/api/clips/{clip_id}/shares", data={"partnership_id": partnership})
    teacher.goto(address)
    context = browser.new_context()
    coach = context.new_page()
    sign_in(coach, place.school, place.people.coach)
    while teacher.request.get(f"{place.school.address}/media/clips/{clip_id}").status != 200:  # it is being cut
        teacher.wait_for_timeout(200)
    coach.get_by_role("link", name="Only this").click()
    wait_until_it_plays(coach)
    coach.keyboard.press("c")
    coach.get_by_label("Write a comment").fill("What did they do with that silence?")
    coach.get_by_label("Kind", exact=True).select_option("question")
    coach.get_by_label("Goal", exact=True).select_option(label=place.people.goal)
    coach.get_by_role("button", name="Save").click()
    expect(coach.locator("article.comment", has_text="that silence?")).to_contain_text("question")
    theirs = teacher.locator("article.comment", has_text="What did they do with that silence?")
    expect(theirs).to_be_visible(timeout=15_000)
    theirs.get_by_role("button", name="Reply").click()
    teacher.get_by_label("Your reply").fill("They looked at each other")
    teacher.get_by_role("button", name="Send").click()
    expect(coach.get_by_text("They looked at each other")).to_be_visible(timeout=15_000)
    teacher.request.delete(f"{place.school.address}/api/clips/{clip_id}/shares/{partnership}")
    expect(coach).to_have_url(f"{place.school.address}/?notice=taken-back", timeout=15_000)  # closed while it is open
    teacher.request.delete(f"{place.school.address}/api/clips/{clip_id}")
    context.close()
