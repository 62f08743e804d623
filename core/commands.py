"""Commands of the core: bring the database up to date."""

from __future__ import annotations

import click

from core.migrate import migrate_database
from core.settings import get_settings


@click.command()
def migrate() -> None:
    """Bring the database to the version of this program."""
    migrate_database(get_settings().database_address)
    click.echo("The database is up to date.")
