"""The list of refusals in docs/troubleshooting.md, made from the classes themselves.

    python tests/refusal_list.py        writes it into the page

Classes stand in the first section that fits; a new one finds its place by its module or its exit code.
"""

import importlib
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import cipherpost
from cipherpost.errors import CipherpostError

PAGE = Path(__file__).parent.parent / "docs" / "troubleshooting.md"
HEADING = "## Every refusal\n"
INTRODUCTION = """
Each refusal is of a class of its own; `--json` names it. The number behind it is the exit code. A
refusal of one thing in a batch is listed, and the rest goes on.
"""

Refusal = type[CipherpostError]


def refusals() -> list[Refusal]:
    """Every class of the package, by exit code and name."""
    for module in pkgutil.walk_packages(cipherpost.__path__, "cipherpost."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {each for each in _below(CipherpostError) if each.__module__.startswith("cipherpost.")}
    return sorted(ours, key=lambda each: (each.exit_code, each.__name__, each.__module__))


def _below(root: Refusal) -> Iterator[Refusal]:
    for each in root.__subclasses__():
        yield each
        yield from _below(each)


def _of(codes: tuple[int, ...], *modules: str, names: tuple[str, ...] = ()) -> Callable[[Refusal], bool]:
    def fits(each: Refusal) -> bool:
        inside = any(f"{each.__module__}.".startswith(f"cipherpost.{module}.") for module in modules)
        return each.exit_code in codes and (inside or each.__name__ in names or not (modules or names))

    return fits


SECTIONS: tuple[tuple[str, str, Callable[[Refusal], bool]], ...] = (
    (
        "The roots",
        "Every refusal is also of one of these kinds, and ends with its code.",
        _of((1, 2, 3, 4, 5, 6, 7), "errors"),
    ),
    ("Nothing to do (exit 0)", "These are no errors; they say why nothing came.", _of((0,))),
    (
        "The post office (exit 1 and 2)",
        "Is the stick in, the share mounted, the disk full? `cipherpost doctor` says. Name another place with "
        "`--post`. What you wrote waits in the outbox; `cipherpost fetch` sends it. If the message names the "
        "folder's permissions, show it to the [operator](operator.md#the-post-office).",
        _of((1, 2), "postoffice", names=("NotPostedError",)),
    ),
    (
        "Made by a newer cipherpost (exit 1)",
        "Update the program and repeat the command. Nothing after the thing named is trusted until then, and "
        "nothing is lost.",
        lambda each: each.__name__.startswith("Newer") or each.__name__ == "UnknownZoneError",
    ),
    (
        "The home (exit 1 and 2)",
        "`cipherpost doctor` names what is wrong. A damaged database is made anew with `cipherpost doctor "
        "--rebuild`; damaged keys or journal need a [backup](operator.md#backups). If another command is at "
        "work, wait.",
        _of((1, 2), "home", names=("RowsBrokenError",)),
    ),
    (
        "Forms and what is filled in (exit 2 and 3)",
        "Nothing was sent, and what you typed is kept (`cipherpost drafts`). The message names the file and the "
        "fields; `cipherpost form show FORM` shows what is asked. An EnvelopeError is in a report of somebody else "
        "whose program is faulty: it is left out of the sums, and the center sends it back.",
        _of((2, 3), "forms"),
    ),
    (
        "Not there (exit 1)",
        "Look at the name again (`cipherpost inbox`, `cipherpost cards`, `cipherpost roster`), then "
        "`cipherpost fetch`. A card that is missing is sent by its officer as a file.",
        _of((1,)),
    ),
    (
        "Wrong use (exit 2)",
        "Nothing was done. The message says what is wrong with the command, and the hint what to type; "
        "`cipherpost COMMAND --help` shows examples.",
        _of((2,)),
    ),
    (
        "Cards and invitations (exit 3)",
        "The file was damaged on its way, is another one, or was forged. Let it be sent again, as an attached "
        "file. If a spoken number differs twice, admit nobody and tell the operator.",
        _of((3,), "card", "carry", names=("ForeignCardError", "SpokenDiffersError", "CardWrongError")),
    ),
    (
        "Signatures and places (exit 3)",
        "A dispatch does not count. You need do nothing: it was neither shown nor counted, and the rest goes "
        "on. Keep a copy of the post office, and tell its operator; the sender's `cipherpost fetch` puts the "
        "true one back.",
        _of((3,), "chain", "note", "dispatch", "roster.standing"),
    ),
    (
        "The roster's rules (exit 3)",
        "What you asked of the roster contradicts it, or a keeper's program is faulty. Nothing was posted. "
        "`cipherpost roster` shows what is there; give a name that was not used before.",
        _of((3,), "roster"),
    ),
    (
        "The sealed letter (exit 3)",
        "The header is good and the letter is not: it was damaged, replaced, or made by a faulty program. "
        "Nothing of it was shown or saved. `cipherpost fetch` tries again; if it stays so, ask the sender to "
        "send it anew under a new number.",
        _of(
            (3,),
            "letter",
            "age",
            "tar",
            "ustar",
            "strictjson",
            names=("CopySwappedError", "DowngradedError", "LetterSwappedError"),
        ),
    ),
    (
        "Other things that are not authentic (exit 3)",
        "Stop and read the message. If it speaks of your own key or of the roster, telephone the center "
        "before you go on.",
        _of((3,)),
    ),
    (
        "Not for this officer (exit 4)",
        "Not admitted: read your number to the center. Passphrase: type it again, or name the file with "
        "`--passphrase-file`. Before-you: ask the center to send it again. A missing key: put back a "
        "[backup](operator.md#backups), or join as a new officer.",
        _of((4,)),
    ),
    ("Stale (exit 5)", "See [Guards](#guards-and-how-to-set-them-aside).", _of((5,))),
    (
        "Gaps (exit 6)",
        "Nobody is blamed. `cipherpost fetch` again later: your office has told the sender what is missing. "
        "To read all the same: `cipherpost read C/N --out-of-order`.",
        _of((6,)),
    ),
    (
        "Forks (exit 7)",
        "Two contradicting dispatches are signed. If it is your own: a copy of your home is at work, or "
        "somebody has your key; stop, and telephone the center. If it is another's: keep a copy of the post "
        "office, run `cipherpost audit`, and tell the center. Nothing is to be deleted.",
        _of((7,)),
    ),
)


def listed() -> str:
    """The whole list, as the page has it.

    Raises:
        AssertionError: a section is empty, or a class fits nowhere.
    """
    left = refusals()
    parts = [INTRODUCTION]
    for title, advice, fits in SECTIONS:
        mine = [each for each in left if fits(each)]
        left = [each for each in left if each not in mine]
        assert mine, f"no refusal is left for {title!r}"
        parts.append(f"\n### {title}\n\n{_filled(advice)}\n\n")
        parts += [_item(each) for each in mine]
    assert not left, left
    return "".join(parts)


def _item(each: Refusal) -> str:
    meaning = " ".join((each.__doc__ or "").strip().split("\n\n")[0].split()).replace("``", "`")
    return _filled(f"- `{each.__name__}` ({each.exit_code}): {meaning}", indent="  ") + "\n"


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    above = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    PAGE.write_text(above + HEADING + listed(), encoding="utf-8")
