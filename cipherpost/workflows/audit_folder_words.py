"""What a folder of evidence says of itself: README.txt for a court, and the commands that repeat it.

A function of the report and the bundle alone; 80 columns, ASCII where nobody's title is told.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cipherpost.text import spoken
from cipherpost.workflows.audit_report import many

if TYPE_CHECKING:
    from cipherpost.workflows.audit_report import Report
    from cipherpost.workflows.bundling import Bundled

_WIDTH: Final = 80
_NAMED: Final = 20
"""Objects left out of the bundle that are named."""

_TOLD: Final[Mapping[str, str]] = {
    "audit.html": "what was found, with a picture: for any browser, without a network",
    "audit.txt": "the same as a text",
    "audit.json": "the same for programs",
    "mini_verify.py": "a second verifier, short enough to be read; it shares no line with the program",
    "repeat.txt": "version and commands that made this, to be repeated",
}
_PROVES: Final = (
    "Of every note in the bundle that verifies: who holds the secret key of the officer that it names has signed "
    "exactly this text. That this officer had this key, the keepers of the roster have signed, entry by entry, from "
    "the first one on, which is known by the fingerprint.",
    "That the notes of a channel follow one another: each names the hash of the one before. None can be put in, "
    "taken out or changed between two that are there without its being seen.",
    "Of each file under proofs: that two different texts of one number were signed, and with whose keys. What such "
    "a file proves and what not stands in it, and `cipherpost verify` says it.",
    "With sealed files: that exactly these bytes belong to the notes that name their hashes.",
)
_NOT_PROVES: Final = (
    "Whose hand it was. A key may be stolen, or a computer used by somebody else.",
    "When something was written or sent. Times are those of the senders' clocks.",
    "What letters say, and whether it is true: an audit opens none.",
    "That this is all there ever was. Who made the bundle could leave something out, and so could whoever runs the "
    "post office. The audit shows what is missing between and behind things that are here, not who has it.",
    "Who is to blame. Where a finding points to somebody, that says whom to ask first.",
    "Anything by the page, the texts and this README: they are the words of a program. The notes are the proof.",
    "Who made this folder, and when: nobody has signed it. Whoever hands it over says so, and names the SHA-256 of "
    "SHA256SUMS.",
)
_PUBLIC: Final = (
    "All notes: who wrote to whom and when, of which kind, how large, who acknowledged what; no subjects, no texts.",
    "The roster: offices, titles, names of officers and their public keys; forms, duties, decisions.",
    "No secret key, no passphrase, nothing that was opened, and nothing that the auditor's home remembers. What an "
    "earlier auditor listed in a sealed letter is not told either: findings that are known there stand here as new.",
)
_SEALED: Final = (
    "The sealed files, as they were posted. Nobody can read them without an officer's key; whoever has one, or comes "
    "to have one, can. Hand this folder on with care."
)


def command_words(report: "Report", bundle: str) -> str:
    """``repeat.txt``: the version, and the commands that give the same."""
    sealed = " --sealed" if report.sealed else ""
    judged = f"--fingerprint {report.fingerprint} --as-of {report.as_of}{sealed}"
    return (
        f"program: {report.program}\n"
        "\n"
        "In this folder, into a folder AGAIN, with equal files:\n"
        f"cipherpost audit --evidence AGAIN --bundle {bundle} {judged}\n"
        "\n"
        "From a copy of the post office, with equal files if it holds the same:\n"
        f"cipherpost audit --evidence AGAIN --post COPY {judged}\n"
        "\n"
        "The findings alone:\n"
        f"cipherpost audit --bundle {bundle} {judged}\n"
    )


def readme(report: "Report", bundled: "Bundled", bundle: str, files: Sequence[str], skipped: Mapping[str, str]) -> str:
    """``README.txt``.

    Args:
        bundle: the name of the bundle. files: the names of the others that lie beside it.
        skipped: objects of the network that are not in the bundle, and why.
    """
    proofs = [name for name in files if name.startswith("proofs/")]
    return "".join(
        f"{line}\n"
        for part in (
            _head(report),
            _files(report, bundled, bundle, files, proofs),
            _without(report, bundle),
            _with(report, bundle, proofs),
            _clauses("What it proves", _PROVES[:4] if bundled.sealed else _PROVES[:3]),
            _clauses("What it does not prove", _NOT_PROVES),
            _clauses("What is public in it", (*_PUBLIC, _SEALED) if bundled.sealed else _PUBLIC),
            _left_out(skipped),
        )
        for line in part
    )


def _head(report: "Report") -> Iterator[str]:
    yield f"EVIDENCE: an audit of the network {report.network}, as of {report.as_of}"
    yield ""
    yield from _wrapped(report.verdict)


def _files(
    report: "Report", bundled: "Bundled", bundle: str, files: Sequence[str], proofs: Sequence[str]
) -> Iterator[str]:
    yield from _title("What lies here, in the order to look at it")
    told = [("README.txt", "this page")]
    told += [(name, words) for name, words in _TOLD.items() if name.startswith("audit.") and name in files]
    if proofs:
        told.append(("proofs/", f"{many(len(proofs), 'proof')} of forks; each convinces alone, without the rest"))
    what = "notes, cards and sealed files" if bundled.sealed else "notes and cards"
    told.append((bundle, f"all {what} that the post office held, {many(bundled.objects, 'object')}, nothing judged"))
    told += [(name, words) for name, words in _TOLD.items() if not name.startswith("audit.") and name in files]
    told.append(("SHA256SUMS", "the SHA-256 of each file but itself"))
    for name, words in told:
        yield from _wrapped(words, begin=f"  {name:<16}  " if len(name) <= 16 else f"  {name}  ", behind=" " * 20)
    if any(each.code == "fork" for each in report.findings) and not proofs:
        yield ""
        yield from _wrapped("A fork was found, and no two of its sides that are here prove it to a stranger.")


def _without(report: "Report", bundle: str) -> Iterator[str]:
    yield from _title("How to check it without this program")
    yield from _wrapped(
        "Get the fingerprint of the network from elsewhere than this folder: from the center by telephone, or from "
        "what it has published. Who forges a whole network forges it under another fingerprint. This folder was made "
        "with:"
    )
    yield f"  {report.fingerprint}"
    yield from _groups(spoken(report.fingerprint))
    yield ""
    yield "Nothing was changed since, if this prints OK for each file:"
    yield ""
    yield "  sha256sum -c SHA256SUMS"
    yield ""
    yield from _wrapped("The second verifier needs Python 3.11 and PyNaCl (pip install pynacl):")
    yield ""
    yield f"  python3 mini_verify.py {bundle} FINGERPRINT --as-of {report.as_of}"
    yield ""
    yield from _wrapped(
        "It prints a line for each finding of V1 to V8, the last dispatch of each channel, and their hash with a "
        "number. Of the codes in audit.txt it knows not these: stale, unheard, swapped, letter-missing, downgraded, "
        "readers, removed-reader, not-given, rollback, repeat, order, late, overdue, unknown. Nor does it know "
        "whether a fork was settled."
    )
    if report.spoken is not None:
        yield "The number has to be:"
        yield from _groups(report.spoken)


def _with(report: "Report", bundle: str, proofs: Sequence[str]) -> Iterator[str]:
    yield from _title("How to check it with the program")
    yield f"  cipherpost audit --bundle {bundle} --fingerprint FINGERPRINT \\"
    yield f"    --as-of {report.as_of}{' --sealed' if report.sealed else ''}"
    for name in proofs[:1]:
        yield f"  cipherpost verify {name} \\"
        yield "    --fingerprint FINGERPRINT"
    yield ""
    yield from _wrapped(
        f"{report.program} made this folder; the same version makes it again, byte for byte, from the same notes: "
        "see repeat.txt."
    )


def _left_out(skipped: Mapping[str, str]) -> Iterator[str]:
    if skipped:
        yield from _title("What the post office holds and the bundle does not")
        for name in sorted(skipped)[:_NAMED]:
            yield from _wrapped(f"{name}: {skipped[name]}", begin="- ", behind="  ")
        if len(skipped) > _NAMED:
            yield f"- and {len(skipped) - _NAMED} more"


def _clauses(title: str, clauses: Sequence[str]) -> Iterator[str]:
    yield from _title(title)
    for clause in clauses:
        yield from _wrapped(clause, begin="- ", behind="  ")


def _title(words: str) -> Iterator[str]:
    yield ""
    yield words
    yield "-" * len(words)
    yield ""


def _groups(number: str) -> Iterator[str]:
    groups = number.split()
    yield f"  {' '.join(groups[:6])}"
    yield f"  {' '.join(groups[6:])}"


def _wrapped(words: str, *, begin: str = "", behind: str = "") -> list[str]:
    return textwrap.wrap(
        words, _WIDTH, initial_indent=begin, subsequent_indent=behind, break_on_hyphens=False, break_long_words=False
    )
