"""How a report is filled in: from files, in the user's editor, or field by field; and how nothing typed is lost.

While a person types, the home is not locked: letters can be read and fetched meanwhile. So a report is begun twice:
to know what is to be filled in, and again when it is sent.
"""

import difflib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cipherpost import limits
from cipherpost.cli import output
from cipherpost.errors import CipherpostError, UnableError, UseError
from cipherpost.forms.answers import STDIN, AnswersError, decoded, read_answers
from cipherpost.forms.checking import EmptyReportError, InvalidDataError
from cipherpost.forms.rendering import render
from cipherpost.forms.template import from_toml, to_toml, with_note
from cipherpost.workflows import drafts, earlier, reporting
from cipherpost.workflows.drafts import Draft

if TYPE_CHECKING:
    from cipherpost.cli.options import Session
    from cipherpost.desk import Desk
    from cipherpost.forms.schema import Form
    from cipherpost.workflows.reporting import Task
    from cipherpost.workflows.results import Posted

_WAIT_SECONDS = 10
_WRONG = (InvalidDataError, EmptyReportError, AnswersError, reporting.EventDayError)
"""What a person can put right in what he typed."""


class NothingTypedError(UseError):
    """The editor was closed without anything filled in."""


class EditorError(UnableError):
    """The user's editor could not be run, or ended with an error."""


class NoTerminalError(UseError):
    """There is nobody to ask."""


class DraftThereError(UseError):
    """A draft of this report is kept; figures from files would take its place."""


class NoDataFileError(UnableError):
    """A file named behind --data is not there."""


class StandardInputError(UseError):
    """Standard input is asked for twice, or for what a person types as well."""


class NotSentError(UseError):
    """The answer to the last question was no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What is to be filled in: ``named`` as the user named it (form or place, period), ``files`` those of --data."""

    session: "Session"
    begin: "Callable[[Desk, Draft | None], Task]"
    named: tuple[str, str | None]
    files: tuple[str, ...]
    dry_run: bool


# ---- from files ----------------------------------------------------------------------------------------------------


def read_files(names: Sequence[str]) -> list[tuple[str, bytes]]:
    """The files behind --data, each ``FILE``, ``LIST=FILE`` or ``-``, read at most to their limit.

    Raises:
        NoDataFileError: one is not there. StandardInputError: ``-`` stands there twice.
    """
    if list(names).count(STDIN) > 1:
        raise StandardInputError(
            "--data - stands there twice", rule="standard input is read once", hints=("name files instead",)
        )
    return [(name, _read_stdin() if name == STDIN else _read_named(name)) for name in names]


def _read_stdin() -> bytes:
    if sys.stdin.isatty():
        end = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
        output.tell(f"waiting for the report on standard input, JSON or TOML; end it with {end}")
    return sys.stdin.buffer.read(limits.DATA_BYTES + 1)


def _read_named(name: str) -> bytes:
    path = Path(name)
    if not path.exists() and "=" in name:
        path = Path(name.partition("=")[2])
    try:
        with path.open("rb") as file:
            return file.read(limits.DATA_BYTES + 1)
    except FileNotFoundError:
        folder = path.parent
        there = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        near = difflib.get_close_matches(path.name, there, n=1)
        raise NoDataFileError(
            "there is no such file",
            where=str(path),
            rule="--data names a file with figures, or - for standard input",
            hints=(f"did you mean {folder / near[0]}?",) if near else ("to fill it in here, give --edit in its place",),
        ) from None


def answers(task: "Task", files: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """The figures to send: those of the files; without any, those of the report that is corrected."""
    if not files:
        return dict(task.known)
    given = read_answers(task.form, files)
    _tell_fewer(task, given)
    day = task.known.get(reporting.DATE_FIELD) if task.day_given else None
    return given if day is None else {reporting.DATE_FIELD: day} | given


def _tell_fewer(task: "Task", given: Mapping[str, Any]) -> None:
    """Say which lists of the report that is corrected the new figures leave out, or make shorter."""
    if task.corrected is None or task.corrected.data is None:
        return
    for field in task.form.lists:
        before, after = (each.get(field.name) for each in (task.corrected.data, given))
        had, has = (len(each) if isinstance(each, list) else 0 for each in (before, after))
        if has < had:
            now = f"{has} now" if has else "none now: a correction says all anew, and the new figures leave it out"
            output.tell(f"{field.name}: {output.many(had, 'entry', 'entries')} in {task.corrected.place}, {now}")


# ---- what is known beforehand --------------------------------------------------------------------------------------


def show_before(session: "Session", task: "Task") -> None:
    """Say what was reported before the event, to the person who reports after it."""
    if task.before is None or session.quiet:
        return
    if task.before.reason is not None:
        output.tell(
            f"the report before it, {task.before.place}, cannot be opened: {output.safe(str(task.before.reason))}"
        )
        return
    output.tell(f"what was said before it, in {task.before.place}:")
    for line in task.before.body.splitlines():
        output.tell(f"  {output.safe(line)}".rstrip())


def _open(work: Filling) -> "tuple[Desk, Task, Draft | None]":
    """The desk, which stays unlocked, the task, and a draft to go on from."""
    from cipherpost.home import lock

    desk = work.session.desk()
    with lock.writing(desk.home, timeout=_WAIT_SECONDS):
        drafts.rescue(desk)
        name, period = work.named
        if period is None and "/" in name:
            name, period = earlier.debt_at(desk, name)
        draft = drafts.load(desk, name, period) if period is not None else None
        task = work.begin(desk, draft)
    task.refuse_sent()
    if draft is not None and work.files:
        raise DraftThereError(
            f"a draft of {task.name} is kept",
            rule="nothing that was typed is lost",
            hints=(draft.command, f"cipherpost drafts --drop {task.name}"),
        )
    show_before(work.session, task)
    return desk, task, draft


def _record(task: "Task") -> Draft:
    """A draft in which nothing was typed yet."""
    return Draft(
        form=task.form.name,
        period=task.period,
        version=task.form.version,
        day=task.day.isoformat() if task.day and task.day_given else None,
        correcting=task.supersedes.header.number if task.supersedes else None,
        event=task.new_event,
        touched=False,
    )


def _note(desk: "Desk", task: "Task") -> str:
    """What stands at the top of the page: whose report it is, and what was said before."""
    title = desk.roster.title(desk.office, desk.roster.newest)
    lines = [f"{task.name}: {title}"]
    if task.corrected is not None:
        lines.append(f"A correction of {task.corrected.place}; all that stands here is sent anew.")
    if task.before is not None and task.before.body:
        lines += [f"What was said before, in {task.before.place}:", *(f"  {line}" for line in _said(task.before.body))]
    if task.form.field("demands") is not None:
        from cipherpost.workflows.demands import news

        lines += [f"New: {line}" for line in news(desk, task.form.name)]
    return "\n".join(lines)


_LEAVING = (
    "Save and close this page, and it is checked and sent; while something is wrong, it opens again.",
    "To give up, empty it, or leave it unchanged while something is wrong: nothing is sent then, and what you typed",
    "is kept as a draft.",
)


def _head(desk: "Desk", task: "Task") -> str:
    """The same in an editor, with how one leaves it."""
    return f"{_note(desk, task)}\n{' '.join(_LEAVING)}"


def _said(body: str) -> list[str]:
    return [line for line in body.splitlines() if line.strip()]


def _send(work: Filling, record: Draft, data: "Callable[[Form], Mapping[str, Any]]") -> "Posted":
    """Begin again, since the world may have changed while somebody typed, and send; the draft goes when it is sent."""
    desk = work.session.desk(write=True)
    try:
        task = work.begin(desk, record)
        done = reporting.send(desk, task, data(task.form), dry_run=work.dry_run)
        if not work.dry_run:
            drafts.forget(desk, record.form, record.period)
        return done
    finally:
        desk.close()


def _kept(error: CipherpostError, record: Draft) -> CipherpostError:
    """A refusal of what was typed, which is kept."""
    output.tell("what you typed is kept as a draft")
    error.hints = (record.command, *error.hints[:1])
    return error


# ---- in an editor --------------------------------------------------------------------------------------------------


def edit(work: Filling) -> int:
    """Open the user's editor on the form, until it is right or given up; the exit code.

    Raises:
        InvalidDataError and its kin: it was given up, or there is no terminal; what was typed is a draft.
        NothingTypedError, EditorError, SheetBusyError, DraftThereError: as they say.
    """
    files = read_files(work.files)
    desk, task, draft = _open(work)
    filled = {**task.known, **(read_answers(task.form, files) if files else {})}
    text = draft.text if draft is not None else to_toml(task.form, filled, note=_head(desk, task))
    with drafts.open_sheet(desk.home, task.form.name, task.period) as sheet:
        record = drafts.keep(desk, draft or replace(_record(task), text=text))
        whole = bool(files) or task.corrected is not None
        try:
            done = _rounds(work, desk, task, sheet, record, text, whole=whole)
        except CipherpostError as error:
            refused: CipherpostError | None = error  # the page is sealed by now, and goes from the disk
        else:
            refused = None
    if refused is not None:
        raise refused
    return output.sent(work.session, [done])


def _rounds(
    work: Filling, desk: "Desk", task: "Task", sheet: drafts.Sheet, record: Draft, text: str, *, whole: bool
) -> "Posted":
    """Edit, seal, check; once more where it is not right and somebody is there. ``whole``: it may be sent untouched."""
    while True:
        sheet.write(text)
        stopped = _run_editor(sheet.path)
        typed = sheet.read()
        emptied = not typed.strip()
        if emptied and record.touched:
            raise _kept(stopped or NothingTypedError("the page was emptied", where=task.name), record)
        if typed != text and not emptied:
            record = drafts.keep(desk, replace(record, text=typed, touched=True))
        elif emptied or not (whole or record.touched):
            drafts.let_go(desk, record)
            raise stopped or NothingTypedError(
                "nothing was filled in",
                where=task.name,
                rule="the editor was closed with the page as it was, or empty",
                hints=(record.command,) if not record.event else (),
            )
        try:
            if stopped is not None:
                raise stopped
            return _send(work, record, partial(_parsed, typed))
        except _WRONG as error:
            if typed == text or not _at_terminal():
                raise _kept(error, record) from None
            text = _page_again(desk, task, typed, error)
        except CipherpostError as error:
            raise _kept(error, record) from None


def _parsed(typed: str, form: "Form") -> dict[str, Any]:
    return from_toml(decoded(typed.encode("utf-8", "surrogateescape"), "the form"), form)


def _page_again(desk: "Desk", task: "Task", typed: str, error: CipherpostError) -> str:
    """The page as it was typed, with what is wrong as comments: at the fields, if nothing typed is lost by that."""
    if not isinstance(error, InvalidDataError):
        return with_note(typed, str(error))
    data = _parsed(typed, task.form)
    page = to_toml(task.form, data, problems=error.problems, note=_head(desk, task))
    if _comments(typed) <= _comments(page) and _parsed(page, task.form) == data:
        return page
    return with_note(typed, "\n".join(map(str, error.problems)))


def _comments(page: str) -> set[str]:
    """Comments that the user may have typed: all but those that tell what is wrong."""
    lines = (line.strip() for line in page.splitlines())
    return {line for line in lines if line.startswith("#") and not line.startswith("#!")}


def _run_editor(path: Path) -> EditorError | None:
    """Open the file in $VISUAL, $EDITOR or what the system has; what went wrong, if anything did."""
    try:
        click.edit(filename=str(path))
    except click.ClickException as error:
        return EditorError(
            error.format_message().rstrip("."),
            rule="the editor is the one that VISUAL or EDITOR names",
            hints=("set VISUAL to an editor that is there, such as nano",),
        )
    return None


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


# ---- field by field ------------------------------------------------------------------------------------------------


def interact(work: Filling) -> int:
    """Ask field by field at the terminal; the exit code.

    Raises:
        NoTerminalError: nobody is there. NotSentError: the last answer was no; what was typed is a draft.
    """
    from cipherpost.cli import prompting

    if not _at_terminal():
        again = " ".join(word for word in work.named if word) or "FORM PERIOD"
        raise NoTerminalError(
            "there is no terminal to ask at",
            rule="--interactive asks a person",
            hints=(f"cipherpost report {again} --data FILE",),
        )
    files = read_files(work.files)
    desk, task, draft = _open(work)
    filled = {**task.known, **(read_answers(task.form, files) if files else {})}
    known = _parsed(draft.text, task.form) if draft is not None else filled
    record, note = draft or _record(task), _note(desk, task)

    def keep(data: Mapping[str, Any]) -> None:
        nonlocal record
        text = to_toml(task.form, data, note=note)
        record = drafts.keep(desk, replace(record, text=text, touched=True))

    for line in note.splitlines():
        output.tell(output.safe(line))
    data = prompting.ask(task.form, known, keep)
    for line in render(task.form, data).splitlines():
        output.tell(f"  {output.safe(line)}".rstrip())
    if not work.dry_run and not click.confirm("Send it?", err=True, default=True):
        raise _kept(NotSentError("not sent: the answer was no", where=task.name), record)
    try:
        return output.sent(work.session, [_send(work, record, lambda _form: data)])
    except CipherpostError as error:
        raise _kept(error, record) from None
