"""``cipherpost demo``: the main job of a small network, through the very commands a user types.

Every officer has a home of his own below the folder, and each step is one call of the program, shown as it would be
typed. Nothing here knows more than a user could.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from cipherpost.cli import output
from cipherpost.errors import UnableError

NETWORK: Final = "rkpb"
GUBERNIAS: Final = (
    ("tver", "Tver"), ("saratov", "Saratov"), ("samara", "Samara"), ("penza", "Penza"), ("tambov", "Tambov"),
    ("ryazan", "Ryazan"), ("tula", "Tula"), ("orel", "Orel"), ("kursk", "Kursk"), ("voronezh", "Voronezh"),
    ("kaluga", "Kaluga"), ("smolensk", "Smolensk"), ("pskov", "Pskov"), ("novgorod", "Novgorod"),
    ("vologda", "Vologda"), ("vyatka", "Vyatka"), ("perm", "Perm"), ("kazan", "Kazan"), ("simbirsk", "Simbirsk"),
    ("astrakhan", "Astrakhan"),
)  # fmt: skip
_MARK: Final = "made by cipherpost demo\n"


def play(folder: Path, *, committees: int, force: bool, quiet: bool) -> None:
    """Build the network in ``folder`` and run its main job.

    Raises:
        UnableError: the folder is there and is not an earlier demo's, or ``force`` was not given.
        AssertionError: never, unless the program itself is broken.
    """
    _make_folder(folder, force=force)
    began = time.monotonic()
    stage = _Stage(folder, quiet=quiet)
    fingerprint = stage.found()
    names = stage.admit_all(_offices(committees))
    stage.broadcast()
    stage.everybody_answers(names)
    stage.instruct("tver")
    stage.audit()
    stage.tamper(fingerprint)
    stage.farewell(fingerprint, time.monotonic() - began)


def _make_folder(folder: Path, *, force: bool) -> None:
    mark = folder / "demo"
    if folder.exists():
        if not mark.is_file() or mark.read_text() != _MARK:
            raise UnableError(
                "the folder is there and holds something else",
                where=str(folder),
                rule="nothing is lost",
                hints=("cipherpost demo ANOTHER-FOLDER",),
            )
        if not force:
            raise UnableError("an earlier demo is there", where=str(folder), hints=("cipherpost demo --force",))
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    mark.write_text(_MARK)


def _offices(count: int) -> list[tuple[str, str]]:
    more = ((f"district-{at}", f"District {at}") for at in range(1, count))
    return [*GUBERNIAS, *more][:count]


def example(name: str) -> str:
    """One of the texts that come with the package."""
    package = resources.files("cipherpost")
    inside = package.joinpath("examples", name)
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    return Path(str(package)).parent.joinpath("examples", name).read_text(encoding="utf-8")  # an editable install


class _Stage:
    """Plays all parts, each in its own home."""

    def __init__(self, folder: Path, *, quiet: bool) -> None:
        self.folder = folder
        self._quiet = quiet
        self.post = folder / "post"

    # ---- saying and doing ----------------------------------------------------------------------------------------

    def _say(self, text: str = "") -> None:
        output.say(text)

    def _run(self, home: str, *words: str, show: bool = True, expect: int = 0, lines: int = 4) -> str:
        """One command as ``home``; what it printed, of which a few lines are shown."""
        from cipherpost.cli import run

        if show and not self._quiet:
            shown = " ".join(_quoted(word.replace(f"{self.folder}{os.sep}", "")) for word in words)
            for line in textwrap.wrap(
                f"{home + ' ' if home else ''}$ cipherpost {shown}", 76, break_on_hyphens=False, break_long_words=False
            ):
                self._say(f"  {line}" if "$ " in line[:20] else f"      {line}")
        place = ["--home", str(self.folder / home)] if home else []
        printed, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            code = run([*place, *words])
        if code != expect:
            raise UnableError(
                f"a step of the demo ended with {code} where {expect} was due: {told.getvalue().strip()}",
                where=" ".join(words),
                hints=("cipherpost doctor",),
            )
        if show and not self._quiet:
            for line in _aligned((printed.getvalue() + told.getvalue()).splitlines()[:lines]):
                self._say(f"      {line}".rstrip())
        return printed.getvalue()

    def _json(self, home: str, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run(home, *words, "--json", show=False))
        return found

    @contextlib.contextmanager
    def _part(self, title: str) -> Iterator[None]:
        self._say(title)
        yield
        self._say()

    def _path(self, name: str) -> str:
        return str(self.folder / name)

    # ---- the play ------------------------------------------------------------------------------------------------

    def found(self) -> str:
        """The network and its second officer of the center."""
        with self._part(f"1. The center founds the network {NETWORK} on a folder as post office."):
            self._run(
                "center",
                "init",
                NETWORK,
                "--officer",
                "stasova",
                "--post",
                str(self.post),
                "--title",
                "Central Committee",
                "--timezone",
                "Europe/Moscow",
                "--no-passphrase",
                lines=3,
            )
            self._run("center", "invite", "center", "-o", self._path("center.invitation"), show=False)
            joined = self._json(
                "center-2", "join", self._path("center.invitation"), "--officer", "bazhanov", "--no-passphrase"
            )
            self._say("  A second officer joins; his number is read aloud and compared.")
            self._run("center", "admit", "center/bazhanov", "--heard", joined["spoken"], lines=1)
        found: str = self._json("center", "roster")["fingerprint"]
        return found

    def admit_all(self, offices: Sequence[tuple[str, str]]) -> list[str]:
        """Committees and an auditor: declared, invited, joined, admitted."""
        with self._part(f"2. It declares {len(offices)} gubernia committees and one auditor, invites and admits them."):
            table = self.folder / "offices.csv"
            rows = [f"{name},{title} Gubernia Committee,committee" for name, title in offices]
            table.write_text("\n".join(["name,title,role", *rows, "audit,Audit Commission,auditor", ""]))
            self._run("center", "office", "add", "--from", str(table), lines=1)
            names = [name for name, _ in offices]
            cards = []
            for name in [*names, "audit"]:
                invitation = self._path(f"{name}.invitation")
                self._run("center", "invite", name, "-o", invitation, show=name == names[0], lines=1)
                joined = self._json(name, "join", invitation, "--officer", f"{name}-clerk", "--no-passphrase")
                cards.append((name, joined))
            first, rest = cards[0], cards[1:]
            self._say(f"  The clerk of {first[0]} reads twelve groups of digits aloud; the center types them.")
            self._run("center", "admit", f"{first[0]}/{first[0]}-clerk", "--heard", first[1]["spoken"], lines=1)
            self._say("  The others are admitted by their files, in one entry.")
            self._run("center", "admit", *(joined["card"] for _, joined in rest), show=False)
            self._say(f"  center $ cipherpost admit {rest[0][0]}.card ... ({len(rest)} files)")
            self._run("center", "roster", lines=8)
        return names

    def broadcast(self) -> None:
        """The circular."""
        (self.folder / "circular.md").write_text(example("circular.md"), encoding="utf-8")
        with self._part("3. It broadcasts a circular, signed once and sealed to every committee's own key."):
            self._run("center", "send", self._path("circular.md"), "--to", "all", lines=1)

    def everybody_answers(self, names: Sequence[str]) -> None:
        """Each committee fetches, reads and replies."""
        with self._part("4. Every committee fetches it, opens it, and replies."):
            for at, name in enumerate(names):
                first = at == 0
                self._run(name, "fetch", show=first, lines=6)
                self._run(name, "read", "center/all/1", show=first, lines=12)
                self._run(
                    name,
                    "reply",
                    "center/all/1",
                    "-m",
                    f"Received in {name.title()}. Our conference is on the {1 + at % 28} December.",
                    show=first,
                    lines=1,
                )
                if not first:
                    self._progress(at + 1, len(names))
            self._say("  The center collects the answers and sees who has what.")
            self._run("center", "fetch", lines=3)
            self._run("center", "outbox", "center/all/1", lines=9)

    def instruct(self, name: str) -> None:
        """An instruction to one committee, with an attachment."""
        (self.folder / "order.md").write_text(
            "# The agenda of your conference\n\nPut the enclosed agenda to the bureau before the tenth, and report "
            "compliance.\n",
            encoding="utf-8",
        )
        (self.folder / "agenda.txt").write_text(example("agenda.txt"), encoding="utf-8")
        with self._part(f"5. One committee, {name}, gets an instruction of its own with an attachment."):
            self._run(
                "center",
                "send",
                self._path("order.md"),
                "--to",
                name,
                "--attach",
                self._path("agenda.txt"),
                "--due",
                "2099-12-10",
                "--complied",
                lines=1,
            )
            self._run(name, "fetch", show=False)
            self._run(name, "read", f"center/{name}/2", "--save", self._path("saved"), lines=9)
            self._run(name, "complied", f"center/{name}/2", lines=1)
            self._run("center", "fetch", show=False)
            self._run("center", "outbox", f"center/{name}/2", lines=9)

    def audit(self) -> None:
        """The auditor, who can read nothing."""
        with self._part("6. The auditor, who can open no letter, verifies every signature and sequence."):
            self._run("audit", "fetch", show=False)
            self._run("audit", "audit", "--sealed", lines=14)

    def tamper(self, fingerprint: str) -> None:
        """A copy with one byte changed."""
        with self._part("7. Somebody copies the post office and alters one byte of the circular's header."):
            copy = self.folder / "tampered-post"
            shutil.copytree(self.post, copy)
            note = copy / NETWORK / "center" / "all" / "00000001.note"
            data = bytearray(note.read_bytes())
            at = data.index(b"kind circular") + 5
            data[at] ^= 1
            note.chmod(0o600)
            note.write_bytes(data)
            self._run("", "audit", "--post", str(copy), "--fingerprint", fingerprint, expect=3, lines=14)

    def farewell(self, fingerprint: str, seconds: float) -> None:
        """What to look at."""
        relative = os.path.relpath(self.folder)
        here = _quoted(str(self.folder) if relative.startswith("..") else relative)
        program = os.environ.get("CIPHERPOST_SHOWN_AS", "cipherpost")
        self._say(f"Done in {seconds:.0f} seconds. The network stays in {here}; look around with:")
        self._say()
        for words in (
            f"--home {here}/center",
            f"--home {here}/center outbox center/all/1",
            f"--home {here}/center inbox",
            f"--home {here}/tver inbox",
            f"--home {here}/tver read center/all/1",
            f"--home {here}/audit audit",
            f"audit --post {here}/post --fingerprint \\\n    {fingerprint}",
        ):
            self._say(f"  {program} {words}")

    def _progress(self, done: int, total: int) -> None:
        if sys.stdout.isatty() and not self._quiet:
            sys.stderr.write(f"\r      {done} of {total} committees" + ("\n" if done == total else ""))
            sys.stderr.flush()


def _aligned(lines: list[str]) -> Iterator[str]:
    """Tables, which are printed with tabs where nobody looks, in columns; long lines broken between words."""
    rows = [line.split("\t") for line in lines if "\t" in line]
    count = max(map(len, rows), default=0)
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(count)]
    for line in lines:
        if "\t" in line:
            cells = [cell.ljust(width) for cell, width in zip(line.split("\t"), widths, strict=False)]
            yield "  ".join(cells)
        elif len(line) <= 74:
            yield line
        else:
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            yield from textwrap.wrap(line, 74, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)
