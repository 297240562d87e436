"""Forms: which there are, their schemas kept in every home, and how the center publishes one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.errors import CipherpostError, UnableError, UseError
from cipherpost.text import ALL, CENTER, sha256, shown
from cipherpost.workflows import entries
from cipherpost.workflows.dispatching import Outgoing, finish_begun, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.forms.schema import Form
    from cipherpost.letter import Letter
    from cipherpost.roster.state import FormInfo

_BOX: Final = "form "
"""Prefix of the names under which the vault keeps schemas, each by its hash."""
_SENT: Final = "form sent "
"""Prefix of the facts in which a home of the center keeps that a letter with this schema went out."""


class UnknownFormError(UseError):
    """Neither the roster nor this program knows a form, or a version of one, by this name."""


class FormNotHereError(UnableError):
    """The roster knows the form, but its schema has not come to this home."""


class FormVersionError(UseError):
    """A form is published in the next version only, and a version means one text for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """A form in a list: ``published``: the roster states it; ``here``: its schema is at hand, and tells its title.

    ``sent``: the center has sent its text to somebody; None where this home cannot tell.
    """

    name: str
    version: int
    hash: str
    title: str | None
    published: bool
    here: bool
    sent: bool | None = None

    def cells(self) -> list[str]:
        """For a table."""
        state = "in force" if self.published else "not published"
        if self.sent is False:
            state += ", not sent yet"
        return [self.name, str(self.version), self.title or "", state if self.here else f"{state}, not here"]

    def as_json(self) -> dict[str, object]:
        """The object for scripts."""
        return {
            "name": self.name,
            "version": self.version,
            "hash": self.hash,
            "title": self.title,
            "published": self.published,
            "here": self.here,
            "sent": self.sent,
        }


# ---- which there are -----------------------------------------------------------------------------------------------


def listing(desk: "Desk") -> list[FormRow]:
    """The forms of the roster, each in its newest version, then those that come with the program and are not in it."""
    stated = desk.roster.forms(desk.roster.newest)
    rows = [_row(desk, info) for info in stated.values()]
    return rows + [row for row in shipped() if row.name not in stated]


def shipped() -> list[FormRow]:
    """The forms that come with the program, as nobody has published them yet."""
    from cipherpost.forms.builtin import BUILTIN, builtin

    return [
        FormRow(name=form.name, version=form.version, hash=form.hash, title=form.title, published=False, here=True)
        for form in map(builtin, BUILTIN)
    ]


def _row(desk: "Desk", info: "FormInfo") -> FormRow:
    try:
        form = form_by_hash(desk, info.hash)
    except CipherpostError:  # one schema that cannot be read hides no other form (I7); `form show` says why
        form = None
    return FormRow(
        name=info.name,
        version=info.version,
        hash=info.hash,
        title=form.title if form else None,
        published=True,
        here=form is not None,
        sent=_is_sent(desk, info),
    )


def _is_sent(desk: "Desk", info: "FormInfo") -> bool | None:
    """Whether the text of a form went out: known at the center alone, and of what was stated since one came."""
    me = desk.roster.officer(desk.office, desk.officer, desk.roster.newest)
    if not desk.is_center or me is None or info.since < me.since:
        return None
    return desk.mail.meta(_SENT + info.hash) is not None


def unsent(desk: "Desk") -> list[str]:
    """What is typed to send each form that the roster states and nobody was sent."""
    stated = desk.roster.forms(desk.roster.newest).values()
    return [_send_command(desk, info) for info in stated if _is_sent(desk, info) is False]


def _send_command(desk: "Desk", info: "FormInfo") -> str:
    """``cipherpost form publish libraries``; where its schema is not here, its file is named."""
    from cipherpost.forms.builtin import builtin_by_hash

    if builtin_by_hash(info.hash) is not None or desk.mail.box(_BOX + info.hash) is not None:
        return f"cipherpost form publish {info.name}"
    return f"cipherpost form publish FILE    (by who has the file of {info.name} {info.version})"


def stated_versions(desk: "Desk", name: str) -> dict[int, str]:
    """Version to hash of every version of a form that the roster ever stated, oldest first."""
    return {form.version: form.hash for form in _stated(desk) if form.name == name}


def _stated(desk: "Desk") -> "Iterator[StatedForm]":
    for form in desk.roster.stated_forms():
        yield StatedForm(name=form.name, version=form.version, hash=form.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedForm:
    """A version of a form as an entry of the roster states it."""

    name: str
    version: int
    hash: str


def find_form(desk: "Desk", name: str, version: int | None = None) -> "Form":
    """A form by name, in the newest version of the roster where none is given; else one that comes with the program.

    Raises:
        UnknownFormError: there is none. FormNotHereError: its schema has not come.
        FormError: the schema that came is none.
    """
    versions = stated_versions(desk, name)
    if not versions:
        return builtin_form(name, version)
    wanted = max(versions) if version is None else version
    if wanted not in versions:
        raise UnknownFormError(
            f"there is no version {wanted} of {name}",
            rule=f"the roster has: {', '.join(map(str, versions))}",
            hints=(f"cipherpost form show {name}",),
        )
    form = form_by_hash(desk, versions[wanted])
    if form is None:
        again = f"ask the center to run: cipherpost form publish {name} --to {desk.office}"
        raise FormNotHereError(
            f"the schema of {name} {wanted} is not in this home",
            rule="it comes sealed in a circular of the center",
            hints=("cipherpost fetch", again),
        )
    return form


def builtin_form(name: str, version: int | None = None) -> "Form":
    """A form that comes with the program.

    Raises:
        UnknownFormError: there is none of this name, or not in this version.
    """
    from cipherpost.forms.builtin import BUILTIN, builtin

    form = builtin(name) if name in BUILTIN else None
    if form is None or version not in (None, form.version):
        what = f"there is no form {shown(name)}" if form is None else f"there is no version {version} of {name}"
        raise UnknownFormError(what, rule="forms are published by the center", hints=("cipherpost form list",))
    return form


def form_by_hash(desk: "Desk", hash: str) -> "Form | None":
    """The form whose schema has this hash; None where it is neither the program's nor kept in this home.

    Raises:
        FormError: the schema that came is none.
    """
    from cipherpost.forms.builtin import builtin_by_hash
    from cipherpost.forms.schema import parse_form

    found = builtin_by_hash(hash)
    if found is not None:
        return found
    kept = desk.vault.get(_BOX + hash) if desk.mail.box(_BOX + hash) is not None else None
    return None if kept is None else parse_form(kept)


def keep_form(desk: "Desk", header: "Header", letter: "Letter") -> None:
    """Keep the schema that a letter of the center brings, when the roster states its hash; and that it was sent."""
    from cipherpost.forms.builtin import builtin_by_hash

    data = letter.data
    if header.office != CENTER or data is None or len(data) > limits.FORM_BYTES:
        return
    hash = sha256(data)
    if all(form.hash != hash for form in _stated(desk)):
        return
    note_sent(desk, data)
    if desk.mail.box(_BOX + hash) is None and builtin_by_hash(hash) is None:
        desk.vault.put(_BOX + hash, data)


def note_sent(desk: "Desk", data: bytes) -> None:
    """Remember that a letter of the center with these data went out, or is under way with all its signatures."""
    if desk.is_center:
        desk.mail.set_meta(_SENT + sha256(data), "1")


def brought(desk: "Desk", header: "Header", letter: "Letter") -> "tuple[str, int] | None":
    """Name and version of the form of the roster that a letter of the center brings; None: it brings none."""
    if header.office != CENTER or letter.data is None:
        return None
    hash = sha256(letter.data)
    return next(((form.name, form.version) for form in _stated(desk) if form.hash == hash), None)


def readable(desk: "Desk", data: bytes | None) -> str:
    """What the data of a letter without a text say, for people: by its form where that is at hand, else as JSON."""
    import json

    from cipherpost.forms.rendering import parse_envelope, render

    if data is None:
        return ""
    try:
        said = parse_envelope(data)
        form = form_by_hash(desk, said.hash)
        if form is not None:
            return render(form, said.data)
    except CipherpostError:  # no report, or not by its form: it is shown as it came
        pass
    return json.dumps(json.loads(data), ensure_ascii=False, indent=2) + "\n"


# ---- publishing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of it.

    ``entry`` is the roster's (None: it stood there before), ``letter`` the circular's (None: nobody is in the audience
    yet, or the entry waits for other keepers).
    """

    form: "Form" = field(repr=False)
    entry: Posted | None
    letter: Posted | None

    @property
    def posted(self) -> list[Posted]:
        """Both, as far as there are any."""
        return [each for each in (self.entry, self.letter) if each is not None]


def form_to_publish(desk: "Desk", word: str) -> "Form":
    """The form that the user named: a file, or the name of one that is at hand.

    Raises:
        UnknownFormError: neither. FormError: the file is no form.
    """
    from cipherpost.forms.builtin import BUILTIN
    from cipherpost.forms.schema import parse_form

    path = Path(word)
    if path.is_file():
        with path.open("rb") as file:
            return parse_form(file.read(limits.FORM_BYTES + 1))
    if word in BUILTIN or stated_versions(desk, word):
        return find_form(desk, word)
    raise UnknownFormError(
        f"there is neither a file nor a form {shown(word)}",
        rule="name a file with a JSON Schema, or a form that there is",
        hints=("cipherpost form list", "cipherpost form show monthly-return -o my-form.json"),
    )


def publish(desk: "Desk", form: "Form", audience: str = ALL, *, dry_run: bool = False) -> Published:
    """State a form in the roster when it is new there, and send its schema to those who will fill it in.

    Raises:
        NotKeeperError: it is new, and this officer does not keep the roster.
        FormVersionError: another version is next. AudienceError, UnknownAudienceError: see there.
    """
    from cipherpost.roster.words import Form as Statement
    from cipherpost.workflows.addressing import AudienceError, check_admitted, kind_for

    line = line_error(desk)
    check_admitted(desk)
    if not desk.is_center:
        raise AudienceError(
            f"{desk.office} publishes no forms",
            rule="the center does",
            hints=("ask the center to run: cipherpost form publish FILE",),
        )
    newest = desk.roster.newest
    nobody = desk.roster.is_group(audience, newest) and not desk.roster.members(audience, newest)
    kind = "" if nobody else kind_for(desk, audience)
    new = _is_new(desk, form)
    entry = None
    if new:
        entries.prepare(desk)
        new = _is_new(desk, form)  # what a kill or a lost line left waiting may just have stated it
    if not dry_run:  # before the entry, so that what a kill or a proposal leaves half done goes on by the form's name
        desk.vault.put(_BOX + form.hash, form.data)
    if new:
        entry = entries.post(desk, [Statement(form.name, form.version, form.hash)], dry_run=dry_run)
    if not dry_run:
        finish_begun(desk, line)
    if nobody or (entry is not None and entry.proposed is not None):
        return _counted(desk, Published(form=form, entry=entry, letter=None), dry_run=dry_run)
    plan = Plan(channel=f"{desk.office}/{audience}", kind=kind, created=desk.time())
    letter = _letter(form)
    sent = send_one(desk, plan, letter, line, even_if_sent=False, dry_run=dry_run)
    if sent.already and _newcomers(desk, sent, plan):
        sent = send_one(desk, plan, letter, line, even_if_sent=True, dry_run=dry_run)
    if sent.proposed is None and not dry_run:
        note_sent(desk, form.data)
    return _counted(desk, Published(form=form, entry=entry, letter=sent), dry_run=dry_run)


def _counted(desk: "Desk", done: Published, *, dry_run: bool) -> Published:
    """Count anew what `status` says of forms."""
    from cipherpost.workflows import status

    if not dry_run:
        status.refresh(desk)
    return done


def _is_new(desk: "Desk", form: "Form") -> bool:
    """Whether the roster does not state the form yet; what it may not state is refused."""
    versions = stated_versions(desk, form.name)
    if versions.get(form.version) == form.hash:
        return False
    following = max(versions, default=0) + 1
    if form.version != following:
        taken = f"version {form.version} of {form.name} has another text in the roster"
        what = taken if form.version in versions else f"version {form.version} of {form.name} is not the next one"
        raise FormVersionError(
            what,
            rule=f"the next version is {following}, and what was reported stays valid under its own",
            hints=(f'write "$id": "urn:cipherpost:form:{form.name}:{following}" into the file',),
        )
    return True


def _newcomers(desk: "Desk", sent: Posted, plan: Plan) -> bool:
    """Whether somebody reads the audience's letters now who could not read the one that was sent."""
    entry = desk.chain.channel(sent.channel).entry(sent.number) if sent.number is not None else None
    if entry is None or entry.header.roster is None:
        return False
    roster, audience = desk.roster, (plan.audience,)
    then = roster.readers(entry.header.kind, audience, plan.office, entry.header.roster.number)
    now = roster.readers(entry.header.kind, audience, plan.office, roster.newest)
    return bool({each.card for each in now} - {each.card for each in then})


def _letter(form: "Form") -> Outgoing:
    lines = [
        f"The form {form.name}, version {form.version}: {form.title}.",
        "",
        *([form.description, ""] if form.description else []),
        "What it asks:",
        "",
        *(f"- {each.title or each.name}{' (required)' if each.required else ''}" for each in form.fields),
        "",
        f"Its JSON Schema comes with this letter: cipherpost form show {form.name} --version {form.version}",
        "What you owe, and when, is shown by: cipherpost owed",
        f"How it is filled in is shown by: cipherpost report {form.name} --help",
        "",
    ]
    subject = f"Form {form.name} {form.version}: {form.title}"[: limits.FREE_TEXT].strip()
    return Outgoing(body="\n".join(lines), body_type="txt", subject=subject, data=form.data)
