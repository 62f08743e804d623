"""A pool of single-threaded processes that share the analysis of one recording.

Started anew, never forked: CTranslate2 does not survive a fork. A member that dies is noticed, and costs the work,
not the machine: nobody waits for it for ever. With the pool all its processes are over; where the pool itself is
killed, they end by themselves (`core/parent_watch.py`).
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from types import TracebackType
from typing import Any, Self

from core.errors import StepFailed

GOODBYE_SECONDS = 5  # an idle member ends by itself when its pipe closes
STOP_SECONDS = 2  # a busy one that is asked to stop ends its ffmpeg first; within a model it cannot be asked

log = logging.getLogger(__name__)

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Task:
    """A module-level function, called in a member as `function(*arguments, watch)`."""

    key: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class ProcessPool:
    """Up to `size` processes, started when there is work, ended with the `with` block, whatever happened."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._members: dict[Connection, subprocess.Popen[bytes]] = {}
        self._peaks: dict[Connection, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for pipe, member in self._members.items():
                pipe.close()
                if kind is not None:
                    member.terminate()
            until = time.monotonic() + (GOODBYE_SECONDS if kind is None else STOP_SECONDS)
            for member in self._members.values():
                _wait(member, until)
        finally:  # also when somebody presses Ctrl-C once more
            for member in self._members.values():
                member.kill()
            for member in self._members.values():
                member.communicate()  # closes its standard input, and takes note of its end

    @property
    def peak_rss_bytes(self) -> int:
        """The sum of the members' peaks: what they took together at the very most."""
        return sum(self._peaks.values())

    def run(
        self,
        tasks: Iterable[Task],
        done: Callable[[str, Any], Iterable[Task]],
        progress: Callable[[str, float], None],
    ) -> None:
        """Do all tasks, in order as members are free; `done` takes each result and returns what to do next.

        Raises the error of ours that a task raised, and StepFailed for one that failed otherwise or whose process died.
        """
        waiting = deque(tasks)
        busy: dict[Connection, str] = {}
        while waiting or busy:
            while waiting and (pipe := self._free(busy)) is not None:
                task = waiting.popleft()
                busy[pipe] = task.key
                self._send(pipe, task)
            for pipe in (ready for ready in wait(list(busy)) if isinstance(ready, Connection)):
                what, value = self._receive(pipe, busy[pipe])
                if what == "progress":
                    progress(busy[pipe], value)
                else:
                    result, self._peaks[pipe] = value
                    waiting.extend(done(busy.pop(pipe), result))

    def _free(self, busy: dict[Connection, str]) -> Connection | None:
        idle = next((pipe for pipe in self._members if pipe not in busy), None)
        if idle is not None or len(self._members) >= self._size:
            return idle
        ours, theirs = Pipe()
        with theirs:
            self._members[ours] = _start_member(theirs.fileno())
        return ours

    def _send(self, pipe: Connection, task: Task) -> None:
        try:
            pipe.send((task.function, task.arguments))
        except ConnectionError as error:
            raise self._died(pipe, task.key) from error

    def _receive(self, pipe: Connection, key: str) -> tuple[str, Any]:
        try:
            what, value = pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise self._died(pipe, key) from error
        if what == "refused":
            raise value
        if what == "failed":
            log.error("%s failed:\n%s", key, value)
            raise StepFailed
        return what, value

    def _died(self, pipe: Connection, key: str) -> StepFailed:
        member = self._members[pipe]
        _wait(member, time.monotonic() + STOP_SECONDS)
        log.error("the process of %s ended with %s", key, member.returncode)
        return StepFailed()


def _start_member(handle: int) -> subprocess.Popen[bytes]:
    """Start a process that finds what this one finds. It sets up its own signals; none may come before."""
    ways = {"PYTHONPATH": os.pathsep.join(sys.path)}
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "workers.analyse.pool_member", str(handle)],
            env=os.environ | ONE_THREAD | ways,
            stdin=subprocess.PIPE,
            pass_fds=(handle,),
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _wait(member: subprocess.Popen[bytes], until: float) -> None:
    try:
        member.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return
