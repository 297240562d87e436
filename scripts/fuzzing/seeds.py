"""Good inputs that fuzzing starts from: the test vectors, and what is made of them here. Every target has some."""

import io
from collections.abc import Callable
from functools import cache
from typing import Final

from cipherpost import carry
from cipherpost.chain import proofs
from cipherpost.dispatch.header import Header, format_header, parse_header
from cipherpost.forms import rendering, template
from cipherpost.forms.builtin import builtin
from cipherpost.home.paper import Paper
from cipherpost.home.settings import format_settings
from cipherpost.ledger import demands
from cipherpost.letter import read_letter
from cipherpost.note import Purpose, SignerKey, Text, split
from cipherpost.publication import Content, pack
from cipherpost.tar import TarWriter
from fuzzing.targets import NETWORK, VECTORS, fingerprint, from_vectors, identities, roster

_POST: Final = VECTORS / "post"
_NOTE: Final = _POST / NETWORK / "center" / "all" / "00000001.note"
_FORM: Final = "monthly-return"
_DATA: Final = {"reports": [], "demands": [{"text": "More bread", "category": "food", "count": 12}]}


def _texts(*patterns: str) -> list[bytes]:
    return [split(each).text for each in from_vectors(*patterns)]


def _statements() -> list[bytes]:
    return [parse_header(each).statements for each in _texts(f"post/{NETWORK}/center/roster/*.note")]


def _carried() -> list[bytes]:
    armored = list(from_vectors("formats/*.armored.txt"))
    quoted = b"".join(b"> " + line + b"\r\n" for line in armored[-1].splitlines())
    return [*armored, quoted, carry.armor("CARD", b"a card").encode("utf-16")]


def _letter() -> bytes:
    (archive,) = from_vectors("formats/circular.tar")
    return archive


@cache
def _publication() -> bytes:
    archive, note = _letter(), _NOTE.read_bytes()
    letter_hash = parse_header(split(note).text).letter
    letter = read_letter(io.BytesIO(archive), expect_hash=str(letter_hash))
    content = Content(
        network=NETWORK,
        fingerprint=fingerprint(),
        note=note,
        roster=roster(),
        letter=letter,
        open=lambda: io.BytesIO(archive),
    )
    return pack(content).open().read()


def _signer(office: str, officer: str) -> SignerKey:
    for line in (VECTORS / "secrets" / "signing-keys.txt").read_text("ascii").splitlines():
        who, seed, _ = line.rsplit(" ", 2)
        if who == f"{office}/{officer}":
            return SignerKey(f"{NETWORK}/{office}/{officer}", bytes.fromhex(seed))
    raise LookupError(f"{office}/{officer}")


@cache
def _fork_proof() -> bytes:
    one = (_POST / NETWORK / "samara" / "center" / "00000001.note").read_bytes()
    header: Header = parse_header(split(one).text)
    other = format_header(header._replace(time=header.time[:-3] + "59Z"))
    signed = _signer("samara", header.by).sign(Text(Purpose.DISPATCH, other))
    return proofs.build(fingerprint(), roster(), [one], [signed])


@cache
def _bundle() -> bytes:
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for path in sorted(_POST.rglob("*.note")):
        data = path.read_bytes()
        writer.add(path.relative_to(_POST).as_posix(), len(data), data)
    writer.close()
    return sink.getvalue()


def _paper() -> bytes:
    made = Paper(
        network=NETWORK,
        fingerprint=fingerprint(),
        office="tver",
        officer="ivanov",
        post="/srv/post",
        seeds=(bytes(32),),
        identities=identities(),
    )
    return made.text().encode()


def _settings() -> bytes:
    from cipherpost.home.paper import parse_paper

    return format_settings(parse_paper(_paper()).settings("2026-11-22T09:00:00Z"))


def _answers() -> list[bytes]:
    form = builtin(_FORM)
    return [b'{"demands": []}', template.to_toml(form).encode(), b"text,category,count\nbread,food,12\n"]


def _words() -> list[bytes]:
    shown = VECTORS / "formats" / "spoken.txt"
    first = shown.read_bytes().splitlines()[0]
    return [
        b"tver", b"12", b"2026-11-22", b"2026-11-22T09:00:00Z", b"2026-w47", b"event-abcdefgh", b"tver/center",
        b"tver/center/12#3", first[:64], first[65:], f"{NETWORK}/center/all/00000014.note".encode(),
        str(_signer("tver", "ivanov").verifier).encode(), identities()[0].text.encode(),
    ]  # fmt: skip


SEEDS: Final[dict[str, Callable[[], list[bytes]]]] = {
    "age": lambda: [each[:8192] for each in from_vectors(f"post/{NETWORK}/*/sealed/*.age")][:6],
    "age-armor": lambda: [b"-----BEGIN AGE ENCRYPTED FILE-----\nYWJj\n-----END AGE ENCRYPTED FILE-----\n"],
    "age-decryption": lambda: list(from_vectors(f"post/{NETWORK}/center/sealed/*.age"))[:8],
    "age-identities": lambda: list(from_vectors("secrets/*.seal")),
    "answers": _answers,
    "bundle": lambda: [_bundle()],
    "card": lambda: list(from_vectors(f"post/{NETWORK}/*/cards/*.card")),
    "carried": _carried,
    "chain": lambda: list(from_vectors(f"post/{NETWORK}/center/*/*.note")),
    "demands": lambda: [
        demands.format_statement(
            demands.Statement(word="answered", by="center/all/14", hash="0" * 64, ids=("tver/center/12#3",))
        )
    ],
    "draft": lambda: list(from_vectors("formats/*.draft.txt")),
    "envelope": lambda: [rendering.envelope(builtin(_FORM), "2026-10", _DATA)],
    "fork-proof": lambda: [_fork_proof()],
    "form": lambda: [builtin(name).data for name in (_FORM, "conference-before", "conference-after")],
    "header": lambda: _texts(f"post/{NETWORK}/*/*/*.note"),
    "heads": lambda: list(from_vectors(f"post/{NETWORK}/*/heads/*.txt")),
    "invitation": lambda: list(from_vectors("formats/invitation.txt")),
    "json": lambda: list(from_vectors("formats/*.json")),
    "letter": lambda: [_letter()],
    "letterhead": lambda: list(from_vectors("formats/letter.json")),
    "manifest": lambda: [_publication()[512:4096].split(b"\0")[0]],
    "members": lambda: list(from_vectors("formats/members.json")),
    "note": lambda: list(from_vectors(f"post/{NETWORK}/*/*/*.note")),
    "paper": lambda: [_paper()],
    "publication": lambda: [_publication()],
    "settings": lambda: [_settings()],
    "statements": _statements,
    "tar": lambda: [*from_vectors("formats/*.tar"), _publication()],
    "words": _words,
}
"""By target."""
