"""The worked examples and generated tables of docs/protocol.md, made by the code itself.

`tests/test_protocol_page.py` compares them with the page. After a change of a format:

    scripts/vectors                           seals what has changed, if anything has
    python tests/protocol_examples.py         writes the examples into the page

The examples are the first part of the network in tests/vectors/; `story` tells it.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from story import Story

from cipherpost import limits
from cipherpost.chain.findings import CODES
from cipherpost.dispatch import kinds

PAGE = Path(__file__).parent.parent / "docs" / "protocol.md"


# ---- tables --------------------------------------------------------------------------------------


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _listed(words: Iterable[str]) -> str:
    return " ".join(words) or "-"


def matrix_table() -> str:
    """One row a kind: from whom, to whom, signatures, required and allowed lines."""
    return table(
        ("kind", "from", "to", "signatures", "required", "allowed"),
        (
            (f"`{row.kind}`", *map(_listed, (row.roles, row.audiences, (row.signatures,), row.required, row.allowed)))
            for row in kinds.matrix()
        ),
    )


def lines_table() -> str:
    """The same matrix the other way round, one row a line: R required, a allowed."""
    rows = kinds.matrix()
    return table(
        ("line", *(row.kind for row in rows)),
        (
            (f"`{word}`", *("R" if word in row.required else "a" if word in row.allowed else "" for row in rows))
            for word in kinds.OPTIONAL
        ),
    )


def findings_table() -> str:
    """Every finding code."""
    return table(
        ("code", "grade", "points to", "exit", "rule"),
        ((f"`{code}`", row.grade, row.points_to, str(row.exit_code), row.rule) for code, row in CODES.items()),
    )


LIMITS = {
    "HEADER_BYTES": "bytes of a whole note, signature lines included, of any kind but roster",
    "ROSTER_BYTES": "bytes of a whole note of kind roster, signature lines included",
    "STATEMENTS": "statements in one roster entry",
    "KEEPERS": "keepers, and recovery keys",
    "LATERAL_MEMBERS": "members of a lateral group",
    "DUTY_DAYS": "days of `due`, `within` and `grace`",
    "ACKS": "`ack` lines of a header",
    "MISSING": "`missing` lines of a header",
    "HEADS": "`head` lines of a header",
    "ENDORSED": "`endorsed` lines of a header; so a threshold is at most one more",
    "SEALED_OF_KEY": "`sealed` lines of kind key",
    "READERS_OF_KEY": "readers of one sealed file of kind key",
    "NUMBER": "the highest number of a dispatch, proposal or roster entry",
    "SIZE": "bytes of a sealed file, and of a member of a letter",
    "FREE_TEXT": "characters of a title or subject",
    "NAME": "characters of a name",
    "AGE_HEADER_BYTES": "bytes of an age header",
    "HEADS_FILE_BYTES": "bytes of a heads file",
    "ALTERNATES": "alternate names looked at for one slot",
    "ATTACHMENT_NAME_BYTES": "bytes of an attachment's name",
    "MEMBERS": "members of a letter beside its two papers",
    "LETTER_JSON_BYTES": "bytes of `letter.json`, and of `members.json`",
    "BODY_BYTES": "bytes of the body",
    "DATA_BYTES": "bytes of `data.json`",
    "JSON_DEPTH": "nesting of any JSON",
    "JSON_VALUES": "values in any JSON",
    "TAR_NAME_BYTES": "bytes of a member's name in an archive",
    "CLOCK_AHEAD_SECONDS": "seconds that a dispatch may be ahead of the judging time without the finding `clock`",
    "BUNDLE_BYTES": "bytes of a bundle, whole",
    "PROOF_BYTES": "bytes of the proof of a fork",
    "PROOF_NOTES": "dispatches of one side in the proof of a fork",
    "FORM_BYTES": "bytes of a form",
    "FORM_FIELDS": "fields of a form, those of its lists' items included",
    "FORM_WEIGHT": "values of a form with every reference written out",
    "FORM_PATTERNS": "patterns of a form with every reference written out",
    "FORM_PATTERN_TEXT": "characters of these patterns together",
    "FORM_HELP": "characters of a description in a form, white space run together",
    "REPORT_TEXT": "characters of a text in a report",
    "REPORT_ITEMS": "items of a list in a report",
    "AUDIT_FINDINGS": "findings that a signed audit lists",
    "CARD_BYTES": "bytes of a card or invitation without its armor",
}


def limits_table() -> str:
    """The limits of the protocol."""
    return table(("limit", "value", "of what"), ((f"`{n}`", str(getattr(limits, n)), w) for n, w in LIMITS.items()))


TABLES = {"matrix": matrix_table, "lines": lines_table, "findings": findings_table, "limits": limits_table}


def examples() -> dict[str, bytes]:
    """Every example by its name; each ends in LF, which is not part of the two JSON ones."""
    return Story().examples


# ---- the page ------------------------------------------------------------------------------------

_EXAMPLE = re.compile(r"<!-- example: ([a-z.-]+) -->\n```\n(.*?\n)```\n", re.DOTALL)
_TABLE = re.compile(r"<!-- table: ([a-z]+) -->\n\n(.*?)\n<!-- end -->\n", re.DOTALL)


def on_page(page: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The examples and tables that stand in ``page``."""
    found = {name: text.encode() for name, text in _EXAMPLE.findall(page)}
    return found, dict(_TABLE.findall(page))


def written(page: str) -> str:
    """``page`` with all examples and tables made anew."""
    made = examples()
    page = _EXAMPLE.sub(lambda m: f"<!-- example: {m[1]} -->\n```\n{made[m[1]].decode()}```\n", page)
    return _TABLE.sub(lambda m: f"<!-- table: {m[1]} -->\n\n{TABLES[m[1]]()}\n<!-- end -->\n", page)


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(before), encoding="utf-8", newline="\n")
    sys.stdout.write(
        "docs/protocol.md is up to date\n" if written(before) == before else "docs/protocol.md was changed\n"
    )
