"""Every command that the program speaks of is one it has: in hints, notices, help and printed lines."""

import ast
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cliharness import Net, check_hint

import cipherpost
from cipherpost.cli import table
from cipherpost.cli.app import cli

SOURCE = Path(cipherpost.__file__).parent
COMMAND = re.compile(r"(?:^|[\s`(:])cipherpost (?:--home \S+ )?([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
PROSE = {"and", "fork", "left", "made", "than", "wrote"}
"""Words that follow the program's name in sentences about it."""


def words_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of a module with its line; what an f-string fills in stands as a capital X."""
    joined = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
            joined |= {id(part) for part in node.values}
            yield node.lineno, "".join(str(part) for part in parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in joined:
            yield node.lineno, node.value


def spoken_of() -> Iterator[tuple[str, str, str | None]]:
    """(where, command, the word behind it) for every command named in the source."""
    for path in sorted(SOURCE.rglob("*.py")):
        for line, text in words_of(ast.parse(path.read_text(encoding="utf-8"))):
            for match in COMMAND.finditer(text):
                if match[1] not in PROSE:
                    yield f"{path.relative_to(SOURCE)}:{line}", match[1], match[2]


def test_every_command_named_in_the_source_exists():
    found = list(spoken_of())
    assert len(found) > 80, "the source was read"
    missing = {f"{where}: {name}" for where, name, _ in found if table.find(name) is None}
    assert not missing


def test_every_subcommand_named_in_the_source_exists():
    context = click.Context(cli)
    wrong = []
    for where, name, part in spoken_of():
        command = cli.get_command(context, name)
        if isinstance(command, click.Group) and part is not None and command.get_command(context, part) is None:
            wrong.append(f"{where}: {name} {part}")
    assert not wrong


def literal_hints() -> Iterator[tuple[str, list[str]]]:
    """(where, hints) for every ``hints=(...)`` of the source that is written out."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "hints" and isinstance(node.value, ast.Tuple):
                texts = [text for part in node.value.elts for _, text in words_of(part)]
                yield f"{path.relative_to(SOURCE)}:{node.value.lineno}", texts


def test_a_refusal_gives_at_most_two_hints_and_none_says_the_same_twice():
    found = list(literal_hints())
    assert len(found) > 60
    for where, hints in found:
        assert len(hints) == len(set(hints)), where
        assert not any(hint.endswith(".") for hint in hints), where
        assert not any("\n" in hint for hint in hints), where


@pytest.mark.parametrize("hint", ["cipherpost nonsense", "try this: cipherpost nonsense", "cipherpost keys nonsense"])
def test_a_hint_that_names_no_command_is_noticed(hint):
    with pytest.raises(AssertionError):
        check_hint(hint)


# ---- hints that are pasted ---------------------------------------------------------------------------------------


def test_a_hint_works_when_it_is_pasted_elsewhere(net: Net):
    """The home was named, so the command hinted at names it too, quoted where it must be."""
    told = net.ok("tver", "inbox")
    assert told.pasted == [f"cipherpost --home {net.home('tver')} read center/all/1"]
    pasted = shlex.split(told.pasted[0])[1:]
    assert "Prepare the conferences" in net.ok(None, *pasted).out
    spaced = net.root / "my home"
    shutil.copytree(net.home("samara"), spaced)
    hint = net.ok(None, "--home", str(spaced), "inbox").pasted[0]
    assert shlex.split(hint)[:4] == ["cipherpost", "--home", str(spaced), "read"]


def test_a_hint_names_no_home_that_was_not_named(net: Net):
    here = net.ok(None, "inbox", cwd=net.home("tver"))
    assert here.pasted == ["cipherpost read center/all/1"]
    by_environment = net.ok(None, "inbox", env={"CIPHERPOST_HOME": str(net.home("tver"))})
    assert by_environment.pasted == ["cipherpost read center/all/1"]


def test_only_commands_of_ours_get_a_home(net: Net):
    done = net.run("center", "invite", "tver", "-o", str(net.root / "again.invitation"))
    assert done.pasted == ["the clerk types: cipherpost join again.invitation --officer NAME"]


def test_a_letter_that_waits_is_sent_by_fetch_and_by_nothing_else(net: Net):
    away = net.post.rename(net.root / "away")
    done = net.run("center", "send", str(net.write("late.txt", "late\n")), "--to", "all")
    assert done.code == 1
    assert done.hints[0].startswith("cipherpost fetch ")
    assert done.hints[1:] == ["connect the stick or the share"]
    assert "repeat" not in done.err
    away.rename(net.post)
    words = shlex.split(done.pasted[0].partition("    (")[0])[1:]
    assert "sent: center/all/2" in net.ok(None, *words).err
