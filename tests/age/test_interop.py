"""Other people's age: what we make they open, and what they make we open."""

import io
import json
import re
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from cipherpost.age import (
    HybridIdentity,
    Recipient,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    decrypt,
    format_identity_file,
    open_any,
    parse_identity,
)
from cipherpost.age.primitives import Identity
from cipherpost.age.stream import CHUNK

from .support import npm_module, seal

PLAINS = [b"", b"attack at dawn", bytes(CHUNK), bytes(range(256)) * 513]
PASSPHRASE = "correct horse Пароль"
KINDS = {"hybrid": HybridIdentity, "classic": X25519Identity}


def our_open(identity: Identity, file: bytes) -> bytes:
    return decrypt([identity], open_any(io.BytesIO(file))).read()


def node(jobs: list[dict[str, Any]]) -> list[dict[str, str]]:
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is missing: age-encryption (npm) was not asked")
    main = npm_module("age-encryption") / "dist" / "index.js"
    script = Path(__file__).parent / "interop.mjs"
    run = subprocess.run(
        [program, script, main], input=json.dumps(jobs).encode(), capture_output=True, timeout=60, check=True
    )
    results: list[dict[str, str]] = json.loads(run.stdout)
    assert len(results) == len(jobs)
    return results


def b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


@pytest.mark.parametrize("armor", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_age_encryption_opens_ours(kind: str, armor: bool):
    identities = [KINDS[kind].generate() for _ in range(2)]
    recipients = [identity.recipient for identity in identities]
    jobs = [
        {"job": "decrypt", "identity": identity.text, "armor": armor, "data": b64(seal(recipients, plain, armor=armor))}
        for identity in identities
        for plain in PLAINS
    ]
    stranger = {**jobs[0], "identity": KINDS[kind].generate().text}
    names = [{"job": "recipient", "identity": identity.text} for identity in identities]
    *results, refused, one, two = node([*jobs, stranger, *names])
    assert [b64decode(result["data"]) for result in results] == PLAINS * 2
    assert "error" in refused
    assert [one["recipient"], two["recipient"]] == [recipient.text for recipient in recipients]


@pytest.mark.parametrize("armor", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_we_open_what_age_encryption_makes(kind: str, armor: bool):
    theirs, _ = node([{"job": "generate", "kind": kind}, {"job": "generate", "kind": kind}])
    other = parse_identity(theirs["identity"])
    assert isinstance(other, KINDS[kind])
    assert other.recipient.text == theirs["recipient"]
    ours = KINDS[kind].generate()
    recipients = [theirs["recipient"], ours.recipient.text]
    files = node([{"job": "encrypt", "recipients": recipients, "armor": armor, "data": b64(plain)} for plain in PLAINS])
    for identity in (other, ours):
        assert [our_open(identity, b64decode(file["data"])) for file in files] == PLAINS


@pytest.mark.parametrize("armor", [False, True])
def test_passphrases_of_age_encryption(armor: bool):
    ours = seal([ScryptRecipient(PASSPHRASE, log_n=10)], PLAINS[-1], armor=armor)
    both = {"passphrase": PASSPHRASE, "armor": armor}
    opened, theirs = node(
        [{"job": "decrypt", **both, "data": b64(ours)}, {"job": "encrypt", **both, "data": b64(PLAINS[-1])}]
    )
    assert b64decode(opened["data"]) == PLAINS[-1]
    assert our_open(ScryptIdentity(PASSPHRASE), b64decode(theirs["data"])) == PLAINS[-1]


@pytest.mark.parametrize("armor", [False, True])
@pytest.mark.parametrize("plain", PLAINS, ids=len)
def test_pyrage(plain: bytes, armor: bool):
    pyrage = pytest.importorskip("pyrage", reason="pyrage is not installed")
    ours, theirs = X25519Identity.generate(), pyrage.x25519.Identity.generate()
    their_twin = parse_identity(str(theirs))
    assert isinstance(their_twin, X25519Identity)
    assert their_twin.recipient.text == str(theirs.to_public())
    file = seal([ours.recipient, their_twin.recipient], plain, armor=armor)
    assert pyrage.decrypt(file, [theirs]) == plain
    assert pyrage.decrypt(file, [pyrage.x25519.Identity.from_str(ours.text)]) == plain
    recipients = [pyrage.x25519.Recipient.from_str(ours.recipient.text), theirs.to_public()]
    file = pyrage.encrypt(plain, recipients, armored=armor)
    assert our_open(ours, file) == our_open(their_twin, file) == plain


def test_passphrases_of_pyrage():
    passphrase = pytest.importorskip("pyrage.passphrase", reason="pyrage is not installed")
    file = seal([ScryptRecipient(PASSPHRASE, log_n=10)], PLAINS[-1])
    assert passphrase.decrypt(file, PASSPHRASE) == PLAINS[-1]
    # How much work it asks for depends on the speed of the machine it runs on.
    assert our_open(ScryptIdentity(PASSPHRASE, max_log_n=24), passphrase.encrypt(PLAINS[-1], PASSPHRASE)) == PLAINS[-1]


def stock_age(kind: str) -> str:
    program = shutil.which("age")
    if program is None:
        pytest.skip("stock age is not on PATH")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", version)
    if kind == "hybrid" and (found is None or (int(found[1]), int(found[2])) < (1, 3)):
        pytest.skip(f"stock age {version.strip()} knows no post-quantum keys: 1.3 does")
    return program


@pytest.mark.parametrize("armor", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_stock_age(kind: str, armor: bool, tmp_path: Path):
    program = stock_age(kind)
    identity = KINDS[kind].generate()
    key, recipients = tmp_path / "key.txt", tmp_path / "recipients.txt"
    key.write_bytes(format_identity_file(identity, ["a key of a test"]))
    recipients.write_text(identity.recipient.text + "\n")
    everybody: list[Recipient] = [KINDS[kind].generate().recipient, identity.recipient]
    for plain in PLAINS:
        file = seal(everybody, plain, armor=armor)
        run = subprocess.run([program, "-d", "-i", key], input=file, capture_output=True, timeout=60, check=True)
        assert run.stdout == plain
        command = [program, "-R", recipients, *(["-a"] if armor else [])]
        run = subprocess.run(command, input=plain, capture_output=True, timeout=60, check=True)
        assert our_open(identity, run.stdout) == plain
