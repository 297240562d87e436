"""What a network says in the end: everything that must be the same with a fault as without."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cipherpost.chain.network import Chain
from cipherpost.dispatch.header import Header
from cipherpost.errors import CipherpostError
from cipherpost.postoffice import names
from cipherpost.text import ROSTER
from faulting.plays import Play
from faulting.stage import Stage

_SILENT: Final = frozenset({"receipt", "check"})
"""Kinds that say what one has; how many are needed for that may differ."""
_PLACE: Final = re.compile(r"^[a-z0-9-]+/[a-z0-9-]+/[0-9]+$")
_HASH: Final = re.compile(rb"\b[0-9a-f]{64}\b|\S+\+[0-9a-f]{8}\+\S+")
_CUT: Final = re.compile(rb"^(cut|settle) .*?(\S+/\S+) .*$", re.MULTILINE)
_RANDOM: Final = re.compile(r"\be[a-z2-7]{8,16}\b|\b[0-9a-f]{8,64}\b|(\d{5} ){3,11}\d{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A network in its end; two outcomes are equal where nothing was lost and nothing came twice."""

    posted: Counter[str]
    acked: Counter[str]
    findings: frozenset[str]
    read: tuple[str, ...]
    documents: tuple[str, ...]

    def differs(self, other: "Outcome", more: tuple[str, ...] = ()) -> Iterator[str]:
        """In what this one differs from ``other``, which is as it must be, in words; ``more`` may be posted beside."""
        for word, mine, theirs in (("posted", self.posted, other.posted), ("acked", self.acked, other.acked)):
            yield from (f"not {word}: {each}" for each in theirs - mine)
            over = mine - theirs
            yield from (f"{word} too often: {each}" for each in over if over[each] > 1 or not each.startswith(more))
        yield from (f"found by the audit: {each}" for each in sorted(self.findings ^ other.findings))
        for word, given, due in (("read", self.read, other.read), ("document", self.documents, other.documents)):
            yield from (
                f"{word}: {mine} for {theirs}" for mine, theirs in zip(given, due, strict=True) if mine != theirs
            )


def promised(out: str) -> list[str]:
    """The dispatches that a command's output says are posted."""
    return [line for line in out.splitlines() if _PLACE.match(line)]


def chain(stage: Stage, play: Play, fingerprint: str) -> Chain:
    """The post office as a stranger verifies it who knows the fingerprint alone."""
    root = stage.root / play.post
    found, notes = Chain(play.network, fingerprint), []
    for path in sorted(root.rglob("*.note")):
        slot = names.parse_object_name(path.relative_to(root).as_posix())
        if isinstance(slot, names.Slot) and slot.network == play.network:
            notes.append((slot.channel != ROSTER, slot.channel, slot.number, path.read_bytes()))
    for _, channel, number, data in sorted(notes):
        try:
            found.offer(channel, number, data)
        except CipherpostError:
            continue  # the audit names it
    return found


def counts(judged: Chain, place: str) -> bool:
    """Whether a dispatch is there and counts."""
    channel, _, number = place.rpartition("/")
    return judged.channel(channel).entry(int(number)) is not None


def outcome(stage: Stage, play: Play, fingerprint: str, readers: tuple[str, ...]) -> Outcome:
    """All that there is to compare, after everybody has fetched."""
    judged = chain(stage, play, fingerprint)
    headers = [node.header for view in judged.channels.values() for node in view.counting()]
    letters: Counter[str] = Counter()
    ordinal = {}
    for header in headers:
        if header.kind not in _SILENT:
            letters[header.channel] += 1
            ordinal[header.channel, header.number] = letters[header.channel]
    acked = Counter(
        f"{header.office}: {ack.channel} {ordinal[ack.channel, ack.number]} {ack.word}"
        for header in headers
        for ack in header.acks
        if ack.word != "seen" and (ack.channel, ack.number) in ordinal
    )
    return Outcome(
        posted=Counter(_said(header) for header in headers if header.kind not in _SILENT),
        acked=acked,
        findings=_findings(stage, play, fingerprint),
        read=tuple(_read(stage, play, home) for home in readers)
        + tuple(_shown(stage, play, home, words) for home, words in play.after),
        documents=tuple(_document(stage.root / name, play) for name in play.documents),
    )


def _said(header: Header) -> str:
    """What a dispatch says, but for what is random and for where receipts let it stand."""
    statements = _CUT.sub(rb"\1 \2", _HASH.sub(b"#", header.statements or b"")).decode()
    parts: tuple[Any, ...] = (
        header.channel, header.kind, header.by, header.reply and header.reply.channel, header.supersedes is not None,
        header.cancels is not None, header.due, header.report and header.report.form, header.decision,
        len(header.endorsed), statements,
    )  # fmt: skip
    return " ".join(str(part) for part in parts if part)


def _findings(stage: Stage, play: Play, fingerprint: str) -> frozenset[str]:
    post = f"{{root}}/{play.post}"
    done = stage.run(None, "audit", "--post", post, "--fingerprint", fingerprint, "--sealed", "--json")
    return frozenset(f"{each['code']} {each['channel']}" for each in json.loads(done.out)["findings"])


def _read(stage: Stage, play: Play, home: str) -> str:
    """How many letters a home has, by state, and what waits in it."""
    env = play.env if home == play.home else None
    found = []
    for word in ("inbox", "outbox") if home == play.home else ("inbox",):
        done = stage.run(home, word, "--json", env=env)
        try:
            rows = json.loads(done.out)["dispatches"]
        except (ValueError, KeyError):
            found.append(f"{word} ends with {done.code}")
        else:
            found.append(f"{word} {sorted(Counter(row['state'] for row in rows).items())}")
    return f"{home}: " + "; ".join(found)


def _shown(stage: Stage, play: Play, home: str, words: tuple[str, ...]) -> str:
    done = stage.run(home, *words, env=play.env if home == play.home else None)
    text = re.sub(re.escape(str(stage.root)), "", done.out)
    return f"{done.code} {len(_RANDOM.sub('', text).split())} words"


def _document(path: Path, play: Play) -> str:
    """A file or folder that was written; its bytes where they are the same each time, else that it is whole."""
    if not path.exists():
        return f"{path.name} is missing"
    files = (
        [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file() and each.name[0] != ".")
    )
    parts = [f"{each.name} {_content(each.read_bytes(), same=play.same)}" for each in files]
    return str(parts)


def _content(data: bytes, *, same: bool) -> str:
    if same:
        return hashlib.sha256(data).hexdigest()
    return f"{data[:16]!r} to {data[-9:]!r}" if data[:1] == b"<" else f"{data[:12]!r}, about {len(data) >> 10} KiB"
