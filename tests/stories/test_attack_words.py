"""Words that lie: an auditor's heads and acks, a center that acked and denies. Each says who finds it, and how."""

from carrierkit import ALL, BACK, TVER, Stage, ends_with, found
from senderkit import deliver, letter, recipients
from storykit import lay, next_header, signed
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, REVIZOR, STASOVA, Net, subjects
from workflows.filedkit import figures, oblige, period, report

from cipherpost.dispatch.header import Ack, Head, HeadsFile, Missing
from cipherpost.dispatch.heads import format_heads
from cipherpost.ledger.debt import State
from cipherpost.postoffice import names
from cipherpost.text import sha256
from cipherpost.workflows import returns, standing

FALSE = "ab" * 32


def audits(net: Net, heads: list[Head], *acks: Ack) -> None:
    """The auditor posts a signed audit with these public heads."""
    net.fetch(REVIZOR, receipts=False)
    file = format_heads(heads)
    stated = HeadsFile(sha256(file), len(file))
    net.store.objects[names.heads_name(NETWORK, "audit", stated.hash)] = file
    papers = letter(net, "nothing was found", from_office="audit", to=("center",), kind="audit")
    readers = recipients(net, STASOVA, BAZHANOV, REVIZOR)
    deliver(net, REVIZOR, "audit/center", "audit", papers, readers, heads_file=stated, acks=acks)


def test_v8_an_auditor_lies_in_his_heads_and_acks(stage: Stage) -> None:
    """Revizor signs heads and acks with hashes of dispatches that nobody ever sent, to have the center suspected.

    Every audit says `disagrees` (0; `--strict` 3) at his dispatch, and points to nobody, since he may be the only
    honest witness; nobody's dispatch falls, and all are read. Nobody can show the other dispatch: so nothing is a fork.
    """
    net = stage.net
    net.send(STASOVA, "the circular", "all")
    net.send(IVANOV, "the report", "center")
    audits(net, [Head(ALL, 1, FALSE)], Ack(BACK, 1, FALSE, "seen"))
    assert subjects(net.fetch(ORLOV)) == ["the circular"]
    assert sorted(subjects(net.fetch(STASOVA))) == ["a letter", "the report"]
    audited = stage.audit()
    assert {*found(audited)} == {("disagrees", "audit/center/1")}
    assert ends_with(audited) == 0
    assert audited.exit_code(strict=True, everything=False) == 3
    assert {each.points_to for each in audited.findings} == {"nobody"}


def test_v3_an_auditor_names_numbers_that_nobody_sent(stage: Stage) -> None:
    """Revizor says that he has seen number 5 of tver, which has sent one: all would wait for four that never were.

    The audit says `gap` (6) and names his dispatch as the one that says so; what is there is read. Once the center has
    declared his keys stolen, with a cut below it, his word is gone from every audit.
    """
    net = stage.net
    net.send(IVANOV, "the report", "center")
    net.fetch(STASOVA)
    audits(net, [Head(BACK, 5, FALSE)], Ack(BACK, 5, FALSE, "seen"))
    audited = stage.audit()
    assert (found(audited), ends_with(audited)) == ([("gap", f"{BACK}/2")], 6)
    assert "audit/center/1 names number 5" in audited.findings[0].detail
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "compromised", REVIZOR, cuts=["audit/center/0"]))
    audited = stage.audit()
    assert {code for code, _ in found(audited)} == {"void"}
    assert ends_with(audited) == 0


def test_v11_a_center_acknowledges_a_report_and_denies_it(stage: Stage) -> None:
    """Stasova's program has acked tver's return in time; weeks later bazhanov signs that nothing ever came.

    The ack stands: in every ledger tver was on time by receipt, samara alone is overdue, and the audit finds nothing
    against tver. Tver's own receipt shows the ack to whoever doubts it.
    """
    net = stage.net
    oblige(net)
    about = period(net)
    net.fetch(IVANOV)
    posted = report(net, IVANOV, figures())
    net.fetch(STASOVA)
    net.fetch(IVANOV)
    net.later(days=20)
    net.fetch(BAZHANOV, receipts=False)
    said = (Ack(BACK, 0, None, "seen"),)
    denial = next_header(net, BAZHANOV, TVER, "check", acks=said, missing=(Missing(BACK, 1, posted.number or 1),))
    lay(net, denial, signed(net, BAZHANOV, denial))
    audited = stage.audit(REVIZOR)
    about_tver = [(each.code, each.channel) for each in audited.findings if "tver" in (each.channel or "")]
    assert about_tver == []
    assert [(each.code, each.office) for each in audited.findings if each.code == "overdue"] == [("overdue", "samara")]
    net.fetch(REVIZOR)
    with net.desk(REVIZOR) as desk:
        debts = {debt.office: debt for debt in returns.returns(desk, about).debts}
    assert (debts["tver"].state, debts["tver"].judged_by) == (State.ON_TIME, "receipt")
    assert debts["samara"].state == State.OVERDUE
