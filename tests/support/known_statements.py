"""Compiles each statement once in a test process, though each test has a database of its own.

SQLAlchemy keeps compiled statements for each engine, and most of the time of a test that asks the access rules went
into compiling them again. Here all SQLite engines have one dialect, and with it the same statements.
"""

from __future__ import annotations

from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache

from core.database import db
from core.database.db import Database

MOST_STATEMENTS = 5000  # all that the product has, in each of their forms


def known_engine() -> Engine:
    """Return an engine whose dialect has met a database."""
    engine = create_engine("sqlite://", json_serializer=db._to_json)
    engine.connect().close()
    return engine


KNOWN = known_engine()
STATEMENTS: LRUCache[object, object] = LRUCache(MOST_STATEMENTS)
make_database = Database.__init__


def make_with_known_statements(self: Database, address: str) -> None:
    """Make the engines of a database, which know what was compiled before."""
    make_database(self, address)
    for engine in (self.engine, self.writer):
        if engine.dialect.name == KNOWN.dialect.name:
            engine.dialect = KNOWN.dialect
            engine._compiled_cache = STATEMENTS  # type: ignore[assignment]


Database.__init__ = make_with_known_statements  # type: ignore[method-assign]
