"""``audit --html``: one file, nothing written over, and nothing done before it is known that it can be written."""

from pathlib import Path

import pytest
from cliharness import Net, refused


def test_a_page_is_written_and_the_verdict_told(net: Net, tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    done = net.ok("audit", "audit", "--html", str(page))
    assert done.lines == ["ALL IS WELL: every signature and sequence verifies; sealed files not looked at."]
    assert done.err == f"cipherpost: saved: {page}\n"
    text = page.read_text("utf-8")
    assert done.lines[0] in text
    told = net.ok("audit", "audit", "--json").json
    assert all(each["hash"] in text for each in told["channels"])
    assert told["fingerprint"] in text


def test_the_same_moment_gives_the_same_page_at_home_and_outside(net: Net, tmp_path: Path) -> None:
    told = net.ok("audit", "audit", "--json").json
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    net.ok("audit", "audit", "--full", "--html", str(one), "--as-of", told["as_of"])
    place = ["--post", str(net.post), "--fingerprint", told["fingerprint"]]
    net.ok(None, "audit", *place, "--as-of", told["as_of"], "--html", str(two))
    assert one.read_bytes() == two.read_bytes()


def test_json_and_a_page_go_together(net: Net, tmp_path: Path) -> None:
    done = net.ok("audit", "audit", "--json", "--html", str(tmp_path / "audit.html"))
    assert done.json["ok"] is True
    assert (tmp_path / "audit.html").is_file()


def test_a_page_can_go_to_standard_output_but_not_with_the_object(net: Net) -> None:
    done = net.ok("audit", "audit", "--html", "-")
    assert done.out.startswith("<!DOCTYPE html>")
    assert done.out.rstrip().endswith("</html>")
    refused(net.run("audit", "audit", "--html", "-", "--json"), 2)


def test_i10_nothing_is_written_over_without_force_and_nothing_audited_before(net: Net, tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    page.write_text("mine")
    away = net.post.rename(net.post.with_name("away"))
    try:
        message = refused(net.run("audit", "audit", "--html", str(page)), 1)
    finally:
        away.rename(net.post)
    assert "is there already" in message
    assert page.read_text() == "mine"
    net.ok("audit", "audit", "--html", str(page), "--force")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("where", "why"), [("none/audit.html", "nothing can be written there"), (".", "a folder")])
def test_i10_a_place_where_nothing_can_be_written_is_refused_before_the_audit(
    net: Net, tmp_path: Path, where: str, why: str
) -> None:
    away = net.post.rename(net.post.with_name("away"))
    try:
        refused(net.run("audit", "audit", "--force", "--html", str(tmp_path / where)), 1, why)
    finally:
        away.rename(net.post)
    assert not (tmp_path / "none").exists()
