"""What only a person can give: passphrases, from a terminal or from the file that stands for one."""

import sys
from pathlib import Path

from cipherpost.errors import NotForUsError, UnableError, UseError


class NoPassphraseError(NotForUsError):
    """The keys are under a passphrase, and there is neither a file with it nor a terminal to ask at."""


def passphrase_from_file(name: str) -> str:
    """The first line of the file, without its line end.

    Raises:
        UnableError: it cannot be read, or its first line is empty.
    """
    try:
        first = Path(name).read_bytes().split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UnableError(f"the passphrase file cannot be read: {reason}", where=name) from None
    if not first:
        raise UnableError("the passphrase file's first line is empty", where=name)
    return first


def ask_passphrase(question: str, *, confirm: bool, whose: str = "") -> str:
    """Ask at the terminal without showing what is typed; twice where a new passphrase is made.

    Args:
        whose: the other home whose keys it opens, where a command has two.

    Raises:
        NoPassphraseError: there is no terminal.
        UseError: empty, or the two differ.
    """
    import click

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NoPassphraseError(
            "the keys are under a passphrase and there is no terminal to ask at",
            where=whose,
            hints=(
                "name a file: --with-passphrase-file FILE"
                if whose
                else "name a file: --passphrase-file FILE or CIPHERPOST_PASSPHRASE_FILE",
            ),
        )
    given: str = click.prompt(question, hide_input=True, err=True, default="", show_default=False)
    if not given:
        raise UseError("the passphrase is empty")
    if confirm and click.prompt("Once more", hide_input=True, err=True, default="", show_default=False) != given:
        raise UseError("the two passphrases differ", hints=("try again",))
    return given


def ask_yes(question: str, *, default: bool) -> bool:
    """Ask at the terminal until yes, no, or Enter for the default was typed."""
    import click

    from cipherpost.cli.output import tell

    while True:
        typed: str = click.prompt(
            f"{question} [{'Y/n' if default else 'y/N'}]", default="", show_default=False, err=True
        )
        word = typed.strip().lower()
        if word in {"", "y", "yes", "n", "no"}:
            return word.startswith("y") if word else default
        tell("type y for yes, or n for no")
