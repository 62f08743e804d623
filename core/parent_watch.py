"""Exits a child process when its parent dies: the child watches the read end of a pipe for EOF.

It works however the parent ends, SIGKILL included, and on every system with pipes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 10


def end_with_parent() -> None:
    """End this process in an orderly way when standard input is closed, and by force if that takes too long."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
