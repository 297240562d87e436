"""Everything the user reads: error and hint lines, notices, tables, JSON. Every word shown goes through here.

Results go to standard output, all else to standard error. Whatever came from outside passes `safe`, so that a
subject with terminal escapes or bidirectional overrides is shown and does nothing.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from cipherpost.errors import CipherpostError, UnableError, gravest

if TYPE_CHECKING:
    from cipherpost.cli.options import Session
    from cipherpost.desk import Desk
    from cipherpost.workflows.results import Posted

JSON_VERSION: Final = 1
"""Version of the layout of every JSON object printed; a field that is added does not change it."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_HARMFUL: Final = re.compile(f"[\x7f-\x9f\u2028\u2029\ud800-\udfff{''.join(sorted(_BIDI))}]")
"""What `safe` escapes and printed JSON leaves as it is; all of it within texts, where an escape is the same value."""

_SPOKEN: Final = re.compile(r"\b((?:[0-9]{5} ){5}[0-9]{5}) ((?:[0-9]{5} ){5}[0-9]{5})\b")

NOTICES: Final[Mapping[str, str]] = {
    "nothing-lost": "nothing is lost: the letter waits in the outbox",
    "already-sent": "the same letter was sent before; it was not sent again",
    "admitted": "you are admitted",
    "read-aloud": "read this number aloud to the center, or let them read it to you",
    "unchecked": "admitted without comparing the spoken number; the roster says so to everybody",
    "held": "shown out of order: an earlier number is missing, and this may not be the whole story",
    "superseded": "this letter was superseded by a later one",
    "cancelled": "this letter was cancelled by a later one",
    "unreached": "these offices will not be able to read it",
    "no-receipt": "no receipt was sent",
    "restored": "put back at the post office, where it was lost",
    "before-you": "older letters are there that were sealed before you were a reader; ask the center for them",
    "no-passphrase": "the keys lie unprotected on this disk, as you asked",
    "alone": "signed alone: if another copy of this home is at work, its letters and yours will contradict",
    "put-back": "this home reads now, and signs on a channel when another office has answered there since",
    "on-paper": "whoever has this page is you; print it, remove the file, and lock the sheet away",
    "nothing-new": "nothing new",
}
"""Sentences that stand by themselves, by name; docs/troubleshooting.md explains each."""


# ---- words -------------------------------------------------------------------------------------------------------


def safe(text: str, *, lines: bool = False) -> str:
    r"""``text`` from outside, harmless on a terminal: controls and overrides as ``\u001b`` and the like.

    Args:
        text: anything.
        lines: keep line feeds and tabs (for bodies).
    """
    return "".join(ch if _harmless(ch, lines) else f"\\u{ord(ch):04x}" for ch in text)


def _harmless(ch: str, lines: bool) -> bool:
    if ch in "\n\t":
        return lines
    return ch not in _BIDI and unicodedata.category(ch) not in {"Cc", "Zl", "Zp", "Cs"}


def say(text: str = "") -> None:
    """A line of result, on standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """A line for the person, on standard error."""
    sys.stderr.write(_wrapped(f"cipherpost: {text}", sys.stderr, indent=12) + "\n")


def notice(name: str, detail: str = "") -> None:
    """One of `NOTICES`, on standard error, with what it is about."""
    tell(f"{NOTICES[name]}{': ' if detail else ''}{detail}")


_named_home: str | None = None
"""The home that the command line named with --home, as it was given."""


def name_home(folder: str | None) -> None:
    """From now on hints that are commands repeat ``--home folder``, so that they work where they are pasted."""
    global _named_home  # noqa: PLW0603  one command a process; the next one sets it anew
    _named_home = folder


def hint(text: str) -> None:
    """What to do next, on standard error; never wrapped, since a command must stay one line to be copied."""
    sys.stderr.write(f"cipherpost: hint: {_with_home(text)}\n")


def _with_home(text: str) -> str:
    if _named_home is None or not text.startswith("cipherpost ") or " --home " in text:
        return text
    return f"cipherpost --home {safe(_quoted(_named_home))} {text.removeprefix('cipherpost ')}"


def _quoted(word: str) -> str:
    """A word as this system's command lines want it."""
    import shlex
    import subprocess

    return subprocess.list2cmdline([word]) if sys.platform == "win32" else shlex.quote(word)


def _columns(stream: TextIO) -> int | None:
    """How wide the terminal behind ``stream`` is; None where there is none, and nothing is wrapped."""
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def wrapped(text: str, *, indent: int) -> str:
    """``text`` as a result on standard output: broken between words on a terminal, as it is elsewhere."""
    return _wrapped(text, sys.stdout, indent=indent)


def _wrapped(text: str, stream: TextIO, *, indent: int) -> str:
    """``text`` broken between words for a terminal, further lines indented; as it is elsewhere.

    A spoken number is broken in the middle, so that both lines are read alike.
    """
    columns = _columns(stream)
    if columns is None or len(text) <= columns or columns < indent + 20:
        return text
    import textwrap

    text = _SPOKEN.sub(lambda found: " ".join((_glued(found[1]), _glued(found[2]))), text)
    return textwrap.fill(
        text, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ).replace("\0", " ")


def _glued(words: str) -> str:
    return words.replace(" ", "\0")


# ---- errors ------------------------------------------------------------------------------------------------------


_PROBLEMS: Final = 50
"""Wrong fields of a report that are listed one by one."""


def show_error(error: CipherpostError, *, as_json: bool) -> None:
    """The error line and its hints on standard error; with ``as_json`` one object on standard output too."""
    sys.stdout.flush()
    tell(f"error: {safe(str(error))}")
    problems = [str(each) for each in getattr(error, "problems", ())]
    for text in problems[:_PROBLEMS]:
        tell(safe(text))
    if len(problems) > _PROBLEMS:
        tell(f"and {len(problems) - _PROBLEMS} more")
    for text in error.hints[:2]:
        hint(safe(text))
    if as_json:
        emit(
            {
                "error": {
                    "class": type(error).__name__,
                    "exit": error.exit_code,
                    "message": str(error),
                    "hint": error.hints[0] if error.hints else None,
                    "channel": error.channel,
                    "number": error.number,
                    **_fields_wrong(error),
                }
            }
        )


def _fields_wrong(error: CipherpostError) -> dict[str, Any]:
    """Of figures that do not fit their form: each field, the rule, and the value as far as it can be shown."""
    problems = getattr(error, "problems", None)
    if problems is None:
        return {}
    return {"problems": [{"field": each.place, "rule": each.rule, "value": each.value} for each in problems]}


def from_os_error(error: OSError) -> UnableError:
    """What the operating system refused, as a refusal of ours: exit 1, the path named."""
    return UnableError(error.strerror or str(error), where=str(error.filename or ""))


# ---- what was posted ---------------------------------------------------------------------------------------------


def posted(session: "Session", done: "Posted", *, extra: Mapping[str, Any] | None = None) -> None:
    """One dispatch that was posted: the one line ``center/all/14``, or its JSON."""
    if session.as_json:
        emit({**done.as_json(), **(extra or {})})
        return
    say(done.place)
    _reach(done)
    _proposed(session, done)


def stated(session: "Session", done: "Posted") -> None:
    """An entry of the roster: as `posted`, and that nothing was, where the roster says so already."""
    posted(session, done)
    if done.already and done.proposed is None and not session.as_json and not session.quiet:
        tell("the roster says so already; nothing was posted")


def sent(session: "Session", done: "Sequence[Posted]", *, whole: Mapping[str, Any] | None = None) -> int:
    """Letters that were posted, or wait in the outbox; the exit code.

    Args:
        whole: the JSON object, where it holds more than the dispatches.
    """
    if session.as_json:
        objects = [item.as_json() for item in done]
        emit(whole or (objects[0] if len(objects) == 1 else {"dispatches": objects}))
    told: set[str] = set()
    for item in done:
        if not session.as_json:
            say(item.place)
            _reach(item)
            _proposed(session, item)
        if item.already:
            notice("already-sent", item.place)
        if item.waiting is not None and str(item.waiting) not in told:
            told.add(str(item.waiting))
            show_error(item.waiting, as_json=False)
            if "nothing is lost" not in " ".join((item.waiting.rule, *item.waiting.hints)):
                notice("nothing-lost")
            if (
                item.kind != "receipt"
                and not session.quiet
                and not any("--drop" in each for each in item.waiting.hints)
            ):
                tell(f"to let it go unsent: cipherpost outbox {item.channel} --drop")
    return gravest({item.waiting.exit_code for item in done if item.waiting is not None})


def _proposed(session: "Session", done: "Posted") -> None:
    """Where others must sign first: what was proposed, and for whom it waits."""
    if done.proposed is None:
        return
    words = done.proposal_words()
    tell(f"nothing was sent; it would be {words}" if done.dry_run else words)
    if done.number is not None and done.awaited and not done.dry_run and not session.quiet:
        hint(f"the others type: cipherpost read {done.place}    (then: cipherpost endorse {done.number})")


def _reach(done: "Posted") -> None:
    if done.dry_run and done.proposed is not None:
        pass  # `_proposed` says it
    elif done.dry_run and not done.to:
        tell(f"nothing was posted; it would be {done.place}")
    elif done.dry_run:
        tell(f"nothing was sent; it would go to {many(len(done.to), 'office')}: {' '.join(done.to)}")
        if done.readers:
            tell(f"who can read it: {' '.join(done.readers)}")
    if done.unreached:
        notice("unreached", "; ".join(f"{office} ({why})" for office, why in done.unreached.items()))


def replaced(desk: "Desk", place: str) -> None:
    """Say of a letter that is answered that a later one holds, if one does."""
    from cipherpost.workflows.replacing import later_word

    later = later_word(desk, place)
    if later is not None:
        notice(*later)


def document(words: str, out: str | None, *, force: bool) -> None:
    """A document that was made: into the file ``out``, else to standard output, harmless where that is a terminal.

    Raises:
        UnableError: the file is there and ``force`` was not given.
    """
    if out is None or out == "-":
        sys.stdout.write(safe(words, lines=True) if sys.stdout.isatty() else words)
        return
    write_document(words.encode("utf-8"), out, force=force)


def write_document(data: bytes, out: str, *, force: bool) -> None:
    """The same into a file, whole or not at all."""
    from pathlib import Path

    from cipherpost.home import files

    try:
        files.write_document(Path(out), data, replace=force)
    except files.AlreadyThereError:
        raise UnableError(
            "the file is there already", where=out, rule="nothing is written over", hints=("add --force",)
        ) from None


def check_document(out: str | None, *, force: bool) -> None:
    """Before long work: whether `document` can be written to ``out``.

    Raises:
        UnableError: the file is there and ``force`` was not given, or nothing can be written there.
    """
    if out is None or out == "-":
        return
    import os
    from pathlib import Path

    path = Path(out)
    if path.is_dir():
        raise UnableError("this is a folder", where=out, hints=("name a file",))
    if not force and (path.exists() or path.is_symlink()):
        raise UnableError(
            "the file is there already", where=out, rule="nothing is written over", hints=("add --force",)
        )
    if not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UnableError("nothing can be written there", where=out, hints=("name a file in a folder of yours",))


def saved(session: "Session", out: str | None) -> None:
    """Say where a document lies, if it went into a file."""
    if out not in {None, "-"} and not session.quiet:
        tell(f"saved: {safe(str(out))}")


def body(words: str) -> None:
    """The body of a letter, harmless, wrapped to a terminal's width of at most 80 columns."""
    import textwrap

    columns = _columns(sys.stdout)
    width = None if columns is None else min(80, columns)
    for line in safe(words, lines=True).rstrip("\n").split("\n"):
        if width is None or len(line) <= width or line.startswith(("    ", "\t", "|")):
            say(line)
        else:
            say("\n".join(textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)))


def quoted(head: str, words: str) -> None:
    """What somebody wrote behind ``head``; further lines are indented, so that none of them can pass for a head."""
    import textwrap

    columns = _columns(sys.stdout)
    for at, line in enumerate(safe(words, lines=True).rstrip("\n").split("\n")):
        text = f"{head} {line}" if at == 0 else f"    {line}"
        if columns is not None:
            wrapped = textwrap.wrap(text, min(80, columns), subsequent_indent="    ", break_on_hyphens=False)
            text = "\n".join(wrapped)
        say(text)


# ---- tables and JSON ---------------------------------------------------------------------------------------------


def emit(values: Mapping[str, Any]) -> None:
    r"""One JSON object on standard output, with the version of its layout first.

    What could move a terminal's cursor or turn words around is written as ``\u009b`` and the like: the same value.
    """
    sys.stdout.write(as_json(values))


def as_json(values: Mapping[str, Any]) -> str:
    """What `emit` prints."""
    text = json.dumps({"version": JSON_VERSION, **values}, ensure_ascii=False, indent=2)
    return _HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


_SHORTENED: Final = frozenset({"subject", "title", "from"})
"""Columns of free text: on a terminal they end in an ellipsis where the line would be too long."""
_WHOLE: Final = frozenset({"demand", "dispatch", "number", "answered by", "sum", "given", "hash"})
"""Columns that are never broken: what they show is typed again, or read as one figure."""
_DAY: Final = len("2026-11-22")
_LEAST: Final = 8
"""Columns of a terminal that free text keeps at least."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal, tab-separated lines without heads elsewhere; cells pass `safe`."""
    cells = [[safe(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            say("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(highlight=False)
    cells = [[_SPOKEN.sub(r"\1\n\2", cell) for cell in row] for row in cells]
    for at in (at for at, head in enumerate(heads) if head == "dated"):
        for row in cells:
            row[at] = row[at].replace("T", " ")  # where a moment is broken, it is between day and time
    columns = [
        Column(head, no_wrap=head in _WHOLE, overflow="fold", min_width=_DAY if head == "dated" else None)
        for head in heads
    ]
    drawn = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for row in _fitted(heads, cells, console.width):
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def _fitted(heads: Sequence[str], cells: list[list[str]], width: int) -> list[list[str]]:
    """Columns of free text cut to what the others leave, so that each row is one line."""
    from rich.cells import cell_len, chop_cells

    free = [at for at, head in enumerate(heads) if head in _SHORTENED]
    widest = [
        max(cell_len(line) for cell in (head, *(row[at] for row in cells)) for line in cell.split("\n"))
        for at, head in enumerate(heads)
    ]
    left = width - 2 * len(heads) - sum(size for at, size in enumerate(widest) if at not in free)
    for at in sorted(free, key=lambda at: widest[at]):
        share = max(_LEAST, left // len(free))
        free = [each for each in free if each != at]
        for row in cells:
            if cell_len(row[at]) > share:
                row[at] = chop_cells(row[at], share - 1)[0].rstrip() + "…"
        left -= min(widest[at], share)
    return cells


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """Lines of ``name  value``, aligned."""
    shown = [(name, safe(value)) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        say(_wrapped(f"{name:<{width}}  {value}", sys.stdout, indent=width + 2))


def size(count: int) -> str:
    """Bytes for people: ``831 B``, ``12.4 kB``, ``1.0 GB``; decimal units."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.1f} {unit}"
    raise AssertionError


def many(count: int, noun: str, plural: str = "") -> str:
    """``1 letter``, ``3 letters``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
