"""The secret keys of an officer as text that can be printed, scanned and typed (docs/protocol.md, "Paper").

    cipherpost/v1 paper
    network rkpb
    fingerprint <hash>
    office tver
    officer ivanov
    post /srv/post
    sign CIPHERPOST-SIGN-1...           a seed of 32 bytes in Bech32; the current key first
    seal AGE-SECRET-KEY-PQ-1...         as stock age has it; the current key first
    check 13539 46393

``check`` is the first two groups of the spoken form of the SHA-256 of the lines before it. In print the long words
stand in groups, and the text may be broken over several QR codes: it is read with any spaces within values, lines
ends of any kind, empty lines, and keys in capital or small letters.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cipherpost.errors import MalformedError, NewerError
from cipherpost.home.settings import Settings, SettingsError
from cipherpost.text import sha256, spoken

if TYPE_CHECKING:
    from cipherpost.age import HybridIdentity

FIRST: Final = "cipherpost/v1 paper"
_FAMILY: Final = "cipherpost/v"
SIGN_PREFIX: Final = "cipherpost-sign-"
PAPER_BYTES: Final = 256 * 1024
"""Hundreds of keys; somebody's whole book is refused."""
_QR_BYTES: Final = 420
"""Most bytes of one code: 81 modules a side with medium correction, which any telephone reads off paper."""
_SEED_BYTES: Final = 32
_ONCE: Final = ("network", "fingerprint", "office", "officer", "post")
_KEYS: Final = ("sign", "seal")


class PaperFormError(MalformedError):
    """A text that is not the paper of an officer's keys, or that was mistyped."""


class NewerPaperError(NewerError):
    """A newer program printed the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Whose keys, where they work, and the keys: seeds of signing keys and sealing identities, the current first."""

    network: str
    fingerprint: str
    office: str
    officer: str
    post: str
    seeds: tuple[bytes, ...] = field(repr=False)
    identities: "tuple[HybridIdentity, ...]" = field(repr=False)

    def settings(self, created: str) -> Settings:
        """The settings of a home made of it at ``created``, a protocol time."""
        return Settings(
            network=self.network,
            fingerprint=self.fingerprint,
            office=self.office,
            officer=self.officer,
            post=self.post,
            created=created,
        )

    @property
    def whose(self) -> str:
        """``rkpb/tver/ivanov``."""
        return f"{self.network}/{self.office}/{self.officer}"

    def lines(self) -> list[tuple[str, str]]:
        """Every line but the first, as word and value."""
        from cipherpost.age.bech32 import encode

        lines = [(word, getattr(self, word)) for word in _ONCE]
        lines += [("sign", encode(SIGN_PREFIX, seed).upper()) for seed in self.seeds]
        lines += [("seal", identity.text) for identity in self.identities]
        return [*lines, ("check", _check(lines))]

    def text(self) -> str:
        """The whole text, each line ended by LF."""
        return "".join(f"{line}\n" for line in (FIRST, *(f"{word} {value}" for word, value in self.lines())))

    def codes(self) -> list[str]:
        """The text in parts that each fit into a QR code; one after the other they are the text."""
        parts = [""]
        for line in self.text().splitlines(keepends=True):
            if parts[-1] and len((parts[-1] + line).encode()) > _QR_BYTES:
                parts.append("")
            parts[-1] += line
        return parts


def parse_paper(data: bytes, *, where: str = "") -> Paper:
    """The paper that ``data`` holds, as it was scanned or typed.

    Raises:
        PaperFormError: naming the line by its number and word; never a key.
        NewerPaperError: as its name says.
    """
    found: dict[str, list[str]] = {word: [] for word in (*_ONCE, *_KEYS, "check")}
    lines = _lines(data, where)
    for number, line in lines:
        word, *rest = line.split(maxsplit=1)
        if word.lower() not in found:
            raise _mistyped(f"line {number} begins with no word of this form", where)
        found[word.lower()].append("".join(rest))
    for word, values in found.items():
        if not values or (len(values) > 1 and word not in _KEYS):
            raise _mistyped(f"{'more than one' if values else 'no'} line begins with {word}", where)
    one = {word: found[word][0] for word in _ONCE}
    for word in ("network", "fingerprint", "office", "officer"):
        one[word] = re.sub(r"\s+", "", one[word]).lower()
    paper = Paper(
        **one,
        seeds=tuple(_seed(value, at, where) for at, value in enumerate(found["sign"], 1)),
        identities=tuple(_identity(value, at, where) for at, value in enumerate(found["seal"], 1)),
    )
    if re.findall(r"[0-9]", found["check"][0]) != re.findall(r"[0-9]", paper.lines()[-1][1]):
        raise _mistyped("the check does not fit: a name, the fingerprint or the post office is mistyped", where)
    try:
        paper.settings("2000-01-01T00:00:00Z")
    except SettingsError as error:
        raise _mistyped(error.what, where) from None
    return paper


def is_paper(data: bytes) -> bool:
    """Whether a file that begins with ``data`` is the text of a paper, of this version or another."""
    return _without_mark(data).lstrip().lower().startswith(_FAMILY)


def _lines(data: bytes, where: str) -> list[tuple[int, str]]:
    if len(data) > PAPER_BYTES:
        raise _mistyped(f"it has more than {PAPER_BYTES} bytes", where)
    numbered = enumerate(_without_mark(data).splitlines(), 1)
    lines = [(number, line.strip()) for number, line in numbered if line.strip()]
    first = " ".join(lines[0][1].lower().split()) if lines else ""
    if first != FIRST:
        if re.fullmatch(r"cipherpost/v[0-9]+ paper", first):
            raise NewerPaperError("a newer program printed this paper", where=where, hints=("update cipherpost",))
        raise _mistyped(f"it does not begin with {FIRST!r}", where)
    return [(number, line) for number, line in lines[1:] if line.lower() != FIRST]


def _without_mark(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _seed(value: str, at: int, where: str) -> bytes:
    from cipherpost.age import KeyFormatError
    from cipherpost.age.bech32 import decode

    try:
        prefix, seed = decode(re.sub(r"\s+", "", value).lower())
    except KeyFormatError:
        raise _mistyped(f"the word behind sign, number {at}, is mistyped: its checksum is wrong", where) from None
    if prefix != SIGN_PREFIX or len(seed) != _SEED_BYTES:
        raise _mistyped(f"the word behind sign, number {at}, is no signing key", where)
    return seed


def _identity(value: str, at: int, where: str) -> "HybridIdentity":
    from cipherpost.age import HybridIdentity, KeyFormatError

    try:
        return HybridIdentity.from_text(re.sub(r"\s+", "", value).upper())
    except KeyFormatError:
        raise _mistyped(f"the word behind seal, number {at}, is mistyped: its checksum is wrong", where) from None


def _check(lines: list[tuple[str, str]]) -> str:
    text = "".join(f"{line}\n" for line in (FIRST, *(f"{word} {value}" for word, value in lines)))
    return " ".join(spoken(sha256(text.encode())).split()[:2])


def _mistyped(why: str, where: str) -> PaperFormError:
    return PaperFormError(
        f"the text is not that of a paper with keys: {why}",
        where=where,
        rule="every line stands as it is printed",
        hints=("compare it with the paper, or scan the codes again",),
    )
