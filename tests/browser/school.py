"""A whole Hindsight on a free port with a data folder of its own, started as a person would start it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

COMMAND = Path(sys.executable).with_name("hindsight")
START_SECONDS = 60


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
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.data_dir.with_suffix(".log")

    def start(self) -> None:
        """Start `hindsight serve` and wait until it answers."""
        environment = os.environ | {
            "HINDSIGHT_DATA_DIR": str(self.data_dir),
            "HINDSIGHT_PORT": str(self.port),
            "HINDSIGHT_DISK_RESERVE_BYTES": "0",
            **self.settings,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(COMMAND), "serve"], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.address}/healthz", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError(f"the server did not start:\n{self.log.read_text('utf-8')}")

    def kill(self) -> None:
        """SIGKILL the server and all its children at once, as a power cut would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """Ask the server to end, and see to it that it does."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@contextmanager
def running_school(folder: Path, **settings: str) -> Iterator[School]:
    """Yield a running server with an empty data folder below `folder`."""
    school = School(data_dir=folder / "data", port=free_port(), settings=settings)
    school.start()
    try:
        yield school
    finally:
        school.stop()


def chromium() -> str | None:
    """Return the system's Chromium, if there is one."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
