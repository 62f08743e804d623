"""Starts a complete Hindsight on a free port with its own data folder.

With a broker in its settings it is the full deployment: pages and workers, each a process of its own. Else it is
`hindsight serve`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from core.database.db import Database
from core.storage.base import Storage
from core.storage.configured import open_storage
from tests.support.processes import settings_of

COMMAND = Path(sys.executable).with_name("hindsight")
START_SECONDS = 180  # on a machine that is busy with much else
END_WITH_TESTS = "--end-with-parent"  # also when the tests are killed
SERVE = (("serve", END_WITH_TESTS),)
FULL_SET = (
    ("web",),
    ("worker", "--queues", "io,media,analysis", "--threads", "2", "--sweep"),
    ("worker", "--queues", "asr"),
)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class School:
    """A running server: stop it, kill it, start it again on the same data."""

    data_dir: Path
    port: int
    settings: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    within: tuple[str, ...] = ()  # a program that starts its processes

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The process that was started first: `hindsight serve`, or the pages."""
        return next(iter(self.processes), None)

    @property
    def commands(self) -> Sequence[Sequence[str]]:
        """What it consists of."""
        return FULL_SET if self.environment.get("HINDSIGHT_BROKER_URL") else SERVE

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are started with."""
        own = {
            "HINDSIGHT_DATA_DIR": str(self.data_dir),
            "HINDSIGHT_PORT": str(self.port),
            "HINDSIGHT_DISK_RESERVE_BYTES": "0",
        }
        return os.environ | own | self.settings

    @contextmanager
    def opened(self) -> Iterator[tuple[Database, Storage]]:
        """Yield its database and its store, for a test to look into or to fill."""
        settings = settings_of(self.environment)
        database = Database(settings.database_address)
        try:
            yield database, open_storage(settings)
        finally:
            database.dispose()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.data_dir.with_suffix(".log")

    def start(self) -> None:
        """Start its processes and wait until it answers."""
        self.processes = [self.run(*arguments) for arguments in self.commands]
        self.wait_until_it_answers()

    def ask_to_end(self, number: int) -> None:
        """Send SIGTERM to one of its processes."""
        self.processes[number].terminate()

    def restart(self, number: int) -> None:
        """Stop one of its processes in an orderly way, and start it again."""
        self.ask_to_end(number)
        wait_for(self.processes[number], 60)
        self.processes[number] = self.run(*self.commands[number])

    def run(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one process of it."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.within, str(COMMAND), *arguments],
                env=self.environment,
                stdin=subprocess.PIPE if END_WITH_TESTS in arguments else None,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        """Wait for the pages; raises AssertionError with the log when they do not come."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                if httpx.get(f"{self.address}/healthz", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError(f"the server did not start:\n{self.log.read_text('utf-8')}")

    def kill(self) -> None:
        """SIGKILL every process and all their children at once, as a power cut would."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            wait_for(process)

    def stop(self) -> None:
        """Ask every process to end, and see to it that it does."""
        for process in self.processes:
            process.terminate()
        try:
            for process in self.processes:
                wait_for(process, 20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def wait_for(process: subprocess.Popen[bytes], seconds: float | None = None) -> None:
    """Wait until a process has ended, and close our end of its standard input."""
    process.wait(seconds)
    if process.stdin is not None:
        process.stdin.close()


@contextmanager
def running_school(folder: Path, **settings: str) -> Iterator[School]:
    """Yield a running server with its data folder below `folder`; embedded unless the settings say otherwise."""
    school = School(data_dir=folder / "data", port=free_port(), settings=settings)
    try:
        school.start()
        yield school
    finally:
        school.stop()


def chromium() -> str | None:
    """Return the system's Chromium, if there is one."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
