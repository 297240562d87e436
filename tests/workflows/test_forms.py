"""Forms in the homes: kept when the roster knows them, whoever reads first; nothing else is kept."""

import json
from dataclasses import replace

import pytest
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, Net

from cipherpost.forms.builtin import builtin
from cipherpost.forms.schema import Form, parse_form
from cipherpost.roster.words import Form as Statement
from cipherpost.workflows import entries, fetching, forms, letters, reading, status
from cipherpost.workflows.dispatching import Outgoing, line_error, send_one
from cipherpost.workflows.plans import Plan


def made(version: int = 1, title: str = "Libraries") -> Form:
    """A form of the center's own."""
    schema = json.loads(builtin("monthly-return").data)
    schema |= {"$id": f"urn:cipherpost:form:libraries:{version}", "title": title}
    return parse_form(json.dumps(schema).encode())


def publish(net: Net, form: Form, audience: str = "all") -> list[str]:
    with net.desk(STASOVA) as desk:
        return [each.place for each in forms.publish(desk, form, audience).posted]


def send_data(net: Net, data: bytes, body: str | None = "x", who: str = STASOVA, to: str = "all") -> str:
    """A letter with data, as a careless or hostile officer may send it."""
    with net.desk(who) as desk:
        kind = "circular" if to == "all" else "message"
        plan = Plan(channel=f"{desk.office}/{to}", kind=kind, created=desk.time())
        letter = Outgoing(body=body, body_type="txt", subject="Data", data=data)
        return send_one(desk, plan, letter, line_error(desk), even_if_sent=False, dry_run=False).place


def has(net: Net, who: str, form: Form) -> bool:
    with net.desk(who) as desk:
        return forms.form_by_hash(desk, form.hash) == form


def test_every_home_keeps_what_the_center_publishes(net: Net) -> None:
    form = made()
    publish(net, form)
    for who in (IVANOV, PETROV, ORLOV):
        assert not has(net, who, form)
        net.fetch(who)
        assert has(net, who, form)


def test_i4_a_form_stated_and_cut_off_before_its_text_went_out_is_named_and_sent_by_its_name(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(Exception):
        """The power fails."""

    def fail(*_args: object, **_given: object) -> None:
        raise Cut

    form = made()
    with monkeypatch.context() as broken:
        broken.setattr(forms, "finish_begun", fail)  # the first step after the entry
        with pytest.raises(Cut):
            publish(net, form)
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        assert forms.unsent(desk) == ["cipherpost form publish libraries"]
        assert status.status(desk).unsent == ("cipherpost form publish libraries",)
        forms.publish(desk, forms.form_to_publish(desk, "libraries"))
        assert forms.unsent(desk) == []
        assert status.status(desk).unsent == ()
    net.fetch(IVANOV)
    assert has(net, IVANOV, form)


def test_a_colleague_without_the_schema_is_told_who_sends_it(net: Net) -> None:
    form = made()
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [Statement(form.name, form.version, form.hash)])
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        assert forms.unsent(desk) == ["cipherpost form publish FILE    (by who has the file of libraries 1)"]
    with net.desk(IVANOV) as desk:
        assert forms.unsent(desk) == [], "a committee sends no forms"


def test_nothing_is_kept_that_the_roster_does_not_state(net: Net) -> None:
    publish(net, made())
    other = made(title="Another")
    send_data(net, other.data)
    net.fetch(IVANOV)
    assert not has(net, IVANOV, other)


def test_nothing_is_kept_that_another_than_the_center_sends(net: Net) -> None:
    form = made()
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [Statement(form.name, form.version, form.hash)])
    net.fetch(ORLOV)
    send_data(net, form.data, who=ORLOV, to="tver")
    net.fetch(IVANOV)
    assert not has(net, IVANOV, form)
    with net.desk(IVANOV) as desk, pytest.raises(forms.FormNotHereError):
        forms.find_form(desk, "libraries")


def test_i4_a_publication_that_was_cut_short_is_ended_by_the_same_command(net: Net) -> None:
    form = made()
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [Statement(form.name, form.version, form.hash)])
    assert [place.rpartition("/")[0] for place in publish(net, form)] == ["center/all"]


def test_old_versions_stay_at_hand(net: Net) -> None:
    first, second = made(), made(2, "Reading rooms")
    publish(net, first)
    publish(net, second)
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        assert forms.find_form(desk, "libraries") == second
        assert forms.find_form(desk, "libraries", 1) == first
        with pytest.raises(forms.UnknownFormError, match="1, 2"):
            forms.find_form(desk, "libraries", 3)


def test_a_version_that_is_not_the_next_or_has_another_text_is_refused(net: Net) -> None:
    publish(net, made())
    for wrong in (made(title="Another"), made(3)):
        with net.desk(STASOVA) as desk, pytest.raises(forms.FormVersionError, match="next version is 2"):
            forms.publish(desk, wrong)


def test_i7_a_schema_that_is_damaged_hides_no_other_form(net: Net) -> None:
    form = made()
    publish(net, form)
    publish(net, builtin("monthly-return"))
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        desk.mail.put_box(f"form {form.hash}", b"damaged" * 20)
        rows = {row.name: row.here for row in forms.listing(desk)}
    assert rows == {
        "libraries": False,
        "monthly-return": True,
        "conference-before": True,
        "conference-after": True,
    }


def test_reading_brings_back_a_form_that_was_lost(net: Net) -> None:
    form = made()
    place = publish(net, form)[1]
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        desk.mail.drop_box(f"form {form.hash}")
        reading.read(desk, place)
    assert has(net, IVANOV, form)


def test_data_without_a_text_are_shown_and_nothing_is_refused(net: Net) -> None:
    from cipherpost.forms.rendering import envelope

    form = builtin("monthly-return")
    data = {"reports_held_total": 3, "demands_total": "not known"}
    for said, part in (
        (envelope(form, "2026-10", data), "not known"),
        (envelope(replace(form, hash="0" * 64), "2026-10", data), '"reports_held_total": 3'),
        (b'{"data":3}', '"data": 3'),
        (b"[]", "[]"),
    ):
        place = send_data(net, said, body=None, who=IVANOV, to="center")
        with net.desk(STASOVA) as desk:
            fetching.fetch(desk)
            assert part in reading.read(desk, place).body
            assert letters.open_letter(desk, letters.entry_at(desk, place).header).body is None
