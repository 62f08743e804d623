"""Storage in a local folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from core.errors import saying_disk_full
from core.storage.base import PIECE_BYTES, copy_whole, parts_of, sync_file, sync_folder
from core.storage.private_files import restrict_tree


class LocalStorage:
    """Files below one folder, for this account alone, or readable by a group too (that of a proxy)."""

    def __init__(self, root: Path, group: int | None = None) -> None:
        self.root, self.group = root, group

    def path(self, key: str) -> Path:
        """Return where a key lies; raises ValueError for a key that would leave the folder."""
        return self.root.joinpath(*parts_of(key))

    def keep(self, source: Path, key: str) -> None:
        """Sync, rename, sync the folder."""
        target = self.path(key)
        with saying_disk_full():
            self._make_folder(target.parent)
            restrict_tree(source, self.group)
            sync_file(source)
            try:
                source.replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                copy_whole(source, target, self.group)  # the source lies on another disk
                source.unlink()
            sync_folder(target.parent)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder of the store, and those that it lies in."""
        if folder.is_dir():
            return
        if folder != self.root:
            self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self.root, exist_ok=True)
        restrict_tree(folder, self.group)

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

    def keys_after(self, prefix: str, after: str, most: int) -> list[str]:
        """Return the next keys: a folder is only looked into when its turn comes."""
        return list(islice(_keys_below(self.path(prefix), f"{prefix}/", after), most))

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield keys in sorted order."""
        base = self.path(prefix) if prefix else self.root
        if not base.is_dir():
            return
        for path in sorted(base.rglob("*")):
            if path.is_file():
                yield path.relative_to(self.root).as_posix()


def _keys_below(folder: Path, begin: str, after: str) -> Iterator[str]:
    """Yield the keys of a folder that are greater than one, in the order of their letters; `begin`: its own key."""
    try:
        with os.scandir(folder) as entries:
            found = sorted((f"{one.name}/" if one.is_dir() else one.name, one.path) for one in entries)
    except FileNotFoundError:  # its last file was deleted meanwhile
        return
    for name, path in found:
        key = begin + name
        if not name.endswith("/"):
            if key > after:
                yield key
        elif key > after or after.startswith(key):
            yield from _keys_below(Path(path), key, after)
