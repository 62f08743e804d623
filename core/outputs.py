"""Output files of commands: atomic replacement of plain files, direct writes to anything else.

A plain file is replaced in one move, so that a full disk or Ctrl-C leaves the old one whole. Whatever else a name can
stand for is written into and stays what it is: a device, a pipe, the target of a symbolic link, a file with two names,
a file of another user, a file that the caller has open.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from core.errors import PortableError
from core.storage.base import sync_handle

STDOUT = "-"
REASONS = {
    errno.EACCES: "this user may not write there",
    errno.EDQUOT: "this user's share of the disk is used up",
    errno.EEXIST: "something else has that name",
    errno.EFBIG: "the file would be larger than is allowed",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "its symbolic links go round in a circle",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOENT: "its folder is not there",
    errno.ENOSPC: "the disk is full",
    errno.ENOTDIR: "it or a part of its path is not a folder",
    errno.ENXIO: "nothing that takes an output answers there",
    errno.EPERM: "the system does not allow it",
    errno.EPIPE: "whoever was reading has stopped",
    errno.EROFS: "the disk is read-only",
}


class OutputUnusable(PortableError, click.ClickException):
    """An output that cannot be written; ends a command with 2 and one sentence on standard error."""

    exit_code = 2

    def __init__(self, path: str | Path, error: OSError) -> None:
        why = REASONS.get(error.errno or 0) or error.strerror or str(error)
        super().__init__(f"{os.fspath(path)} cannot be written: {why}. Please name another place.")


@contextmanager
def saying_output(path: str | Path) -> Iterator[None]:
    """Turn the system's refusals into OutputUnusable."""
    try:
        yield
    except OSError as error:
        raise OutputUnusable(path, error) from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an output goes. `replaced` is true for a plain file of our own, or for one that is not there yet."""

    path: Path
    replaced: bool
    mode: int | None = None  # of the file that is replaced
    appended: bool = False


def check_output(target: str | Path) -> None:
    """Raise OutputUnusable where nothing can be written; asked before long work, writes nothing."""
    if str(target) != STDOUT:
        with saying_output(target):
            _place_of(Path(target))


def check_output_folder(folder: Path) -> None:
    """Raise OutputUnusable where files cannot be written into a folder, or where it cannot be made; makes nothing."""
    with saying_output(folder):
        try:
            folder.stat()
            nearest = folder
        except FileNotFoundError:
            nearest = Path(os.path.realpath(folder))
            while not nearest.exists():
                nearest = nearest.parent
        _require_writable_folder(nearest)


def write_output(target: str | Path, text: str) -> None:
    """Write one output; `-` is standard output. Raises OutputUnusable."""
    if str(target) == STDOUT:
        with saying_output("standard output"):
            click.echo(text.encode("utf-8", "replace"), nl=False)
        return
    write_outputs({Path(target): text})


def write_outputs(texts: Mapping[Path, str]) -> None:
    """Write several outputs; no plain file is replaced before all of them are on the disk. Raises OutputUnusable."""
    with ExitStack() as leftovers:
        ready: list[tuple[Path, bytes, _Place, Path | None]] = []
        for target, text in texts.items():
            data = text.encode("utf-8", "replace")
            with saying_output(target):
                place = _place_of(target)
                made = None
                if place.replaced:
                    made = place.path.with_name(f".hindsight-{secrets.token_hex(8)}")
                    leftovers.callback(made.unlink, missing_ok=True)
                    _write(made, data, os.O_CREAT | os.O_EXCL, place.mode)
            ready.append((target, data, place, made))
        for target, data, place, made in ready:
            with saying_output(target):
                if made is None or not _replace(made, place.path):
                    _write(place.path, data, os.O_APPEND if place.appended else os.O_TRUNC)


def write_output_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a folder, which is made if need be, and removed again if that fails. Raises OutputUnusable."""
    with saying_output(folder):
        real = Path(os.path.realpath(folder))
        is_new = not real.exists()
        real.mkdir(parents=True, exist_ok=True)
    try:
        write_outputs({folder / name: text for name, text in texts.items()})
    except BaseException:
        if is_new:
            with suppress(OSError):
                real.rmdir()
        raise


def _place_of(path: Path) -> _Place:
    """Return where the bytes of an output go. Raises OSError where they cannot."""
    real = Path(os.path.realpath(path))
    try:
        there = path.stat()
    except FileNotFoundError:  # nothing there, or a link to nothing: the file that it names is made
        _require_writable_folder(real.parent)
        return _Place(real, replaced=True)
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path, os.W_OK):
        raise OSError(code := _refusal(path), os.strerror(code))
    is_open = _is_open_here(there)
    replaced = (
        stat.S_ISREG(there.st_mode)
        and there.st_nlink == 1
        and there.st_uid == os.geteuid()
        and not is_open
        and os.access(real.parent, os.W_OK | os.X_OK)
    )
    mode = stat.S_IMODE(there.st_mode)
    return _Place(real, replaced=True, mode=mode) if replaced else _Place(path, replaced=False, appended=is_open)


def _require_writable_folder(folder: Path) -> None:
    if not stat.S_ISDIR(folder.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OSError(code := _refusal(folder), os.strerror(code))


def _refusal(path: Path) -> int:
    """Return why the system lets nobody write: the whole disk is read-only, or this user may not."""
    with suppress(OSError):
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            return errno.EROFS
    return errno.EACCES


def _is_open_here(there: os.stat_result) -> bool:
    """Say whether the caller has this file open already, as standard output (/dev/stdout) or under another number."""
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError):
            if os.path.samestat(there, os.fstat(int(path.name))):
                return True
    return False


def _replace(made: Path, target: Path) -> bool:
    """Put a new file in a plain file's place; false for one that may not be moved, such as a mount of one file."""
    try:
        made.replace(target)
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EXDEV):
            return False
        raise
    return True


def _write(path: Path, data: bytes, how: int, mode: int | None = None) -> None:
    """Write bytes to the end; only a file is brought to the disk, since a pipe has none."""
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY | how, 0o666)
    try:
        if mode is not None:
            os.fchmod(handle, mode)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if stat.S_ISREG(os.fstat(handle).st_mode):
            sync_handle(handle)
    finally:
        os.close(handle)
