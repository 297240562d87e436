"""``form``: list, show, publish, page."""

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, override, subcommands

_RHYTHMS = {"conference-before": "event", "conference-after": "event --within 7"}
"""How the forms that ship are owed, where it is not by the month."""


@subcommands()
def form() -> None:
    """What reports are made on: list forms, show one, publish one."""


@command(name="list", group=form)
def form_list(session: Session) -> None:
    """The forms of this network, and those that come with the program.

    At the center it names those that are in force and were sent to nobody yet.
    """
    from cipherpost.home.settings import NoHomeError
    from cipherpost.workflows import forms

    try:
        session.home_folder()
    except NoHomeError:
        rows, commands = forms.shipped(), list[str]()
    else:
        desk = session.desk()
        rows, commands = forms.listing(desk), forms.unsent(desk)
    if session.as_json:
        output.emit({"forms": [row.as_json() for row in rows]})
        return
    output.table(["form", "version", "title", "state"], [row.cells() for row in rows])
    for line in commands if not session.quiet else ():
        output.hint(line)


@command(name="show", group=form)
@click.argument("name")
@click.option("--version", type=click.IntRange(min=1), metavar="N", help="Another version than the newest.")
@click.option("-o", "out", metavar="FILE", help="Write here (else to standard output).")
@click.option("--force", is_flag=True, help="Write over FILE.")
def form_show(session: Session, name: str, version: int | None, out: str | None, force: bool) -> None:
    """Print the JSON Schema of a form, byte for byte.

    Outside of any home, those that come with the program.

    \b
    Example:
      cipherpost form show monthly-return -o my-form.json
    """
    from cipherpost.home.settings import NoHomeError
    from cipherpost.workflows import forms

    try:
        session.home_folder()
    except NoHomeError:
        found = forms.builtin_form(name, version)
    else:
        found = forms.find_form(session.desk(), name, version)
    output.document(found.data.decode("utf-8"), out, force=force)
    output.saved(session, out)


@command(name="publish", group=form)
@click.argument("word", metavar="FILE|NAME")
@click.option("--to", "audience", default="all", show_default=True, metavar="AUDIENCE", help="Who will fill it in.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def form_publish(session: Session, word: str, audience: str, dry_run: bool) -> int:
    """Put a form into force: its hash into the roster, its text sealed to all.

    FILE is a JSON Schema; NAME a form that comes with the program, or one in
    force that is to be sent again, to those who are new.

    \b
    Examples:
      cipherpost form publish monthly-return
      cipherpost form publish libraries.json --to volga
    """
    from cipherpost.workflows import forms

    desk = session.desk(write=True)
    done = forms.publish(desk, forms.form_to_publish(desk, word), audience, dry_run=dry_run)
    code = output.sent(session, done.posted)
    if not session.quiet and not session.as_json:
        if done.entry is not None and done.entry.proposed is not None:
            output.tell("the form is sent when the entry is posted; repeat the command then")
        elif done.letter is None:
            output.tell(f"nobody is in {output.safe(audience)} yet; once somebody is, the form has to be sent")
            output.hint(f"cipherpost form publish {done.form.name} --to {audience}")
        elif not dry_run and done.entry is not None and done.letter.waiting is None:
            rhythm = _RHYTHMS.get(done.form.name, "monthly --due 5")
            output.hint(f"cipherpost duty add {done.form.name} {audience} {rhythm}")
    return code


@command(name="page", group=form)
@click.argument("name", metavar="FORM")
@click.argument("period", required=False, metavar="[PERIOD|EVENT]")
@click.option("--new-event", is_flag=True, help="For the first report on an event.")
@click.option("--version", type=click.IntRange(min=1), metavar="N", help="Another version than the newest.")
@click.option("-o", "out", metavar="FILE", help="Write here (else to standard output).")
@click.option("--force", is_flag=True, help="Write over FILE.")
def form_page(
    session: Session,
    name: str,
    period: str | None,
    new_event: bool,
    version: int | None,
    out: str | None,
    force: bool,
) -> None:
    """Make a page on which FORM is filled in with any browser, without a network.

    The page saves a file for `report --data`. What was reported already is
    filled in, to be corrected; the file that it saves is for `correct --data`.

    \b
    Examples:
      cipherpost form page monthly-return 2026-10 -o return.html
      cipherpost form page conference-before --new-event -o conference.html
    """
    from cipherpost.cli import pages

    made = pages.page_of_form(session, name, period, new_event=new_event, version=version)
    output.document(made, out, force=force)
    output.saved(session, out)
