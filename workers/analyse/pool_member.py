"""Member of the process pool: `python -m workers.analyse.pool_member HANDLE` does the tasks that come through a socket.

It ends when that socket or its standard input closes, however its parent died.
"""

from __future__ import annotations

import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from core.errors import PortableError, saying_disk_full
from core.parent_watch import end_with_parent


@dataclass(frozen=True, slots=True)
class _PipeWatch:
    """Tells the progress of a task to the one who waits for it; the pool is stopped by ending its processes."""

    pipe: Connection

    def progress(self, fraction: float) -> None:
        """Send the fraction; raises BrokenPipeError when nobody waits any more, which ends the member."""
        self.pipe.send(("progress", fraction))

    def check(self) -> None:
        """Go on."""


def serve(pipe: Connection) -> None:
    """Do what comes through the pipe until it closes."""
    while True:
        try:
            function, arguments = pipe.recv()
            pipe.send(_outcome(function, arguments, pipe))
        except (EOFError, ConnectionError):
            return


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...], pipe: Connection) -> tuple[str, Any]:
    try:
        with saying_disk_full():
            result = function(*arguments, _PipeWatch(pipe))
    except PortableError as error:
        return "refused", error
    except ConnectionError:
        raise
    except Exception:
        return "failed", traceback.format_exc()
    return "done", (result, peak_rss_bytes())


def peak_rss_bytes() -> int:
    """Return the most memory that this process has had so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Serve; SIGTERM leaves every `with` block on its way, an interrupt of the terminal is the parent's to handle."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})  # held up while we were started
    end_with_parent()
    with Connection(int(sys.argv[1])) as pipe:
        try:
            serve(pipe)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is about to end, and says nothing of being asked to


if __name__ == "__main__":
    main()
