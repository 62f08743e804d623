"""The storage protocol, keys as relative paths, and durable writes (fsync)."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from core.storage.private_files import restrict_tree

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

    def keys_after(self, prefix: str, after: str, most: int) -> list[str]:
        """Return the next keys in the folder `prefix` in sorted order, at most so many, without listing the others."""


def parts_of(key: str) -> tuple[str, ...]:
    """Return the parts of a key; raises ValueError for one that would leave the store."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts:
        raise ValueError(f"not a storage key: {key!r}")
    return parts


def copy_whole(source: Path, target: Path, group: int | None = None) -> None:
    """Copy a file and bring it to the disk; until then it has another ending, and nothing stays when that fails.

    Its name is otherwise the same, so that the sweeper knows whose it is.
    """
    partial = target.with_suffix(".part")
    try:
        shutil.copyfile(source, partial)
        restrict_tree(partial, group)
        sync_file(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def sync_handle(handle: int) -> None:
    """Bring what was written to the disk itself; on macOS fsync ends before the drive has written."""
    whole: int | None = getattr(fcntl, "F_FULLFSYNC", None)
    if whole is not None:
        try:
            fcntl.fcntl(handle, whole)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOTTY):  # a network disk does not know it
                raise
        else:
            return
    os.fsync(handle)


def sync_file(path: Path) -> None:
    """Bring a file's bytes to the disk."""
    with path.open("rb+") as file:
        sync_handle(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        sync_handle(handle)
    finally:
        os.close(handle)
