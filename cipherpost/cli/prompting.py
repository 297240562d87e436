"""Asking for a report field by field, at a terminal; each answer is checked at once and kept at once."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from cipherpost.cli import output
from cipherpost.forms.answers import settled
from cipherpost.forms.checking import EmptyReportError, InvalidDataError, Problem, check, is_blank, rule_of_kind
from cipherpost.forms.rendering import words_of

if TYPE_CHECKING:
    from cipherpost.forms.schema import Field, Form

LEAVE_OUT: Final = "-"
"""What is typed to leave a field out that has a value already."""

Data = dict[str, Any]
Path = tuple[str | int, ...]


def ask(form: "Form", known: Mapping[str, Any], keep: Callable[[Mapping[str, Any]], None]) -> Data:
    """Ask for all fields, then again for those that are not right.

    Args:
        known: what is filled in already, and stays where only Enter is pressed.
        keep: called after each answer with all that is known by then.

    Raises:
        InvalidDataError: something is wrong that no field can put right.
        click.Abort: the person gave up; what was answered was kept.
    """
    data: Data = dict(known)
    output.tell(
        f"Enter keeps what stands in brackets, {LEAVE_OUT} leaves a field out; long texts are easier with --edit"
    )
    fields = form.fields
    while True:
        for field in fields:
            _ask_field(form, data, field, keep)
        problems = _problems(form, data, ())
        if not problems:
            return data
        for problem in problems:
            output.tell(output.safe(str(problem)))
        names = {problem.path[0] for problem in problems if problem.path}
        fields = tuple(field for field in form.fields if field.name in names)
        if not fields:
            check(form, data)


def _ask_field(form: "Form", data: Data, field: "Field", keep: Callable[[Mapping[str, Any]], None]) -> None:
    if field.kind == "list":
        _ask_list(form, data, field, keep)
        return
    before = data.get(field.name)
    _ask_value(form, data, data, field, (field.name,))
    if data.get(field.name) != before:
        keep(data)


def _ask_list(form: "Form", data: Data, field: "Field", keep: Callable[[Mapping[str, Any]], None]) -> None:
    """Each entry that is there is kept or dropped; then new ones are asked for, as long as there are more."""
    _say(field)
    items: list[Any] = []
    for item in data.get(field.name, []):
        said = "; ".join(words_of(column, item[column.name]) for column in field.items if column.name in item)
        if click.confirm(f"  keep {output.safe(said)}", err=True, default=True):
            items.append(item)
    while click.confirm(f"  {'another' if items else 'an'} entry", err=True, default=False):
        entry: Data = {}
        items.append(entry)
        data[field.name] = items
        for column in field.items:
            _ask_value(form, data, entry, column, (field.name, len(items) - 1, column.name))
            keep(data)
        if is_blank(entry):
            items.pop()
    if items:
        data[field.name] = items
    else:
        data.pop(field.name, None)
    keep(data)


def _ask_value(form: "Form", data: Data, group: Data, field: "Field", path: Path) -> None:
    """One value of ``group``, a part of ``data`` or all of it, asked for until it is right or left out."""
    _say(field)
    while True:
        typed = _prompt(field, group.get(field.name))
        before = group.pop(field.name, None)
        if typed == LEAVE_OUT or (not typed.strip() and before is None):
            if not field.required:
                return
            output.tell("  has to be filled in")
            continue
        group[field.name] = before if not typed.strip() else _meant(form, field, typed)
        problems = _problems(form, data, path)
        if not problems:
            return
        for problem in problems:
            output.tell(f"  {output.safe(problem.rule)}")
        if before is None:
            del group[field.name]
        else:
            group[field.name] = before


def _say(field: "Field") -> None:
    output.tell(f"{output.safe(field.title)}{' (required)' if field.required else ''}")
    rule = "" if field.kind in {"text", "list"} else rule_of_kind(field)
    for words in (field.help, rule):
        if words:
            output.tell(f"  {output.safe(words)}")


def _prompt(field: "Field", value: Any) -> str:
    shown = "" if value is None else output.safe(words_of(field, value))
    typed: str = click.prompt(
        f"  {field.name}{f' [{shown}]' if shown else ''}", default="", show_default=False, err=True
    )
    return typed


def _meant(form: "Form", field: "Field", typed: str) -> Any:
    """What was typed, as the field means it: digits a number, yes and no what they say."""
    if form.field(field.name) == field:
        return settled(form, {field.name: typed})[field.name]
    owner = next(each for each in form.lists if field in each.items)
    return settled(form, {owner.name: [{field.name: typed}]})[owner.name][0][field.name]


def _problems(form: "Form", data: Data, path: Path) -> tuple[Problem, ...]:
    """What is wrong at or below ``path``; all there is for the empty one."""
    try:
        check(form, data)
    except InvalidDataError as error:
        return tuple(each for each in error.problems if each.path[: len(path)] == path)
    except EmptyReportError as error:
        return () if path else (Problem(path=(), place="", rule=error.what),)
    return ()
