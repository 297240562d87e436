"""The matrix of kinds: which lines, from whom, to whom (V6)."""

from datetime import date

import pytest

from cipherpost.dispatch.header import (
    KIND_WORDS,
    Ack,
    Decision,
    DraftRef,
    Due,
    Endorsement,
    Head,
    Header,
    HeadsFile,
    KeyRef,
    Missing,
    Reply,
    Report,
    RosterRef,
    Sealed,
    format_header,
    parse_header,
)
from cipherpost.dispatch.kinds import (
    KINDS,
    OPTIONAL,
    KindLinesError,
    KindPlaceError,
    check_lines,
    check_place,
    matrix,
    same_threshold,
)

HASH = "c" * 64
FIELD = {"heads": "heads_file", "head": "heads", "ack": "acks"}
VALUE = {
    "roster": RosterRef(7, HASH),
    "draft": DraftRef(31, date(2026, 12, 22)),
    "letter": HASH,
    "sealed": (Sealed(HASH, 500),),
    "key": KeyRef(None, 9),
    "reply": Reply("center/all", 12, HASH),
    "supersedes": 13,
    "cancels": 13,
    "due": Due(date(2026, 12, 15), "reply"),
    "report": Report("monthly-return", "2026-10", None, False),
    "decision": Decision("excused", "tver", "monthly-return", "2026-10", None, None, None),
    "heads_file": HeadsFile(HASH, 500),
    "heads": (),
    "acks": (),
    "missing": (),
    "endorsed": (Endorsement("sverdlov", bytes(64)),),
    "statements": b"keepers stasova\n",
}
CHANNEL = {
    "roster": "center/roster",
    "circular": "center/all",
    "instruction": "center/tver",
    "decision": "center/tver",
    "report": "tver/center",
    "audit": "audit/center",
    "message": "tver/center",
    "key": "center/tver",
    "receipt": "tver/center",
    "check": "center/tver",
}
EMPTY = {"roster", "letter", "sealed"}


def header_of(kind, channel=None, **changes):
    """The least header of its kind that holds, with ``changes``."""
    channel = channel or CHANNEL[kind]
    office, audience = channel.split("/")
    fields = {FIELD.get(word, word) for word in KINDS[kind].required}
    values = {field: VALUE[field] for field in fields}
    if kind == "report":
        values |= {"letter": VALUE["letter"], "sealed": VALUE["sealed"]}
    if kind == "key" and audience == "tver":
        values["key"] = KeyRef(f"{office}/all", 9)
    if kind in {"receipt", "check"} and audience != "all":
        values["acks"] = (Ack(f"{audience}/{office}", 3, HASH, "seen"),)
    return Header("rkpb", channel, 14, "1d" * 32, "2026-11-22T09:00:00Z", "stasova", kind, **(values | changes))


def full(field, channel):
    """A value for ``field`` that fits the channel."""
    office, audience = channel.split("/")
    return {
        "heads": (Head(f"{office}/zz", 3, HASH),),
        "acks": (Ack(f"{audience}/{office}", 3, HASH, "seen"),),
        "missing": (Missing(f"{audience}/{office}", 4, 5),),
    }.get(field) or VALUE[field]


def place(header, role=None, audience_is=None, *, lateral_member=False):
    """`check_place` in a network of center, tver, samara, audit and the groups all and volga."""
    roles = {"center": "center", "tver": "committee", "samara": "committee", "audit": "auditor"}
    office, audience = header.channel.split("/")
    sort = "own" if office == audience else "office" if audience in roles else audience
    check_place(
        header,
        role=roles[office],
        audience_is="group" if sort in {"all", "volga"} else sort,
        audience_role=roles.get(audience),
        lateral_member=lateral_member,
    )


def test_the_matrix_has_every_kind_once_and_no_line_twice():
    rows = matrix()
    assert tuple(row.kind for row in rows) == KIND_WORDS == tuple(KINDS)
    for row in rows:
        words = row.required + row.allowed
        assert len(set(words)) == len(words)
        assert set(words) <= set(OPTIONAL)
        assert ("roster" in words) == (row.kind != "roster")
        assert ({"draft", "endorsed"} <= set(words)) == (row.signatures != "one")
    assert next(row for row in rows if row.kind == "audit").audiences == ("center",)


def test_the_signatures_a_kind_needs():
    needs = {row.kind: row.signatures for row in matrix()}
    assert [kind for kind, who in needs.items() if who == "keepers"] == ["roster"]
    assert [kind for kind, who in needs.items() if who == "one"] == ["message", "key", "receipt", "check"]
    assert same_threshold("circular", "instruction")
    assert not same_threshold("circular", "message")


@pytest.mark.parametrize("kind", KIND_WORDS)
def test_v6_the_least_header_of_each_kind_holds(kind):
    header = header_of(kind)
    check_lines(header)
    place(header)
    assert parse_header(format_header(header)) == header


@pytest.mark.parametrize("kind", KIND_WORDS)
def test_v6_each_kind_lacks_no_line_it_requires(kind):
    for word in KINDS[kind].required:
        field = FIELD.get(word, word)
        with pytest.raises(KindLinesError, match=f"line {word}|letter and sealed"):
            check_lines(header_of(kind)._replace(**{field: Header._field_defaults[field]}))


@pytest.mark.parametrize("kind", KIND_WORDS)
@pytest.mark.parametrize("word", OPTIONAL)
def test_v6_each_kind_has_only_its_lines(kind, word):
    if word in KINDS[kind].required:
        return
    field = FIELD.get(word, word)
    header = header_of(kind)
    changes = {field: full(field, header.channel)}
    if word in {"draft", "endorsed"}:
        changes = {"draft": VALUE["draft"], "endorsed": VALUE["endorsed"]}
    if word in {"letter", "sealed"}:
        changes = {"letter": VALUE["letter"], "sealed": VALUE["sealed"]}
    header = header._replace(**changes)
    if word in KINDS[kind].allowed:
        check_lines(header)
        if word != "key":
            place(header)
    else:
        with pytest.raises(KindLinesError):
            check_lines(header)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (header_of("report", letter=None, sealed=()), "without a letter"),
        (header_of("report", letter=None), "letter and sealed"),
        (header_of("report", report=Report("f", "2026-10", None, True), cancels=3), "nil and cancels"),
        (header_of("circular", draft=VALUE["draft"]), "draft and endorsed"),
        (header_of("circular", endorsed=VALUE["endorsed"]), "draft and endorsed"),
        (header_of("circular", due=VALUE["due"], cancels=3), "due and cancels"),
        (header_of("circular", sealed=(Sealed(HASH, 1), Sealed("d" * 64, 1))), "2 sealed files"),
        (header_of("circular", supersedes=14), "supersedes names number 14"),
        (header_of("circular", cancels=15), "cancels names number 15"),
        (header_of("decision", channel="center/samara"), "a decision about tver"),
        (
            header_of("decision", decision=Decision("owed", "tver", None, None, "samara/tver", 3, None)),
            "a due of samara/tver",
        ),
    ],
)
def test_v6_lines_that_do_not_go_together_are_refused(header, what):
    with pytest.raises(KindLinesError, match=what) as refused:
        check_lines(header)
    assert (refused.value.channel, refused.value.number) == (header.channel, 14)


@pytest.mark.parametrize(
    "header",
    [
        header_of("report", letter=None, sealed=(), report=Report("f", "2026-10", None, True)),
        header_of("report", report=Report("f", "2026-10", None, True)),
        header_of("report", letter=None, sealed=(), cancels=3),
        header_of("key", channel="center/all", sealed=(Sealed(HASH, 1), Sealed("d" * 64, 1))),
        header_of("decision", decision=Decision("owed", "tver", None, None, "center/all", 3, None)),
        header_of("circular", draft=VALUE["draft"], endorsed=VALUE["endorsed"], due=VALUE["due"], supersedes=3),
    ],
)
def test_v6_lines_that_go_together_hold(header):
    check_lines(header)
    place(header)


WRITERS = [  # kind, channel, lateral member, holds
    ("roster", "center/all", False, False),
    ("circular", "center/volga", False, True),
    ("circular", "center/tver", False, False),
    ("circular", "tver/volga", True, False),
    ("instruction", "center/tver", False, True),
    ("instruction", "center/all", False, False),
    ("instruction", "center/center", False, False),
    ("instruction", "tver/samara", True, False),
    ("decision", "center/all", False, False),
    ("report", "audit/center", False, True),
    ("report", "tver/samara", True, False),
    ("report", "center/center", False, False),
    ("report", "tver/tver", False, False),
    ("audit", "tver/center", False, False),
    ("audit", "audit/tver", False, False),
    ("message", "center/tver", False, True),
    ("message", "center/audit", False, True),
    ("message", "center/center", False, True),
    ("message", "center/all", False, False),
    ("message", "center/volga", True, True),
    ("message", "tver/center", False, True),
    ("message", "tver/tver", False, True),
    ("message", "tver/samara", False, False),
    ("message", "tver/samara", True, True),
    ("message", "tver/volga", False, False),
    ("message", "tver/volga", True, True),
    ("message", "audit/tver", False, False),
    ("message", "audit/center", False, True),
    ("message", "center/roster", False, False),
    ("key", "center/all", False, True),
    ("key", "tver/volga", True, True),
    ("key", "tver/volga", False, False),
    ("key", "samara/tver", False, False),
    ("key", "samara/tver", True, True),
    ("key", "center/roster", False, False),
    ("receipt", "center/all", False, False),
    ("receipt", "tver/samara", True, True),
    ("receipt", "tver/samara", False, False),
    ("receipt", "audit/center", False, True),
    ("check", "center/all", False, True),
    ("check", "tver/volga", True, True),
    ("check", "tver/volga", False, False),
    ("check", "tver/tver", False, True),
    ("check", "center/roster", False, False),
]


@pytest.mark.parametrize(("kind", "channel", "lateral", "holds"), WRITERS)
def test_v6_who_writes_what_to_whom(kind, channel, lateral, holds):
    audience = channel.split("/")[1]
    acks = () if audience in {"all", "volga", "roster"} else (Ack(f"{audience}/center", 1, HASH, "seen"),)
    changes = {"acks": acks} if kind in {"receipt", "check"} else {}
    header = header_of(kind, channel, **changes)
    if holds:
        place(header, lateral_member=lateral)
    else:
        with pytest.raises(KindPlaceError):
            place(header, lateral_member=lateral)


def test_i2_no_kind_moves_to_the_roster_and_no_entry_elsewhere():
    for kind in KIND_WORDS:
        if kind != "roster":
            with pytest.raises(KindPlaceError):
                place(header_of(kind, "center/roster"))
    for channel in ("center/all", "center/tver", "center/center", "tver/center"):
        with pytest.raises(KindPlaceError):
            place(header_of("roster", channel))


@pytest.mark.parametrize(
    ("kind", "channel", "key", "holds"),
    [
        ("circular", "center/all", KeyRef(None, 9), True),
        ("circular", "center/all", KeyRef(None, 14), False),
        ("circular", "center/all", KeyRef("center/all", 9), False),
        ("message", "center/tver", KeyRef(None, 9), False),
        ("key", "center/all", None, True),
        ("key", "center/all", KeyRef("center/volga", 9), False),
        ("key", "center/tver", KeyRef("center/all", 9), True),
        ("key", "center/tver", KeyRef(None, 9), False),
        ("key", "center/tver", None, False),
        ("key", "center/tver", KeyRef("samara/volga", 9), False),
        ("key", "center/tver", KeyRef("center/tver", 9), False),
    ],
)
def test_v6_the_line_key_fits_its_audience(kind, channel, key, holds):
    header = header_of(kind, channel)._replace(key=key)
    if holds:
        place(header)
    else:
        with pytest.raises(KindPlaceError, match="key"):
            place(header)


def ack(channel):
    return {"acks": (Ack(channel, 3, HASH, "seen"),)}


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (header_of("receipt", acks=()), False),
        (header_of("check", acks=()), False),
        (header_of("check", "center/all"), True),
        (header_of("check", "center/all", **ack("center/all")), False),
        (header_of("message", "tver/volga", **ack("center/all")), False),
        (header_of("receipt", "tver/center", **ack("center/all")), True),
        (header_of("receipt", "tver/center", **ack("center/tver")), True),
        (header_of("receipt", "tver/center", **ack("samara/center")), False),
        (header_of("receipt", "tver/center", **ack("tver/center")), False),
        (header_of("receipt", "tver/tver", **ack("tver/tver")), True),
        (header_of("receipt", "tver/tver", **ack("center/all")), False),
        (header_of("receipt", "audit/center", **ack("samara/center")), True),
        (header_of("receipt", "audit/audit", **ack("samara/center")), False),
        (header_of("receipt", "center/tver", **ack("samara/center")), False),
        (header_of("receipt", "tver/center", acks=(), missing=(Missing("center/all", 4, 4),)), True),
        (header_of("check", "tver/center", acks=(), missing=(Missing("center/roster", 4, 4),)), True),
        (header_of("check", "tver/samara", acks=(), missing=(Missing("center/roster", 4, 4),)), False),
        (header_of("receipt", "tver/center", acks=(), missing=(Missing("samara/all", 4, 4),)), False),
        (header_of("receipt", "center/tver", acks=(), heads=(Head("center/all", 4, HASH),)), True),
        (header_of("receipt", "center/tver", acks=(), heads=(Head("center/tver", 4, HASH),)), False),
        (header_of("receipt", "center/tver", acks=(), heads=(Head("tver/center", 4, HASH),)), False),
        (header_of("receipt", "audit/center", acks=(), heads=(Head("tver/center", 4, HASH),)), False),
    ],
)
def test_v6_heads_and_acks_speak_of_the_channels_between_the_two(header, holds):
    check_lines(header)
    lateral = header.audience == "volga"
    if holds:
        place(header, lateral_member=lateral)
    else:
        with pytest.raises(KindPlaceError) as refused:
            place(header, lateral_member=lateral)
        assert refused.value.exit_code == 3
        assert refused.value.rule
