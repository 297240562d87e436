"""docs/protocol.md says what the code does: tables, limits, grammar words and worked examples, byte for byte."""

import hashlib
import io
import re
from pathlib import Path

import protocol_examples
import pytest
from story import Story

from cipherpost import carry, limits, note, publication
from cipherpost.card import card_text, format_invitation, parse_card, parse_invitation
from cipherpost.chain.findings import CODES
from cipherpost.chain.network import Chain
from cipherpost.dispatch import kinds
from cipherpost.dispatch.draft import draft_text, format_draft, parse_draft
from cipherpost.dispatch.header import (
    ACK_WORDS,
    KIND_WORDS,
    LINES,
    VERDICTS,
    format_header,
    parse_header,
)
from cipherpost.dispatch.heads import format_heads, parse_heads
from cipherpost.letter import (
    parse_letterhead,
    parse_members,
    print_letterhead,
    print_members,
)
from cipherpost.pages.publication import publication_page
from cipherpost.roster.grammar import WORDS
from cipherpost.roster.statements import format_statements, parse_statements
from cipherpost.text import sha256, spoken

ROOT = Path(__file__).parent.parent
PAGE = protocol_examples.PAGE.read_text(encoding="utf-8")
EXAMPLES, TABLES = protocol_examples.on_page(PAGE)
NOTES = ("genesis", "settings", "admission", "circular", "receipt", "report", "decision", "key", "audit")
DOCUMENTS = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "keys" / "README.md", ROOT / "CONTRIBUTING.md"])


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


# ---- tables and words ----------------------------------------------------------------------------------------------


def rows(name: str) -> list[list[str]]:
    """The cells of a table of the page, without its head, and without backquotes."""
    lines = TABLES[name].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_the_matrix_of_the_page_is_that_of_the_code() -> None:
    empty = {"-": ()}
    found = [[*row[:3], row[3], *row[4:]] for row in rows("matrix")]
    assert [
        (kind, *(empty.get(words, tuple(words.split())) for words in (roles, to)), signed, *map(cells, (req, may)))
        for kind, roles, to, signed, req, may in found
    ] == [tuple(row) for row in kinds.matrix()]


def cells(words: str) -> tuple[str, ...]:
    return () if words == "-" else tuple(words.split())


def test_the_matrix_line_by_line_is_that_of_the_code() -> None:
    for word, *marks in rows("lines"):
        for mark, kind in zip(marks, kinds.matrix(), strict=True):
            assert mark == ("R" if word in kind.required else "a" if word in kind.allowed else ""), (word, kind.kind)
    assert [row[0] for row in rows("lines")] == list(kinds.OPTIONAL)


def test_the_findings_of_the_page_are_those_of_the_code() -> None:
    assert rows("findings") == [
        [code, row.grade, row.points_to, str(row.exit_code), row.rule] for code, row in CODES.items()
    ]


def test_i11_every_limit_of_the_protocol_stands_in_the_page() -> None:
    source = (ROOT / "cipherpost" / "limits.py").read_text(encoding="utf-8")
    protocol, program = source.split("# ---- of this program")
    shared = re.findall(r"^([A-Z_]+): Final", protocol, re.MULTILINE)
    named = {name: int(value) for name, value, _ in rows("limits")}
    assert set(named) - set(re.findall(r"^([A-Z_]+): Final", program, re.MULTILINE)) == set(shared) - {"KIB", "MIB"}
    assert named == {name: getattr(limits, name) for name in named}


def test_every_word_of_the_code_stands_in_a_grammar_of_the_page() -> None:
    grammars = "".join(re.findall(r"^```\n(.*?)^```\n", PAGE, re.MULTILINE | re.DOTALL))
    for word in (*KIND_WORDS, *ACK_WORDS, *VERDICTS, *WORDS, *(line.word for line in LINES)):
        assert f'"{word}"' in grammars, word


def test_every_section_that_the_code_names_is_there() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "cipherpost").rglob("*.py"))
    named = set(re.findall(r'docs/protocol\.md,\s+"([^"]+)"', source))
    assert len(named) >= 10
    assert {name for name in named if not any(heading.startswith(name) for heading in headings)} == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_lines_are_short_and_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^```\n.*?^```\n", "", text, flags=re.MULTILINE | re.DOTALL)
    long = [line for line in prose.splitlines() if len(line) > 110 and not line.startswith("|")]
    assert long == []
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", prose)]
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


# ---- examples ------------------------------------------------------------------------------------------------------


def test_the_page_shows_every_example_as_the_code_makes_it(story: Story) -> None:
    assert story.examples == EXAMPLES
    assert protocol_examples.written(PAGE) == PAGE


@pytest.mark.parametrize("name", NOTES)
def test_v1_a_note_of_the_page_parses_and_prints_back(name: str) -> None:
    text = note.split(EXAMPLES[name]).text
    header = parse_header(text)
    assert format_header(header) == text
    assert header.kind == {"genesis": "roster", "settings": "roster", "admission": "roster"}.get(name, name)
    kinds.check_lines(header)
    if header.statements:
        assert format_statements(parse_statements(header.statements)) == header.statements


def test_all_notes_of_the_story_verify_and_nothing_is_found(story: Story) -> None:
    fingerprint = EXAMPLES["fingerprint"].decode().split("\n")[0]
    chain = Chain("rkpb", fingerprint)
    offered = 0
    for channel in sorted(story.notes, key=lambda name: name != "center/roster"):
        for number, signed in enumerate(story.notes[channel], 1):
            assert chain.offer(channel, number, signed).status == "counts", (channel, number)
            offered += 1
    assert offered == 11
    assert chain.findings("2026-12-02T13:00:00Z") == ()


def test_the_fingerprint_is_the_hash_of_the_genesis_and_is_spoken_so() -> None:
    fingerprint, aloud, _ = EXAMPLES["fingerprint"].decode().split("\n")
    assert sha256(note.split(EXAMPLES["genesis"]).text) == fingerprint
    assert spoken(fingerprint) == aloud


def test_the_card_is_the_one_that_was_admitted() -> None:
    signed = parse_card(carry.dearmor(EXAMPLES["card"], "CARD"))
    assert card_text(signed.card).data == note.split(signed.note).text
    assert EXAMPLES["card-hash"].decode() == f"{signed.hash}\n{signed.spoken}\n"
    assert f"officer tver/ivanov {signed.card.vkey} {signed.hash}\n".encode() in EXAMPLES["admission"]
    assert carry.armor("CARD", signed.note).encode() == EXAMPLES["card"]


def test_the_invitation_prints_back_and_names_the_network() -> None:
    invitation = parse_invitation(EXAMPLES["invitation"])
    assert format_invitation(invitation) == EXAMPLES["invitation"]
    assert carry.dearmor(EXAMPLES["invitation-armored"], "INVITATION") == EXAMPLES["invitation"]
    assert carry.armor("INVITATION", EXAMPLES["invitation"]).encode() == EXAMPLES["invitation-armored"]
    assert invitation.fingerprint == EXAMPLES["fingerprint"].decode().split("\n")[0]


def test_v10_the_papers_print_back_and_the_header_commits_to_them(story: Story) -> None:
    members = parse_members(EXAMPLES["members.json"].removesuffix(b"\n"))
    assert print_members(members) + b"\n" == EXAMPLES["members.json"]
    head = parse_letterhead(EXAMPLES["letter.json"].removesuffix(b"\n"))
    assert print_letterhead(head) + b"\n" == EXAMPLES["letter.json"]
    circular = parse_header(note.split(EXAMPLES["circular"]).text)
    assert circular.letter == sha256(EXAMPLES["letter.json"].removesuffix(b"\n"))
    body = b"Each committee holds its conference before the tenth.\n"
    opening = b"cipherpost/v1 member\n" + members[0].salt + b"body.md\ntext/markdown\n%d\n" % len(body)
    assert head.commitments == (hashlib.sha256(opening + body).hexdigest(),)
    assert EXAMPLES["letter-archive"].decode() == f"{sha256(story.archive)} {len(story.archive)}\n"


def test_the_publication_of_the_page_is_verified_by_the_fingerprint_and_is_the_circular(story: Story) -> None:
    fingerprint = EXAMPLES["fingerprint"].decode().split("\n")[1]
    found = publication.verify(io.BytesIO(story.publication), fingerprint, page=publication_page)
    assert (found.place, found.entries, found.left_out) == ("center/all/1", 3, 0)
    assert found.note == EXAMPLES["circular"]
    assert EXAMPLES["publication"].decode() == f"{sha256(story.publication)} {len(story.publication)}\n"


def test_the_draft_prints_back_and_is_what_was_endorsed() -> None:
    assert format_draft(parse_draft(EXAMPLES["draft"])).data == EXAMPLES["draft"]
    decision = parse_header(note.split(EXAMPLES["decision"]).text)
    fingerprint = EXAMPLES["fingerprint"].decode().split("\n")[0]
    assert draft_text(fingerprint, decision).data == EXAMPLES["draft"]


def test_the_audit_names_the_heads_file_of_the_page() -> None:
    heads = EXAMPLES["heads-file"]
    assert format_heads(parse_heads(heads)) == heads
    audit = parse_header(note.split(EXAMPLES["audit"]).text)
    assert audit.heads_file == (sha256(heads), len(heads))
