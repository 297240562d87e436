"""`cancel`, `send --supersedes`, `share` and `forward` as a person types them, and what is said."""

import io
import json

from cliharness import refused

from cipherpost.letter import Attachment
from cipherpost.strictjson import canonical
from cipherpost.workflows.dispatching import Outgoing, send_one
from cipherpost.workflows.plans import Plan


def test_a_superseded_letter_is_marked_and_opening_it_says_so(net):
    net.write("better.md", "# Prepare them better\n")
    better = str(net.root / "better.md")
    assert net.ok("center", "send", better, "--supersedes", "center/all/1").lines == ["center/all/2"]
    net.ok("tver", "fetch")
    rows = [line for line in net.ok("tver", "inbox").lines if line.startswith("center/all/1")]
    assert "[superseded by 2]" in rows[0]
    done = net.ok("tver", "read", "center/all/1")
    assert "this letter was superseded by a later one: center/all/2" in done.err
    assert done.hints == ["cipherpost read center/all/2"]
    found = net.ok("tver", "read", "center/all/2", "--json").json
    assert (found["supersedes"], found["cancels"]) == (1, None)
    assert "[superseded by 2]" in net.ok("center", "outbox").out
    refused(net.run("center", "send", better, "--to", "all", "--supersedes", "1", "--even-if-sent"), 2, "superseded")
    refused(net.run("center", "send", better), 2, "to whom?")
    refused(net.run("center", "send", better, "--supersedes", "1"), 2, "audience")
    refused(net.run("center", "send", better, "--to", "all", "--cancels", "2", "--due", "2024-12-01"), 2)


def test_cancel_takes_a_letter_back_and_says_why(net):
    done = net.ok("center", "cancel", "center/all/1", "-n")
    assert "nothing was sent" in done.err
    assert net.ok("center", "cancel", "center/all/1", "-m", "The hall burned down.").lines == ["center/all/2"]
    net.ok("tver", "fetch")
    done = net.ok("tver", "read", "center/all/2")
    assert "The hall burned down." in done.out
    assert "cancels" in done.out
    assert "this letter was cancelled by a later one: center/all/2" in net.ok("tver", "read", "center/all/1").err
    for words in (("complied", "center/all/1"), ("reply", "center/all/1", "-m", "Too late")):
        assert "this letter was cancelled by a later one: center/all/2" in net.ok("tver", *words).err
    refused(net.run("tver", "cancel", "center/all/1"), 2, "another office's letter")
    refused(net.run("center", "cancel", "13"), 2, "audience")


def test_share_gives_a_new_officer_what_he_could_not_open(net):
    path = net.root / "again.invitation"
    net.ok("center", "invite", "tver", "-o", str(path))
    joined = net.join(path, "lebedev", "lebedev")
    net.ok("center", "admit", "tver/lebedev", "--heard", joined["spoken"])
    net.ok("lebedev", "fetch")
    done = net.run("lebedev", "read", "center/all/1")
    refused(done, 4, "before you were a reader")
    assert done.hints == ["ask the center to run: cipherpost share center/all/1 --to tver"]
    done = net.ok("center", "share", "--all", "--to", "tver/lebedev", "-n")
    assert "would be shared with tver/lebedev: 1 letter" in done.err
    done = net.ok("center", "share", "center/all/1", "--to", "tver", "--json").json
    assert done["shared"] == ["center/all/1"]
    assert done["left_out"] == []
    net.ok("lebedev", "fetch")
    shown = net.ok("lebedev", "read", "center/all/1")
    assert "Report before and after each." in shown.out
    assert "it is the original, as its header proves" in shown.out
    assert net.ok("lebedev", "read", "center/all/1", "--json").json["shared_in"] == done["dispatches"][0]["channel"] + (
        f"/{done['dispatches'][0]['number']}"
    )
    done = net.ok("center", "share", "--all", "--to", "tver/lebedev")
    assert done.out == ""
    assert "nothing to share: every letter that is here was sealed to keys of tver/lebedev" in done.err
    assert "destroyed or lost since, nobody can see from here" in done.err
    refused(net.run("center", "share", "--to", "tver"), 2)


def test_forward_passes_a_letter_on_with_its_proof(net):
    net.ok("center", "group", "volga", "samara", "tver", "--lateral")
    net.ok("tver", "fetch")
    done = net.ok("tver", "forward", "center/all/1", "--to", "volga", "-m", "See the second line.")
    assert done.lines == ["tver/volga/1"]
    net.ok("samara", "fetch")
    shown = net.ok("samara", "read", "tver/volga/1")
    for words in ("See the second line.", "center/all/1 of the network rkpb", "signed by stasova", "before and after"):
        assert words in shown.out
    found = net.ok("samara", "read", "tver/volga/1", "--json").json["forwarded"]
    assert [(each["channel"], each["number"], each["verified"]) for each in found] == [("center/all", 1, True)]
    refused(net.run("tver", "forward", "center/all/1", "--to", "volga", "--with-home", str(net.home("tver"))), 2)


def test_forward_through_a_home_of_another_network(net):
    other = {"CIPHERPOST_HOME": None}
    home = net.home("uyezds")
    net.ok("uyezds", "init", "uyezds", "--officer", "ivanov", "--post", str(net.root / "post2"), "--no-passphrase")
    net.ok("uyezds", "office", "add", "kashin")
    path = net.root / "kashin.invitation"
    net.ok("uyezds", "invite", "kashin", "-o", str(path))
    joined = net.join(path, "sidorov", "kashin")
    net.ok("uyezds", "admit", "kashin/sidorov", "--heard", joined["spoken"])
    done = net.ok("tver", "forward", "center/all/1", "--to", "all", "--with-home", str(home), env=other)
    assert done.lines == ["center/all/1"]
    net.ok("kashin", "fetch")
    shown = net.ok("kashin", "read", "center/all/1")
    assert "met here for the first time" in shown.out
    assert "Report before and after each." in shown.out
    assert json.loads(net.ok("kashin", "read", "center/all/1", "--json").out)["forwarded"][0]["network"] == "rkpb"


def test_v10_what_is_passed_off_as_forwarded_is_refused_and_the_letter_around_it_shown(net):
    net.ok("center", "group", "volga", "samara", "tver", "--lateral")
    net.ok("tver", "fetch")
    with net.desk("tver") as desk:
        entry = desk.chain.channel("center/all").entry(1)
        row = {
            "channel": "center/all",
            "fingerprint": desk.fingerprint,
            "hash": entry.hash,
            "letter": entry.header.letter,
            "network": "rkpb",
            "number": 1,
        }
        junk = Attachment(name="1.publication", type="application/x-tar", size=4, open=lambda: io.BytesIO(b"junk"))
        letter = Outgoing(
            body="The center's word.",
            body_type="txt",
            subject="x",
            attachments=(junk,),
            data=canonical({"originals": [row]}),
        )
        desk.lock()
        plan = Plan(channel="tver/volga", kind="message", created=desk.time())
        send_one(desk, plan, letter, None, even_if_sent=False, dry_run=False)
    done = net.run("samara", "fetch")
    assert done.code == 3
    assert "tver/ivanov forwarded as center/all/1" in done.err
    done = net.run("samara", "read", "tver/volga/1")
    refused(done, 3, "is not the letter of this number")
    assert "The center's word." in done.out
    assert "signed by stasova" not in done.out
    [found] = json.loads(net.run("samara", "read", "tver/volga/1", "--json").out)["forwarded"]
    assert (found["verified"], found["body"]) == (False, None)
    assert net.ok("samara", "fetch").code == 0
