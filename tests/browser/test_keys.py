"""Keys as other keyboards, input methods and hands press them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place
from tests.browser.test_review_page import now_ms, open_lesson

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

FIELD = "comment-composer textarea"
PRESS = """([key, code, on, more]) => !document.querySelector(on).dispatchEvent(
    new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true, ...more }))"""


def is_kept_from_typing(page: Page, key: str, code: str, on: str, **more: bool) -> bool:
    """Press a key as some keyboard does, and return whether the page kept it from what it would type."""
    return bool(page.evaluate(PRESS, [key, code, on, more]))


def test_keys_work_with_caps_lock_on_other_layouts_and_after_a_click(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    is_kept_from_typing(teacher, "L", "KeyL", "body")
    assert now_ms(teacher) == 20_000
    is_kept_from_typing(teacher, "д", "KeyL", "body")
    assert now_ms(teacher) == 30_000
    teacher.get_by_role("button", name="Faster").click()
    teacher.keyboard.press("j")
    assert now_ms(teacher) == 20_000
    summary = teacher.locator("details.exports summary")
    summary.focus()
    teacher.keyboard.press("Space")
    assert summary.evaluate("one => one.parentElement.open")
    assert teacher.evaluate("document.querySelector('video').paused")


def test_an_input_method_and_letters_of_a_third_level_keep_their_keys(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    teacher.locator(FIELD).click()
    assert not is_kept_from_typing(teacher, "ó", "KeyO", FIELD, ctrlKey=True, altKey=True, modifierAltGraph=True)
    assert not is_kept_from_typing(teacher, "©", "KeyG", FIELD, altKey=True)
    asked: list[str] = []
    teacher.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    devtools = teacher.context.new_cdp_session(teacher)
    devtools.send("Input.imeSetComposition", {"text": "むずかしい", "selectionStart": 5, "selectionEnd": 5})
    enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    devtools.send("Input.dispatchKeyEvent", enter)
    teacher.wait_for_timeout(500)
    assert asked == []
    teacher.locator(FIELD).fill("")


def test_keys_of_one_letter_are_listed_at_the_top_and_can_be_switched_off(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    teacher.get_by_role("banner").get_by_role("button", name="Keys").click()
    dialog = teacher.get_by_role("dialog", name="Keys of this page")
    expect(dialog).to_contain_text("write a comment")
    teacher.screenshot(path="test-results/keys.png")
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Close").click()
    teacher.reload()
    open_lesson(teacher, place)
    for key in ("l", "?", "c", "1"):
        teacher.keyboard.press(key)
    assert now_ms(teacher) == 10_000
    expect(teacher.locator("dialog")).to_have_count(0)
    expect(teacher.locator(FIELD)).not_to_be_focused()
    teacher.keyboard.press("ArrowRight")
    assert now_ms(teacher) == 15_000
    teacher.get_by_role("banner").get_by_role("button", name="Keys").click()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Close").click()
    teacher.keyboard.press("l")
    assert now_ms(teacher) == 25_000


def test_ctrl_z_undoes_only_what_is_in_sight(teacher: Page, place: Place) -> None:
    open_lesson(teacher, place)
    corrections = f"{place.school.address}/api/lessons/{place.lesson.rsplit('/', 1)[-1]}/corrections"
    teacher.get_by_role("tab", name="Words").click()
    turn = teacher.locator("p.turn").first
    span = {"start_ms": int(turn.get_attribute("data-start") or 0), "end_ms": int(turn.get_attribute("data-end") or 0)}
    made = teacher.request.post(corrections, data={"kind": "turn", "role": "unsure", **span})
    assert made.ok, made.text()
    teacher.reload()
    open_lesson(teacher, place)
    in_force = "async (at) => (await (await fetch(at)).json()).filter((one) => !one.undone_at).length"
    teacher.keyboard.press("Control+z")
    teacher.wait_for_timeout(500)
    assert teacher.evaluate(in_force, corrections) == 1
    teacher.get_by_role("tab", name="Words").click()
    expect(teacher.locator("lesson-corrections")).to_contain_text("Your corrections (1)")
    teacher.keyboard.press("Control+z")
    expect(teacher.locator("lesson-corrections")).to_contain_text("Your corrections (0)")
