"""Child processes that open an untrusted file: limited, in a group of their own, and ended with us."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ingest.media.limits import without_network

# Runs a program that ends with us, even when we are killed: a reader of our pipe, in its group, then kills the group.
# LIMITS bind the program alone, not the reader.
ENDS_WITH_US = 'exec 3<&0; (cat <&3; kill -KILL 0) >/dev/null 2>&1 & LIMITS exec "$@" </dev/null 3<&-'


@contextmanager
def started_child(
    command: Sequence[str],
    *,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    limits: str = "",
    folder: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program without a network; it is killed when the block is left early. `limits`: shell commands."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", ENDS_WITH_US.replace("LIMITS", limits), "child", *without_network(), *command],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        cwd=folder,
        # A group of its own, to be killed as one; not a session: Linux shares processors out between sessions first
        # (autogroup), and what is nice in one of its own would get as much as all the pages.
        process_group=0,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def is_over(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the end of a process for a while, and say whether it came."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
