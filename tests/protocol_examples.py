"""The worked examples and generated tables of docs/protocol.md, made with fixed seeds by the code itself.

`tests/test_protocol_page.py` compares them with the page. After a change of a format:

    python tests/protocol_examples.py         writes them into the page

The seed of a key is SHA-256 of ``cipherpost example KIND OFFICE/OFFICER`` with KIND ``sign`` or ``seal``; salts
are taken one after another from SHA-256 of ``cipherpost example salt N``, N counted from 1. The sealed files themselves
are not made, since sealing is never the same twice: their hashes are SHA-256 of ``cipherpost example sealed N``.
"""

import hashlib
import io
import itertools
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cipherpost import age, carry, limits, note
from cipherpost.card import Card, Invitation, format_invitation, sign_card
from cipherpost.chain.findings import CODES
from cipherpost.dispatch import draft, kinds
from cipherpost.dispatch.header import (
    Ack,
    Decision,
    DraftRef,
    Due,
    Endorsement,
    Head,
    Header,
    HeadsFile,
    Reply,
    Report,
    RosterRef,
    Sealed,
    format_header,
)
from cipherpost.letter import LetterDraft, Written, write_letter
from cipherpost.note import Purpose, SignerKey, Text
from cipherpost.text import parse_date, sha256, spoken

PAGE = Path(__file__).parent.parent / "docs" / "protocol.md"
NETWORK = "rkpb"


def seed(kind: str, officer: str) -> bytes:
    """The 32 secret bytes of an example key."""
    return hashlib.sha256(f"cipherpost example {kind} {officer}".encode()).digest()


def salts() -> Callable[[int], bytes]:
    """Bytes that stand in for random ones, the same in every run."""
    count = itertools.count(1)
    return lambda size: hashlib.sha256(f"cipherpost example salt {next(count)}".encode()).digest()[:size]


@dataclass(frozen=True)
class Officer:
    """An officer of the examples with his keys and card."""

    path: str
    signer: SignerKey
    card: bytes

    @property
    def card_hash(self) -> str:
        return sha256(note.split(self.card).text)

    @property
    def name(self) -> str:
        return self.path.split("/")[1]

    def statement(self, word: str = "") -> str:
        return f"officer {self.path} {self.signer.verifier} {self.card_hash}{word}"


def officer(path: str, *, fingerprint: str | None, time: str) -> Officer:
    """An officer with keys from his name."""
    office, name = path.split("/")
    signer = SignerKey(note.key_name(NETWORK, office, name), seed("sign", path))
    card = Card(
        fingerprint=fingerprint,
        network=NETWORK,
        office=office,
        officer=name,
        time=time,
        vkey=signer.verifier,
        recipient_text=age.HybridIdentity.from_seed(seed("seal", path)).recipient.text,
    )
    return Officer(path, signer, sign_card(card, signer))


def sealed(number: int, letter: Written, readers: int) -> tuple[Sealed, ...]:
    """The line of a sealed file that is not made; its size is that of a real one."""
    count = _Count()
    keys = [age.HybridIdentity.from_seed(seed("seal", str(at))).recipient for at in range(readers)]
    age.encrypt(keys, io.BytesIO(bytes(letter.size)), count)
    return (Sealed(sha256(f"cipherpost example sealed {number}".encode()), count.size),)


class _Count:
    size = 0

    def write(self, data: bytes, /) -> int:
        self.size += len(data)
        return len(data)


def statements(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


class Story:
    """A small network from its founding to a first report: every dispatch follows on the ones before."""

    def __init__(self) -> None:
        self.notes: dict[str, list[bytes]] = {}
        self.hashes: dict[str, list[str]] = {}
        self.examples: dict[str, bytes] = {}
        self._found()
        self._admit()
        self._write()
        self._answer()
        self._endorse()

    def post(self, header: Header, by: Officer, example: str = "") -> bytes:
        """Give a header its number, previous and signature; keep it, and show it as ``example``."""
        before = self.hashes.setdefault(header.channel, [])
        header = header._replace(number=len(before) + 1, previous=before[-1] if before else None)
        return self.keep(header, by, example)

    def keep(self, header: Header, by: Officer, example: str = "") -> bytes:
        text = Text(Purpose.DISPATCH, format_header(header))
        signed = by.signer.sign(text)
        self.hashes[header.channel].append(text.hash)
        self.notes.setdefault(header.channel, []).append(signed)
        if example:
            self.examples[example] = signed
        return signed

    def header(self, channel: str, by: Officer, kind: str, time: str) -> Header:
        roster = self.hashes.get("center/roster", [])
        relied = RosterRef(len(roster), roster[-1]) if kind != "roster" else None
        return Header(NETWORK, channel, 1, None, time, by.name, kind, roster=relied)

    # ---- the story -----------------------------------------------------------------------------------

    def _found(self) -> None:
        self.stasova = officer("center/stasova", fingerprint=None, time="2026-11-20T08:00:00Z")
        header = self.header("center/roster", self.stasova, "roster", "2026-11-20T08:00:00Z")
        said = statements(
            "office center center",
            "title center Central Committee",
            self.stasova.statement(),
            "keepers stasova",
            "timezone Europe/Moscow",
        )
        self.post(header._replace(statements=said), self.stasova, "genesis")
        self.fingerprint = self.hashes["center/roster"][0]
        self.examples["fingerprint"] = f"{self.fingerprint}\n{spoken(self.fingerprint)}\n".encode()

    def _admit(self) -> None:
        header = self.header("center/roster", self.stasova, "roster", "2026-11-20T08:10:00Z")
        said = statements(
            "office tver committee",
            "title tver Tver Gubernia Committee",
            f"form monthly-return 1 {sha256(b'cipherpost example form 1')}",
            f"form conference-before 1 {sha256(b'cipherpost example form 2')}",
            "duty monthly-return all monthly due 5 grace 3 from 2026-10",
            "duty conference-before all event",
        )
        self.post(header._replace(statements=said), self.stasova, "settings")
        invitation = Invitation(
            network=NETWORK,
            fingerprint=self.fingerprint,
            roster=RosterRef(2, self.hashes["center/roster"][1]),
            office="tver",
            post="/srv/post",
            title="Tver Gubernia Committee",
        )
        self.examples["invitation"] = format_invitation(invitation)
        self.examples["invitation-armored"] = carry.armor("INVITATION", self.examples["invitation"]).encode()
        self.ivanov = officer("tver/ivanov", fingerprint=self.fingerprint, time="2026-11-20T19:30:00Z")
        self.examples["card"] = carry.armor("CARD", self.ivanov.card).encode()
        self.examples["card-hash"] = f"{self.ivanov.card_hash}\n{spoken(self.ivanov.card_hash)}\n".encode()
        header = self.header("center/roster", self.stasova, "roster", "2026-11-21T07:45:00Z")
        said = statements(self.ivanov.statement())
        self.post(header._replace(statements=said), self.stasova, "admission")

    def _write(self) -> None:
        what = LetterDraft(
            fingerprint=self.fingerprint,
            from_office="center",
            to=("all",),
            kind="circular",
            written="2026-11-22T08:55:00Z",
            subject="Conferences in December",
            body="Each committee holds its conference before the tenth.\n",
            body_type="md",
        )
        archive = io.BytesIO()
        random = salts()
        self.letter = write_letter(what, archive, random=random)
        self.archive = archive.getvalue()
        members = self.archive[512:].split(b"\0", 1)[0]
        self.examples["members.json"] = members + b"\n"
        self.examples["letter.json"] = self.letter.letter_json + b"\n"
        self.examples["letter-archive"] = f"{sha256(self.archive)} {len(self.archive)}\n".encode()
        header = self.header("center/all", self.stasova, "circular", "2026-11-22T09:00:00Z")._replace(
            letter=self.letter.letter_hash, sealed=sealed(1, self.letter, 2), due=Due(parse_date("2026-12-15"), "reply")
        )
        self.post(header, self.stasova, "circular")

    def _answer(self) -> None:
        circular = self.hashes["center/all"][0]
        header = self.header("tver/center", self.ivanov, "receipt", "2026-11-22T18:20:00Z")._replace(
            acks=(
                Ack("center/all", 1, circular, "received"),
                Ack("center/all", 1, circular, "seen"),
                Ack("center/tver", 0, None, "seen"),
            )
        )
        self.post(header, self.ivanov, "receipt")
        header = self.header("tver/center", self.ivanov, "report", "2026-11-23T06:00:00Z")._replace(
            reply=Reply("center/all", 1, circular),
            report=Report("conference-before", "e7k2m6qab", parse_date("2026-12-08"), False),
        )
        self.post(self.with_letter(header, 2, 2), self.ivanov, "report")

    def _endorse(self) -> None:
        sverdlov = officer("center/sverdlov", fingerprint=self.fingerprint, time="2026-11-23T07:00:00Z")
        header = self.header("center/roster", self.stasova, "roster", "2026-11-23T07:30:00Z")
        petrov = officer("audit/petrov", fingerprint=self.fingerprint, time="2026-11-23T07:05:00Z")
        said = statements(
            sverdlov.statement(),
            "threshold center 2",
            "office audit auditor",
            "title audit Audit Commission",
            petrov.statement(" unchecked"),
        )
        self.post(header._replace(statements=said), self.stasova)
        header = self.header("center/center", self.stasova, "message", "2026-11-23T09:00:00Z")
        self.post(self.with_letter(header, 3, 2), self.stasova)
        report = self.hashes["tver/center"][1]
        header = self.header("center/tver", self.stasova, "decision", "2026-11-23T10:00:00Z")._replace(
            draft=DraftRef(1, parse_date("2026-11-30")),
            decision=Decision("extended", "tver", "monthly-return", "2026-10", None, None, parse_date("2026-12-01")),
            heads=(Head("center/all", 1, self.hashes["center/all"][0]),),
            acks=(Ack("tver/center", 2, report, "received"), Ack("tver/center", 2, report, "seen")),
        )
        header = self.with_letter(header, 4, 3)
        text = draft.draft_text(self.fingerprint, header)
        self.examples["draft"] = text.data
        endorsed = header._replace(endorsed=(Endorsement("sverdlov", sverdlov.signer.sign_raw(text)),))
        self.post(endorsed, self.stasova, "decision")
        header = self.header("center/all", self.stasova, "key", "2026-12-01T06:00:00Z")
        self.post(self.with_letter(header, 5, 3), self.stasova, "key")
        self._audit(petrov)

    def _audit(self, petrov: Officer) -> None:
        heads = sorted((channel, len(hashes), hashes[-1]) for channel, hashes in self.hashes.items())
        file = statements(*(f"head {channel} {number} {hashed}" for channel, number, hashed in heads))
        self.examples["heads-file"] = file
        header = self.header("audit/center", petrov, "audit", "2026-12-02T12:00:00Z")
        header = self.with_letter(header, 6, 3)._replace(
            heads_file=HeadsFile(sha256(file), len(file)),
            acks=tuple(Ack(channel, number, hashed, "seen") for channel, number, hashed in heads),
        )
        self.post(header, petrov, "audit")

    def with_letter(self, header: Header, number: int, readers: int) -> Header:
        """``header`` with the lines of a letter that is not shown."""
        letter = sha256(f"cipherpost example letter {number}".encode())
        return header._replace(letter=letter, sealed=sealed(number, self.letter, readers))


# ---- tables --------------------------------------------------------------------------------------


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _listed(words: Iterable[str]) -> str:
    return " ".join(words) or "-"


def matrix_table() -> str:
    """One row a kind: from whom, to whom, signatures, required and allowed lines."""
    return table(
        ("kind", "from", "to", "signatures", "required", "allowed"),
        (
            (f"`{row.kind}`", *map(_listed, (row.roles, row.audiences, (row.signatures,), row.required, row.allowed)))
            for row in kinds.matrix()
        ),
    )


def lines_table() -> str:
    """The same matrix the other way round, one row a line: R required, a allowed."""
    rows = kinds.matrix()
    return table(
        ("line", *(row.kind for row in rows)),
        (
            (f"`{word}`", *("R" if word in row.required else "a" if word in row.allowed else "" for row in rows))
            for word in kinds.OPTIONAL
        ),
    )


def findings_table() -> str:
    """Every finding code."""
    return table(
        ("code", "grade", "points to", "exit", "rule"),
        ((f"`{code}`", row.grade, row.points_to, str(row.exit_code), row.rule) for code, row in CODES.items()),
    )


LIMITS = {
    "HEADER_BYTES": "bytes of a whole note, signature lines included, of any kind but roster",
    "ROSTER_BYTES": "bytes of a whole note of kind roster, signature lines included",
    "STATEMENTS": "statements in one roster entry",
    "KEEPERS": "keepers, and recovery keys",
    "LATERAL_MEMBERS": "members of a lateral group",
    "DUTY_DAYS": "days of `due`, `within` and `grace`",
    "ACKS": "`ack` lines of a header",
    "MISSING": "`missing` lines of a header",
    "HEADS": "`head` lines of a header",
    "ENDORSED": "`endorsed` lines of a header; so a threshold is at most one more",
    "SEALED_OF_KEY": "`sealed` lines of kind key",
    "READERS_OF_KEY": "readers of one sealed file of kind key",
    "NUMBER": "the highest number of a dispatch, proposal or roster entry",
    "SIZE": "bytes of a sealed file, and of a member of a letter",
    "FREE_TEXT": "characters of a title or subject",
    "NAME": "characters of a name",
    "AGE_HEADER_BYTES": "bytes of an age header",
    "HEADS_FILE_BYTES": "bytes of a heads file",
    "ALTERNATES": "alternate names looked at for one slot",
    "ATTACHMENT_NAME_BYTES": "bytes of an attachment's name",
    "MEMBERS": "members of a letter beside its two papers",
    "LETTER_JSON_BYTES": "bytes of `letter.json`, and of `members.json`",
    "BODY_BYTES": "bytes of the body",
    "DATA_BYTES": "bytes of `data.json`",
    "JSON_DEPTH": "nesting of any JSON",
    "JSON_VALUES": "values in any JSON",
    "TAR_NAME_BYTES": "bytes of a member's name in an archive",
    "CLOCK_AHEAD_SECONDS": "seconds that a dispatch may be ahead of the judging time without the finding `clock`",
    "CARD_BYTES": "bytes of a card or invitation without its armor",
}


def limits_table() -> str:
    """The limits of the protocol."""
    return table(("limit", "value", "of what"), ((f"`{n}`", str(getattr(limits, n)), w) for n, w in LIMITS.items()))


TABLES = {"matrix": matrix_table, "lines": lines_table, "findings": findings_table, "limits": limits_table}


def examples() -> dict[str, bytes]:
    """Every example by its name; each ends in LF, which is not part of the two JSON ones."""
    return Story().examples


# ---- the page ------------------------------------------------------------------------------------

_EXAMPLE = re.compile(r"<!-- example: ([a-z.-]+) -->\n```\n(.*?\n)```\n", re.DOTALL)
_TABLE = re.compile(r"<!-- table: ([a-z]+) -->\n\n(.*?)\n<!-- end -->\n", re.DOTALL)


def on_page(page: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The examples and tables that stand in ``page``."""
    found = {name: text.encode() for name, text in _EXAMPLE.findall(page)}
    return found, dict(_TABLE.findall(page))


def written(page: str) -> str:
    """``page`` with all examples and tables made anew."""
    made = examples()
    page = _EXAMPLE.sub(lambda m: f"<!-- example: {m[1]} -->\n```\n{made[m[1]].decode()}```\n", page)
    return _TABLE.sub(lambda m: f"<!-- table: {m[1]} -->\n\n{TABLES[m[1]]()}\n<!-- end -->\n", page)


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(before), encoding="utf-8", newline="\n")
    sys.stdout.write(
        "docs/protocol.md is up to date\n" if written(before) == before else "docs/protocol.md was changed\n"
    )
