"""The database: sessions commit or leave nothing, writers wait, and the tables are what the migrations make."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from core.db import Database
from core.migrate import migrate_database
from core.models import Base, Person
from tests.factories import make_person


def test_migrations_and_models_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'new' / 'folder' / 'school.sqlite3'}"
    migrate_database(address)
    migrate_database(address)


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        make_person(session)
        raise RuntimeError
    with database.read() as session:
        assert session.scalar(select(func.count(Person.id))) == 0


def test_a_read_session_keeps_nothing(database: Database) -> None:
    with database.read() as session:
        make_person(session)
    with database.read() as session:
        assert session.scalar(select(func.count(Person.id))) == 0


def test_writers_wait_for_each_other_instead_of_failing(database: Database) -> None:
    failures: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(5):
                with database.write() as session:
                    count = session.scalar(select(func.count(Person.id))) or 0
                    make_person(session, name=f"Person {count}")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.read() as session:
        names = session.scalars(select(Person.name)).all()
    assert sorted(names) == sorted(f"Person {number}" for number in range(40))  # nobody read a stale count


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"), database.write() as session:
        make_person(session, manager_id="nobody")
