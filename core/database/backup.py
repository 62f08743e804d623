"""Backup and restore: the rows of any database as JSON lines, and the files beside them.

One form for SQLite and PostgreSQL, so that a backup of one can be restored into the other. A second run into the same
folder adds what is new and removes what is gone: who deletes a lesson deletes it from the next backup too.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, MetaData, Table, delete, func, insert, inspect, select, text, update

from core.clock import utc_now
from core.database.db import Database
from core.database.migrate import migrate_database, our_versions, require_usable
from core.errors import HindsightError, saying_disk_full
from core.storage.base import Storage, sync_file

ROWS, FILES, ABOUT = "rows.jsonl.gz", "files", "backup.json"
AT_ONCE = 500
WAYS_IN = {"sign_in", "known_device", "account_link", "sign_on", "reset_request"}  # end with a restore


class BackupUnusable(HindsightError):
    """A folder that holds no whole backup."""

    code = "backup_unusable"
    sentence = "{folder} holds no whole backup of Hindsight: {why}."


class BackupNewer(HindsightError):
    """A backup that a newer program made."""

    code = "backup_newer"
    sentence = (
        "The backup in {folder} is of version {there}, and this program only knows the versions up to {here}. "
        "Nothing was changed. Please install the version of Hindsight that made the backup, or a newer one."
    )


class NotEmpty(HindsightError):
    """A restore would mix two schools."""

    code = "restore_not_empty"
    sentence = "There is a school here already. Please restore into an empty data folder and an empty database."


class NotABackup(HindsightError):
    """A folder with something of other people's in it."""

    code = "backup_folder_not_ours"
    sentence = "{folder} is not empty and holds no backup of Hindsight. Please choose an empty or a new folder."


class AnotherSchool(HindsightError):
    """A backup that would be replaced by another school's, or by nobody's."""

    code = "backup_other_school"
    sentence = (
        "{folder} holds the backup of another school, and nothing in it was changed. "
        "Please check HINDSIGHT_DATA_DIR and HINDSIGHT_DATABASE_URL, or choose a new folder."
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """What a backup or a restore did."""

    rows: int
    files: int
    removed: int = 0


def back_up(database: Database, storage: Storage, folder: Path) -> Counts:
    """Bring a folder to what is here now. The rows are of one moment; each file is whole or not there.

    Raises DiskFull, NotABackup or AnotherSchool; the backup that was there is whole until the new one is.
    """
    _require_ours(folder)
    try:
        with saying_disk_full():
            return _back_up(database, storage, folder)
    finally:
        for name in (ROWS, ABOUT):
            Path(os.path.realpath(folder / name)).with_name(f"{name}.part").unlink(missing_ok=True)


def _back_up(database: Database, storage: Storage, folder: Path) -> Counts:
    (folder / FILES).mkdir(parents=True, exist_ok=True)
    if not (folder / ABOUT).exists():  # ours from now on, so that a first run that is cut off can be run again
        (folder / ABOUT).write_text(json.dumps({"rows": 0, "school": ""}), encoding="utf-8")
    # A link stays a link: what it names is replaced.
    rows_file, about_file = (Path(os.path.realpath(folder / name)) for name in (ROWS, ABOUT))
    partial = rows_file.with_name(f"{ROWS}.part")
    rows, keys, people = 0, set[str](), list[tuple[str, str]]()
    with database.read() as session, gzip.open(partial, "wt", encoding="utf-8", compresslevel=6) as out:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        for table in tables_of(connection):
            for row in connection.execute(select(table)).mappings():
                out.write(row_as_line(table, row))
                rows += 1
                if table.name == "stored_file":
                    keys.add(row["key"])
                elif table.name == "person":
                    people.append((_out(row["created_at"]), row["id"]))
    people.sort()
    _require_same_school(folder, {person for _, person in people})
    school = people[0][1] if people else ""  # the first account
    copied = sum(_copy_out(storage, key, folder / FILES / key) for key in sorted(keys))
    sync_file(partial)
    about = {"version": version, "rows": rows, "files": len(keys), "school": school, "made_at": utc_now().isoformat()}
    said = about_file.with_name(f"{ABOUT}.part")
    said.write_text(json.dumps(about, indent=1), encoding="utf-8")
    sync_file(said)
    partial.replace(rows_file)  # from here on nothing is written any more: a full disk cannot part the two
    said.replace(about_file)
    removed = 0
    for path in sorted((folder / FILES).rglob("*")):
        if path.is_file() and path.relative_to(folder / FILES).as_posix() not in keys:
            path.unlink()
            removed += 1
    return Counts(rows, copied, removed)


def restore(database: Database, address: str, storage: Storage, folder: Path, scratch: Path) -> Counts:
    """Fill an empty database and store from a backup, and bring it to this program's version.

    Raises BackupUnusable, BackupNewer, NotEmpty or what `version_of` raises before anything is written.
    """
    about = _read_about(folder)
    if about.get("version") not in our_versions():
        raise BackupNewer(folder=folder, there=str(about.get("version"))[:40], here=our_versions()[-1])
    require_usable(database)
    _require_empty(database, storage)
    migrate_database(address, about["version"])
    scratch.mkdir(parents=True, exist_ok=True)
    keys = [row["key"] for name, row in _read_rows(folder) if name == "stored_file"]
    copy = scratch / f"restore-{os.getpid()}"
    try:
        for key in keys:
            with saying_disk_full():
                shutil.copyfile(folder / FILES / key, copy)
            storage.keep(copy, key)
        with database.write() as session:
            rows = fill_rows(session.connection(), _read_rows(folder))
            end_old_ways_in(session.connection())
    except BaseException:  # no rows, so no files: it can be tried again
        copy.unlink(missing_ok=True)
        for key in keys:
            storage.delete(key)
        raise
    migrate_database(address)
    return Counts(rows, len(keys))


def end_old_ways_in(connection: Connection) -> None:
    """Delete devices, links and mails that wait: since the backup they may have been ended on purpose, or used."""
    tables = {table.name: table for table in tables_of(connection)}
    for name in WAYS_IN & tables.keys():
        connection.execute(delete(tables[name]))
    if "mail" in tables:
        connection.execute(delete(tables["mail"]).where(tables["mail"].c.sent_at.is_(None)))


def fill_rows(connection: Connection, rows: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Insert every row; what rows of one table say of each other is added when all are there."""
    tables = {table.name: table for table in tables_of(connection)}
    later: list[tuple[Table, str, str, str]] = []
    waiting: list[dict[str, Any]] = []
    table, count = next(iter(tables.values())), 0
    for name, row in rows:
        if name != table.name or len(waiting) >= AT_ONCE:
            _put(connection, table, waiting)
            table, waiting = tables[name], []
        for own in _own_references(table):
            if row[own] is not None:
                later.append((table, own, row["id"], row[own]))
                row[own] = None
        waiting.append({column: _in(table, column, value) for column, value in row.items()})
        count += 1
    _put(connection, table, waiting)
    for owner, own, row_id, other_id in later:
        connection.execute(update(owner).where(owner.c.id == row_id).values({own: other_id}))
    if connection.dialect.name == "postgresql":  # its own counter of events goes on after the last of them
        last = connection.scalar(select(func.max(tables["event"].c.number)))
        connection.execute(text("SELECT setval(pg_get_serial_sequence('event', 'number'), :last)"), {"last": last or 1})
    return count


def row_as_line(table: Table, row: Mapping[Any, Any]) -> str:
    """Return a row as it is written in a backup."""
    return json.dumps([table.name, {name: _out(value) for name, value in row.items()}]) + "\n"


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables that are there, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _require_ours(folder: Path) -> None:
    """Raise NotABackup for a folder that holds something else."""
    if folder.exists() and not (folder / ABOUT).is_file() and next(folder.iterdir(), None) is not None:
        raise NotABackup(folder=folder)


def _require_same_school(folder: Path, people: set[str]) -> None:
    """Raise AnotherSchool when the backup that is there has people, and its first account is none of these."""
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
    except ValueError as error:
        raise NotABackup(folder=folder) from error
    if not isinstance(about, dict) or "rows" not in about:
        raise NotABackup(folder=folder)
    before = about.get("school")  # a backup of an older version does not say
    if before is None and not people:
        before = next((row["id"] for name, row in _read_rows(folder) if name == "person"), "")
    if before and before not in people:
        raise AnotherSchool(folder=folder)


def _read_about(folder: Path) -> dict[str, Any]:
    """Return what a backup says of itself, after looking whether it is whole."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        keys = [row["key"] for name, row in _read_rows(folder) if name == "stored_file"]
        count = sum(1 for _ in _read_rows(folder))
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise BackupUnusable(folder=folder, why="a part of it is missing or damaged") from error
    missing = [key for key in keys if not (folder / FILES / key).is_file()]
    if count != about.get("rows") or missing:
        files = "1 file is" if len(missing) == 1 else f"{len(missing)} files are"
        why = f"{files} missing" if missing else "its rows are cut off"
        raise BackupUnusable(folder=folder, why=why)
    return about


def _require_empty(database: Database, storage: Storage) -> None:
    with database.engine.connect() as connection:
        if inspect(connection).has_table("person") and connection.scalar(text("SELECT count(*) FROM person")):
            raise NotEmpty
    if next(storage.keys(), None) is not None:
        raise NotEmpty


def _read_rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with gzip.open(folder / ROWS, "rt", encoding="utf-8") as lines:
        for line in lines:
            name, row = json.loads(line)
            yield name, row


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _own_references(table: Table) -> list[str]:
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


def _out(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:  # PostgreSQL gives times in the zone of its server
        value = value.astimezone(UTC)
    return value.isoformat() if isinstance(value, datetime | date) else value


def _in(table: Table, column: str, value: Any) -> Any:
    kind = table.c[column].type
    if value is None or not isinstance(value, str):
        return value
    if isinstance(kind, DateTime):
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def _copy_out(storage: Storage, key: str, target: Path) -> bool:
    """Copy a file that is not there yet; a key's bytes never change. False: nothing to do, or deleted meanwhile."""
    try:
        size = storage.size(key)
        if target.is_file() and target.stat().st_size == size:
            return False
        target = Path(os.path.realpath(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.part")
        try:
            with partial.open("wb") as out:
                for piece in storage.read(key, 0, size):
                    out.write(piece)
            sync_file(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return True
    except FileNotFoundError:
        return False
