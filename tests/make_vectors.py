"""Makes tests/vectors/ and keys/example/ from the story in `story` and `sequel`, byte for byte.

scripts/vectors            writes what differs; seals anew only letters that no stored file holds
scripts/vectors --check    writes nothing; exit code 1 and a list if anything differs
"""

import base64
import hashlib
import sys
from pathlib import Path

from sequel import Sequel
from story import NETWORK, POST, VECTORS, Drawer, NotInDrawerError, statements

from cipherpost import age, carry
from cipherpost.home.envelope import open_bytes, seal_bytes
from cipherpost.text import spoken

KEYS = Path(__file__).parent.parent / "keys" / "example"
PASSPHRASE = "correct horse battery staple"
"""That of the one locked identity file among the vectors."""
LOG_N = 10
SPOKEN_OF = ("", "a", "cipherpost")


class Made:
    """Every file of tests/vectors/ but README.md (``vectors``), and of keys/example/ (``keys``), by path."""

    def __init__(self, *, seals: bool = False) -> None:
        """Make all of it.

        Raises:
            NotInDrawerError: something would have to be sealed, and ``seals`` is False.
        """
        self.seals = seals
        self.told = Sequel(Drawer(POST, seals=seals))
        self.vectors = {f"post/{name}": data for name, data in self.told.objects.items()}
        self.vectors |= {f"formats/{name}": data for name, data in self._formats().items()}
        self.vectors |= {f"secrets/{name}": data for name, data in self._secrets().items()}
        self.vectors["dispatches.txt"] = self._contents()
        self.vectors["SHA256SUMS"] = sums(self.vectors)
        self.keys = self._keys()

    def _formats(self) -> dict[str, bytes]:
        """What does not lie in a post office as it stands."""
        told, shown = self.told, self.told.examples
        return {
            **told.apart(),
            "fingerprint.txt": shown["fingerprint"],
            "card-hash.txt": shown["card-hash"],
            "spoken.txt": statements(*(f"{_sha(word)} {spoken(_sha(word))}" for word in SPOKEN_OF)),
            "invitation.txt": shown["invitation"],
            "invitation.armored.txt": shown["invitation-armored"],
            "card.armored.txt": shown["card"],
            "rotation-card.armored.txt": carry.armor("CARD", told.ivanov.card).encode(),
            "decision.draft.txt": shown["draft"],
            "roster-entry.draft.txt": told.roster_draft.data,
            "members.json": shown["members.json"].removesuffix(b"\n"),
            "letter.json": shown["letter.json"].removesuffix(b"\n"),
            "circular.tar": told.archive,
            "instruction.tar": told.archives["center/tver/2"],
        }

    def _secrets(self) -> dict[str, bytes]:
        """The keys; and the two files of ivanov's home, new keys before old ones, under a passphrase."""
        files = self.told.identity_files()
        own, former = self.told.ivanov, self.told.former
        identities = files["tver-ivanov-2.seal"] + files["tver-ivanov.seal"].replace(b"# sealing", b"# older sealing")
        identities = identities.replace(b"tver/ivanov 2", b"tver/ivanov")
        signing = (f"{NETWORK}/tver/ivanov {_base64(each.signer.secret_seed())}" for each in (own, former))
        return {
            **files,
            "signing-keys.txt": self.told.signing_seeds(),
            "home/keys/ivanov.seal": self._once(
                "home/keys/ivanov.seal",
                age.ScryptRecipient(PASSPHRASE, LOG_N),
                age.ScryptIdentity(PASSPHRASE),
                identities,
            ),
            "home/keys/ivanov.sign": self._once(
                "home/keys/ivanov.sign",
                own.identity.recipient,
                own.identity,
                statements("cipherpost/v1 signing keys", *signing),
            ),
        }

    def _once(self, name: str, recipient: age.Recipient, identity: age.Identity, plain: bytes) -> bytes:
        """The stored file, if it opens to ``plain``."""
        path = VECTORS / "secrets" / name
        stored = path.read_bytes() if path.exists() else None
        if stored is not None and open_bytes([identity], stored) == plain:
            return stored
        if not self.seals:
            raise NotInDrawerError(f"{name} holds something else: run scripts/vectors")
        return seal_bytes([recipient], plain)

    def _contents(self) -> bytes:
        """One line for each dispatch: place, kind, by, hash of the text, and its sealed file."""
        lines = []
        for channel in sorted(self.told.hashes):
            for node in self.told.chain.channel(channel).counting():
                sealed = node.header.sealed[0].hash if node.header.sealed else "-"
                lines.append(f"{channel}/{node.number} {node.kind} {node.by} {node.hash} {sealed}")
        return statements(*lines)

    def _keys(self) -> dict[str, bytes]:
        """What is public of the officers: the genesis, verifier keys, recipients, and the cards that bind them."""
        told = self.told
        return {
            "genesis.note": told.notes["center/roster"][0],
            "fingerprint.txt": told.examples["fingerprint"],
            "vkeys.txt": statements(*(str(who.signer.verifier) for who in told.people())),
            **{f"{who.label.replace('/', '-').replace(' ', '-')}.card": who.card for who in told.people()},
        }


def sums(files: dict[str, bytes]) -> bytes:
    """As sha256sum prints and checks them."""
    return statements(*(f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(files.items())))


def differing(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """The files in ``folder`` that are missing, are others, or should not be there."""
    here = {path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"}
    due = {folder / name: data for name, data in files.items()}
    return sorted([*(here - due.keys()), *(p for p, data in due.items() if p not in here or p.read_bytes() != data)])


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Make ``folder`` hold exactly ``files``, and its README.md."""
    for path in differing(folder, files):
        data = files.get(path.relative_to(folder).as_posix())
        if data is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def main(words: list[str]) -> int:
    """Write, or only compare."""
    check = words == ["--check"]
    if words and not check:
        raise SystemExit(f"usage: {sys.argv[0]} [--check]")
    try:
        made = Made(seals=not check)
    except NotInDrawerError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    folders = ((VECTORS, made.vectors), (KEYS, made.keys))
    changed = [path for folder, files in folders for path in differing(folder, files)]
    if not check:
        for folder, files in folders:
            write(folder, files)
    for path in changed:
        sys.stdout.write(f"{'differs' if check else 'wrote'} {path}\n")
    return int(check and bool(changed))


def _sha(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
