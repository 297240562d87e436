"""Options that every command knows, before and after its name, and the session that they make."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cipherpost.desk import Desk

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

    def take(self, **given: Any) -> None:
        """Add options; those not given change nothing."""
        for name, value in given.items():
            if value not in (None, False):
                setattr(self, name, value)

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

    def desk(self, *, write: bool = False) -> "Desk":
        """The officer at work in this home; with ``write`` the home is locked until the command ends."""
        from cipherpost.cli.progress import Bars
        from cipherpost.desk import Desk

        desk = Desk.open(
            self.home_folder(),
            post=self.post,
            passphrase=self.passphrase,
            progress=Bars(quiet=self.quiet or self.as_json),
        )
        context = click.get_current_context()
        context.call_on_close(desk.close)
        if write:
            desk.lock()
        return desk

    def passphrase(self, question: str, *, confirm: bool = False) -> str:
        """A passphrase from the file named, else from the terminal; never from an argument.

        Raises:
            KeyMissingError: no file is named and there is no terminal to ask at.
        """
        from cipherpost.cli.asking import ask_passphrase, passphrase_from_file

        named = self.passphrase_file or os.environ.get("CIPHERPOST_PASSPHRASE_FILE")
        if named:
            return passphrase_from_file(named)
        return ask_passphrase(question, confirm=confirm)


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


def command(**settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that gets the `Session` first, then its own options."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @click.pass_context
        def called(ctx: click.Context, /, **values: Any) -> Any:
            session = ctx.find_object(Session) or Session()
            ctx.obj = session
            session.take(
                **{name: values.pop(name) for name in ("home", "post", "passphrase_file", "as_json", "quiet", "verbose")}
            )
            return ctx.invoke(function, session, **values)

        called.__name__ = function.__name__
        called.__doc__ = function.__doc__
        called.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined]
        settings.setdefault("context_settings", {"help_option_names": ["-h", "--help"], "max_content_width": 80})
        name = settings.pop("name", function.__name__.rstrip("_").replace("_", "-"))
        return click.command(name, **settings)(common(called))

    return decorate


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone; ``-y`` answers, and elsewhere than at a terminal is needed.

    Raises:
        UseError: no terminal and no ``-y``, or the answer was no.
    """
    from cipherpost.errors import UseError

    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UseError("this cannot be undone and needs a yes", rule="no terminal to ask at", hints=("add -y",))
    if not click.confirm(question, err=True, default=False):
        raise UseError("not done: the answer was no")
