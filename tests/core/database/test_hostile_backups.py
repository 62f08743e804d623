"""A backup that somebody changed is refused with a sentence, and nothing of it is restored."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import inspect, select
from sqlalchemy.engine import make_url

from core.cli import main
from core.database.backup import LinkInBackup, back_up
from core.database.backup_reading import ABOUT, FILES, LONGEST_ABOUT, LONGEST_ROW, ROWS
from core.database.db import Database, get_database
from core.database.migrate import migrate_database
from core.models import Person
from core.settings import get_settings
from core.storage.configured import get_storage
from core.storage.local import LocalStorage
from tests.core.database.test_backup import MARK, create_demo_school
from tests.support.processes import forget_process

SECRET = b"root:x:0:0 a file of this machine"
Damage = Callable[["Backup"], object]


class Backup:
    """A backup that a test may change."""

    def __init__(self, folder: Path, secret: Path) -> None:
        self.folder, self.secret = folder, secret

    @property
    def rows(self) -> list[list[Any]]:
        """Its rows."""
        with gzip.open(self.folder / ROWS, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def write(self, lines: list[str]) -> None:
        """Replace its rows by these lines, and let it say how many there are."""
        with gzip.open(self.folder / ROWS, "wt", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in lines)
        self.say(rows=len(lines))

    def change(self, table: str, **values: Any) -> None:
        """Change columns of the last row of a table."""
        rows = self.rows
        [*_, row] = [row for name, row in rows if name == table]
        row.update(values)
        self.write([json.dumps(row) for row in rows])

    def add(self, line: str) -> None:
        """Add a line to its rows."""
        self.write([*(json.dumps(row) for row in self.rows), line])

    def say(self, **values: Any) -> None:
        """Change what it says of itself."""
        about = json.loads((self.folder / ABOUT).read_text("utf-8"))
        (self.folder / ABOUT).write_text(json.dumps(about | values), "utf-8")

    def film(self, *, hashed: bool = False) -> Path:
        """Return the file of the last row, which says the length of the secret, and its checksum when asked to."""
        key: str = [row["key"] for name, row in self.rows if name == "stored_file"][-1]
        digest = {"sha256": "0" * 64} if hashed else {"sha256": ""}
        self.change("stored_file", bytes=len(SECRET), **digest)
        path = self.folder / FILES / key
        path.unlink()
        return path


def fifo_for(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def socket_for(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(path.parent, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/{path.name}")  # a socket's address may not be long
        os.close(here)


def device_for(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("only root can make a device")


def behind_a_link(backup: Backup) -> None:
    lessons = backup.folder / FILES / "lessons"
    lessons.rename(backup.secret.parent / "lessons")
    lessons.symlink_to(backup.secret.parent / "lessons")


def files_elsewhere(backup: Backup) -> None:
    shutil.move(backup.folder / FILES, backup.secret.parent / FILES)
    (backup.folder / FILES).symlink_to(backup.secret.parent / FILES)


def rows_elsewhere(backup: Backup) -> None:
    shutil.move(backup.folder / ROWS, backup.secret.parent / ROWS)
    (backup.folder / ROWS).symlink_to(backup.secret.parent / ROWS)


def folder_for(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def giant_line(backup: Backup) -> None:
    with gzip.open(backup.folder / ROWS, "wb", compresslevel=1) as out:
        out.write(b"[" + b" " * (LONGEST_ROW + 10))
    backup.say(rows=1)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def turned_around(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:30] + bytes(byte ^ 0xFF for byte in content[30:60]) + content[60:])


def twice(backup: Backup) -> None:
    backup.add(next(json.dumps(row) for row in backup.rows if row[0] == "stored_file"))


NO_NAME = "which is no name that we give"
KEYS: dict[str, object] = {
    "absolute": "/etc/passwd",
    "absolute twice": "//etc/passwd",
    "parents": "lessons/../../../etc/passwd",
    "parents first": "../secret",
    "parent alone": "..",
    "here": "lessons/./film",
    "empty": "",
    "empty part": "lessons//film",
    "folder": "lessons/",
    "other folder": "hindsight.sqlite3",
    "backslash": "lessons\\..\\film",
    "null": "lessons/a\0b",
    "line": "lessons/a\nb",
    "escape": "lessons/\x1b[31mfilm",
    "space": "lessons/a b",
    "letters": "lessons/é",
    "half a letter": "lessons/\ud800",
    "hidden": "lessons/.part",
    "long": "lessons/" + "a" * 300,
    "number": 7,
    "list": ["lessons/a"],
    "nothing": None,
}
DAMAGES: dict[str, tuple[Damage, str]] = {
    "film is a link": (lambda one: one.film().symlink_to(one.secret), "is a symbolic link"),
    "hashed film is a link": (lambda one: one.film(hashed=True).symlink_to(one.secret), "is a symbolic link"),
    "film is a broken link": (lambda one: one.film().symlink_to("/nowhere"), "is a symbolic link"),
    "film is a hard link": (lambda one: one.film().hardlink_to(one.secret), "is a hard link"),
    "hashed film is a hard link": (lambda one: one.film(hashed=True).hardlink_to(one.secret), "was exchanged"),
    "folder is a link": (behind_a_link, "is a symbolic link"),
    "files is a link": (files_elsewhere, "is a symbolic link"),
    "rows is a link": (rows_elsewhere, "is a symbolic link"),
    "film is a pipe": (lambda one: os.mkfifo(one.film()), "is no plain file"),
    "film is a socket": (lambda one: socket_for(one.film()), "is no plain file"),
    "film is a device": (lambda one: device_for(one.film()), "is no plain file"),
    "film is a folder": (lambda one: one.film().mkdir(), "is no plain file"),
    "rows is a pipe": (lambda one: fifo_for(one.folder / ROWS), "is no plain file"),
    "about is a pipe": (lambda one: fifo_for(one.folder / ABOUT), "is no plain file"),
    "about is a folder": (lambda one: folder_for(one.folder / ABOUT), "is no plain file"),
    "film is missing": (lambda one: one.film(), "1 file is missing"),
    "films are missing": (lambda one: shutil.rmtree(one.folder / FILES), "2 files are missing"),
    "film is longer": (lambda one: one.film().write_bytes(SECRET + b"."), "was exchanged"),
    "film is shorter": (lambda one: one.film().write_bytes(SECRET[1:]), "was exchanged"),
    "film is another": (lambda one: one.film(hashed=True).write_bytes(SECRET), "was exchanged"),
    "about is missing": (lambda one: (one.folder / ABOUT).unlink(), "backup.json is missing"),
    "about is half": (lambda one: cut_off(one.folder / ABOUT), "backup.json is damaged"),
    "about is a list": (lambda one: (one.folder / ABOUT).write_text("[]"), "backup.json is damaged"),
    "about is deep": (lambda one: (one.folder / ABOUT).write_text("[" * 100_000), "backup.json is damaged"),
    "about is long": (
        lambda one: (one.folder / ABOUT).write_text(" " * (LONGEST_ABOUT + 1)),
        "backup.json is damaged",
    ),
    "about is no text": (lambda one: (one.folder / ABOUT).write_bytes(b"\xff\xfe"), "backup.json is damaged"),
    "count is text": (lambda one: one.say(rows="many"), "backup.json is damaged"),
    "count is negative": (lambda one: one.say(rows=-1), "backup.json is damaged"),
    "newer": (lambda one: one.say(version="9999"), "only knows the versions up to"),
    "version is an order": (lambda one: one.say(version="head"), "only knows the versions up to"),
    "version goes back": (lambda one: one.say(version="-1"), "only knows the versions up to"),
    "version is a range": (lambda one: one.say(version="0001:head"), "only knows the versions up to"),
    "version is a number": (lambda one: one.say(version=7), "does not say of which version"),
    "version is a screen": (lambda one: one.say(version="\x1b[2J" * 99), "only knows the versions up to"),
    "older than its rows": (lambda one: one.say(version="0001"), "do not fit together"),
    "rows are half": (lambda one: cut_off(one.folder / ROWS), "damaged or cut off"),
    "rows are changed": (lambda one: turned_around(one.folder / ROWS), "damaged"),
    "rows are not packed": (lambda one: (one.folder / ROWS).write_text("[]"), "damaged or cut off"),
    "rows are empty": (lambda one: (one.folder / ROWS).write_bytes(b""), "its rows are cut off"),
    "row too few": (lambda one: one.say(rows=len(one.rows) + 1), "its rows are cut off"),
    "row too many": (lambda one: one.say(rows=len(one.rows) - 1), "more rows than were written"),
    "row is giant": (giant_line, "longer than any"),
    "row is deep": (lambda one: one.add("[" * 100_000), "is damaged"),
    "row is half": (lambda one: one.add('["person", {"id": "a'), "is damaged"),
    "row is infinite": (lambda one: one.add('["person", {"id": Infinity}]'), "is damaged"),
    "row is a number": (lambda one: one.add("7"), "is none"),
    "row is text": (lambda one: one.add('"ab"'), "is none"),
    "row is alone": (lambda one: one.add('["person"]'), "is none"),
    "row is of nothing": (lambda one: one.add("[null, {}]"), "is none"),
    "row is empty": (lambda one: one.add('["person", {}]'), "do not fit together"),
    "row is of no table": (lambda one: one.add('["grade", {"id": "a"}]'), "do not fit together"),
    "row is of our own": (lambda one: one.add('["alembic_version", {"version_num": "0001"}]'), "do not fit together"),
    "row is of SQLite": (lambda one: one.add('["sqlite_master", {"name": "a"}]'), "do not fit together"),
    "column is none": (lambda one: one.change("person", grade=7), "do not fit together"),
    "column is SQL": (lambda one: one.change("person", **{'name" = 1; --': "x"}), "do not fit together"),
    "column is text": (lambda one: one.change("comment", start_ms="soon"), "do not fit together"),
    "column is too large": (lambda one: one.change("comment", start_ms=2**31), "do not fit together"),
    "column is far too large": (lambda one: one.change("comment", start_ms=10**30), "do not fit together"),
    "column is a list": (lambda one: one.change("comment", text=["a"]), "do not fit together"),
    "column is nothing": (lambda one: one.change("comment", text=None), "do not fit together"),
    "column holds a null": (lambda one: one.change("comment", text="a\0b"), "do not fit together"),
    "column is half a letter": (lambda one: one.change("person", name="\ud800"), "do not fit together"),
    "column is too long": (lambda one: one.change("person", name="a" * 10_000), "do not fit together"),
    "time is none": (lambda one: one.change("comment", created_at="yesterday"), "do not fit together"),
    "time is a number": (lambda one: one.change("comment", created_at=7), "do not fit together"),
    "lesson of nobody": (lambda one: one.change("lesson", owner_id="0" * 32), "do not fit together"),
    "answer to nothing": (lambda one: one.change("comment", parent_id="0" * 32), "do not fit together"),
    "file twice": (twice, "do not fit together"),
    "length is text": (lambda one: one.change("stored_file", bytes="all"), "is damaged"),
    "length is negative": (lambda one: one.change("stored_file", bytes=-1), "is damaged"),
    "checksum is none": (lambda one: one.change("stored_file", sha256="x"), "is damaged"),
    "checksum is a number": (lambda one: one.change("stored_file", sha256=5), "is damaged"),
    "folder is missing": (lambda one: shutil.rmtree(one.folder), "cannot be opened"),
}
DAMAGES |= {
    f"name is {name}": (partial(Backup.change, table="stored_file", key=key), NO_NAME) for name, key in KEYS.items()
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a good backup, to copy."""
    folder = tmp_path_factory.mktemp("whole")
    address = f"sqlite:///{folder / 'school.sqlite3'}"
    migrate_database(address)
    database, storage = Database(address), LocalStorage(folder / "kept")
    create_demo_school(database, storage)
    back_up(database, storage, folder / "backup")
    database.dispose()
    return folder / "backup"


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for an empty database of each version, made when it is first wanted."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def quick_rehearsals(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new SQLite database begin as a copy: a hundred restores would make each table from nothing."""

    def migrate(address: str, version: str = "head") -> None:
        path, template = Path(make_url(address).database or ""), templates / version
        if path.exists():
            migrate_database(address, version)
            return
        if not template.exists():
            migrate_database(f"sqlite:///{template}", version)
        shutil.copyfile(template, path)

    monkeypatch.setattr("core.database.backup.migrate_database", migrate)


@pytest.fixture
def backup(whole: Path, tmp_path: Path) -> Backup:
    """Return a backup of this test's own, and a secret beside it."""
    (tmp_path / "machine").mkdir()
    secret = tmp_path / "machine" / "secret"
    secret.write_bytes(SECRET)
    shutil.copytree(whole, tmp_path / "backup")
    return Backup(tmp_path / "backup", secret)


@pytest.fixture
def empty(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a data folder where nothing is yet."""
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", f"sqlite:///{data_dir / 'hindsight.sqlite3'}")
    monkeypatch.delenv("HINDSIGHT_S3_BUCKET", raising=False)
    forget_process()
    yield data_dir
    forget_process()


def restored(folder: Path) -> Result:
    forget_process()
    return CliRunner().invoke(main, ["restore", str(folder)])


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("quick_rehearsals")
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.embedded(reason="a backup is read before any server is asked")
def test_a_backup_that_was_changed_is_refused_and_nothing_of_it_is_restored(
    damage: str, backup: Backup, empty: Path
) -> None:
    change, words = DAMAGES[damage]
    change(backup)
    ended = restored(backup.folder)
    assert (ended.exit_code, ended.stdout) == (1, ""), ended.output
    assert f"{backup.folder} holds no whole backup of Hindsight: " in ended.stderr or "versions up to" in ended.stderr
    assert words in ended.stderr
    assert "Nothing was " in ended.stderr
    assert ended.stderr.rstrip("\n").isprintable()
    assert list(get_storage().keys()) == []
    with get_database().engine.connect() as connection:
        assert not inspect(connection).has_table("person") or connection.execute(select(Person.id)).all() == []
    there = [path for path in empty.rglob("*") if path.is_file()]
    assert not any(SECRET in path.read_bytes() or MARK.encode() in path.read_bytes() for path in there)
    assert list(get_settings().scratch_dir.rglob("*")) == []
    assert backup.secret.read_bytes() == SECRET


@pytest.mark.embedded(reason="a backup is read before any server is asked")
def test_after_a_refusal_the_whole_backup_can_be_restored(backup: Backup, whole: Path, empty: Path) -> None:
    DAMAGES["column is text"][0](backup)
    assert restored(backup.folder).exit_code == 1
    assert restored(whole).exit_code == 0
    assert len(list(get_storage().keys())) == 2


@pytest.mark.embedded(reason="a backup is read before any server is asked")
def test_what_a_cut_off_run_left_beside_the_files_stays_there_and_is_told(backup: Backup, empty: Path) -> None:
    (backup.folder / FILES / "lessons" / "later").mkdir()
    (backup.folder / FILES / "lessons" / "later" / "rendition-1.mp4").write_bytes(b"film")
    (backup.folder / FILES / "lessons" / "later" / "link").symlink_to(backup.secret)
    ended = restored(backup.folder)
    assert ended.exit_code == 0
    assert "2 things in" in ended.stdout
    assert len(list(get_storage().keys())) == 2


@pytest.mark.embedded(reason="a backup is read before any server is asked")
def test_a_backup_goes_into_a_database_that_is_migrated_already(backup: Backup, empty: Path) -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    assert restored(backup.folder).exit_code == 0


@pytest.mark.usefixtures("quick_rehearsals")
@pytest.mark.embedded(reason="it is about the folder of a backup")
@pytest.mark.parametrize("where", [FILES, ROWS, ABOUT, f"{FILES}/lessons", f"{FILES}/lessons/planted"])
def test_a_backup_is_written_through_no_link(where: str, backup: Backup, whole: Path, empty: Path) -> None:
    assert restored(whole).exit_code == 0
    planted, target = backup.folder / where, backup.secret.parent / "target"
    if planted.exists():
        shutil.move(planted, target)
    planted.symlink_to(target)
    before = {path: path.read_bytes() for path in backup.secret.parent.rglob("*") if path.is_file()}
    with pytest.raises(LinkInBackup, match="symbolic link"):
        back_up(get_database(), get_storage(), backup.folder)
    assert {path: path.read_bytes() for path in backup.secret.parent.rglob("*") if path.is_file()} == before
