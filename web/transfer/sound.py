"""Receives sound that a browser recorded, and stores it: of spoken comments and of learning walks."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from core.errors import EmptyFile, HindsightError, saying_disk_full
from core.settings import get_settings
from core.storage.configured import get_storage
from ingest.upload.partial_file import require_room

WRITE_BYTES = 1024**2  # collected before a thread writes them


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording of a browser's microphone, in a file without a name, and what the browser calls its format."""

    file: SpooledTemporaryFile[bytes]
    size: int
    sha256: str
    mime: str


@asynccontextmanager
async def received_sound(request: Request) -> AsyncIterator[Sound]:
    """Yield the sound in the body of a request; raises EmptyFile, DiskFull, and ClientDisconnect when it breaks off.

    It is in memory as long as it is small, then in a file that is gone with this process.
    """
    settings, digest, size = get_settings(), hashlib.sha256(), 0
    await run_in_threadpool(require_room, settings.uploads_dir, 0, settings.disk_reserve_bytes)
    with SpooledTemporaryFile(WRITE_BYTES, dir=str(settings.uploads_dir)) as file:

        def write(data: bytes) -> None:
            digest.update(data)
            with saying_disk_full():
                file.write(data)

        collected = bytearray()
        async for piece in request.stream():
            collected += piece
            size += len(piece)
            if len(collected) >= WRITE_BYTES:
                await run_in_threadpool(write, bytes(collected))
                collected.clear()
        if not size:
            raise EmptyFile
        await run_in_threadpool(write, bytes(collected))
        yield Sound(file, size, digest.hexdigest(), mime_of(request))


def mime_of(request: Request) -> str:
    """Return what a browser calls the format of what it sends."""
    return request.headers.get("content-type", "").partition(";")[0][:80]


@contextmanager
def stored_sound(sound: Sound, key: str) -> Iterator[None]:
    """Store a sound under a key for as long as the block, which writes its rows, isn't refused.

    When anything else goes wrong its rows may have been written: the sweeper looks, and deletes the file if there are
    none. Raises DiskFull.
    """
    settings, storage = get_settings(), get_storage()
    require_room(settings.uploads_dir, sound.size, settings.disk_reserve_bytes)
    source = settings.uploads_dir / key.rpartition("/")[2]
    try:
        with saying_disk_full(), source.open("wb") as file:
            sound.file.seek(0)
            shutil.copyfileobj(sound.file, file)
        storage.keep(source, key)
        yield
    except HindsightError:
        storage.delete(key)
        raise
    finally:
        source.unlink(missing_ok=True)
