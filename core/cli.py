"""The console command `hindsight`: loads the subcommands that packages register as entry points, on demand."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click
from pydantic import ValidationError

from core.errors import HindsightError
from core.settings import Settings, what_is_wrong

GROUP = "hindsight.commands"
# These write only where their caller says, and so with the permissions that the caller's own files get.
FOR_ITS_CALLER = frozenset({"analyse", "models", "openapi", "questions", "speakers"})
DATABASE_AWAY = (
    "The database does not answer as it should{why}. Check HINDSIGHT_DATABASE_URL; “hindsight doctor” says more."
)


class PackageCommands(click.Group):
    """A group whose commands are the entry points that packages register in pyproject.toml."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; settings that cannot be used end it with 2 and a sentence each."""
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            if error.title != Settings.__name__:
                raise
            click.echo("\n".join(what_is_wrong(error)), err=True)
            ctx.exit(2)
        except HindsightError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            from sqlalchemy.exc import ArgumentError, DBAPIError

            if isinstance(error, ArgumentError | DBAPIError):
                said = " ".join(str(getattr(error, "orig", "")).split())[:200]  # never the address: it has a password
                raise click.ClickException(DATABASE_AWAY.format(why=f" ({said})" if said else "")) from error
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; what it makes in a school can be read by this account alone."""
        from core.storage.private_files import private_umask

        name, command, rest = super().resolve_command(ctx, args)
        if name not in FOR_ITS_CALLER:
            ctx.with_resource(private_umask())
        return name, command, rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in order."""
        return sorted(entry_points(group=GROUP).names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command, or None when no package has it."""
        found: list[EntryPoint] = list(entry_points(group=GROUP, name=cmd_name))
        if not found:
            return None
        command = found[0].load()
        if not isinstance(command, click.Command):
            raise TypeError(f"{found[0].value} is not a click command")
        return command


@click.command(cls=PackageCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hindsight-lessons", prog_name="hindsight")
def main() -> None:
    """Hindsight: look back at your lesson together with a coach, on your school's own machine."""
