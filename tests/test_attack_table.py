"""The table of attacks in the threat model: it names tests that are there, every story of an attack, and true codes."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import refusal_list

from cipherpost.chain.findings import CODES

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "threat-model.md"
OF_THE_CARRIER = (
    "forge", "strip", "same channel", "in another", "other direction", "another network", "rollback", "freeze",
    "fast-forward", "mix-and-match", "gap", "loss of the last number", "whole channel withheld",
    "race kept and shown as a fork", "created to both", "lying ack", "honest witness", "reorder", "truncation",
    "swap of sealed files", "a note without an end", "age header", "archive without an end", "listing without an end",
    "two committees", "committee against auditor", "split roster", "omits, repeats, is unsorted or has foreign names",
    "clock rollback", "36 years ahead", "backdating",
)  # fmt: skip


class Row(NamedTuple):
    attack: str
    found: str
    codes: str
    tests: str


@cache
def rows() -> tuple[Row, ...]:
    _, _, section = PAGE.read_text(encoding="utf-8").partition("\n## Attacks, and what shows them\n")
    section = section.partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    return tuple(Row(*each) for each in cells if each[0] != "attack" and set(each[0]) != {"-"} and "---" not in each[0])


@cache
def defined() -> dict[str, Path]:
    return {
        name: path
        for path in sorted(TESTS.rglob("test_*.py"))
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.attack)
def test_an_attack_names_tests_that_are_there_and_codes_with_their_exits(row: Row) -> None:
    tests = named(row.tests)
    assert tests
    assert [name for name in tests if name not in defined()] == []
    exits = {code: each.exit_code for code, each in CODES.items()}
    exits |= {each.__name__: each.exit_code for each in refusal_list.refusals()}
    said = re.findall(r"`([^`]+)` (\d)", row.codes)
    assert [code for code, _ in said] == named(row.codes), "each code has its exit"
    assert {code: int(number) for code, number in said} == {code: exits.get(code) for code, _ in said}
    assert said or row.codes.startswith("none")
    if row.codes == "none":
        assert "*none*" in row.found, "what nobody finds is said, and why"


def test_every_story_of_an_attack_stands_in_the_table() -> None:
    stories = {
        name for name, path in defined().items() if path.name.startswith("test_attack_") and path.parent != TESTS
    }
    assert stories
    missing = stories - {name for row in rows() for name in named(row.tests)}
    assert not missing, f"docs/threat-model.md does not name {sorted(missing)}"


def test_every_attack_of_the_carrier_has_a_row() -> None:
    attacks = "\n".join(row.attack for row in rows())
    assert [attack for attack in OF_THE_CARRIER if attack not in attacks] == []
    assert len({row.attack for row in rows()}) == len(rows())
