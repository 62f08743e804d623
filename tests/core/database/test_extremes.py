"""What no column holds is refused in a sentence, whatever column it was meant for, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Float, Integer, String, select, update

from core.database.db import Database
from core.errors import InvalidInput
from core.models import Base
from tests.support.factories import make_lesson, make_person

NUMBERS = [-1, 0, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400]
TEXTS = ["\0", "\ud800", "\udc00\ud800", "x" * 1_000_000, "\U0010ffff", "\ufffe", "\r", "", "\U000e0001"]
DAYS = [
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
]
FLOATS = [float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, -0.0, 10**400]
DOCUMENTS: list[Any] = [{"a\ud800": ["\0"]}, [[]], {}, None, [2**70], [1e308], "\0"]


def extremes(column: Column[Any]) -> list[Any]:
    """Return what is tried in a column."""
    for kind, values in (
        (JSON, DOCUMENTS),
        (String, TEXTS),
        (DateTime, DAYS),
        (Date, [date.min, date.max]),
        (Boolean, [True, False]),
        (Float, FLOATS),
        (Integer, NUMBERS),
    ):
        if isinstance(getattr(column.type, "impl", column.type), kind):
            return values
    raise AssertionError(column)


COLUMNS = [column for table in Base.metadata.sorted_tables for column in table.columns]


def test_every_column_is_asked_for_every_extreme(any_database: Database) -> None:
    refused = 0
    for column in COLUMNS:
        if isinstance(column.type, JSON):
            continue  # no document is looked for by what it says
        for value in extremes(column):
            try:
                with any_database.write() as session:
                    session.execute(select(column).where(column == value)).all()
            except InvalidInput:
                refused += 1
    assert refused > 20  # numbers of more than 64 bits


@pytest.mark.parametrize("name", ["title", "class_name", "duration_ms", "created_at", "media"])
def test_an_extreme_is_written_or_refused_and_what_was_written_is_read(any_database: Database, name: str) -> None:
    with any_database.write() as session:
        lesson_id = make_lesson(session, make_person(session)).id
    table = Base.metadata.tables["lesson"]
    for value in extremes(table.c[name]):
        try:
            with any_database.write() as session:
                session.execute(update(table).where(table.c.id == lesson_id).values({name: value}))
        except InvalidInput as error:
            assert str(error).endswith(".")
        with any_database.read() as session:
            session.execute(select(table).where(table.c.id == lesson_id)).one()
