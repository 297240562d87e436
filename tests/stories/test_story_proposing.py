"""Stories of drafts and signatures: who signs what, how often, how long, and what it is good for."""

import base64
import json
from datetime import timedelta
from io import BytesIO

import pytest
from storykit import key_of, lay, next_header, signed
from workflowkit import BAZHANOV, IVANOV, ORLOV, STASOVA, Net, join, subjects

from cipherpost.chain.checks import DraftExpiredError, DraftSpentError, UnauthorizedError
from cipherpost.dispatch.draft import format_draft
from cipherpost.dispatch.header import Endorsement, Header
from cipherpost.errors import NotAuthenticError
from cipherpost.letter import Attachment
from cipherpost.postoffice import names
from cipherpost.roster import words
from cipherpost.roster.words import Statement
from cipherpost.workflows import (
    authority,
    enclosed,
    endorsing,
    entries,
    proposal_data,
    proposals,
    proposing,
    reading,
    sending,
    signing,
)
from cipherpost.workflows.placing import NothingToSayError, post_item
from cipherpost.workflows.results import Posted

KAGAN = "center/kagan"
CENTER = (STASOVA, BAZHANOV)


def decree(net: Net, *statements: Statement) -> None:
    """An entry of the roster by its one keeper."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, statements)


@pytest.fixture
def two(net: Net) -> Net:
    """Two officers of the center sign what it sends."""
    decree(net, words.Threshold("center", 2))
    for who in (STASOVA, BAZHANOV, IVANOV, ORLOV):
        net.fetch(who, receipts=False)
    return net


@pytest.fixture
def three(net: Net) -> Net:
    """Three officers sign, of three."""
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
    decree(net, words.Threshold("center", 3))
    for who in (STASOVA, BAZHANOV, KAGAN, IVANOV, ORLOV):
        net.fetch(who, receipts=False)
    return net


def propose(net: Net, who: str = STASOVA, text: str = "On the tenth, in Tver.", to: str = "all") -> int:
    sent = net.send(who, text, to)
    assert sent.proposed is not None
    assert sent.number is not None
    return sent.number


def endorse(net: Net, who: str, number: int | None, **given: object) -> Posted:
    with net.desk(who, **given) as desk:
        return endorsing.endorse(desk, str(number))


def proposal(net: Net, who: str, number: int | None) -> proposals.Proposal:
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        return proposals.find(desk, str(number), fetch=True)


def say(net: Net, who: str, number: int, about: dict[str, object]) -> None:
    """A message about a proposal with whatever data, sent by an officer's real program."""
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        target = proposals.find(desk, str(number), fetch=True)
        item = signing.answer(desk, target, word="Endorsed", body="Endorsed.\n", data=json.dumps(about).encode())
        post_item(desk, item)


def endorsement(number: int, officer: str, signature: bytes) -> dict[str, object]:
    word = base64.b64encode(signature).decode()
    return {"endorsement": {"draft": number, "officer": officer, "signature": word}}


def by_hand(net: Net, who: str, number: int, *endorsed: Endorsement, **changes: object) -> Header:
    """The dispatch of a proposal as a dishonest officer makes it, over the letter as his own program sealed it."""
    found = proposal(net, who, number)
    draft = found.draft
    body = next_header(
        net,
        who,
        draft.channel,
        draft.kind,
        draft=draft.draft,
        letter=draft.letter,
        sealed=net.header(who, found.place).sealed,
        endorsed=tuple(sorted(endorsed)),
    )
    return body._replace(**changes)


def refused(net: Net, header: Header, who: str, kind: type[Exception]) -> str:
    """Lay a note by ``who``: it does not count for anybody who reads it, nor for who audits; the reason."""
    hashed = lay(net, header, signed(net, who, header))
    said = set()
    for reader in (IVANOV, ORLOV):
        assert net.fetch(reader, receipts=False).new == []
        with net.desk(reader) as desk:
            entry = desk.chain.channel(header.channel).by_hash(hashed)
            assert entry is not None
            assert entry.status == "void"
            assert isinstance(entry.reason, kind)
            said.add(str(entry.reason))
    chain, findings = net.verify()
    assert hashed not in {node.hash for node in chain.channel(header.channel).counting()}
    assert any((each.channel, each.number) == (header.channel, header.number) for each in findings)
    (reason,) = said
    return reason


def sign(net: Net, who: str, number: int) -> Endorsement:
    """An officer's true signature of a draft."""
    found = proposal(net, who, number)
    return Endorsement(who.partition("/")[2], key_of(net, who).sign_raw(found.text))


# ---- twice -------------------------------------------------------------------------------------------------------


def test_an_officer_endorses_twice_and_it_counts_once(three: Net) -> None:
    """Bazhanov's home was copied, and both copies say the same; the threshold of three is not reached."""
    number = propose(three)
    given = sign(three, BAZHANOV, number)
    for _ in range(2):
        say(three, BAZHANOV, number, endorsement(number, "bazhanov", given.signature))
    found = proposal(three, STASOVA, number)
    assert (found.signers, found.state) == (("stasova", "bazhanov"), "open")
    assert three.fetch(STASOVA).posted == []


def test_an_officer_who_posts_endorses_himself_and_is_refused(three: Net) -> None:
    number = propose(three)
    mine, other = sign(three, STASOVA, number), sign(three, BAZHANOV, number)
    header = by_hand(three, STASOVA, number, mine, other)
    assert "endorses what he posts himself" in refused(three, header, STASOVA, UnauthorizedError)


def test_one_officer_signs_under_two_names_with_one_key(three: Net) -> None:
    """Kagan is on leave; Bazhanov signs for him too, with the only key he has."""
    number = propose(three)
    mine = sign(three, BAZHANOV, number)
    say(three, BAZHANOV, number, endorsement(number, "bazhanov", mine.signature))
    say(three, BAZHANOV, number, endorsement(number, "kagan", mine.signature))
    found = proposal(three, STASOVA, number)
    assert found.signers == ("stasova", "bazhanov")
    assert "sent by another officer than kagan" in found.ignored[0]
    forged = by_hand(three, STASOVA, number, mine, Endorsement("kagan", mine.signature))
    assert "kagan's endorsement" in refused(three, forged, STASOVA, UnauthorizedError)


# ---- another text --------------------------------------------------------------------------------------------------


def test_a_proposal_altered_between_endorsements_convinces_nobody(three: Net) -> None:
    """Stasova lets Bazhanov sign one text and puts another under the same number before Kagan looks."""
    number = propose(three)
    bazhanov = sign(three, BAZHANOV, number)
    kagan = sign(three, KAGAN, number)
    other = propose(three, text="On the tenth, in Samara.")
    letter = proposal(three, STASOVA, other).draft.letter
    header = by_hand(three, STASOVA, number, bazhanov, kagan, letter=letter)
    assert "endorsement" in refused(three, header, STASOVA, UnauthorizedError)


def test_a_letter_that_is_not_the_one_of_the_draft_is_not_signed(two: Net) -> None:
    """The proposal names one letter and has another attached: the program of who would sign opens it first."""
    number = propose(two)
    found = proposal(two, STASOVA, number)
    other = propose(two, text="Another text altogether.")
    wrong = proposal(two, STASOVA, other)
    with two.desk(STASOVA) as desk:
        with desk.outbox.compose(desk.now()) as composing:
            enclosed.take_out(desk, composing, wrong)
            with enclosed.Unsealed(desk, composing.open_letter) as plain:
                archive = plain.read()
        item = signing.put_message(
            desk,
            proposing.own_plan(desk),
            subject="On the tenth, in Tver.",
            body="Proposed.\n",
            data=proposal_data.proposal_data(found.draft),
            attachments=[Attachment(name="letter", type="x/tar", size=len(archive), open=lambda: BytesIO(archive))],
        )
        posted = post_item(desk, item)
    two.fetch(BAZHANOV)
    with two.desk(BAZHANOV) as desk, pytest.raises(NotAuthenticError, match="not the one"):
        endorsing.endorse(desk, str(posted.number))
    with two.desk(BAZHANOV) as desk, pytest.raises(NotAuthenticError, match="not the one"):
        reading.read(desk, posted.place)
    assert proposal(two, BAZHANOV, posted.number).signers == ()


def test_an_endorsement_for_another_text_counts_for_nothing(two: Net) -> None:
    first, second = propose(two), propose(two, text="On the twelfth, in Samara.")
    given = sign(two, BAZHANOV, first)
    say(two, BAZHANOV, second, endorsement(second, "bazhanov", given.signature))
    found = proposal(two, STASOVA, second)
    assert found.signers == ("stasova",)
    assert "not one of bazhanov under this text" in found.ignored[0]
    header = by_hand(two, STASOVA, second, given)
    assert "bazhanov's endorsement" in refused(two, header, STASOVA, UnauthorizedError)


# ---- used twice, or late -------------------------------------------------------------------------------------------


def test_an_endorsement_is_used_twice_and_only_the_first_counts(two: Net) -> None:
    number = propose(two)
    given = sign(two, BAZHANOV, number)
    endorse(two, BAZHANOV, number)
    two.fetch(STASOVA)
    header = by_hand(two, STASOVA, number, given)
    assert header.number == 2
    two.fetch(IVANOV)
    two.fetch(ORLOV)
    assert "number 1 bears the same draft" in refused(two, header, STASOVA, DraftSpentError)
    assert [node.number for node in two.verify()[0].channel("center/all").counting()] == [1]


def test_an_endorsement_after_its_day_is_refused_and_the_program_signs_none(two: Net) -> None:
    number = propose(two)
    given = sign(two, BAZHANOV, number)
    until = proposal(two, STASOVA, number).until
    two.later(days=31)
    with pytest.raises(proposals.ProposalClosedError, match=f"until {until}"):
        endorse(two, BAZHANOV, number)
    header = by_hand(two, STASOVA, number, given)
    assert header.time[:10] > until.isoformat()
    assert "might be posted until" in refused(two, header, STASOVA, DraftExpiredError)


def test_a_day_moved_on_by_the_poster_breaks_the_endorsement(two: Net) -> None:
    number = propose(two)
    given = sign(two, BAZHANOV, number)
    draft = proposal(two, STASOVA, number).draft.draft
    two.later(days=31)
    header = by_hand(two, STASOVA, number, given, draft=draft._replace(until=draft.until + timedelta(days=30)))
    assert "endorsement" in refused(two, header, STASOVA, UnauthorizedError)


# ---- who has no standing -------------------------------------------------------------------------------------------


def test_the_endorsement_of_a_retired_officer_counts_no_more(three: Net) -> None:
    """Kagan signs, is retired, and only then Bazhanov signs as the third."""
    number = propose(three)
    endorse(three, KAGAN, number)
    given = sign(three, KAGAN, number)
    with three.desk(KAGAN) as desk:
        last, text_hash = desk.chain.channel("center/center").tip
        entry = desk.roster.newest + 1
    decree(three, words.Retire("center", "kagan"), words.Cut(entry, "center/center", last, text_hash))
    three.fetch(STASOVA, receipts=False)
    found = proposal(three, STASOVA, number)
    assert found.signers == ("stasova",)
    assert "not any more" in found.ignored[0]
    three.fetch(BAZHANOV, receipts=False)
    header = by_hand(three, STASOVA, number, given, sign(three, BAZHANOV, number))
    assert "no officer of center" in refused(three, header, STASOVA, UnauthorizedError)


def test_a_retired_officer_endorses_and_nobody_listens(two: Net) -> None:
    with two.desk(STASOVA) as desk:
        join(two, desk, KAGAN, clock=two.clock)
    two.fetch(KAGAN)
    number = propose(two)
    target = proposal(two, KAGAN, number)
    decree(two, words.Retire("center", "kagan"))
    with two.desk(KAGAN) as desk, pytest.raises(Exception, match="no standing"):
        endorsing.endorse(desk, str(number))
    given = Endorsement("kagan", key_of(two, KAGAN).sign_raw(format_draft(target.draft)))
    two.fetch(STASOVA, receipts=False)
    header = by_hand(two, STASOVA, number, given)
    assert "no officer of center" in refused(two, header, STASOVA, UnauthorizedError)


def test_nothing_below_the_threshold_is_accepted_by_anyone(two: Net) -> None:
    number = propose(two)
    header = by_hand(two, STASOVA, number, draft=None)
    assert "1 of 2 officers signed" in refused(two, header, STASOVA, UnauthorizedError)


# ---- what costs no new endorsement, and what does ------------------------------------------------------------------


def test_a_dispatch_in_between_costs_no_new_endorsement(two: Net) -> None:
    """Stasova signed when nothing was sent yet; something urgent goes out before Bazhanov signs hers too."""
    first = propose(two)
    second = propose(two, text="Something urgent.")
    assert endorse(two, BAZHANOV, second).place == "center/all/1"
    assert endorse(two, BAZHANOV, first).place == "center/all/2"
    assert [each.officer for each in two.header(BAZHANOV, "center/all/2").endorsed] == ["stasova"]
    assert sorted(subjects(two.fetch(IVANOV))) == ["On the tenth, in Tver.", "Something urgent."]
    two.clean()


@pytest.mark.parametrize("careless", [False, True], ids=["lost", "overwritten"])
def test_a_race_costs_no_new_endorsement(two: Net, monkeypatch: pytest.MonkeyPatch, careless: bool) -> None:
    """Both complete a proposal and post at the same moment; one gets another number, and the same signatures count."""
    mine, hers = propose(two), propose(two, who=BAZHANOV, text="Something urgent.")
    two.fetch(STASOVA)
    two.fetch(BAZHANOV)
    slot = names.note_name("rkpb", "center/all", 1)
    real, done = type(two.post).create, []

    def create(self: object, name: str, data: bytes) -> bool:
        if name == slot and not done:
            done.append(True)
            assert endorse(two, STASOVA, hers).place == "center/all/1"
        return real(self, name, data)  # type: ignore[arg-type]

    assert two.post is not None
    if careless:
        two.post.knobs.overwrite.append(slot)
    with monkeypatch.context() as patch:
        patch.setattr(type(two.post), "create", create)
        assert endorse(two, BAZHANOV, mine).channel == "center/all"
    for _ in range(2):
        for who in (STASOVA, BAZHANOV):
            two.fetch(who)
    chain, _ = two.verify()
    headers = [node.header for node in chain.channel("center/all").counting() if node.kind == "circular"]
    assert sorted(header.draft.number for header in headers if header.draft) == sorted([mine, hers])
    assert sorted(subjects(two.fetch(IVANOV))) == ["On the tenth, in Tver.", "Something urgent."]


def test_an_amended_text_costs_a_new_endorsement(three: Net) -> None:
    first = propose(three)
    endorse(three, BAZHANOV, first)
    with three.desk(STASOVA) as desk:
        letter = sending.text_of("On the twelfth, in Tver.", subject=None, attachments=())
        second = endorsing.amend(desk, str(first), letter)
    assert second.signed == ("stasova",)
    assert endorse(three, KAGAN, second.number).proposed is not None  # two of three
    assert endorse(three, BAZHANOV, second.number).place == "center/all/1"
    three.clean()


def test_two_officers_who_complete_at_the_same_minute_post_it_once(three: Net) -> None:
    """Threshold two of three: each of two sees the proposer's signature alone, and his own is enough."""
    decree(three, words.Threshold("center", 2))
    for who in (STASOVA, BAZHANOV, KAGAN):
        three.fetch(who)
    number = propose(three)
    three.fetch(BAZHANOV)
    three.fetch(KAGAN)
    with three.desk(BAZHANOV) as desk:
        target = proposals.find(desk, str(number))
        item = signing.put_dispatch(desk, target, signed_by_others(desk, target))
        assert endorse(three, KAGAN, number).place == "center/all/1"
        with pytest.raises(NothingToSayError, match="posted as center/all/1"):
            post_item(desk, item)
    done = endorse(three, BAZHANOV, number)
    assert (done.place, done.proposed) == ("center/all/1", None)
    assert len(list(three.clean().channel("center/all").counting())) == 1


def signed_by_others(desk: object, target: proposals.Proposal) -> tuple[Endorsement, ...]:
    found = authority.enough(desk, target.draft, target.signed, "bazhanov")  # type: ignore[arg-type]
    assert found is not None
    return found
