"""``bundle``, and ``audit`` and ``verify`` of one, as a user runs them."""

import os

from cliharness import Net, refused

from cipherpost.postoffice.bundle import BundlePost


def fingerprint(net: Net) -> str:
    told = net.ok("center", "roster", "--json").json
    return str(told["fingerprint"])


def test_a_bundle_is_made_without_a_home_and_audited_without_one(net: Net) -> None:
    known = fingerprint(net)
    file = net.root / "rkpb.bundle"
    done = net.ok(None, "bundle", "-o", str(file), "--post", str(net.post), "--fingerprint", known, "--sealed")
    assert done.lines == [str(file)]
    assert done.hints == [f"cipherpost audit --bundle {file} --fingerprint {known}"]
    of_bundle = net.ok(None, "audit", "--bundle", str(file), "--fingerprint", known, "--sealed", "--json").json
    of_post = net.ok(None, "audit", "--post", str(net.post), "--fingerprint", known, "--sealed", "--json").json
    assert {**of_bundle, "as_of": ""} == {**of_post, "as_of": ""}
    spoken = net.ok("center", "roster", "--json").json["spoken"]
    assert net.ok(None, "audit", "--bundle", str(file), "--fingerprint", spoken).lines[0].startswith("ALL IS WELL")


def test_a_home_bundles_its_own_network_and_audits_the_bundle(net: Net) -> None:
    file = net.root / "rkpb.bundle"
    made = net.ok("audit", "bundle", "-o", str(file), "--json").json
    assert (made["file"], made["skipped"], made["channels"], made["sealed"]) == (str(file), [], None, False)
    assert made["bytes"] == file.stat().st_size
    assert net.ok("audit", "audit", "--bundle", str(file)).lines[0].startswith("ALL IS WELL")
    refused(net.run("audit", "bundle", "-o", str(file)), 1)
    again = net.ok("center", "bundle", "-o", str(file), "--force", "--json").json
    assert again["hash"] == made["hash"]


def test_a_bundle_takes_the_place_of_no_pipe_and_goes_nowhere_but_into_a_file(net: Net) -> None:
    pipe = net.root / "pipe"
    os.mkfifo(pipe)
    refused(net.run("audit", "bundle", "-o", str(pipe), "--force"), 1, "pipe")
    assert pipe.is_fifo()
    refused(net.run("audit", "bundle", "-o", "-"), 1, "into a file")


def test_of_chosen_channels_only_these_and_the_roster(net: Net) -> None:
    file = net.root / "part.bundle"
    net.ok("audit", "bundle", "-o", str(file), "--channel", "center/all")
    assert {"/".join(name.split("/")[1:3]) for name in BundlePost(file).names("")} == {"center/roster", "center/all"}
    refused(net.run("audit", "bundle", "-o", str(file), "--force", "--channel", "../etc"), 2)


def test_one_dispatch_in_a_bundle_is_verified_like_a_file_in_a_folder(net: Net) -> None:
    file, known = net.root / "rkpb.bundle", fingerprint(net)
    net.ok("audit", "bundle", "-o", str(file))
    inside = f"{file}/rkpb/center/all/00000001.note"
    told = net.ok(None, "verify", inside, "--fingerprint", known, "--json").json
    assert (
        told
        == net.ok(None, "verify", f"{net.post}/rkpb/center/all/00000001.note", "--fingerprint", known, "--json").json
    )
    whole = net.run(None, "verify", str(file), "--fingerprint", known)
    refused(whole, 2)
    assert whole.hints[0] == f"cipherpost audit --bundle {file} --fingerprint {known}"


def test_a_bundle_that_is_none_is_refused_with_the_reason(net: Net) -> None:
    file, known = net.root / "rkpb.bundle", fingerprint(net)
    net.ok("audit", "bundle", "-o", str(file))
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-512])
    refused(net.run(None, "audit", "--bundle", str(file), "--fingerprint", known), 3)
    refused(net.run(None, "audit", "--bundle", str(net.root / "none"), "--fingerprint", known), 1)
    both = net.run(None, "audit", "--bundle", str(file), "--post", str(net.post), "--fingerprint", known)
    refused(both, 2)
    refused(net.run(None, "audit", "--bundle", str(file)), 2)
