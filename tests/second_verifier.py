"""The second verifier (scripts/mini_verify.py) shares no code with the package, and must find what an audit finds."""

import copy
import importlib.util
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from simulator import HostilePost

from cipherpost.errors import UnableError
from cipherpost.postoffice import PostOffice
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import format_time
from cipherpost.workflows import auditing, bundling

SCRIPT = Path(__file__).parent.parent / "scripts" / "mini_verify.py"
COMPARED = {"malformed", "misplaced", "forged", "unauthorized", "gap", "held", "fork", "race"}
COMPARED |= {"old-roster", "void", "uncounted", "disagrees", "clock"}
Found = set[tuple[str, str, int]]
Heads = list[tuple[str, int, str]]


def load() -> ModuleType:
    """The script as a module, by its path."""
    if "mini_verify" not in sys.modules:
        spec = importlib.util.spec_from_file_location("mini_verify", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["mini_verify"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["mini_verify"]


def audited(post: PostOffice, network: str, fingerprint: str, as_of: datetime) -> tuple[Found, Heads]:
    """What an audit says, of all that both look at."""
    subject = auditing.Subject(post=post, network=network, fingerprint=fingerprint, clock=lambda: as_of)
    told = auditing.audit(subject, as_of=as_of).as_json()
    found = {(each["code"], each["channel"] or "-", each["number"] or 0) for each in told["findings"]}
    heads = [(each["channel"], each["number"], each["hash"]) for each in told["channels"]]
    return {each for each in found if each[0] in COMPARED}, sorted(heads)


def agree(post: PostOffice, network: str, fingerprint: str, as_of: datetime | None = None) -> None:
    """Bundle what ``post`` holds of a network, however hostile, and have both verifiers judge the bundle alike.

    A `HostilePost` is asked through a copy, so that nothing is counted and no failure is used up; where one keeps the
    bundle from being made, there is nothing to compare.
    """
    moment = as_of or datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        try:
            bundling.make(auditing.Subject(post=_copied(post), network=network, fingerprint=fingerprint), path)
        except UnableError:
            return
        found, heads = audited(BundlePost(path), network, fingerprint, moment)
        second, second_heads = load().verify(path.read_bytes(), fingerprint, format_time(moment))
    missed, invented = sorted(found - second), sorted(second - found)
    assert not missed, f"the second verifier does not find {missed}; it finds instead {invented}"
    assert not invented, f"the second verifier alone finds {invented}"
    assert second_heads == heads


def agree_on(objects: Mapping[str, bytes], network: str, fingerprint: str, as_of: datetime | None = None) -> None:
    """The same of the objects of a post office."""
    post = MemoryPost()
    post.objects.update(objects)
    agree(post, network, fingerprint, as_of)


def _copied(post: PostOffice) -> PostOffice:
    if not isinstance(post, HostilePost):
        return post
    same = copy.copy(post)
    same.inner, same.knobs, same.fails = _copied(post.inner), copy.deepcopy(post.knobs), copy.deepcopy(post.fails)
    same.calls = []
    return same
