"""Commands on the database: migrate, back up, restore."""

from __future__ import annotations

from pathlib import Path

import click

from core.database.migrate import migrate_database
from core.errors import HindsightError
from core.outputs import OutputUnusable, check_output_folder
from core.sealing import NAME, copy_key, key_file
from core.settings import get_settings
from core.storage.private_files import restrict_data_folder, what_stayed_open

_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.command()
def migrate() -> None:
    """Bring the database to the version of this program, and close the data folder to other accounts."""
    _warn(restrict_data_folder(get_settings()))
    migrate_database(get_settings().database_address)
    click.echo("The database is up to date.")


def _warn(sentence: str) -> None:
    if sentence:
        click.echo(f"Warning: {sentence}", err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@click.command()
@_folder
def backup(folder: Path) -> None:
    """Bring FOLDER to what is here now; a second run copies what is new and removes what is gone."""
    from core.database.backup import back_up
    from core.database.db import existing_database
    from core.storage.configured import get_storage

    check_output_folder(folder)
    try:
        database = existing_database()
        _warn(restrict_data_folder(get_settings()))
        done = back_up(database, get_storage(), folder)
        copy_key(key_file(get_settings()), folder / NAME)
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise OutputUnusable(error.filename or folder, error) from error
    _warn(what_stayed_open(folder, done.exposed))
    gone = f"; {_count(done.removed, 'file')} gone from here left it" if done.removed else ""
    click.echo(f"{_count(done.rows, 'row')} and {_count(done.files, 'new file')} are in {folder}{gone}.")


@click.command()
@_folder
def restore(folder: Path) -> None:
    """Fill an empty data folder and an empty database from FOLDER, which `hindsight backup` made."""
    from core.database.backup import restore as fill
    from core.database.db import get_database
    from core.storage.configured import get_storage

    settings = get_settings()
    try:
        _warn(restrict_data_folder(settings))
        done = fill(get_database(), settings.database_address, get_storage(), folder, settings.scratch_dir)
        copy_key(folder / NAME, key_file(settings))
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    if done.extra:
        click.echo(f"{_count(done.extra, 'thing')} in {folder} belonged to no lesson and stayed there.")
    click.echo(
        f"{_count(done.rows, 'row')} and {_count(done.files, 'file')} are back. Everybody signs in again as before."
    )
