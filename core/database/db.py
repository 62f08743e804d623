"""Database access: SQLAlchemy engines, and short sessions that either read or write.

SQLite runs in WAL mode with foreign keys on. It has one writer at a time, so a process has one connection that writes:
its threads wait in line for it, and it takes the write lock when it begins (`BEGIN IMMEDIATE`), so that it waits its
turn among the processes instead of failing half-way. What is deleted is overwritten with zeros
(see `rewriting.py` for what is left then).
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry

from core.database.content import WritingSession
from core.database.rights_watch import note_end_of_right
from core.errors import DiskFull, DoneAtOnce, InvalidInput, NoSchool
from core.models.base import BeyondAllTimes
from core.settings import get_settings
from core.text.plain_text import well_formed

BUSY_SECONDS = 30
TURN_SECONDS = 0.002  # poll interval for SQLite's write lock; SQLite itself would sleep up to 0.1 s
THREADS = 40  # of a web process, each with a connection when all of them read
SQLITE_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)  # its file, or the index of its journal
POSTGRES_FULL = "53100"
SQLITE_TWICE = (
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,  # what a row refers to was deleted meanwhile
)
POSTGRES_TWICE = ("23505", "23503", "40P01", "40001")  # unique, foreign key, deadlock, serialization failure
POSTGRES_BEYOND = ("22001", "22003", "22008")  # a text too long; a number, a day or a time out of range
SMALLEST, LARGEST = -(2**63), 2**63 - 1
BEYOND = "A text, a number or a day in this request is beyond all that can be kept. Please check what you wrote."
ODD_ESCAPE = re.compile(r"\\(?:u(?:d[89a-f]|00[0189]|007f|fff[ef])|[bf])")  # half a character, a control character


class Database:
    """Where the rows are, and the two kinds of session on it.

    `write_observer` is told, before each commit, for how many seconds of the processor its thread has held the
    transaction: waiting for a lock or for the disk is none of that.
    """

    write_observer: ClassVar[Callable[[float], None] | None] = None

    def __init__(self, address: str) -> None:
        url = make_url(address)
        if url.get_backend_name() == "sqlite":
            self.engine = _sqlite_engine(url, connections=THREADS)
            self.writer = _sqlite_engine(url, connections=1)
            event.listen(self.engine, "begin", _begin_reading)
            event.listen(self.writer, "connect", _do_not_sleep)
            event.listen(self.writer, "begin", _begin_writing)
        else:
            self.engine = self.writer = create_engine(
                url, pool_pre_ping=True, max_overflow=THREADS, json_serializer=_to_json
            )
        for engine in {self.engine, self.writer}:
            event.listen(engine, "before_cursor_execute", _send_whole_text, retval=True)
            event.listen(engine, "checkin", self._close_late)
        event.listen(self.writer, "before_cursor_execute", note_end_of_right)
        event.listen(self.writer, "begin", _note_begin)
        event.listen(self.writer, "commit", _observe_commit)
        self._disposed = False

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session whose changes are thrown away.

        Raises InvalidInput for a time beyond all that there is, and DiskFull: SQLite makes the index of its journal
        anew when nobody had the database open.
        """
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                yield session
        except DBAPIError as error:
            if is_full(error):
                raise DiskFull from error
            raise
        except BeyondAllTimes as error:
            raise InvalidInput(why=BEYOND) from error

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session that is committed at the end, or rolled back when the block raises.

        Raises DiskFull, InvalidInput for a number or a day beyond what a column holds, and DoneAtOnce where
        a constraint or a lock refuses one of two writers.
        """
        try:
            with WritingSession(self.writer, expire_on_commit=False) as session, session.begin():
                yield session
        except DBAPIError as error:
            if is_full(error):
                raise DiskFull from error
            if is_collision(error):
                raise DoneAtOnce from error
            if getattr(error.orig, "sqlstate", None) in POSTGRES_BEYOND:
                raise InvalidInput(why=BEYOND) from error
            raise
        except BeyondAllTimes as error:
            raise InvalidInput(why=BEYOND) from error
        except (StaleDataError, ObjectDeletedError) as error:  # the row that is changed was deleted meanwhile
            raise DoneAtOnce from error

    def dispose(self) -> None:
        """Close every connection: at once, or when the thread that works with it gives it back."""
        self._disposed = True
        self.engine.dispose()
        self.writer.dispose()

    def _close_late(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if self._disposed:
            record.invalidate()


def _sqlite_engine(url: URL, connections: int) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(
        url,
        connect_args=arguments,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        json_serializer=_to_json,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def is_full(error: DBAPIError) -> bool:
    """Say whether SQLite or PostgreSQL found no room on its disk."""
    said = error.orig
    return getattr(said, "sqlite_errorcode", None) in SQLITE_FULL or getattr(said, "sqlstate", None) == POSTGRES_FULL


def is_collision(error: DBAPIError) -> bool:
    """Say whether another writer was there first: a row that may be there once, or two that waited for each other."""
    said = error.orig
    return getattr(said, "sqlite_errorcode", None) in SQLITE_TWICE or getattr(said, "sqlstate", None) in POSTGRES_TWICE


def words_of(error: Exception) -> str:
    """Return what a database said of an error, in one line; never the address, which has a password."""
    return " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())[:200]


def _send_whole_text(
    _connection: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
) -> tuple[str, Any]:
    return statement, storable(parameters)


def storable(value: Any) -> Any:
    """Return parameters with every text such as any database takes it; raises InvalidInput for a number that is none.

    PostgreSQL refuses U+0000 and no database takes half of a surrogate pair, or an integer of more than 64 bits.
    """
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, int) and not SMALLEST <= value <= LARGEST:
        raise InvalidInput(why=BEYOND)
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(storable(one) for one in value)
    return value


def _to_json(value: Any) -> str:
    """Return JSON for a column. What of it is no plain text is rare, so it is looked for in the whole first."""
    written = json.dumps(value)
    return json.dumps(storable(value)) if ODD_ESCAPE.search(written) else written


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin below, not in the driver
    cursor = connection.cursor()
    # fullfsync: macOS' own sync ends before the drive has written; elsewhere it changes nothing.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "fullfsync=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _do_not_sleep(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout=0")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Take SQLite's write lock; raises OperationalError when it is not free within BUSY_SECONDS."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            code = getattr(error.orig, "sqlite_errorcode", 0)
            if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(TURN_SECONDS)


def _note_begin(connection: Connection) -> None:
    connection.info["held_since"] = time.thread_time()


def _observe_commit(connection: Connection) -> None:
    if Database.write_observer is not None:
        Database.write_observer(time.thread_time() - connection.info["held_since"])


@cache
def get_database() -> Database:
    """Return the database of this process."""
    return Database(get_settings().database_address)


def existing_database() -> Database:
    """Return the database of this process, as this program can use it.

    Raises NoSchool where a new one would be made, and what `core.database.migrate.version_of` raises.
    """
    from core.database.migrate import require_usable

    settings = get_settings()
    if not settings.database_url and not (settings.data_dir / "hindsight.sqlite3").is_file():
        raise NoSchool(folder=settings.data_dir.absolute())
    if not require_usable(get_database()):
        raise NoSchool(folder=settings.data_dir.absolute())
    return get_database()
