"""What readers may do with a letter, and offices with each other's names. Each story says who finds it, and how."""

from carrierkit import ALL, Stage, ends_with, found, refusals
from senderkit import deliver, letter, opened, other_payload, recipients, taken
from storykit import next_header, signed
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, subjects

from cipherpost.dispatch.header import Ack


def test_v9_a_reader_puts_another_payload_under_the_age_header_of_a_circular(stage: Stage) -> None:
    """Ivanov can open the circular, so he knows its file key, and lays another text under its age header for samara.

    By age alone it would open to orlov as if the center had sealed it. Orlov's fetch and `audit --sealed` say swapped
    (3), for the center signs the hash of the whole file. Its next fetch puts the true one back.
    """
    net = stage.net
    net.send(STASOVA, "the true circular", "all")
    net.send(STASOVA, "to samara", "samara")
    name = stage.sealed(STASOVA, "center/all/1")
    true = stage.carrier.state()[name]
    with net.desk(IVANOV) as desk:
        forged = other_payload(true, desk.keys.identities, letter(net, "a false circular").data)
    assert b"a false circular" in opened(net, ORLOV, forged), "age itself is content"
    stage.lay(name, forged)
    fetched = net.fetch(ORLOV)
    assert (subjects(fetched), fetched.exit_code) == (["to samara"], 3)
    assert refusals(fetched) == [("LetterSwappedError", "center/all/1")]
    report = stage.audit(sealed=True)
    assert (found(report), ends_with(report)) == ([("swapped", "center/all/1")], 3)
    net.fetch(STASOVA)
    assert stage.carrier.state()[name] == true
    assert subjects(net.fetch(ORLOV)) == ["the true circular"]
    assert found(stage.audit(sealed=True)) == []


def test_v10_a_reader_seals_a_letter_on_to_others_as_if_it_were_written_to_them(stage: Stage) -> None:
    """Ivanov seals what the center wrote to tver alone anew to samara, salts and all, in a dispatch of his own.

    The letter says for whom it was written: orlov's fetch refuses it (3, LetterheadError) and shows nothing of it. An
    audit, which opens nothing, finds nothing. What else tver writes is read.
    """
    net = stage.net
    net.send(STASOVA, "for tver alone", "tver")
    net.fetch(IVANOV)
    papers = taken(net, IVANOV, "center/tver/1")
    deliver(net, IVANOV, "tver/samara", "message", papers, recipients(net, ORLOV, IVANOV, PETROV))
    net.send(PETROV, "an honest word", "samara")
    fetched = net.fetch(ORLOV)
    assert (subjects(fetched), fetched.exit_code) == (["an honest word"], 3)
    assert refusals(fetched) == [("LetterheadError", "tver/samara/1")]
    assert found(stage.audit(sealed=True)) == []
    assert refusals(net.fetch(PETROV)) == [("LetterheadError", "tver/samara/1")], "his own colleague sees what he did"
    assert net.ack_words(PETROV, "tver/samara", 1)["samara"] == ["failed"]


def test_v10_an_officer_of_the_center_passes_off_a_letter_to_one_as_one_to_all(stage: Stage) -> None:
    """Bazhanov posts to all, under his own name, the letter that stasova wrote to tver alone.

    Each reader's fetch refuses it (3): its `to` does not name the audience. Forwarding it openly goes by another way.
    """
    net = stage.net
    net.send(STASOVA, "for tver alone", "tver")
    net.fetch(BAZHANOV)
    papers = taken(net, BAZHANOV, "center/tver/1")
    everybody = recipients(net, IVANOV, PETROV, ORLOV, STASOVA, BAZHANOV)
    deliver(net, BAZHANOV, ALL, "circular", papers, everybody)
    net.send(STASOVA, "a true one", "all")
    for who in (IVANOV, ORLOV):
        fetched = net.fetch(who)
        assert ("LetterheadError", "center/all/1") in refusals(fetched)
        assert fetched.exit_code == 3
        assert "a true one" in subjects(fetched)
    assert found(stage.audit(sealed=True)) == []


# ---- in another office's name --------------------------------------------------------------------------------------


def test_v5_a_committee_writes_into_the_channel_of_another(any_stage: Stage) -> None:
    """Ivanov lays a dispatch into samara's channel to the center: by his own name, then in orlov's name.

    The center's fetch and the audit call both forged (3), for samara has no officer ivanov, and orlov signed nothing.
    Samara's own number 1 goes beside it and is read.
    """
    net = any_stage.net
    net.fetch(IVANOV)
    acks = (Ack("center/samara", 0, None, "seen"),)
    header = next_header(net, IVANOV, "samara/center", "receipt", acks=acks)
    for by in ("ivanov", "orlov"):
        any_stage.lay(any_stage.name("samara/center/1"), signed(net, IVANOV, header._replace(by=by)))
        fetched = net.fetch(STASOVA)
        assert (refusals(fetched), fetched.exit_code) == ([("ForgedError", "samara/center/1")], 3)
        report = any_stage.audit()
        assert (found(report), ends_with(report)) == ([("forged", "samara/center/1")], 3)
    assert net.send(ORLOV, "from samara itself", "center").number == 1
    assert "from samara itself" in subjects(net.fetch(STASOVA))
