"""Commands about people, for whoever holds the machine."""

from __future__ import annotations

import click

from core.errors import HindsightError


@click.command("password-link")
@click.argument("email")
def password_link(email: str) -> None:
    """Print a link with which somebody chooses a new password: it works once, for two hours.

    For a school without a mail server. Give it to her alone: whoever has it can sign in as her. Older links stop
    working, and her own page tells her that this one was made.
    """
    from annotation.coaching.reminders import site
    from annotation.people.account_links import make_link_by_command
    from annotation.people.people import find_by_email
    from core.database.db import existing_database

    try:
        with existing_database().write() as session:
            secret = make_link_by_command(session, find_by_email(session, email))
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{site()}/new-password/{secret}")
