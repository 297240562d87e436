"""Letters for tests: a draft with all that a letter can hold, and archives made by hand from any members."""

import dataclasses
import hashlib
import io
import random
from collections.abc import Callable, Sequence
from typing import BinaryIO

from cipherpost.letter import (
    Attachment,
    LetterDraft,
    Letterhead,
    MemberInfo,
    commitment,
    print_letterhead,
    print_members,
    write_letter,
)
from cipherpost.tar import TarWriter

FINGERPRINT = hashlib.sha256(b"genesis").hexdigest()
BODY = "Товарищи!\n\nThe conference is on the tenth.\n"
DATA = b'{"rows": [1, 2.5, "x"]}\n'
FILES = {"agenda.txt": b"1. elections\n", "отчёт за ноябрь.pdf": bytes(range(256)) * 5, "empty": b""}


def opener(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(data)


def attachment(name: str, data: bytes, media_type: str = "application/octet-stream") -> Attachment:
    return Attachment(name=name, type=media_type, size=len(data), open=opener(data))


def draft(**changes: object) -> LetterDraft:
    """A circular of the center with body, data and three attachments."""
    made = LetterDraft(
        fingerprint=FINGERPRINT,
        from_office="center",
        to=("all", "tver"),
        kind="circular",
        written="2026-11-22T09:00:00Z",
        subject="Conference before the tenth",
        body=BODY,
        data=DATA,
        attachments=[attachment(name, data) for name, data in FILES.items()],
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def salts(seed: int = 1) -> Callable[[int], bytes]:
    """Salts that are the same in every run."""
    return random.Random(seed).randbytes


def written(made: LetterDraft) -> tuple[bytes, str]:
    """The archive of a draft, and its letter hash."""
    sink = io.BytesIO()
    done = write_letter(made, sink, random=salts())
    return sink.getvalue(), done.letter_hash


def archive(members: Sequence[tuple[str, bytes]], *, padded: bool = True) -> bytes:
    """An archive of exactly these members."""
    sink = io.BytesIO()
    writer = TarWriter(sink, padded=padded)
    for name, data in members:
        writer.add(name, len(data), data)
    writer.close()
    return sink.getvalue()


def members_of(data: bytes) -> list[tuple[str, bytes]]:
    """The members of an archive, to be changed and packed again."""
    from cipherpost.tar import TarReader

    return [(member.name, b"".join(iter(member.read, b""))) for member in TarReader(io.BytesIO(data), padded=True)]


def forged(rows: Sequence[tuple[str, str, bytes]], **changes: object) -> tuple[bytes, str]:
    """A letter as a dishonest sender makes it: any members, consistent papers, the right hash."""
    infos = [MemberInfo(path=path, type=kind, size=len(data), salt=bytes(32)) for path, kind, data in rows]
    head = Letterhead(
        fingerprint=FINGERPRINT,
        from_office="center",
        to=("all",),
        kind="circular",
        written="2026-11-22T09:00:00Z",
        subject="x",
        salt=bytes(32),
        commitments=tuple(commitment(info, data) for info, (_, _, data) in zip(infos, rows, strict=True)),
    )
    paper = print_letterhead(dataclasses.replace(head, **changes))  # type: ignore[arg-type]
    listed = [("members.json", print_members(infos)), *((path, data) for path, _, data in rows)]
    return archive([*listed, ("letter.json", paper)]), hashlib.sha256(paper).hexdigest()
