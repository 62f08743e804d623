"""A school's first try: plain http at a name of its own, told as README tells the story, by coachee and coach."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect

import hatch_build
from tests.browser.conftest import Place, started
from tests.browser.people import PASSWORD

PROJECT = Path(__file__).resolve().parents[2]
RECORDING = PROJECT / "demo" / "lesson.mp4"
FRONTEND = PROJECT / "web" / "frontend"
NAME = "hindsight.test"


@pytest.fixture(scope="module")
def elsewhere(playwright: Playwright) -> Iterator[Browser]:
    """Yield a browser to which this machine has a name of the school's."""
    with started(playwright, f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def address(place: Place) -> str:
    """Return the address that is typed."""
    return f"http://{NAME}:{place.school.port}"


@pytest.fixture
def visits(elsewhere: Browser) -> Iterator[list[BrowserContext]]:
    """Yield where the browsers of a test are kept; a script that fails in one of them fails the test."""
    contexts: list[BrowserContext] = []
    yield contexts
    for one in contexts:
        one.close()


def come(browser: Browser, visits: list[BrowserContext], address: str, email: str) -> Page:
    """Sign in through the form, at the school's own name."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    visits.append(context)
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This week")).to_be_visible()
    assert page.evaluate("isSecureContext") is False
    return page


def write(page: Page, words: str) -> None:
    field = page.locator("comment-composer textarea")
    field.fill(words)
    page.locator("comment-composer").get_by_role("button", name="Save").click()
    expect(page.locator("lesson-comments").get_by_text(words)).to_be_visible()


def test_the_story_of_a_coachee_and_a_coach_is_played_without_https(
    elsewhere: Browser, visits: list[BrowserContext], place: Place, address: str
) -> None:
    teacher = come(elsewhere, visits, address, place.people.teacher)
    teacher.goto(f"{address}/upload")
    teacher.locator("lesson-upload input[type=file]").set_input_files(RECORDING)
    expect(teacher.get_by_text("Uploaded. You can close this page now")).to_be_visible(timeout=60_000)

    path = place.lesson.removeprefix(place.school.address)
    teacher.goto(address + path)
    write(teacher, "A thought for myself, without https")
    teacher.locator("trust-pill button.pill").click()
    teacher.get_by_role("button", name=re.compile("^Share")).first.click()
    expect(teacher.locator("trust-pill button.pill")).to_contain_text("Priya")

    coach = come(elsewhere, visits, address, place.people.coach)
    coach.goto(address + path)
    write(coach, "What did the pause do here?")
    coach.get_by_role("button", name="Sign out").click()
    expect(coach.get_by_role("heading", name="Sign in")).to_be_visible()
    teacher.goto(f"{address}/me")
    expect(teacher.get_by_text("Priya Coach opened")).to_be_visible()
    teacher.get_by_role("button", name="Sign out").click()
    expect(teacher.get_by_text("You are signed out.")).to_be_visible()


def test_recording_says_why_it_is_not_possible(
    elsewhere: Browser, visits: list[BrowserContext], place: Place, address: str
) -> None:
    page = come(elsewhere, visits, address, place.people.teacher)
    page.goto(f"{address}/upload")
    expect(page.locator("lesson-recorder")).to_contain_text("Browsers record only at an address with https")
    page.goto(address + place.lesson.removeprefix(place.school.address))
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("comment-composer [role=status]")).to_contain_text("only at an address with https")


def test_the_lead_reads_how_https_is_had(
    elsewhere: Browser, visits: list[BrowserContext], place: Place, address: str
) -> None:
    page = come(elsewhere, visits, address, place.people.lead)
    page.goto(f"{address}/programme")
    page.get_by_text("This address has no https yet").click()
    expect(page.get_by_text("caddy reverse-proxy --from")).to_be_visible()
    page.goto(f"{place.school.address}/sign-in")  # the same machine by its number
    assert page.locator("#https-missing").count() == 0


WITHOUT_TYPES = (
    "const { transpileModule } = require('typescript');"
    "const source = require('fs').readFileSync(0, 'utf8');"
    "const compilerOptions = { module: 'esnext', target: 'es2022' };"
    "process.stdout.write(transpileModule(source, { compilerOptions }).outputText)"
)


@pytest.fixture(scope="module")
def script() -> str:
    """Return the module as a browser reads it, with the types taken away."""
    node = shutil.which("node") or (hatch_build.node_from_wheel() or [""])[0]
    source = (FRONTEND / "src" / "browser" / "secure_context.ts").read_text("utf-8")
    command = [node, "-e", WITHOUT_TYPES]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True, cwd=FRONTEND).stdout


def module_at(page: Page, address: str, script: str) -> None:
    """Open a page that may load the module."""

    def give(route: Route) -> None:
        route.fulfill(body=script, content_type="text/javascript")

    page.route("**/static/unit/*", give)
    page.goto(f"{address}/sign-in")


CALL = "async (name) => (await import('/static/unit/secure.js'))[name]()"
LET_GO = "async () => (await (await import('/static/unit/secure.js')).keepAwake())() ?? 'let go'"
OWN_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.mark.parametrize("secure", [False, True])
def test_names_differ_and_have_the_form_of_the_browser_s_own(
    elsewhere: Browser, place: Place, address: str, script: str, secure: bool
) -> None:
    page = elsewhere.new_page()
    module_at(page, place.school.address if secure else address, script)
    assert page.evaluate("typeof crypto.randomUUID === 'function'") is secure
    names = [page.evaluate(CALL, "newId") for _ in range(50)]
    assert len(set(names)) == 50
    assert all(OWN_FORM.fullmatch(one) for one in names)
    page.close()


def test_what_keeps_from_recording_is_told_apart(elsewhere: Browser, place: Place, address: str, script: str) -> None:
    page = elsewhere.new_page()
    module_at(page, address, script)
    assert page.evaluate(CALL, "noRecording") == "https"
    module_at(page, place.school.address, script)
    assert page.evaluate(CALL, "noRecording") is None
    page.evaluate("delete window.MediaRecorder")
    assert page.evaluate(CALL, "noRecording") == "browser"
    page.close()


def test_a_screen_that_may_not_be_kept_on_stops_nothing(
    elsewhere: Browser, place: Place, address: str, script: str
) -> None:
    page = elsewhere.new_page()
    for place_of_page in (address, place.school.address):
        module_at(page, place_of_page, script)
        let_go = (
            "async () => { const m = await import('/static/unit/secure.js'); (await m.keepAwake())(); return 'let go' }"
        )
        assert page.evaluate(let_go) == "let go"
    page.close()
