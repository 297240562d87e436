"""``init``, ``join``, ``status``, ``doctor``, ``demo``, ``completion``."""

from pathlib import Path
from typing import Any

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command


def _new_home(session: Session) -> Path | None:
    return Path(session.home).expanduser().absolute() if session.home else None


@command(names_post="The post office: a folder that all offices reach.  [required]")
@click.argument("network")
@click.option("--officer", required=True, metavar="NAME", help="Your name in the network: a-z, 0-9, hyphens.")
@click.option("--title", metavar="TEXT", help="The center's name for people.")
@click.option("--timezone", metavar="ZONE", help="Zone of all deadlines, such as Europe/Moscow (else UTC).")
@click.option("--no-passphrase", is_flag=True, help="Leave the keys unprotected on this disk.")
def init(
    session: Session, network: str, officer: str, title: str | None, timezone: str | None, no_passphrase: bool
) -> None:
    """Found NETWORK: make its center's first keys and its roster.

    The post office is a folder that all offices reach, named with --post; it
    is made if it is missing.

    \b
    Example:
      cipherpost init rkpb --officer stasova --post ./post
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import founding

    if not session.post:
        raise UseError(
            "no post office is named", hints=(f"cipherpost init {network} --officer {officer} --post ./post",)
        )
    founded = founding.found(
        network=network,
        officer=officer,
        post=session.post,
        title=title,
        timezone=timezone,
        home=_new_home(session),
        passphrase=None if no_passphrase else session.new_passphrase,
        clock=session.clock,
    )
    if session.as_json:
        output.emit(
            {
                "network": network,
                "fingerprint": founded.fingerprint,
                "spoken": founded.spoken,
                "home": str(founded.home),
                "post": founded.post,
            }
        )
        return
    output.fields(
        [
            ("network", network),
            ("fingerprint", founded.fingerprint),
            ("spoken", founded.spoken),
            ("home", str(founded.home)),
            ("post office", founded.post),
        ]
    )
    if no_passphrase:
        output.notice("no-passphrase")
    output.hint("cipherpost office add NAME --title 'Its name for people'")


@command(names_post="Another post office than the invitation names, such as a stick.")
@click.argument("invitation")
@click.option("--officer", required=True, metavar="NAME", help="Your name in the network: a-z, 0-9, hyphens.")
@click.option("--fingerprint", metavar="F", help="Of the network, where INVITATION is a post office.")
@click.option("--office", metavar="NAME", help="Your office, where INVITATION is a post office.")
@click.option("-o", "out", metavar="FILE", help="Write the card here (else into the home).")
@click.option("--no-passphrase", is_flag=True, help="Leave the keys unprotected on this disk.")
def join(
    session: Session,
    invitation: str,
    officer: str,
    fingerprint: str | None,
    office: str | None,
    out: str | None,
    no_passphrase: bool,
) -> None:
    """Join a network: make keys and a card for the center to admit.

    INVITATION is the file that the center sent, or a post office together with
    --fingerprint and --office. No line is needed.

    \b
    Example:
      cipherpost join tver.invitation --officer ivanov
    """
    from cipherpost.workflows import founding

    joined = founding.join(
        invitation,
        officer=officer,
        fingerprint=fingerprint,
        office=office,
        post=session.post,
        home=_new_home(session),
        out=Path(out) if out else None,
        passphrase=None if no_passphrase else session.new_passphrase,
        clock=session.clock,
    )
    if session.as_json:
        output.emit(
            {
                "network": joined.network,
                "fingerprint": joined.fingerprint,
                "office": joined.office,
                "officer": officer,
                "home": str(joined.home),
                "card": str(joined.card_file),
                "card_hash": joined.card_hash,
                "spoken": joined.spoken,
                "delivered": joined.delivered,
            }
        )
        return
    output.fields(
        [
            ("network", joined.network),
            ("office", joined.office),
            ("officer", officer),
            ("home", str(joined.home)),
            ("card", str(joined.card_file)),
            ("spoken", joined.spoken),
        ]
    )
    output.notice("read-aloud")
    if no_passphrase:
        output.notice("no-passphrase")
    if joined.delivered:
        output.tell("your card lies at the post office; the center has only to admit it")
    else:
        output.tell(f"the post office was not reached: send the center the file {joined.card_file}")
    output.hint("cipherpost fetch    (when the center has admitted you)")


@command()
def status(session: Session) -> None:
    """What is new, what is owed, what waits in the outbox, who is silent.

    Needs no line and no passphrase.
    """
    from cipherpost.errors import UseError
    from cipherpost.home.settings import NoHomeError
    from cipherpost.workflows import status as work

    try:
        desk = session.desk()
    except NoHomeError:
        if session.home or session.as_json:
            raise
        for line in (
            "There is no home here yet. What do you want to do?",
            "",
            "  found a network   cipherpost init NETWORK --officer NAME --post FOLDER",
            "  join one          cipherpost join FILE.invitation --officer NAME",
            "  audit one         cipherpost audit --post FOLDER --fingerprint F",
            "  try it out        cipherpost demo",
        ):
            output.say(line)
        return
    except UseError:
        raise
    now = work.status(desk)
    if session.as_json:
        output.emit(now.as_json())
        return
    output.fields(now.lines())
    for line in now.next_steps():
        output.hint(line)


@command()
@click.option("--rebuild", is_flag=True, help="Make the local database anew from the verified notes.")
def doctor(session: Session, rebuild: bool) -> int:
    """Check this home, its keys, its clock and its post office.

    Changes nothing without --rebuild.
    """
    from cipherpost.workflows import doctor as work

    findings = work.examine(session.home_folder(), post=session.post, rebuild=rebuild, passphrase=session.passphrase)
    if session.as_json:
        output.emit({"ok": all(item.ok for item in findings), "checks": [item.as_json() for item in findings]})
    else:
        for item in findings:
            output.fields([("ok  " if item.ok else "FAIL", item.what)])
            if not item.ok and item.hint:
                output.hint(output.safe(item.hint))
    return 0 if all(item.ok for item in findings) else 1


@command()
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.option("--committees", type=click.IntRange(1, 200), default=20, show_default=True, help="How many to admit.")
@click.option("--force", is_flag=True, help="Replace FOLDER if an earlier demo left it.")
def demo(session: Session, folder: str | None, committees: int, force: bool) -> None:
    """Build a small network and run its main job, saying what is done.

    A center of two officers, committees and an auditor, each with a home of
    its own in FOLDER (else ./demo-network), which stays to look around in.
    """
    from cipherpost.cli.demo import play

    play(Path(folder or "demo-network").absolute(), committees=committees, force=force, quiet=session.quiet)


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(session: Session, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Example, for bash:
      cipherpost completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    from cipherpost.cli.app import cli

    found = get_completion_class(shell)
    assert found is not None
    maker: Any = found(cli, {}, "cipherpost", "_CIPHERPOST_COMPLETE")
    output.say(maker.source())
