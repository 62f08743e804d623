"""Load test: many concurrent people reading, commenting, streaming and uploading on one machine.

    python -m benchmarks.load.load --people 200 --uploading 20 --minutes 3 --docs docs/load.md

The people are played by this program on the same machine, which takes its share of the processors. Each opens her
lesson's page, keeps its stream of events open, asks for a piece of the film every few seconds, as a player does, and
writes a comment now and then; each uploader sends a recording by tus again and again.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import func, select

from annotation.people.sign_in import begin_sign_in
from core.clock import utc_now
from core.database.db import Database
from core.models import Comment, Lesson, Share, StoredFile
from tests.browser.school import School, running_school
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import make_file, make_lesson, make_partnership, make_person

RECORDING = Path(__file__).resolve().parents[2] / "demo" / "lesson.mp4"
PAGE_EVERY, RANGE_EVERY, COMMENT_EVERY = 60.0, 4.0, 30.0  # seconds, each with some chance
RANGE_BYTES = 256 * 1024
UPLOAD_BYTES = 8 * 1024**2
PIECES = 200  # of film, to find what one costs
WANTED_MS = {"page": 250, "comment": 250}  # 95 of 100, at most
TUS = {"tus-resumable": "1.0.0"}


@dataclass
class Seen:
    """What was measured: seconds by kind of request, failures by kind, and what should be there in the end."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    comments: int = 0
    uploads: int = 0
    memory: list[tuple[float, int]] = field(default_factory=list)

    def note(self, kind: str, begun: float, answer: httpx.Response | httpx.HTTPError) -> None:
        """Keep one answer, or what came instead of it."""
        self.took[kind].append(time.perf_counter() - begun)
        if isinstance(answer, httpx.HTTPError):
            self.failed[kind, type(answer).__name__] += 1
        elif not answer.is_success:
            self.failed[kind, str(answer.status_code)] += 1


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, and the lesson and partnership that she looks at."""

    secret: str
    lesson_id: str
    partnership_id: str


def create_demo_school(school: School, people: int, uploading: int) -> tuple[list[Visitor], list[str]]:
    """Make pairs with a shared lesson each, and uploaders; return who is signed in."""
    database = Database(f"sqlite:///{school.data_dir / 'hindsight.sqlite3'}")
    visitors: list[Visitor] = []
    with database.write() as session:
        for number in range((people + 1) // 2):
            teacher, coach = make_person(session, f"Teacher {number}"), make_person(session, f"Coach {number}")
            lesson = make_lesson(session, teacher, f"Lesson {number}")
            save_evidence(session, lesson, evidence_of())
            pair = make_partnership(session, coach, teacher)
            session.add(Share(lesson_id=lesson.id, partnership_id=pair.id, created_at=utc_now()))
            key = f"lessons/{lesson.id}/rendition-1.mp4"
            path = school.data_dir / "files" / key
            path.parent.mkdir(parents=True)
            shutil.copyfile(RECORDING, path)
            make_file(session, lesson, "rendition", key, bytes=path.stat().st_size)
            secrets = [begin_sign_in(session, person, "load") for person in (teacher, coach)]
            visitors += [Visitor(secret, lesson.id, pair.id) for secret in secrets]
        senders = [begin_sign_in(session, make_person(session, f"Sender {k}"), "load") for k in range(uploading)]
    database.dispose()
    return visitors[:people], senders


def browser(address: str, secret: str) -> httpx.AsyncClient:
    """Return a client with connections of its own, as each person's browser has; one for all would be the slowest part."""
    return httpx.AsyncClient(
        base_url=address,
        headers={"cookie": f"hindsight={secret}"},
        timeout=30,
        limits=httpx.Limits(keepalive_expiry=60),
        verify=False,
        trust_env=False,
    )


async def visit(address: str, one: Visitor, seen: Seen, end: float, dice: random.Random) -> None:
    """Be one person until the end."""
    await asyncio.sleep(dice.random() * 10)  # they do not come at the same moment
    async with browser(address, one.secret) as client:
        stream = asyncio.create_task(listen(client, one, seen))
        await review(client, one, seen, end, dice)
        stream.cancel()
        await asyncio.gather(stream, return_exceptions=True)


async def review(client: httpx.AsyncClient, one: Visitor, seen: Seen, end: float, dice: random.Random) -> None:
    """Open the page, play the film and write comments until the end."""
    size = RECORDING.stat().st_size
    due = {"page": 0.0, "range": 0.0, "comment": time.monotonic() + dice.random() * COMMENT_EVERY}
    every = {"page": PAGE_EVERY, "range": RANGE_EVERY, "comment": COMMENT_EVERY}
    while time.monotonic() < end:
        kind = min(due, key=lambda name: due[name])
        await asyncio.sleep(max(0.0, due[kind] - time.monotonic()))
        begun = time.perf_counter()
        try:
            if kind == "page":
                answer = await client.get(f"/lessons/{one.lesson_id}")
            elif kind == "range":
                start = dice.randrange(max(1, size - RANGE_BYTES))
                ranged = {"range": f"bytes={start}-{start + RANGE_BYTES - 1}"}
                answer = await client.get(f"/media/lessons/{one.lesson_id}/rendition", headers=ranged)
            else:
                said = {"text": "I noticed the wait here", "start_ms": dice.randrange(50_000)}
                said["partnership_id"] = one.partnership_id
                answer = await client.post(f"/api/lessons/{one.lesson_id}/comments", json=said)
                seen.comments += answer.is_success
            seen.note(kind, begun, answer)
        except httpx.HTTPError as error:
            seen.note(kind, begun, error)
        due[kind] = time.monotonic() + every[kind] * dice.uniform(0.6, 1.4)


async def listen(client: httpx.AsyncClient, one: Visitor, seen: Seen) -> None:
    """Keep the stream of events open, as the page does; how long it takes until it greets is measured."""
    begun = time.perf_counter()
    try:
        patient = httpx.Timeout(30, read=None)
        async with client.stream("GET", f"/api/lessons/{one.lesson_id}/events", timeout=patient) as answer:
            first = True
            async for _line in answer.aiter_lines():
                if first:
                    seen.note("events", begun, answer)
                    first = False
    except httpx.HTTPError as error:
        seen.note("events", begun, error)


async def send(address: str, secret: str, seen: Seen, end: float, dice: random.Random) -> None:
    """Upload one recording after the other; each is another one, so that none is known already."""
    padded = RECORDING.read_bytes() + bytes(UPLOAD_BYTES)
    async with browser(address, secret) as client:
        while time.monotonic() < end:
            content = padded + dice.randbytes(16)
            begun = time.perf_counter()
            try:
                words = {"upload-length": str(len(content)), "upload-metadata": "filename bGVzc29uLm1wNA=="}
                made = await client.post("/api/uploads", headers=TUS | words)
                typed = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
                where = made.headers.get("location", "")
                done = await client.patch(where, content=content, headers=TUS | typed, timeout=120)
                seen.note("upload", begun, done)
                seen.uploads += done.is_success
            except httpx.HTTPError as error:
                seen.note("upload", begun, error)
            await asyncio.sleep(dice.uniform(5, 15))


async def watch_memory(pid: int, seen: Seen, end: float) -> None:
    """Note the memory of the process that serves the pages, now and then."""
    begun = time.monotonic()
    while time.monotonic() < end:
        seen.memory.append((time.monotonic() - begun, memory_of(pid)))
        await asyncio.sleep(5)


def cost_of_film(school: School, one: Visitor) -> tuple[float, float]:
    """Return what a piece of film costs the processor of the pages, in ms: asking for it, and each megabyte of it."""
    pid, path = web_process(school), f"/media/lessons/{one.lesson_id}/rendition"
    spent = {}
    with httpx.Client(base_url=school.address, headers={"cookie": f"hindsight={one.secret}"}) as client:
        for size in (1, 10**6):
            before = processor_ms(pid)
            for _ in range(PIECES):
                client.get(path, headers={"range": f"bytes=0-{size - 1}"}).raise_for_status()
            spent[size] = (processor_ms(pid) - before) / PIECES
    return spent[1], spent[10**6] - spent[1]


def processor_ms(pid: int) -> float:
    """Return what a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def web_process(school: School) -> int:
    """Return the process that serves the pages, a child of `hindsight serve`."""
    assert school.process is not None
    command = ["pgrep", "-P", str(school.process.pid), "-f", "web"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0])


async def play(school: School, visitors: list[Visitor], senders: list[str], minutes: float) -> Seen:
    """Let everybody act for so long."""
    seen, end = Seen(), time.monotonic() + minutes * 60
    tasks = [visit(school.address, one, seen, end, random.Random(k)) for k, one in enumerate(visitors)]
    tasks += [send(school.address, secret, seen, end, random.Random(secret)) for secret in senders]
    await asyncio.gather(*tasks, watch_memory(web_process(school), seen, end))
    return seen


def report(
    seen: Seen, people: int, uploading: int, minutes: float, kept: tuple[int, int], film: tuple[float, float]
) -> str:
    """Return the figures as a page."""
    lines = [
        "# Load",
        "",
        f"{people} people on review pages and {uploading} uploading at once for {minutes:g} minutes, with `hindsight serve` (its",
        "workers are busy with the uploads all the time) and the program that plays the people on one machine of",
        f"{os.cpu_count()} cores: `make bench-load`.",
        "",
        "| request | answers | errors | p50 ms | p95 ms | p99 ms | wanted |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, took in sorted(seen.took.items()):
        cuts = statistics.quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
        p50, p95, p99 = (round(cuts[k - 1] * 1000) for k in (50, 95, 99))
        errors = sum(count for (of, _), count in seen.failed.items() if of == kind)
        lines.append(f"| {kind} | {len(took)} | {errors} | {p50} | {p95} | {p99} | {wanted(kind, p95)} |")
    lines += ["", *(f"{count} of {kind}: {why}." for (kind, why), count in seen.failed.items())]
    memory = [size for at, size in seen.memory if at > 30] or [size for _, size in seen.memory]
    lines += [
        "",
        f"Kept: {kept[0]} of {seen.comments} comments that were confirmed, {kept[1]} of {seen.uploads} uploads.",
        f"Memory of the process that serves the pages: {memory[0] / 1e6:.0f} MB after half a minute,"
        f" {memory[-1] / 1e6:.0f} MB at the end, {max(memory) / 1e6:.0f} MB at most.",
        "",
        f"A piece of film costs the processor {film[0]:.1f} ms of asking who may see it, and {film[1]:.2f} ms a megabyte of sending it.",
        "",
    ]
    return "\n".join(lines)


def wanted(kind: str, p95: float) -> str:
    """Say what was wanted of a kind of request, and whether it was reached."""
    most = WANTED_MS.get(kind)
    return "" if most is None else f"p95 below {most}: {'yes' if p95 < most else '**no**'}"


def main() -> None:
    """Run it and say what was seen; ends with 1 if anything was lost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=200)
    arguments.add_argument("--uploading", type=int, default=20)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--docs", type=Path, default=None)
    chosen = arguments.parse_args()
    settings = {"HINDSIGHT_ASR_MODEL": "tiny.en", "HINDSIGHT_LANGUAGE": "en"}
    with tempfile.TemporaryDirectory() as folder, running_school(Path(folder), **settings) as school:
        visitors, senders = create_demo_school(school, chosen.people, chosen.uploading)
        film = cost_of_film(school, visitors[0])
        gc.freeze()  # as the server does: what plays the people must not be what they wait for
        seen = asyncio.run(play(school, visitors, senders, chosen.minutes))
        database = Database(f"sqlite:///{school.data_dir / 'hindsight.sqlite3'}")
        with database.read() as session:
            comments = session.scalar(select(func.count()).select_from(Comment)) or 0
            sent = select(func.count()).select_from(Lesson).join(StoredFile, StoredFile.lesson_id == Lesson.id)
            uploads = session.scalar(sent.where(StoredFile.kind == "original")) or 0
        database.dispose()
    text = report(seen, chosen.people, chosen.uploading, chosen.minutes, (comments, uploads), film)
    print(text)
    if chosen.docs is not None:
        chosen.docs.write_text(text, "utf-8")
    sys.exit(0 if comments >= seen.comments and uploads >= seen.uploads else 1)


if __name__ == "__main__":
    main()
