"""V5, V6: a dispatch that bears endorsements and no draft does not count, whatever its endorsements are."""

from chainkit import NOW, Net, offer

from cipherpost.dispatch.header import Endorsement
from cipherpost.dispatch.parts import Report


def test_v6_endorsed_without_a_draft_never_counts_where_a_threshold_asks_for_two() -> None:
    net = Net()
    net.found("tver")
    net.entry("threshold tver 2")
    chain = net.chain()
    nil = Report("monthly-return", "2026-10", None, True)
    forged = (Endorsement("petrova", bytes(64)),)
    alone = net.make("tver/center", kind="report", report=nil, endorsed=forged)
    assert offer(chain, alone).status == "void"
    after = net.make("tver/center", alone)
    assert offer(chain, after).counts
    assert [node.number for node in chain.channel("tver/center").counting()] == [2]
    assert [(each.code, each.number) for each in chain.findings(NOW)] == [("malformed", 1)]
