"""Physical erasure: rewrites a database's files without what was deleted, and empties its journal. Never waits.

SQLite overwrites what is deleted with zeros (`secure_delete`), but when a full page is split it leaves copies of rows
in the unused middle of the page: only `VACUUM` removes those. PostgreSQL leaves deleted rows in its heap; plain
`VACUUM` marks their room as free and does not clear it, so tables are rewritten with `VACUUM FULL`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from core.database.db import Database

LOCK_TIMEOUT = "200ms"  # PostgreSQL: how long a rewrite waits for a table that somebody reads
LOCKED = "55P03"  # lock_not_available
# Somebody's snapshot is older than an erasure, so that a rewrite would carry along what she may still see.
OLDER_SNAPSHOTS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) >= (SELECT coalesce(min(age(xmin)), 0) FROM erasure WHERE rewritten_at IS NULL)"
)


def size_of_database(database: Database) -> int:
    """Return the size of a database in bytes."""
    if database.engine.dialect.name == "sqlite":
        return _file_of(database).stat().st_size
    with database.engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def rewrite_tables(database: Database) -> bool:
    """Write the tables' files anew; False: somebody reads or writes, and it is to be tried again."""
    if database.engine.dialect.name == "sqlite":
        try:
            with _unwaiting(database) as connection:
                connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                return False
            raise
        return True
    return _rewrite_postgres(database)


def empty_journal(database: Database) -> bool:
    """Empty SQLite's journal, which keeps what was deleted until then; False: somebody still reads from it."""
    if database.engine.dialect.name != "sqlite":
        return True  # PostgreSQL's write-ahead log is the server's: docs/privacy.md
    try:
        with _unwaiting(database) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if _is_busy(error):
            return False
        raise
    return not busy


def _file_of(database: Database) -> Path:
    return Path(str(database.engine.url.database))


@contextmanager
def _unwaiting(database: Database) -> Iterator[sqlite3.Connection]:
    """Yield a connection that fails at once where another would wait, so that nobody waits for it either."""
    with closing(sqlite3.connect(_file_of(database), timeout=0, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA synchronous=FULL")
        yield connection


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _rewrite_postgres(database: Database) -> bool:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        try:
            if connection.scalar(OLDER_SNAPSHOTS):
                return False
            for table in _tables_of(connection):
                connection.exec_driver_sql(f'VACUUM (FULL) "{table}"')
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == LOCKED:
                return False
            raise
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
    return True


def _tables_of(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()
