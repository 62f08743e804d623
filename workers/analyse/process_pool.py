"""A pool of spawned single-threaded processes that share the analysis of one recording.

Spawned, never forked: CTranslate2 does not survive a fork. A member that dies is noticed, and costs the work,
not the machine: nobody waits for it for ever.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Self

from core.errors import HindsightError, StepFailed

GOODBYE_SECONDS = 5  # an idle member ends by itself when its pipe closes

log = logging.getLogger(__name__)

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Task:
    """A module-level function, called in a member as `function(*arguments, watch)`."""

    key: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _PipeWatch:
    """Tells the progress of a task to the one who waits for it; the crew is stopped by ending its processes."""

    pipe: Connection

    def progress(self, fraction: float) -> None:
        """Send the fraction; raises BrokenPipeError when nobody waits any more, which ends the member."""
        self.pipe.send(("progress", fraction))

    def check(self) -> None:
        """Go on."""


class ProcessPool:
    """Up to `size` processes, started when there is work, ended with the `with` block, whatever happened."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._members: dict[Connection, SpawnProcess] = {}
        self._peaks: dict[Connection, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._members:
            pipe.close()
        for member in self._members.values():
            if kind is None:
                member.join(GOODBYE_SECONDS)
            member.kill()
            member.join()

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

        Raises the `HindsightError` of a task, and StepFailed for one that failed otherwise or whose process died.
        """
        waiting = deque(tasks)
        busy: dict[Connection, str] = {}
        while waiting or busy:
            while waiting and (pipe := self._free(busy)) is not None:
                task = waiting.popleft()
                busy[pipe] = task.key
                pipe.send((task.function, task.arguments))
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
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        member = context.Process(target=_serve, args=(theirs,), daemon=True)
        member.start()
        theirs.close()
        self._members[ours] = member
        return ours

    def _receive(self, pipe: Connection, key: str) -> tuple[str, Any]:
        try:
            what, value = pipe.recv()
        except (EOFError, ConnectionError) as error:
            member = self._members[pipe]
            member.join()
            log.error("the process of %s ended with %s", key, member.exitcode)
            raise StepFailed from error
        if what == "refused":
            refusal, places = value
            raise refusal(**places)
        if what == "failed":
            log.error("%s failed:\n%s", key, value)
            raise StepFailed
        return what, value


def _serve(pipe: Connection) -> None:
    """Do what comes through the pipe until it closes; an interrupt of the terminal is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ONE_THREAD)  # before the first task brings numpy in
    while True:
        try:
            function, arguments = pipe.recv()
            pipe.send(_outcome(function, arguments, pipe))
        except (EOFError, ConnectionError):
            return


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...], pipe: Connection) -> tuple[str, Any]:
    try:
        result = function(*arguments, _PipeWatch(pipe))
    except HindsightError as error:
        return "refused", (type(error), error.places)
    except ConnectionError:
        raise
    except Exception:
        return "failed", traceback.format_exc()
    return "done", (result, peak_rss_bytes())


def peak_rss_bytes() -> int:
    """Return the most memory that this process has had so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
