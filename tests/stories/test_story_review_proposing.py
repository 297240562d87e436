"""Stories of what colleagues put before each other to sign: nonsense, others' keys, a stolen key at work."""

import json
from io import BytesIO

import pytest
from storykit import lay, next_header, signed
from workflowkit import BAZHANOV, STASOVA, Net

from cipherpost.letter import Attachment
from cipherpost.roster import words
from cipherpost.roster.words import Statement
from cipherpost.workflows import (
    enclosed,
    endorsing,
    entries,
    proposals,
    proposing,
    reading,
    signing,
    vetting,
)
from cipherpost.workflows.placing import post_item
from cipherpost.workflows.results import Posted
from cipherpost.workflows.reviewing import Review

KAGAN = "center/kagan"


def decree(net: Net, *statements: Statement) -> None:
    """An entry of the roster by its one keeper."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, statements)


@pytest.fixture
def two(net: Net) -> Net:
    """Two officers of the center sign what it sends."""
    decree(net, words.Threshold("center", 2))
    net.fetch(BAZHANOV, receipts=False)
    return net


@pytest.fixture
def keepers(net: Net) -> Net:
    """Stasova and bazhanov keep the roster."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        posted = entries.post(desk, [words.Keepers(("bazhanov", "stasova"))])
    endorse(net, BAZHANOV, posted.number)
    net.fetch(STASOVA)
    net.fetch(BAZHANOV)
    return net


def endorse(net: Net, who: str, number: int | None, **given: object) -> Posted:
    with net.desk(who, **given) as desk:
        return endorsing.endorse(desk, str(number))


def review(net: Net, who: str, number: int) -> Review:
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        shown = reading.read(desk, f"center/center/{number}")
    assert isinstance(shown, Review)
    return shown


def proposal(net: Net, who: str, number: int | None) -> proposals.Proposal:
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        return proposals.find(desk, str(number), fetch=True)


def attachment(name: str, data: bytes) -> Attachment:
    return Attachment(name=name, type="application/x-tar", size=len(data), open=lambda: BytesIO(data))


def say(net: Net, who: str, about: dict[str, object], *attached: Attachment) -> int:
    """A proposal that no command would make, posted by an officer's real program, with his signature behind it."""
    with net.desk(who) as desk:
        data = json.dumps({"proposal": about}).encode()
        plan = proposing.own_plan(desk)
        item = signing.put_message(desk, plan, subject="Please sign", body="-\n", data=data, attachments=attached)
        number = post_item(desk, item).number
    assert number is not None
    return number


def archive_of(net: Net, who: str, number: int) -> tuple[str, bytes]:
    """The letter of a proposal: its hash, and its archive."""
    with net.desk(who) as desk:
        found = proposals.find(desk, str(number))
        with desk.outbox.compose(desk.now()) as composing:
            enclosed.take_out(desk, composing, found)
            with enclosed.Unsealed(desk, composing.open_letter) as plain:
                return str(found.draft.letter), plain.read()


# ---- what would not count ------------------------------------------------------------------------------------------

_NOTHING = "0" * 64
NONSENSE: dict[str, tuple[dict[str, object], str]] = {
    "an uncounted target": ({"supersedes": "1"}, "number 1 cannot be superseded"),
    "a target that is not lower": ({"cancels": "9"}, "names number 9"),
    "a circular to one office": ({"channel": "center/tver"}, "a circular to tver"),
    "an instruction to a group": ({"kind": "instruction"}, "a instruction to all"),
    "nobody of that name": ({"channel": "center/kursk"}, "no office or group kursk"),
    "a report of the center": ({"kind": "report", "report": "monthly-return 2026-10"}, "a report from a center"),
    "no letter": ({"letter": None}, "a circular without the line letter"),
    "a decision about nothing": ({"kind": "decision", "channel": "center/tver"}, "a decision without the line"),
    "what is cancelled is due": ({"cancels": "1", "due": "2026-12-15 reply"}, "due and cancels together"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_v6_a_colleague_proposes_what_would_not_count_and_nobody_signs_it(two: Net, case: str) -> None:
    """The check 1 of center/all is no circular, and so needs no two signatures: a circular cannot supersede it."""
    lines, why = NONSENSE[case]
    check = next_header(two, BAZHANOV, "center/all")
    lay(two, check, signed(two, BAZHANOV, check))
    two.fetch(STASOVA)
    real = two.send(STASOVA, "On the tenth, in Tver.", "all").number
    assert real is not None
    letter, archive = archive_of(two, STASOVA, real)
    about = {"channel": "center/all", "kind": "circular", "until": "2026-12-22", "letter": letter, **lines}
    about = {word: value for word, value in about.items() if value is not None}
    number = say(two, STASOVA, about, attachment("letter", archive))
    two.fetch(BAZHANOV)
    with pytest.raises(vetting.DraftUnfitError, match=why):
        endorse(two, BAZHANOV, number)
    assert proposal(two, BAZHANOV, number).signers in {(), ("stasova",)}
