"""The command group: commands listed by what people want to do, each loaded only when it is called."""

import difflib
from importlib import import_module
from typing import Any

import click

from cipherpost import __version__
from cipherpost.cli.table import SECTIONS, find


class Commands(click.Group):
    """A group whose commands stand in `cipherpost.cli.table` and are imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for _, commands in SECTIONS for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = find(cmd_name)
        if place is None:
            return None
        module = import_module(f"cipherpost.cli.{place.module}")
        command = getattr(module, place.attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and find(args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Sections instead of one alphabet, from the table alone: help imports no command."""
        for title, commands in SECTIONS:
            rows = [(name, place.help) for name, place in commands.items() if not place.hidden]
            with formatter.section(title):
                formatter.write_dl(rows, col_max=14)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"cipherpost {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Every command has a --help of its own. Exit codes and messages: docs/troubleshooting.md",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.option("--home", metavar="DIR", help="This officer's folder (or set CIPHERPOST_HOME).")
@click.option("--post", metavar="PLACE", help="Use this post office instead of the home's.")
@click.option("--passphrase-file", metavar="FILE", help="Read the passphrase from the first line of FILE.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more about what is done.")
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> int | None:
    """Sealed and signed circulars from a center to its committees, and their answers back.

    Alone, `cipherpost` shows what is new, what is owed and what waits.
    """
    from cipherpost.cli.options import Session

    ctx.ensure_object(Session).take(**given)
    if ctx.invoked_subcommand is None:
        from cipherpost.cli.start import status

        result: int | None = ctx.invoke(status)
        return result
    return None
