"""Proposals, endorsements and the dispatch that enough of them make."""

from workflowkit import BAZHANOV, IVANOV, STASOVA, Net, send

from cipherpost.roster import words
from cipherpost.workflows import endorsing, entries, proposals


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
