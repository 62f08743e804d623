"""Fails a test in which the product thinks within a write transaction: others wait for it meanwhile.

What counts is the processor time of the thread between BEGIN and COMMIT, without waiting for a lock or for the disk.
Two things are taken off that a process does once, or that only a test process has much of: the compilation of a
statement that was never sent before, and Python's garbage collector.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from core.database.db import Database

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("annotation", "core", "ingest", "transcription", "web", "workers")
MOST_SECONDS = 0.25
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


class Apart(threading.local):
    """What this thread did that does not count, as (end, duration), in seconds of its processor time.

    It has no __init__: the garbage collector may begin within one, and would find half of it.
    """

    depth = 0
    begun = 0.0
    last: deque[tuple[float, float]] | None = None

    def begin(self) -> None:
        """Note that it begins; within another one it is part of that."""
        self.depth += 1
        if self.depth == 1:
            self.begun = time.thread_time()

    def end(self) -> None:
        """Note that it ends."""
        self.depth -= 1
        if self.depth == 0:
            now = time.thread_time()
            self.last = self.last if self.last is not None else deque(maxlen=1000)
            self.last.append((now, now - self.begun))

    def within(self, seconds: float) -> float:
        """Return how long it took within the last so many seconds."""
        since = time.thread_time() - seconds
        return sum(duration for end, duration in self.last or () if end > since)


class Writing(threading.local):
    """Which file of ours is within a write transaction in this thread."""

    where: str | None = None


APART = Apart()
WRITING = Writing()


def note_collection(phase: str, _info: dict[str, int]) -> None:
    """Be told by the garbage collector that it begins or ends."""
    if phase == "start":
        APART.begin()
    else:
        APART.end()


gc.callbacks.append(note_collection)
compile_statement = SQLCompiler.__init__


def note_compilation(*arguments: Any, **named: Any) -> None:
    """Compile a statement, apart from what counts."""
    APART.begin()
    try:
        compile_statement(*arguments, **named)
    finally:
        APART.end()


SQLCompiler.__init__ = note_compilation  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def short_writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test whose product held the writer for too long, or hashed a password meanwhile.

    A slow hash computes in threads of its own, so the processor time of its caller does not show it.
    """
    long: list[str] = []
    write = Database.write

    @contextmanager
    def noted_write(database: Database) -> Iterator[Session]:
        where = writer()
        is_exception = where is not None and where.partition(":")[0] in EXCEPTIONS
        before, WRITING.where = WRITING.where, None if is_exception else where
        try:
            with write(database) as session:
                yield session
        finally:
            WRITING.where = before

    def refusing(slow: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(*arguments: Any, **named: Any) -> Any:
            if WRITING.where is not None:
                long.append(f"{WRITING.where} hashes a password")
            return slow(*arguments, **named)

        return refuse

    monkeypatch.setattr(Database, "write", noted_write)
    for name in ("hash", "verify"):
        monkeypatch.setattr(Argon2Hasher, name, refusing(getattr(Argon2Hasher, name)))

    def note(seconds: float) -> None:
        if seconds > MOST_SECONDS:
            seconds -= APART.within(seconds)
        where = writer() if seconds > MOST_SECONDS else None
        if where is not None and where.partition(":")[0] not in EXCEPTIONS:
            long.append(f"{where} held it for {seconds:.2f} s")

    Database.write_observer = note
    yield
    Database.write_observer = None
    if long:
        pytest.fail(f"a write transaction thinks: {'; '.join(long)}. Think before it begins.")
