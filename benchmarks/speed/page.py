"""Page speed of the review page and the session room in local Chromium. Run: make bench-page.

`python -m benchmarks.speed.page [--json FILE] [--docs FILE]`: a server of its own on a made lesson of 60 minutes with 10,000
words, 600 turns and 300 comments, and one of 3 hours with 2,000 turns and 500 comments for the lanes.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.clock import utc_now
from core.database.db import Database
from core.models import Comment, Guess, Partnership, Person, Share, Step
from core.pipeline.stages import STAGES
from core.types import FreeWatch, Role, Span, VoiceTurn
from ingest.media.ffmpeg import binary
from ingest.media.pictures import make_pictures
from ingest.media.probe import media_to_json, probe_media
from tests.browser.finished import PROJECT, spoken
from tests.browser.people import People, create_demo_school
from tests.browser.school import School, chromium, running_school
from tests.browser.signing_in import sign_in, wait_until_it_plays
from tests.support.analysed_lesson import save_evidence
from tests.support.factories import make_file, make_lesson
from transcription.lesson.derive_findings import Evidence

HOUR_MS = 3_600_000
WORDS = [
    "so",
    "what",
    "do",
    "you",
    "think",
    "happens",
    "when",
    "we",
    "cut",
    "the",
    "quarter",
    "into",
    "smaller",
    "parts",
    "again",
]
FRAMES_JS = """async (n) => {
  const lanes = document.querySelector('talk-lanes'), media = document.querySelector('video'), deltas = [], drawn = [];
  let last = await new Promise(requestAnimationFrame);
  for (let i = 0; i < n; i++) {
    const begun = performance.now();
    lanes.zoom(i % 40 < 20 ? 0.85 : 1 / 0.85, media.currentTime * 1000);
    lanes.drawBase(lanes.page); lanes.drawOver();
    drawn.push(performance.now() - begun);
    const now = await new Promise(requestAnimationFrame);
    deltas.push(now - last); last = now;
  }
  return [deltas, drawn];
}"""
FIRST_FRAME_JS = """(() => { const see = () => { const v = document.querySelector('video');
  if (v && v.readyState >= 2) window.firstFrame ??= performance.now(); else requestAnimationFrame(see); };
  requestAnimationFrame(see); })()"""
BYTES_JS = """() => { const all = performance.getEntriesByType('resource').filter((one) => /\\.(js|css)$/.test(one.name));
  return [all.reduce((sum, one) => sum + one.encodedBodySize, 0),
    performance.getEntriesByType('navigation').map((one) => one.responseStart - one.requestStart)[0]]; }"""
HIGHLIGHT_JS = """() => { const t = document.querySelector('lesson-transcript'), times = [];
  for (let i = 0; i < 300; i++) {
    const begun = performance.now(); t.follow(12000 * i); times.push(performance.now() - begun); }
  return times; }"""
WHERE_JS = """() => { const v = document.querySelector('video'); return [Date.now(), v.currentTime * 1000, v.playbackRate]; }"""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, and the most that it may be."""

    measure: str
    value: float
    unit: str
    wanted: float | None = None


def write_film(folder: Path, hours: int) -> Path:
    """Return the demonstration lesson again and again for some hours, copied."""
    film = folder / f"{hours}h.mp4"
    source = str(PROJECT / "demo" / "lesson.mp4")
    times = ("-stream_loop", str(24 * hours), "-i", source, "-t", str(3600 * hours))
    subprocess.run((binary(), "-v", "error", *times, "-c", "copy", str(film)), check=True)
    return film


def add_lesson(school: School, people: People, film: Path, hours: int, turns: int, comments: int) -> str:
    """Add a long lesson whose work is done, shared with the coach; return its id."""
    database = Database(f"sqlite:///{school.data_dir / 'hindsight.sqlite3'}")
    each = hours * HOUR_MS // turns
    said = tuple(
        spoken(n * each, n * each + each - 700, f"S{1 + (n % 3)}", " ".join(WORDS + WORDS[:2])) for n in range(turns)
    )
    with database.write() as session:
        owner = session.query(Person).filter_by(email=people.teacher).one()
        lesson = make_lesson(session, owner, f"A lesson of {hours} h", duration_ms=hours * HOUR_MS)
        folder = school.data_dir / "files" / "lessons" / lesson.id
        folder.mkdir(parents=True)
        target = folder / "rendition.mp4"
        film.rename(target)
        info = probe_media(target)
        lesson.media = media_to_json(info)
        made = make_pictures(target, info, folder / "poster.jpg", folder / "filmstrip.jpg", FreeWatch())
        rendition = {"width": 640, "height": 360, "remuxed": True, "fps": 12.0}
        place = f"lessons/{lesson.id}"
        make_file(session, lesson, "rendition", f"{place}/rendition.mp4", bytes=target.stat().st_size, info=rendition)
        strip = asdict(made.filmstrip) if made.filmstrip else {}
        make_file(session, lesson, "filmstrip", f"{place}/filmstrip.jpg", mime="image/jpeg", bytes=1, info=strip)
        voices = tuple(VoiceTurn(turn.start_ms, turn.end_ms, turn.speaker) for turn in said)
        heard = [word for turn in said for word in turn.words]
        roles = [Role.TEACHER if turn.speaker == "S1" else Role.PUPIL for turn in said]
        speech = tuple(Span(turn.start_ms, turn.end_ms) for turn in said)
        save_evidence(session, lesson, Evidence(heard, voices, roles, speech, hours * HOUR_MS))
        now = utc_now()
        partnership = session.query(Partnership).one()
        session.add(Guess(lesson_id=lesson.id, person_id=owner.id, share=None, made_at=now))
        session.add(Share(lesson_id=lesson.id, partnership_id=partnership.id, created_at=now))
        session.add_all(
            Comment(
                lesson_id=lesson.id,
                author_id=owner.id,
                partnership_id=partnership.id,
                start_ms=n * hours * HOUR_MS // comments,
                text=f"Comment {n}: what did you hope they would say here?",
                created_at=now,
            )
            for n in range(comments)
        )
        session.add_all(
            Step(lesson_id=lesson.id, stage=name, queue="io", state="done", next_at=now, version=STAGES[name].version)
            for name in STAGES
            if not STAGES[name].on_request
        )
        lesson_id = lesson.id
    database.dispose()
    return lesson_id


def page_rows(context: BrowserContext, address: str) -> list[Row]:
    """Open the page some times, and measure what its first second is made of."""
    frames, served, size = [], [], 0.0
    for _ in range(5):
        page = context.new_page()
        page.add_init_script(FIRST_FRAME_JS)
        page.goto(address)
        wait_until_it_plays(page)
        page.wait_for_timeout(300)
        frames.append(float(page.evaluate("window.firstFrame")))
        size, took = page.evaluate(BYTES_JS)
        served.append(float(took))
        page.close()
    return [
        Row("first frame after navigation, median of 5", median(frames), "ms", 1000),
        Row("server's time for the page, median of 5", median(served), "ms"),
        Row("script and style, compressed", size / 1024, "KB", 120),
    ]


def strip_rows(page: Page, what: str) -> list[Row]:
    """Zoom the lanes in and out for two seconds."""
    deltas, drawn = page.evaluate(FRAMES_JS, 120)
    return [
        Row(f"a zoom step of the lanes, 95 of 100, {what}", percentile(drawn), "ms", 16.7),
        Row(f"pictures a second while zooming, {what}", 1000 / median(deltas), "a second"),
    ]


def percentile(values: Sequence[float]) -> float:
    """Return what 95 of 100 values do not exceed."""
    return quantiles(values, n=20)[-1]


def comment_row(teacher: Page, coach: Page) -> Row:
    """Write some comments, and see when the other's page shows each."""
    took = []
    composer = teacher.get_by_role("textbox", name="Write a comment")
    for n in range(5):
        text = f"On its way {n}"
        composer.fill(text)
        coach.evaluate(
            """(text) => { window.cameAt = 0; const list = document.querySelector('lesson-comments');
              new MutationObserver(() => { if (list.textContent.includes(text)) window.cameAt ||= Date.now(); })
              .observe(list, { childList: true, subtree: true }); }""",
            text,
        )
        begun = teacher.evaluate("Date.now()")
        composer.press("Enter")
        expect(coach.locator("article.comment", has_text=text)).to_be_visible()
        took.append(float(coach.evaluate("window.cameAt")) - begun)
    return Row("a comment's way to the other browser, median of 5", median(took), "ms")


def drift_rows(teacher: Page, coach: Page) -> list[Row]:
    """Open the lesson together and measure how far the two films are apart."""
    teacher.get_by_role("button", name="Open together with Priya").click()
    wait_until_it_plays(teacher)
    coach.goto(teacher.url)
    wait_until_it_plays(coach)
    teacher.evaluate("document.querySelector('video').play()")
    coach.wait_for_timeout(1000)
    if coach.get_by_role("button", name="Join the film").is_visible():
        coach.get_by_role("button", name="Join the film").click()
    coach.wait_for_timeout(4000)
    apart = []
    for _ in range(50):
        at, place, rate = teacher.evaluate(WHERE_JS)
        later, elsewhere, _ = coach.evaluate(WHERE_JS)
        apart.append(abs(place + (later - at) * rate - elsewhere))
        coach.wait_for_timeout(100)
    return [
        Row("drift of the pair, median of 50 in 5 s", median(apart), "ms", 150),
        Row("drift of the pair, most of 50", max(apart), "ms", 150),
    ]


def measure(browser: Browser, school: School, folder: Path) -> list[Row]:
    """Measure everything on a running school."""
    people = create_demo_school(school)
    hour = add_lesson(school, people, write_film(folder, 1), 1, 600, 300)
    three = add_lesson(school, people, write_film(folder, 3), 3, 2000, 500)
    contexts = [browser.new_context(viewport={"width": 1360, "height": 860}) for _ in range(2)]
    teacher, coach = (context.new_page() for context in contexts)
    sign_in(teacher, school, people.teacher)
    sign_in(coach, school, people.coach)
    lessons = f"{school.address}/lessons"
    rows = page_rows(contexts[0], f"{lessons}/{hour}")
    for page in (teacher, coach):
        page.goto(f"{lessons}/{hour}")
        wait_until_it_plays(page)
    teacher.get_by_role("tab", name="Words").click()
    rows.append(Row("a highlight step of the words, 95 of 100", percentile(teacher.evaluate(HIGHLIGHT_JS)), "ms", 16.7))
    teacher.get_by_role("tab", name="Comments").click()
    rows += strip_rows(teacher, "60 minutes")
    rows.append(comment_row(teacher, coach))
    rows += drift_rows(teacher, coach)
    teacher.goto(f"{lessons}/{three}")
    wait_until_it_plays(teacher)
    return rows + strip_rows(teacher, "3 hours, 2,000 turns, 500 comments")


def table_of(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| measure | figure | wanted | reached |", "|---|---|---|---|"]
    for row in rows:
        wanted = "" if row.wanted is None else f"at most {row.wanted:g} {row.unit}"
        reached = "" if row.wanted is None else "yes" if row.value <= row.wanted else "**no**"
        lines.append(f"| {row.measure} | {row.value:.1f} {row.unit} | {wanted} | {reached} |")
    return "\n".join(lines)


def page_of(rows: Sequence[Row], version: str) -> str:
    """Return docs/performance.md."""
    return f"""# How fast the pages are

Written by `make bench-page`; do not edit. Chromium {version} without a GPU and the server on one machine ({platform.machine()},
no network between them), on made lessons: one of 60 minutes with 10,000 words, 600 turns and 300 comments, one of 3 hours.

{table_of(rows)}

A step is what the page computes; "95 of 100" are not slower. The drift is between two browsers on one machine, whose clocks are the same:
the pages do not know that, and measure the server's clock as they would elsewhere.
"""


def main() -> int:
    """Measure, print the table, write the JSON and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright, running_school(Path(place)) as school:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--mute-audio"])
        rows = measure(browser, school, Path(place))
        version = browser.version
        browser.close()
    print(table_of(rows))
    if chosen.json:
        document: list[dict[str, Any]] = [asdict(row) for row in rows]
        chosen.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if chosen.docs:
        chosen.docs.write_text(page_of(rows, version), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
