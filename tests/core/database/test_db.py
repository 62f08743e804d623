"""The database: sessions commit or leave nothing, writers wait, and the tables are what the migrations make."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, PrimaryKeyConstraint, UniqueConstraint, func, select, text

from core.database.db import Database
from core.database.migrate import migrate_database
from core.errors import DoneAtOnce
from core.models import AccountLink, Action, Base, Person
from tests.support.factories import make_person


def test_migrations_and_models_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_reference_to_a_row_that_can_be_deleted_has_an_index() -> None:
    stay = {"person"}  # who deletes an account leaves its row
    assert [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name not in stay and not _begins_an_index(column)
    ] == []


def _begins_an_index(column: Column[Any]) -> bool:
    unique = [one for one in column.table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint)]
    return any(next(iter(one.columns)) is column for one in (*column.table.indexes, *unique))


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'new' / 'folder' / 'school.sqlite3'}"
    migrate_database(address)
    migrate_database(address)


def test_the_invited_and_what_sessions_were_to_do_survive_the_fifth_migration(tmp_path: Path) -> None:
    address, then = f"sqlite:///{tmp_path / 'school.sqlite3'}", "2026-11-02 08:00:00"
    migrate_database(address, "0004")
    old = Database(address)
    with old.write() as session:
        for line in (
            f"INSERT INTO person VALUES ('lead', 'l@s.example', 'Lea', '', 'hash', 1, NULL, '{then}', NULL)",
            f"INSERT INTO person VALUES ('ada', 'a@s.example', 'Ada', '', 'hash', 0, 'lead', '{then}', NULL)",
            "INSERT INTO invitation VALUES ('old', 's1', 'new@s.example', 'N', 'Art', 'lead', 'lead',"
            f" '{then}', '{then}', NULL)",
            "INSERT INTO invitation VALUES ('newer', 's2', 'new@s.example', 'Nia', 'Art', 'lead', 'lead',"
            f" '2026-11-03 08:00:00', '{then}', NULL)",
            "INSERT INTO invitation VALUES ('used', 's3', 'a@s.example', 'Ada', '', NULL, 'lead',"
            f" '{then}', '{then}', '{then}')",
            "INSERT INTO partnership (id, coach_id, coachee_id, kind, focus, state, created_at)"
            f" VALUES ('pair', 'lead', 'ada', 'coaching', '', 'active', '{then}')",
            "INSERT INTO coaching_session"
            " (id, partnership_id, created_at, minutes, room, moments, notes, action, action_by)"
            f" VALUES ('met', 'pair', '{then}', 12, '{{}}', '[]', '{{}}', 'Wait', '2026-11-09')",
        ):
            session.execute(text(line))
    old.dispose()
    migrate_database(address)
    new = Database(address)
    with new.read() as session:
        nia = session.get_one(Person, "newer")
        assert (nia.name, nia.department, nia.manager_id, nia.joined_at) == ("Nia", "Art", "lead", None)
        assert session.get_one(Person, "ada").joined_at is not None
        assert [link.person_id for link in session.scalars(select(AccountLink))] == ["newer"]
        action = session.scalars(select(Action)).one()
        assert (action.session_id, action.what, str(action.by), action.done_at) == ("met", "Wait", "2026-11-09", None)
    new.dispose()


def test_a_connection_that_is_at_work_while_all_are_closed_is_closed_when_it_is_given_back(
    any_database: Database,
) -> None:
    with any_database.read() as session:
        session.execute(text("SELECT 1"))
        driver = session.connection().connection.dbapi_connection
        any_database.dispose()
        assert session.scalar(text("SELECT 2")) == 2
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError)):
        driver.cursor().execute("SELECT 3")  # type: ignore[union-attr]


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


@pytest.mark.embedded(reason="PostgreSQL lets several write at once: where a rule counts, its rows are locked")
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
    with pytest.raises(DoneAtOnce) as refused, database.write() as session:
        make_person(session, manager_id="nobody")
    assert "foreign key" in str(refused.value.__cause__).lower()
