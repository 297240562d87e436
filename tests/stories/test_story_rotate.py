"""Stories of keys over time: rotated, stolen, lost, destroyed. Each plays with real homes."""

from workflowkit import IVANOV, NETWORK, ORLOV, STASOVA, Net, subjects

from cipherpost.workflows import admission, rotating


def rotate(net: Net, who: str) -> rotating.Renewal:
    with net.desk(who) as desk:
        return rotating.rotate(desk)


def admit(net: Net, *given: str, heard: str | None = None, by: str = STASOVA) -> admission.Admission:
    with net.desk(by) as desk:
        return admission.admit(desk, given, heard=heard)


def test_a_clerk_rotates_his_keys_and_nobody_misses_a_letter(net: Net) -> None:
    net.send(IVANOV, "with the old key", "center")
    net.send(STASOVA, "under way to the old key", "tver")
    begun = rotate(net, IVANOV)
    assert begun.delivered and begun.entry is None and begun.replaces is not None
    assert [(head.channel, head.number) for head in begun.heads] == [("tver/center", 1)]

    waits = net.send(IVANOV, "written in between", "center")
    assert waits.number is None and type(waits.waiting).__name__ == "KeysUnderWayError"
    round_ = net.fetch(IVANOV)
    assert subjects(round_) == ["under way to the old key"]
    assert round_.renewal is not None and round_.renewal.waiting == 1 and round_.posted == []

    done = admit(net, IVANOV)
    assert done.admitted == [IVANOV] and done.refused == []
    assert [cut.line().split()[0] for cut in done.replaced[0].cuts][0] == "tver/center/1"
    net.send(STASOVA, "to the new key", "tver")

    round_ = net.fetch(IVANOV)
    assert round_.renewal is not None and round_.renewal.entry == done.posted.number
    assert subjects(round_) == ["to the new key"]
    assert "tver/center" in {item.channel for item in round_.posted}
    assert "written in between" in subjects(net.fetch(STASOVA))
    with net.desk(IVANOV) as desk:
        assert len(desk.keys.signers) == 1 and len(desk.keys.identities) == 2
    net.clean()
