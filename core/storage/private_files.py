"""File permissions: recordings and rows are readable by Hindsight's own account alone (0600, folders 0700).

New files get their permissions from the umask, which `core/cli.py` sets once for every command that works on a school.
Files of earlier versions are restricted when a process starts. Symbolic links are not followed. A proxy that sends
films itself reads them through its group (`HINDSIGHT_FILES_GROUP`): files 0640 and folders 0710, where recordings lie.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.errors import HindsightError
from core.settings import Settings

UMASK = 0o077
OTHERS = 0o077  # the bits of a mode that concern other accounts
OURS = frozenset({"files", "uploads", "scratch", "fetched", "models"})  # folders that we make in a data folder
DATABASE_NAME = "hindsight.sqlite3"
JOURNALS = ("", "-wal", "-shm", "-journal")
LOST_AND_FOUND = "lost+found"  # in the root of every ext4 disk
OPEN_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class GroupUnusable(HindsightError):
    """Files cannot be given to the group of the settings."""

    code = "files_group_unusable"
    status = 500
    sentence = (
        "HINDSIGHT_FILES_GROUP={group} cannot be used: the account that runs Hindsight is not a member of that group. "
        "Add it (“sudo usermod --append --groups {group} …”), and sign it in anew."
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder as it was found: its folder's handle and its name there, so that no link can come between."""

    path: Path
    name: str
    folder: int | None
    now: os.stat_result
    group: int | None = None

    @property
    def wanted(self) -> int:
        """The mode that it should have."""
        is_folder = stat.S_ISDIR(self.now.st_mode)
        shared = 0 if self.group is None else 0o010 if is_folder else 0o040
        return stat.S_IMODE(self.now.st_mode) & ~OTHERS | shared

    @property
    def is_right(self) -> bool:
        """Whether other accounts can do with it what they should, and no more; special files hold nothing."""
        if not (stat.S_ISREG(self.now.st_mode) or stat.S_ISDIR(self.now.st_mode)):
            return True
        mode_is = stat.S_IMODE(self.now.st_mode) == self.wanted
        return mode_is and (self.group is None or self.now.st_gid == self.group)


@contextmanager
def private_umask() -> Iterator[None]:
    """Let this process and its children make files that no other account can read."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def restrict_data_folder(settings: Settings) -> str:
    """Take what a school has on the disk from other accounts; return a sentence when some of it stays readable.

    A data folder that is not there yet is made, so that it has the proxy's group from the beginning. Raises
    GroupUnusable.
    """
    group = settings.files_group_id
    if group is not None and os.geteuid() != 0 and group not in {os.getegid(), *os.getgroups()}:
        raise GroupUnusable(group=settings.files_group)
    with suppress(OSError):  # who needs the folder says what is wrong with it
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return what_stayed_open(settings.data_dir.absolute(), restrict(_entries_of_school(settings)))


def exposed_paths(settings: Settings) -> list[Path]:
    """Return what other accounts of this machine can read though they should not, or the proxy's group cannot."""
    return [entry.path for entry in _entries_of_school(settings) if not entry.is_right]


def links_out(settings: Settings) -> list[Path]:
    """Return the links among a school's files that lead to something."""
    return [one.path for one in _entries_of_school(settings) if stat.S_ISLNK(one.now.st_mode) and one.path.exists()]


def restrict_tree(top: Path, group: int | None = None) -> list[Path]:
    """Restrict a file, or a folder with everything in it; return what could not be changed."""
    return restrict(entries_below(top, group))


def restrict(entries: Iterable[Entry]) -> list[Path]:
    """Give each its mode and group; return those that could not be changed."""
    return [entry.path for entry in entries if not entry.is_right and not _restrict(entry)]


def what_stayed_open(folder: Path, paths: list[Path]) -> str:
    """Return a sentence about files that could not be restricted, with what to do; empty when there are none."""
    if not paths:
        return ""
    what = "1 file or folder" if len(paths) == 1 else f"{len(paths)} files and folders"
    return f"{what} in {folder} may be read by other accounts of this machine. {how_to_restrict(folder, paths)}"


def how_to_restrict(folder: Path, paths: list[Path]) -> str:
    """Say what to do about files that we could not restrict."""
    owners = set[int]()
    for path in paths:
        with suppress(OSError):
            owners.add(path.lstat().st_uid)
    if owners - {os.geteuid()} and os.geteuid() != 0:
        account = os.geteuid()
        return f"They belong to another account: run “sudo chown -R {account} {folder}”, then “hindsight migrate”."
    return "Their disk keeps no permissions: mount it for this account alone (options uid=… and umask=077)."


def entries_below(top: Path, group: int | None = None) -> Iterator[Entry]:
    """Yield a file, or a folder with everything in it; a link is yielded, and not followed."""
    try:
        now = top.lstat()
    except OSError:
        return
    yield Entry(top, str(top), None, now, group)
    if not stat.S_ISDIR(now.st_mode):
        return
    for root, folders, files, handle in os.fwalk(top):
        for name in (*folders, *files):
            with suppress(OSError):  # deleted meanwhile
                found = os.stat(name, dir_fd=handle, follow_symlinks=False)
                yield Entry(Path(root, name), name, handle, found, group)


def _entries_of_school(settings: Settings) -> Iterator[Entry]:
    """Yield all that belongs to a school: the data folder, and a SQLite database that lies elsewhere."""
    folder, group = settings.data_dir.resolve(), settings.files_group_id
    try:
        children = sorted(folder.iterdir())
    except OSError:
        children = []
    is_ours_alone = folder.is_dir() and not any(_is_foreign(child) for child in children)
    if is_ours_alone:
        yield Entry(folder, str(folder), None, folder.lstat(), group)
    for child in children:
        if is_ours_alone or child.name in OURS or child.name.startswith(DATABASE_NAME):
            yield from entries_below(child, group if child.name == settings.files_dir.name else None)
    database = _sqlite_file(settings)
    if database is not None and database.parent != folder:
        for ending in JOURNALS:
            yield from entries_below(database.with_name(database.name + ending))


def _is_foreign(child: Path) -> bool:
    """Say whether something in a data folder shows that the folder is not Hindsight's alone.

    Whoever names a home folder, or the root of a disk with other things on it, must not lose access to them.
    """
    is_known = child.name in OURS or child.name == LOST_AND_FOUND or child.name.startswith(".")
    return child.is_dir() and not is_known


def _sqlite_file(settings: Settings) -> Path | None:
    try:
        url = make_url(settings.database_address)
    except ArgumentError:  # said when it is opened
        return None
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)).absolute() if is_file else None


def _restrict(entry: Entry) -> bool:
    """Change one, and say whether it is as it should be now: some disks refuse, others only pretend."""
    try:
        handle = os.open(entry.name, OPEN_ONLY, dir_fd=entry.folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if entry.group is not None:
            os.fchown(handle, -1, entry.group)
        os.fchmod(handle, entry.wanted)
        return Entry(entry.path, entry.name, None, os.fstat(handle), entry.group).is_right
    except OSError:
        return False
    finally:
        os.close(handle)
