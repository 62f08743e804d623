"""What people come back to the review page for: ranges, marks, filters, moments for a goal, clips, the place kept."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in, wait_until_it_plays

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SHOTS = Path(__file__).resolve().parents[2] / "test-results"


def at_ms(page: Page) -> int:
    """Return where the film is."""
    return round(1000 * float(page.evaluate("document.querySelector('video').currentTime")))


def wait_until_at(page: Page, low_ms: float, high_ms: float) -> None:
    """Wait until the film is between two places; a busy machine may take its time."""
    end = time.monotonic() + 20
    while not low_ms <= at_ms(page) <= high_ms:
        assert time.monotonic() < end, f"the film is at {at_ms(page)}"
        page.wait_for_timeout(50)


def open_at(page: Page, place: Place, seconds: float) -> None:
    """Open the lesson at a place."""
    page.goto(place.lesson)
    wait_until_it_plays(page)
    page.evaluate(f"document.querySelector('video').currentTime = {seconds}")
    page.locator("h1").click()


def drag(page: Page, from_x: float, to_x: float) -> None:
    """Drag over the lanes, between two shares of their width."""
    box = page.locator("talk-lanes .strip").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + from_x * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + (from_x + to_x) / 2 * box["width"], middle)
    page.mouse.move(box["x"] + to_x * box["width"], middle)
    page.mouse.up()


def test_a_range_dragged_on_the_lanes_is_commented_on(teacher: Page, place: Place) -> None:
    open_at(teacher, place, 5)
    drag(teacher, 0.5, 0.6)
    bar = teacher.get_by_role("group", name="The selected range")
    expect(bar).to_contain_text(" to ")
    teacher.screenshot(path=SHOTS / "range.png")
    bar.get_by_role("button", name="Comment on it").click()
    composer = teacher.get_by_role("textbox", name="Write a comment")
    expect(composer).to_be_focused()
    composer.press_sequentially("All of this")
    composer.press("Alt+KeyR")
    composer.press("Enter")
    mine = teacher.locator("article.comment", has_text="All of this")
    expect(mine).to_contain_text("to 1:")
    expect(mine).to_contain_text("· R")
    mine.get_by_role("button", name="Delete").click()


def test_a_range_is_set_by_keys_and_played_again_and_again(teacher: Page, place: Place) -> None:
    open_at(teacher, place, 20)
    teacher.keyboard.press("i")
    teacher.keyboard.press("r")
    teacher.evaluate("document.querySelector('video').currentTime = 24.6")
    teacher.keyboard.press("k")
    wait_until_at(teacher, 20_000, 24_000)
    teacher.keyboard.press("r")


def test_silences_are_skipped_when_she_wants(teacher: Page, place: Place) -> None:
    page = teacher
    open_at(page, place, 0)
    gap = page.evaluate(
        """() => { const t = JSON.parse(document.getElementById('lesson-data').textContent).turns;
        const i = t.findIndex((one, i) => i && one.start_ms - t[i - 1].end_ms > 2500);
        return i > 0 ? [t[i - 1].end_ms, t[i].start_ms] : null; }"""
    )
    assert gap is not None
    page.keyboard.press("s")
    page.evaluate(f"document.querySelector('video').currentTime = {(gap[0] - 200) / 1000}")
    page.keyboard.press("k")
    wait_until_at(page, gap[1] - 400, gap[1] + 5000)


def test_a_mark_is_one_key_and_hers_alone(teacher: Page, place: Place) -> None:
    open_at(teacher, place, 33)
    teacher.keyboard.press("m")
    mark = teacher.locator("article.comment", has_text="Marked")
    expect(mark).to_contain_text("0:33")
    expect(mark).to_contain_text("only you")
    mark.get_by_role("button", name="Delete").click()


def test_she_goes_on_where_she_was_on_another_device(browser: Browser, teacher: Page, place: Place) -> None:
    open_at(teacher, place, 71)
    teacher.evaluate("document.querySelector('video').play()")
    wait_until_at(teacher, 71_050, 74_000)
    with teacher.expect_response(lambda answer: answer.url.endswith("/place")):
        teacher.evaluate("document.querySelector('video').pause()")
    other = browser.new_context()
    page = other.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.goto(place.lesson)
    wait_until_it_plays(page)
    wait_until_at(page, 70_500, 75_000)
    other.close()


def test_words_that_are_selected_become_a_comment(teacher: Page, place: Place) -> None:
    open_at(teacher, place, 0)
    teacher.get_by_role("tab", name="Words").click()
    teacher.evaluate(
        """() => { const lines = [...document.querySelectorAll('p.turn')];
        const line = lines.find((p) => p.textContent.includes('one quarter'));
        const range = new Range(); range.setStart(line.firstChild, 0); range.setEnd(line.firstChild, 20);
        getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    bar = teacher.get_by_role("group", name="The selected range")
    expect(bar).to_contain_text("0:31 to 0:")
    bar.get_by_role("button", name="Select nothing").click()
    expect(bar).to_be_hidden()


def test_comments_are_shown_by_kind_and_an_edited_one_tells_what_it_said(teacher: Page, place: Place) -> None:
    open_at(teacher, place, 12)
    composer = teacher.get_by_role("textbox", name="Write a comment")
    for text, kind in (("First thought", "noticed"), ("Second thought", "question")):
        teacher.get_by_role("combobox", name="Kind", exact=True).select_option(kind)
        composer.fill(text)
        composer.press("Enter")
        expect(teacher.locator("article.comment", has_text=text)).to_be_visible()
    teacher.get_by_text("Show only some").click()
    teacher.get_by_label("any kind").select_option("question")
    expect(teacher.locator("article.comment", has_text="First thought")).to_have_count(0)
    second = teacher.locator("article.comment", has_text="Second thought")
    second.get_by_role("button", name="Edit").click()
    teacher.get_by_role("textbox", name="Your comment").fill("Third thought")
    teacher.get_by_role("button", name="Save").first.click()
    third = teacher.locator("article.comment", has_text="Third thought")
    third.get_by_role("button", name="edited").click()
    expect(third).to_contain_text("Second thought")
    third.get_by_role("button", name="Delete").click()
    teacher.reload()
    teacher.locator("article.comment", has_text="First thought").get_by_role("button", name="Delete").click()


def test_a_goal_brings_its_moments_each_one_key_away(teacher: Page, place: Place) -> None:
    teacher.goto(place.lesson)
    teacher.get_by_role("tab", name="Goals").click()
    teacher.get_by_role("link", name=place.people.goal).click()
    teacher.get_by_text("Rewrite it").click()
    form = teacher.locator("form").filter(has=teacher.get_by_label("Measure"))
    form.get_by_label("Measure").select_option("wait_1_median_ms")
    form.locator("select").nth(1).select_option("up")
    form.get_by_role("button").first.click()
    expect(teacher.get_by_text("Saved.")).to_be_visible()
    open_at(teacher, place, 0)
    teacher.get_by_role("tab", name="Goals").click()
    moments = teacher.locator("goal-moments ol li")
    expect(moments.first).to_be_visible()
    assert 1 <= moments.count() <= 5
    teacher.screenshot(path=SHOTS / "goal-moments.png")
    teacher.locator("h1").click()
    teacher.keyboard.press("1")
    wait_until_at(teacher, 1000, 148_000)


def test_a_clip_is_cut_shared_alone_and_taken_back(browser: Browser, teacher: Page, place: Place) -> None:
    open_at(teacher, place, 30)
    teacher.keyboard.press("i")
    teacher.get_by_role("group", name="The selected range").get_by_role("button", name="Make a clip").click()
    teacher.get_by_label("Name of the clip").fill("A long wait")
    teacher.get_by_role("button", name="Keep this clip").dblclick()  # makes one, not two
    row = teacher.locator("lesson-clips li", has_text="A long wait")
    expect(row.get_by_role("link", name="A long wait")).to_be_visible(timeout=30_000)
    expect(row).to_contain_text("Only you")
    row.get_by_role("button", name="Share with Priya").click()
    expect(row).to_contain_text("You and Priya")
    pill = teacher.locator("trust-pill button")
    expect(pill).to_have_text("Only you, and one clip with Priya")
    pill.click()
    expect(teacher.get_by_role("dialog")).to_contain_text("The clip “A long wait”: Priya")
    teacher.get_by_role("dialog").get_by_role("button", name="Close").click()
    teacher.screenshot(path=SHOTS / "clips.png")
    address = str(row.get_by_role("link", name="A long wait").get_attribute("href"))
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    coach = context.new_page()
    sign_in(coach, place.school, place.people.coach)
    coach.get_by_role("link", name="A long wait").click()
    wait_until_it_plays(coach)
    assert abs(float(coach.evaluate("document.querySelector('video').duration")) - 5) < 0.2
    coach.screenshot(path=SHOTS / "clip.png")
    assert coach.goto(place.lesson).status == 404  # type: ignore[union-attr]
    row.get_by_role("button", name="Blur the faces").click()
    expect(row.get_by_role("link", name="Save with blurred faces")).to_be_visible(timeout=60_000)
    assert teacher.request.get(f"{place.school.address}/media{address}?blurred=true").status == 200
    assert coach.request.get(f"{place.school.address}/media{address}?blurred=true").status == 404
    row.get_by_role("button", name="Take back from Priya").click()
    expect(row).to_contain_text("Only you")
    assert coach.goto(f"{place.school.address}{address}").status == 404  # type: ignore[union-attr]
    context.close()
    row.get_by_role("button", name="Delete").click()
    teacher.locator("lesson-clips").get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Delete").click()


def test_a_press_plays_and_two_fingers_zoom(browser: Browser, place: Place) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, place.school, place.people.teacher)
    page.goto(place.lesson)
    wait_until_it_plays(page)
    box = page.locator("talk-lanes .strip").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 74 + (box["width"] - 74) / 2, box["y"] + 30)
    wait_until_at(page, 68_000, 84_000)
    page.evaluate("document.querySelector('video').pause()")
    lanes = context.new_cdp_session(page)
    y = box["y"] + 30

    def touch(kind: str, *xs: float) -> None:
        points = [{"x": box["x"] + x, "y": y, "id": number} for number, x in enumerate(xs)]
        lanes.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 180, 220)
    for apart in range(10, 60, 10):
        touch("touchMove", 180 - apart, 220 + apart)
    touch("touchEnd")
    seen = page.evaluate("(({ shown }) => shown.to - shown.from)(document.querySelector('talk-lanes'))")
    assert seen < 100_000
    context.close()


def test_a_comment_can_be_said_instead_of_typed(teacher: Page, place: Place) -> None:
    open_at(teacher, place, 10)
    teacher.get_by_role("button", name="Say it").click()
    teacher.wait_for_timeout(2500)
    teacher.get_by_role("button", name="Stop", exact=True).click()
    # the pretended microphone beeps: the engine hears that, and nobody claims that words were said
    said = teacher.locator("comment-composer [role=status]").last
    composer = teacher.get_by_role("textbox", name="Write a comment")
    end = time.monotonic() + 60
    while not composer.input_value() and "couldn't make that out" not in said.inner_text():
        assert time.monotonic() < end, said.inner_text()
        teacher.wait_for_timeout(200)
    expect(teacher.locator("comment-composer .figure")).to_contain_text("at 0:10")
    composer.fill("")
