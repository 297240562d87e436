"""What a report's letter holds: a short text for people, and ``data.json`` (docs/protocol.md, "Reports").

``data.json`` is canonical JSON: ``{"data":{...},"form":NAME,"hash":HASH,"period":PERIOD,"version":N}``. The hash is
that of the form file, so that whoever has the roster knows under which form the data were made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cipherpost import limits, strictjson
from cipherpost.dispatch.periods import parse_period
from cipherpost.errors import MalformedError, TooLargeError, UseError
from cipherpost.forms.checking import is_blank
from cipherpost.forms.schema import Field, Form
from cipherpost.text import TextError, parse_hash, parse_name

TEXT_SHOWN: Final = 2_000
"""Characters of one text that the letter shows; ``data.json`` has the whole."""
ENTRIES_SHOWN: Final = 200
"""Entries of one list that the letter shows."""
LETTER_SHOWN: Final = 200_000
"""Characters of the whole text; far below what a letter's body may have."""
_KEYS: Final = {"data", "form", "hash", "period", "version"}


class EnvelopeError(MalformedError):
    """The ``data.json`` of a report is not what a report holds."""


class ReportTooLargeError(UseError):
    """A report says more than one letter may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What ``data.json`` of a report says: the form by name, version and hash, the period, the plain data.

    That the data fit the form, and that form and period are those of the header, is for the reader to check.
    """

    form: str
    version: int
    hash: str
    period: str
    data: dict[str, Any]


def envelope(form: Form, period: str, data: Mapping[str, Any]) -> bytes:
    """The bytes of ``data.json``; ``data`` have passed `checking.check`, and ``period`` is one.

    Raises:
        ReportTooLargeError: above `limits.DATA_BYTES`.
    """
    whole = {"data": data, "form": form.name, "hash": form.hash, "period": period, "version": form.version}
    printed = strictjson.canonical(whole)
    if len(printed) > limits.DATA_BYTES:
        raise ReportTooLargeError(
            f"the report has {len(printed)} bytes",
            rule=f"at most {limits.DATA_BYTES}",
            hints=("send long papers beside it: cipherpost send FILE --to center --attach FILE",),
        )
    return printed


def parse_envelope(content: bytes, *, where: str = "") -> Envelope:
    """Read the ``data.json`` of a report.

    Args:
        where: its dispatch, ``tver/center/12``.

    Raises:
        EnvelopeError: not canonical JSON, not of this shape, or too large.
    """
    try:
        said = strictjson.parse_marked(content, limit=limits.DATA_BYTES)
    except (strictjson.JsonError, TooLargeError) as error:
        raise EnvelopeError(error.what, where=where, rule=error.rule) from None
    return open_envelope(said, where=where)


def open_envelope(said: strictjson.Marked, *, where: str = "") -> Envelope:
    """As `parse_envelope`, of a ``data.json`` that was read as JSON already.

    Raises:
        EnvelopeError: not canonical JSON, or not of this shape.
    """
    try:
        strictjson.check_marked(said.canonical, where)
    except strictjson.JsonError as error:
        raise EnvelopeError(error.what, where=where, rule=error.rule) from None
    whole = said.value
    if not isinstance(whole, dict) or whole.keys() != _KEYS or not isinstance(whole["data"], dict):
        raise EnvelopeError("this is not a report's data.json", where=where, rule=f"it has {', '.join(sorted(_KEYS))}")
    words = [whole[key] for key in ("form", "hash", "period")]
    version = whole["version"]
    if not all(isinstance(word, str) for word in words):
        raise EnvelopeError("form, hash and period of a report are texts", where=where)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= limits.NUMBER:
        raise EnvelopeError("the version of a report's form is no number", where=where, rule=f"1 to {limits.NUMBER}")
    try:
        name, digest, period = parse_name(words[0]), parse_hash(words[1]), parse_period(words[2])
    except TextError as error:
        raise EnvelopeError(error.what, where=where, rule=error.rule) from None
    return Envelope(form=name, version=version, hash=digest, period=period, data=whole["data"])


def render(form: Form, data: Mapping[str, Any]) -> str:
    """The text of a report's letter: ``Title: value``, one line each, lists as numbered entries.

    Long texts and lists are cut, and the letter says so; ``data.json`` beside it is the report.
    """
    lines = [form.title, ""]
    for field in form.fields:
        value = data.get(field.name)
        if is_blank(value):
            continue
        if field.kind == "list" and isinstance(value, list):
            lines += [*([""] if lines[-1] else []), f"{field.title}:", *_entries(field, value), ""]
        else:
            lines.append(f"{field.title}: {words_of(field, value)}")
    text = "\n".join(lines).rstrip("\n") + "\n"
    if len(text) > LETTER_SHOWN:
        text = text[:LETTER_SHOWN].rpartition("\n")[0] + "\n[cut here; data.json of this letter has the whole]\n"
    return text


def words_of(field: Field, value: object) -> str:
    """A value in one line for people: yes or no, numbers in digits, texts with single spaces, cut where long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    words = " ".join(str(value).split())
    return words if len(words) <= TEXT_SHOWN else f"{words[:TEXT_SHOWN]} [cut here]"


def _entries(field: Field, items: list[Any]) -> list[str]:
    lines = []
    for at, item in enumerate(items[:ENTRIES_SHOWN], 1):
        known = item if isinstance(item, dict) else {}
        said = [(column, known[column.name]) for column in field.items if not is_blank(known.get(column.name))]
        if len(field.items) == 1:
            lines += [f"  {at}. {words_of(column, value)}" for column, value in said]
        else:
            lines.append(
                f"  {at}. " + "; ".join(f"{column.title}: {words_of(column, value)}" for column, value in said)
            )
    if len(items) > ENTRIES_SHOWN:
        lines.append(f"  [{len(items) - ENTRIES_SHOWN} more in data.json of this letter]")
    return lines
