"""Connections on which nothing is answered: idle ones and half requests. Their number is limited, nobody is kept out.

Where there are too many, the oldest one of the address that has most of them is closed. Whoever opens thousands closes
her own; a browser opens an idle one again when it needs it. What is being answered, event streams too, is never closed.
"""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger("hindsight.web")

MOST = 1000
WANTED_FILES = 65_536  # open files of the process: connections, recordings, databases
FEWER_FILES = 10_240  # macOS takes no more


class Waiting:
    """The connections that wait, by address, oldest first, with how each is closed."""

    def __init__(self) -> None:
        self._by_address: dict[str, dict[object, Callable[[], None]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, connection: object, address: str, close: Callable[[], None]) -> None:
        """Note that a connection waits from now on; close another one where there are too many."""
        there = self._by_address.setdefault(address, {})
        if connection not in there:
            there[connection] = close
            self._count += 1
        if self._count > MOST:
            crowded = max(self._by_address, key=lambda one: len(self._by_address[one]))
            oldest, close_it = next(iter(self._by_address[crowded].items()))
            self.discard(oldest, crowded)
            close_it()

    def discard(self, connection: object, address: str) -> None:
        """Note that a connection waits no more."""
        there = self._by_address.get(address, {})
        if there.pop(connection, None) is not None:
            self._count -= 1
        if not there:
            self._by_address.pop(address, None)


def allow_many_files() -> int:
    """Raise the number of files that this process may have open, where the system lets it; return that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (WANTED_FILES, FEWER_FILES):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if 0 <= soft < most:
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                break
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
