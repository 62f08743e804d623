"""Migrates the database to this program's version with Alembic, or explains why it cannot."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from core.database.db import Database, is_full, words_of
from core.database.rights_watch import UNWATCHED
from core.errors import DiskFull, HindsightError
from core.models import Base

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
EMPTY = ""
OURS = frozenset(["person", "lesson", "step"])  # tables of every version that there has been


class DatabaseNewer(HindsightError):
    """A newer program was here already."""

    code = "database_newer"
    status = 500
    sentence = (
        "The database is of version {there}, which is newer than this program (version {here}). Nothing was changed. "
        "Please start the newer version of Hindsight again, or restore the backup made before it was installed."
    )


class DatabaseUnknown(HindsightError):
    """It names a version that this program has never had."""

    code = "database_unknown_version"
    status = 500
    sentence = (
        "The database says that it is of version “{there}”, which this program does not know. Nothing was changed. "
        "Please check HINDSIGHT_DATABASE_URL and HINDSIGHT_DATA_DIR; if they are right, install the version of "
        "Hindsight that was used last, or restore a backup."
    )


class DatabaseNotOurs(HindsightError):
    """Something of other people's, or no database at all."""

    code = "database_not_ours"
    status = 500
    sentence = (
        "{where} holds something else than Hindsight's database. Nothing was changed. "
        "Please check HINDSIGHT_DATABASE_URL and HINDSIGHT_DATA_DIR, and name an empty database or Hindsight's own."
    )


class DatabaseHalfMade(HindsightError):
    """Tables and version do not belong together."""

    code = "database_half_made"
    status = 500
    sentence = (
        "The database is not whole: {why}. Nothing was changed. "
        "Please restore the last backup into an empty database (“hindsight restore FOLDER”)."
    )


@cache
def our_versions() -> tuple[str, ...]:
    """Return every version of the tables that this program knows, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return tuple(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())[::-1]


def version_of(connection: Connection) -> str:
    """Return which of our versions a database is of, or EMPTY when nothing is in it yet.

    Raises DatabaseNewer, DatabaseUnknown, DatabaseNotOurs or DatabaseHalfMade.
    """
    where = connection.engine.url.render_as_string(hide_password=True)
    tables = set(inspect(connection).get_table_names())
    named = "alembic_version" in tables
    versions = list(connection.scalars(text("SELECT version_num FROM alembic_version"))) if named else []
    others = tables - {"alembic_version"}
    if not others and not versions:
        return EMPTY
    if not versions:
        if tables >= OURS:
            raise DatabaseHalfMade(why="it does not say of which version it is")
        raise DatabaseNotOurs(where=where)
    if len(versions) > 1:
        raise DatabaseHalfMade(why=f"it names {len(versions)} versions at once")
    _require_whole(versions[0], others, where)
    return str(versions[0])


def _require_whole(version: str, tables: set[str], where: str) -> None:
    known, newest = our_versions(), our_versions()[-1]
    if version not in known:
        if version.isascii() and version.isdigit() and int(version) > int(newest):
            raise DatabaseNewer(there=version, here=newest)
        # Alembic's own versions of another program are random; ours are numbers.
        raise DatabaseUnknown(there=version[:40]) if tables >= OURS else DatabaseNotOurs(where=where)
    wanted = set(Base.metadata.tables) if version == newest else set(OURS)
    if missing := sorted(wanted - tables):
        raise DatabaseHalfMade(why=f"it is of version {version}, but without {', '.join(missing[:5])}")


def require_usable(database: Database) -> str:
    """Return the version of a database that this program can work with or bring up to date; raises as `version_of`."""
    try:
        with database.engine.connect() as connection:
            return version_of(connection)
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0)
        if code == sqlite3.SQLITE_NOTADB:
            raise DatabaseNotOurs(where=database.engine.url.render_as_string(hide_password=True)) from error
        if code & 0xFF == sqlite3.SQLITE_CORRUPT:
            raise DatabaseHalfMade(why="its file is damaged") from error
        raise


def migrate_database(address: str, version: str = "head") -> None:
    """Upgrade to the newest version, or to a named one; two processes at once do it one after the other.

    Raises what `version_of` raises before anything is changed, and DatabaseHalfMade when the upgrade itself fails:
    then nothing was changed either.
    """
    database = Database(address)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    try:
        require_usable(database)
        with database.writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4651)")
            config.attributes["connection"] = connection.execution_options(**UNWATCHED)
            try:
                command.upgrade(config, version)
            except DBAPIError as error:
                if is_full(error):
                    raise DiskFull from error
                raise DatabaseHalfMade(why=f"it cannot be brought up to date ({words_of(error)})") from error
    finally:
        database.dispose()
