"""Where recordings and what is made of them are kept: a tiny protocol, and its local-files form.

The other form, S3, is `core/storage/object_store.py`.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from core.errors import saying_disk_full
from core.settings import Settings, get_settings

PIECE_BYTES = 1024**2


class Storage(Protocol):
    """What every store can do. A key is a relative POSIX path such as `lessons/ab12/rendition-9f.mp4`."""

    def keep(self, source: Path, key: str) -> None:
        """Move a finished local file into the store; when this returns it survives a power cut. Raises DiskFull."""

    def local(self, key: str) -> AbstractContextManager[Path]:
        """Yield the file as a local path for a program that needs one; raises FileNotFoundError."""

    def path_of(self, key: str) -> Path | None:
        """Return where a file lies if this store is a local folder, else None; whether it is there is not looked at."""

    def read(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to, without, `end` in pieces; raises FileNotFoundError before the first."""

    def size(self, key: str) -> int:
        """Return its length in bytes; raises FileNotFoundError."""

    def modified_at(self, key: str) -> datetime:
        """Return when it was kept (UTC); raises FileNotFoundError."""

    def delete(self, key: str) -> None:
        """Remove it; nothing happens when it is not there."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield every key that lies in the folder `prefix`."""


class LocalStorage:
    """Files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Return where a key lies; raises ValueError for a key that would leave the folder."""
        return self.root.joinpath(*parts_of(key))

    def keep(self, source: Path, key: str) -> None:
        """Sync, rename, sync the folder."""
        target = self.path(key)
        with saying_disk_full():
            target.parent.mkdir(parents=True, exist_ok=True)
            sync_file(source)
            try:
                source.replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                copy_whole(source, target)  # the source lies on another disk
                source.unlink()
            sync_folder(target.parent)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Yield the file itself: read it, do not change it."""
        path = self.path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        yield path

    def path_of(self, key: str) -> Path | None:
        """Return where a file lies."""
        return self.path(key)

    def read(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Yield a part of the file."""
        with self.local(key) as path, path.open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(PIECE_BYTES, end - start))):
                start += len(piece)
                yield piece

    def size(self, key: str) -> int:
        """Return its length in bytes."""
        return self.path(key).stat().st_size

    def modified_at(self, key: str) -> datetime:
        """Return when it was kept."""
        return datetime.fromtimestamp(self.path(key).stat().st_mtime, UTC)

    def delete(self, key: str) -> None:
        """Remove the file, and its folder when that was the last one."""
        path = self.path(key)
        path.unlink(missing_ok=True)
        if path.parent != self.root and path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield keys in sorted order."""
        base = self.path(prefix) if prefix else self.root
        if not base.is_dir():
            return
        for path in sorted(base.rglob("*")):
            if path.is_file():
                yield path.relative_to(self.root).as_posix()


def parts_of(key: str) -> tuple[str, ...]:
    """Return the parts of a key; raises ValueError for one that would leave the store."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts:
        raise ValueError(f"not a storage key: {key!r}")
    return parts


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file and bring it to the disk; until then it has another ending, and nothing stays when that fails.

    Its name is otherwise the same, so that the sweeper knows whose it is.
    """
    partial = target.with_suffix(".part")
    try:
        shutil.copyfile(source, partial)
        sync_file(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Bring a file's bytes to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def get_storage() -> Storage:
    """Return the store of this process."""
    return open_storage(get_settings())


def open_storage(settings: Settings) -> Storage:
    """Return the store that the settings name: a folder, or a bucket."""
    if settings.s3_bucket:
        from core.storage.object_store import ObjectStorage

        return ObjectStorage(settings)
    return LocalStorage(settings.files_dir)
