"""Letters in the home: fetched whole, opened and checked to the end (V9, V10), their subjects kept locked.

A letter is opened anew each time it is shown; what is kept in between is the sealed file, and in the vault what
lists need: subject and attachments (I1, I5).
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cipherpost import limits
from cipherpost.errors import CipherpostError, NotAuthenticError, NotForUsError, UnableError

if TYPE_CHECKING:
    from cipherpost.age import Decryptor, Identity
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk, Progress
    from cipherpost.digest import Source
    from cipherpost.dispatch.header import Header, Sealed
    from cipherpost.letter import Letter, MemberInfo, Save
    from cipherpost.roster.state import OfficerInfo

HYBRID_STANZA: Final = "mlkem768x25519"
SMALL: Final = 64 * limits.KIB
"""Bytes of a sealed file up to which it is read and decrypted at once."""


class LetterMissingError(UnableError):
    """V9: the sealed file is not at the post office."""

    exit_code = 6


class LetterSwappedError(NotAuthenticError):
    """V9: the sealed file is not the one that the header signs."""


class DowngradedError(NotAuthenticError):
    """V9: the letter is sealed to recipients of a weaker kind than the roster's."""


class TooBigForNowError(UnableError):
    """The letter is above ``--max-size`` and was left at the post office."""

    exit_code = 0


class AudienceKeyError(NotForUsError):
    """The letter is sealed to an audience key, which this version does not keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What lists show of a letter; locked in the vault under the hash of its header."""

    subject: str = field(repr=False)
    attachments: tuple[tuple[str, str, int], ...] = field(default=(), repr=False)

    def as_bytes(self) -> bytes:
        """For the vault."""
        return json.dumps([self.subject, self.attachments]).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Outline":
        """What `as_bytes` made."""
        subject, attachments = json.loads(data)
        return cls(subject=subject, attachments=tuple((name, kind, size) for name, kind, size in attachments))


def keep_outline(desk: "Desk", text_hash: str, outline: Outline) -> None:
    """Keep what lists show of the letter under this header."""
    desk.vault.put(f"letter {text_hash}", outline.as_bytes())


def outlines(desk: "Desk", hashes: Iterable[str]) -> dict[str, Outline]:
    """Outlines by header hash, of those that are kept; a damaged one hides no other (I7)."""
    from cipherpost.home.vault import VaultDamagedError, VaultLostError

    found = {}
    for text_hash in hashes:
        try:
            data = desk.vault.get(f"letter {text_hash}")
        except VaultLostError:
            raise
        except VaultDamagedError:
            continue
        if data is not None:
            found[text_hash] = Outline.from_bytes(data)
    return found


# ---- who may read ------------------------------------------------------------------------------------------------


def readers(desk: "Desk", header: "Header") -> "tuple[OfficerInfo, ...]":
    """To whom the letter under a header is due to be sealed, in the order of stanzas."""
    assert header.roster is not None
    return desk.roster.readers(header.kind, (header.audience,), header.office, header.roster.number)


def own_stanza(desk: "Desk", due: "Sequence[OfficerInfo]") -> int | None:
    """The place of this officer's stanza, None if he was no reader then, or with keys that this home has not."""
    from cipherpost.workflows.owncards import opens_with

    mine, cards = (desk.office, desk.officer), opens_with(desk)
    for at, each in enumerate(due):
        if (each.office, each.name) == mine:
            return at if cards is None or each.card in cards else None
    return None


def is_before_you(desk: "Desk", header: "Header") -> bool:
    """Whether the letter was sealed to this office before this officer had these keys: no error, and no ack."""
    return own_stanza(desk, readers(desk, header)) is None


# ---- fetching ----------------------------------------------------------------------------------------------------


def fetch_sealed(desk: "Desk", header: "Header", *, max_size: int | None = None) -> None:
    """Bring the sealed file into the home, unless it is there; a broken line goes on where it stopped.

    Raises:
        LetterMissingError, LetterSwappedError, TooBigForNowError: see there.
        UnreachableError: what has come is kept.
    """
    from cipherpost.home.copies import CopySwappedError
    from cipherpost.postoffice import names

    for sealed in header.sealed[:1]:
        if desk.copies.has(sealed.hash):
            return
        name = names.sealed_name(desk.network, header.office, sealed.hash)
        desk.trace(f"getting {name} ({sealed.size} bytes)")
        there = desk.post.size(name)
        if there is None:
            desk.mail.set_file(sealed.hash, sealed.size, "missing")
            raise LetterMissingError(
                "its sealed file is not at the post office",
                channel=header.channel,
                number=header.number,
                rule="V9: the sealed file goes first, then the note",
                hints=("cipherpost fetch    (again later)", f"ask {header.office} to run: cipherpost fetch"),
            )
        if there != sealed.size:
            raise _swapped(desk, header, sealed, f"it has {there} bytes where the header says {sealed.size}")
        if max_size is not None and sealed.size > max_size:
            desk.mail.set_file(sealed.hash, sealed.size, "held")
            raise TooBigForNowError(
                f"{sealed.size} bytes were left at the post office", channel=header.channel, number=header.number
            )
        try:
            _download(desk, name, sealed)
        except CopySwappedError:
            raise _swapped(desk, header, sealed, "its bytes have another hash than the header says") from None
        desk.mail.set_file(sealed.hash, sealed.size, "have")


def _download(desk: "Desk", name: str, sealed: "Sealed") -> None:
    with desk.copies.download(sealed.hash, sealed.size) as download:
        done = desk.copies.partial(sealed.hash)
        with desk.post.stream(name, done) as source, desk.progress.work("fetching", sealed.size, "B") as step:
            step(done)
            while block := source.read(limits.PIECE):
                download.write(block)
                step(len(block))


def _swapped(desk: "Desk", header: "Header", sealed: "Sealed", what: str) -> LetterSwappedError:
    desk.mail.set_file(sealed.hash, sealed.size, "bad")
    return LetterSwappedError(
        f"the sealed file was altered or replaced: {what}",
        channel=header.channel,
        number=header.number,
        rule="V9: the header signs the hash of the whole sealed file",
        hints=("cipherpost fetch    (again later)", f"ask {header.office} to run: cipherpost fetch"),
    )


# ---- opening -----------------------------------------------------------------------------------------------------


def open_letter(desk: "Desk", header: "Header", *, save: "Save | None" = None) -> "Letter":
    """The letter under a header, after every check to its last byte.

    Args:
        save: as for `cipherpost.letter.read_letter`; what it was given is not verified until this returns.

    Raises:
        NotAuthenticError: V9 or V10 failed; NotForUsError: it was not sealed to this officer's keys.
        CopyMissingError: the sealed file is not in the home.
    """
    from cipherpost.letter import check_letterhead

    if header.key is not None:
        raise AudienceKeyError(
            "it is sealed to an audience key",
            channel=header.channel,
            number=header.number,
            rule="made by a newer cipherpost",
            hints=("update cipherpost and fetch again",),
        )
    sealed = header.sealed[0]
    identities = desk.keys.identities
    first = own_stanza(desk, readers(desk, header))
    with desk.copies.open(sealed.hash) as file:
        outcome, found = unseal(file, header, identities, first=first, save=save, progress=desk.progress)
    # The copy may have been damaged since it was fetched, and any reader of the letter can put another payload under
    # its age header: only the hash tells whose it is, and says more than whatever else went wrong.
    if found != sealed.hash:
        desk.copies.remove(sealed.hash)
        raise _swapped(desk, header, sealed, "the copy in this home was damaged; it will be fetched again")
    if isinstance(outcome, CipherpostError):
        raise _with_turn(outcome, header)
    try:
        check_letterhead(outcome, header, desk.fingerprint)
    except CipherpostError as error:
        raise _with_turn(error, header) from None
    return outcome


def _with_turn(error: CipherpostError, header: "Header") -> CipherpostError:
    """The refusal of a letter whose sealed file is the one signed: only its sender can do better.

    What others say of an archive or an age file ("copy it again") would lead astray here.
    """
    from cipherpost.letter import LetterheadError

    of_letter = isinstance(error, NotAuthenticError | NotForUsError)
    if of_letter and not isinstance(error, DowngradedError | LetterheadError):
        error.hints = (
            f"tell {header.office} that {header.channel}/{header.number} does not open, and to send it again",
        )
    return error


def unseal(
    file: "Source",
    header: "Header",
    identities: "Sequence[Identity]",
    *,
    first: int | None,
    save: "Save | None" = None,
    progress: "Progress | None" = None,
) -> "tuple[Letter | CipherpostError, str]":
    """The letter in a sealed file, or why there is none; and the hash of the file to its end.

    Nothing of the letter is to be trusted before the hash is that of the header, and `check_letterhead` has passed.

    Args:
        first: the stanza that is tried first.
    """
    from cipherpost.digest import HashedReader, Sha256

    size = header.sealed[0].size
    with Sha256() as digest:
        source = HashedReader(file, digest)
        if size <= SMALL:  # at once: most letters are small, and there are many of them
            outcome = _decrypted(header, identities, io.BytesIO(source.read(size)), first, save, progress)
        else:
            outcome = _decrypted(header, identities, source, first, save, progress)
        return outcome, source.hexdigest()


def _decrypted(
    header: "Header",
    identities: "Sequence[Identity]",
    source: "Source",
    first: int | None,
    save: "Save | None",
    progress: "Progress | None",
) -> "Letter | CipherpostError":
    from cipherpost.desk import Silent
    from cipherpost.letter import read_letter

    assert header.letter is not None
    try:
        plain = decrypt(header, identities, source, first)
        if header.sealed[0].size <= SMALL:
            return read_letter(io.BytesIO(plain.read()), expect_hash=header.letter, save=save)
        with (progress or Silent()).work("opening", header.sealed[0].size, "B") as step:
            letter = read_letter(_Counted(plain, step), expect_hash=header.letter, save=save)
            plain.finish()
    except CipherpostError as error:
        return error
    return letter


def decrypt(header: "Header", identities: "Sequence[Identity]", source: "Source", first: int | None) -> "Decryptor":
    """The plaintext of a sealed file, which is to be of the roster's kind of keys.

    Raises:
        DowngradedError, and the errors of `cipherpost.age.decrypt`.
    """
    from cipherpost import age

    plain = age.decrypt(identities, source, first=first)
    weaker = sorted({kind for kind in plain.stanzas if kind != HYBRID_STANZA and not kind.endswith("-grease")})
    if weaker:
        raise DowngradedError(
            f"it is sealed to recipients of the kind {weaker[0]}",
            channel=header.channel,
            number=header.number,
            rule=f"V9: the roster's sealing keys are {HYBRID_STANZA}",
            hints=(f"tell {header.office} to update cipherpost",),
        )
    return plain


class _Counted:
    """Passes reads on and counts them for a progress bar."""

    def __init__(self, source: Any, step: Any) -> None:
        self._read = source.read
        self._step = step

    def read(self, size: int = -1, /) -> bytes:
        """As the source's."""
        data: bytes = self._read(size)
        self._step(len(data))
        return data


def outline_of(letter: "Letter") -> Outline:
    """What lists show of a letter that was opened."""
    return Outline(subject=letter.subject, attachments=tuple(_row(info) for info in letter.attachments))


def _row(info: "MemberInfo") -> tuple[str, str, int]:
    return info.name, info.type, info.size


def entry_at(desk: "Desk", place: str) -> "Entry":
    """The dispatch that a user named, ``center/all/14``.

    Raises:
        UseError: not the form. NoSuchDispatchError: nothing of that number is here.
        CutError: only what was cut off is.
    """
    from cipherpost.chain.checks import CutError
    from cipherpost.errors import UseError
    from cipherpost.text import TextError, parse_place, shown

    try:
        channel, number = parse_place(place)
    except TextError:
        raise UseError(
            f"{shown(place)} names no dispatch",
            rule="a dispatch is named like center/all/14",
            hints=("cipherpost inbox",),
        ) from None
    entry = desk.chain.channel(channel).entry(number)
    if entry is not None:
        return entry
    held = [each for each in desk.chain.channel(channel).held() if each.header.number == number]
    if held:
        return held[0]
    for node in desk.chain.channel(channel).tree.slots.get(number, ()):
        if isinstance(node.verdict, CutError):
            raise node.verdict
    raise NoSuchDispatchError(
        "there is no such dispatch here", channel=channel, number=number, hints=("cipherpost fetch", "cipherpost inbox")
    )


class NoSuchDispatchError(UnableError):
    """No dispatch of that channel and number is in this home."""
