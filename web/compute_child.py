"""Child process that runs one function: `python -m web.compute_child`.

It reads a pickle of a function and its arguments from standard input, and writes one of what it returned or raised.
It imports no more than the function needs.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from contextlib import suppress

from core.errors import HindsightError

LONGEST_SECONDS = 20  # of the processor
MOST_MEMORY = 2 * 1024**3
POLITE = 10  # of `nice`: the pages come first


def main() -> None:
    """Compute what standard input says."""
    os.nice(POLITE)
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    # SIGXCPU ends it. At the second limit it would be SIGKILL, which whoever runs short of memory sends as well.
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS + 1))
    function, arguments, named = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own process wrote it
    try:
        answer = (True, function(*arguments, **named))
    except HindsightError as error:
        answer = (False, error)
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()
