"""Fixtures of the browser tests: one Chromium, a context for each person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright
from sqlalchemy import delete

from core.clock import utc_now
from core.models import ClipShare, CoachingSession, Comment, Share
from tests.browser.finished import add_finished_lesson
from tests.browser.people import People, create_demo_school
from tests.browser.school import School, chromium, running_school
from tests.browser.sharing import shared_with_coach
from tests.browser.signing_in import sign_in
from tests.support.servers import Servers, make_ground


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Yield what starts browsers; there is one in a process."""
    with sync_playwright() as one:
        yield one


@contextmanager
def started(playwright: Playwright, *more: str) -> Iterator[Browser]:
    """Yield the system's Chromium, else Playwright's own, else skip (outside CI); `more` are its arguments."""
    try:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-quic",
                "--disable-background-networking",
                "--mute-audio",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                *more,
            ],
        )
    except Error as error:
        reason = f"no Chromium on this machine (apt install chromium, or playwright install chromium): {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Yield one Chromium for all tests."""
    with started(playwright) as one:
        yield one


@dataclass(frozen=True)
class Place:
    """A running school with people and one lesson whose work is done."""

    school: School
    people: People
    lesson: str  # its address


@pytest.fixture(scope="session")
def shared_place(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Place]:
    """Yield the school and its lesson that all tests of pages use; a test asks for `place`."""
    folder = tmp_path_factory.mktemp("school")
    with running_school(folder, **make_ground(servers, folder / "data")) as school:
        people = create_demo_school(school)
        lesson_id = add_finished_lesson(school, people.teacher)
        yield Place(school, people, f"{school.address}/lessons/{lesson_id}")


@pytest.fixture
def place(shared_place: Place) -> Iterator[Place]:
    """Yield the school. Comments and open rooms end with a test; what it leaves open to a coach fails it."""
    yield shared_place
    with shared_place.school.opened() as (database, _), database.write() as session:
        left: list[Share | ClipShare] = [
            *session.query(Share).filter(Share.taken_back_at.is_(None)),
            *session.query(ClipShare).filter(ClipShare.taken_back_at.is_(None)),
        ]
        for share in left:
            share.taken_back_at = utc_now()
        for meeting in session.query(CoachingSession).filter(CoachingSession.ended_at.is_(None)):
            meeting.ended_at, meeting.film = utc_now(), None
        rows = session.connection()
        rows.execute(delete(Comment).where(Comment.parent_id.is_not(None)))
        rows.execute(delete(Comment))
    assert not left, "this test left the lesson or a clip of it open to a coach"


@pytest.fixture
def teacher(browser: Browser, place: Place) -> Iterator[Page]:
    """Yield the teacher's browser, signed in; a script that fails on any page fails the test."""
    with signed_in(browser, place, place.people.teacher) as page:
        yield page


@pytest.fixture
def coach(browser: Browser, place: Place) -> Iterator[Page]:
    """Yield the coach's browser at the lesson, which is open to him for the time of the test."""
    with shared_with_coach(place), signed_in(browser, place, place.people.coach) as page:
        page.goto(place.lesson)
        yield page


@contextmanager
def signed_in(browser: Browser, place: Place, email: str) -> Iterator[Page]:
    """Yield a browser in which somebody is signed in; a script that fails on any page fails the test."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_in(page, place.school, email)
    yield page
    context.close()
    assert problems == []
