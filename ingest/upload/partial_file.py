"""The partial file of an upload: exclusive lock, and bytes that count only once they are fsynced."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

from core.errors import DiskFull, saying_disk_full
from core.storage.base import sync_folder, sync_handle
from ingest.upload.errors import UploadBusy

SYNC_BYTES = 32 * 1024**2  # how much may be on its way to the disk before we wait for it
LOCK_SUFFIX = ".lock"


class UploadLock:
    """The right to change one upload, between threads and between processes; the system frees it at a crash."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    @classmethod
    def take(cls, folder: Path, upload_id: str) -> UploadLock:
        """Take the lock at once; raises UploadBusy when somebody has it."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (upload_id + LOCK_SUFFIX)
        while True:
            with saying_disk_full():
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(handle)
                raise UploadBusy from error
            with suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(handle).st_ino:
                    return cls(path, handle)
            os.close(handle)  # its former holder removed the file between our two calls

    def require(self, upload_id: str) -> None:
        """Raise ValueError unless this is the lock of an upload."""
        if self._path.name != upload_id + LOCK_SUFFIX:
            raise ValueError("this is the lock of another upload")

    def release(self) -> None:
        """Give the lock back and remove its file."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


class GrowingFile:
    """A file that only grows. Whoever writes holds the lock of its upload."""

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        with saying_disk_full():
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._synced = self._size = os.fstat(self._handle).st_size
            if is_new:
                sync_folder(path.parent)

    @property
    def size(self) -> int:
        """How many bytes are safely there."""
        return self._synced

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes; raises DiskFull, and what fitted stays."""
        rest = memoryview(data)
        with saying_disk_full():
            while rest:
                written = os.write(self._handle, rest)
                self._size += written
                rest = rest[written:]
        if self._size - self._synced >= SYNC_BYTES:
            self.sync()

    def sync(self) -> None:
        """Wait for the disk; bytes that it refuses after all are taken away again, so that they never count."""
        if self._size == self._synced:
            return
        with saying_disk_full():
            try:
                sync_handle(self._handle)
            except OSError:
                os.ftruncate(self._handle, self._synced)
                self._size = self._synced
                raise
        self._synced = self._size

    def close(self) -> None:
        """Close the file; bytes that were not synced may be lost in a power cut."""
        os.close(self._handle)


def synced_size(path: Path) -> int | None:
    """Return how many bytes of a file are safely on the disk; None when there is no file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        size = os.fstat(handle).st_size
        with saying_disk_full():
            sync_handle(handle)
    finally:
        os.close(handle)
    return size


def require_room(folder: Path, wanted_bytes: int, reserve_bytes: int) -> None:
    """Raise DiskFull unless so many bytes fit into the folder and the reserve stays free."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free - reserve_bytes < wanted_bytes:
        raise DiskFull
