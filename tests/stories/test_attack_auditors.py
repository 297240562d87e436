"""A carrier shows two auditors two histories. What each of them signs finds it out, for anybody who looks."""

from carrierkit import ALL, Stage, ends_with, found
from workflowkit import BAZHANOV, ORLOV, REVIZOR, STASOVA, Net, join, subjects

from cipherpost.workflows import audit_signing, offices
from cipherpost.workflows.auditing import Subject, audit
from cipherpost.workflows.results import Posted

KUUSINEN = "control/kuusinen"


def second_auditor(net: Net) -> None:
    """The center admits a second auditor's office."""
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="control", title="Control", role="auditor")])
        join(net, desk, KUUSINEN, clock=net.clock)
    net.fetch(STASOVA)


def sign(net: Net, who: str) -> Posted:
    with net.desk(who) as desk:
        audit_signing.begin(desk)
        return audit_signing.post(desk, audit(Subject.of_home(desk)))


def test_i3_a_carrier_shows_two_auditors_two_histories(stage: Stage) -> None:
    """Two officers of the center write at once; the carrier keeps two post offices, and shows one to each auditor.

    Each audit is clean (0), and each auditor signs. Of what he signed no more than his note and the public heads must
    get across: whoever audits then, with nothing but the fingerprint, finds that the heads name another circular than
    the one that stands here (`disagrees`), naming the audit; and once both sides are there, the fork (7) and the two
    audits. The other auditor's home says so too, and the center reads both audits.
    """
    net = stage.net
    second_auditor(net)
    other = stage.apart(BAZHANOV, ORLOV, KUUSINEN)
    for text in ("one", "two"):
        net.send(STASOVA, f"{text} from stasova", "all")
        net.send(BAZHANOV, f"{text} from bazhanov", "all")
    mine, theirs = sign(net, REVIZOR), sign(net, KUUSINEN)
    assert (mine.place, theirs.place) == ("audit/center/1", "control/center/1")
    for who in (REVIZOR, KUUSINEN):
        assert ends_with(stage.audit(who)) == 0, f"nothing tells {who} yet"
    state = other.state()
    across = {name: data for name, data in state.items() if "/control/" in name}
    stage.bring(across)
    for who in ("stranger", REVIZOR):
        report = stage.audit(who)
        (names_another,) = [each for each in report.findings if each.code == "disagrees" and each.channel != ALL][:1]
        assert (names_another.channel, names_another.number) == ("control/center", 1)
        assert f"another {ALL}/2" in names_another.detail
    stage.bring(state, aside=("center/all/1", "center/all/2"))
    report = stage.audit()
    assert ("fork", "center/all/1") in found(report)
    assert ends_with(report) == 7
    told = {each.channel: each.detail for each in report.findings if each.code == "disagrees"}
    assert told == {
        "audit/center": "its public heads name another center/all/2 than those of control/center/1",
        "control/center": "its public heads name another center/all/2 than those of audit/center/1",
    }
    del net.posts[KUUSINEN]
    assert ends_with(stage.audit(KUUSINEN)) == 7
    assert {text[:8] for text in subjects(net.fetch(STASOVA)) if text.startswith("Audit of")} == {"Audit of"}


def test_i3_an_auditor_is_shown_less_than_he_signed(stage: Stage) -> None:
    """After the auditor signed, the carrier goes back to what was there before, for everybody who asks.

    His audit stands alone, with its heads: a stranger's audit names the number that the heads list and nobody shows
    (`gap`, 6), and the auditor's own home says `rollback` (3).
    """
    net = stage.net
    net.everybody_fetches()
    before = stage.carrier.state()
    net.send(STASOVA, "the last", "all")
    place = sign(net, REVIZOR).place
    audits = {name for name in stage.carrier.state() if "/audit/" in name}
    for name in stage.carrier.state():
        if name not in before and name not in audits:
            stage.carrier.withhold(name)
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("gap", "center/all/1")], 6)
    assert place in report.findings[0].detail
    assert ("rollback", "center/all/1") in found(stage.audit(REVIZOR))
