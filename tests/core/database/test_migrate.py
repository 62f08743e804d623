"""A database that this program cannot use: every command that opens it says so in a sentence, and changes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from core.cli import main
from core.database.backup import back_up
from core.database.db import Database, get_database
from core.database.migrate import migrate_database, our_versions
from core.settings import get_settings
from core.storage.configured import get_storage
from tests.support.processes import forget_process

PROJECT = Path(__file__).resolve().parents[3]
TABLES_OF_OTHERS = ["CREATE TABLE invoice (id INTEGER PRIMARY KEY)"]
VERSION_IS = "UPDATE alembic_version SET version_num = '{}'"
KINDS: dict[str, tuple[list[str], str]] = {
    "newer": ([VERSION_IS.format("9876")], "newer than this program"),
    "unknown": ([VERSION_IS.format("5e1f00d")], "which this program does not know"),
    "no version": (["DELETE FROM alembic_version"], "does not say of which version"),
    "no table of versions": (["DROP TABLE alembic_version"], "does not say of which version"),
    "two versions": (["INSERT INTO alembic_version VALUES ('0003')"], "2 versions at once"),
    "half": (["DROP TABLE dictation"], "without dictation"),
    "says too old a version": ([VERSION_IS.format("0006")], "cannot be brought up to date"),
}
COMMANDS = [
    ["serve"],
    ["web"],
    ["worker"],
    ["migrate"],
    ["backup", "COPY"],
    ["restore", "BACKUP"],
    ["password-link", "ada@school.example"],
]
UPGRADING = ("serve", "web", "worker", "migrate")


def run(arguments: list[str]) -> Result:
    forget_process()
    return CliRunner().invoke(main, arguments)


def do(database: Database, *statements: str) -> None:
    with database.writer.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def content(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        dialect = "sqlite_master" if connection.dialect.name == "sqlite" else "information_schema.tables"
        column = "name" if connection.dialect.name == "sqlite" else "table_name"
        return sorted(connection.scalars(text(f"SELECT {column} FROM {dialect}")))


@pytest.mark.parametrize(
    ("kind", "command"),
    # what is older can be backed up, and a command that reads only does not see that its version is a lie
    [(kind, one) for kind in KINDS for one in COMMANDS if kind != "says too old a version" or one[0] in UPGRADING],
    ids=lambda one: one if isinstance(one, str) else one[0],
)
def test_each_command_says_in_a_sentence_what_the_database_is_and_changes_nothing(
    database: Database, tmp_path: Path, kind: str, command: list[str]
) -> None:
    statements, words = KINDS[kind]
    arguments = [str(tmp_path / one) if one.isupper() else one for one in command]
    back_up(database, get_storage(), tmp_path / "BACKUP")
    do(database, *statements)
    before = content(database)
    ended = run(arguments)
    assert ended.exit_code == 1, ended.output
    assert words in ended.stderr
    assert ended.stderr.startswith("Error: ")
    assert "Traceback" not in ended.output
    assert content(database) == before
    assert not (tmp_path / "COPY").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_doctor_says_it_too_and_does_not_send_to_migrate_in_vain(database: Database, kind: str) -> None:
    statements, words = KINDS[kind]
    do(database, *statements)
    said = run(["doctor"]).stdout
    line = next(one for one in said.splitlines() if one.startswith("database: "))
    if kind == "says too old a version":
        assert "hindsight migrate" in line
        return
    assert words in line
    assert "hindsight migrate" not in line
    assert "backup" in line


def test_a_database_of_something_else_is_left_alone(database: Database) -> None:
    with database.writer.begin() as connection:
        for name in reversed(_tables(database)):
            suffix = "" if connection.dialect.name == "sqlite" else " CASCADE"
            connection.execute(text(f'DROP TABLE "{name}"{suffix}'))
        connection.execute(text(TABLES_OF_OTHERS[0]))
    for command in (["serve"], ["migrate"], ["worker"], ["web"], ["password-link", "a@b.example"]):
        ended = run(command)
        assert ended.exit_code == 1
        assert "something else than Hindsight's database" in ended.stderr
    assert "something else" in run(["doctor"]).stdout
    assert _tables(database) == ["invoice"]


def _tables(database: Database) -> list[str]:
    from core.database.backup import tables_of

    with database.engine.connect() as connection:
        return [*(table.name for table in tables_of(connection)), *_version_table(database)]


def _version_table(database: Database) -> list[str]:
    from sqlalchemy import inspect

    with database.engine.connect() as connection:
        return ["alembic_version"] if inspect(connection).has_table("alembic_version") else []


@pytest.mark.embedded(reason="it is about SQLite's file")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b"This is a letter to parents. " * 400), "something else"),
        (lambda path: path.mkdir(), "does not answer as it should"),
    ],
)
def test_a_file_that_is_no_database_is_said_in_a_sentence(
    data_dir: Path, make: Callable[[Path], object], words: str
) -> None:
    make(data_dir / "hindsight.sqlite3")
    for command in (["serve"], ["migrate"], ["worker"]):
        ended = run(command)
        assert ended.exit_code == 1
        assert words in ended.stderr
        assert "Traceback" not in ended.output


def test_the_demo_says_it_as_a_real_program_without_a_traceback(database: Database) -> None:
    do(database, VERSION_IS.format("9876"))
    command = [sys.executable, "-c", "from core.cli import main; main()", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT, timeout=120)
    assert done.returncode == 1
    assert "newer than this program" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backup_of_a_newer_version_is_not_restored(database: Database, tmp_path: Path) -> None:
    do(database, VERSION_IS.format("9876"))
    folder = tmp_path / "copy"
    back_up(database, get_storage(), folder)
    do(database, VERSION_IS.format(our_versions()[-1]))
    ended = run(["restore", str(folder)])
    assert ended.exit_code == 1
    assert "is of version 9876" in ended.stderr
    assert "install the version of Hindsight" in ended.stderr


def test_an_empty_table_of_versions_in_an_empty_database_is_a_new_school(database: Database) -> None:
    with database.writer.begin() as connection:
        for name in reversed(_tables(database)):
            suffix = "" if connection.dialect.name == "sqlite" else " CASCADE"
            if name != "alembic_version":
                connection.execute(text(f'DROP TABLE "{name}"{suffix}'))
        connection.execute(text("DELETE FROM alembic_version"))
    migrate_database(get_settings().database_address)
    forget_process()
    with get_database().read() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == our_versions()[-1]
