"""What holds of the whole source: sizes, docstrings, layers, names of tests, what starts, what files give away."""

import ast
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cipherpost"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 500


AT_START = {"cipherpost", "cipherpost.cli", "cipherpost.cli.app", "cipherpost.cli.table", "click"}
HEAVY = {"asyncio", "email", "http", "multiprocessing", "sqlite3", "ssl", "tarfile", "urllib", "zoneinfo"}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """Every file of the project, that is, those that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


# ---- modules -------------------------------------------------------------------------------------------------------


def test_no_module_is_too_long_to_be_read_in_one_sitting() -> None:
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length >= MOST_LINES} == {}
    assert len(lengths) > 80


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_every_module_says_what_it_is_for_and_so_does_all_that_is_public(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_every_module_has_its_place_among_the_layers() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [contract for contract in config["contracts"] if contract["type"] == "layers"]
    named = {name.strip() for contract in layers for layer in contract["layers"] for name in layer.split("|")}
    here = {path.stem for path in PACKAGE.iterdir() if (path.suffix == ".py" or (path / "__init__.py").exists())}
    assert {f"cipherpost.{name}" for name in here - {"__init__"}} == named
    assert "lint-imports" in (ROOT / "scripts" / "check").read_text(encoding="utf-8")


# ---- tests ---------------------------------------------------------------------------------------------------------


def test_every_promise_and_every_check_has_tests_that_bear_its_name() -> None:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for names in re.findall(r"^ *def test_((?:[iv][0-9]+_)+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.update(names.rstrip("_").split("_"))
    promises, checks = {f"i{at}" for at in range(1, 13)}, {f"v{at}" for at in range(1, 12)}
    assert promises | checks == found


# ---- starting ------------------------------------------------------------------------------------------------------


def test_the_command_line_starts_with_little() -> None:
    asked = "import json, sys; old = {*sys.modules}; import cipherpost.cli; print(json.dumps([*{*sys.modules} - old]))"
    ran = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, check=True)
    loaded = set(json.loads(ran.stdout))
    roots = {name.partition(".")[0] for name in loaded}
    assert roots - sys.stdlib_module_names <= {"cipherpost", "click"}
    assert {name for name in loaded if name.startswith("cipherpost")} == AT_START - {"click"}
    assert roots & HEAVY == set()


# ---- what files give away ------------------------------------------------------------------------------------------


def test_no_file_names_a_registry_or_where_packages_were_fetched_from() -> None:
    hosts = "|".join(("py" + "pi", "npm" + "js", "registry", "artifactory", "nexus", "crates"))
    settings = "|".join(("(?:extra-)?index-" + "url", r"^\s*registry\s*=", r"\"resolved\"\s*:"))
    told = re.compile(rf"https?://[^\s/]*(?:{hosts})|https?://\S*/simple/|{settings}", re.MULTILINE)
    assert told.search("see https://" + "registry.example/simple/age")
    assert [shown(path) for path in tracked() if told.search(text_of(path))] == []


def test_no_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    homes = {str(Path.home()), str(ROOT), tempfile.gettempdir(), *("/" + name for name in ("tmp", "root", "opt"))}
    known = "|".join(re.escape(each) for each in sorted(homes) if len(each) > 1)
    told = re.compile(rf"(?<![\w./<>-])(?:file://)?(?:{known})(?![\w.-])")
    assert told.search(f"see {ROOT}/cipherpost")
    assert {shown(path): match[0] for path in tracked() if (match := told.search(text_of(path)))} == {}


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
