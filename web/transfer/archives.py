"""Parts of a zip that is written while it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.storage.base import Storage


def pieces(storage: Storage, key: str) -> Iterator[bytes]:
    """Yield a stored file; one that has gone meanwhile is empty."""
    try:
        yield from storage.read(key, 0, storage.size(key))
    except FileNotFoundError:
        return


def as_json(document: Any) -> str:
    """Return JSON to read: times and days in ISO 8601."""
    return json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n"
