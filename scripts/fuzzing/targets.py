"""Every parser of the package, as something that takes bytes; run by ``scripts/fuzz`` and, on few inputs, by the tests.

A target refuses with an exception of the package's own, or parses. Where a format has one form only, what was parsed is
printed again and must be the same bytes: a target that finds another says so with an `AssertionError`.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final

from cipherpost import age, card, carry, limits, note, strictjson, text
from cipherpost.chain import proofs
from cipherpost.chain.network import Chain
from cipherpost.dispatch import draft, header, heads, periods
from cipherpost.errors import CipherpostError, TooLargeError
from cipherpost.forms import answers, rendering, schema
from cipherpost.forms.builtin import builtin
from cipherpost.home import paper, settings
from cipherpost.ledger import demands
from cipherpost.letter import papers, reading
from cipherpost.postoffice import names
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.publication import parts, verify
from cipherpost.roster import statements
from cipherpost.tar import TarReader

VECTORS: Final = Path(__file__).resolve().parents[2] / "tests" / "vectors"
NETWORK: Final = "rkpb"
REFUSED: Final = CipherpostError
"""All that a target may raise."""

Target = Callable[[bytes], object]


def _note(data: bytes) -> None:
    parsed = note.split(data)
    lines = b"".join(note.signature_line(*line) for line in parsed.lines)
    assert parsed.text + b"\n" + lines == data


def _header(data: bytes) -> None:
    assert header.format_header(header.parse_header(data)) == data


def _draft(data: bytes) -> None:
    assert draft.format_draft(draft.parse_draft(data)).data == data


def _heads(data: bytes) -> None:
    assert heads.format_heads(heads.parse_heads(data)) == data


def _statements(data: bytes) -> None:
    assert statements.format_statements(statements.parse_statements(data)) == data


def _invitation(data: bytes) -> None:
    assert card.format_invitation(card.parse_invitation(data)) == data


def _carried(data: bytes) -> None:
    with contextlib.suppress(CipherpostError):
        carry.dearmor_all(data, "CARD")
    carry.dearmor(data, "INVITATION")


def _json(data: bytes) -> None:
    strictjson.parse(data, limit=1 << 20)
    assert strictjson.canonical(strictjson.parse_canonical(data, limit=1 << 20)) == data


def _tar(data: bytes) -> None:
    for member in TarReader(io.BytesIO(data), max_members=1000):
        while member.read(1 << 16):
            pass


def _members(data: bytes) -> None:
    assert papers.print_members(papers.parse_members(data)) == data


@cache
def _letter_hash() -> str:
    return text.sha256((VECTORS / "formats" / "letter.json").read_bytes())


def _letter(data: bytes) -> None:
    reading.read_letter(io.BytesIO(data), expect_hash=_letter_hash())


@cache
def fingerprint() -> str:
    """That of the network in the vectors."""
    return (VECTORS / "formats" / "fingerprint.txt").read_text("ascii").split()[0]


def _publication(data: bytes) -> None:
    verify(io.BytesIO(data), fingerprint())


def _fork_proof(data: bytes) -> None:
    proofs.verify(data, fingerprint())


def _bundle(data: bytes) -> None:
    descriptor, path = tempfile.mkstemp(prefix="cipherpost-fuzz-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        post = BundlePost(path)
        try:
            for name in post.names(""):
                with contextlib.suppress(TooLargeError):
                    post.get(name, limits.ROSTER_BYTES)
        finally:
            post.close()
    finally:
        Path(path).unlink()


def _age(data: bytes) -> None:
    age.inspect(io.BytesIO(data))


@cache
def identities() -> "tuple[age.HybridIdentity, ...]":
    """The sealing keys of tver/ivanov in the vectors."""
    found = age.parse_identity_file((VECTORS / "secrets" / "tver-ivanov.seal").read_bytes())
    return tuple(each for each in found if isinstance(each, age.HybridIdentity))


def _decryption(data: bytes) -> None:
    opened = age.decrypt(identities(), age.open_any(io.BytesIO(data)))
    while opened.read(1 << 16):
        pass


@cache
def roster() -> tuple[bytes, ...]:
    """The roster of the network in the vectors."""
    folder = VECTORS / "post" / NETWORK / "center" / "roster"
    return tuple(path.read_bytes() for path in sorted(folder.glob("*.note")))


def _chain(data: bytes) -> None:
    """A slot of a channel, and of the roster, that holds these bytes."""
    chain = Chain(NETWORK, fingerprint())
    for number, entry in enumerate(roster(), 1):
        chain.offer("center/roster", number, entry)
    with contextlib.suppress(CipherpostError):
        chain.offer("center/all", 1, data)
    with contextlib.suppress(CipherpostError):
        chain.offer("center/roster", len(roster()) + 1, data)
    chain.findings("2026-12-13T12:00:00Z")


def _words(data: bytes) -> None:
    """Whatever is one word or one line: names, numbers, times, places, keys; from a command line, of any bytes."""
    word = data.decode("utf-8", "surrogateescape")
    with contextlib.suppress(CipherpostError, UnicodeDecodeError):
        note.VerifierKey.parse(data.decode())  # stands in texts only, which are UTF-8
    for parse in (
        text.parse_name, text.parse_number, text.parse_size, text.parse_hash, text.parse_date, text.parse_time,
        text.parse_channel, text.parse_place, text.parse_spoken, text.check_free_text, periods.parse_period,
        demands.parse_id, names.parse_object_name, names.check_object_name, age.parse_recipient, age.parse_identity,
    ):  # fmt: skip
        with contextlib.suppress(CipherpostError):
            parse(word)
    with contextlib.suppress(CipherpostError):
        text.decode_lines(data)


def _answers(data: bytes) -> None:
    form = builtin("monthly-return")
    for name in ("data.json", "data.toml", "data.csv"):
        with contextlib.suppress(CipherpostError):
            answers.read_answers(form, [(name, data)])


def _form(data: bytes) -> None:
    schema.parse_form(data)


TARGETS: Final[dict[str, Target]] = {
    "age": _age,
    "age-armor": age.dearmor,
    "age-decryption": _decryption,
    "age-identities": age.parse_identity_file,
    "answers": _answers,
    "bundle": _bundle,
    "card": card.parse_card,
    "carried": _carried,
    "chain": _chain,
    "demands": demands.parse_statement,
    "draft": _draft,
    "envelope": rendering.parse_envelope,
    "fork-proof": _fork_proof,
    "form": _form,
    "header": _header,
    "heads": _heads,
    "invitation": _invitation,
    "json": _json,
    "letter": _letter,
    "letterhead": papers.parse_letterhead,
    "manifest": parts.parse_manifest,
    "members": _members,
    "note": _note,
    "paper": paper.parse_paper,
    "publication": _publication,
    "settings": settings.parse_settings,
    "statements": _statements,
    "tar": _tar,
    "words": _words,
}
"""By name."""


def refused(target: Target, data: bytes) -> bool:
    """Whether a target refused these bytes with an exception of the package's own; any other one goes through."""
    try:
        target(data)
    except REFUSED:
        return True
    return False


def from_vectors(*patterns: str) -> Iterable[bytes]:
    """The test vectors whose paths match, in order."""
    for pattern in patterns:
        for path in sorted(VECTORS.glob(pattern)):
            yield path.read_bytes()
