"""The matrix of `returns` as text: its lines of coverage, and a key to no more than what it shows."""

from collections.abc import Callable
from datetime import date

import pytest

from cipherpost.cli.matrix import show
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.returns import matrix
from cipherpost.workflows.returns import Returns

AS_OF = "2026-12-10T00:00:00Z"
Lines = Callable[..., list[str]]


def owed(office: str, form: str, period: str, state: State, held: date | None = None) -> Debt:
    return Debt(
        office=office,
        form=form,
        period=period,
        held=held,
        day=held or date(2026, 11, 5),
        deadline="2026-11-05T21:00:00Z",
        state=state,
    )


def monthly(office: str, state: State = State.ON_TIME, period: str = "2026-10") -> Debt:
    return owed(office, "monthly-return", period, state)


def event(office: str, name: str, state: State) -> Debt:
    return owed(office, "conference-before", name, state, date(2026, 10, 7))


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What is printed of debts."""

    def printed(*debts: Debt) -> list[str]:
        titles = {debt.office: debt.office.title() for debt in debts}
        laid = matrix(debts, titles=titles, as_of=AS_OF)
        found = Returns(
            network="rkpb",
            as_of=AS_OF,
            period=None,
            form=None,
            group=None,
            debts=debts,
            matrix=laid,
            titles=titles,
            zone="UTC",
        )
        show(found, quiet=True)
        return capsys.readouterr().out.splitlines()

    return printed


def test_the_key_explains_a_dash_only_where_one_is_shown(lines: Lines) -> None:
    assert "-: nothing was owed" in lines(monthly("tver"), monthly("omsk", period="2026-09"))
    apart = lines(monthly("tver"), event("omsk", "e7k2m4qaa", State.ON_TIME))
    assert not [line for line in apart if "nothing was owed" in line], "each form has a table of its own, without gaps"


def test_the_key_explains_a_part_of_several_only_where_one_is_shown(lines: Lines) -> None:
    one, other = event("tver", "e7k2m4qaa", State.ON_TIME), event("tver", "e7k2m4qab", State.CORRECTED)
    found = lines(one, other)
    assert any(line.endswith("1/2 corrected") for line in found)
    assert "1/2 corrected: 1 of 2 held in that month; the state that wants most attention is shown" in found
    assert "most attention" not in " ".join(lines(one, event("tver", "e7k2m4qab", State.ON_TIME)))


def test_offices_that_are_all_of_them_are_counted_and_not_named(lines: Lines) -> None:
    found = lines(*(monthly(f"office-{at}", State.NOT_DUE) for at in range(20)))
    assert "2026-10: 0 of 20 reported; 0 late; 0 nil; 0 unknown; missing: none; not due yet: all 20" in found
    found = lines(monthly("tver"), *(monthly(f"office-{at}", State.NOT_DUE) for at in range(19)))
    assert any(line.endswith("office-17, office-18") for line in found), "whoever is not all is named"
