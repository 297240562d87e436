"""A form: what a report is to say, as a JSON Schema with titles and help for people (docs/protocol.md, "Forms").

A form is one JSON file: an object of fields, each a text, a whole number, a count, a date, a choice, yes or no, or a
list of items that are made of such fields. A *count* is a whole number from 0 or one of the words of `UNCOUNTED`:
nobody has to write 0 for what was not counted. The file's own bytes are the form: their hash stands in the roster.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cipherpost import limits, strictjson
from cipherpost.errors import TooLargeError
from cipherpost.forms.compiled import FormError, FormSchemaError, check_schema
from cipherpost.text import TextError, check_free_text, parse_name, parse_number, sha256, shown

Kind = Literal["text", "number", "count", "date", "choice", "yes-no", "list"]

UNCOUNTED: Final = ("none held", "not known", "not collected")
"""What may stand in a count instead of a number; each says something else, and none of them is 0."""
COUNT: Final = {"oneOf": [{"type": "integer", "minimum": 0}, {"enum": list(UNCOUNTED)}]}
"""What every form that counts has as ``$defs.count``."""

_ID = re.compile(r"urn:cipherpost:form:([^:]+):([^:]+)")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")


class FormIdError(FormError):
    """A form does not say its name and version in the one way they are written."""


class FormFieldError(FormError):
    """A field of a form is of a kind that no report can hold."""


class FormTooLargeError(FormError):
    """A form is above its limit in bytes or fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form, or one column of a list.

    ``name`` is its key in the data, ``title`` and ``help`` are for people (help may be empty). ``choices``: the words
    of a choice, or those of a count that is no number. ``items``: the columns of a list. ``minimum`` and ``maximum``:
    of a number or count, in characters for a text, in items for a list; None where the form names none. ``examples``:
    what the form suggests, as texts.
    """

    name: str
    title: str
    help: str = ""
    kind: Kind
    required: bool
    choices: tuple[str, ...] = ()
    items: "tuple[Field, ...]" = ()
    minimum: int | None = None
    maximum: int | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that `parse_form` has read.

    ``data`` are the bytes of its file and ``hash`` their SHA-256, by which the roster knows it; ``schema`` is the same
    as a Python value, not to be changed. ``fields`` stand in the order in which they are shown.
    """

    name: str
    version: int
    title: str
    description: str
    schema: dict[str, Any] = field(compare=False, repr=False)
    data: bytes = field(repr=False)
    hash: str
    fields: tuple[Field, ...] = field(compare=False, repr=False)

    def __str__(self) -> str:
        """How people name it: ``monthly-return version 2``."""
        return f"{self.name} version {self.version}"

    def field(self, name: str) -> Field | None:
        """The field of that name, if the form has it."""
        return next((each for each in self.fields if each.name == name), None)

    @property
    def lists(self) -> tuple[Field, ...]:
        """The fields that are lists."""
        return tuple(each for each in self.fields if each.kind == "list")


def parse_form(data: bytes, *, where: str = "") -> Form:
    """Read a form file.

    Args:
        data: the bytes of the file.
        where: its path or dispatch, for errors.

    Raises:
        FormTooLargeError: above `limits.FORM_BYTES` or `limits.FORM_FIELDS`.
        FormSchemaError: not JSON, or no JSON Schema of an object with titled fields.
        FormReferenceError: it refers outside itself or in a circle.
        FormIdError: no ``$id`` with a name and version.
        FormFieldError: a field of a kind that reports do not hold; names the field.
    """
    schema = _read(data, where)
    check_schema(schema, where)
    name, version = _identity(schema, where)
    try:
        title = check_free_text(_text(schema.get("title")), "title")
    except TextError as error:
        raise FormSchemaError(f"the form needs a title: {error.what}", where=where, rule=error.rule) from None
    fields = tuple(_fields(schema, schema, "the form", where, depth=0))
    if not fields or sum(1 + len(each.items) for each in fields) > limits.FORM_FIELDS:
        raise FormTooLargeError("the form has no fields, or too many", where=where, rule=f"1 to {limits.FORM_FIELDS}")
    return Form(
        name=name,
        version=version,
        title=title,
        description=_help(schema, "the form", where),
        schema=schema,
        data=data,
        hash=sha256(data),
        fields=fields,
    )


def _read(data: bytes, where: str) -> dict[str, Any]:
    if len(data) > limits.FORM_BYTES:
        raise FormTooLargeError(f"the form has {len(data)} bytes", where=where, rule=f"at most {limits.FORM_BYTES}")
    try:
        schema = strictjson.parse(data, limit=limits.FORM_BYTES)
    except (strictjson.JsonError, TooLargeError) as error:
        raise FormSchemaError(error.what, where=where, rule=error.rule or "a form is a JSON file") from None
    if not isinstance(schema, dict):
        raise FormSchemaError("the file is not a JSON Schema", where=where, rule="a form is a JSON object")
    return schema


def _identity(schema: dict[str, Any], where: str) -> tuple[str, int]:
    found = _ID.fullmatch(_text(schema.get("$id")))
    try:
        if found is not None:
            return parse_name(found[1]), parse_number(found[2])
    except TextError:
        pass
    raise FormIdError(
        "the form does not say its name and version",
        where=where,
        rule='"$id": "urn:cipherpost:form:NAME:VERSION", the version a whole number from 1',
    )


# ---- fields --------------------------------------------------------------------------------------------------------


def _fields(part: dict[str, Any], form: dict[str, Any], place: str, where: str, *, depth: int) -> Iterator[Field]:
    """The fields of the form (depth 0) or of the items of a list (depth 1)."""
    if part.get("type") != "object" or part.get("additionalProperties") is not False:
        raise FormSchemaError(
            f"{place} is not closed", where=where, rule='"type": "object" and "additionalProperties": false'
        )
    if "patternProperties" in part:
        raise FormFieldError(f"{place} has fields without names", where=where, rule="each field stands in properties")
    properties, required = part.get("properties", {}), part.get("required", [])
    if unknown := sorted(set(required) - set(properties)):
        raise FormFieldError(f"{place} requires {shown(unknown[0])}, which it does not have", where=where)
    for name, inner in properties.items():
        here = name if not depth else f"{place}, {name}"
        if not _FIELD.fullmatch(name):
            raise FormFieldError(
                f"{shown(name)} is no name of a field", where=where, rule="a-z, then a-z, 0-9 and _, at most 63"
            )
        yield _field(name, inner, form, here, where, name in required, depth)


def _field(name: str, part: Any, form: dict[str, Any], place: str, where: str, required: bool, depth: int) -> Field:
    if not isinstance(part, dict):
        raise FormFieldError(f"field {place} says nothing of what it is", where=where)
    whole = _resolved(part, form)
    make = _KINDS[_kind(whole, place, where, depth)]
    try:
        title = check_free_text(_text(whole.get("title")) or name.replace("_", " ").capitalize(), "title")
        more = make(whole, form, place, where)
        for word in (*more.get("choices", ()), *more.get("examples", ())):
            check_free_text(word, "word")
    except TextError as error:
        raise FormFieldError(f"field {place}: {error.what}", where=where, rule=error.rule) from None
    return Field(name=name, title=title, help=_help(whole, f"field {place}", where), required=required, **more)


def _resolved(part: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """A field with what it refers to written out; its own title and help before those."""
    while "$ref" in part:
        target = form["$defs"][part["$ref"].rpartition("/")[2]]
        if not isinstance(target, dict):
            return {}
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}} | (
            {"$ref": target["$ref"]} if "$ref" in target else {}
        )
    return part


def _kind(whole: dict[str, Any], place: str, where: str, depth: int) -> Kind:
    if whole.get("oneOf") == COUNT["oneOf"]:
        return "count"
    words = whole.get("enum")
    kinds: dict[Any, Kind] = {"integer": "number", "boolean": "yes-no", "string": "text", "array": "list"}
    kind = kinds.get(whole.get("type") if isinstance(whole.get("type"), str) else None)
    if words and all(isinstance(word, str) for word in words) and whole.get("type", "string") == "string":
        return "choice"
    if kind == "text" and words is None:
        return "date" if whole.get("format") == "date" else "text"
    if kind is None or words is not None or (kind == "list" and depth):
        raise FormFieldError(
            f"field {place} is of no kind that a report can hold",
            where=where,
            rule="string, integer, boolean, enum of words, #/$defs/count, or a list of flat items",
            hints=("write parts of a unit as whole numbers of a smaller one: kopecks, grams",) if depth < 2 else (),
        )
    return kind


def _examples(whole: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(each) for each in whole.get("examples", ()) if isinstance(each, str | int))


def _bounds(whole: dict[str, Any], low: str, high: str) -> dict[str, int | None]:
    found = {"minimum": whole.get(low), "maximum": whole.get(high)}
    return {key: value if isinstance(value, int) else None for key, value in found.items()}


def _make_text(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    return {"kind": "text", "examples": _examples(whole), **_bounds(whole, "minLength", "maxLength")}


def _make_number(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    return {"kind": "number", "examples": _examples(whole), **_bounds(whole, "minimum", "maximum")}


def _make_count(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    return {"kind": "count", "choices": UNCOUNTED, "minimum": 0, "examples": _examples(whole)}


def _make_date(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    return {"kind": "date", "examples": _examples(whole)}


def _make_choice(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    return {"kind": "choice", "choices": tuple(whole["enum"])}


def _make_yes_no(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    return {"kind": "yes-no"}


def _make_list(whole: dict[str, Any], form: dict[str, Any], place: str, where: str) -> dict[str, Any]:
    items = whole.get("items")
    if not isinstance(items, dict) or "prefixItems" in whole:
        raise FormFieldError(f"list {place} does not say what its items are", where=where, rule='"items": {...}')
    columns = tuple(_fields(_resolved(items, form), form, place, where, depth=1))
    if not columns:
        raise FormFieldError(f"the items of list {place} have no fields", where=where)
    return {"kind": "list", "items": columns, **_bounds(whole, "minItems", "maxItems")}


_KINDS: Final[dict[Kind, Callable[[dict[str, Any], dict[str, Any], str, str], dict[str, Any]]]] = {
    "text": _make_text,
    "number": _make_number,
    "count": _make_count,
    "date": _make_date,
    "choice": _make_choice,
    "yes-no": _make_yes_no,
    "list": _make_list,
}


# ---- words for people ----------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _help(whole: dict[str, Any], place: str, where: str) -> str:
    """The description, in one line: blanks and line feeds become single spaces."""
    words = " ".join(_text(whole.get("description")).split())
    if len(words) > limits.FORM_HELP:
        raise FormTooLargeError(f"the help of {place} is too long", where=where, rule=f"at most {limits.FORM_HELP}")
    if not words.isprintable():
        raise FormFieldError(f"the help of {place} holds a character that cannot be seen", where=where)
    return words
