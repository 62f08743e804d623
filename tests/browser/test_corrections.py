"""The teacher puts right what the machine found, on the review page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SHOTS = Path(__file__).resolve().parents[2] / "test-results"


def open_words(page: Page, place: Place) -> None:
    page.goto(place.lesson)
    wait_until_it_plays(page)
    page.get_by_role("tab", name="Words").click()


def put_right(dialog: Locator, section: str) -> None:
    dialog.get_by_role("group", name=section).get_by_role("button", name="Correct it").click()


def undo_all(page: Page) -> None:
    undo = page.get_by_role("button", name="Undo", exact=True).first
    while undo.is_enabled():
        undo.click()
        expect(page.locator("lesson-corrections [role=status]")).to_contain_text("Undone")
        page.wait_for_timeout(200)


def test_a_pupil_gets_her_name_everywhere_and_it_can_be_undone_and_done_again(teacher: Page, place: Place) -> None:
    open_words(teacher, place)
    line = teacher.locator('p.turn[data-role="pupil"]').first
    speaker = line.get_attribute("data-speaker")
    line.hover()
    line.get_by_role("button", name="Correct this").click()
    dialog = teacher.get_by_role("dialog")
    teacher.screenshot(path=SHOTS / "correction.png")
    dialog.get_by_label("everywhere in this lesson").check()
    dialog.get_by_role("textbox", name="Name of this voice").fill("Amira")
    put_right(dialog, "Who speaks")
    expect(dialog).to_have_count(0)
    own = teacher.locator(f'p.turn[data-speaker="{speaker}"]')
    expect(own.first).to_have_attribute("data-who", "Amira")
    assert set(own.evaluate_all("all => all.map((one) => one.dataset.who)")) == {"Amira"}
    teacher.screenshot(path=SHOTS / "corrected.png")
    teacher.locator("h1").click()
    teacher.keyboard.press("Control+z")
    expect(own.first).to_have_attribute("data-who", f"Pupil {speaker}")
    teacher.keyboard.press("Control+Shift+Z")
    expect(own.first).to_have_attribute("data-who", "Amira")
    undo_all(teacher)


def test_by_keyboard_alone_a_word_is_corrected_without_losing_its_time(teacher: Page, place: Place) -> None:
    open_words(teacher, place)
    first = teacher.locator("p.turn").first
    first.focus()
    teacher.keyboard.press("ArrowDown")
    second = teacher.locator("p.turn").nth(1)
    expect(second).to_be_focused()
    before = second.get_attribute("data-start")
    teacher.keyboard.press("e")
    dialog = teacher.get_by_role("dialog")
    field = dialog.get_by_role("textbox", name="What is said")
    said = field.input_value()
    field.fill(said.replace(said.split()[0], "Corrected", 1))
    field.press("Tab")
    teacher.keyboard.press("Enter")
    expect(second).to_contain_text("Corrected")
    assert second.get_attribute("data-start") == before
    undo_all(teacher)
    expect(second).to_contain_text(said.split()[0])


def test_one_turn_given_to_a_pupil_changes_the_teachers_share_at_once(teacher: Page, place: Place) -> None:
    open_words(teacher, place)
    address = place.lesson.replace("/lessons/", "/api/lessons/")
    before = teacher.request.get(address).json()["measures"]["teacher_ms"]
    line = teacher.locator('p.turn[data-role="teacher"]').first
    line.focus()
    teacher.keyboard.press("e")
    dialog = teacher.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Who speaks").select_option("A pupil")
    put_right(dialog, "Who speaks")
    expect(dialog).to_have_count(0)
    assert teacher.request.get(address).json()["measures"]["teacher_ms"] < before
    undo_all(teacher)
    assert teacher.request.get(address).json()["measures"]["teacher_ms"] == before


def test_an_activity_is_named_anew_and_its_end_is_moved(teacher: Page, place: Place) -> None:
    open_words(teacher, place)
    teacher.get_by_role("tab", name="Measures").click()
    activities = teacher.locator("lesson-activities")
    activities.get_by_role("combobox").first.select_option("group work")
    expect(activities.get_by_role("combobox").first).to_have_value("group")
    teacher.get_by_role("tab", name="Words").click()
    undo_all(teacher)


def test_a_refusal_is_told_in_the_dialog_and_nothing_typed_is_lost(teacher: Page, place: Place) -> None:
    open_words(teacher, place)
    teacher.locator("p.turn").first.focus()
    teacher.keyboard.press("e")
    dialog = teacher.get_by_role("dialog")
    teacher.context.route("**/corrections", lambda route: route.fulfill(status=409, json={"message": "Not now."}))
    field = dialog.get_by_role("textbox", name="What is said")
    field.fill("Something else")
    put_right(dialog, "What is said")
    expect(dialog.get_by_role("alert").filter(has_text="Not now.")).to_be_visible()
    expect(field).to_have_value("Something else")
