"""Receives sound that a browser recorded, and stores it: of spoken comments and of learning walks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request

from core.errors import EmptyFile, HindsightError, saying_disk_full
from core.settings import get_settings
from core.storage.configured import get_storage
from ingest.upload.errors import TooLarge
from ingest.upload.partial_file import require_room


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording of a browser's microphone, and what the browser calls its format."""

    data: bytes
    mime: str


async def receive_sound(request: Request, most_bytes: int) -> Sound:
    """Return the sound in the body of a request; raises TooLarge or EmptyFile."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most_bytes:
            raise TooLarge
    if not data:
        raise EmptyFile
    return Sound(bytes(data), request.headers.get("content-type", "").partition(";")[0][:80])


@contextmanager
def stored_sound(sound: Sound, key: str) -> Iterator[None]:
    """Store a sound under a key for as long as the block, which writes its rows, isn't refused.

    When anything else goes wrong its rows may have been written: the sweeper looks, and deletes the file if there are
    none. Raises DiskFull.
    """
    settings, storage = get_settings(), get_storage()
    require_room(settings.uploads_dir, len(sound.data), settings.disk_reserve_bytes)
    source = settings.uploads_dir / key.rpartition("/")[2]
    try:
        with saying_disk_full():
            source.write_bytes(sound.data)
        storage.keep(source, key)
        yield
    except HindsightError:
        storage.delete(key)
        raise
    finally:
        source.unlink(missing_ok=True)
