"""Databases of every earlier schema version, stored as backup rows.

`python -m tests.core.database.old_schools` writes those that are missing; one that is there stays as released.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Float, Integer, String, Table, insert, select

from core.database.backup import row_as_line, tables_of
from core.database.db import Database
from core.database.migrate import migrate_database, our_versions

FOLDER = Path(__file__).with_name("schools")
ROWS = (1, 2)  # of each table; where a table refers to itself, the second refers to the first
MADE: dict[type, Any] = {
    Boolean: lambda _, number: number == 1,
    Integer: lambda _, number: number * 1000,
    Float: lambda _, number: number / 4,
    DateTime: lambda _, number: datetime(2026, 11, 2, 8, number, tzinfo=UTC),
    Date: lambda _, number: date(2026, 11, number),
    JSON: lambda column, number: {column.name: ["é", number]},
    String: lambda column, number: f"{number} é {column.table.name} {column.name}"[: column.type.length or 80],
}
OF_A_FEW = {("goal", "slot")}  # what is one of a few numbers


def rows_of_version(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of the school of a version, in the order in which they are put in."""
    for line in (FOLDER / f"{version}.jsonl").read_text("utf-8").splitlines():
        name, row = json.loads(line)
        yield name, row


def made_row(table: Table, number: int) -> dict[str, Any]:
    """Return a row: the first has something in every column, the second only where something must be."""
    return {column.name: made_value(column, number) for column in table.columns}


def made_value(column: Column[Any], number: int) -> Any:
    """Return what stands in a column of the first or second row: a reference, else something of its kind."""
    for key in column.foreign_keys:
        if key.column.table is column.table:
            return None if number == 1 else made_value(key.column, 1)
        return made_value(key.column, number)
    if column.nullable and number == 2:
        return None
    if (column.table.name, column.name) in OF_A_FEW:
        return number
    return next(make(column, number) for kind, make in MADE.items() if isinstance(column.type, kind))


def write(version: str) -> None:
    """Write the school of a version."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/school.sqlite3"
        migrate_database(address, version)
        database = Database(address)
        with database.write() as session:
            connection = session.connection()
            for table in tables_of(connection):
                connection.execute(insert(table), [made_row(table, number) for number in ROWS])
            lines = [
                row_as_line(table, row)
                for table in tables_of(connection)
                for row in connection.execute(select(table)).mappings()
            ]
        database.dispose()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{version}.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for each in our_versions():
        if not (FOLDER / f"{each}.jsonl").is_file():
            write(each)
