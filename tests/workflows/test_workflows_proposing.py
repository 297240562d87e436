"""Proposals, endorsements and the dispatch that enough of them make."""

import json
from pathlib import Path

import pytest
from workflowkit import BAZHANOV, IVANOV, NETWORK, ROSTER, STASOVA, Net, join

from cipherpost.cli.fetched import notice_lines
from cipherpost.note import SignerKey
from cipherpost.postoffice import names
from cipherpost.roster import words
from cipherpost.roster.words import Statement
from cipherpost.workflows import (
    admission,
    endorsing,
    entries,
    founding,
    proposals,
    proposing,
    reading,
    sending,
    signing,
    status,
    vetting,
)
from cipherpost.workflows.placing import post_item
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted
from cipherpost.workflows.reviewing import Review

KAGAN = "center/kagan"


def threshold(net: Net, office: str, count: int) -> None:
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Threshold(office, count)])


def test_a_letter_of_two_is_proposed_then_posted_by_who_completes_it(net: Net) -> None:
    threshold(net, "center", 2)
    sent = net.send(STASOVA, "The conference is on the tenth.", "all")
    assert (sent.proposed, sent.channel, sent.signed, sent.needed) == ("center/all", "center/center", ("stasova",), 2)
    assert sent.awaited == ("bazhanov",)
    with net.desk(BAZHANOV) as desk:
        done = endorsing.endorse(desk, str(sent.number))
    assert (done.channel, done.number, done.proposed) == ("center/all", 1, None)
    header = net.header(BAZHANOV, "center/all/1")
    assert (header.by, [each.officer for each in header.endorsed]) == ("bazhanov", ["stasova"])
    fetched = net.fetch(IVANOV)
    assert [entry.header.channel for entry in fetched.new] == ["center/all"]
    net.clean()


def propose(net: Net, text: str = "The conference is on the tenth.", who: str = STASOVA, to: str = "all") -> int:
    """A letter proposed; the proposal's number."""
    sent = net.send(who, text, to)
    assert sent.proposed is not None
    assert sent.number is not None
    return sent.number


def endorse(net: Net, who: str, number: int, **given: object) -> Posted:
    with net.desk(who, **given) as desk:
        return endorsing.endorse(desk, str(number))


def proposal(net: Net, who: str, number: int) -> proposals.Proposal:
    with net.desk(who) as desk:
        return proposals.find(desk, str(number))


def test_read_shows_the_very_text_and_the_difference_that_an_amendment_made(net: Net, tmp_path: Path) -> None:
    threshold(net, "center", 2)
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF plan")
    first = net.send(STASOVA, "To all.\n\nOn the tenth.\nIn Tver.", "all", attach=(plan,)).number
    with net.desk(BAZHANOV) as desk:
        letter = sending.text_of("To all.\n\nOn the twelfth.\nIn Tver.", subject=None, attachments=())
        second = endorsing.amend(desk, str(first), letter)
    assert (second.proposed, second.signed) == ("center/all", ("bazhanov",))
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        shown = reading.read(desk, f"center/center/{second.number}")
        assert isinstance(shown, Review)
        old = reading.read(desk, f"center/center/{first}")
    assert shown.body == "To all.\n\nOn the twelfth.\nIn Tver."
    assert [line for line in shown.diff[2:] if line[0] in "+-"] == ["-On the tenth.", "+On the twelfth."]
    assert [info.name for info in shown.content.letter.attachments] == ["plan.pdf"]
    assert list(old.banners()) == [("superseded", f"center/center/{second.number}")]
    assert "proposal" in shown.as_json()


def test_an_amended_text_costs_a_new_endorsement(net: Net) -> None:
    threshold(net, "center", 2)
    first = propose(net)
    with net.desk(STASOVA) as desk:
        second = endorsing.amend(desk, str(first), sending.text_of("Another text.", subject=None, attachments=()))
    with pytest.raises(proposals.ProposalClosedError, match="amended"):
        endorse(net, BAZHANOV, first)
    assert endorse(net, BAZHANOV, second.number).place == "center/all/1"
    assert net.header(BAZHANOV, "center/all/1").draft.number == second.number
    with net.desk(BAZHANOV) as desk:
        assert reading.read(desk, "center/all/1").body == "Another text."
    net.clean()


def test_the_same_letter_is_not_proposed_twice(net: Net) -> None:
    threshold(net, "center", 2)
    first = propose(net)
    again = net.send(STASOVA, "The conference is on the tenth.", "all")
    assert (again.already, again.number, again.proposed) == (True, first, "center/all")
    endorse(net, BAZHANOV, first)
    net.fetch(STASOVA)
    posted = net.send(STASOVA, "The conference is on the tenth.", "all")
    assert (posted.already, posted.place) == (True, "center/all/1")


def test_who_declines_says_why_and_the_proposal_is_closed_when_too_few_are_left(net: Net) -> None:
    threshold(net, "center", 2)
    number = propose(net)
    with net.desk(BAZHANOV) as desk:
        endorsing.decline(desk, str(number), "The day is a holiday.")
    net.fetch(STASOVA)
    found = proposal(net, STASOVA, number)
    assert (found.state, found.declined) == ("declined", (("bazhanov", "The day is a holiday."),))


def test_only_its_proposer_withdraws_and_nobody_endorses_afterwards(net: Net) -> None:
    threshold(net, "center", 2)
    number = propose(net)
    with net.desk(BAZHANOV) as desk, pytest.raises(endorsing.NotProposerError):
        endorsing.withdraw(desk, str(number))
    with net.desk(STASOVA) as desk:
        endorsing.withdraw(desk, str(number))
    with pytest.raises(proposals.ProposalClosedError, match="withdrew"):
        endorse(net, BAZHANOV, number)


def test_status_counts_what_waits_for_this_officer(net: Net) -> None:
    threshold(net, "center", 2)
    number = propose(net)
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk, net.desk(STASOVA) as other:
        assert (status.status(desk).proposals, status.status(other).proposals) == (1, 0)
    endorse(net, BAZHANOV, number)
    with net.desk(BAZHANOV) as desk:
        assert status.status(desk).proposals == 0


def test_a_letter_that_waited_when_the_threshold_rose_is_proposed(net: Net) -> None:
    net.fetch(BAZHANOV)
    assert net.post is not None
    net.post.knobs.down = True
    assert net.send(BAZHANOV, "Written on the train.", "all").waiting is not None
    net.post.knobs.down = False
    threshold(net, "center", 2)
    posted = net.fetch(BAZHANOV).posted
    assert [each.proposed for each in posted if each.proposed] == ["center/all"]
    found = proposal(net, BAZHANOV, 1)
    assert (found.subject, found.state, found.signers) == ("Written on the train.", "open", ("bazhanov",))
    assert endorse(net, STASOVA, 1).place == "center/all/1"
    net.clean()


def test_a_message_of_one_officer_is_sent_whatever_the_threshold(net: Net) -> None:
    threshold(net, "tver", 2)
    assert net.send(IVANOV, "A question.", "center").proposed is None
    with net.desk(IVANOV) as desk, pytest.raises(sending.NothingToProposeError, match="nobody else"):
        sending.send(
            desk,
            sending.text_of("A question.", subject=None, attachments=()),
            audiences=["center"],
            propose=True,
        )


def test_without_a_line_an_endorsement_waits_and_fetch_posts_what_it_completes(net: Net) -> None:
    threshold(net, "center", 2)
    number = propose(net)
    net.fetch(BAZHANOV)
    assert net.post is not None
    net.post.knobs.down = True
    assert endorse(net, BAZHANOV, number).waiting is not None
    net.post.knobs.down = False
    net.fetch(BAZHANOV)
    assert proposal(net, BAZHANOV, number).state == "posted"
    net.clean()


# ---- entries of the roster -----------------------------------------------------------------------------------------


def keepers(net: Net, *names: str) -> Posted:
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        return entries.post(desk, [words.Keepers(tuple(sorted(names)))])


def two_keepers(net: Net) -> None:
    posted = keepers(net, "stasova", "bazhanov")
    assert (posted.proposed, posted.needed) == (ROSTER, 2)
    assert endorse(net, BAZHANOV, posted.number).signed == ("stasova", "bazhanov")  # he is no keeper yet
    assert [each.channel for each in net.fetch(STASOVA).posted] == [ROSTER]
    net.fetch(BAZHANOV)


def three_keepers(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
    posted = keepers(net, "stasova", "bazhanov", "kagan")
    endorse(net, BAZHANOV, posted.number)
    for who in (STASOVA, BAZHANOV, KAGAN):
        net.fetch(who)


def entry(net: Net, who: str, *statements: Statement) -> Posted:
    with net.desk(who) as desk:
        entries.prepare(desk)
        return entries.post(desk, statements)


def test_a_change_of_keepers_waits_for_the_new_ones_too(net: Net) -> None:
    two_keepers(net)
    with net.desk(STASOVA) as desk:
        assert desk.roster.keepers(desk.roster.newest) == ("bazhanov", "stasova")
    net.clean()


def test_an_entry_of_two_keepers_is_proposed_and_posted_by_the_second(net: Net) -> None:
    two_keepers(net)
    posted = entry(net, BAZHANOV, words.Title("tver", "Tver Committee"))
    assert posted.proposed == ROSTER
    done = endorse(net, STASOVA, posted.number)
    assert (done.channel, done.kind) == (ROSTER, "roster")
    header = net.header(STASOVA, done.place)
    assert (header.by, [each.officer for each in header.endorsed]) == ("stasova", ["bazhanov"])
    net.clean()


def test_i3_a_keeper_endorses_one_draft_for_one_number(net: Net) -> None:
    two_keepers(net)
    mine = entry(net, STASOVA, words.Title("tver", "Tver Committee"))
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        other = proposing.propose_entry(desk, [words.Title("tver", "Tver Gubernia")])
    assert other.number is not None
    with pytest.raises(signing.KeeperBoundError, match=f"proposal {other.number}"):
        endorse(net, BAZHANOV, mine.number)
    net.fetch(STASOVA)
    with pytest.raises(signing.KeeperBoundError, match=f"proposal {mine.number}"):
        endorse(net, STASOVA, other.number)
    with net.desk(BAZHANOV) as desk:
        endorsing.withdraw(desk, str(other.number))
    assert endorse(net, BAZHANOV, mine.number).channel == ROSTER
    net.clean()


def test_an_entry_that_came_second_is_proposed_anew_for_the_next_number(net: Net) -> None:
    three_keepers(net)
    first = entry(net, STASOVA, words.Title("tver", "Tver Committee"))
    with net.desk(BAZHANOV) as desk:
        second = proposing.propose_entry(desk, [words.Title("samara", "Samara Committee")])
    assert endorse(net, KAGAN, first.number).channel == ROSTER
    told = "\n".join(notice_lines(net.fetch(BAZHANOV)))
    found = proposal(net, BAZHANOV, second.number)
    assert found.state == "overtaken"
    assert found.stands() == f"overtaken: another entry took number {found.draft.number} of the roster"
    assert found.stands() in told
    assert f"cipherpost amend {second.number} " in told
    assert f"cipherpost withdraw {second.number} " in told
    with net.desk(BAZHANOV) as desk:
        again = endorsing.amend(desk, str(second.number), None)
    assert endorse(net, STASOVA, again.number).channel == ROSTER
    net.clean()


# ---- what waits in the outbox with all its signatures --------------------------------------------------------------


def completed_without_a_line(net: Net) -> int:
    """Bazhanov has completed a proposal of stasova's, and the line broke before he could post it."""
    threshold(net, "center", 2)
    number = propose(net)
    net.fetch(BAZHANOV)
    assert net.post is not None
    net.post.fail("create", "rkpb/center/all/*", times=None)
    assert endorse(net, BAZHANOV, number).waiting is not None
    net.post.heal()
    return number


def test_a_completed_letter_that_waited_is_posted_by_the_next_round(net: Net) -> None:
    number = completed_without_a_line(net)
    assert "center/all/1" in [each.place for each in net.fetch(BAZHANOV).posted]
    assert proposal(net, BAZHANOV, number).state == "posted"
    net.clean()


def number_taken(net: Net) -> None:
    """Kagan and stasova post something else as number 1, so that whatever was made for it is made anew."""
    other = propose(net, "Something urgent.", who=KAGAN)
    assert endorse(net, STASOVA, other).place == "center/all/1"


def test_a_completed_letter_is_let_go_when_its_proposal_was_withdrawn_meanwhile(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
    number = completed_without_a_line(net)
    net.fetch(KAGAN)
    number_taken(net)
    with net.desk(STASOVA) as desk:
        endorsing.withdraw(desk, str(number))
    (error,) = net.fetch(BAZHANOV).waiting
    assert isinstance(error, signing.DraftLetGoError)
    with net.desk(BAZHANOV) as desk:
        assert desk.outbox.items() == ()
    assert len(list(net.clean().channel("center/all").counting())) == 1


def test_a_completed_letter_is_let_go_when_an_endorser_was_retired_and_the_proposal_stays(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
    net.fetch(KAGAN)
    threshold(net, "center", 2)
    number = propose(net, who=KAGAN)
    net.fetch(BAZHANOV)
    assert net.post is not None
    net.post.fail("create", "rkpb/center/all/*", times=None)
    assert endorse(net, BAZHANOV, number).waiting is not None
    net.post.heal()
    number_taken(net)
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entry = desk.roster.newest + 1
        tips = {name: desk.chain.channel(name).tip for name in ("center/center", "center/all")}
        cuts = [words.Cut(entry, name, *tips[name]) for name in sorted(tips)]
        entries.post(desk, [words.Retire("center", "kagan"), *cuts])
    (error,) = net.fetch(BAZHANOV).waiting
    assert isinstance(error, signing.SignaturesShortError)
    assert proposal(net, BAZHANOV, number).state == "open"


def test_a_proposal_is_posted_with_one_signature_once_one_is_enough(net: Net) -> None:
    threshold(net, "center", 2)
    number = propose(net)
    threshold(net, "center", 1)
    assert "center/all/1" in [each.place for each in net.fetch(STASOVA).posted]
    header = net.header(STASOVA, "center/all/1")
    assert (header.draft, header.endorsed) == (None, ())
    assert proposal(net, STASOVA, number).state == "posted"
    net.clean()


def test_an_admission_brings_its_card_to_the_other_keeper(net: Net) -> None:
    """The card lies in the proposal; whoever completes it lays the card down, and the newcomer is in."""
    two_keepers(net)
    with net.desk(STASOVA) as desk:
        invitation = net.root / "center.invitation"
        invitation.write_text(admission.invite(desk, "center"))
        world = {"clock": net.clock}
        joined = founding.join(str(invitation), officer="kagan", home=net.home(KAGAN), **world)  # type: ignore[arg-type]
        done = admission.admit(desk, [str(joined.card_file)], heard=joined.spoken)
    assert done.posted is not None
    assert (done.admitted, done.posted.proposed) == ([], ROSTER)
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        shown = reading.read(desk, done.posted.place)
        assert isinstance(shown, Review)
    assert shown.keys == (("center/kagan", joined.spoken, "stasova says that the number was read aloud"),)
    assert shown.warnings == ()
    assert endorse(net, BAZHANOV, done.posted.number).channel == ROSTER
    assert net.fetch(KAGAN).not_admitted is None
    net.clean()


def test_a_card_of_other_keys_than_the_entry_states_is_not_endorsed(net: Net) -> None:
    two_keepers(net)
    invitation = net.root / "tver.invitation"
    with net.desk(STASOVA) as desk:
        invitation.write_text(admission.invite(desk, "tver"))
    home = net.home("tver/sokolov")
    founding.join(str(invitation), officer="sokolov", home=home, clock=net.clock)
    with net.desk("tver/sokolov") as desk:
        card = founding.read_own_card(desk)
    key = SignerKey("rkpb/tver/sokolov", bytes(32)).verifier
    statement = words.Officer("tver", "sokolov", key, card.hash, unchecked=False)
    with net.desk(STASOVA) as desk:
        plan = Plan(channel=ROSTER, kind="roster", created=desk.time(), statements=f"{statement}\n".encode())
        made = proposing._put_entry(desk, plan.statements, [card.note], amends=None, until=proposing.last_day(desk))
        number = proposing.post_proposal(desk, made).number
    net.fetch(BAZHANOV)
    with pytest.raises(vetting.EntryUnfitError, match="other keys than the entry states"):
        endorse(net, BAZHANOV, number)


def test_i7_a_proposal_of_which_no_draft_can_be_made_hides_no_other(net: Net) -> None:
    threshold(net, "center", 2)
    wrong = [
        {"channel": "center/roster", "kind": "roster", "until": "2026-12-22", "number": "9", "statements": "what\n"},
        {"channel": "tver/center", "kind": "report", "until": "2026-12-22", "report": "monthly-return 2026-10"},
        {"channel": "center/all", "kind": "message", "until": "2026-12-22"},
        {"channel": "center/all\nkind circular", "kind": "circular", "until": "soon"},
        {"channel": ["center/all"]},
        {"channel": "center/all", "kind": "roster", "until": "2026-12-22", "number": "9", "statements": "title a A\n"},
    ]
    with net.desk(STASOVA) as desk:
        for about in (wrong[0], wrong[-1]):
            about["previous"] = desk.roster.hash_of(desk.roster.newest)  # type: ignore[assignment]
        for about in wrong:
            data = json.dumps({"proposal": about}).encode()
            item = signing.put_message(desk, proposing.own_plan(desk), subject="Odd", body="Odd.\n", data=data)
            post_item(desk, item)
    number = propose(net)
    assert number > len(wrong)
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        assert [each.number for each in proposals.listing(desk)] == [number]
        assert reading.read(desk, "center/center/1").body == "Odd.\n"


def test_two_who_propose_at_the_same_moment_each_get_a_number(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    threshold(net, "center", 2)
    net.fetch(BAZHANOV)
    slot, real, done = names.note_name(NETWORK, "center/center", 1), type(net.post).create, []
    begun: list[bool] = []

    def create(self: object, name: str, data: bytes) -> bool:
        if name == slot and not begun:
            begun.append(True)
            done.append(net.send(BAZHANOV, "Mine.", "all").number)
        return real(self, name, data)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(net.post), "create", create)
        hers = net.send(STASOVA, "Hers.", "all")
    assert hers.signed == ("stasova",)
    assert endorse(net, STASOVA, done[0]).place == "center/all/1"
    assert endorse(net, BAZHANOV, hers.number).place == "center/all/2"
    net.clean()


def test_i3_the_last_day_of_a_draft_frees_no_keeper_who_has_signed_it(net: Net) -> None:
    """Whoever holds enough signatures can date the entry back: two entries would have one number."""
    two_keepers(net)
    mine = entry(net, STASOVA, words.Title("tver", "Tver Committee"))
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        with pytest.raises(signing.KeeperBoundError) as caught:
            entries.post(desk, [words.Title("samara", "Samara Committee")])
    assert caught.value.hints[1].startswith("or the others sign it until 20")
    net.later(days=60)
    with net.desk(STASOVA, clock_ok=True) as desk:
        entries.prepare(desk)
        assert proposals.find(desk, str(mine.number)).state == "expired"
        with pytest.raises(signing.KeeperBoundError):
            entries.post(desk, [words.Title("samara", "Samara Committee")])
        endorsing.withdraw(desk, str(mine.number))
        assert entries.post(desk, [words.Title("samara", "Samara Committee")]).proposed == ROSTER
