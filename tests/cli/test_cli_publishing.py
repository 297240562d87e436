"""``publish`` and ``verify``: a folder, a file, and a stranger who has nothing but the fingerprint."""

import json
import shutil
import unicodedata
from pathlib import Path

import pytest
from cliharness import Clock, Net, Result, refused

from cipherpost.tar import TarReader

PLACE = "center/all/2"
BODY = "# Prepare the conferences\n\nThe plan is attached.\n"


@pytest.fixture
def sent(net: Net, clock: Clock) -> Net:
    """A circular with two attachments, which tver has read."""
    net.write("circular.md", BODY)
    plan, names = net.write("plan.pdf", b"%PDF" + bytes(300_000)), net.write("names.txt", "Petrov, 4 Garden Street")
    words = ("--attach", str(plan), "--attach", str(names), "--subject", "Conferences")
    net.ok("center", "send", str(net.root / "circular.md"), "--to", "all", *words)
    clock.ahead(minutes=5)
    net.ok("tver", "fetch")
    return net


def fingerprint(net: Net) -> str:
    return str(net.ok("tver", "roster", "--json").json["fingerprint"])


def publish(net: Net, *more: str, home: str = "tver") -> Path:
    folder = net.root / "public"
    done = net.ok(home, "publish", PLACE, "-o", str(folder), "-y", *more)
    assert done.lines == [str(folder)]
    return folder


def verify(net: Net, path: Path, *more: str, known: str | None = None) -> Result:
    """Without a home, as by a stranger."""
    return net.run(None, "verify", str(path), "--fingerprint", known or fingerprint(net), *more)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_stranger_verifies_a_folder_and_reads_who_signed_what(sent: Net) -> None:
    folder = publish(sent)
    assert {name for name in files(folder) if not name.startswith("roster/")} == {
        "publication.json",
        "header.note",
        "letter.tar",
        "index.html",
    }
    done = verify(sent, folder)
    assert done.code == 0
    shown = [" ".join(line.split()) for line in done.lines]
    for line in ("dispatch center/all/2", "signed by stasova", "subject Conferences", "shown body.md, 49 bytes"):
        assert line in shown
    found = verify(sent, folder, "--json").json
    assert (found["channel"], found["number"], found["signers"]) == ("center/all", 2, ["stasova"])
    assert (found["body"], found["left_out"]) == (BODY, 0)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "The plan is attached." in page


def test_the_archive_in_it_is_opened_by_ordinary_tools(sent: Net, tmp_path: Path) -> None:
    folder = publish(sent)
    shutil.unpack_archive(folder / "letter.tar", tmp_path / "open", filter="data")
    assert (tmp_path / "open" / "body.md").read_text() == BODY
    assert (tmp_path / "open" / "attachments" / "names.txt").read_text() == "Petrov, 4 Garden Street"


def test_one_file_is_verified_too_and_its_members_unpacked_are_the_folder(sent: Net, tmp_path: Path) -> None:
    path = publish(sent, "--one-file")
    assert verify(sent, path).code == 0
    shutil.copy(path, tmp_path / "public.tar")
    shutil.unpack_archive(tmp_path / "public.tar", tmp_path / "open", filter="data")
    assert verify(sent, tmp_path / "open").code == 0
    with path.open("rb") as file:
        assert [each.name for each in TarReader(file)][:2] == ["publication.json", "header.note"]


def test_what_is_left_out_is_nowhere_and_the_rest_is_proved(sent: Net) -> None:
    folder = publish(sent, "--omit", "names.txt")
    found = verify(sent, folder, "--json").json
    assert [each["name"] for each in found["members"]] == ["body.md", "attachments/plan.pdf"]
    assert found["left_out"] == 1
    everything = b"".join([*files(folder).values(), *(name.encode() for name in files(folder))])
    assert b"names.txt" not in everything
    assert b"Petrov" not in everything
    assert "left out" in (folder / "index.html").read_text(encoding="utf-8")


def test_without_a_yes_nothing_is_published_and_a_dry_run_says_what_would_be(sent: Net) -> None:
    folder = sent.root / "public"
    refused(sent.run("tver", "publish", PLACE, "-o", str(folder)), 2, "what is public stays public")
    assert not folder.exists()
    done = sent.ok("tver", "publish", PLACE, "-n")
    assert [line.removeprefix("would publish").strip() for line in done.lines][:2] == [
        "body.md",
        "attachments/plan.pdf",
    ]
    assert "offices, titles, officers and public keys" in done.err
    assert not folder.exists()


def test_nothing_is_written_over(sent: Net) -> None:
    folder = publish(sent)
    before = files(folder)
    refused(sent.run("tver", "publish", PLACE, "-o", str(folder), "-y"), 1, "something in this place")
    assert files(folder) == before


def test_an_unknown_part_no_letter_and_nothing_left_are_wrong_use(sent: Net) -> None:
    where = ("-o", str(sent.root / "public"), "-y")
    refused(sent.run("tver", "publish", PLACE, *where, "--omit", "plan.doc"), 2, "plan.doc", "attachments/plan.pdf")
    every = [word for name in ("body", "plan.pdf", "attachments/names.txt") for word in ("--omit", name)]
    refused(sent.run("tver", "publish", PLACE, *where, *every), 2, "nothing of the letter would be left")
    refused(sent.run("tver", "publish", "center/roster/1", *where), 2, "carries no letter")
    refused(sent.run("tver", "publish", PLACE), 2, "where to?")
    assert [path.name for path in sent.root.glob(".new-*")] == []
    assert not (sent.root / "public").exists()


def test_in_a_home_it_is_compared_with_what_the_home_has(sent: Net) -> None:
    folder = publish(sent)
    found = sent.ok("tver", "verify", str(folder), "--json").json
    assert found["here"] == "this home has the same dispatch under this number"
    here = sent.ok("samara", "verify", str(folder), "--json").json["here"]
    assert here.startswith("this home does not have this number")


def test_what_file_managers_leave_does_no_harm_and_anything_else_is_named(sent: Net) -> None:
    folder = publish(sent)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "Thumbs.db").write_bytes(b"x")
    assert verify(sent, folder).code == 0
    (folder / "second.html").write_text("<p>Something else was decided.</p>")
    refused(verify(sent, folder), 3, "second.html", "no part of the publication")


@pytest.mark.parametrize("omit", [(), ("--omit", "names.txt")], ids=["whole", "partial"])
def test_any_one_byte_of_any_file_changed_is_noticed(sent: Net, omit: tuple[str, ...], tmp_path: Path) -> None:
    folder = publish(sent, *omit)
    known = fingerprint(sent)
    for name, data in files(folder).items():
        for at in {0, len(data) // 3, len(data) // 2, len(data) - 1}:
            (folder / name).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            done = verify(sent, folder, known=known)
            assert done.code in (1, 3), f"{name} at {at}"
            if done.code == 1:  # a version digit that is raised: made by a newer program
                assert "newer" in done.err
        (folder / name).write_bytes(data[:-1])
        assert verify(sent, folder, known=known).code == 3, name
        (folder / name).unlink()
        assert verify(sent, folder, known=known).code == 3, name
        (folder / name).write_bytes(data)
    assert verify(sent, folder, known=known).code == 0


def test_a_page_that_lies_beside_good_notes_is_refused(sent: Net) -> None:
    folder = publish(sent)
    page = folder / "index.html"
    page.write_bytes(page.read_bytes().replace(b"The plan is attached.", b"The plan is cancelled."))
    refused(verify(sent, folder), 3, "index.html does not say what the rest of it proves")


def test_a_manifest_that_promises_no_page_does_not_bring_one_in(sent: Net) -> None:
    folder = publish(sent)
    told = json.loads((folder / "publication.json").read_bytes())
    told["page"] = 0
    (folder / "publication.json").write_text(json.dumps(told, sort_keys=True, separators=(",", ":")))
    refused(verify(sent, folder), 3, "index.html", "no part of the publication")


def test_two_names_that_look_the_same_do_not_hide_a_file(sent: Net) -> None:
    sent.write("décret.txt", "Everybody")
    words = ("--to", "all", "--subject", "Decree", "--attach", str(sent.root / "décret.txt"))
    sent.write("second.md", "See the decree.\n")
    sent.ok("center", "send", str(sent.root / "second.md"), *words)
    folder = sent.root / "decree"
    sent.ok("center", "publish", "center/all/3", "-o", str(folder), "-y", "--omit", "body")
    assert verify(sent, folder).code == 0
    attachments = folder / "members" / "attachments"
    twin = attachments / unicodedata.normalize("NFD", "décret.txt")
    if not twin.exists():
        twin.write_text("Nobody")
        refused(verify(sent, folder), 3)
        (attachments / "décret.txt").unlink()
        refused(verify(sent, folder), 3)


def test_links_in_a_folder_are_no_files_of_it(sent: Net) -> None:
    folder = publish(sent)
    other = sent.root / "elsewhere.tar"
    (folder / "letter.tar").rename(other)
    (folder / "letter.tar").symlink_to(other)
    refused(verify(sent, folder), 3, "letter.tar is missing")


def test_a_number_that_is_no_fingerprint_is_wrong_use_or_refused(sent: Net) -> None:
    folder = publish(sent)
    assert verify(sent, folder, known="12345").code in (2, 3)
