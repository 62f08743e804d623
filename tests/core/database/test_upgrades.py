"""A school of every version comes up to this one with every row, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from core.database.backup import fill_rows, tables_of
from core.database.db import Database
from core.database.migrate import migrate_database, our_versions
from core.models import Base
from tests.core.database.old_schools import FOLDER, ROWS, rows_of_version
from tests.support.processes import settings_of
from tests.support.servers import Ground, Servers

MOVED = {("coaching_session", "action"), ("coaching_session", "action_by")}  # are rows of a table since 0005
MOVED |= {("coaching_session", "notes")}  # are rows with an author since 0021
MOVED |= {("lesson", "coaches_meet")}  # is the moment since when, since 0018
CLOSED = {("share", "taken_back_at"), ("clip_share", "taken_back_at")}  # of recorded conversations, by 0012
MADE_OF_OTHERS = {"action", "account_link", "account_notice"}


def test_every_version_is_kept() -> None:
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == set(our_versions()), (
        "run: python -m tests.core.database.old_schools"
    )


@pytest.mark.parametrize("version", our_versions())
def test_every_table_of_a_version_has_rows(version: str, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'school.sqlite3'}"
    migrate_database(address, version)
    database = Database(address)
    with database.engine.connect() as connection:
        tables = {table.name for table in tables_of(connection)}
    database.dispose()
    assert {name for name, _ in rows_of_version(version)} == tables


@pytest.mark.parametrize("version", our_versions())
def test_an_upgrade_keeps_every_row_and_ends_with_the_tables_of_the_models(
    version: str, servers: Servers, ground: Ground, data_dir: Path
) -> None:
    servers.make(ground)
    address = settings_of(ground).database_address
    migrate_database(address, version)
    database = Database(address)
    with database.write() as session:
        fill_rows(session.connection(), rows_of_version(version))
    migrate_database(address)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        tables = {table.name: table for table in tables_of(connection)}
        there = {
            name: [dict(row) for row in connection.execute(select(table)).mappings()] for name, table in tables.items()
        }
    database.dispose()
    for name, row in rows_of_version(version):
        if name == "invitation":  # one that nobody has followed is a person who has not joined
            assert (row["id"] in {now["id"] for now in there["person"]}) == (row["used_at"] is None)
            continue
        keys = [column.name for column in tables[name].primary_key]
        now = next(now for now in there[name] if all(as_kept(now[key]) == row[key] for key in keys))
        for column, value in row.items():
            if (name, column) not in MOVED | CLOSED:
                assert as_kept(now[column]) == value, (name, column)
    for name in set(there) - {name for name, _ in rows_of_version(version)} - MADE_OF_OTHERS:
        assert there[name] == []
    assert len(there["person"]) >= len(ROWS)


def as_kept(value: Any) -> Any:
    """Return a value as it is kept, without what differs between the two databases: a time's zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat() if isinstance(value, date) else value
