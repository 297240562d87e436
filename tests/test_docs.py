"""The documents that users read are true: sessions run as they stand, lists are complete, links lead somewhere."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import refusal_list

from cipherpost.chain.findings import CODES
from cipherpost.cli.output import JSON_VERSION, NOTICES
from cipherpost.cli.table import SECTIONS, find

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OURS = (
    ROOT / "README.md",
    *(
        DOCS / f"{name}.md"
        for name in ("README", "center", "committee", "auditor", "reports", "keys", "operator", "troubleshooting")
    ),
)
"""The pages for users; the other pages have their own authors and widths."""
LINKED = (*OURS, DOCS / "protocol.md", DOCS / "threat-model.md", ROOT / "keys" / "README.md", ROOT / "CONTRIBUTING.md")
TROUBLE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
WIDTH = 100


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _section(title: str, text: str = TROUBLE) -> str:
    """What stands under a heading of the second or third level, up to the next of the same level."""
    found = re.search(rf"^(##+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[2]


def _sources() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "cipherpost").rglob("*.py")):
        yield path, path.read_text(encoding="utf-8")


# ---- sessions ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in OURS if "```console" in page.read_text(encoding="utf-8")], ids=_id)
def test_a_session_shown_is_what_the_program_says(page: Path, tmp_path: Path) -> None:
    pytest.importorskip("pty", reason="a session is played in a terminal, which this system does not lend")
    import doc_sessions

    count = 0
    for turn in doc_sessions.play(page.read_text(encoding="utf-8"), tmp_path):
        shown, real = doc_sessions.leveled(turn.shown.output), doc_sessions.leveled(turn.output)
        assert shown == real, f"{turn.command}\nsaid, with exit code {turn.code}:\n{turn.output}"
        assert turn.code == 0, turn.command
        count += 1
    assert count


def test_the_first_session_goes_from_founding_to_a_forgery_refused() -> None:
    import doc_sessions

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    typed = "\n".join(turn.command for turn in doc_sessions.turns(readme))
    steps = ["init", "office add", "invite", "join", "--heard", "send", "fetch", "read", "reply", "outbox", "audit"]
    places = [typed.index(step) for step in steps]
    assert places == sorted(places)
    last = doc_sessions.turns(readme)[-1]
    assert "ALARM  malformed  center/all/1" in last.output
    assert "exit code 3" in readme


# ---- troubleshooting ---------------------------------------------------------------------------------------------


def test_every_notice_is_explained() -> None:
    section = _flat(_section("Notices"))
    for name, words in NOTICES.items():
        explained = section.partition(f'- `{name}`: "{words}". ')[2].partition(" - `")[0]
        assert len(explained) > 20, name
    named = re.findall(r"^- `([a-z-]+)`: ", _section("Notices"), re.MULTILINE)
    assert named == list(NOTICES)


def test_every_notice_is_shown_somewhere() -> None:
    code = "\n".join(text for path, text in _sources() if path.name != "output.py")
    own = (ROOT / "cipherpost/cli/output.py").read_text(encoding="utf-8")
    banners = (ROOT / "cipherpost/workflows/reading.py").read_text(encoding="utf-8")
    for name in NOTICES:
        calls = (f'notice("{name}"', f"NOTICES['{name}']", f'NOTICES["{name}"]')
        assert any(call in code or call in own for call in calls) or f'yield "{name}", ' in banners, name


def test_every_refusal_is_listed_with_its_exit_code_and_meaning() -> None:
    real = refusal_list.listed()
    assert _section("Every refusal").strip() == real.strip(), "run: python tests/refusal_list.py"
    names = {each.__name__ for each in refusal_list.refusals()}
    assert names == set(re.findall(r"^- `(\w+)` \([0-7]\): \S", real, re.MULTILINE))


def test_every_refusal_says_what_it_is() -> None:
    for each in refusal_list.refusals():
        assert each.__dict__.get("__doc__"), each


def test_every_exit_code_has_a_row() -> None:
    rows = re.findall(r"^\| ([0-9]+) \| (.+) \| (.+) \|$", _section("Exit codes"), re.MULTILINE)
    codes = [int(code) for code, _, _ in rows]
    assert codes == sorted({0, 130} | {each.exit_code for each in refusal_list.refusals()})


def test_every_finding_code_has_a_row_that_points_where_the_program_points() -> None:
    auditor = (DOCS / "auditor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| .+ \| (?:the )?(\w+).* \|$", _section("Findings", auditor), re.MULTILINE)
    assert rows == [(code, row.points_to) for code, row in CODES.items()]
    said = _flat(_section("Findings", auditor)).partition("Exit codes: ")[2]
    for exit_code in (7, 3, 6, 5):
        part, _, said = said.partition(f" {exit_code};")
        assert set(re.findall(r"`([a-z-]+)`", part)) == {c for c, row in CODES.items() if row.exit_code == exit_code}


# ---- what scripts may rely on ------------------------------------------------------------------------------------


def _fields(what: str) -> set[str]:
    lead = what if ": " in what else f"{what}:"
    _, found, said = _flat(_section("What scripts may rely on")).partition(f"- {lead} `")
    assert found, what
    return set(said.partition("`")[0].split(", "))


class _Network:
    """A network of a center, a committee and an auditor, each command a program of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        import doc_sessions

        self._environment = doc_sessions.environment(folder)

    def run(self, home: str, *words: str, code: int = 0) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "cipherpost", "--json", "--home", home, *words],
            cwd=self.folder,
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stderr
        found: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return found


@pytest.mark.slow
def test_json_has_the_fields_that_the_page_names(tmp_path: Path) -> None:
    network = _Network(tmp_path)
    posted = _fields("`send`, `reply`, `cancel`, `forward`, `complied`, `office add`, `group NAME`, `reinstate`")

    def check(what: str | set[str], given: dict[str, Any]) -> None:
        assert given.get("version", JSON_VERSION) == JSON_VERSION
        assert set(given) - {"version"} == (_fields(what) if isinstance(what, str) else what), what

    center = "center"
    check("`init`", network.run(center, "init", "rkpb", "--officer", "stasova", "--post", "post", "--no-passphrase"))
    check(posted, network.run(center, "office", "add", "tver", "--title", "Tver"))
    network.run(center, "invite", "tver", "-o", "tver.invitation")
    joined = network.run("tver", "join", "tver.invitation", "--officer", "ivanov", "--no-passphrase")
    check("`join`", joined)
    check("`cards`, each of `cards`", network.run(center, "cards")["cards"][0])
    check("`card`", network.run("tver", "card"))
    check(posted | {"admitted"}, network.run(center, "admit", "tver/ivanov", "--heard", joined["spoken"]))
    check(posted, network.run(center, "group", "volga", "tver"))
    check("`group`", network.run(center, "group"))
    (tmp_path / "letter.md").write_text("# A letter\n", encoding="utf-8")
    sent = network.run(center, "send", "letter.md", "--to", "all", "--to", "tver", "--attach", "tver.invitation")
    assert set(sent) == {"version", "dispatches"}
    check(posted, sent["dispatches"][0])
    check("`fetch`", network.run("tver", "fetch"))
    inbox = network.run("tver", "inbox")["dispatches"]
    check("`inbox`, each of `dispatches`", inbox[0])
    assert set(inbox[0]["attachments"][0]) == {"name", "type", "bytes"}
    check(
        _fields("`inbox`, each of `dispatches`") | _fields("`read`: as one of `inbox`, and"),
        network.run("tver", "read", "center/all/1"),
    )
    check(posted, network.run("tver", "reply", "center/tver/1", "-m", "Yes."))
    check("`status`", network.run("tver", "status"))
    roster = network.run("tver", "roster")
    check("`roster`", roster)
    check("`roster`, each of `offices`", roster["offices"][0])
    outbox = _fields("`outbox`, each of `dispatches`")
    check(outbox, network.run(center, "outbox")["dispatches"][0])
    one = network.run(center, "outbox", "center/all/1")["dispatches"][0]
    check(outbox | {"offices"}, one)
    check("`outbox C/N`, each of `offices`", one["offices"][0])
    check("`keys show`", network.run("tver", "keys", "show"))
    check("`doctor`", network.run("tver", "doctor"))
    check("`verify`", network.run(center, "verify", "post/rkpb/center/all/00000001.note"))
    published = _fields("`verify` of a publication")
    check(published - {"here"} | {"file"}, network.run("tver", "publish", "center/all/1", "-o", "public", "-y"))
    found = network.run("tver", "verify", "public")
    check(published, found)
    check("`verify` of a publication, each of `members`", found["members"][0])
    (tmp_path / "post/rkpb/center/all/00000001.note").unlink()
    audit = network.run("tver", "audit", code=3)
    check("`audit`", audit)
    check("`audit`, each of `findings`", audit["findings"][0])
    check({"error"}, network.run("tver", "read", "center/all/99", code=1))


# ---- every page --------------------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED, ids=_id)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name


@pytest.mark.parametrize("page", OURS, ids=_id)
def test_no_line_is_too_wide(page: Path) -> None:
    for at, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        assert len(line) <= WIDTH, f"line {at}"


def _commands_in(text: str) -> Iterator[str]:
    """The command after each `cipherpost` that is meant to be typed, options before it skipped."""
    for line in re.findall(r"(?:^|`|\(|hint: |\$ |=)cipherpost ([^`\n]*)", text, re.MULTILINE):
        words = iter(line.split())
        for word in words:
            if word in {"--home", "--post", "--passphrase-file"}:
                next(words, None)
            elif re.fullmatch(r"[a-z]+", word):
                yield word
                break
            elif not word.startswith("-"):
                break


@pytest.mark.parametrize("page", OURS, ids=_id)
def test_pages_for_users_name_only_commands_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name == "README.md" and page.parent == DOCS:
        text = text.partition("## Commands")[0]  # that is the program's own text
    for name in _commands_in(text):
        assert find(name) is not None, name


def test_hints_name_only_commands_that_exist() -> None:
    for path, text in _sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.keyword) and node.arg == "hints":
                for part in ast.walk(node.value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        for name in re.findall(r"^cipherpost ([a-z]+)", part.value):
                            assert find(name) is not None, f"{path}:{part.lineno}: {part.value}"


def test_every_command_is_in_a_guide() -> None:
    guides = "\n".join(page.read_text(encoding="utf-8") for page in OURS if page.name != "README.md")
    for _, commands in SECTIONS:
        for name, place in commands.items():
            assert place.hidden or f"cipherpost {name}" in guides, name


def test_the_code_refers_to_sections_that_exist() -> None:
    found = 0
    for path, text in _sources():
        for page, section in re.findall(r'docs/([a-z-]+)\.md, "([^"]+)"', " ".join(text.split())):
            anchor = re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-")
            assert anchor in _anchors(DOCS / f"{page}.md"), f"{path}: {page}, {section}"
            found += 1
    assert found


def test_every_environment_variable_is_explained() -> None:
    names = {name for _, text in _sources() for name in re.findall(r"\"(CIPHERPOST_[A-Z_]+)\"", text)}
    explained = _section("Environment", (DOCS / "operator.md").read_text(encoding="utf-8"))
    assert names
    for name in names:
        assert f"`{name}`" in explained, name
