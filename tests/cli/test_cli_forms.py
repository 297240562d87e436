"""Forms as people meet them: listed, shown, published once, sent again to newcomers, kept in every home."""

import hashlib
import json

import pytest
from cliharness import refused

from cipherpost.forms.builtin import BUILTIN, builtin

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:cipherpost:form:libraries:1",
    "title": "Libraries",
    "description": "What the reading rooms lent.",
    "type": "object",
    "properties": {"loans": {"$ref": "#/$defs/count", "title": "Loans"}, "note": {"type": "string", "title": "Note"}},
    "required": ["loans"],
    "additionalProperties": False,
    "$defs": {
        "count": {"oneOf": [{"type": "integer", "minimum": 0}, {"enum": ["none held", "not known", "not collected"]}]}
    },
}


def libraries(net, version=1, **more):
    """A form of the center's own, as a file; spaces in it, so that its bytes are its own."""
    schema = {**SCHEMA, "$id": f"urn:cipherpost:form:libraries:{version}", **more}
    return net.write(f"libraries-{version}.json", json.dumps(schema, indent=1) + "\n")


def stated(net, home="center"):
    return {form["name"]: form for form in net.ok(home, "form", "list", "--json").json["forms"]}


def test_forms_that_ship_are_listed_and_shown_without_a_home(empty):
    listed = empty.ok(None, "form", "list", "--json").json["forms"]
    assert [row["name"] for row in listed] == list(BUILTIN)
    for name in BUILTIN:
        done = empty.ok(None, "form", "show", name)
        assert done.out.encode() == builtin(name).data
    refused(empty.run(None, "form", "show", "nonsense"), 2, "there is no form 'nonsense'")
    refused(empty.run(None, "form", "show", "monthly-return", "--version", "7"), 2, "no version 7")


def test_a_published_form_is_in_the_roster_and_comes_to_every_home(net):
    path = libraries(net)
    dry = net.ok("center", "form", "publish", str(path), "-n")
    assert "nothing was posted" in dry.err
    assert "libraries" not in stated(net)

    done = net.ok("center", "form", "publish", str(path))
    assert [line.rpartition("/")[0] for line in done.lines] == ["center/roster", "center/all"]
    assert stated(net)["libraries"] == {
        "name": "libraries",
        "version": 1,
        "hash": hashlib.sha256(path.read_bytes()).hexdigest(),
        "title": "Libraries",
        "published": True,
        "here": True,
        "sent": True,
    }
    assert "sent to nobody" not in net.ok("center", "status").out
    net.ok("tver", "fetch")
    assert net.ok("tver", "form", "show", "libraries").out.encode() == path.read_bytes()
    out = net.root / "mine.json"
    net.ok("tver", "form", "show", "libraries", "-o", str(out))
    assert out.read_bytes() == path.read_bytes()
    refused(net.run("tver", "form", "show", "libraries", "-o", str(out)), 1, "there already")
    read = net.ok("tver", "read", done.lines[1])
    assert "What it asks" in read.out
    assert read.hints == ["cipherpost form show libraries --version 1", "cipherpost owed"]


def test_i5_a_form_lies_sealed_in_a_home(net):
    net.ok("center", "form", "publish", str(libraries(net)))
    for home in ("tver", "center"):
        net.ok(home, "fetch")
        assert all(b"reading rooms" not in path.read_bytes() for path in net.home(home).rglob("*") if path.is_file())


def test_i4_publishing_again_sends_nothing_until_somebody_is_new(net):
    path = libraries(net)
    first = net.ok("center", "form", "publish", str(path))
    again = net.ok("center", "form", "publish", str(path))
    assert again.lines == [first.lines[1]]
    assert "was sent before" in again.err
    assert net.ok("center", "form", "publish", "libraries").lines == again.lines

    net.clock.ahead(hours=1)
    net.admit("kaluga", "sokolov", "Kaluga Gubernia Committee")
    net.ok("kaluga", "fetch")
    refused(net.run("kaluga", "form", "show", "libraries"), 1, "not in this home")
    for_newcomers = net.ok("center", "form", "publish", "libraries")
    assert for_newcomers.lines != again.lines
    net.ok("kaluga", "fetch")
    assert net.ok("kaluga", "form", "show", "libraries").out.encode() == path.read_bytes()


def test_a_form_can_be_sent_to_one_newcomer(net):
    path = libraries(net)
    net.ok("center", "form", "publish", str(path))
    net.admit("kaluga", "sokolov")
    assert net.ok("center", "form", "publish", "libraries", "--to", "kaluga").lines == ["center/kaluga/1"]
    net.ok("kaluga", "fetch")
    assert net.ok("kaluga", "form", "show", "libraries").out.encode() == path.read_bytes()


def test_versions_follow_one_another_and_the_old_one_stays(net):
    first = libraries(net)
    net.ok("center", "form", "publish", str(first))
    changed = net.write("changed.json", first.read_text().replace("lent", "lent out"))
    refused(net.run("center", "form", "publish", str(changed)), 2, "version 1", "another text", "next version is 2")
    refused(net.run("center", "form", "publish", str(libraries(net, 3))), 2, "version 3", "next version is 2")
    net.ok("center", "form", "publish", str(libraries(net, 2, title="Reading rooms")))
    net.ok("tver", "fetch")
    assert stated(net, "tver")["libraries"]["version"] == 2
    assert net.ok("tver", "form", "show", "libraries", "--version", "1").out == first.read_text()
    refused(net.run("tver", "form", "show", "libraries", "--version", "3"), 2, "no version 3", "1, 2")


def test_what_is_no_form_is_refused_and_nothing_is_posted(net):
    for words, code, part in (
        (("nonsense",), 2, "neither a file nor a form"),
        ((str(net.write("text.json", "a letter")),), 2, ""),
        ((str(libraries(net, 1, properties={"a": {"$ref": "https://example.org/a.json"}}, required=[])),), 2, ""),
        (("monthly-return", "--to", "nowhere"), 2, "nowhere"),
    ):
        refused(net.run("center", "form", "publish", *words), code, part)
    assert not any(form["published"] for form in stated(net).values())


def test_only_the_center_publishes(net):
    refused(net.run("tver", "form", "publish", "monthly-return"), 2, "tver publishes no forms")


def test_a_form_can_be_stated_before_anybody_belongs(empty):
    empty.found()
    done = empty.ok("center", "form", "publish", "monthly-return")
    assert [line.rpartition("/")[0] for line in done.lines] == ["center/roster"]
    assert "nobody is in all yet" in done.err
    assert stated(empty)["monthly-return"]["published"]


@pytest.mark.parametrize("name", BUILTIN)
def test_a_form_that_ships_needs_no_circular_to_be_at_hand(net, name):
    done = net.ok("center", "form", "publish", name)
    assert done.hints[0].startswith(f"cipherpost duty add {name} all ")
    net.ok("center", *done.hints[0].split()[1:])
    net.ok("tver", "fetch", "--max-size", "1B")
    assert net.ok("tver", "form", "show", name).out.encode() == builtin(name).data


def test_a_circular_left_for_later_brings_its_form_when_it_is_read(net):
    path = libraries(net)
    place = net.ok("center", "form", "publish", str(path)).lines[1]
    net.ok("tver", "fetch", "--max-size", "1B")
    done = net.run("tver", "form", "show", "libraries")
    refused(done, 1, "not in this home")
    assert done.hints[0] == "cipherpost fetch"
    net.ok("tver", "read", place)
    assert net.ok("tver", "form", "show", "libraries").out.encode() == path.read_bytes()
