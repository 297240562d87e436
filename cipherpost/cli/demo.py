"""``cipherpost demo``: the main job of a small network, through the very commands a user types.

Every officer has a home of his own below the folder, and each step is one call of the program, shown as it would be
typed. Nothing here knows more than a user could.
"""

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cipherpost.cli.demo_authority import Authority
from cipherpost.cli.demo_reports import Months, ThreeMonths
from cipherpost.cli.demo_stage import Stage, quoted
from cipherpost.desk import utc_now
from cipherpost.errors import UnableError
from cipherpost.workflows.shipped import shipped

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
    """Build the network in ``folder``, run its main job and three months of reports, and look at what came of them.

    Raises:
        UnableError: the folder is there and is not an earlier demo's, or ``force`` was not given; or a step of the
            story went another way than it should.
    """
    _make_folder(folder, force=force)
    began = time.monotonic()
    now = utc_now()
    months = Months(now)
    stage = Stage(folder, start=months.eve, quiet=quiet)
    job = MainJob(stage)
    fingerprint = job.found()
    names = job.admit_all(_offices(committees))
    job.broadcast()
    job.everybody_answers(names)
    job.instruct("tver")
    reports = ThreeMonths(stage, names, months)
    reports.play()
    Authority(stage, fingerprint).play(names[0])
    stage.until(now)
    job.audit()
    job.tamper(fingerprint)
    reports.show()
    job.farewell(fingerprint, time.monotonic() - began)


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


class MainJob:
    """Founding, admission, a circular to all and an instruction to one, the audit, and a forger found out."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def found(self) -> str:
        """The network and its second officer of the center."""
        with self.stage.part(f"The center founds the network {NETWORK} on a folder as post office."):
            self.stage.run(
                "center",
                "init",
                NETWORK,
                "--officer",
                "stasova",
                "--post",
                str(self.stage.post),
                "--title",
                "Central Committee",
                "--timezone",
                "Europe/Moscow",
                "--no-passphrase",
                lines=3,
            )
            self.stage.run("center", "invite", "center", "-o", self.stage.path("center.invitation"), show=False)
            joined = self.stage.ask(
                "center-2", "join", self.stage.path("center.invitation"), "--officer", "bazhanov", "--no-passphrase"
            )
            self.stage.say("  A second officer joins; his number is read aloud and compared.")
            self.stage.run("center", "admit", "center/bazhanov", "--heard", joined["spoken"], lines=1)
        found: str = self.stage.ask("center", "roster")["fingerprint"]
        return found

    def admit_all(self, offices: Sequence[tuple[str, str]]) -> list[str]:
        """Committees and an auditor: declared, invited, joined, admitted."""
        count = len(offices)
        with self.stage.part(f"It declares {count} gubernia committees and one auditor, invites and admits them."):
            table = self.stage.folder / "offices.csv"
            rows = [f"{name},{title} Gubernia Committee,committee" for name, title in offices]
            table.write_text("\n".join(["name,title,role", *rows, "audit,Audit Commission,auditor", ""]))
            self.stage.run("center", "office", "add", "--from", str(table), lines=1)
            names = [name for name, _ in offices]
            cards = []
            for name in [*names, "audit"]:
                invitation = self.stage.path(f"{name}.invitation")
                self.stage.run("center", "invite", name, "-o", invitation, show=name == names[0], lines=1)
                joined = self.stage.ask(name, "join", invitation, "--officer", f"{name}-clerk", "--no-passphrase")
                cards.append((name, joined))
            first, rest = cards[0], cards[1:]
            self.stage.say(f"  The clerk of {first[0]} reads twelve groups of digits aloud; the center types them.")
            self.stage.run("center", "admit", f"{first[0]}/{first[0]}-clerk", "--heard", first[1]["spoken"], lines=1)
            self.stage.say("  The others are admitted by their files, in one entry.")
            self.stage.run("center", "admit", *(joined["card"] for _, joined in rest), show=False)
            self.stage.say(f"  center $ cipherpost admit {rest[0][0]}.card ... ({len(rest)} files)")
            self.stage.run("center", "roster", lines=8)
        return names

    def broadcast(self) -> None:
        """The circular."""
        (self.stage.folder / "circular.md").write_text(shipped("examples", "circular.md"), encoding="utf-8")
        with self.stage.part("It broadcasts a circular, signed once and sealed to every committee's own key."):
            self.stage.run("center", "send", self.stage.path("circular.md"), "--to", "all", lines=1)

    def everybody_answers(self, names: Sequence[str]) -> None:
        """Each committee fetches, reads and replies."""
        with self.stage.part("Every committee fetches it, opens it, and replies."):
            for at, name in enumerate(names):
                first = at == 0
                self.stage.run(name, "fetch", show=first, lines=6)
                self.stage.run(name, "read", "center/all/1", show=first, lines=12)
                self.stage.run(
                    name,
                    "reply",
                    "center/all/1",
                    "-m",
                    f"Received in {name.title()}. Our conference is on the {1 + at % 28} December.",
                    show=first,
                    lines=1,
                )
                if not first:
                    self.stage.progress(at + 1, len(names))
            self.stage.say("  The center collects the answers and sees who has what.")
            self.stage.run("center", "fetch", lines=3)
            self.stage.run("center", "outbox", "center/all/1", lines=9)

    def instruct(self, name: str) -> None:
        """An instruction to one committee, with an attachment."""
        (self.stage.folder / "order.md").write_text(
            "# The agenda of your conference\n\nPut the enclosed agenda to the bureau before the tenth, and report "
            "compliance.\n",
            encoding="utf-8",
        )
        (self.stage.folder / "agenda.txt").write_text(shipped("examples", "agenda.txt"), encoding="utf-8")
        with self.stage.part(f"One committee, {name}, gets an instruction of its own with an attachment."):
            self.stage.run(
                "center",
                "send",
                self.stage.path("order.md"),
                "--to",
                name,
                "--attach",
                self.stage.path("agenda.txt"),
                "--due",
                "2099-12-10",
                "--complied",
                lines=1,
            )
            self.stage.run(name, "fetch", show=False)
            self.stage.run(name, "read", f"center/{name}/2", "--save", self.stage.path("saved"), lines=9)
            self.stage.run(name, "complied", f"center/{name}/2", lines=1)
            self.stage.run("center", "fetch", show=False)
            self.stage.run("center", "outbox", f"center/{name}/2", lines=9)

    def audit(self) -> None:
        """The auditor, who can read nothing."""
        with self.stage.part("The auditor, who can open no letter, verifies every signature and sequence."):
            self.stage.run("audit", "fetch", show=False)
            self.stage.run("audit", "audit", "--sealed", lines=14)

    def tamper(self, fingerprint: str) -> None:
        """A copy with one byte changed."""
        with self.stage.part("Somebody copies the post office and alters one byte of the circular's header."):
            copy = self.stage.folder / "tampered-post"
            shutil.copytree(self.stage.post, copy)
            note = copy / NETWORK / "center" / "all" / "00000001.note"
            data = bytearray(note.read_bytes())
            at = data.index(b"kind circular") + 5
            data[at] ^= 1
            note.chmod(0o600)
            note.write_bytes(data)
            self.stage.run("", "audit", "--post", str(copy), "--fingerprint", fingerprint, expect=3, lines=14)

    def farewell(self, fingerprint: str, seconds: float) -> None:
        """What to look at."""
        relative = os.path.relpath(self.stage.folder)
        here = quoted(str(self.stage.folder) if relative.startswith("..") else relative)
        program = os.environ.get("CIPHERPOST_SHOWN_AS", "cipherpost")
        self.stage.say(f"Done in {seconds:.0f} seconds. The network stays in {here}; look around with:")
        self.stage.say()
        self.stage.say(f"  a browser on {here}/returns.html and {here}/published/index.html")
        for words in (
            f"--home {here}/center",
            f"--home {here}/center returns --form monthly-return",
            f"--home {here}/tambov owed",
            f"--home {here}/center outbox center/all/1",
            f"--home {here}/center inbox",
            f"--home {here}/tver inbox",
            f"--home {here}/tver read center/all/1",
            f"--home {here}/audit audit",
            f"audit --post {here}/post --fingerprint \\\n    {fingerprint}",
        ):
            self.stage.say(f"  {program} {words}")
