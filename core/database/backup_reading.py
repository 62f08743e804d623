"""Reads a backup as untrusted input: plain files only, with every row validated before it is used.

Every file is opened from the handle of its folder, never through a symbolic link, and only when it is a plain file.
What does not look as Hindsight writes it is refused with a sentence. Whether the rows fit together is not decided here:
a database does that.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, NoReturn, Self, TypeGuard

from core.database.migrate import our_versions
from core.errors import HindsightError
from core.storage.base import PIECE_BYTES

ROWS, FILES, ABOUT = "rows.jsonl.gz", "files", "backup.json"
LONGEST_ABOUT = 1024**2
LONGEST_ROW = 64 * 1024**2  # the words of a day of talk are 10 MB
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
KEY = re.compile(r"lessons(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
KEY_LENGTH = 200
SHA256 = re.compile(r"[0-9a-f]{64}|")
SHOWN = 80  # characters of a name from a backup that are shown


class BackupUnusable(HindsightError):
    """A folder that holds no whole backup, or one that was tampered with."""

    code = "backup_unusable"
    sentence = "{folder} holds no whole backup of Hindsight: {why}. Nothing was restored."


class BackupNewer(HindsightError):
    """A backup that a newer program made."""

    code = "backup_newer"
    sentence = (
        "The backup in {folder} is of version {there}, and this program only knows the versions up to {here}. "
        "Nothing was changed. Please install the version of Hindsight that made the backup, or a newer one."
    )


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file that the rows name."""

    key: str
    size: int
    sha256: str  # empty where a file was made from another one


class BackupReader:
    """A folder with a backup; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.version = ""
        self._count = 0
        self._handle = -1

    def __enter__(self) -> Self:
        try:
            self._handle = os.open(self.folder, FOLDER)
        except OSError as error:
            self._refuse(f"the folder cannot be opened ({error.strerror})", error)
        return self

    def __exit__(self, *_raised: object) -> None:
        os.close(self._handle)

    def about(self) -> dict[str, Any]:
        """Return what the backup says of itself."""
        with self._opened((ABOUT,)) as file:
            content = file.read(LONGEST_ABOUT + 1)
        try:
            about = json.loads(content) if len(content) <= LONGEST_ABOUT else None
        except (ValueError, RecursionError) as error:
            self._refuse(f"{ABOUT} is damaged", error)
        if not isinstance(about, dict) or not is_count(about.get("rows")):
            self._refuse(f"{ABOUT} is damaged")
        return about

    def check(self) -> tuple[list[BackupFile], int]:
        """Look at everything but the files' content; return the files, and how much lies beside them.

        Raises BackupUnusable or BackupNewer. Afterwards `version` is a version of the tables that this program knows.
        """
        about = self.about()
        version, self._count = about.get("version"), about["rows"]
        if not isinstance(version, str):
            self._refuse(f"{ABOUT} does not say of which version it is")
        if version not in our_versions():
            raise BackupNewer(folder=self.folder, there=shown(version)[:40], here=our_versions()[-1])
        self.version = version
        files = [self._file_of(row) for name, row in self.rows() if name == "stored_file"]
        missing = sum(not self._is_there(file) for file in files)
        if missing:
            self._refuse("1 file is missing" if missing == 1 else f"{missing} files are missing")
        return files, self._beside({file.key for file in files})

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the table and the columns of each row; raises BackupUnusable at the first that is none."""
        number = 0
        try:
            with self._opened((ROWS,)) as packed, gzip.GzipFile(fileobj=packed) as lines:
                while line := lines.readline(LONGEST_ROW + 1):
                    number += 1
                    yield self._row(number, line)
        except (OSError, EOFError, zlib.error) as error:
            self._refuse("its rows are damaged or cut off", error)
        if self._count and number < self._count:
            self._refuse("its rows are cut off")

    def copy(self, file: BackupFile, target: Path) -> None:
        """Write a file's content to a new file; raises BackupUnusable when it is not what its row says."""
        digest, size = hashlib.sha256(), 0
        with self._opened((FILES, *file.key.split("/"))) as source, target.open("xb") as out:
            while size <= file.size and (piece := source.read(PIECE_BYTES)):
                digest.update(piece)
                size += len(piece)
                out.write(piece)
        if size != file.size or file.sha256 not in ("", digest.hexdigest()):
            target.unlink()
            self._refuse(f"the file {shown(file.key)} is damaged or was exchanged")

    def _row(self, number: int, line: bytes) -> tuple[str, dict[str, Any]]:
        if len(line) > LONGEST_ROW:
            self._refuse(f"row {number} is longer than any that we write")
        if self._count and number > self._count:
            self._refuse("there are more rows than were written")
        try:
            row = json.loads(line, parse_constant=no_constant)
        except (ValueError, RecursionError) as error:
            self._refuse(f"row {number} is damaged", error)
        if not (isinstance(row, list) and [type(part) for part in row] == [str, dict]):
            self._refuse(f"row {number} is none")
        return row[0], row[1]

    def _file_of(self, row: dict[str, Any]) -> BackupFile:
        key, size, sha256 = row.get("key"), row.get("bytes"), row.get("sha256", "")
        if not isinstance(key, str) or len(key) > KEY_LENGTH or not KEY.fullmatch(key):
            self._refuse(f"a row names a file {shown(key)}, which is no name that we give")
        if not is_count(size) or not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
            self._refuse(f"the row of the file {shown(key)} is damaged")
        return BackupFile(key, size, sha256)

    def _is_there(self, file: BackupFile) -> bool:
        """Say whether a file is there; raises BackupUnusable when it is not the file that its row means."""
        parts = (FILES, *file.key.split("/"))
        try:
            with self._opened(parts) as opened:
                now = os.fstat(opened.fileno())
        except BackupUnusable as refused:
            if isinstance(refused.__cause__, FileNotFoundError):
                return False
            raise
        if now.st_size != file.size:
            self._refuse(f"the file {shown(file.key)} is cut off or was exchanged")
        if now.st_nlink > 1 and not file.sha256:  # it may be another file of this machine, and nothing would tell
            self._refuse(
                f"the file {shown(file.key)} is a hard link. Copy the backup to a new folder (“cp -r”), which makes "
                "files of links, and restore from there"
            )
        return True

    def _beside(self, keys: set[str]) -> int:
        """Count what lies among the files and is named by no row: a later run of the backup that was cut off."""
        known = {str(PurePosixPath(FILES, key)) for key in keys}
        return sum(
            str(PurePosixPath(root, name)) not in known
            for root, _, files, _ in os.fwalk(FILES, dir_fd=self._handle)
            for name in files
        )

    @contextmanager
    def _opened(self, parts: tuple[str, ...]) -> Iterator[IO[bytes]]:
        """Open a plain file of the backup; raises BackupUnusable for anything else, caused by the system's error."""
        name = shown("/".join(parts))
        handle = os.dup(self._handle)
        try:
            for part in parts[:-1]:
                self._require(handle, part, name, stat.S_ISDIR)
                deeper = os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = deeper
            self._require(handle, parts[-1], name, stat.S_ISREG)  # a device is not even opened
            opened = os.open(parts[-1], PLAIN, dir_fd=handle)
        except OSError as error:
            self._refuse(f"{name} is missing or cannot be read ({error.strerror})", error)
        finally:
            os.close(handle)
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                self._refuse(f"{name} is no plain file")
            yield file

    def _require(self, handle: int, part: str, name: str, is_kind: Any) -> None:
        mode = os.stat(part, dir_fd=handle, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            self._refuse(f"{name} is a symbolic link, or lies behind one")
        if not is_kind(mode):
            self._refuse(f"{name} is no plain file")

    def _refuse(self, why: str, error: Exception | None = None) -> NoReturn:
        raise BackupUnusable(folder=self.folder, why=why) from error


def is_count(value: object) -> TypeGuard[int]:
    """Say whether a value from a backup is a number of things."""
    return type(value) is int and 0 <= value < 2**63


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and infinity, which no row holds."""
    raise ValueError(name)


def shown(value: object) -> str:
    """Return a name from a backup as it may be shown on a terminal: short, and without control characters."""
    return ascii(value)[:SHOWN] if not isinstance(value, str) or not value.isprintable() else value[:SHOWN]
