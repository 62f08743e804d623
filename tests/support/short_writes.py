"""Fails a test in which the product thinks within a write transaction: others wait for it meanwhile.

What counts is the processor time of the thread between BEGIN and COMMIT, without waiting for a lock or for the disk,
and without Python's garbage collector: that of a whole test process takes a second.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database.db import Database

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("annotation", "core", "ingest", "transcription", "web", "workers")
MOST_SECONDS = 0.25  # for a test that measures on purpose, after a first time
FIRST_TIME_SECONDS = 0.5  # for every test: statements are compiled for the first time
# What may take longer: nobody works in the school meanwhile.
EXCEPTIONS = {
    "core/database/migrate.py": "an upgrade changes whole tables, before anybody is served",
    "core/database/backup.py": "a restore writes a whole school, before anybody can sign in",
    "workers/demo.py": "the school of a demonstration is made before it is served",
}


def writer() -> str | None:
    """Return the file of ours that holds the transaction, or None when a test or a benchmark does."""
    frame = sys._getframe()
    while (found := frame.f_back) is not None:
        frame, path = found, Path(found.f_code.co_filename)
        if not path.is_relative_to(PROJECT) or ".venv" in path.parts:
            continue
        name = path.relative_to(PROJECT).as_posix()
        if name in ("core/database/db.py", "core/database/content.py", "tests/support/short_writes.py"):
            continue
        return f"{name}:{frame.f_lineno}" if name.partition("/")[0] in PACKAGES else None
    return None


class Collections(threading.local):
    """When the garbage collector ran in this thread, as (end, duration), in seconds of the thread's processor time."""

    def __init__(self) -> None:
        self.begun = 0.0
        self.last: deque[tuple[float, float]] = deque(maxlen=1000)

    def note(self, phase: str, _info: dict[str, int]) -> None:
        """Be told by the garbage collector that it begins or ends."""
        now = time.thread_time()
        if phase == "start":
            self.begun = now
        else:
            self.last.append((now, now - self.begun))

    def within(self, seconds: float) -> float:
        """Return how long it ran within the last so many seconds."""
        since = time.thread_time() - seconds
        return sum(duration for end, duration in self.last if end > since)


COLLECTIONS = Collections()
gc.callbacks.append(COLLECTIONS.note)


@pytest.fixture(autouse=True)
def short_writes() -> Iterator[None]:
    """Fail a test whose product held the writer for too long."""
    long: list[str] = []

    def note(seconds: float) -> None:
        if seconds > FIRST_TIME_SECONDS:
            seconds -= COLLECTIONS.within(seconds)
        where = writer() if seconds > FIRST_TIME_SECONDS else None
        if where is not None and where.partition(":")[0] not in EXCEPTIONS:
            long.append(f"{where} held it for {seconds:.2f} s")

    Database.write_observer = note
    yield
    Database.write_observer = None
    if long:
        pytest.fail(f"a write transaction thinks: {'; '.join(long)}. Think before it begins.")
