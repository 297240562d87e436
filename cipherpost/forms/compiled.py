"""A form's schema made ready for checking: it reaches nothing outside itself, and its work is bounded.

The checking itself is that of jsonschema-rs. Beforehand every reference is looked at: a form travels, and must mean
the same with and without a network, today and in ten years; and references that lead back to themselves, or double
at every step, would cost more than any report is worth.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cipherpost import limits, strictjson
from cipherpost.errors import UseError

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_INSIDE: Final = "#/$defs/"
_ELSEWHERE: Final = frozenset(
    {"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor", "$vocabulary"}
)
_AT_THE_TOP: Final = frozenset({"$id", "$schema", "$defs"})
MASK: Final = "(value)"
"""What messages of the checker show in place of what was typed."""


class FormError(UseError):
    """A file is no form; the root of what `parse_form` raises."""


class FormSchemaError(FormError):
    """A form file is not a JSON Schema, or one that this version of JSON Schema does not know."""


class FormPatternError(FormError):
    """A form has more patterns, or longer ones, than its limit."""


class FormReferenceError(FormError):
    """A form refers outside itself, to nothing, or to itself without end."""


def check_schema(schema: dict[str, Any], where: str) -> None:
    """Make sure that ``schema`` is a JSON Schema that reaches nothing outside itself and can be compiled.

    Raises:
        FormSchemaError: it is none; the error says at which place.
        FormReferenceError: a reference that is not ``#/$defs/NAME`` of this file, a circle, or too many of them.
        FormPatternError: above `limits.FORM_PATTERNS` or `limits.FORM_PATTERN_TEXT`.
    """
    if schema.get("$schema") != DIALECT:
        raise FormSchemaError(
            "the form does not say which JSON Schema it is", where=where, rule=f'"$schema": "{DIALECT}"'
        )
    _check_references(schema, where)
    import jsonschema_rs

    try:
        jsonschema_rs.meta.validate(schema)
        _compile(schema)
    except jsonschema_rs.ValidationError as error:
        place = "/".join(str(step) for step in error.instance_path)
        raise FormSchemaError(
            f"the form is not a JSON Schema at #/{place}", where=where, rule="JSON Schema 2020-12"
        ) from None
    except (jsonschema_rs.ReferencingError, ValueError):
        raise FormSchemaError("the form cannot be checked against", where=where, rule="JSON Schema 2020-12") from None


@lru_cache(maxsize=64)
def validator(data: bytes) -> "Draft202012Validator":
    """The checker of the form file ``data``, which `check_schema` has seen; kept, since making it is the dear part."""
    return _compile(strictjson.parse(data, limit=limits.FORM_BYTES))


def _compile(schema: dict[str, Any]) -> "Draft202012Validator":
    from jsonschema_rs import Draft202012Validator, RegexOptions

    return Draft202012Validator(
        schema,
        validate_formats=True,
        offline=True,
        mask=MASK,
        pattern_options=RegexOptions(size_limit=limits.PATTERN_BYTES),  # patterns in linear time only
    )


# ---- references ----------------------------------------------------------------------------------------------------


def _check_references(schema: dict[str, Any], where: str) -> None:
    defs = schema.get("$defs", {})
    if not isinstance(defs, dict):
        raise FormSchemaError("the form is not a JSON Schema at #/$defs", where=where, rule="JSON Schema 2020-12")
    rest = {key: value for key, value in schema.items() if key not in _AT_THE_TOP}
    parts = {"": rest, **{f"{_INSIDE}{name}": part for name, part in defs.items()}}
    named = {name: [_checked(key, value, where) for key, value in _keys(part)] for name, part in parts.items()}
    targets = {name: [found for found in each if found] for name, each in named.items()}
    weights: dict[str, int] = {}
    for name in parts:
        _weigh(name, targets, {name: len(each) + 1 for name, each in named.items()}, weights, (), where)
    _check_patterns(parts, targets, where)


def _check_patterns(parts: dict[str, Any], targets: dict[str, list[str]], where: str) -> None:
    """Bound the patterns of what `_weigh` has found to make no circle; each use of a part makes its patterns anew."""
    known: dict[str, tuple[int, int]] = {}

    def written_out(name: str) -> tuple[int, int]:
        if name not in known:
            own = list(_patterns(parts[name]))
            used = [(len(own), sum(map(len, own))), *map(written_out, targets[name])]
            known[name] = sum(each[0] for each in used), sum(each[1] for each in used)
        return known[name]

    for name in parts:
        count, size = written_out(name)
        if count > limits.FORM_PATTERNS or size > limits.FORM_PATTERN_TEXT:
            raise FormPatternError(
                f"the form has {count} patterns of {size} characters",
                where=where,
                rule=f"at most {limits.FORM_PATTERNS}, of {limits.FORM_PATTERN_TEXT} in all, references written out",
                hints=("where few words are meant, name them in an enum",),
            )


def _patterns(part: Any) -> Iterator[str]:
    """The regular expressions that stand in a part of a form, itself included."""
    for key, value in _keys([part]):
        if key == "pattern" and isinstance(value, str):
            yield value
        elif key == "patternProperties" and isinstance(value, dict):
            yield from value


def _keys(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and what stands under it, at any depth; the items of lists under no key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield "", inner
            yield from _keys(inner)


def _checked(key: str, value: Any, where: str) -> str | None:
    """The target of a reference; None for any other key."""
    if key in _ELSEWHERE or key in _AT_THE_TOP:
        raise FormReferenceError(
            f"the form uses {key} inside", where=where, rule="forms refer only to #/$defs/NAME of their own file"
        )
    if key != "$ref":
        return None
    if not isinstance(value, str) or not value.startswith(_INSIDE) or "/" in value[len(_INSIDE) :]:
        raise FormReferenceError(
            "the form refers outside itself", where=where, rule="forms refer only to #/$defs/NAME of their own file"
        )
    return value


def _weigh(
    name: str,
    targets: dict[str, list[str]],
    own: dict[str, int],
    weights: dict[str, int],
    above: tuple[str, ...],
    where: str,
) -> int:
    """How many values ``name`` has with every reference written out."""
    if name in weights:
        return weights[name]
    if name in above:
        raise FormReferenceError(f"{name} refers to itself", where=where, rule="references of a form make no circle")
    if name not in own:
        raise FormReferenceError(f"the form has no {name}", where=where, rule="what is referred to is in the file")
    if len(above) > limits.JSON_DEPTH:
        raise FormReferenceError("references of the form go too deep", where=where, rule=f"at most {limits.JSON_DEPTH}")
    inner = (_weigh(target, targets, own, weights, (*above, name), where) for target in targets[name])
    weights[name] = own[name] + sum(inner)
    if weights[name] > limits.FORM_WEIGHT:
        raise FormReferenceError(
            "the references of the form multiply", where=where, rule=f"at most {limits.FORM_WEIGHT} values"
        )
    return weights[name]
