"""Checking what a report says against its form: everything that is wrong, at once, each with field, rule and value.

Beside the JSON Schema itself, three things hold for every form: what is left blank is left out, and never ``""``,
``null`` or an empty list (blank is never zero); numbers are whole, since only those are the same for every reader
(docs/protocol.md, "Reports"); and a text has at most `limits.REPORT_TEXT` characters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost import limits
from cipherpost.errors import UseError
from cipherpost.forms.compiled import validator
from cipherpost.forms.schema import UNCOUNTED, Field, Form
from cipherpost.strictjson import SAFE_INTEGER
from cipherpost.text import shown

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

SHOWN: Final = 60
"""Most characters of a value that a problem shows."""
BLANK: Final = "what is not known is left out; a blank says nothing and is never zero"
WHOLE: Final = "a whole number in the digits 0 to 9, without spaces, points or commas"
UNKNOWN: Final = "the form has no such field"
ONE_LINE: Final = "no control characters but line feed and tab"

Path = tuple[str | int, ...]

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,63}")
_CUT_DIGITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: ``place`` in words (``demands 3, text``), the ``rule``, and the ``value`` as shown.

    ``path`` is the place as steps, items of lists counted from 0; empty for the report as a whole. ``value`` is cut
    to `SHOWN` characters and empty where there is none; it may be what a letter says, so it belongs on the screen of
    a reader and nowhere else.
    """

    path: Path
    place: str
    rule: str
    value: str = ""

    def __str__(self) -> str:
        """``demands 3, text: at most 100000 characters (is "...")``."""
        text = f"{self.place}: {self.rule}" if self.place else self.rule
        return f"{text} (is {self.value})" if self.value else text


class InvalidDataError(UseError):
    """A report's data do not fit its form; ``problems`` says all that is wrong. The message names places only."""

    def __init__(self, problems: tuple[Problem, ...], form: Form) -> None:
        self.problems = problems
        places = list(dict.fromkeys(problem.place or "the whole" for problem in problems))
        named = "; ".join(places[:10]) + ("; ..." if len(places) > 10 else "")
        many = f"{len(problems)} things are" if len(problems) > 1 else "one thing is"
        super().__init__(
            f"{many} not right: {named}", rule=f"form {form}", hints=(f"cipherpost form show {form.name}",)
        )


class EmptyReportError(UseError):
    """A report with nothing filled in: a nil report says so with a reason, a blank one says nothing."""


def check(form: Form, data: object) -> None:
    """Make sure that ``data`` is a report under ``form``.

    Args:
        data: the plain data, as JSON gives them.

    Raises:
        EmptyReportError: nothing is filled in.
        InvalidDataError: anything else is wrong; its ``problems`` are all of it, in the order of the form.
    """
    if is_blank(data):
        raise EmptyReportError(
            "the report is empty",
            rule=BLANK,
            hints=(f'nothing to report: cipherpost report {form.name} PERIOD --nil -m "why"',),
        )
    found = [] if _keeps_rules(data) else list(_rules_of_all(data, ()))
    if found or not validator(form.data).is_valid(data):
        errors = list(validator(form.data).iter_errors(_without_long_lists(data)))
        raise InvalidDataError(_ordered(form, found, errors), form)


def _without_long_lists(data: object) -> object:
    """Lists with too many entries are refused as such; what is wrong in each entry would be said without end."""
    if not isinstance(data, dict):
        return data
    return {
        key: [] if isinstance(value, list) and len(value) > limits.REPORT_ITEMS else value
        for key, value in data.items()
    }


def is_blank(value: object) -> bool:
    """Whether nothing is said in ``value``: null, an empty or white text, or a list or object of such only."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, dict):
        return all(is_blank(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_blank(inner) for inner in value)
    return False


def shown_value(value: object) -> str:
    """A value as a problem shows it: in one line, what cannot be seen replaced, cut to `SHOWN` characters."""
    if isinstance(value, str):
        cut = value[: SHOWN + 1]
        text = '"' + "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in cut[:SHOWN]) + '"'
        return f"{text}... of {len(value)} characters" if len(cut) > SHOWN else text
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_CUT_DIGITS else f"a number of more than {_CUT_DIGITS} digits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "a group of fields" if isinstance(value, dict) else str(value)


# ---- what holds for every form -------------------------------------------------------------------------------------


class _Found(NamedTuple):
    path: Path
    rule: str
    value: str


def _rules_of_all(value: object, path: Path) -> Iterator[_Found]:
    if rule := _own_rule(value):
        yield _Found(path, rule, "" if is_blank(value) else shown_value(value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _rules_of_all(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _rules_of_all(inner, (*path, at))


def _keeps_rules(value: object) -> bool:
    """Whether `_rules_of_all` finds nothing, in a fifth of its time; reports are right but for a few in a thousand."""
    kind = value.__class__
    if kind is str:
        return not _rule_of_text(value)  # type: ignore[arg-type]
    if kind is dict:
        return bool(value) and all(map(_keeps_rules, value.values()))  # type: ignore[attr-defined]
    if kind is list:
        return not _own_rule(value) and all(map(_keeps_rules, value))  # type: ignore[call-overload]
    return not _own_rule(value)


def _own_rule(value: object) -> str:
    if isinstance(value, str):
        return _rule_of_text(value)
    if isinstance(value, int):
        return "" if -SAFE_INTEGER <= value <= SAFE_INTEGER else "at most 2^53 - 1"
    if isinstance(value, float):
        return WHOLE
    if value is None or not value:
        return BLANK
    too_many = isinstance(value, list) and len(value) > limits.REPORT_ITEMS
    return f"at most {limits.REPORT_ITEMS} entries" if too_many else ""


def _rule_of_text(text: str) -> str:
    if not text or text.isspace():
        return BLANK
    if len(text) > limits.REPORT_TEXT:
        return f"at most {limits.REPORT_TEXT} characters"
    return "" if text.isprintable() or not _UNSEEN.search(text) else ONE_LINE


# ---- what the form says --------------------------------------------------------------------------------------------


def _ordered(form: Form, found: list[_Found], errors: "list[ValidationError]") -> tuple[Problem, ...]:
    """All problems, one for each place and rule, in the order of the form."""
    said = [each for error in errors for each in _of_error(form, error)]
    unknown = {each.path for each in said if each.rule == UNKNOWN}
    found = [each for each in found if not any(each.path[:at] in unknown for at in range(1, 4))]
    seen = {each.path for each in found}
    found += [each for each in said if each.path not in seen]
    order = {name: at for at, name in enumerate(each.name for each in form.fields)}
    columns = {(each.name, column.name): at for each in form.lists for at, column in enumerate(each.items)}

    def rank(each: _Found) -> tuple[int, int, int]:
        top = str(each.path[0]) if each.path else ""
        item = each.path[1] if len(each.path) > 1 and isinstance(each.path[1], int) else -1
        inner = columns.get((top, str(each.path[2])), len(columns)) if len(each.path) > 2 else -1
        return order.get(top, len(order) if top else -1), item, inner

    unique = sorted(dict.fromkeys(found), key=rank)
    return tuple(
        Problem(path=each.path, place=place_of(each.path), rule=each.rule, value=each.value) for each in unique
    )


def place_of(path: Path) -> str:
    """A place in words: ``demands 3, text``; entries of lists are counted from 1."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int) and words:
            words[-1] += f" {step + 1}"
        else:
            words.append(str(step) if _PLAIN.fullmatch(str(step)) else shown(str(step)))
    return ", ".join(words)


def field_at(form: Form, path: Path) -> Field | None:
    """The field that a path leads to; the list itself for one of its entries; None where the form has none."""
    here = form.field(str(path[0])) if path else None
    if here is not None and len(path) > 2:
        here = next((column for column in here.items if column.name == path[2]), None) if len(path) == 3 else None
    return here


def _of_error(form: Form, error: "ValidationError") -> list[_Found]:
    from jsonschema_rs import ValidationErrorKind as Kinds

    path, kind = tuple(error.instance_path), error.kind
    if isinstance(kind, Kinds.Required):
        return [_Found((*path, kind.property), "has to be filled in", "")]
    if isinstance(kind, Kinds.AdditionalProperties):
        here = error.instance if isinstance(error.instance, dict) else {}
        return [_Found((*path, key), UNKNOWN, shown_value(here.get(key))) for key in kind.unexpected]
    if not path:
        return [
            _Found(path, "a report is a group of named fields" if isinstance(kind, Kinds.Type) else error.message, "")
        ]
    return [_Found(path, _rule(field_at(form, path), path, error), shown_value(error.instance))]


def _rule(field: Field | None, path: Path, error: "ValidationError") -> str:
    """The rule of the form that a value breaks, in words for people."""
    from jsonschema_rs import ValidationErrorKind as Kinds

    if field is None:
        return error.message
    if isinstance(error.kind, Kinds.Type) and len(path) == 2:
        return "an entry of a list is a group of named fields"
    limit = getattr(error.kind, "limit", None)
    units = {
        Kinds.Minimum: "at least {}",
        Kinds.Maximum: "at most {}",
        Kinds.ExclusiveMinimum: "more than {}",
        Kinds.ExclusiveMaximum: "less than {}",
        Kinds.MinLength: "at least {} characters",
        Kinds.MaxLength: "at most {} characters",
        Kinds.MinItems: "at least {} entries",
        Kinds.MaxItems: "at most {} entries",
    }
    if (words := units.get(type(error.kind))) is not None:
        return words.format(limit)
    if isinstance(error.kind, Kinds.Pattern):
        return f"written like the pattern {error.kind.pattern}"
    if isinstance(error.kind, Kinds.UniqueItems):
        return "no two entries are alike"
    kinds = (Kinds.Type, Kinds.Enum, Kinds.Format, Kinds.OneOfNotValid, Kinds.AnyOf)
    return rule_of_kind(field) if isinstance(error.kind, kinds) else error.message


def rule_of_kind(field: Field) -> str:
    """What may stand in a field, in words for people."""
    if field.kind == "number":
        return WHOLE
    if field.kind == "count":
        return f"{WHOLE}, from 0, or: {', '.join(UNCOUNTED)}"
    if field.kind == "choice":
        return "one of: " + ", ".join(field.choices)
    words = {
        "text": "a text",
        "date": "a day written like 2026-10-05",
        "yes-no": "yes or no (in JSON and TOML true or false)",
        "list": "a list of entries",
    }
    return words[field.kind]
