"""Stories about letters passed on: what somebody passes off as the center's word, or takes back in its name."""

from workflowkit import BAZHANOV, IVANOV, NETWORK, STASOVA, Net

from cipherpost.dispatch.header import Header, RosterRef, format_header
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.workflows import reading


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
