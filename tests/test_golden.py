"""The stored network in tests/vectors/ is what the code makes today, and what it made then still verifies and opens.

The other half matters more: notes, cards and sealed files that lie in post offices cannot be made anew.
"""

import base64
import contextlib
import hashlib
import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import make_vectors
import pytest
from make_vectors import KEYS, PASSPHRASE, Made, differing, write
from sequel import NOW
from story import NETWORK, POST, VECTORS, opened_by

from cipherpost import age, carry, note
from cipherpost.card import format_invitation, parse_card, parse_invitation
from cipherpost.chain.network import Chain
from cipherpost.dispatch.draft import format_draft, parse_draft
from cipherpost.dispatch.header import ACK_WORDS, KIND_WORDS, LINES, VERDICTS, Header, format_header, parse_header
from cipherpost.dispatch.heads import format_heads, parse_heads
from cipherpost.dispatch.kinds import KindLinesError, check_lines
from cipherpost.errors import NotAuthenticError
from cipherpost.home.keys import KeyRing
from cipherpost.letter import check_letterhead, parse_letterhead, parse_members, print_members, read_letter
from cipherpost.postoffice import names
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.roster.grammar import WORDS
from cipherpost.roster.statements import format_statements, parse_statements
from cipherpost.text import parse_time, sha256, spoken
from cipherpost.workflows.auditing import Subject, audit

FINGERPRINT, ALOUD = (VECTORS / "formats" / "fingerprint.txt").read_text().splitlines()
OBJECTS = {path.relative_to(POST).as_posix(): path.read_bytes() for path in sorted(POST.rglob("*")) if path.is_file()}
SLOTS = {name: slot for name in OBJECTS if isinstance(slot := names.parse_object_name(name), names.Slot)}
SLOT_OF_ALL_1 = names.note_name(NETWORK, "center/all", 1)
HEADERS = {name: parse_header(note.split(OBJECTS[name]).text) for name in SLOTS}


def others(kind: str) -> dict[str, bytes]:
    """Objects of a kind by the hash in their name; under two offices the same."""
    places = {name: names.parse_object_name(name) for name in OBJECTS}
    return {at.hash: OBJECTS[n] for n, at in places.items() if isinstance(at, names.Other) and at.kind == kind}


def stored(path: str) -> bytes:
    return (VECTORS / path).read_bytes()


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


@pytest.fixture(scope="module")
def chain() -> Chain:
    """A fresh chain over everything stored: the roster first, as readers take it."""
    fresh = Chain(NETWORK, FINGERPRINT)
    for name, slot in sorted(SLOTS.items(), key=lambda each: (each[1].channel != "center/roster", each[0])):
        assert fresh.offer(slot.channel, slot.number, OBJECTS[name]).counts, name
    return fresh


@pytest.fixture(scope="module")
def identities() -> dict[str, age.HybridIdentity]:
    """The stored secret keys by the label in their first comment."""
    found = {}
    for path in (VECTORS / "secrets").glob("*.seal"):
        (identity,) = age.parse_identity_file(path.read_bytes())
        label = path.read_text().splitlines()[0].removeprefix(f"# sealing key of {NETWORK}/")
        assert isinstance(identity, age.HybridIdentity)
        found[label] = identity
    return found


# ---- made anew -----------------------------------------------------------------------------------------------------


def test_the_vectors_made_anew_are_those_stored_byte_for_byte(made: Made, tmp_path: Path) -> None:
    write(tmp_path / "vectors", made.vectors)
    write(tmp_path / "keys", made.keys)
    for folder, again in ((VECTORS, "vectors"), (KEYS, "keys")):
        then = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        now = {path.relative_to(tmp_path / again): path for path in (tmp_path / again).rglob("*") if path.is_file()}
        then.pop(Path("README.md"), None)
        assert sorted(then) == sorted(now)
        for name, path in now.items():
            assert path.read_bytes() == then[name], name
    assert len(made.vectors) > 100


def test_a_check_names_what_is_altered_missing_or_too_many(made: Made, tmp_path: Path) -> None:
    write(tmp_path, made.vectors)
    assert differing(tmp_path, made.vectors) == []
    circular = tmp_path / "post/rkpb/center/all/00000001.note"
    circular.write_bytes(circular.read_bytes().replace(b"stasova", b"stasov0", 1))
    (tmp_path / "formats/letter.json").unlink()
    (tmp_path / "post/stray").touch()
    found = [path.relative_to(tmp_path).as_posix() for path in differing(tmp_path, made.vectors)]
    assert found == ["formats/letter.json", "post/rkpb/center/all/00000001.note", "post/stray"]
    write(tmp_path, made.vectors)
    assert differing(tmp_path, made.vectors) == []


def test_the_script_compares_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_vectors.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_letter_that_no_stored_file_holds_is_not_sealed_by_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("story.Drawer._look", lambda *_: None)
    assert make_vectors.main(["--check"]) == 1


def test_the_sums_are_those_of_sha256sum() -> None:
    lines = stored("SHA256SUMS").decode().splitlines()
    listed = dict(reversed(line.split("  ")) for line in lines)
    here = {path.relative_to(VECTORS).as_posix() for path in VECTORS.rglob("*") if path.is_file()}
    assert listed.keys() == here - {"README.md", "SHA256SUMS"}
    assert {name: hashlib.sha256(stored(name)).hexdigest() for name in listed} == listed


# ---- the stored network --------------------------------------------------------------------------------------------


def test_v1_to_v8_the_stored_network_verifies_and_nothing_is_found(chain: Chain) -> None:
    assert chain.findings(NOW) == ()
    contents = [line.split() for line in stored("dispatches.txt").decode().splitlines()]
    counting = [
        [f"{name}/{node.number}", node.kind, node.by, node.hash, *([each.hash for each in node.header.sealed] or ["-"])]
        for name in sorted(chain.channels)
        for node in chain.channel(name).counting()
    ]
    assert counting == contents
    assert len(contents) == len({(slot.channel, slot.number) for slot in SLOTS.values()})


def test_v9_v11_an_audit_of_the_stored_folder_with_its_sealed_files_finds_but_one_debt() -> None:
    subject = Subject.outside(str(POST), ALOUD)
    report = audit(subject, sealed=True, as_of=parse_time(NOW))
    (debt,) = report.findings
    assert (debt.code, debt.office, debt.detail.partition(" was due")[0]) == (
        "overdue",
        "tver",
        "monthly-return 2026-11",
    )
    assert (dict(report.skipped), dict(report.unread)) == ({}, {})
    assert report.dispatches == len(stored("dispatches.txt").splitlines())
    assert report.exit_code(strict=False, everything=True) == 0


def test_v1_to_v8_the_stored_network_verifies_in_any_order_of_channels() -> None:
    late = Chain(NETWORK, FINGERPRINT)
    for name, slot in sorted(SLOTS.items(), reverse=True):
        with contextlib.suppress(NotAuthenticError):  # of keys that the roster brings later
            late.offer(slot.channel, slot.number, OBJECTS[name])
    assert late.findings(NOW) == ()
    assert sum(1 for view in late.channels.values() for _ in view.counting()) == len(
        stored("dispatches.txt").splitlines()
    )


def test_every_kind_line_statement_and_word_occurs() -> None:
    headers = list(HEADERS.values())
    assert {header.kind for header in headers} == set(KIND_WORDS)
    words = {line.split(b" ")[0].decode() for name in SLOTS for line in note.split(OBJECTS[name]).text.splitlines()}
    apart = stored("formats/genesis-with-recovery.note").decode()
    assert {line.word for line in LINES} <= words
    assert set(WORDS) - words == {"recovery"}
    assert "\nrecovery 2 " in apart
    assert {ack.word for header in headers for ack in header.acks} == set(ACK_WORDS)
    assert {header.decision.verdict for header in headers if header.decision} == set(VERDICTS)


def test_i9_a_nil_report_says_so_a_blank_one_is_refused_and_silence_is_none_of_them() -> None:
    """The stored nil, and with its word taken away; tver said nothing of that month, and nothing speaks for it."""
    (nil,) = (header for header in HEADERS.values() if header.report and header.report.nil)
    check_lines(nil)
    assert not nil.sealed
    with pytest.raises(KindLinesError, match="without a letter"):
        check_lines(nil._replace(report=nil.report._replace(nil=False)))
    same = [(h.office, h.report.nil) for h in HEADERS.values() if h.report and h.report.period == nil.report.period]
    assert sorted(same) == [("samara", False), ("samara", True)]


def test_i12_every_sealed_file_opens_with_the_stored_identities(
    chain: Chain, identities: dict[str, age.HybridIdentity]
) -> None:
    sealed = others("sealed")
    letters = {name: header for name, header in HEADERS.items() if header.sealed}
    assert {each.hash for header in letters.values() for each in header.sealed} == sealed.keys()
    for name, header in letters.items():
        data = sealed[header.sealed[0].hash]
        assert (sha256(data), len(data)) == header.sealed[0], name
        readers = opened_by(identities, data)
        assert readers == due_readers(chain, header, identities), name
        for reader in readers:
            plain = age.decrypt([identities[reader]], io.BytesIO(data))
            letter = read_letter(plain, expect_hash=header.letter or "")
            plain.finish()
            check_letterhead(letter, header, FINGERPRINT)
    assert len(sealed) > 30


def due_readers(chain: Chain, header: Header, identities: dict[str, age.HybridIdentity]) -> tuple[str, ...]:
    """The labels of the readers that the roster names, in the order of stanzas."""
    if header.key is not None and header.kind != "key":
        return (f"{header.channel}/{header.key.number}",)
    assert header.roster is not None
    due = chain.roster.readers(header.kind, (header.audience,), header.office, header.roster.number)
    cards = others("card")
    recipients = {identity.recipient.text: label for label, identity in identities.items()}
    return tuple(recipients[parse_card(cards[each.card]).card.recipient_text] for each in due)


def test_i12_a_sealed_file_is_an_ordinary_age_file_with_an_ordinary_tar(tmp_path: Path) -> None:
    tool = shutil.which("age")
    version = subprocess.run([tool, "--version"], check=False, capture_output=True, text=True).stdout if tool else ""
    if not re.match(r"v?1\.([3-9]|[1-9]\d)", version):
        pytest.skip(f"age 1.3 or later is not installed (found: {version.strip() or 'none'})")
    sealed = next(POST.joinpath(NETWORK, "center/sealed").glob(f"{HEADERS[SLOT_OF_ALL_1].sealed[0].hash}.age"))
    command = [tool, "-d", "-i", str(VECTORS / "secrets/tver-ivanov.seal"), str(sealed)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == stored("formats/circular.tar")


@pytest.mark.parametrize("name", ["circular.tar", "instruction.tar"])
def test_i12_a_letter_is_an_ordinary_archive(name: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(stored(f"formats/{name}"))) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}
    infos = parse_members(members.pop("members.json"))
    assert list(members) == [*(info.path for info in infos), "letter.json"]
    assert [len(members[info.path]) for info in infos] == [info.size for info in infos]
    if name == "instruction.tar":
        assert list(members)[:2] == ["body.md", "data.json"]
        assert (
            "attachments/\u0444\u043e\u0442\u043e \u0441 \u0441\u043e\u0431\u0440\u0430\u043d\u0438\u044f.png"
            in members
        )


# ---- formats that lie in no post office ----------------------------------------------------------------------------


def test_every_note_and_card_has_the_one_form() -> None:
    for name, header in HEADERS.items():
        assert format_header(header) == note.split(OBJECTS[name]).text
        if header.statements:
            assert format_statements(parse_statements(header.statements)) == header.statements
    for hashed, data in others("card").items():
        assert parse_card(data).hash == hashed
    for hashed, data in others("heads").items():
        assert (sha256(data), format_heads(parse_heads(data))) == (hashed, data)
    for hashed, data in others("evidence").items():
        assert sha256(note.split(data).text) == hashed
    for name in ("key-for-300.txt", "genesis-with-recovery.note"):
        data = stored(f"formats/{name}")
        text = note.split(data).text if name.endswith(".note") else data
        assert format_header(parse_header(text)) == text


def test_a_genesis_with_recovery_keys_founds_a_network() -> None:
    data = stored("formats/genesis-with-recovery.note")
    fresh = Chain(NETWORK, sha256(note.split(data).text))
    assert fresh.offer("center/roster", 1, data).counts
    count, keys = fresh.roster.recovery
    assert (count, len(keys)) == (2, 3)


def test_drafts_invitations_armor_and_papers_have_the_one_form() -> None:
    for name in ("decision.draft.txt", "roster-entry.draft.txt"):
        assert format_draft(parse_draft(stored(f"formats/{name}"))).data == stored(f"formats/{name}")
    invitation = stored("formats/invitation.txt")
    assert format_invitation(parse_invitation(invitation)) == invitation
    assert carry.armor("INVITATION", invitation).encode() == stored("formats/invitation.armored.txt")
    for name in ("card.armored.txt", "rotation-card.armored.txt"):
        card = carry.dearmor(stored(f"formats/{name}"), "CARD")
        assert carry.armor("CARD", card).encode() == stored(f"formats/{name}")
        assert others("card")[parse_card(card).hash] == card
    assert print_members(parse_members(stored("formats/members.json"))) == stored("formats/members.json")
    assert sha256(stored("formats/letter.json")) == HEADERS[SLOT_OF_ALL_1].letter
    assert parse_letterhead(stored("formats/letter.json")).fingerprint == FINGERPRINT


def test_the_rotation_card_is_signed_by_both_keys_and_each_is_needed() -> None:
    card = parse_card(carry.dearmor(stored("formats/rotation-card.armored.txt"), "CARD"))
    assert [head.channel for head in card.card.heads] == ["tver/center", "tver/samara", "tver/tver"]
    text, lines = card.note.split(b"\n\n")
    new, old = lines.splitlines(keepends=True)
    for kept in (new, old):
        with pytest.raises(NotAuthenticError):
            parse_card(text + b"\n\n" + kept)


def test_spoken_numbers_are_those_stored() -> None:
    for line in stored("formats/spoken.txt").decode().splitlines():
        hashed, _, aloud = line.partition(" ")
        assert spoken(hashed) == aloud
    assert spoken(FINGERPRINT) == ALOUD
    card, aloud = stored("formats/card-hash.txt").decode().splitlines()
    assert spoken(card) == aloud


def test_a_home_of_then_opens_with_its_passphrase() -> None:
    ring = KeyRing(VECTORS / "secrets/home/keys", f"{NETWORK}/tver/ivanov", passphrase=lambda: PASSPHRASE)
    seeds = dict(line.rsplit(" ", 2)[:2] for line in stored("secrets/signing-keys.txt").decode().splitlines())
    assert [key.secret_seed().hex() for key in ring.signers] == [seeds["tver/ivanov 2"], seeds["tver/ivanov"]]
    assert [identity.text for identity in ring.identities] == [
        age.parse_identity_file(stored(f"secrets/{name}.seal"))[0].text for name in ("tver-ivanov-2", "tver-ivanov")
    ]


def test_the_post_office_program_reads_the_stored_folder_and_skips_nothing() -> None:
    post = DirectoryPost(POST)
    assert list(post.names(names.network_prefix(NETWORK))) == sorted(OBJECTS)
    assert {name: post.get(name, names.size_limit(name)) for name in OBJECTS if name in SLOTS} == {
        name: OBJECTS[name] for name in SLOTS
    }
    assert post.skipped == {}


# ---- keys/ ---------------------------------------------------------------------------------------------------------


def test_keys_holds_the_public_keys_cards_and_genesis_of_the_stored_network(chain: Chain) -> None:
    genesis = (KEYS / "genesis.note").read_bytes()
    assert genesis == OBJECTS[names.note_name(NETWORK, "center/roster", 1)]
    assert (KEYS / "fingerprint.txt").read_text() == f"{sha256(note.split(genesis).text)}\n{ALOUD}\n"
    cards = {path.name: parse_card(path.read_bytes()) for path in KEYS.glob("*.card")}
    assert {card.hash: card.note for card in cards.values()} == others("card")
    vkeys = (KEYS / "vkeys.txt").read_text().splitlines()
    assert sorted(vkeys) == sorted(str(card.card.vkey) for card in cards.values())
    offices = chain.roster.offices(chain.roster.newest)
    known = {
        str(info.vkey)
        for office in offices
        for officer in {str(card.card.officer) for card in cards.values()}
        for info in chain.roster.keys(office, officer)
    }
    assert known == set(vkeys)


def test_i5_no_secret_is_in_keys() -> None:
    seeds = stored("secrets/signing-keys.txt").decode().splitlines()
    secrets = [bytes.fromhex(line.rsplit(" ", 2)[1]) for line in seeds]
    for path in (VECTORS / "secrets").glob("*.seal"):
        secrets += [identity.seed for identity in age.parse_identity_file(path.read_bytes())]
    assert len(secrets) == 8 + 9
    files = [path for path in KEYS.parent.rglob("*") if path.is_file()]
    assert len(files) >= 10
    for path in files:
        data = path.read_bytes()
        assert not re.search(rb"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]", data), path
        assert b"age-encryption.org/v1\n" not in data, path
        for secret in secrets:
            assert not any(form in data for form in written(secret)), path


def written(secret: bytes) -> tuple[bytes, ...]:
    """A secret as it may stand in a file: raw, hex, base64."""
    return secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")[:-1]


def test_keys_holds_no_other_secret_of_32_bytes() -> None:
    """Every word of 32 bytes in hex or base64 is a hash, a fingerprint or a public key: none is anybody's seed."""
    vkeys = (KEYS / "vkeys.txt").read_bytes()
    public = {line.split(b"+", 2)[2] for line in vkeys.splitlines()}
    hashes = {*others("card"), *(line.split()[3] for line in stored("dispatches.txt").decode().splitlines())}
    for path in (path for path in KEYS.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for word in re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", data):
            assert word.decode() in hashes, (path, word)
        for word in re.findall(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43,44}=?(?![A-Za-z0-9+/=])", data):
            assert word in public, (path, word)
