"""Scaling benchmark: one, two and more workers on one and twenty lessons; fairness; page latency meanwhile.

Run: make bench-scale (briefly: ARGS="--minutes 3 --many 4"). The full set of real processes: PostgreSQL, Redis, `hindsight
web`, one worker for films, sound and thought, and as many for words as are asked for, one thread each. What is measured
goes into docs/scale.md between two marks; the rest of that page is written by hand.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import imageio_ffmpeg
from sqlalchemy import func, select, text

from annotation.people.sign_in import begin_sign_in
from benchmarks.load.deployment import (
    OVER,
    PATIENCE,
    Deployment,
    deployed,
    ended,
    steps_of,
    teacher,
    upload,
    wait_for,
    wait_until_it_answers,
)
from benchmarks.material.spoken_lesson import make_spoken_lesson, write_film
from benchmarks.speed.processes import machine
from core.models import Event, Lesson, Person, Step, StoredFile, TurnRow, new_id
from core.pipeline.due_steps import due_steps
from tests.browser.school import free_port
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import make_lesson, make_person
from workers.queue.dispatcher import MOST_AT_ONCE, SENT_LATELY

PROJECT = Path(__file__).resolve().parents[2]
MARKS = "<!-- measured: written by make bench-scale -->", "<!-- end of what is measured -->"


def words_seconds(here: Deployment, film: Path, workers: int) -> float:
    """Return the seconds from the first chunk's start to the whole transcript, with nothing else to do."""
    lessons = upload(here, film, teacher(here, "Ada"))
    here.start("rest", "worker", "--queues", "io,media,analysis", "--threads", "2")
    wait_for(here, lessons, "find_speakers")
    wait_for(here, lessons, "make_pictures")
    here.start_words(workers)
    wait_for(here, lessons, "merge_transcript")
    begun = min(
        step.started_at for step in steps_of(here, lessons) if step.stage == "transcribe_chunk" and step.started_at
    )
    seconds = (ended(here, lessons[0], "merge_transcript") - begun).total_seconds()
    here.stop()
    return seconds


@dataclass(frozen=True, slots=True)
class Whole:
    """What lessons took from their upload to their measures, and what that cost."""

    seconds: float
    cpu_seconds: dict[str, float]
    memory: dict[str, int]
    lessons: tuple[str, ...]


def whole_seconds(here: Deployment, film: Path, count: int, workers: int) -> Whole:
    """Put lessons of one teacher through everything, with workers that wait for them already."""
    owner = teacher(here, "Ada")
    here.start_workers(workers)
    time.sleep(5)  # they are up
    begun = time.monotonic()
    lessons = upload(here, film, owner, count)
    memory = {"rest": 0, "words": 0}
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for kind, most in memory.items():
            memory[kind] = max(most, here.memory(kind))
        steps = [step for step in steps_of(here, lessons) if step.stage == "measure_lesson"]
        if len(steps) == count and all(step.state in OVER for step in steps):
            break
        time.sleep(1)
    wait_for(here, lessons, "measure_lesson")
    seconds = time.monotonic() - begun
    spent = {kind: here.cpu_seconds(kind) for kind in memory}
    here.stop()
    return Whole(seconds, spent, memory, tuple(lessons))


def stage_seconds(here: Deployment, lessons: Sequence[str]) -> dict[str, float]:
    """Return the seconds from start to end of each stage's steps, added up."""
    took: dict[str, float] = {}
    for step in steps_of(here, lessons):
        if step.started_at and step.finished_at:
            took[step.stage] = took.get(step.stage, 0.0) + (step.finished_at - step.started_at).total_seconds()
    return took


def stored(here: Deployment, lessons: Sequence[str]) -> dict[str, int]:
    """Return the bytes of the stored files by kind."""
    with here.database.read() as session:
        kept = select(StoredFile.kind, func.sum(StoredFile.bytes)).where(StoredFile.lesson_id.in_(lessons))
        return {kind: int(size) for kind, size in session.execute(kept.group_by(StoredFile.kind))}


def database_bytes(here: Deployment) -> int:
    """Return how large the database's own tables and indexes are."""
    with here.database.read() as session:
        sizes = "select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        return int(session.scalar(text(sizes)) or 0)


def rows_of(here: Deployment, lessons: Sequence[str]) -> dict[str, int]:
    """Return how many rows some tables have of these lessons."""
    with here.database.read() as session:
        return {
            table.__tablename__: session.scalar(
                select(func.count()).select_from(table).where(table.lesson_id.in_(lessons))
            )
            or 0
            for table in (Step, Event, TurnRow, StoredFile)
        }


def fairness(here: Deployment, film: Path, many: int) -> tuple[float, float, int]:
    """Return the seconds that one lesson takes alone, and behind `many` of another teacher; and how many were before it."""
    here.start_workers(2)
    time.sleep(5)
    begun = time.monotonic()
    wait_for(here, upload(here, film, teacher(here, "Ben")), "measure_lesson")
    alone = time.monotonic() - begun
    hers = upload(here, film, teacher(here, "Ada"), many)
    time.sleep(15)  # her chunks wait in rows and in the queue
    begun = time.monotonic()
    his = upload(here, film, teacher(here, "Cem"))
    wait_for(here, his, "measure_lesson")
    behind = time.monotonic() - begun
    over = sum(step.state in OVER for step in steps_of(here, hers) if step.stage == "measure_lesson")
    here.stop()
    return alone, behind, over


def visit(here: Deployment, port: int, seconds: float) -> dict[str, list[float]]:
    """Open a lesson's page and write a comment again and again, and return how long each took, in seconds."""
    with here.database.write() as session:
        owner = make_person(session, "Dee", email=f"{time.monotonic_ns()}@school.example")
        lesson = make_lesson(session, owner, "Fractions")
        save_evidence(session, lesson, evidence_of())
        secret, lesson_id = begin_sign_in(session, owner, "scale"), lesson.id
    took: dict[str, list[float]] = {"page": [], "comment": []}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=30, headers={"cookie": f"hindsight={secret}"}
    ) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            client.get(f"/lessons/{lesson_id}").raise_for_status()
            took["page"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            said = {"text": "I noticed the wait here", "start_ms": 1000 * (len(took["page"]) % 50)}
            client.post(f"/api/lessons/{lesson_id}/comments", json=said).raise_for_status()
            took["comment"].append(time.perf_counter() - begun)
            time.sleep(0.3)
    return took


def pages(here: Deployment, film: Path, many: int, seconds: float) -> dict[str, dict[str, list[float]]]:
    """Return how long pages take while nothing is done, and while two workers are at it."""
    port = free_port()
    here.environment["HINDSIGHT_PORT"] = str(port)
    here.start("web", "web")
    wait_until_it_answers(port)
    visit(here, port, 3)
    idle = visit(here, port, seconds)
    here.start_workers(2)
    upload(here, film, teacher(here, "Ada"), many)
    time.sleep(15)
    busy = visit(here, port, seconds)
    with here.database.read() as session:
        working = session.scalar(select(func.count()).select_from(Step).where(Step.state == "running"))
    if not working:
        raise SystemExit("the workers were done before the pages were measured: take more or longer lessons")
    here.stop()
    return {"idle": idle, "busy": busy}


def due_seconds(here: Deployment, counts: Sequence[int]) -> dict[int, float]:
    """Return how long asking for due steps takes while so many are ready, of a hundred teachers; they are removed again."""
    found: dict[int, float] = {}
    with here.database.write() as session:
        owners = [make_person(session, f"T{n}", email=f"due{n}@school.example").id for n in range(100)]
        lessons = [make_lesson(session, session.get_one(Person, owner)).id for owner in owners]
    added = 0
    for count in counts:
        now = datetime.now().astimezone()
        with here.database.write() as session:
            rows = [
                {
                    "id": new_id(),
                    "lesson_id": lessons[n % 100],
                    "stage": "transcribe_chunk",
                    "chunk_no": n,
                    "queue": "asr",
                }
                | {"state": "ready", "next_at": now}
                for n in range(added, count)
            ]
            session.execute(Step.__table__.insert(), rows)  # type: ignore[attr-defined] # a table, as mapped classes have one
            session.execute(text("analyze step"))
        added = count
        took = []
        for _ in range(5):
            with here.database.read() as session:
                begun = time.perf_counter()
                due_steps(session, ["asr"], SENT_LATELY, MOST_AT_ONCE)
                took.append(time.perf_counter() - begun)
        found[count] = statistics.median(took)
    with here.database.write() as session:
        for lesson in lessons:
            session.delete(session.get_one(Lesson, lesson))
    return found


def quantiles(took: Sequence[float]) -> str:
    """Return median and 95th percentile in milliseconds, as two cells."""
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return f"{cuts[49] * 1000:.0f} | {cuts[94] * 1000:.0f}"


def main() -> int:
    """Measure, print, and write between the marks of the page."""
    shared = Path(os.environ.get("HINDSIGHT_TEST_DATA", PROJECT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=shared, help="folder with audio/ as the test data has it")
    parser.add_argument("--minutes", type=float, default=20, help="of the one lesson")
    parser.add_argument("--many", type=int, default=20, help="lessons at once")
    parser.add_argument("--short", type=float, default=3, help="minutes of each of the many")
    parser.add_argument("--workers", default="1,2,4", help="how many workers for words")
    parser.add_argument("--docs", type=Path)
    chosen = parser.parse_args()
    audio, counts = chosen.data / "audio", [int(each) for each in chosen.workers.split(",")]
    if not (audio / "speechocean762" / "refs.tsv").is_file():
        print(f"There are no recordings in {audio}: name a folder that has them.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder)) as here:
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        one, short = Path(folder) / "one.mp4", Path(folder) / "short.mp4"
        write_film(make_spoken_lesson(audio, chosen.minutes), one, ffmpeg)
        write_film(make_spoken_lesson(audio, chosen.short), short, ffmpeg)
        report = measure(here, one, short, counts, chosen)
    print(report)
    if chosen.docs is not None:
        write_between(chosen.docs, report)
    return 0


def measure(here: Deployment, one: Path, short: Path, counts: Sequence[int], chosen: argparse.Namespace) -> str:
    """Measure everything, saying how far it is, and return the figures as Markdown."""
    say(f"the words of one lesson of {chosen.minutes:g} minutes")
    words = {count: words_seconds(here, one, count) for count in counts}
    say("everything about that lesson")
    before = database_bytes(here)
    whole = {count: whole_seconds(here, one, 1, count) for count in counts}
    after = database_bytes(here)
    say(f"so far: words {words}, whole { {count: each.seconds for count, each in whole.items()} }")
    say(f"{chosen.many} lessons of {chosen.short:g} minutes")
    many = {count: whole_seconds(here, short, chosen.many, count) for count in counts}
    say(f"so far: many { {count: each.seconds for count, each in many.items()} }; next fairness")
    alone, behind, over = fairness(here, short, chosen.many)
    say(f"so far: alone {alone:.0f} s, behind others {behind:.0f} s; next pages")
    visited = pages(here, short, chosen.many, 30)
    say("what asking for due steps takes")
    due = due_seconds(here, (1_000, 10_000, 100_000))
    first = counts[0]
    hour = 60 / chosen.minutes
    lessons = whole[first].lessons
    lines = [
        f"Machine: {machine()}, nothing else running. PostgreSQL, Redis, `hindsight web`, one worker for films, sound and thought (two",
        "threads) and workers for words of one thread each, all on this machine, and all at `nice 10` but the pages.",
        "",
        f"| workers for words | words of one lesson of {chosen.minutes:g} min, s | times one | the whole lesson, s | times one"
        f" | {chosen.many} lessons of {chosen.short:g} min, s | times one |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {count} | {words[count]:.1f} | {words[first] / words[count]:.2f} | {whole[count].seconds:.1f}"
        f" | {whole[first].seconds / whole[count].seconds:.2f} | {many[count].seconds:.0f} | {many[first].seconds / many[count].seconds:.2f} |"
        for count in counts
    ]
    gain = words[1] / words[2] if {1, 2} <= set(counts) else None
    lines += [
        "",
        "“Words” is from the first chunk's start to the whole transcript, with films, pictures and voices done before; “the whole” is from the",
        "upload to the measures, with everything at once.",
        *(
            [
                f"Two workers are {gain:.2f} times one on the same lesson (wanted: 1.8): {'reached' if gain >= 1.8 else 'not reached'}."
            ]
            if gain
            else []
        ),
        "",
        f"Fair: a teacher's lesson of {chosen.short:g} minutes takes {alone:.0f} s alone, and {behind:.0f} s when it comes after {chosen.many} of another teacher,",
        f"of which {over} were done before it.",
        "",
        "| pages | requests | p50 ms | p95 ms |",
        "|---|---|---|---|",
    ]
    for when, took in visited.items():
        lines += [f"| {kind}, workers {when} | {len(each)} | {quantiles(each)} |" for kind, each in took.items()]
    lines += ["", "An hour of lesson costs, by these figures:", "", "| what | an hour of lesson |", "|---|---|"]
    for kind, name in (("rest", "films, sound, pictures, voices, thought"), ("words", "words")):
        lines.append(f"| processor seconds for {name} | {whole[first].cpu_seconds[kind] * hour:.0f} |")
    for stage, seconds in sorted(stage_seconds(here, lessons).items(), key=lambda each: -each[1]):
        lines.append(f"| `{stage}`, seconds from start to end | {seconds * hour:.1f} |")
    for kind, size in sorted(stored(here, lessons).items(), key=lambda each: -each[1]):
        lines.append(f"| {kind}, MB | {size * hour / 1e6:.1f} |")
    for table, rows in rows_of(here, lessons).items():
        lines.append(f"| rows of `{table}` | {rows * hour:.0f} |")
    lines.append(f"| database, MB with indexes | {(after - before) / len(counts) * hour / 1e6:.2f} |")
    for kind, name in (("rest", "the worker for all but words"), ("words", "a worker for words")):
        lines.append(f"| most memory of {name}, MB (not by the hour) | {whole[first].memory[kind] / 1e6:.0f} |")
    lines += ["", "| steps that are ready, of 100 teachers | asking what is due, ms |", "|---|---|"]
    lines += [f"| {count:,} | {seconds * 1000:.0f} |" for count, seconds in due.items()]
    return "\n".join(lines)


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"{datetime.now().astimezone():%H:%M:%S} {what} ...", flush=True)


def write_between(page: Path, report: str, marks: tuple[str, str] = MARKS) -> None:
    """Put the figures between the marks of a page."""
    before, _, rest = page.read_text("utf-8").partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    if not mark:
        raise SystemExit(f"{page} has no marks to write between")
    page.write_text(f"{before}{marks[0]}\n\n{report}\n\n{mark}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
