"""Where recordings and what is made of them are kept: a tiny protocol, and its local-files form."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from core.settings import get_settings


class Storage(Protocol):
    """What every store can do. A key is a relative POSIX path such as `lessons/ab12/rendition-9f.mp4`."""

    def keep(self, source: Path, key: str) -> None:
        """Move a finished local file into the store; when this returns it survives a power cut."""

    def local(self, key: str) -> AbstractContextManager[Path]:
        """Yield the file as a local path for a program that needs one; raises FileNotFoundError."""

    def size(self, key: str) -> int:
        """Return its length in bytes; raises FileNotFoundError."""

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
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts:
            raise ValueError(f"not a storage key: {key!r}")
        return self.root.joinpath(*parts)

    def keep(self, source: Path, key: str) -> None:
        """Sync, rename, sync the folder."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        sync_file(source)
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:  # the source lies on another disk
                raise
            partial = target.with_name(target.name + ".part")
            shutil.copyfile(source, partial)
            sync_file(partial)
            partial.replace(target)
            source.unlink()
        sync_folder(target.parent)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Yield the file itself: read it, do not change it."""
        path = self.path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        yield path

    def size(self, key: str) -> int:
        """Return its length in bytes."""
        return self.path(key).stat().st_size

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
    return LocalStorage(get_settings().files_dir)
