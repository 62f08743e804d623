"""Bring the database to the version of this program, with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from core.database.db import Database

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


def migrate_database(address: str, version: str = "head") -> None:
    """Upgrade to the newest version, or to a named one; two processes at once do it one after the other."""
    database = Database(address)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    try:
        with database.writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4651)")
            config.attributes["connection"] = connection
            command.upgrade(config, version)
    finally:
        database.dispose()
