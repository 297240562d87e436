"""The page that opens in an editor: a TOML text made from a form, with all help as comments.

A field that is not filled in stands as ``name = ""``, which reads as missing. What is wrong stands as lines that
begin with ``#!`` above the field; they vanish when the page is made anew. Whatever was typed comes back, known to the
form or not: nothing is lost by a mistake.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cipherpost.forms.answers import parse_toml, settled
from cipherpost.forms.checking import Path, Problem, is_blank
from cipherpost.forms.schema import Field, Form

MARK: Final = "#! "
"""What begins a line that says what is wrong."""
_WIDTH: Final = 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROLS: Final = {code: f"\\u{code:04x}" for code in (*range(9), *range(11, 32), 0x7F)}
_ESCAPES: Final = _CONTROLS | {ord("\\"): "\\\\", ord('"'): '\\"', ord("\t"): "\\t", ord("\n"): "\\n"}
_CLOSING = re.compile(r'(?<=")"|"\Z')
"""Quotes that could end a text of several lines."""
_HOW: Final = (
    'Write behind the sign =. Texts stand in quotes: "like this"; of several lines in three quotes before and behind.',
    "Numbers and true or false stand without quotes. What is left empty counts as not filled in; it never means 0.",
)


def to_toml(
    form: Form, data: Mapping[str, Any] | None = None, *, problems: Sequence[Problem] = (), note: str = ""
) -> str:
    """The page for ``form``, with what is there filled in.

    Args:
        data: plain data, right or wrong; `from_toml` gives them back, but for what is blank.
        problems: what is wrong, shown above the fields they speak of; those of no field stand at the top.
        note: lines at the top, such as for which office and period this is.
    """
    data = dict(data or {})
    told = _Told(problems)
    scalars, lists, others = _parts(form, data)
    body: list[str] = []
    for field in scalars:
        body += ["", *_scalar(field, data.get(field.name), told.of((field.name,), inside=True))]
    for name in others:
        body += ["", *_marked(told.of((name,), inside=True)), f"{_key(name)} = {_inline(data[name])}"]
    for field in lists:
        body += _list(field, data.get(field.name), told)
    head = [*_comment(form.title), *_comment(form.description), "#"]
    head += [line for each in _HOW for line in _comment(each)]
    notes = [line for each in note.splitlines() for line in _comment(each)] + (["#"] if note else [])
    return "\n".join([*notes, *head, *_marked(told.rest()), *body]) + "\n"


def from_toml(text: str, form: Form | None = None) -> dict[str, Any]:
    """What was filled in; blank fields and entries are left out.

    Args:
        form: where given, ``"41"`` in a field of numbers is 41, and ``yes`` in one of yes and no is true.

    Raises:
        AnswersError: it is not TOML; says the line.
    """
    data = parse_toml(text.encode("utf-8"), where="the form")
    filled = {key: _filled(value) for key, value in data.items() if not is_blank(value)}
    return filled if form is None else settled(form, filled)


def with_note(text: str, note: str) -> str:
    """A page that cannot be read, as it was typed, with ``note`` at the top in place of the notes it had.

    So that a forgotten quote loses nothing: the page opens again as it was left, and says what is wrong.
    """
    typed = text.splitlines(keepends=True)
    while typed and typed[0].startswith(MARK):
        typed.pop(0)
    return "".join(f"{line}\n" for each in note.splitlines() for line in _wrapped(each, MARK)) + "".join(typed)


# ---- fields --------------------------------------------------------------------------------------------------------


class _Told:
    """The problems, handed out by the place at which they are shown; each is shown once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._left: dict[Path, dict[Path, list[Problem]]] = {}  # by field, then by entry: there may be thousands
        for each in dict.fromkeys(problems):
            self._left.setdefault(each.path[:1], {}).setdefault(each.path[:2], []).append(each)

    def of(self, path: Path, *, inside: bool = False) -> list[Problem]:
        """Those of a path; with ``inside`` those of what is in it too."""
        entries = self._left.get(path[:1], {})
        found: list[Problem] = []
        for entry in list(entries) if len(path) == 1 and inside else [path[:2]]:
            held = entries.pop(entry, [])
            taken = [each for each in held if each.path == path or (inside and each.path[: len(path)] == path)]
            found += taken
            if left := [each for each in held if each not in taken]:
                entries[entry] = left
        return found

    def rest(self) -> list[Problem]:
        """Those that were not handed out yet."""
        return [each for entries in self._left.values() for held in entries.values() for each in held]


def _parts(form: Form, data: dict[str, Any]) -> tuple[list[Field], list[Field], list[str]]:
    """Fields on one line each, lists as blocks, and what the form does not know; TOML wants blocks last."""
    blocks = [each for each in form.fields if each.kind == "list" and _is_blocks(data.get(each.name))]
    lines = [each for each in form.fields if each not in blocks]
    return lines, blocks, [name for name in data if form.field(name) is None]


def _is_blocks(value: Any) -> bool:
    return is_blank(value) or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _scalar(field: Field, value: Any, problems: Sequence[Problem]) -> Iterator[str]:
    yield from _about(field)
    yield from _marked(problems)
    yield f"{field.name} = {_value(field, value)}"


def _list(field: Field, value: Any, told: _Told) -> list[str]:
    lines = ["", "", f"# ---- {field.title} ----", *_comment(_help_of(field))]
    lines += _comment(
        "For each further entry copy the lines from [[ on. An entry without anything filled in is left out."
    )
    lines += _marked(told.of((field.name,)))
    entries = [item for item in value or [] if isinstance(item, dict)] or [{}]
    for at, entry in enumerate(entries):
        lines += ["", *_marked(told.of((field.name, at))), f"[[{field.name}]]"]
        for column in field.items:
            lines += [*_column(column, at), *_marked(told.of((field.name, at, column.name), inside=True))]
            lines.append(f"{column.name} = {_value(column, entry.get(column.name))}")
        for name in [key for key in entry if key not in {column.name for column in field.items}]:
            lines += [*_marked(told.of((field.name, at, name), inside=True)), f"{_key(name)} = {_inline(entry[name])}"]
    return lines


def _about(field: Field) -> list[str]:
    return [
        *_comment(f"{field.title} ({'required' if field.required else 'may be left empty'})"),
        *_comment(_help_of(field)),
    ]


def _column(column: Field, at: int) -> list[str]:
    """All help at the first entry; at the others the title is enough."""
    return _about(column) if at == 0 else _comment(column.title)


def _help_of(field: Field) -> str:
    parts = [field.help, expected(field)]
    if field.examples:
        parts.append("Such as: " + "; ".join(field.examples) + ".")
    return " ".join(part for part in parts if part)


def expected(field: Field) -> str:
    """What is to be written into a field, for people; empty where anything may be."""
    words = ", ".join(f'"{word}"' for word in field.choices)
    return {
        "number": "A whole number such as 41.",
        "count": f"A whole number such as 41, or {words}.",
        "date": 'A day such as "2026-10-05".',
        "choice": f"One of: {words}.",
        "yes-no": "true for yes, false for no.",
        "text": "",
        "list": "",
    }[field.kind]


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner) for key, inner in value.items() if not is_blank(inner)}
    if isinstance(value, list):
        return [_filled(inner) for inner in value if not is_blank(inner)]
    return value


# ---- TOML ----------------------------------------------------------------------------------------------------------


def _value(field: Field, value: Any) -> str:
    if is_blank(value):
        return '""'
    if field.kind == "text" and isinstance(value, str) and "\n" in value:
        return _lines(value)
    return _inline(value)


def _inline(value: Any) -> str:
    """A value on one line; nothing that plain data hold is lost, but null, for which TOML has no word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.translate(_ESCAPES) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(inner) for inner in value) + "]"
    return '""' if value is None else str(value)


def _lines(text: str) -> str:
    """A text of several lines between three quotes, as it is read."""
    escaped = _CLOSING.sub(r'\\"', text.replace("\\", "\\\\")).translate(_CONTROLS)
    return f'"""\n{escaped}"""'


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _inline(name)


def _comment(text: str) -> list[str]:
    return _wrapped(text, "# ")


def _marked(problems: Iterable[Problem]) -> list[str]:
    return [line for problem in problems for line in _wrapped(str(problem), MARK)]


def _wrapped(text: str, mark: str) -> list[str]:
    """Comment lines; a comment of TOML holds no control character."""
    clean = "".join(ch if ch.isprintable() else " " for ch in text)
    return textwrap.wrap(clean, _WIDTH, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False)
