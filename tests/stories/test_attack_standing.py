"""Former, exchanged and borrowed keys; signatures passed off as others. Each story says who finds it, and how."""

import secrets
from datetime import timedelta

import pytest
from carrierkit import ALL, ROSTER, Stage, ends_with, found, refusals
from senderkit import deliver, letter, recipients
from storykit import key_of, lay, next_header, post_entry, signed
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, PETROV, STASOVA, Net, subjects

from cipherpost.age import HybridIdentity
from cipherpost.card import Card, sign_card
from cipherpost.carry import armor
from cipherpost.dispatch.draft import draft_text
from cipherpost.dispatch.header import DraftRef, Endorsement, Header
from cipherpost.note import SignerKey, VerifierKey
from cipherpost.roster import words
from cipherpost.text import format_time, parse_time
from cipherpost.workflows import admission, entries, founding, offices, standing
from cipherpost.workflows.admission import SpokenDiffersError

EVERYBODY = (IVANOV, PETROV, ORLOV, STASOVA, BAZHANOV)


# ---- former keys -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["retire", "suspend", "compromised"])
def test_v5_a_former_key_cites_an_old_roster_entry(stage: Stage, word: standing.Word) -> None:
    """Ivanov, or who stole his key, was struck off, and the carrier keeps that entry from him: he cites the one before.

    What he sent until then counts for ever; what he sends now is `void` (0; `--strict` 3) in every audit and is read by
    nobody, whatever time and entry it names.
    """
    net = stage.net
    net.send(IVANOV, "while he could", "center")
    net.fetch(STASOVA)
    newest = len([name for name in stage.carrier.state() if f"/{ROSTER}/" in name])
    stage.shown_to(IVANOV).withhold(f"{NETWORK}/{ROSTER}/{newest + 1:08d}.note")
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, word, "tver" if word == "suspend" else IVANOV))
    assert net.send(IVANOV, "when he could no more", "center").number == 2
    net.send(ORLOV, "an honest word", "center")
    assert subjects(net.fetch(STASOVA)) == ["an honest word"]
    assert sorted(subjects(net.fetch(BAZHANOV))) == ["an honest word", "while he could"]
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("void", "tver/center/2")], 0)
    assert report.exit_code(strict=True, everything=False) == 3


def test_v4_an_officer_goes_back_to_an_older_roster_entry(stage: Stage) -> None:
    """Bazhanov has relied on the newest entry in a channel, and goes back to one in which a spy was still a reader.

    That dispatch does not count: `old-roster` (0; `--strict` 3). Nobody is shown it, and the channel goes on over it.
    """
    net = stage.net
    net.fetch(BAZHANOV)
    before = next_header(net, BAZHANOV, ALL).roster
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
    net.send(BAZHANOV, "by the new entry", "all")
    deliver(net, BAZHANOV, ALL, "circular", letter(net, "x"), recipients(net, *EVERYBODY), roster=before)
    assert net.send(STASOVA, "a true one", "all").number == 3
    assert subjects(net.fetch(IVANOV)) == ["by the new entry", "a true one"]
    report = stage.audit()
    assert {code for code, _ in found(report)} <= {"old-roster", "void"}
    assert ("old-roster", "center/all/2") in found(report)
    assert ends_with(report) == 0
    assert report.exit_code(strict=True, everything=False) == 3


# ---- exchanged and borrowed keys -------------------------------------------------------------------------------------


def exchanged(net: Net, office: str, officer: str) -> str:
    """A file with a card that the carrier made under a clerk's name, with keys of his own."""
    signer = SignerKey(f"{NETWORK}/{office}/{officer}", secrets.token_bytes(32))
    card = Card(
        fingerprint=net.fingerprint,
        network=NETWORK,
        office=office,
        officer=officer,
        time=format_time(net.now),
        vkey=signer.verifier,
        recipient_text=HybridIdentity.generate().recipient.text,
    )
    path = net.root / "exchanged.card"
    path.write_text(armor("CARD", sign_card(card, signer)))
    return str(path)


def test_v5_a_key_is_exchanged_at_enrolment(stage: Stage) -> None:
    """The carrier puts a card of his own making, under belov's name, in the place of the one that belov sent.

    The number that belov reads out by telephone is not that of the card: `admit --heard` refuses (3), names the first
    group that differs, and admits nobody. Without a number the roster says `unchecked`, and belov's own fetch that he
    is not admitted; the card he sends again, with its number, gives him his name back.
    """
    net = stage.net
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
        invitation = net.root / "penza.invitation"
        invitation.write_text(admission.invite(desk, "penza"))
        joined = founding.join(str(invitation), officer="belov", home=net.home("penza/belov"), clock=net.clock)
        false = exchanged(net, "penza", "belov")
        with pytest.raises(SpokenDiffersError, match="group 1") as refused:
            admission.admit(desk, [false], heard=joined.spoken)
        assert refused.value.exit_code == 3
        assert desk.roster.officers("penza", desk.roster.newest) == ()
        admission.admit(desk, [false])
        (admitted,) = desk.roster.officers("penza", desk.roster.newest)
        assert admitted.unchecked
    net.send(STASOVA, "read by the carrier", "penza")
    fetched = net.fetch("penza/belov")
    assert subjects(fetched) == []
    assert fetched.not_admitted is not None
    with net.desk(STASOVA) as desk:
        admission.admit(desk, [str(joined.card_file)], heard=joined.spoken)
        (admitted,) = desk.roster.officers("penza", desk.roster.newest)
        assert not admitted.unchecked
    net.send(STASOVA, "read by belov", "penza")
    assert subjects(net.fetch("penza/belov")) == ["read by belov"]


def test_v6_a_keeper_states_one_signing_key_under_two_names(stage: Stage) -> None:
    """A keeper gives ivanov's public key to samara too, under the name of an officer who is not there.

    Everybody's fetch and audit refuse the entry as a whole: `malformed` (3), for a key enters the roster once. The next
    true entry takes its number beside it.
    """
    net = stage.net
    net.fetch(BAZHANOV)
    with net.desk(STASOVA) as desk:
        key = desk.roster.officer("tver", "ivanov", desk.roster.newest)
        assert key is not None
        again = VerifierKey(f"{NETWORK}/samara/nobody", key.vkey.public)
    header = post_entry(net, "stasova", f"officer samara/nobody {again} {'ab' * 32}")
    fetched = net.fetch(IVANOV)
    assert (refusals(fetched), fetched.exit_code) == ([("StatementsError", f"{ROSTER}/{header.number}")], 3)
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("malformed", f"{ROSTER}/{header.number}")], 3)
    assert report.findings[0].detail == "the signing key was given to tver/ivanov"
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
    net.send(STASOVA, "by the next entry", "all")
    assert subjects(net.fetch(IVANOV)) == ["by the next entry"]


# ---- borrowed signatures ---------------------------------------------------------------------------------------------

FRAUDS = {
    "nobody-endorsed": "unauthorized",
    "endorsed-by-himself": "unauthorized",
    "endorsed-by-another-office": "unauthorized",
    "endorsed-another-letter": "unauthorized",
    "endorsed-for-another-channel": "unauthorized",
    "signature-made-up": "unauthorized",
    "after-its-last-day": "void",
    "draft-used-twice": "void",
}


@pytest.mark.parametrize("fraud", FRAUDS)
def test_v5_an_officer_passes_off_a_second_signature(stage: Stage, fraud: str) -> None:
    """Two must sign what the center sends; bazhanov posts a circular alone, with stasova's signature of something else,
    of another's, of his own, too late, a second time, or none.

    Nobody is shown it. Each reader's fetch, once, and every audit say `unauthorized` (3), or where the signature was
    good but comes too late or a second time, the audit `void` (0; `--strict` 3). What both signed is read.
    """
    net = stage.net
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("center", 2)])
    net.fetch(BAZHANOV)
    used = fraud == "draft-used-twice"
    if used:
        true = endorsed_by(net, STASOVA, 7)
        lay(net, true, signed(net, BAZHANOV, true))
        net.fetch(BAZHANOV)
    false = defraud(net, fraud)
    place = f"{ALL}/{false.number}"
    lay(net, false, signed(net, BAZHANOV, false))
    fetched = net.fetch(IVANOV)
    told = [("UnauthorizedError", place)] if FRAUDS[fraud] == "unauthorized" else []
    assert (subjects(fetched), fetched.exit_code) == (["a letter"] if used else [], 3 if told else 0)
    assert refusals(fetched) == told
    assert net.fetch(IVANOV).exit_code == 0, "it is told of once"
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([(FRAUDS[fraud], place)], 3 if FRAUDS[fraud] != "void" else 0)
    assert report.exit_code(strict=True, everything=False) == 3
    net.fetch(BAZHANOV)
    honest = endorsed_by(net, STASOVA, 9)
    lay(net, honest, signed(net, BAZHANOV, honest))
    assert subjects(net.fetch(ORLOV)) == ["a letter"] * (2 if used else 1)
    assert found(stage.audit()) == found(report)


def circular(net: Net, number: int, **lines: object) -> Header:
    """The next circular of bazhanov, sealed to all, before anybody has endorsed it."""
    papers = letter(net, f"circular {number}")
    header = deliver(net, BAZHANOV, ALL, "circular", papers, recipients(net, *EVERYBODY))
    net.store.objects.pop(f"{NETWORK}/{ALL}/{header.number:08d}.note")
    day = parse_time(header.time).date() + timedelta(days=9)
    return header._replace(draft=DraftRef(number, day), endorsed=(Endorsement("stasova", bytes(64)),), **lines)


def endorsed_by(net: Net, who: str, number: int) -> Header:
    header = circular(net, number)
    return with_signature(net, who, header, header)


def with_signature(net: Net, who: str, header: Header, read: Header, name: str | None = None) -> Header:
    """``header`` with somebody's signature of the draft of what he ``read``."""
    signature = key_of(net, who).sign_raw(draft_text(net.fingerprint, read))
    return header._replace(endorsed=(Endorsement(name or who.partition("/")[2], signature),))


def defraud(net: Net, fraud: str) -> Header:
    header = circular(net, 8)
    match fraud:
        case "nobody-endorsed":
            return header._replace(draft=None, endorsed=())
        case "endorsed-by-himself":
            return with_signature(net, BAZHANOV, header, header)
        case "endorsed-by-another-office":
            return with_signature(net, IVANOV, header, header)
        case "endorsed-another-letter":
            return with_signature(net, STASOVA, header, header._replace(letter="ab" * 32))
        case "endorsed-for-another-channel":
            return with_signature(net, STASOVA, header, header._replace(channel="center/volga"))
        case "after-its-last-day":
            header = header._replace(draft=DraftRef(8, parse_time(header.time).date() - timedelta(days=1)))
            return with_signature(net, STASOVA, header, header)
        case "draft-used-twice":
            header = header._replace(draft=DraftRef(7, parse_time(header.time).date() + timedelta(days=9)))
            return with_signature(net, STASOVA, header, header)
        case _:
            return header
