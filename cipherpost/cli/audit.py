"""``audit`` and ``verify``: for people who trust nobody."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from cipherpost.cli import output
from cipherpost.cli.options import Moment, Session, command, override
from cipherpost.errors import UseError

if TYPE_CHECKING:
    from cipherpost.workflows.audit_report import Report
    from cipherpost.workflows.auditing import Subject


class Shown(Protocol):
    """What was verified, for people and for scripts."""

    def lines(self) -> Iterable[tuple[str, str]]:
        """(name, value) of what is shown."""

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""


class FingerprintNeededError(UseError):
    """Without a home nobody knows which network is meant, unless its fingerprint is given."""


def check_home(session: Session, usage: str) -> None:
    """Outside of any home, ask for the fingerprint.

    Raises:
        FingerprintNeededError: with the command.
    """
    from cipherpost.home.settings import NoHomeError

    try:
        session.home_folder()
    except NoHomeError as none:
        if none.where:  # one was named, and is not there
            raise
        raise FingerprintNeededError(
            "which network is meant is not known",
            rule=f"{none.what}, and without a home a network is named by its fingerprint",
            hints=(usage, "ask the center or an auditor for the fingerprint, by telephone"),
        ) from None


@command(names_post="The post office, or a copy of it.")
@click.option(
    "--fingerprint", metavar="F", help="Of the network, in hex or as it is spoken; with --post, no home is needed."
)
@click.option("--bundle", metavar="FILE", help="Audit this file, made with `cipherpost bundle`.")
@click.option("--sealed", is_flag=True, help="Fetch and check every sealed file too.")
@click.option("--full", is_flag=True, help="In a home: verify all again, not only what is new.")
@click.option("--as-of", type=Moment(), metavar="TIME", help="Judge as if it were this moment (UTC).")
@click.option("--strict", is_flag=True, help="Any finding at all ends with an exit code.")
@click.option("--all", "everything", is_flag=True, help="Findings known before count for the exit code too.")
@click.option("--html", metavar="FILE", help="Write a page that needs no network; only the verdict is told.")
@click.option("--evidence", metavar="DIR", help="Write a folder for a court, to be checked without this program.")
@click.option("--force", is_flag=True, help="Write over FILE, or an earlier DIR.")
@click.option("--sign", is_flag=True, help="As an auditor, post what was found, signed, to the center.")
@click.option("--even-if-sent", is_flag=True, help="Sign it although the last one said the same.")
@click.option("-n", "--dry-run", is_flag=True, help="With --sign: show what would be signed, and post nothing.")
@override
def audit(
    session: Session,
    fingerprint: str | None,
    bundle: str | None,
    sealed: bool,
    full: bool,
    as_of: datetime | None,
    strict: bool,
    everything: bool,
    html: str | None,
    evidence: str | None,
    force: bool,
    sign: bool,
    even_if_sent: bool,
    dry_run: bool,
) -> int:
    """Verify every signature and every sequence, without reading a letter.

    In a home it audits the home's network; elsewhere it needs the post office,
    or a bundle of it, and the network's fingerprint, and nothing else. In a home
    only what is new is fetched and verified; --full begins from zero.

    With --sign an auditor's home verifies all from zero and posts the findings
    sealed to the center, and the heads for everybody; the next audit lists those
    findings as known. --html FILE goes along as an attachment, if it is small.

    --evidence DIR holds the bundle, with --sealed the sealed files, what an
    outsider finds in it, the proof of each fork, a second verifier and a README.

    \b
    Examples:
      cipherpost audit --post ./post --fingerprint 9c3f...
      cipherpost audit --bundle rkpb.bundle --fingerprint 9c3f...
      cipherpost audit --html audit.html
      cipherpost audit --evidence evidence --as-of 2026-11-22
      cipherpost audit --sign
    """
    from cipherpost.workflows import auditing

    if session.as_json and html == "-":
        raise UseError("--json and --html - exclude each other")
    output.check_document(html, force=force)

    moment = as_of.replace(tzinfo=UTC) if as_of else None
    _check_alone(evidence, sign=sign, html=html)
    if sign:
        _check_place(session, fingerprint, bundle)
        return _sign(session, moment, sealed, html, strict, everything, even_if_sent, dry_run, force)
    if even_if_sent or dry_run:
        raise UseError("-n and --even-if-sent go with --sign", hints=("cipherpost audit --sign -n",))
    if fingerprint is not None:
        subject = auditing.Subject.outside(session.post, fingerprint, bundle=bundle)
    else:
        place = f"--bundle {bundle}" if bundle is not None else f"--post {session.post or 'URL'}"
        check_home(session, f"cipherpost audit {place} --fingerprint F")
        subject = auditing.Subject.of_home(session.desk(), bundle=bundle, may_ask=session.names_passphrase, full=full)
    if evidence is not None:
        report = _save_evidence(session, subject, evidence, moment, sealed, force)
        html = html or evidence  # what was found stands in the page there
    else:
        report = auditing.audit(subject, sealed=sealed, as_of=moment, progress=session.bars())
        if html is not None:
            _save_page(session, report, html, force=force)
    if session.as_json:
        output.emit(report.as_json())
    elif html is None:
        for line in report.lines():
            output.say(output.safe(line))
    elif html != "-":
        output.say(output.safe(report.verdict))
    return report.exit_code(strict=strict, everything=everything)


def _save_page(session: Session, report: "Report", html: str, *, force: bool) -> str:
    from cipherpost.pages.audit import audit_page

    page = audit_page(report)
    output.document(page, html, force=force)
    output.saved(session, html)
    return page


def _check_alone(evidence: str | None, *, sign: bool, html: str | None) -> None:
    if evidence is not None and (sign or html is not None):
        raise UseError(
            "--evidence goes with neither --sign nor --html",
            rule="the page is in the folder, and what goes to a court is checked, not believed",
            hints=(f"cipherpost audit --evidence {evidence}",),
        )


def _save_evidence(
    session: Session, subject: "Subject", evidence: str, moment: datetime | None, sealed: bool, force: bool
) -> "Report":
    """Write the folder, and say what it does not hold."""
    from cipherpost.pages.audit import audit_page
    from cipherpost.workflows import audit_folder

    def render(report: "Report") -> dict[str, str]:
        return {
            "audit.html": audit_page(report),
            "audit.txt": "".join(f"{output.safe(line)}\n" for line in report.lines()),
            "audit.json": output.as_json(report.as_json()),
        }

    folder = Path(evidence)
    done = audit_folder.write(
        subject, folder, render=render, sealed=sealed, as_of=moment, force=force, progress=session.bars()
    )
    output.saved(session, evidence)
    for name, reason in done.bundled.skipped.items():
        output.tell(output.safe(f"left out: {name}: {reason}"))
    if session.quiet:
        return done.own
    if done.left_out:
        what = output.many(done.left_out, "finding")
        output.tell(f"{what} with what this home remembers; not in the folder, since nobody else can check that")
    if done.known:
        output.tell(f"{output.many(done.known, 'finding')} known before by sealed letters; in the folder as new")
    if done.proofs:
        output.tell(f"forks proved: {output.many(len(done.proofs), 'file')} in {output.safe(evidence)}/proofs")
    output.tell(f"SHA-256 of SHA256SUMS: {done.sums}")
    output.hint(output.safe(f"read {folder / audit_folder.README}, and keep a copy of the folder"))
    return done.own


def _check_place(session: Session, fingerprint: str | None, bundle: str | None) -> None:
    """Refuse to sign what is no audit of the home's own post office.

    Raises:
        SignedElsewhereError: with the command that signs.
    """
    from cipherpost.desk import absolute
    from cipherpost.home.settings import NoHomeError, read_settings
    from cipherpost.workflows.audit_signing import NotAuditorError, SignedElsewhereError

    named = next((word for word, given in (("--fingerprint", fingerprint), ("--bundle", bundle)) if given), None)
    try:
        home = session.home_folder()
    except NoHomeError as none:
        if none.where:
            raise
        raise NotAuditorError(
            "no home signs here",
            rule="an audit is signed with the keys of an auditor's office",
            hints=(
                "cipherpost audit --post PLACE --fingerprint F --html audit.html    (unsigned)",
                "cipherpost join INVITATION --officer NAME    (if the center admits you as an auditor)",
            ),
        ) from None
    if named is None and session.post is not None and absolute(session.post) != read_settings(home).post:
        named = "--post"
    if named is not None:
        raise SignedElsewhereError(
            f"an audit with {named} is not signed",
            rule="signed is what everybody can look at: the whole post office of this home, where the heads go too",
            hints=("cipherpost audit --sign", "leave out --sign, and hand on the page: --html audit.html"),
        )


def _sign(
    session: Session,
    moment: datetime | None,
    sealed: bool,
    html: str | None,
    strict: bool,
    everything: bool,
    even_if_sent: bool,
    dry_run: bool,
    force: bool,
) -> int:
    """Audit the home's own post office from zero, since it is signed for others, and post what was found."""
    from cipherpost.errors import gravest
    from cipherpost.workflows import audit_signing, auditing

    if html == "-":
        raise UseError("--sign and --html - exclude each other", hints=("--html FILE",))
    desk = session.desk(write=True)
    audit_signing.begin(desk, moment=moment, dry_run=dry_run)
    subject = auditing.Subject.of_home(desk, may_ask=True, full=True)
    report = auditing.audit(subject, sealed=sealed, as_of=moment, progress=session.bars())
    audit_signing.check_whole(report)
    page = _save_page(session, report, html, force=force).encode() if html is not None else None
    if page is not None and not audit_signing.fits(page):
        output.tell(f"{output.safe(str(html))} is too large to go along with the letter")
        page = None
    posted = audit_signing.post(desk, report, page=page, moment=moment, even_if_sent=even_if_sent, dry_run=dry_run)
    if dry_run and not session.as_json:
        for line in report.lines():
            output.say(output.safe(line))
    elif not session.quiet:
        output.tell(output.safe(report.verdict))
    code = output.sent(session, [posted])
    return gravest({code, report.exit_code(strict=strict, everything=everything)})


@command()
@click.argument("path", metavar="FILE")
@click.option("--fingerprint", metavar="F", help="Of the network, in hex or as it is spoken (else the home's).")
def verify(session: Session, path: str, fingerprint: str | None) -> int:
    """Verify a publication, a receipt, the proof of a fork, or one note.

    A publication (`cipherpost publish`), which is a folder or a file, a receipt
    (`cipherpost outbox --receipt`) and the proof of a fork (`cipherpost forks
    -o DIR`) bring along all that they need; a proof says what it proves. Of a
    note in a post office the roster and the rest of its channel are read from
    the same folder, or from the bundle that it is in. Without --fingerprint,
    in a home, a publication is compared with what this home has verified too.

    \b
    Examples:
      cipherpost verify circular-14 --fingerprint 9c3f...
      cipherpost verify october.receipt --fingerprint 9c3f...
      cipherpost verify tver-center-00000014-3f2a9c01-b86e70d2.proof
      cipherpost verify post/rkpb/center/all/00000001.note --fingerprint 9c3f...
      cipherpost verify rkpb.bundle/rkpb/center/all/00000001.note
    """
    from cipherpost.workflows import auditing, bundling, proving, published, receipts

    if fingerprint is None:
        check_home(session, f"cipherpost verify {path} --fingerprint F")
    file = Path(path)
    if bundling.is_bundle(file):
        bundling.refuse_whole(file, fingerprint)
    if published.is_publication(file):
        return _verify_publication(session, file, fingerprint)
    known = fingerprint if fingerprint is not None else session.desk().fingerprint
    verified: Shown
    if proving.is_proof(file):
        verified = proving.verify(file, known)
    elif receipts.is_receipt(file):
        verified = receipts.verify(file, known)
    else:
        verified = auditing.verify_file(file, known)
    if session.as_json:
        output.emit(verified.as_json())
    else:
        output.fields(list(verified.lines()))
    return 0


def _verify_publication(session: Session, path: Path, fingerprint: str | None) -> int:
    from cipherpost.pages.publication import publication_page
    from cipherpost.workflows import published

    desk = session.desk() if fingerprint is None else None
    known = desk.fingerprint if desk is not None else fingerprint or ""
    found = published.verify(path, known, page=publication_page)
    here = published.compare(desk, found) if desk is not None else None
    if session.as_json:
        output.emit({**found.as_json(), "here": here})
    else:
        output.fields([*found.lines(), *((("here", here),) if here is not None else ())])
    return 0
