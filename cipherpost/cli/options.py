"""Options that every command knows, before and after its name, and the session that they make."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from datetime import datetime

    from cipherpost.cli.progress import Bars
    from cipherpost.desk import Desk

CONTEXT: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"], "max_content_width": 80}
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """What the options before and after a command's name said together; the later one wins."""

    home: str | None = None
    post: str | None = None
    passphrase_file: str | None = None
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    stale_ok: bool = False
    clock_ok: bool = False
    alone: bool = False
    clock: "Callable[[], datetime] | None" = None
    """Another time than the machine's, for what plays a story; no option sets it."""
    asked: str | None = field(default=None, repr=False)
    """The passphrase, once it was given: a command may open the home more than once."""

    def take(self, **given: Any) -> None:
        """Add options; those not given change nothing."""
        for name, value in given.items():
            if value not in (None, False):
                setattr(self, name, value)
        from cipherpost.cli.output import name_home

        name_home(self.home)

    def home_folder(self) -> Path:
        """The home that this command works in.

        Raises:
            UseError: none is found, or several and none named.
        """
        import platformdirs

        from cipherpost.home.settings import find_home

        return find_home(
            explicit=Path(self.home) if self.home else None,
            environ=os.environ,
            cwd=Path.cwd(),
            user_data=Path(platformdirs.user_data_dir("cipherpost", appauthor=False)),
        )

    def bars(self) -> "Bars":
        """Where this command shows how far it is."""
        from cipherpost.cli.progress import Bars

        return Bars(quiet=self.quiet or self.as_json)

    def desk(self, *, write: bool = False) -> "Desk":
        """The officer at work in this home; with ``write`` the home is locked until the command ends."""
        from cipherpost.cli.output import notice
        from cipherpost.desk import Desk, Overrides

        desk = Desk.open(
            self.home_folder(),
            post=self.post,
            passphrase=self.passphrase,
            progress=self.bars(),
            trace=self.trace,
            clock=self.clock,
            overrides=Overrides(stale_ok=self.stale_ok, clock_ok=self.clock_ok, alone=self.alone),
        )
        context = click.get_current_context()
        context.call_on_close(desk.close)
        if write:
            desk.lock()
            if self.alone:
                notice("alone")
        return desk

    def other_desk(self, home: Path, passphrase_file: str | None) -> "Desk":
        """A second home that this command writes through, locked until it ends; with its own post office and keys.

        Args:
            passphrase_file: with the passphrase of its keys; None: it is asked for.

        Raises:
            UseError: it is the first one. NoHomeError: it is none.
        """
        from cipherpost.cli.asking import ask_passphrase, passphrase_from_file
        from cipherpost.desk import Desk, Overrides
        from cipherpost.errors import UseError
        from cipherpost.home.settings import SETTINGS, NoHomeError

        home = home.expanduser()
        if not (home / SETTINGS).is_file():
            raise NoHomeError(
                "there is no home here",
                where=str(home),
                rule=f"--with-home names a folder with {SETTINGS}, the home to send through",
                hints=("look at the name behind --with-home",),
            )
        if home.resolve() == self.home_folder().resolve():
            raise UseError("this is the home that has the letter", where=str(home), hints=("leave out --with-home",))
        desk = Desk.open(
            home,
            passphrase=lambda: (
                passphrase_from_file(passphrase_file)
                if passphrase_file
                else ask_passphrase(f"Passphrase of {home}", confirm=False, whose=f"--with-home {home}")
            ),
            progress=self.bars(),
            trace=self.trace,
            clock=self.clock,
            overrides=Overrides(stale_ok=self.stale_ok, clock_ok=self.clock_ok, alone=self.alone),
        )
        click.get_current_context().call_on_close(desk.close)
        desk.lock()
        return desk

    def trace(self, text: str) -> None:
        """Say a step on standard error, with ``-v`` only."""
        if self.verbose:
            from cipherpost.cli import output

            output.tell(output.safe(text))

    def passphrase(self) -> str:
        """The passphrase of this officer's keys: from the file named, else from the terminal; never an argument.

        Raises:
            NoPassphraseError: no file is named and there is no terminal to ask at.
        """
        from cipherpost.cli.asking import ask_passphrase

        if self.asked is None:
            self.asked = self._passphrase_from_file() or ask_passphrase("Passphrase", confirm=False)
        return self.asked

    @property
    def names_passphrase(self) -> bool:
        """Whether a file with the passphrase is named, so that nobody is asked."""
        return self.asked is not None or bool(self.passphrase_file or os.environ.get("CIPHERPOST_PASSPHRASE_FILE"))

    def new_passphrase(self) -> str:
        """The passphrase for keys about to be made, asked twice at a terminal."""
        return self._passphrase_from_file() or self.ask_new_passphrase()

    def ask_new_passphrase(self) -> str:
        """A new passphrase from the terminal, whatever file holds the old one."""
        from cipherpost.cli.asking import ask_passphrase

        return ask_passphrase("New passphrase", confirm=True)

    def _passphrase_from_file(self) -> str | None:
        from cipherpost.cli.asking import passphrase_from_file

        named = self.passphrase_file or os.environ.get("CIPHERPOST_PASSPHRASE_FILE")
        return passphrase_from_file(named) if named else None


_FIRST_YEAR, _LAST_YEAR = 2000, 2998


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A calendar day as the protocol writes it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The `datetime.date`; another form is wrong use, in plain words."""
        from cipherpost.dispatch.periods import PeriodError, parse_day

        try:
            return parse_day(value) if isinstance(value, str) else value
        except PeriodError as error:
            self.fail(f"{error.what}; days are {error.rule}", param, ctx)


class Moment(click.DateTime):
    """A time to judge by; of the years whose days the protocol can count from."""

    def __init__(self) -> None:
        super().__init__(formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The `datetime.datetime`, without a zone; another form is wrong use, in plain words."""
        from cipherpost.text import shown

        try:
            found = super().convert(value, param, ctx)
        except click.BadParameter:
            found = None
        if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            self.fail(
                f"{shown(str(value))} is no time; written like 2026-11-22T09:00:00Z or 2026-11-22, in the years "
                f"{_FIRST_YEAR} to {_LAST_YEAR}",
                param,
                ctx,
            )
        return found


def common(function: Function) -> Function:
    """Give a command the options that all commands have."""
    for option in reversed(
        (
            click.option("--home", metavar="DIR", help="This officer's folder.", hidden=True),
            click.option("--post", metavar="PLACE", help="Use this post office.", hidden=True),
            click.option("--passphrase-file", metavar="FILE", hidden=True),
            click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output."),
            click.option("-q", "--quiet", is_flag=True, help="Only results and errors.", hidden=True),
            click.option("-v", "--verbose", is_flag=True, help="Say more about what is done.", hidden=True),
        )
    ):
        function = option(function)
    return function


def override(function: Function) -> Function:
    """Give a command that signs the options that set a guard aside (docs/troubleshooting.md)."""
    for option in reversed(
        (
            click.option("--stale-ok", is_flag=True, help="Although the center has been silent too long."),
            click.option("--clock-ok", is_flag=True, help="Although this machine's clock looks wrong."),
            click.option("--alone", is_flag=True, help="Although this home was moved or copied."),
        )
    ):
        function = option(function)
    return function


_SHARED = ("home", "post", "passphrase_file", "as_json", "quiet", "verbose", "stale_ok", "clock_ok", "alone")


def command(
    name: str | None = None, *, group: click.Group | None = None, names_post: str = ""
) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that gets the `Session` first, then its own options; added to ``group`` where one is given.

    ``names_post``: the help of --post, for the few commands that people give it to.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        def called(**values: Any) -> Any:
            ctx = click.get_current_context()
            session = ctx.ensure_object(Session)
            session.take(**{name: values.pop(name) for name in _SHARED if name in values})
            return function(session, **values)

        update_wrapper(called, function)
        made = click.command(name or function.__name__.replace("_", "-"), cls=click.Command, context_settings=CONTEXT)(
            common(called)
        )
        for option in made.params:
            if names_post and isinstance(option, click.Option) and option.name == "post":
                option.hidden, option.help = False, names_post
        made.params.sort(key=lambda option: option.name in _SHARED)  # its own options first in --help
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def subcommands() -> Callable[[Callable[..., Any]], click.Group]:
    """A group of commands below one name, such as ``keys show``."""

    def decorate(function: Callable[..., Any]) -> click.Group:
        return click.group(function.__name__, context_settings=CONTEXT)(function)

    return decorate


def confirm(question: str, *, yes: bool, because: str = "this cannot be undone and needs a yes") -> None:
    """Ask before something that cannot be undone; ``-y`` answers, and elsewhere than at a terminal is needed.

    Args:
        because: why it needs a yes.

    Raises:
        UseError: no terminal and no ``-y``, or the answer was no.
    """
    from cipherpost.cli.asking import ask_yes
    from cipherpost.errors import UseError

    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UseError(because, rule="no terminal to ask at", hints=("add -y",))
    if not ask_yes(question, default=False):
        raise UseError("not done: the answer was no")
