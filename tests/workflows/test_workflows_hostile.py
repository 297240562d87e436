"""What a carrier or a colleague may do to make a round endless, or to lead what is saved elsewhere."""

from pathlib import Path

from workflowkit import IVANOV, NETWORK, STASOVA, Net

from cipherpost import limits
from cipherpost.dispatch.header import Ack, Header, RosterRef, format_header
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.workflows import reading


def withhold_every_second(net: Net, count: int) -> None:
    """``count`` checks of tver to the center, of which the carrier shows only every second."""
    with net.desk(IVANOV) as desk:
        newest = desk.roster.newest
        found = desk.roster.hash_of(newest)
        assert found is not None
        number, previous = desk.chain.channel("tver/center").tip
        for at in range(count):
            number += 1
            header = Header(
                network=NETWORK,
                channel="tver/center",
                number=number,
                previous=previous,
                time=desk.time(),
                by="ivanov",
                kind="check",
                roster=RosterRef(newest, found),
                acks=(Ack("center/tver", 0, None, "seen"),),
            )
            text = Text(Purpose.DISPATCH, format_header(header))
            previous = text.hash
            if at % 2:
                net.store.objects[names.note_name(NETWORK, "tver/center", number)] = desk.keys.signer.sign(text)


def test_i11_more_gaps_than_a_header_holds_are_said_once(net: Net) -> None:
    net.everybody_fetches()
    withhold_every_second(net, 2 * (limits.MISSING + 6))
    first = net.fetch(STASOVA, full=True)
    assert first.exit_code == 6
    assert len(first.missing["tver/center"]) == limits.MISSING + 6
    assert [posted.channel for posted in first.posted] == ["center/tver"]
    assert len(net.header(STASOVA, "center/tver/1").missing) == limits.MISSING
    assert net.fetch(STASOVA, full=True).posted == []


def test_i1_a_link_in_the_folder_leads_nothing_elsewhere(net: Net, tmp_path: Path) -> None:
    plan, precious, folder = tmp_path / "plan.txt", tmp_path / "precious.txt", tmp_path / "saved"
    plan.write_text("the plan")
    precious.write_text("precious")
    folder.mkdir()
    for at in range(3):
        (folder / f".{at}-plan.txt.part").symlink_to(precious)
    net.send(STASOVA, "with a plan", "tver", attach=(plan,))
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        reading.read(desk, "center/tver/1", save=folder)
    assert precious.read_text() == "precious"
    assert (folder / "plan.txt").read_text() == "the plan"
    assert not (folder / "plan.txt").is_symlink()


def test_i12_the_longest_name_of_an_attachment_can_be_saved(net: Net, tmp_path: Path) -> None:
    longest = "\u5831" * ((limits.ATTACHMENT_NAME_BYTES - 4) // 3) + ".txt"
    (tmp_path / longest).write_text("x")
    net.send(STASOVA, "a long name", "tver", attach=(tmp_path / longest,))
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        reading.read(desk, "center/tver/1", save=tmp_path / "saved")
    assert (tmp_path / "saved" / longest).read_text() == "x"
