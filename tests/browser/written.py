"""Writes in a browser whose line, session and tab end at random; counts what was written and what is there.

`python -m tests.browser.written --runs 1000 --docs docs/written.md` plays many runs (make bench-written).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, Route, expect, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from core.clock import utc_now
from core.school_day import full_day
from tests.browser.conftest import Place, started
from tests.browser.finished import add_finished_lesson
from tests.browser.people import PASSWORD, create_demo_school
from tests.browser.school import running_school

SOON = 20_000  # ms, on a busy machine
ALL_SENT = 90_000  # ms within which everything is there, once the line is
POSTS = "**/comments"
STEPS = 14


@dataclass
class Run:
    """One person's browser, what she has written in it, and what goes wrong."""

    page: Page
    place: Place
    seed: int
    chance: random.Random = field(init=False)
    written: list[str] = field(default_factory=list)
    half: str = ""  # what stands in the field
    did: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Each seed is one story."""
        self.chance = random.Random(self.seed)

    @property
    def mark(self) -> str:
        """What every text of this run begins with."""
        return f"run {self.seed}:"

    def play(self, steps: int = STEPS) -> None:
        """Do so many things at random; each is something that happens to people."""
        self.sign_in()
        self.open()
        things = {
            self.type: 3,
            self.send: 5,
            self.reply: 2,
            self.cut: 2,
            self.lose_answer: 2,
            self.refuse_for_now: 1,
            self.mend: 2,
            self.reload: 2,
            self.crash: 1,
            self.end_session: 1,
            self.sign_out: 1,
        }
        for _ in range(steps):
            (thing,) = self.chance.choices([*things], [*things.values()])
            self.did.append(thing.__name__)
            thing()

    def there(self) -> Counter[str]:
        """Mend everything, wait until all is sent, and count what the server has of this run."""
        self.mend()
        if self.half:
            self.send()
        self.page.reload()
        self.wait_for_field()
        expect(self.page.locator(".is-waiting")).to_have_count(0, timeout=ALL_SENT)
        return Counter(one["text"] for one in self.on_server())

    def on_server(self) -> list[dict[str, str]]:
        """Return the comments of this run that the server has."""
        lesson = self.place.lesson.replace("/lessons/", "/api/lessons/")
        found: list[dict[str, str]] = self.page.request.get(f"{lesson}/comments").json()
        return [one for one in found if one["text"].startswith(self.mark)]

    def clean(self) -> None:
        """Delete what this run wrote."""
        for one in self.on_server():
            self.page.request.delete(f"{self.place.school.address}/api/comments/{one['id']}")

    # What happens

    def type(self) -> None:
        """Begin a text, or go on with it."""
        self.half = f"{self.half} and" if self.half else f"{self.mark} {len(self.written)} {self.chance.random()}"
        self.page.get_by_role("textbox", name="Write a comment").fill(self.half)

    def send(self) -> None:
        """Press Enter, once or twice."""
        if not self.half:
            self.type()
        text_field = self.page.get_by_role("textbox", name="Write a comment")
        assert text_field.input_value() == self.half, "what was half written is not what stands in the field"
        pressed = [self.press_enter(text_field) for _ in range(self.chance.choice((1, 1, 2)))]
        if any(pressed):
            self.written.append(self.half)
            self.half = ""

    def press_enter(self, text_field: Locator) -> bool:
        """Press Enter; False where the page shows nothing any more, because its person is signed out.

        A key for a field that was hidden a moment ago goes nowhere: then the text is still in it.
        """
        try:
            text_field.press("Enter", timeout=3000)
        except TookTooLong:
            return False
        try:
            if text_field.input_value(timeout=1000) != self.half:
                return True
        except TookTooLong:
            return True  # it was pressed, and then the page was left
        assert not text_field.is_visible(), "Enter sends nothing"
        return False

    def reply(self) -> None:
        """Answer the first comment that can be answered."""
        answers = self.page.locator("article.comment:not(.is-waiting)").get_by_role("button", name="Reply")
        if not answers.count():
            return
        answers.first.click()
        text = f"{self.mark} reply {len(self.written)} {self.chance.random()}"
        self.page.get_by_label("Your reply").first.fill(text)
        for _ in range(self.chance.choice((1, 2))):
            if self.page.get_by_label("Your reply").count():
                self.page.get_by_label("Your reply").first.press("Enter")
        self.written.append(text)

    def cut(self) -> None:
        """Let nothing through."""
        self.page.context.set_offline(True)

    def lose_answer(self) -> None:
        """Let what is written arrive, and lose its answer."""
        self.page.unroute(POSTS)

        def lose(route: Route) -> None:
            if route.request.method == "POST":
                with suppress(Error):  # the line was mended meanwhile
                    route.fetch()
                    route.abort()
            else:
                route.continue_()

        self.page.route(POSTS, lose)

    def refuse_for_now(self) -> None:
        """Answer as a server that is busy."""
        self.page.unroute(POSTS)
        busy = {"status": 503, "json": {"code": "busy", "message": "Please try again."}}
        self.page.route(POSTS, lambda one: one.fulfill(**busy) if one.request.method == "POST" else one.continue_())

    def mend(self) -> None:
        """Let everything through."""
        self.page.unroute(POSTS)
        self.page.context.set_offline(False)

    def reload(self) -> None:
        """Load the page again."""
        self.page.context.set_offline(False)
        self.page.reload()
        self.wait_for_field()

    def crash(self) -> None:
        """Lose the tab, and open another."""
        self.page.context.set_offline(False)
        context = self.page.context
        self.page.close()
        self.page = context.new_page()
        self.open()

    def end_session(self) -> None:
        """End the session elsewhere, write on if the page does not know it yet, then sign in again."""
        writes_on = self.chance.random() < 0.5
        if writes_on and not self.half:
            self.type()
        self.page.context.clear_cookies()
        if writes_on:
            self.send()
            self.page.wait_for_timeout(300)
        self.page.context.set_offline(False)
        self.sign_in()
        self.open()

    def sign_out(self) -> None:
        """Sign out, let somebody else use the browser, and come back."""
        self.page.context.set_offline(False)
        self.page.locator('form[action="/sign-out"] button').click()
        keep = self.page.get_by_role("button", name="Keep on this device and sign out")
        signed_out = self.page.get_by_text("You are signed out.")
        expect(keep.or_(signed_out).first).to_be_visible(timeout=SOON)
        if keep.is_visible():
            keep.click()
        expect(signed_out).to_be_visible(timeout=SOON)
        self.sign_in(self.place.people.coach)
        assert self.mark not in self.page.inner_text("body")
        self.page.locator('form[action="/sign-out"] button').click()
        expect(signed_out).to_be_visible(timeout=SOON)
        self.sign_in()
        self.open()

    def sign_in(self, email: str = "") -> None:
        """Sign in through the form."""
        self.page.goto(f"{self.place.school.address}/sign-in")
        self.page.get_by_label("Email").fill(email or self.place.people.teacher)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="This week")).to_be_visible(timeout=SOON)

    def open(self) -> None:
        """Open the lesson."""
        self.page.goto(self.place.lesson)
        self.wait_for_field()

    def wait_for_field(self) -> None:
        """Wait until what was half written is in its field again."""
        text_field = self.page.get_by_role("textbox", name="Write a comment")
        expect(text_field).to_have_value(self.half, timeout=SOON)


def run(browser: Browser, place: Place, seed: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Play one run, and return what was written, what is there, and what happened."""
    context = browser.new_context()
    one = Run(context.new_page(), place, seed)
    try:
        one.play()
        there = one.there()
        one.clean()
    except BaseException as error:
        error.add_note(f"seed {seed}: {', '.join(one.did)}")
        raise
    finally:
        context.close()
    return Counter(one.written), there, one.did


@dataclass
class Result:
    """What many runs counted."""

    runs: int = 0
    ended: int = 0
    written: int = 0
    there: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, seed: int, wrote: Counter[str], found: Counter[str], did: list[str]) -> None:
        """Count a run that came to its end."""
        self.runs, self.ended = self.runs + 1, self.ended + 1
        self.written, self.there = self.written + wrote.total(), self.there + found.total()
        self.happened.update(did)
        if wrote != found:
            more = (found - wrote).total()
            self.wrong.append(
                f"seed {seed}: {(wrote - found).total()} lost, {more} more than written ({', '.join(did)})"
            )

    def fail(self, seed: int, error: Exception) -> None:
        """Count a run that could not be played to its end."""
        self.runs += 1
        notes = " ".join(getattr(error, "__notes__", []))
        self.wrong.append(f"seed {seed}: {str(error).splitlines()[0]} ({notes})")


def main() -> None:
    """Play many runs, and write what they counted; ends with 1 if one of them went wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=1000)
    asked.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so many minutes")
    asked.add_argument("--first", type=int, default=1000, help="the seed of the first run")
    asked.add_argument("--docs", type=Path)
    options = asked.parse_args()
    result, began = Result(), time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        started(playwright) as browser,
        running_school(Path(folder)) as school,
    ):
        people = create_demo_school(school)
        place = Place(school, people, f"{school.address}/lessons/{add_finished_lesson(school, people.teacher)}")
        for seed in range(options.first, options.first + options.runs):
            if time.monotonic() - began > options.minutes * 60:
                break
            try:
                result.add(seed, *run(browser, place, seed))
            except (AssertionError, Error) as error:
                result.fail(seed, error)
            minutes = (time.monotonic() - began) / 60
            sys.stdout.write(f"{minutes:.1f} min, seed {seed}: {result.written} written, {result.there} there\n")
            sys.stdout.write("".join(f"  {one}\n" for one in result.wrong[-1:] if one.startswith(f"seed {seed}:")))
            sys.stdout.flush()
    if options.docs:
        options.docs.write_text(report(result, options.first, time.monotonic() - began), "utf-8")
    sys.exit(bool(result.wrong))


def report(result: Result, first: int, seconds: float) -> str:
    """Return the page of the docs."""
    rows = "\n".join(f"| {name.replace('_', ' ')} | {count} |" for name, count in sorted(result.happened.items()))
    wrong = "\n".join(f"- {one}" for one in result.wrong) or "None."
    counted = f"{result.written} written, {result.there} there{'' if result.wrong else ', each once'}."
    if result.ended < result.runs:
        ended = f"{result.ended} of {result.runs} runs came to their end"
        counted = f"{ended}; in these {result.written} were written and {result.there} are there."
    return f"""# What was written, and what is there

`make bench-written` plays runs of {STEPS} things in Chromium: somebody types, sends, answers, loses the line, an
answer, the tab or the session, signs out and in, at random. Then it counts the comments on the server, text by text.
How many runs are played is said to it (`make bench-written ARGS="--runs 60"`, or `--minutes 30`).

{full_day(utc_now())}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores:
**{result.runs} runs** (seeds {first} to {first + result.runs - 1}) in {seconds / 60:.0f} minutes.
**{counted}**

| what happened | times |
|---|---|
{rows}

Runs that went wrong:

{wrong}
"""


if __name__ == "__main__":
    main()
