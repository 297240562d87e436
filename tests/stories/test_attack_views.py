"""A carrier shows old things, or different things to different people. Each story says who finds it, and how."""

from collections.abc import Callable

from carrierkit import ALL, BACK, ROSTER, Stage, ends_with, found, posted_by_a_thief, refusals
from storykit import entry
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, REVIZOR, STASOVA, Net, subjects

from cipherpost.chain.freshness import CenterSilentError
from cipherpost.note import split
from cipherpost.text import sha256
from cipherpost.workflows import forks, offices

# ---- the past --------------------------------------------------------------------------------------------------------


def test_i4_a_carrier_rolls_the_post_office_back_for_one_office(any_stage: Stage) -> None:
    """Tver and the auditor are shown the post office of yesterday; the others are not.

    What tver has, it keeps, and its fetch finds nothing (0). The auditor's home says `rollback` (3); an audit without a
    home cannot, but the two spoken numbers differ. Tver's own newest number, gone, is put back.
    """
    net = any_stage.net
    net.send(STASOVA, "one", "all")
    net.everybody_fetches()
    yesterday = any_stage.carrier.state()
    net.send(STASOVA, "two", "all")
    net.send(IVANOV, "an answer", "center")
    net.everybody_fetches()
    honest = any_stage.audit()
    any_stage.shown_to(IVANOV, REVIZOR, "stranger").roll_back(yesterday)
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == ([], 0)
    assert net.header(IVANOV, "center/all/2").by == "stasova"
    report = any_stage.audit(REVIZOR)
    assert {("rollback", "center/all/2"), ("rollback", "tver/center/2")} <= {*found(report)}
    assert ends_with(report) == 3
    stranger = any_stage.audit()
    assert ends_with(stranger) == 0
    assert list(stranger.lines())[-1] != list(honest.lines())[-1], "compared by telephone, the numbers differ"


def test_v4_a_carrier_freezes_the_post_office(stage: Stage) -> None:
    """From some day on tver sees nothing new, though it may post, and everybody else goes on.

    Its fetch finds nothing until the check interval is over; then it seals nothing (5), and an audit of what is shown
    says `stale` (5). What it wrote waits, and goes out when the carrier relents.
    """
    net = stage.net
    net.everybody_fetches()
    stage.shown_to(IVANOV, "stranger").freeze()
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
    net.send(STASOVA, "new", "all")
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == ([], 0)
    net.later(days=31)
    stage.net.fetch(STASOVA)
    waiting = net.send(IVANOV, "is anybody there", "center").waiting
    assert isinstance(waiting, CenterSilentError)
    assert waiting.exit_code == 5
    report = stage.audit()
    assert "stale" in {code for code, _ in found(report)}
    assert ends_with(report) == 5
    del net.posts[IVANOV]
    fetched = net.fetch(IVANOV)
    assert "new" in subjects(fetched)
    assert "message" in [each.kind for each in fetched.posted]
    assert subjects(net.fetch(STASOVA)) == ["is anybody there"]


def test_v2_a_carrier_fast_forwards_a_channel(any_stage: Stage) -> None:
    """The newest circular is shown under the last of all numbers too, to make readers skip what comes.

    Readers ask for the next number and never see it; `fetch --full` and the audit call it misplaced (3). Nothing is
    called missing, and number 2 comes as ever.
    """
    net = any_stage.net
    net.send(STASOVA, "one", "all")
    any_stage.carrier.fast_forward(any_stage.name("center/all/1"), 99_999_999)
    assert net.fetch(IVANOV).exit_code == 0
    fetched = net.fetch(IVANOV, full=True)
    assert (refusals(fetched), fetched.exit_code) == ([("MisplacedError", "center/all/99999999")], 3)
    assert fetched.missing == {}
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("misplaced", "center/all/99999999")], 3)
    assert net.send(STASOVA, "two", "all").number == 2
    assert subjects(net.fetch(IVANOV)) == ["two"]


def test_v4_a_carrier_mixes_an_old_roster_with_new_channels(any_stage: Stage) -> None:
    """Tver and a stranger see the roster as it was before samara's clerk was retired, beside today's letters.

    What cites the newer entry is held (6) and not read, so an old roster never speaks for a new letter; the audit names
    the entry that is missing (6). Shown the roster, tver reads on.
    """
    net = any_stage.net
    net.everybody_fetches()
    before = any_stage.carrier.state()
    net.send(STASOVA, "by the old roster", "all")
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
        newest = desk.roster.newest
    net.send(STASOVA, "by the new roster", "all")
    any_stage.shown_to(IVANOV, "stranger").mix(f"{NETWORK}/{ROSTER}/", before)
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == (["by the old roster"], 6)
    assert [(channel, number) for channel, number, _ in fetched.held] == [(ALL, 2)]
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("gap", f"{ROSTER}/{newest}"), ("held", "center/all/2")], 6)
    del net.posts[IVANOV]
    assert subjects(net.fetch(IVANOV)) == ["by the new roster"]


def test_v3_a_carrier_mixes_an_old_channel_with_a_new_roster(any_stage: Stage) -> None:
    """The roster is today's, the circulars are yesterday's.

    Nobody can tell while nobody speaks of the newer ones; with the first letter whose header states the head, tver's
    fetch misses them (6), as the audit does where anybody acked them (6).
    """
    net = any_stage.net
    net.send(STASOVA, "one", "all")
    net.everybody_fetches()
    before = any_stage.carrier.state()
    net.send(STASOVA, "two", "all")
    any_stage.shown_to(IVANOV, "stranger").mix(f"{NETWORK}/{ALL}/", before)
    assert net.fetch(IVANOV).exit_code == 0
    assert ends_with(any_stage.audit()) == 0
    net.send(STASOVA, "to tver alone", "tver")
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == (["to tver alone"], 6)
    assert fetched.missing == {ALL: [(2, 2)]}
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("gap", "center/all/2")], 6)
    del net.posts[IVANOV]
    assert subjects(net.fetch(IVANOV)) == ["two"]


# ---- one thing to one, another to another ----------------------------------------------------------------------------


def test_i3_a_carrier_divides_the_network_in_two(stage: Stage) -> None:
    """From some day on the carrier keeps two post offices: stasova and tver see one, bazhanov and samara the other.

    While nothing passes between the two, each audit is clean, and only the spoken numbers, compared by telephone, tell.
    Once anything of the other side comes through, all who see both sides of the circulars stop there: a fork (7), of
    which the proof accuses nobody, since two officers signed. `settle` ends it: samara reads the
    number that was settled, and with the next circular, which links to them, the rest.
    """
    net = stage.net
    other = stage.apart(BAZHANOV, ORLOV, "stranger")
    for text in ("one", "two"):
        net.send(STASOVA, f"{text} from stasova", "all")
        net.send(BAZHANOV, f"{text} from bazhanov", "all")
    assert subjects(net.fetch(IVANOV)) == ["one from stasova", "two from stasova"]
    assert subjects(net.fetch(ORLOV)) == ["one from bazhanov", "two from bazhanov"]
    theirs = stage.audit()
    del net.posts["stranger"]
    ours = stage.audit()
    assert (ends_with(ours), ends_with(theirs)) == (0, 0)
    assert list(ours.lines())[-1] != list(theirs.lines())[-1], "compared by telephone, the numbers differ"
    stage.bring(other.state(), aside=("center/all/1", "center/all/2"))
    for who in (BAZHANOV, ORLOV):
        del net.posts[who]
    report = stage.audit()
    assert ("fork", "center/all/1") in found(report)
    assert ends_with(report) == 7
    net.send(IVANOV, "a report", "center")
    fetched = net.fetch(BAZHANOV)
    assert (subjects(fetched), fetched.exit_code) == (["a report"], 6), "the other channels go on"
    assert net.fetch(BAZHANOV).exit_code == 7
    with net.desk(STASOVA) as desk:
        assert forks.look(desk).exit_code == 7
        hers = sha256(split(stage.note("center/all/1")).text)
        forks.settle(desk, forks.plan_settlement(desk, f"{ALL}/1", hers))
    assert net.fetch(STASOVA).exit_code == 0
    assert subjects(net.fetch(ORLOV)) == ["one from stasova"]
    net.send(STASOVA, "three", "all")
    assert subjects(net.fetch(ORLOV)) == ["two from stasova", "three"]
    assert subjects(net.fetch(IVANOV)) == ["three"]
    assert ends_with(stage.audit()) == 0


def test_i3_a_carrier_with_a_stolen_home_shows_two_committees_two_circulars(
    stage: Stage, make_net: Callable[[str], Net]
) -> None:
    """Tver is shown stasova's circular; samara, under its number, what the carrier posted from a copy of her home.

    Both acknowledge what they saw, and the two hashes tell (`disagrees`). The other notes come to light as evidence of
    those who are contradicted: then the audit and the center's `forks` have both, a fork against her key (7).
    """
    net = stage.net
    stolen = posted_by_a_thief(make_net("thief"), STASOVA, "the false one", "all")
    net.send(STASOVA, "the true one", "all")
    samara = stage.shown_to(ORLOV)
    for name, data in stolen.items():
        samara.replace(name, data)
    assert subjects(net.fetch(IVANOV)) == ["the true one"]
    assert subjects(net.fetch(ORLOV)) == ["the false one"]
    assert subjects(net.fetch(BAZHANOV)) == []
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("disagrees", "samara/center/1")], 0)
    net.send(BAZHANOV, "to samara", "samara")  # its header states the head of center/all, which samara has not
    assert subjects(net.fetch(ORLOV)) == ["to samara"]
    report = stage.audit()
    assert ("fork", "center/all/1") in found(report)
    assert ends_with(report) == 7
    with net.desk(BAZHANOV) as desk:
        told = forks.look(desk)
    assert [(fork.channel, fork.number) for fork in told.forks] == [(ALL, 1)]
    assert told.exit_code == 7


def test_i3_a_carrier_with_a_stolen_home_shows_the_auditor_another_history(
    stage: Stage, make_net: Callable[[str], Net]
) -> None:
    """The center is shown tver's report; the auditor, under its number, one posted from a copy of tver's home.

    Each acknowledges what it has, and the acks name two hashes. The center's fetch lays what it saw under its evidence:
    the auditor, who is shown the false report still, finds the fork there (7); so does everybody once his is laid down.
    """
    net = stage.net
    stolen = posted_by_a_thief(make_net("thief"), IVANOV, "the false report", "center")
    net.send(IVANOV, "the true report", "center")
    auditor = stage.shown_to(REVIZOR)
    for name, data in stolen.items():
        auditor.replace(name, data)
    assert net.fetch(REVIZOR).exit_code == 0
    assert subjects(net.fetch(STASOVA)) == ["the true report"]
    report = stage.audit(REVIZOR)
    assert found(report) == [("fork", f"{BACK}/1"), ("disagrees", "center/tver/1")]
    net.fetch(REVIZOR)
    report = stage.audit()
    assert ("fork", f"{BACK}/1") in found(report)
    assert ends_with(report) == 7


def test_v4_a_carrier_with_a_keepers_key_splits_the_roster(stage: Stage) -> None:
    """The only keeper's key is stolen: samara is shown an entry of the thief's, all others that of the keeper.

    Whoever cites one side is held (6) by those who have the other, and `disagrees`; nobody changes sides. The audit
    that sees both, by the evidence that is laid down, says fork (7), and the letters of the others are read.
    """
    net = stage.net
    net.everybody_fetches()
    header, note = entry(net, "stasova", "title samara Elsewhere")
    net.later(seconds=1)
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
    stage.shown_to(ORLOV).replace(stage.name(f"{ROSTER}/{header.number}"), note)
    for who in (IVANOV, ORLOV, BAZHANOV):
        net.fetch(who)
    net.send(ORLOV, "from the split side", "center")
    net.send(IVANOV, "from the true side", "center")
    fetched = net.fetch(BAZHANOV)
    assert subjects(fetched) == ["from the true side"]
    assert fetched.exit_code == 6
    assert {channel for channel, _, _ in fetched.held} == {"samara/center"}
    report = stage.audit()
    assert {("held", "samara/center/1"), ("disagrees", "samara/center/1")} <= {*found(report)}
    net.send(BAZHANOV, "to samara", "samara")
    net.fetch(ORLOV)
    net.fetch(BAZHANOV)
    report = stage.audit()
    assert ("fork", f"{ROSTER}/{header.number}") in found(report)
    assert ends_with(report) == 7
