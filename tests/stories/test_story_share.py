"""Stories about letters passed on: what somebody passes off as the center's word, or takes back in its name."""

import io
import os
import shutil

import pytest
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, STASOVA, Net, join, subjects

from cipherpost import publication
from cipherpost.desk import Overrides
from cipherpost.dispatch.header import Header, RosterRef, format_header
from cipherpost.letter import Attachment, LetterDraft, write_letter
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.strictjson import canonical
from cipherpost.tar import TarWriter
from cipherpost.text import format_time
from cipherpost.workflows import admission, forwarding, founding, publishing, reading, rotating, sharing
from cipherpost.workflows.dispatching import Outgoing, send_one
from cipherpost.workflows.forwarding import ForwardedAlteredError
from cipherpost.workflows.originals import OriginalAlteredError, OriginalUnknownError
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

LEBEDEV = "tver/lebedev"


def post_by_hand(net: Net, who: str, channel: str, **lines: object) -> int:
    """A dispatch that no command would make, signed with the officer's own key; its number."""
    with net.desk(who) as desk:
        number, previous = desk.chain.channel(channel).tip
        newest = desk.roster.newest
        head = desk.roster.hash_of(newest)
        assert head is not None
        header = Header(
            network=NETWORK,
            channel=channel,
            number=number + 1,
            previous=previous,
            time=desk.time(),
            by=desk.officer,
            roster=RosterRef(newest, head),
            **lines,  # type: ignore[arg-type]
        )
        note = desk.keys.signer.sign(Text(Purpose.DISPATCH, format_header(header)))
        net.store.objects[names.note_name(NETWORK, channel, number + 1)] = note
    return number + 1


def test_v6_one_officer_cannot_cancel_by_a_message_what_the_office_ordered(net: Net) -> None:
    """Bazhanov alone may write messages; an instruction needs the office. His message that cancels one is refused."""
    net.send(STASOVA, "Send ten people", "tver")
    net.everybody_fetches()
    order = net.header(IVANOV, "center/tver/1")
    number = post_by_hand(
        net, BAZHANOV, "center/tver", kind="message", letter=order.letter, sealed=order.sealed, cancels=1
    )
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        [refused] = desk.chain.channel("center/tver").candidates(number)
        assert refused.status not in {"counts", "held"}
        assert refused.reason is not None
        assert "V6" in refused.reason.rule
        assert {row.place: row.cancelled_by for row in reading.inbox(desk)} == {"center/tver/1": None}
        assert list(reading.read(desk, "center/tver/1").banners()) == []


def forged_archive(net: Net, who: str, body: str) -> tuple[bytes, str]:
    """A letter that looks like one of the center's, made by somebody else; and the hash of its letter.json."""
    sink = io.BytesIO()
    draft = LetterDraft(
        fingerprint=net.fingerprint,
        from_office="center",
        to=("all",),
        kind="circular",
        written=format_time(net.clock()),
        subject="Circular",
        body=body,
        body_type="txt",
    )
    written = write_letter(draft, sink, random=os.urandom)
    return sink.getvalue(), written.letter_hash


def pass_on(net: Net, who: str, to: str, file: str, data: bytes, row: dict[str, object]) -> Posted:
    """A message that passes ``data`` off as the original, as no command would."""
    with net.desk(who) as desk:
        letter = Outgoing(
            body="See the center's own words.",
            body_type="txt",
            subject="Shared",
            attachments=(
                Attachment(name=file, type="application/x-tar", size=len(data), open=lambda: io.BytesIO(data)),
            ),
            data=canonical({"originals": [row]}),
        )
        plan = Plan(channel=f"{desk.office}/{to}", kind="message", created=desk.time())
        return send_one(desk, plan, letter, None, even_if_sent=False, dry_run=False)


def lebedev_joins(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        join(net, desk, LEBEDEV, clock=net.clock, overrides=Overrides())
    net.fetch(LEBEDEV)
    net.fetch(IVANOV)


def test_v10_a_shared_original_that_was_altered_is_refused_and_the_rest_goes_on(net: Net) -> None:
    """A clerk shares with his new colleague a circular of his own making, under the number of the true one."""
    net.send(STASOVA, "Send ten people", "all")
    net.fetch(IVANOV)
    true = net.header(IVANOV, "center/all/1")
    with net.desk(IVANOV) as desk:
        entry = desk.chain.channel("center/all").entry(1)
        assert entry is not None
    lebedev_joins(net)
    archive, made_up = forged_archive(net, IVANOV, "Send nobody")
    row = {"channel": "center/all", "hash": entry.hash, "letter": true.letter, "number": 1}
    for letter in (true.letter, made_up):  # whether or not he owns to the other hash
        pass_on(net, IVANOV, "tver", "1.letter", archive, {**row, "letter": letter})
    fetched = net.fetch(LEBEDEV)
    assert fetched.exit_code == 3
    assert {type(error) for error in fetched.unreadable} == {OriginalAlteredError}
    assert {(error.channel, error.number) for error in fetched.unreadable} == {("center/all", 1)}
    assert all("tver/ivanov" in error.what for error in fetched.unreadable)
    with net.desk(LEBEDEV) as desk:
        [circular] = reading.inbox(desk)
        assert circular.state == "before-you"
        with pytest.raises(reading.BeforeYouError):
            reading.read(desk, "center/all/1")
    with net.desk(STASOVA) as desk:  # the center's own sharing is not hindered
        sharing.share(desk, ["center/all/1"], to="tver")
    assert net.fetch(LEBEDEV).exit_code == 0
    with net.desk(LEBEDEV) as desk:
        assert reading.read(desk, "center/all/1").body == "Send ten people"


def test_v10_a_forwarded_letter_whose_header_is_real_and_whose_text_is_not(net: Net) -> None:
    """The header, the signatures and the roster are the center's; the text beside them is tver's invention."""
    net.send(STASOVA, "Send ten people", "tver")
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        entry = desk.chain.channel("center/tver").entry(1)
        assert entry is not None
        true = [
            (name, source if isinstance(source, bytes) else source.read(size))
            for name, size, source in forwarding.pack(desk, entry).members()
        ]
    archive, made_up = forged_archive(net, IVANOV, "Send nobody")
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for name, data in true:
        put = archive if name == "letter.tar" else data
        writer.add(name, len(put), put)
    writer.close()
    row = {
        "channel": "center/tver",
        "fingerprint": net.fingerprint,
        "hash": entry.hash,
        "letter": entry.header.letter,
        "network": NETWORK,
        "number": 1,
    }
    for letter in (entry.header.letter, made_up):
        pass_on(net, IVANOV, "samara", "1.publication", sink.getvalue(), {**row, "letter": letter})
    fetched = net.fetch(ORLOV)
    assert fetched.exit_code == 3
    assert [type(error) for error in fetched.unreadable] == [ForwardedAlteredError] * 2
    with net.desk(ORLOV) as desk:
        shown = reading.read(desk, "tver/samara/1")
        assert shown.body == "See the center's own words."
        [found] = shown.forwarded
        assert found.published is None
        assert list(found.lines()) == []
        assert "Send nobody" not in str(found.as_json())
        with pytest.raises(ForwardedAlteredError):
            reading.read(desk, "tver/samara/1", save=net.root / "saved")
    assert not any((net.root / "saved").iterdir())


def test_v10_a_true_letter_forwarded_under_the_number_of_another_is_refused(net: Net) -> None:
    """What the center wrote last year is true, and is not what it wrote under this number."""
    net.send(STASOVA, "Last year's order", "tver")
    net.send(STASOVA, "This year's order", "tver")
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        first, second = (desk.chain.channel("center/tver").entry(number) for number in (1, 2))
        assert first is not None
        assert second is not None
        packed = forwarding.pack(desk, first)
        with packed.open() as source:
            data = source.read()
    row = {
        "channel": "center/tver",
        "fingerprint": net.fingerprint,
        "hash": second.hash,
        "letter": second.header.letter,
        "network": NETWORK,
        "number": 2,
    }
    pass_on(net, IVANOV, "samara", "1.publication", data, row)
    assert [type(error) for error in net.fetch(ORLOV).unreadable] == [ForwardedAlteredError]


def test_a_committee_that_lost_everything_has_its_letters_again_and_who_rotated_needs_none(net: Net) -> None:
    """Samara burnt down; tver only took new keys. The center shares all that each lacks: for tver that is nothing."""
    net.send(STASOVA, "Circular", "all")
    for who in (ORLOV, IVANOV):
        net.fetch(who)
    written = net.send(ORLOV, "Before the fire", "center").place
    net.fetch(STASOVA)
    shutil.rmtree(net.home(ORLOV))
    with net.desk(STASOVA) as desk:
        invitation = net.root / "again.invitation"
        invitation.write_text(admission.invite(desk, "samara"))
    joined = founding.join(str(invitation), officer="orlov", home=net.home(ORLOV), clock=net.clock)
    with net.desk(IVANOV) as desk:
        rotating.rotate(desk)
    with net.desk(STASOVA) as desk:
        admission.admit(desk, [str(joined.card_file)], heard=joined.spoken)
        admission.admit(desk, [IVANOV])
    for who in (ORLOV, IVANOV):
        net.fetch(who)
    with net.desk(STASOVA) as desk:
        assert sharing.share(desk, (), to=IVANOV, everything=True).places == ()
        done = sharing.share(desk, (), to=ORLOV, everything=True)
    assert set(done.places) == {"center/all/1", written}
    fetched = net.fetch(ORLOV)
    assert fetched.exit_code == 0
    with net.desk(ORLOV) as desk:
        assert reading.read(desk, "center/all/1").body == "Circular"
        assert reading.read(desk, written).body == "Before the fire"
        packed = publication.pack(publishing.content(desk, "center/all/1"))  # as good as its own copy, in every use
        with packed.open() as file:
            assert publication.verify(file, net.fingerprint).letter.body == "Circular"
    net.clean()


def test_i4_an_original_whose_header_comes_later_opens_when_it_has_come(net: Net) -> None:
    """The carrier brings the message that shares a letter, and holds back the letter's own header for a day."""
    net.send(STASOVA, "Send ten people", "all")
    name = names.note_name(NETWORK, "center/all", 1)
    held_back = net.store.objects[name]
    with net.desk(STASOVA) as desk:
        join(net, desk, LEBEDEV, clock=net.clock, overrides=Overrides())
        sharing.share(desk, ["center/all/1"], to="tver")
    del net.store.objects[name]
    fetched = net.fetch(LEBEDEV)
    assert [type(error) for error in fetched.unreadable] == [OriginalUnknownError]
    assert fetched.exit_code == 6
    net.store.objects[name] = held_back
    fetched = net.fetch(LEBEDEV)
    assert (fetched.exit_code, subjects(fetched)) == (0, ["Send ten people"])
    with net.desk(LEBEDEV) as desk:
        assert reading.read(desk, "center/all/1").body == "Send ten people"
