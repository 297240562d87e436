"""Form files: what a form is, and each file that is none is refused with its place and rule."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cipherpost import limits
from cipherpost.errors import UseError
from cipherpost.forms.builtin import BUILTIN, builtin, builtin_by_hash
from cipherpost.forms.compiled import FormPatternError, FormReferenceError, FormSchemaError
from cipherpost.forms.schema import (
    COUNT,
    UNCOUNTED,
    FormFieldError,
    FormIdError,
    FormTooLargeError,
    parse_form,
)
from cipherpost.text import sha256

TEXT = {"type": "string", "title": "Words"}


def a_form(**changes: Any) -> dict[str, Any]:
    """A small right form, with members changed, or left out where they are None."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:cipherpost:form:seed:3",
        "title": "Seed",
        "type": "object",
        "properties": {"words": TEXT},
        "required": [],
        "additionalProperties": False,
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def data_of(schema: object) -> bytes:
    return json.dumps(schema).encode()


def with_field(part: object, **changes: Any) -> bytes:
    return data_of(a_form(properties={"words": TEXT, "it": part}, **changes))


# ---- right forms ---------------------------------------------------------------------------------------------------


def test_a_form_is_read_with_its_name_version_hash_and_fields_in_their_order() -> None:
    parts = {
        "a_day": {"type": "string", "format": "date", "title": "Day", "examples": ["2026-10-05"]},
        "crops": {"enum": ["rye", "oats"]},
        "sown": {"$ref": "#/$defs/count", "title": "Sown", "description": "In\n  desyatinas."},
        "price": {"type": "integer", "minimum": 2, "maximum": 9},
        "ready": {"type": "boolean"},
        "rows": {
            "type": "array",
            "maxItems": 7,
            "items": {
                "type": "object",
                "properties": {"number": {"$ref": "#/$defs/count"}, "words": {"type": "string", "maxLength": 5}},
                "required": ["words"],
                "additionalProperties": False,
            },
        },
    }
    data = data_of(a_form(properties=parts, required=["sown"], **{"$defs": {"count": COUNT}}))
    form = parse_form(data)
    assert (form.name, form.version, form.title, form.hash, form.data) == ("seed", 3, "Seed", sha256(data), data)
    assert str(form) == "seed version 3"
    assert [(field.name, field.kind, field.required) for field in form.fields] == [
        ("a_day", "date", False),
        ("crops", "choice", False),
        ("sown", "count", True),
        ("price", "number", False),
        ("ready", "yes-no", False),
        ("rows", "list", False),
    ]
    day, crops, sown, price, _, rows = form.fields
    assert (day.title, day.examples) == ("Day", ("2026-10-05",))
    assert (crops.title, crops.choices) == ("Crops", ("rye", "oats"))
    assert (sown.title, sown.help, sown.choices, sown.minimum) == ("Sown", "In desyatinas.", UNCOUNTED, 0)
    assert (price.minimum, price.maximum) == (2, 9)
    assert (rows.maximum, [(each.name, each.kind, each.required) for each in rows.items]) == (
        7,
        [("number", "count", False), ("words", "text", True)],
    )
    assert form.lists == (rows,)
    assert form.field("rows") is rows
    assert form.field("none") is None


def test_a_field_takes_title_and_help_from_what_it_refers_to_unless_it_has_its_own() -> None:
    shared = {"type": "string", "title": "Place", "description": "Where."}
    parts = {"here": {"$ref": "#/$defs/place"}, "there": {"$ref": "#/$defs/place", "title": "There"}}
    form = parse_form(data_of(a_form(properties=parts, **{"$defs": {"place": shared}})))
    assert [(field.title, field.help) for field in form.fields] == [("Place", "Where."), ("There", "Where.")]


@pytest.mark.parametrize("name", BUILTIN)
def test_the_forms_that_ship_are_forms_with_titles_and_help_everywhere(name: str) -> None:
    form = builtin(name)
    assert (form.name, form.version) == (name, 1)
    assert builtin_by_hash(form.hash) is form
    assert form.description
    for field in form.fields:
        assert field.help
        assert all(column.help and column.title for column in field.items)
        assert all("title" in column for column in form.schema["properties"].values())


def test_the_forms_that_ship_ask_for_what_the_center_wants_to_know() -> None:
    names = {name: {field.name for field in builtin(name).fields} for name in BUILTIN}
    assert {"reports_held", "demands"} <= names["monthly-return"]
    assert {"place", "date", "agenda", "conditions", "preparedness", "responsible"} == names["conference-before"]
    assert {"attendance", "composition", "course", "success", "resolutions", "demands"} == names["conference-after"]
    held = builtin("monthly-return").field("reports_held")
    assert held is not None
    assert [column.name for column in held.items] == [
        "date",
        "speaker_office",
        "party_member",
        "audience",
        "attendance",
        "progress",
    ]


def test_the_forms_that_ship_never_change_under_their_version() -> None:
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    for name in BUILTIN:
        assert f"\n{name} 1 {builtin(name).hash}\n" in page


def test_no_form_that_ships_has_an_unknown_hash_or_name() -> None:
    assert builtin_by_hash("0" * 64) is None
    with pytest.raises(KeyError):
        builtin("../secret")


# ---- files that are no forms ---------------------------------------------------------------------------------------


def refused(data: bytes, error: type[UseError]) -> UseError:
    with pytest.raises(UseError) as caught:
        parse_form(data, where="seed.json")
    assert type(caught.value) is error
    assert caught.value.exit_code == 2
    assert caught.value.where == "seed.json"
    assert caught.value.what
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"true",
        b"\xff{}",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        data_of({}),
        data_of(a_form(title=None)),
        data_of(a_form(title=7)),
        data_of(a_form(title="two\nlines")),
        data_of(a_form(type="objekt")),
        data_of(a_form(type="array")),
        data_of(a_form(required="words")),
        data_of(a_form(properties=[1])),
        data_of(a_form(**{"$schema": "http://json-schema.org/draft-07/schema#"})),
        data_of(a_form(**{"$schema": None})),
        data_of(a_form(**{"$defs": [1]})),
        data_of(a_form(additionalProperties=None)),
        data_of(a_form(additionalProperties=True)),
        with_field({"type": "string", "minLength": -1}),
        with_field({"type": "string", "pattern": "(a"}),
        with_field({"type": "string", "pattern": "(?=a)b"}),
    ],
)
def test_a_file_that_is_no_schema_is_refused(data: bytes) -> None:
    refused(data, FormSchemaError)


def test_the_place_at_which_a_schema_is_wrong_is_named() -> None:
    error = refused(with_field({"type": "string", "minLength": -1}), FormSchemaError)
    assert "properties/it/minLength" in error.what


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.org/form.json",
        "file:///etc/passwd",
        "other.json#/$defs/count",
        "urn:cipherpost:form:monthly-return:1",
        "#",
        "#/properties/words",
        "#/$defs/nowhere",
        "#/$defs/a/b",
        7,
    ],
)
def test_a_form_that_refers_outside_itself_or_to_nothing_is_refused(reference: object) -> None:
    refused(with_field({"$ref": reference}), FormReferenceError)
    nested = {"type": "string", "not": {"anyOf": [{"$ref": reference}]}}
    refused(with_field(nested), FormReferenceError)


@pytest.mark.parametrize("key", ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$schema", "$defs"])
def test_a_form_holds_no_second_schema_with_a_name_of_its_own(key: str) -> None:
    refused(with_field({"type": "string", key: "#x"}), FormReferenceError)


@pytest.mark.parametrize(
    "defs",
    [
        {"a": {"$ref": "#/$defs/a"}},
        {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}},
    ],
)
def test_references_that_lead_back_to_themselves_are_refused(defs: dict[str, Any]) -> None:
    refused(data_of(a_form(**{"$defs": defs})), FormReferenceError)


def test_i11_references_that_double_at_every_step_are_refused_before_anything_is_made_of_them() -> None:
    doubling = {f"a{at}": {"allOf": [{"$ref": f"#/$defs/a{at + 1}"}] * 2} for at in range(40)}
    refused(data_of(a_form(**{"$defs": doubling | {"a40": TEXT}})), FormReferenceError)
    chain = {f"a{at}": {"$ref": f"#/$defs/a{at + 1}"} for at in range(3000)}
    refused(data_of(a_form(**{"$defs": chain | {"a3000": TEXT}})), FormReferenceError)


def _written_like(*patterns: str, **changes: Any) -> bytes:
    fields = {f"f{at}": {**TEXT, "pattern": each} for at, each in enumerate(patterns)}
    return data_of(a_form(properties=fields, required=[], **changes))


def test_i11_the_patterns_of_a_form_are_bounded_together() -> None:
    most, size = limits.FORM_PATTERNS, limits.FORM_PATTERN_TEXT
    parse_form(_written_like(*["^a+$"] * most))
    assert f"has {most + 1} patterns" in refused(_written_like(*["^a+$"] * (most + 1)), FormPatternError).what
    parse_form(_written_like("a" * (size // 2), "b" * (size // 2)))
    refused(_written_like("a" * (size // 2), "b" * (size // 2), "c"), FormPatternError)
    refused(
        data_of(a_form(allOf=[{"patternProperties": {f"^{at}": TEXT for at in range(most + 1)}}])), FormPatternError
    )


def test_i11_a_pattern_counts_wherever_it_is_referred_to() -> None:
    fields = {f"f{at}": {"$ref": "#/$defs/code"} for at in range(limits.FORM_PATTERNS + 1)}
    defs = {"code": {"allOf": [{"$ref": "#/$defs/inner"}], **TEXT}, "inner": {"pattern": "^a+$"}}
    refused(data_of(a_form(properties=fields, required=[], **{"$defs": defs})), FormPatternError)
    del fields["f0"]
    parse_form(data_of(a_form(properties=fields, required=[], **{"$defs": defs})))


def test_i11_a_short_pattern_that_asks_for_much_memory_is_refused() -> None:
    parse_form(_written_like(r"^\p{L}{20}$"))
    refused(_written_like(r"^\p{L}{300}$"), FormSchemaError)


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        7,
        "seed",
        "https://example.org/seed",
        "urn:cipherpost:form:seed",
        "urn:cipherpost:form:seed:0",
        "urn:cipherpost:form:seed:01",
        "urn:cipherpost:form:seed:x",
        "urn:cipherpost:form:Seed:1",
        "urn:cipherpost:form:con:1",
        "urn:cipherpost:form:seed:1:2",
        "urn:cipherpost:form:seed:1\n",
    ],
)
def test_a_form_without_its_name_and_version_is_refused(name: object) -> None:
    schema = a_form() | {"$id": name}
    if name is None:
        del schema["$id"]
    data = data_of(schema)
    with pytest.raises((FormIdError, FormSchemaError)) as caught:
        parse_form(data, where="seed.json")
    assert caught.value.exit_code == 2
    if isinstance(name, str) and name.startswith("urn:cipherpost:form:") and name.isprintable():
        assert type(caught.value) is FormIdError


LIST = {"type": "array", "items": {"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}}


@pytest.mark.parametrize(
    "part",
    [
        True,
        {},
        {"type": "number"},
        {"type": "object"},
        {"type": ["string", "null"]},
        {"type": "null"},
        {"enum": [1, 2]},
        {"enum": []},
        {**LIST, "prefixItems": [{}]},
        {**LIST, "items": {**LIST["items"], "patternProperties": {".": TEXT}}},  # type: ignore[dict-item]
        {"enum": ["a", None]},
        {"enum": ["a\nb"]},
        {"type": "integer", "enum": [1]},
        {"oneOf": [{"type": "integer"}, {"enum": ["many"]}]},
        {"type": "array"},
        {"type": "array", "items": {"type": "object", "properties": {}, "additionalProperties": False}},
        {"type": "array", "items": {**LIST["items"], "properties": {"inner": LIST}}},  # type: ignore[dict-item]
        {"type": "string", "title": "x" * 200},
        {"type": "string", "description": "a\x07b"},
        {"type": "string", "title": "left\u202eright"},
    ],
)
def test_a_field_that_no_report_can_hold_is_refused_by_its_name(part: object) -> None:
    assert re.search(r"\bit\b", refused(with_field(part), FormFieldError).what)


@pytest.mark.parametrize("items", [{"type": "string"}, {"type": "object", "properties": {"a": TEXT}}])
def test_the_items_of_a_list_are_closed_groups_of_fields(items: dict[str, Any]) -> None:
    assert "it" in refused(with_field({"type": "array", "items": items}), FormSchemaError).what


@pytest.mark.parametrize("name", ["", "Words", "two words", "größe", "_a", "1a", "a" * 64, "a-b", "a\n"])
def test_names_of_fields_are_plain(name: str) -> None:
    refused(data_of(a_form(properties={name: TEXT})), FormFieldError)


def test_fields_are_named_one_by_one() -> None:
    refused(data_of(a_form(patternProperties={"^x": {"type": "string"}})), FormFieldError)


def test_a_form_cannot_require_a_field_that_it_does_not_have() -> None:
    assert "'other'" in refused(data_of(a_form(required=["other"])), FormFieldError).what


def test_i11_forms_have_limits_in_bytes_fields_and_help() -> None:
    refused(data_of(a_form()) + b" " * limits.FORM_BYTES, FormTooLargeError)
    refused(data_of(a_form(properties={})), FormTooLargeError)
    refused(data_of(a_form(properties={f"f{at}": TEXT for at in range(limits.FORM_FIELDS + 1)})), FormTooLargeError)
    refused(with_field({"type": "string", "description": "long " * 1000}), FormTooLargeError)
