"""What is written to deceive whoever reads it at a terminal. Each story says who sees it, and how harmlessly."""

import os
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import cliharness
import pytest
from carrierkit import ALL, BACK, Stage, refusals
from senderkit import Papers, deliver, letter, recipients
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, Net, send, subjects
from workflows.filedkit import FORM, demand, figures, oblige, period, report

from cipherpost.letter import papers
from cipherpost.roster import words
from cipherpost.workflows import endorsing, entries

EVIL = "pay \x1b[2J\x1b]0;owned\x07 \x9b31m \u202etxt.exe\u2066 \u2028center/all/9 read\x00\x08"
EVERYBODY = (IVANOV, PETROV, ORLOV, STASOVA, BAZHANOV)


class Terminal:
    """A clerk's commands over the post office of a story, which goes onto a disk for it."""

    def __init__(self, net: Net) -> None:
        for name, data in net.store.objects.items():
            path = net.root / "post" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self._net = cliharness.Net(net.root, cliharness.Clock(datetime.now(UTC)))
        self._clock = net.clock
        self._net.state = Path(os.environ["CIPHERPOST_STATE_DIR"])

    def sees(self, who: str, *command: str, code: int = 0) -> str:
        """What a command shows, after asserting that nothing in it moves the cursor, hides, or turns words around."""
        shown = ""
        for tty in (True, False) if command[0] != "fetch" else (True,):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cliharness.CLOCK, self._clock)
                done = self._net.run(who.replace("/", "-"), *command, tty=tty)
            assert done.code == code, done
            shown = re.sub(r"\x1b\[[0-9;]*[mK]|\r", "", done.out + done.err)  # our own bold, colours, progress
            bad = {each for each in shown if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp"}} - {"\n", "\t"}
            assert bad == set(), (command, tty)
        return shown


def test_i1_a_letter_has_escape_sequences_in_its_body(stage: Stage) -> None:
    """Bazhanov writes a circular whose text clears the screen, renames the window, and turns words around.

    A clerk sees each such character as its number, in every command that shows the letter, and the rest as written.
    """
    net = stage.net
    net.fetch(BAZHANOV)
    deliver(net, BAZHANOV, ALL, "circular", letter(net, EVIL), recipients(net, *EVERYBODY))
    clerk = Terminal(net)
    clerk.sees(IVANOV, "fetch")
    for command in (("inbox",), ("status",), ("read", "center/all/1", "--json")):
        clerk.sees(IVANOV, *command)
    shown = clerk.sees(IVANOV, "read", "center/all/1")
    assert "\\u001b[2J" in shown
    assert "\\u202etxt.exe" in shown


@pytest.mark.parametrize(("where", "error"), [("subject", "PaperError"), ("attachment", "MembersError")])
def test_v10_a_letter_has_escape_sequences_where_lists_show_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: str, error: str
) -> None:
    """Ivanov puts them into a subject, or the name of a file, which lists show before anybody has read the letter.

    The center's fetch refuses the letter (3) and reads the next; the refusal itself quotes nothing of it.
    """
    net = stage.net
    net.fetch(IVANOV)
    with monkeypatch.context() as patch:
        patch.setattr(papers, "name_problem", lambda _: None)
        patch.setattr("cipherpost.ustar.check_name", str.encode)
        patch.setattr("cipherpost.tar.check_name", str.encode)
        evil = Papers(
            net,
            [("body.txt", "text/plain", b"x"), (f"attachments/{EVIL if where == 'attachment' else 'x'}", "a/b", b"x")],
            from_office="tver",
            to=("center",),
            kind="message",
            subject=EVIL if where == "subject" else "a letter",
        )
    deliver(net, IVANOV, BACK, "message", evil, recipients(net, STASOVA, BAZHANOV, IVANOV, PETROV))
    net.send(PETROV, "an honest word", "center")
    clerk = Terminal(net)
    clerk.sees(STASOVA, "fetch", code=3)
    clerk.sees(STASOVA, "inbox")
    clerk.sees(STASOVA, "read", "tver/center/1", code=3)
    fetched = net.fetch(BAZHANOV)
    assert (subjects(fetched), refusals(fetched)) == (["an honest word"], [(error, "tver/center/1")])


def test_i1_a_colleague_declines_with_escape_sequences(stage: Stage) -> None:
    """Two must sign; bazhanov declines stasova's letter, and his reason would hide on her screen that he did.

    `proposals`, `read` and `fetch` show the reason harmlessly.
    """
    net = stage.net
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("center", 2)])
        posted = send(desk, "for two", "all")
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        endorsing.decline(desk, str(posted.number), EVIL)
    clerk = Terminal(net)
    for command in (("fetch",), ("proposals",), ("read", f"center/center/{posted.number}"), ("status",)):
        clerk.sees(STASOVA, *command)
    shown = clerk.sees(STASOVA, "read", f"center/center/{posted.number}") + clerk.sees(STASOVA, "proposals")
    assert "pay" in shown


def test_i1_a_report_has_escape_sequences_in_its_answers(stage: Stage) -> None:
    """Tver writes them into the demands and remarks of its return, samara only what turns words around.

    Tver's is left out with a remark that names the fields and quotes nothing; samara's is counted, and every table,
    page and object shows it harmlessly.
    """
    net = stage.net
    oblige(net)
    for who, evil in ((IVANOV, EVIL), (ORLOV, "pay \u202etxt.exe\u2066 more")):
        net.fetch(who)
        report(net, who, figures(3, 1, demand(evil), remarks=evil))
    net.fetch(STASOVA)
    clerk, month = Terminal(net), period(net)
    shown = clerk.sees(STASOVA, "demands")
    assert "pay \\u202etxt.exe\\u2066 more" in shown
    assert "owned" not in shown
    shown = clerk.sees(STASOVA, "collate", FORM, month)
    assert "tver" in shown
    assert "owned" not in shown
    for command in (
        ("collate", FORM, month, "--json"),
        ("collate", FORM, month, "--csv"),
        ("demands", "--json"),
        ("returns",),
    ):
        clerk.sees(STASOVA, *command)
    for place in ("tver/center/1", "samara/center/1"):
        clerk.sees(STASOVA, "read", place)
        clerk.sees(STASOVA, "read", place, "--json")
