"""A full deployment on one machine: PostgreSQL, Redis, pages and workers as separate processes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.browser.school import COMMAND, free_port
from tests.faults.watching import wait_until
from tests.support.queue_server import QUEUE_SERVER

WORKERS = (("--queues", "io,media,analysis", "--threads", "2", "--sweep"), ("--queues", "asr"), ("--queues", "asr"))


@dataclass
class RedisServer:
    """A real Redis that keeps nothing on disk."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [str(QUEUE_SERVER), "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        command += ["--databases", "9999"]  # one for each school of a run of tests
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "Redis answers", 20)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.address) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def is_empty(self, queues: Iterable[str]) -> bool:
        """Say whether every message was taken."""
        with redis.Redis.from_url(self.address) as client:
            return not any(client.llen(f"dramatiq:{name}") for name in queues)

    def flush(self) -> None:
        """Lose every message."""
        with redis.Redis.from_url(self.address) as client:
            client.flushall()

    def kill(self) -> None:
        """SIGKILL it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass
class FullSet:
    """Workers on PostgreSQL and Redis; any of them may be killed."""

    queue: RedisServer
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_workers(self, workers: Sequence[Sequence[str]] = WORKERS) -> None:
        """Start every worker of the deployment, or those that are named by their options."""
        self.workers = [self._start("worker", *options) for options in workers]

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(COMMAND), *arguments],
                env=os.environ | {"HINDSIGHT_BROKER_URL": self.queue.address},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_workers(self) -> None:
        """SIGKILL all workers and what they started."""
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()

    def stop(self) -> None:
        """Ask the workers to end; raises TimeoutExpired when one does not."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(20)


@contextmanager
def running_queue() -> Iterator[RedisServer]:
    """Yield a real Redis."""
    server = RedisServer(free_port())
    server.start()
    try:
        yield server
    finally:
        server.kill()
