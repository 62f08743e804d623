"""Backup and restore: database rows as JSON lines, with the stored files beside them.

One form for SQLite and PostgreSQL, so that a backup of one can be restored into the other. A second run into the same
folder adds what is new and removes what is gone: who deletes a lesson deletes it from the next backup too.

A backup that is restored may have lain anywhere, so it is read as a stranger's: `core/database/backup_reading.py`.
"""

from __future__ import annotations

import gzip
import json
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from core.clock import utc_now
from core.database.backup_reading import ABOUT, FILES, ROWS, BackupReader, BackupUnusable
from core.database.db import Database
from core.database.migrate import migrate_database, require_usable
from core.database.rights_watch import UNWATCHED
from core.errors import DoneAtOnce, HindsightError, saying_disk_full
from core.storage.base import Storage, sync_file
from core.storage.private_files import entries_below, restrict

AT_ONCE = 500
# These end with a restore.
WAYS_IN = {"sign_in", "pending_sign_in", "known_device", "account_link", "sign_on", "reset_request"}
DO_NOT_FIT = "its rows do not fit together"
INT32, INT64 = 2**31, 2**63


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


class LinkInBackup(HindsightError):
    """A symbolic link where a backup would be written."""

    code = "backup_link"
    sentence = (
        "{path} is a symbolic link. A backup writes through none, and nothing was changed. "
        "Please remove it, or choose a new folder."
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """What a backup or a restore did; `extra`: files that no row names; `exposed`: paths that others can still read."""

    rows: int
    files: int
    removed: int = 0
    extra: int = 0
    exposed: list[Path] = field(default_factory=list)


def back_up(database: Database, storage: Storage, folder: Path) -> Counts:
    """Bring a folder to what is here now. The rows are of one moment; each file is whole or not there.

    Raises DiskFull, NotABackup, AnotherSchool or LinkInBackup; the backup that was there is whole until the new one is.
    """
    _require_ours(folder)
    _require_no_links(folder)
    try:
        with saying_disk_full():
            return _back_up(database, storage, folder)
    finally:
        for name in (ROWS, ABOUT):
            (folder / f"{name}.part").unlink(missing_ok=True)


def _back_up(database: Database, storage: Storage, folder: Path) -> Counts:
    (folder / FILES).mkdir(parents=True, exist_ok=True)
    _restrict(folder)  # before anything is added
    if not (folder / ABOUT).exists():  # ours from now on, so that a first run that is cut off can be run again
        (folder / ABOUT).write_text(json.dumps({"rows": 0, "school": ""}), encoding="utf-8")
    partial = folder / f"{ROWS}.part"
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
    said = folder / f"{ABOUT}.part"
    said.write_text(json.dumps(about, indent=1), encoding="utf-8")
    sync_file(said)
    partial.replace(folder / ROWS)  # from here on nothing is written any more: a full disk cannot part the two
    said.replace(folder / ABOUT)
    removed = 0
    for path in sorted((folder / FILES).rglob("*")):
        if path.is_file() and path.relative_to(folder / FILES).as_posix() not in keys:
            path.unlink()
            removed += 1
    return Counts(rows, copied, removed, exposed=_restrict(folder))


def _restrict(folder: Path) -> list[Path]:
    """Take a backup from other accounts; return what its disk would not let us change. Other files stay as they are."""
    group = [folder, folder / ROWS, folder / ABOUT]
    ours = [entry for path in group for entry in islice(entries_below(path), 1)]
    return restrict(chain(ours, entries_below(folder / FILES)))


def restore(database: Database, address: str, storage: Storage, folder: Path, scratch: Path) -> Counts:
    """Fill an empty database and store from a backup, and bring it to this program's version.

    The rows are put into a database of their own first, so that the real one is touched only when all of them fit.
    Raises BackupUnusable, BackupNewer, NotEmpty, DiskFull or what `version_of` raises;
    then there is neither a row nor a file of it.
    """
    with BackupReader(folder) as backup:
        files, extra = backup.check()
        require_usable(database)
        _require_empty(database, storage)
        scratch.mkdir(parents=True, exist_ok=True)
        with saying_disk_full(), tempfile.TemporaryDirectory(dir=scratch, prefix="restore-") as made:
            kept: list[str] = []
            with _rehearsed(backup, Path(made)) as rehearsal:
                try:
                    for file in files:
                        copy = Path(made) / "file"
                        backup.copy(file, copy)
                        kept.append(file.key)
                        storage.keep(copy, file.key)
                    migrate_database(address)
                    with rehearsal.read() as there, database.write() as here:
                        rows = fill_rows(here.connection(), rows_as_written(there.connection()))
                        end_old_ways_in(here.connection())
                except (DataError, IntegrityError, DoneAtOnce) as error:
                    _forget(storage, kept)
                    raise BackupUnusable(folder=folder, why=DO_NOT_FIT) from error
                except BaseException:  # no rows, so no files: it can be tried again
                    _forget(storage, kept)
                    raise
    return Counts(rows, len(files), extra=extra)


def _forget(storage: Storage, keys: list[str]) -> None:
    for key in keys:
        storage.delete(key)


@contextmanager
def _rehearsed(backup: BackupReader, folder: Path) -> Iterator[Database]:
    """Yield a database of this version with the rows of a backup; raises BackupUnusable when they do not fit."""
    address = f"sqlite:///{folder / 'rehearsal.sqlite3'}"
    migrate_database(address, backup.version)
    database = Database(address)
    try:
        try:
            with database.write() as session:
                fill_rows(session.connection(), backup.rows())
            migrate_database(address)
        except (SQLAlchemyError, DoneAtOnce, ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise BackupUnusable(folder=backup.folder, why=DO_NOT_FIT) from error
        yield database
    finally:
        database.dispose()


def rows_as_written(connection: Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every row of a database as it is written in a backup."""
    for table in tables_of(connection):
        for row in connection.execute(select(table)).mappings():
            yield table.name, {name: _out(value) for name, value in row.items()}


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
    connection.execution_options(**UNWATCHED)
    for owner, own, row_id, other_id in later:
        connection.execute(update(owner).where(owner.c.id == row_id).values({own: other_id}))
    if connection.dialect.name == "postgresql":  # its own counter of events goes on after the last of them
        last = connection.scalar(select(func.max(tables["event"].c.number)))
        connection.execute(text("SELECT setval(pg_get_serial_sequence('event', 'number'), :last)"), {"last": last or 1})
    return count


def row_as_line(table: Table, row: Mapping[Any, Any]) -> str:
    """Return a row as a line of a backup."""
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


def _require_no_links(folder: Path) -> None:
    """Raise LinkInBackup when a backup could be written to another place than its folder."""
    for path in (*(folder / f"{name}{part}" for name in (ROWS, ABOUT) for part in ("", ".part")), folder / FILES):
        for entry in entries_below(path):
            if stat.S_ISLNK(entry.now.st_mode):
                raise LinkInBackup(path=entry.path)


def _require_same_school(folder: Path, people: set[str]) -> None:
    """Raise AnotherSchool when the backup that is there has people, and its first account is none of these."""
    with BackupReader(folder) as backup:
        try:
            before = backup.about().get("school")  # a backup of an older version does not say
            if before is None and not people:
                before = next((str(row.get("id")) for name, row in backup.rows() if name == "person"), "")
        except BackupUnusable as error:
            raise NotABackup(folder=folder) from error
    if before and before not in people:
        raise AnotherSchool(folder=folder)


def _require_empty(database: Database, storage: Storage) -> None:
    with database.engine.connect() as connection:
        if inspect(connection).has_table("person") and connection.scalar(text("SELECT count(*) FROM person")):
            raise NotEmpty
    if next(storage.keys(), None) is not None:
        raise NotEmpty


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
    """Return a value as the database takes it; raises ValueError for one of another kind (SQLite would take it)."""
    kind = table.c[column].type
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, DateTime):
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(value, str):
        value.encode("utf-8")  # half a character is a ValueError
    if not _fits(kind, value):
        raise ValueError(f"{table.name}.{column} holds another kind of value")
    return value


def _fits(kind: TypeEngine[Any], value: Any) -> bool:
    """Say whether every database takes a value in such a column; SQLite would take anything."""
    match kind:
        case Boolean():
            return type(value) is bool
        case Integer():
            bound = INT64 if isinstance(kind, BigInteger) else INT32
            return type(value) is int and -bound <= value < bound
        case Float() | Numeric():
            return type(value) in (int, float)
        case String():
            return isinstance(value, str) and "\0" not in value and len(value) <= (kind.length or len(value))
        case _:
            return False


def _copy_out(storage: Storage, key: str, target: Path) -> bool:
    """Copy a file that is not there yet; a key's bytes never change. False: nothing to do, or deleted meanwhile."""
    try:
        size = storage.size(key)
        if target.is_file() and target.stat().st_size == size:
            return False
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
