"""The main job, end to end: a real recording, the real engine, two people in two browsers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import create_demo_school
from tests.browser.school import running_school
from tests.browser.signing_in import sign_in, wait_until_it_plays
from tests.support.servers import Servers, make_ground

PROJECT = Path(__file__).resolve().parents[2]
RECORDING = PROJECT / "demo" / "lesson.mp4"
SHOTS = PROJECT / "test-results"
WORK_MS = 240_000


@pytest.mark.browser
@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(420)
def test_a_teacher_uploads_a_lesson_and_talks_about_it_with_her_coach(
    browser: Browser, tmp_path: Path, servers: Servers
) -> None:
    SHOTS.mkdir(exist_ok=True)
    with running_school(tmp_path, **make_ground(servers, tmp_path / "data")) as school:
        people = create_demo_school(school)
        teacher = browser.new_context(viewport={"width": 1360, "height": 860}).new_page()
        problems: list[str] = []
        teacher.on("pageerror", lambda error: problems.append(str(error)))
        sign_in(teacher, school, people.teacher)

        teacher.goto(f"{school.address}/upload")
        teacher.locator("input[type=file]").set_input_files(RECORDING)
        watch = teacher.get_by_role("link", name="Watch it now")
        expect(watch).to_be_visible(timeout=60_000)
        teacher.screenshot(path=SHOTS / "upload.png")
        watch.click()

        wait_until_it_plays(teacher)
        teacher.get_by_role("tab", name="Measures").click()
        guess = teacher.get_by_role("slider", name="How much of the talk in this lesson was yours?")
        expect(guess).to_be_visible(timeout=WORK_MS)
        guess.fill("40")
        teacher.get_by_role("button", name="Show me").click()
        told = teacher.get_by_text(re.compile(r"You spoke for \d+ % of the talk; you guessed 40 %"))
        expect(told).to_be_visible()
        share = int(re.findall(r"\d+", told.inner_text())[0])
        closeness = "That was close" if abs(share - 40) <= 3 else "more than" if share > 40 else "less than"
        expect(told).to_contain_text(closeness)
        asked = teacher.locator("#questions")
        expect(asked).to_contain_text("number at the bottom")
        expect(asked).to_contain_text("Why do you think")
        teacher.get_by_role("tab", name="Words").click()
        said = teacher.locator("p.turn", has_text="one quarter is bigger")
        expect(said.first).to_be_visible()
        teacher.get_by_role("searchbox", name="Search the words").fill("denominator")
        expect(teacher.get_by_text(re.compile(r"1 of \d"))).to_be_visible()

        lesson = teacher.url
        coach = browser.new_context(viewport={"width": 1360, "height": 860}).new_page()
        coach.on("pageerror", lambda error: problems.append(str(error)))
        sign_in(coach, school, people.coach)
        coach.goto(lesson)
        expect(coach.get_by_text("nothing here that is shared with you")).to_be_visible()

        teacher.get_by_role("button", name="Only you").click()
        teacher.get_by_label("Share with").select_option(label=people.coach_name)
        teacher.get_by_role("button", name="Share", exact=True).click()
        expect(teacher.get_by_role("button", name=re.compile("You and"))).to_be_visible()

        coach.goto(lesson)
        wait_until_it_plays(coach)
        coach.evaluate("document.querySelector('video').currentTime = 41")
        composer = coach.get_by_role("textbox", name="Write a comment")
        composer.press_sequentially("What did you hope they would say here?")
        assert coach.evaluate("document.querySelector('video').paused")
        coach.get_by_label("Goal", exact=True).select_option(label=people.goal)
        coach.get_by_label("GROW stage").select_option("R")
        composer.press("Enter")
        seen = teacher.locator("article.comment", has_text="What did you hope")
        teacher.get_by_role("tab", name="Comments").click()
        expect(seen).to_be_visible(timeout=5_000)  # live, without a reload
        expect(seen).to_contain_text("0:41")
        expect(seen).to_contain_text(people.goal)

        seen.get_by_role("button", name="Reply").click()
        teacher.get_by_role("textbox", name="Your reply").fill("I wanted Sam to say why.")
        teacher.get_by_role("button", name="Send").click()
        expect(coach.locator("article.comment", has_text="I wanted Sam")).to_have_count(2, timeout=5_000)
        teacher.screenshot(path=SHOTS / "review.png")

        teacher.get_by_role("button", name=re.compile("You and")).click()
        coach.get_by_label("Write a comment").fill("Half a thought")
        teacher.get_by_role("button", name="Take it back").click()
        coach.wait_for_url(f"{school.address}/?notice=taken-back", timeout=20_000)  # gone at once, also when it is open
        expect(coach.get_by_text("its owner took it back")).to_be_visible()
        # His own words stay with him, until he deletes them; of the lesson nothing does.
        words = coach.locator("article", has_text="Half a thought")
        expect(words.get_by_role("button", name="Copy")).to_be_visible()
        assert lesson.rpartition("/")[2] not in coach.evaluate("JSON.stringify(localStorage)")
        words.get_by_role("button", name="Delete").click()
        expect(words).to_have_count(0)
        assert "Half a thought" not in coach.evaluate("JSON.stringify(localStorage)")
        coach.goto(lesson)
        expect(coach.get_by_text("nothing here that is shared with you")).to_be_visible()
        assert problems == []
