"""A player goes on from part to part of a film that is longer than one answer to an open range."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser

from annotation.people.sign_in import begin_sign_in
from core.models import Lesson
from tests.browser.school import School
from tests.support.factories import keep_bytes, make_file, make_lesson, make_person
from tests.support.servers import Servers, running_pages
from web.security.auth import COOKIE
from web.transfer.media_response import MOST_OPEN

SECONDS = 20


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """Return a film of noise, which no codec makes small."""
    path = tmp_path / "film.mp4"
    source = ["-f", "lavfi", "-i", f"nullsrc=s=320x240:d={SECONDS},geq=random(1)*255:128:128"]
    kept = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "6M", "-movflags", "+faststart", str(path)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, *kept], check=True)
    return path.read_bytes()


@pytest.fixture
def pages(servers: Servers, tmp_path: Path) -> Iterator[School]:
    """Yield the pages, running."""
    with running_pages(servers, tmp_path) as school:
        yield school


def test_a_long_film_plays_to_its_end_and_from_anywhere(pages: School, film: bytes, browser: Browser) -> None:
    assert len(film) > 2 * MOST_OPEN
    with pages.opened() as (database, storage), database.write() as session:
        owner = make_person(session)
        lesson: Lesson = make_lesson(session, owner, duration_ms=SECONDS * 1000)
        key = f"lessons/{lesson.id}/rendition.mp4"
        keep_bytes(storage, key, film)
        make_file(session, lesson, "rendition", key, bytes=len(film), info={"width": 320, "height": 240, "fps": 25})
        secret = begin_sign_in(session, owner, "a browser")
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": secret, "url": pages.address}])
    page = context.new_page()
    statuses: list[int] = []
    page.on("response", lambda answer: statuses.append(answer.status) if "/rendition" in answer.url else None)
    page.goto(f"{pages.address}/lessons/{lesson.id}")
    video = "document.querySelector('video')"
    for place in (0, SECONDS - 3, SECONDS / 2):  # from the beginning, near the end, and back
        page.evaluate(f"{video}.muted = true; {video}.currentTime = {place}; {video}.play()")
        for _ in range(300):
            page.wait_for_timeout(100)
            if page.evaluate(f"{video}.currentTime") > place + 1:
                break
        assert page.evaluate(f"{video}.currentTime") > place + 1
    page.evaluate(f"{video}.playbackRate = 4; {video}.play()")
    for _ in range(300):
        page.wait_for_timeout(100)
        if page.evaluate(f"{video}.ended"):
            break
    assert page.evaluate(f"{video}.ended")
    assert page.evaluate(f"{video}.error") is None
    assert set(statuses) == {206}
    context.close()
