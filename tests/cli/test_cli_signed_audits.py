"""``audit --sign`` as an auditor types it: one line, JSON, refusals, passphrases."""

import json

import pytest
from cliharness import Net, refused

POSTED = {"channel", "number", "hash", "kind", "time", "posted", "to", "unreached"}


@pytest.fixture
def holed(net: Net) -> Net:
    """What tver sent is lost."""
    net.note("tver/center", 1).unlink()
    return net


def outside(net: Net, *more: str) -> list[str]:
    fingerprint = net.ok("center", "roster", "--json").json["fingerprint"]
    return ["audit", "--post", str(net.post), "--fingerprint", fingerprint, *more]


def codes(told: dict) -> list[tuple[str, str | None]]:
    return [(each["code"], each["known_since"]) for each in told["findings"]]


def test_a_signed_audit_is_one_line_and_the_next_audit_is_quiet(holed: Net) -> None:
    done = holed.run("audit", "audit", "--sign")
    assert done.code == 3
    assert done.lines == ["audit/center/2"]
    assert "ALARM" in done.err
    after = holed.ok("audit", "audit")
    assert after.lines[0].startswith("IN ORDER, nothing new: but for 2 findings known before all verifies")
    assert "Known before: listed in a signed audit, or settled" in after.lines
    assert "  known since: audit/center/2" in after.lines
    assert holed.run("audit", "audit", "--all").code == 3
    assert set(codes(holed.ok("audit", "audit", "--json").json)) == {
        ("gap", "audit/center/2"),
        ("rollback", "audit/center/2"),
    }


def test_what_is_signed_was_verified_from_zero(net: Net) -> None:
    """The carrier takes an older note away after the auditor's last look; he does not sign that all is well."""
    net.ok("tver", "send", "-", "--to", "center", stdin="more")
    net.ok("audit", "audit")
    net.note("tver/center", 1).unlink()
    assert net.ok("audit", "audit").lines[0].startswith("ALL IS WELL")  # it says that it did not look at it again
    assert "ALARM" in net.run("audit", "audit", "--sign").err
    assert ("gap", "audit/center/2") in codes(net.ok("audit", "audit", "--json").json)


def test_json_is_that_of_writing_commands(net: Net) -> None:
    told = net.ok("audit", "audit", "--sign", "--json").json
    assert set(told) == POSTED
    assert (told["channel"], told["kind"], told["posted"], told["to"]) == ("audit/center", "audit", True, ["center"])


def test_i4_the_same_audit_again_is_told(net: Net) -> None:
    place = net.ok("audit", "audit", "--sign").lines
    net.clock.ahead(hours=1)
    again = net.ok("audit", "audit", "--sign")
    assert again.lines == place
    assert "it was not sent again" in again.err
    assert net.ok("audit", "audit", "--sign", "--even-if-sent").lines != place


def test_a_dry_run_shows_what_would_be_signed(net: Net) -> None:
    before = sorted(net.post.rglob("*"))
    done = net.ok("audit", "audit", "--sign", "-n")
    assert "Heads (the last of each channel that counts):" in done.lines
    assert done.lines[-1] == "audit/center/2"
    assert "nothing was sent; it would go to 1 office: center" in done.err
    assert sorted(net.post.rglob("*")) == before


def test_the_center_lists_and_reads_it(net: Net) -> None:
    net.ok("audit", "audit", "--sign", "--html", str(net.root / "audit.html"))
    net.clock.ahead(minutes=1)
    net.ok("center", "fetch")
    rows = net.ok("center", "inbox").lines
    assert any(row.startswith("audit/center/2\tAudit Commission\tAudit of 2024-03-04: ALL IS WELL") for row in rows)
    shown = net.ok("center", "read", "audit/center/2")
    assert "ALL IS WELL: every signature and sequence verifies" in shown.out
    assert "audit.html" in shown.out
    told = net.ok("center", "read", "audit/center/2", "--json").json
    assert told["data"]["audit"]["findings"] == []
    net.ok("center", "read", "audit/center/2", "--save", str(net.root / "saved"))
    assert (net.root / "saved" / "audit.html").read_bytes() == (net.root / "audit.html").read_bytes()
    assert "audit/center/2" not in net.ok("tver", "inbox").out


def test_what_is_not_signed(net: Net) -> None:
    refused(net.run("tver", "audit", "--sign"), 2, "no auditor's office")
    refused(net.run("center", "audit", "--sign"), 2, "no auditor's office")
    refused(net.run(None, *outside(net, "--sign"), cwd=net.root), 2)
    refused(net.run("audit", *outside(net, "--sign")), 2, "--fingerprint")
    bundle = str(net.root / "rkpb.bundle")
    net.ok("audit", "bundle", "-o", bundle)
    refused(net.run("audit", "audit", "--sign", "--bundle", bundle), 2, "--bundle")
    refused(net.run("audit", "--post", str(net.root), "audit", "--sign"), 2, "--post")
    refused(net.run("audit", "audit", "--sign", "--as-of", "2098-01-01"), 2, "still to come")
    refused(net.run("audit", "audit", "-n"), 2, "--sign")
    refused(net.run("audit", "audit", "--even-if-sent"), 2, "--sign")
    assert net.ok("audit", "--post", str(net.post), "audit", "--sign").lines == ["audit/center/2"]


def test_outside_of_a_home_nobody_signs(empty: Net) -> None:
    refused(empty.run(None, "audit", "--sign"), 2, "no home signs here")


def test_a_passphrase_is_asked_for_once_and_only_where_own_audits_are(holed: Net) -> None:
    secret = str(holed.write("secret", "correct horse battery\n"))
    for home in ("audit", "center"):
        holed.ok(home, "keys", "passphrase", "--new-passphrase-file", secret)
    assert holed.run("audit", "audit").code == 3  # no own audit yet, so no key is needed
    assert holed.run("audit", "audit", "--sign", "--passphrase-file", secret).lines == ["audit/center/2"]
    assert holed.ok("audit", "audit", "--passphrase-file", secret).lines[0].startswith("IN ORDER, nothing new")
    locked = holed.run("audit", "audit", "--json")
    assert locked.code == 3
    clauses = [each for each in json.loads(locked.out)["not_checked"] if "audit/center/2" in each]
    assert clauses == [
        "whether findings are known: audit/center/2 may list them, and the keys are under a passphrase and there is no "
        "terminal to ask at"
    ]
    wrong = str(holed.write("wrong", "correct mule battery\n"))
    refused(holed.run("audit", "audit", "--passphrase-file", wrong), 4)
    holed.ok("center", "fetch", "--passphrase-file", secret)
    asked = holed.run("center", "audit", "--json")  # it signed none itself: nobody is asked
    assert any("the keys are locked" in each for each in json.loads(asked.out)["not_checked"])
    known = holed.run("center", "audit", "--json", "--passphrase-file", secret)
    assert ("gap", "audit/center/2") in codes(json.loads(known.out))
