"""Storage in an S3-compatible bucket, through obstore.

A program that needs a file gets a copy below the data folder, which is kept for a while: what lies under a key never
changes, so a copy is right for as long as the key is there.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from core.errors import StorageAway, saying_disk_full
from core.settings import Settings
from core.storage.base import PIECE_BYTES, parts_of, sync_file

PART_BYTES = 16 * 1024**2  # of a large file that goes up in several requests
REQUEST_TIME = "60s"  # for one request; a part of 16 MB comes in time on a line of 3 Mbit/s
RETRIES = 5  # of one request, within some seconds
KEPT_SECONDS = 3600  # how long a copy that nobody asks for is kept


class ObjectStorage:
    """Objects of one bucket, below a prefix."""

    def __init__(self, settings: Settings) -> None:
        options: dict[str, Any] = {"endpoint": settings.s3_endpoint} if settings.s3_endpoint else {}
        self.store = S3Store(
            settings.s3_bucket,
            prefix=settings.s3_prefix or None,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key,
            secret_access_key=settings.s3_secret_key.get_secret_value(),
            client_options={"allow_http": settings.s3_endpoint.startswith("http://"), "timeout": REQUEST_TIME},
            retry_config={"max_retries": RETRIES},
            **options,
        )
        self.copies = settings.data_dir / "fetched"

    def keep(self, source: Path, key: str) -> None:
        """Send a file up, whole or not at all, and remove it here."""
        with _saying_away():
            obstore.put(self.store, _checked(key), source, chunk_size=PART_BYTES, use_multipart=_is_large(source))
        source.unlink()

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Yield a copy: read it, do not change it."""
        yield self._fetched(key)

    def path_of(self, key: str) -> Path | None:
        """Nothing lies in a folder here."""
        parts_of(key)
        return None

    def read(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Yield a part of the object, a piece a request."""
        yield from self._pieces(key, start, end, PIECE_BYTES)

    def size(self, key: str) -> int:
        """Return its length in bytes."""
        return int(self._head(key)["size"])

    def modified_at(self, key: str) -> datetime:
        """Return when it was kept."""
        at: datetime = self._head(key)["last_modified"]
        return at

    def delete(self, key: str) -> None:
        """Remove the object, and our copy of it."""
        self._copy(key).unlink(missing_ok=True)
        with suppress(FileNotFoundError), _saying_away():
            obstore.delete(self.store, _checked(key))

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield keys in sorted order."""
        with _saying_away():
            found = [str(one["path"]) for page in obstore.list(self.store, prefix or None) for one in page]
        yield from sorted(found)

    def keys_after(self, prefix: str, after: str, most: int) -> list[str]:
        """Return the next keys: a bucket lists in order, and begins where it is told to (`start-after`)."""
        with _saying_away():
            pages = obstore.list(self.store, prefix, offset=after or None, chunk_size=most)
            return sorted(islice((str(one["path"]) for page in pages for one in page), most))

    def delete_stale_copies(self) -> None:
        """Remove copies that nobody has asked for lately, and those that were cut off."""
        if self.copies.is_dir():
            for path in self.copies.iterdir():
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink(missing_ok=True)

    def _head(self, key: str) -> Any:
        with _saying_away():
            return obstore.head(self.store, _checked(key))

    def _pieces(self, key: str, start: int, end: int, length: int) -> Iterator[bytes]:
        """Ask for a piece at a time: each has its own time and its own retries, however long the whole takes."""
        for at in range(start, end, length):
            stop = min(at + length, end)
            with _saying_away():
                piece = bytes(obstore.get_range(self.store, _checked(key), start=at, end=stop))
            if len(piece) != stop - at:  # the line broke
                raise StorageAway
            yield piece

    def _copy(self, key: str) -> Path:
        # programs tell formats by endings, so a copy has that of its key
        return self.copies / (hashlib.sha256(key.encode()).hexdigest() + Path(key).suffix)

    def _fetched(self, key: str) -> Path:
        copy = self._copy(key)
        try:
            os.utime(copy)
            return copy
        except FileNotFoundError:
            self.copies.mkdir(parents=True, exist_ok=True)
        partial = copy.with_name(f"{copy.name}.{uuid4().hex}.part")
        try:
            with saying_disk_full():
                with partial.open("wb") as file:
                    for piece in self._pieces(key, 0, self.size(key), PART_BYTES):
                        file.write(piece)
                sync_file(partial)
            partial.replace(copy)
        finally:
            partial.unlink(missing_ok=True)
        return copy


@contextmanager
def _saying_away() -> Iterator[None]:
    """Turn what obstore says into FileNotFoundError where nothing has this name, and into StorageAway."""
    try:
        yield
    except NotFoundError as error:
        raise FileNotFoundError(str(error)) from None
    except BaseError as error:
        raise StorageAway from error


def _checked(key: str) -> str:
    return "/".join(parts_of(key))


def _is_large(source: Path) -> bool:
    return source.stat().st_size > PART_BYTES
