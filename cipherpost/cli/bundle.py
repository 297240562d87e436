"""``bundle``: a network in one file."""

from pathlib import Path

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command


@command(names_post="The post office, or a copy of it.")
@click.option("-o", "target", metavar="FILE", required=True, help="The file to write.")
@click.option(
    "--fingerprint", metavar="F", help="Of the network, in hex or as it is spoken; with --post, no home is needed."
)
@click.option("--channel", "channels", metavar="CHANNEL", multiple=True, help="Only this one, and the roster.")
@click.option("--sealed", is_flag=True, help="Put in the sealed files too.")
@click.option("--force", is_flag=True, help="Write over a file of this name.")
def bundle(
    session: Session, target: str, fingerprint: str | None, channels: tuple[str, ...], sealed: bool, force: bool
) -> None:
    """Put all notes of a network into one file, to be audited anywhere.

    In a home it bundles the home's network; elsewhere it needs the post office
    and the network's fingerprint. Nothing is judged: what is damaged or forged
    goes along, so an audit of the bundle finds what an audit of the post office
    finds. Letters are not in it; with --sealed they are, sealed as they were.

    \b
    Examples:
      cipherpost bundle -o rkpb.bundle
      cipherpost bundle -o rkpb.bundle --post ./post --fingerprint 9c3f...
    """
    from cipherpost.cli.audit import check_home
    from cipherpost.workflows import auditing, bundling

    if fingerprint is not None:
        subject = auditing.Subject.outside(session.post, fingerprint)
    else:
        check_home(session, f"cipherpost bundle -o {target} --post {session.post or 'URL'} --fingerprint F")
        subject = auditing.Subject.of_home(session.desk())
    made = bundling.make(subject, Path(target), channels=channels, sealed=sealed, force=force, progress=session.bars())
    if session.as_json:
        output.emit(made.as_json())
        return
    output.say(output.safe(made.path))
    for name, reason in made.skipped.items():
        output.tell(output.safe(f"left out: {name}: {reason}"))
    if not session.quiet:
        output.tell(f"{made.objects} objects, {made.size} bytes, SHA-256 {made.hash}")
        output.hint(output.safe(f"cipherpost audit --bundle {made.path} --fingerprint {made.fingerprint}"))
