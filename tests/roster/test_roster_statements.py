"""The grammar of statements: one form each, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosterkit import officer, sha, vkey

from cipherpost import limits
from cipherpost.errors import NewerError, TooLargeError
from cipherpost.roster.statements import (
    Duty,
    Keepers,
    NewerStatementError,
    Office,
    StatementError,
    Title,
    format_statement,
    format_statements,
    parse_statements,
)

H = sha("x")
RECOVERY = " ".join(sorted(str(vkey(f"center/r{at}")) for at in range(3)))

LINES = [
    "keepers stasova",
    "keepers stasova sverdlov",
    f"recovery 2 {RECOVERY}",
    "office center center",
    "office tver committee",
    "office audit auditor",
    "title tver Tver Gubernia Committee",
    "title volga Поволжье",
    str(officer("tver/ivanov")),
    f"{officer('tver/ivanov')} unchecked",
    "threshold center 2",
    "threshold tver 17",
    "group volga samara saratov",
    "group volga none",
    "lateral volga",
    "lateral volga end",
    "retire tver/ivanov",
    "compromised center/stasova",
    "suspend tver",
    "reinstate tver",
    "dissolve tver",
    f"cut 8 tver/center 20 {H}",
    "cut 8 center/all 0 none",
    f"settle tver/center 14 {H}",
    f"form monthly-return 1 {H}",
    "duty monthly-return all monthly due 5 grace 3 from 2026-12",
    "duty monthly-return all weekly due 0 from 2026-w53",
    "duty monthly-return tver quarterly due 366 from 2027-q1",
    "duty monthly-return volga yearly due 30 grace 366 from 2027",
    "duty census all once 2026-12-01",
    "duty census all once 2026-12-01 grace 1",
    "duty conference-before all event",
    "duty conference-after all event within 7",
    "duty conference-after all event within 0 grace 3 from 2026-12-01",
    "duty conference-after all event from 2026-12-01",
    "duty monthly-return all end 2027-06",
    "duty conference-before all end 2027-06-30",
    "escrow report audit",
    "escrow key audit center",
    "escrow report none",
    "timezone Europe/Moscow",
    "timezone America/Argentina/Buenos_Aires",
    "timezone Etc/GMT+3",
    "timezone UTC",
    "timezone +03:00",
    "timezone -09:30",
    "timezone +14:00",
    "check center weekly",
    "check tver daily",
    "requires 1",
]


@pytest.mark.parametrize("line", LINES)
def test_v1_every_statement_prints_back_to_the_same_bytes(line):
    data = f"{line}\n".encode()
    (statement,) = parse_statements(data)
    assert format_statement(statement) == data
    assert str(statement) == line


def test_v1_a_list_prints_back_to_the_same_bytes():
    data = "".join(f"{line}\n" for line in LINES).encode()
    assert format_statements(parse_statements(data)) == data
    assert len({type(each) for each in parse_statements(data)}) == 22


WRONG = [
    ("keepers", "is not a name"),
    ("keepers sverdlov stasova", "out of order"),
    ("keepers stasova stasova", "out of order"),
    ("keepers " + " ".join(f"k{at:02}" for at in range(limits.KEEPERS + 1)), "16 names"),
    ("keepers center", "meaning of its own"),
    (f"recovery 4 {RECOVERY}", "4 of 3"),
    (f"recovery 0 {RECOVERY}", "not a number"),
    ("recovery 1", "0 names"),
    (f"recovery 1 {RECOVERY.split()[1]} {RECOVERY.split()[0]}", "out of order"),
    ("office tver", "too few or too many"),
    ("office tver committee x", "too few or too many"),
    ("office tver center", "one office is the center"),
    ("office center committee", "one office is the center"),
    ("office tver party", "cannot stand here"),
    ("office all committee", "meaning of its own"),
    ("office none committee", "none of them"),
    ("office nul committee", "Windows"),
    ("office Tver committee", "is not a name"),
    ("title tver", "0 characters"),
    ("title tver  Tver", "begins or ends with a space"),
    ("title tver Tve\u0301r", "composed form"),
    ("title tver a\u202eb", "cannot be seen"),
    ("title tver " + "x" * 121, "121 characters"),
    (str(officer("tver/ivanov")).replace("tver/ivanov ", "tver/petrov ", 1), "bears the name"),
    (str(officer("tver/ivanov")) + " checked", "nothing, or 'unchecked'"),
    (str(officer("tver/ivanov"))[:-1], "SHA-256"),
    (str(officer("tver/ivanov")).replace("ivanov+", "ivanov+0"), "not a verifier key"),
    (str(officer("tver/ivanov")).replace("officer tver/ivanov", "officer tver"), "not an officer"),
    ("threshold center 0", "not a number"),
    ("threshold center 18", "cannot be met"),
    ("threshold center 02", "not a number"),
    ("group volga", "0 names"),
    ("group volga saratov samara", "out of order"),
    ("group volga none samara", "none of them"),
    ("group volga center", "center cannot stand"),
    ("group all samara", "meaning of its own"),
    ("lateral all", "meaning of its own"),
    ("lateral volga off", "or 'end'"),
    ("suspend center", "center cannot stand"),
    ("dissolve center", "center cannot stand"),
    ("retire tver", "not an officer"),
    (f"cut 8 center/roster 3 {H}", "neither cut nor settled"),
    (f"cut 8 tver/center 0 {H}", "stand together"),
    ("cut 8 tver/center 3 none", "stand together"),
    ("cut 8 tver/none 0 none", "not a channel"),
    (f"cut 0 tver/center 3 {H}", "not a number"),
    (f"settle tver/center 0 {H}", "not a number"),
    (f"settle center/roster 3 {H}", "neither cut nor settled"),
    (f"form monthly-return 0 {H}", "not a number"),
    ("duty f center monthly due 5 from 2026-12", "center cannot stand"),
    ("duty f all monthly", "when it is due"),
    ("duty f all monthly due 5", "which month"),
    ("duty f all monthly from 2026-12", "when it is due"),
    ("duty f all monthly grace 3", "when it is due"),
    ("duty f all monthly due 5 from 2026-q4", "which month"),
    ("duty f all monthly due 5 from 2026-13", "calendar"),
    ("duty f all weekly due 5 from 2027-w53", "calendar"),
    ("duty f all monthly due 5 grace 0 from 2026-12", "0 days"),
    ("duty f all monthly due 367 from 2026-12", "367 days"),
    ("duty f all monthly grace 3 due 5 from 2026-12", "not in this order"),
    ("duty f all monthly due 5 due 5 from 2026-12", "not in this order"),
    ("duty f all monthly within 5 from 2026-12", "cannot stand here"),
    ("duty f all monthly due 5 from", "too few or too many"),
    ("duty f all once", "names no day"),
    ("duty f all once 2026-12", "not a day"),
    ("duty f all once 2026-12-01 due 5", "cannot stand here"),
    ("duty f all event due 5", "cannot stand here"),
    ("duty f all event within 7 from 2026-12", "not a day"),
    ("duty f all end", "too few or too many"),
    ("duty f all end e7k2m5qaa", "one event"),
    ("duty f all hourly due 5 from 2026", "cannot stand here"),
    ("escrow receipt audit", "cannot stand here"),
    ("escrow report", "0 names"),
    ("escrow report none audit", "none of them"),
    ("timezone Moscow!", "not a zone"),
    ("timezone -00:00", "not a zone"),
    ("timezone +14:30", "not a zone"),
    ("timezone ../etc/passwd", "not a zone"),
    ("check center yearly", "cannot stand here"),
    ("suspend", "is not a name"),
    ("suspend tver ", "space at a line's end"),
    ("suspend  tver", "too few or too many"),
    ("suspend\ttver", "control character"),
    (" suspend tver", "no statement does"),
    ("Suspend tver", "no statement does"),
    ("", "no statement does"),
]


@pytest.mark.parametrize(("line", "reason"), WRONG)
def test_v1_what_has_no_form_is_refused_with_its_reason(line, reason):
    with pytest.raises(StatementError) as caught:
        parse_statements(f"requires 1\n{line}\n".encode())
    assert reason in f"{caught.value}"
    assert "control" in reason or "line's end" in reason or "statement 2" in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"suspend tver", b"suspend tver\r\n", b"suspend \xfftver\n", b"\n"])
def test_v1_lines_end_in_a_bare_line_feed_and_are_utf8(data):
    with pytest.raises(StatementError):
        parse_statements(data)


@pytest.mark.parametrize("line", ["witness https://x.example", "requires 2", "requires 99999999"])
def test_a_later_version_is_told_from_malformed_whatever_else_the_entry_holds(line):
    for data in (line, f"suspend tver\n{line}", f"title tver {'x' * 200}\n{line}", f"suspend a b c\n{line}"):
        with pytest.raises(NewerStatementError) as caught:
            parse_statements(f"{data}\n".encode())
        assert isinstance(caught.value, NewerError)
        assert caught.value.exit_code == 1


def test_i11_the_number_and_size_of_statements_are_bounded():
    most = b"suspend tver\n" * limits.STATEMENTS
    assert len(parse_statements(most)) == limits.STATEMENTS
    with pytest.raises(TooLargeError):
        parse_statements(most + b"suspend tver\n")
    with pytest.raises(TooLargeError):
        parse_statements(b"x" * (limits.ROSTER_BYTES + 1))


@pytest.mark.parametrize(
    "statement",
    [
        Keepers(()),
        Keepers(("b", "a")),
        Office("all", "committee"),
        Title("tver", "two\nsuspend tver"),
        Title("tver", "x" * 121),
        Duty(form="f", audience="all", rhythm="monthly"),
        Duty(form="f", audience="all", rhythm="event", within=0, grace=-1),
    ],
)
def test_a_value_that_no_line_may_say_is_not_printed(statement):
    with pytest.raises((StatementError, NewerStatementError)):
        format_statement(statement)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_v1_any_one_byte_changed_is_refused_or_says_something_else(data):
    line = f"{data.draw(st.sampled_from(LINES))}\n".encode()
    at = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != line[at]))
    changed = line[:at] + bytes([byte]) + line[at + 1 :]
    before = parse_statements(line)
    try:
        after = parse_statements(changed)
    except (StatementError, NewerStatementError):
        return
    assert after != before
    assert format_statements(after) == changed
