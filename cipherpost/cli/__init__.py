"""The command line: a table of commands that load when they are called, and one place where errors become words.

Each module beside this one is thin: it reads options, calls one workflow and hands what came back to `output`.
"""

import gc
import os
import sys
from typing import TYPE_CHECKING

from cipherpost.cli.app import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


def run(arguments: list[str] | None = None, *, clock: "Callable[[], datetime] | None" = None) -> int:
    """Run one command and return its exit code; every refusal becomes an error line and at most two hints.

    Args:
        arguments: the words behind the program's name; those it was called with where None is given.
        clock: another time (aware, UTC) than the machine's.
    """
    import click

    from cipherpost.cli.options import Session
    from cipherpost.errors import CipherpostError

    _prepare_streams()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        result = cli.main(words, prog_name="cipherpost", standalone_mode=False, obj=Session(clock=clock))
        sys.stdout.flush()
    except CipherpostError as error:
        return _refuse(error, words)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("\ncipherpost: interrupted; nothing is half done\n")
        return 130
    except click.ClickException as error:
        return _refuse(_wrong_use(error), words)
    except BrokenPipeError:
        # The reader of a pipe has gone (`cipherpost inbox | head`): no error, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        from cipherpost.cli.output import from_os_error

        return _refuse(from_os_error(error), words)
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the installed program."""
    collect_seldom()
    sys.exit(run())


def collect_seldom() -> None:
    """Let Python look for cyclic garbage after every 200,000 new objects, not 700.

    A verifier keeps nearly all that it makes: it would be gone through again and again, and nothing found in it.
    """
    gc.set_threshold(200_000)


def _refuse(error: "Exception", words: list[str]) -> int:
    from cipherpost.cli.output import show_error
    from cipherpost.errors import CipherpostError

    assert isinstance(error, CipherpostError)
    before_end = words[: words.index("--")] if "--" in words else words
    show_error(error, as_json="--json" in before_end)
    return error.exit_code


def _wrong_use(error: "Exception") -> "Exception":
    import click

    from cipherpost.errors import UseError

    assert isinstance(error, click.ClickException)
    context = getattr(error, "ctx", None)
    help_command = f"{context.command_path} --help" if context is not None else "cipherpost --help"
    return UseError(error.format_message().rstrip("."), hints=(help_command,))


def _prepare_streams() -> None:
    """Streams that are no terminal are UTF-8 with LF on every system, so that a script reads the same bytes."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure") and not stream.isatty():
            errors = "backslashreplace" if stream is sys.stderr else None
            stream.reconfigure(encoding="utf-8", errors=errors, newline="\n" if stream is not sys.stdin else None)
