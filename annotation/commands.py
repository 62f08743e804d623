"""Command-line administration of accounts."""

from __future__ import annotations

import click

from core.errors import HindsightError

PASSWORDS_OFF = (
    "Single sign-on is the only way in (HINDSIGHT_PASSWORDS=false), so a password would open nothing. "
    "If the provider is lost, start Hindsight with HINDSIGHT_PASSWORDS=true, and run this again with the same setting."
)


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
    from core.settings import get_settings

    if not get_settings().passwords:
        raise click.ClickException(PASSWORDS_OFF)
    try:
        with existing_database().write() as session:
            secret = make_link_by_command(session, find_by_email(session, email))
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{site()}/new-password/{secret}")


@click.command("second-factor-remove")
@click.argument("email")
def second_factor_remove(email: str) -> None:
    """Take away the second factor of somebody who has lost it, and sign her out everywhere; she is told.

    Be sure that it is she who asks: afterwards her password alone is enough, until she sets up a new one.
    """
    from annotation.people.people import find_by_email
    from annotation.people.second_factor import remove_lost
    from core.database.db import existing_database

    try:
        with existing_database().write() as session:
            person = find_by_email(session, email, leavers=True)
            there = remove_lost(session, person)
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    if not there:
        raise click.ClickException(f"{person.email} has no second factor.")
    click.echo(f"The second factor of {person.email} is taken away, and every device is signed out.")


@click.command("sign-on-reset")
@click.argument("email")
def sign_on_reset(email: str) -> None:
    """Forget by which number the school's provider knows somebody, and sign her out everywhere; she is told.

    For a provider that was replaced, or an account that was made anew there. The next sign-in with this address,
    verified by the provider, is taken for hers: be sure that the address still is hers.
    """
    from annotation.people.people import find_by_email
    from annotation.people.single_sign_on import forget_number
    from core.database.db import existing_database

    try:
        with existing_database().write() as session:
            person = find_by_email(session, email, leavers=True)
            there = forget_number(session, person)
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    if not there:
        raise click.ClickException(f"{person.email} has not signed in with single sign-on yet.")
    click.echo(f"The next sign-in as {person.email} by single sign-on is taken for hers. Every device is signed out.")
