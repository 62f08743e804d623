"""`hindsight serve`: runs pages and workers as supervised child processes on one machine."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from core.database.db import get_database
from core.database.migrate import migrate_database
from core.errors import HindsightError
from core.settings import Settings, get_settings
from core.storage.private_files import restrict_data_folder
from workers.queue.sweeper import reopen_steps

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0  # before a child that died is started again
PORT_SECONDS = 6.0  # children of a server that was just killed need some to notice, and to let go of its port
STOP_SECONDS = 15.0


class PortTaken(HindsightError):
    """Somebody listens there already."""

    code = "port_taken"
    sentence = "Port {port} is in use already. Stop the other program, or choose another port: make run PORT=9000"


class HostUnusable(HindsightError):
    """Nobody can listen at this address."""

    code = "host_unusable"
    sentence = "HINDSIGHT_HOST={host} with port {port} cannot be listened on: {why}. Please check both settings."


class FolderUnusable(HindsightError):
    """The data folder cannot be written."""

    code = "folder_unusable"
    sentence = "The data folder {folder} cannot be written to. Please check whose it is, and that the disk is not full."


@dataclass
class Child:
    """A process of ours: its arguments, and the pipe whose end tells it that we are gone."""

    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    died_at: float = 0.0

    def keep_alive(self) -> None:
        """Start it, or start it again a while after it died."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None and not self.died_at:
            log.warning("%s ended with %s and is started again", self.arguments[0], self.process.returncode)
            self.died_at = time.monotonic()
        if self.died_at and time.monotonic() - self.died_at < AGAIN_SECONDS:
            return
        self.died_at = 0.0
        command = [*console_command(), *self.arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> None:
        """Wait for its end, and end it by force when that takes too long."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Household:
    """All children of one `hindsight serve`."""

    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Keep them alive until told to stop, then end them all."""
        try:
            while not self.stopping.is_set():
                for child in self.children:
                    child.keep_alive()
                self.stopping.wait(0.3)
        finally:
            for child in self.children:
                child.stop()
            until = time.monotonic() + STOP_SECONDS
            for child in self.children:
                child.wait(until)


def console_command() -> list[str]:
    """Return how the console command of this environment is called."""
    beside = Path(sys.executable).with_name("hindsight")
    return [str(beside)] if beside.exists() else [shutil.which("hindsight") or "hindsight"]


def prepare(settings: Settings) -> None:
    """Make sure that folder, port and database can be used; raises FolderUnusable, HostUnusable or PortTaken."""
    try:
        for folder in (settings.files_dir, settings.uploads_dir, settings.scratch_dir):
            folder.mkdir(parents=True, exist_ok=True)
        probe = settings.data_dir / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise FolderUnusable(folder=settings.data_dir) from error
    if stayed_open := restrict_data_folder(settings):
        log.warning("%s", stayed_open)
    wait_for_port(settings.host, settings.port)
    migrate_database(settings.database_address)
    if not settings.broker_url:
        reopen_steps(get_database(), settings, everything=True)
    get_database().dispose()


def wait_for_port(host: str, port: int) -> None:
    """Return once somebody may listen there; raises PortTaken when it stays taken, or HostUnusable."""
    until = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise HostUnusable(host=host, port=port, why=error.strerror or error) from error
                if time.monotonic() > until:
                    raise PortTaken(port=port) from error
            else:
                return
        time.sleep(0.2)


def serve_everything(greeting: str) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = get_settings()
    prepare(settings)
    hold = ["--end-with-parent"]
    household = Household([Child(["web", *hold])])
    # A queue of its own each: long films must not hold up the first look at a new recording.
    household.children.append(Child(["worker", "--queues", "io", "--threads", "2", "--sweep", *hold]))
    household.children.append(Child(["worker", "--queues", "media", "--threads", "2", *hold]))
    household.children.append(Child(["worker", "--queues", "analysis", "--threads", "1", *hold]))
    for _ in range(settings.asr_workers):
        household.children.append(Child(["worker", "--queues", "asr", "--threads", "1", *hold]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: household.stopping.set())
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the children: one thread a model
    sys.stdout.write(greeting)
    sys.stdout.flush()
    household.run()
