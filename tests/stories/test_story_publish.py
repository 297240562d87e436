"""Stories about what is shown to the world as the center's word, and is not, or not all of it."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storykit import newest, next_header, post_entry, signed
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, ROSTER, STASOVA, Net

from cipherpost import publication
from cipherpost.chain.checks import CutError, UnauthorizedError
from cipherpost.chain.fingerprint import OtherNetworkError
from cipherpost.errors import NewerError, NotAuthenticError
from cipherpost.letter import CommitmentError, LetterError, LetterHashError, print_kept
from cipherpost.pages.publication import publication_page
from cipherpost.publication import (
    PublicationError,
    PublicationPageError,
    PublicationRosterError,
    Published,
    SettledOtherwiseError,
)
from cipherpost.strictjson import canonical, parse
from cipherpost.tar import TarReader, TarWriter
from cipherpost.workflows import published, publishing, reading, standing
from cipherpost.workflows.published import ForeignFileError

TEXT = "Conferences are held in December.\n"
SECRET = b"Petrov, of 4 Garden Street"
PLACE = "center/all/1"


@pytest.fixture
def sent(net: Net, tmp_path: Path) -> Net:
    """A circular with two attachments, which everybody has."""
    return circular(net, tmp_path)


def circular(net: Net, folder: Path) -> Net:
    plan, names = folder / "plan.pdf", folder / "names.txt"
    plan.write_bytes(b"%PDF" + bytes(2_000))
    names.write_bytes(SECRET)
    net.send(STASOVA, TEXT, "all", attach=(plan, names))
    net.everybody_fetches()
    return net


def publish(net: Net, who: str = IVANOV, place: str = PLACE, omit: Iterable[str] = ()) -> bytes:
    """A publication as one file, with its page."""
    with net.desk(who) as desk:
        made = publication.pack(publishing.content(desk, place, omit=omit), page=publication_page)
        with made.open() as source:
            data = source.read()
        assert len(data) == made.size
        return data


def verify(net: Net, data: bytes) -> Published:
    """As a stranger who knows the fingerprint."""
    return publication.verify(io.BytesIO(data), net.fingerprint, page=publication_page)


def beside_home(net: Net, who: str, data: bytes) -> str:
    """As an officer, in his home."""
    with net.desk(who) as desk:
        found = publication.verify(io.BytesIO(data), desk.fingerprint, page=publication_page)
        return published.compare(desk, found)


def taken_apart(data: bytes) -> dict[str, bytes]:
    return {each.name: each.read_all(1 << 22) for each in TarReader(io.BytesIO(data))}


def put_together(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    archive = TarWriter(sink)
    for name, data in members.items():
        archive.add(name, len(data), data)
    archive.close()
    return sink.getvalue()


def told(members: dict[str, bytes], change: Callable[[dict[str, object]], object]) -> dict[str, bytes]:
    """With another manifest, printed as it should be."""
    value = parse(members["publication.json"], limit=1 << 20)
    change(value)
    return {**members, "publication.json": canonical(value)}


# ---- a byte --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("omit", [(), ("names.txt",)], ids=["whole", "partial"])
def test_v10_whoever_changes_one_bit_of_a_publication_is_found_out(
    omit: tuple[str, ...], sent: Net, data: st.DataObject
) -> None:
    whole = _once(sent, omit)
    at, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    changed = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
    with pytest.raises((NotAuthenticError, NewerError)):
        verify(sent, changed)


_MADE: dict[tuple[str, tuple[str, ...]], bytes] = {}


def _once(net: Net, omit: tuple[str, ...]) -> bytes:
    which = (str(net.root), omit)
    if which not in _MADE:
        _MADE[which] = publish(net, omit=omit)
        verify(net, _MADE[which])
    return _MADE[which]


def test_i2_a_newspaper_prints_another_text_beside_the_genuine_signature(sent: Net) -> None:
    """The header is real, the letter was rewritten with all its papers: it is not the one that the header names."""
    genuine = taken_apart(publish(sent))
    net = sent
    net.send(STASOVA, "Conferences are forbidden.\n", "all")
    net.everybody_fetches()
    other = taken_apart(publish(net, place="center/all/2"))
    with pytest.raises(LetterHashError):
        verify(net, put_together({**genuine, "letter.tar": other["letter.tar"]}))


def test_a_page_that_says_more_than_the_letter_is_refused_though_all_else_is_genuine(sent: Net) -> None:
    members = taken_apart(publish(sent))
    page = members["index.html"].replace(b"in December", b"in January")
    with pytest.raises(PublicationPageError):
        verify(sent, put_together({**members, "index.html": page}))


# ---- another roster, another network ---------------------------------------------------------------------------------


def test_i2_a_network_of_the_same_name_signs_nothing_for_this_one(
    make_net: Callable[[str], Net], sent: Net, tmp_path: Path
) -> None:
    """A swindler founds his own rkpb, with a center and a stasova of its own, and publishes its circular."""
    from datetime import timedelta

    from workflowkit import build

    (tmp_path / "false").mkdir()
    build(tmp_path / "false", sent.now - timedelta(minutes=5))
    false = Net(tmp_path / "false", sent.now)
    false.on_disk()
    members = taken_apart(publish(sent))
    genesis = false.note(f"{ROSTER}/1")
    with pytest.raises(OtherNetworkError):
        verify(sent, put_together({**members, "roster/00000001.note": genesis}))
    assert false.fingerprint != sent.fingerprint
    with pytest.raises(OtherNetworkError):
        publication.verify(io.BytesIO(publish(sent)), false.fingerprint, page=publication_page)


def test_v5_a_publisher_adds_a_roster_entry_of_his_own_that_makes_him_an_officer(sent: Net) -> None:
    """Ivanov of tver signs an entry as if he were a keeper; the publication that holds it is worth nothing."""
    members = taken_apart(publish(sent))
    header = next_header(sent, IVANOV, "tver/center")
    number = newest(sent, IVANOV) + 1
    with sent.desk(IVANOV) as desk:
        previous = desk.roster.hash_of(number - 1)
    forged = header._replace(
        channel=ROSTER,
        number=number,
        previous=previous,
        kind="roster",
        roster=None,
        statements=b"title all Everybody\n",
    )
    note = signed(sent, IVANOV, forged)
    at = list(members).index("letter.tar")
    names = [*members]
    longer = {name: members[name] for name in names[:at]} | {f"roster/{number:08d}.note": note}
    longer |= {name: members[name] for name in names[at:]}
    with pytest.raises(NotAuthenticError):
        verify(sent, put_together(told(longer, lambda value: value["roster"].update(number=number))))  # type: ignore[attr-defined]


def test_v4_a_roster_cut_short_below_the_entry_relied_on_proves_nothing(sent: Net) -> None:
    members = taken_apart(publish(sent))
    last = max(name for name in members if name.startswith("roster/"))
    number = int(last[-13:-5]) - 1
    shorter = {name: data for name, data in members.items() if name != last}
    with pytest.raises(PublicationRosterError):
        verify(sent, put_together(told(shorter, lambda value: value["roster"].update(number=number))))  # type: ignore[attr-defined]


def test_v5_what_a_dismissed_clerk_writes_over_the_old_roster_is_no_word_of_his_office(sent: Net) -> None:
    """Bazhanov was retired. His circular cites the entry before, and its publication leaves the newer entries out.

    A stranger cannot know; the publication says up to which entry it goes. Whoever has a home sees at once.
    """
    with sent.desk(BAZHANOV) as desk:
        old = desk.roster.newest
    letter = sent.header(IVANOV, PLACE)
    late = next_header(sent, BAZHANOV, "center/all", kind="circular", letter=letter.letter, sealed=letter.sealed)
    note = signed(sent, BAZHANOV, late)
    before = taken_apart(publish(sent))
    with sent.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "retire", BAZHANOV))
    sent.fetch(IVANOV)
    false = _with_note(sent, before, note)
    assert verify(sent, false).entries == old
    with pytest.raises(CutError):
        beside_home(sent, IVANOV, false)
    honest = taken_apart(publish(sent))
    with pytest.raises(CutError):
        verify(sent, _with_note(sent, honest, note))


def _with_note(net: Net, members: dict[str, bytes], note: bytes) -> bytes:
    """The publication of another dispatch of the same letter, all that can be made for it made anew."""
    from cipherpost.dispatch.header import parse_header
    from cipherpost.note import split
    from cipherpost.text import sha256

    text = split(note).text
    number, hashed = parse_header(text).number, sha256(text)
    changed = told({**members, "header.note": note}, lambda value: value.update(number=number, hash=hashed, page=0))
    del changed["index.html"]
    return put_together(changed)


def test_v5_one_of_two_signed_and_it_is_published_as_the_word_of_the_office(sent: Net) -> None:
    post_entry(sent, "stasova", "threshold center 2")
    sent.everybody_fetches()
    letter = sent.header(IVANOV, PLACE)
    alone = next_header(sent, STASOVA, "center/all", kind="circular", letter=letter.letter, sealed=letter.sealed)
    members = taken_apart(publish(sent))
    with pytest.raises(UnauthorizedError):
        verify(sent, _with_note(sent, members, signed(sent, STASOVA, alone)))


# ---- what was left out -----------------------------------------------------------------------------------------------


def test_what_was_left_out_cannot_be_learned_and_the_rest_is_proved(sent: Net) -> None:
    data = publish(sent, omit=["attachments/names.txt"])
    found = verify(sent, data)
    assert (found.left_out, found.letter.body) == (1, TEXT)
    assert [each.name for each in found.letter.attachments] == ["plan.pdf"]
    assert SECRET not in data
    assert b"names.txt" not in data
    with sent.desk(IVANOV) as desk:
        salts = {each.path: each.salt.hex() for each in publishing.content(desk, PLACE).letter.members}
    assert salts["attachments/plan.pdf"].encode() in data
    assert salts["attachments/names.txt"].encode() not in data, "with the salt, guesses could be tried"


def test_whoever_leaves_out_the_text_and_puts_an_attachment_in_its_place_is_found_out(sent: Net) -> None:
    """The list of what is kept says that the plan stands where the text stood."""
    members = taken_apart(publish(sent, omit=["body", "names.txt"]))

    def first(value: dict[str, object]) -> None:
        rows = value["members"]
        assert isinstance(rows, list)
        assert rows[0]["at"] == 2
        rows[0]["at"] = 1

    with pytest.raises(CommitmentError):
        verify(sent, put_together(told(members, first)))


def test_a_part_of_another_letter_is_no_part_of_this_one(sent: Net, tmp_path: Path) -> None:
    other = tmp_path / "plan.pdf"
    other.write_bytes(b"%PDF" + b"\x01" * 2_000)
    sent.send(STASOVA, "A better plan\n", "all", attach=(other,))
    sent.everybody_fetches()
    mine, theirs = publish(sent, omit=["names.txt"]), publish(sent, place="center/all/2", omit=["body"])
    members, foreign = taken_apart(mine), taken_apart(theirs)
    with sent.desk(IVANOV) as desk:
        letter = publishing.content(desk, "center/all/2").letter
    row = print_kept([publication_kept(letter)])[0]

    def swap(value: dict[str, object]) -> None:
        rows = value["members"]
        assert isinstance(rows, list)
        rows[1] = {**row, "at": rows[1]["at"]}

    name = "members/attachments/plan.pdf"
    with pytest.raises(CommitmentError):
        verify(sent, put_together(told({**members, name: foreign[name]}, swap)))


def publication_kept(letter: object) -> object:
    from cipherpost.letter import Letter, keep

    assert isinstance(letter, Letter)
    return keep(letter, ["body.txt"])[0]


def test_who_hides_a_part_cannot_pass_the_rest_off_as_all_of_it(sent: Net) -> None:
    """The manifest says that nothing was left out, and the archive is made anew without the names."""
    members = taken_apart(publish(sent, omit=["names.txt"]))
    sink = io.BytesIO()
    archive = TarWriter(sink, padded=True)
    archive.add("letter.json", len(members["letter.json"]), members["letter.json"])
    archive.close()
    kept = {name: data for name, data in members.items() if not name.startswith(("letter.json", "members/"))}
    names = [name for name in kept if name != "index.html"]
    whole = {name: kept[name] for name in names} | {"letter.tar": sink.getvalue(), "index.html": kept["index.html"]}
    with pytest.raises(LetterError):
        verify(sent, put_together(told(whole, lambda value: value.update(members=None))))


# ---- two under one number --------------------------------------------------------------------------------------------


def fork(net: Net) -> bytes:
    """Stasova's stolen key signs a second center/all/2; the publication of it, as ivanov's enemy makes it."""
    first = net.header(IVANOV, PLACE)
    second = next_header(net, STASOVA, "center/all", kind="circular", letter=first.letter, sealed=first.sealed)
    note = signed(net, STASOVA, second)
    members = taken_apart(publish(net))
    net.later(minutes=1)
    net.send(STASOVA, "What the center really wrote\n", "all")
    net.fetch(IVANOV)
    return _with_note(net, members, note)


def test_the_other_side_of_a_fork_verifies_alone_and_a_home_that_has_this_side_shows_the_fork(sent: Net) -> None:
    """An officer did sign it, so a stranger is told no more than that; a home with the other side knows better."""
    other = fork(sent)
    assert verify(sent, other).place == "center/all/2"
    with pytest.raises(published.OtherSideError) as refused:
        beside_home(sent, IVANOV, other)
    assert refused.value.exit_code == 7
    assert beside_home(sent, ORLOV, other).startswith("this home does not have this number")


def test_once_the_roster_has_settled_the_number_the_other_side_is_nobodys_word(sent: Net) -> None:
    other = fork(sent)
    with sent.desk(IVANOV) as desk:
        stands = desk.chain.channel("center/all").entry(2)
        assert stands is not None
    post_entry(sent, "stasova", f"settle center/all 2 {stands.hash}")
    sent.everybody_fetches()
    honest = publish(sent, place="center/all/2")
    assert verify(sent, honest).settled == 2
    assert "this dispatch, and no other, has its number" in dict(verify(sent, honest).lines())["settled"]
    members = taken_apart(honest)
    note = taken_apart(other)["header.note"]
    first = taken_apart(publish(sent))
    with pytest.raises(SettledOtherwiseError):
        verify(sent, _with_note(sent, {**members, "letter.tar": first["letter.tar"]}, note))


# ---- what is no publication ------------------------------------------------------------------------------------------


def test_i5_publishing_leaves_nothing_behind_but_what_was_asked_for(sent: Net, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    with sent.desk(IVANOV) as desk:
        packed = publication.pack(publishing.content(desk, PLACE, omit=["names.txt"]), page=publication_page)
        publishing.save(desk, packed, folder, one_file=False, page=publication_page)
        assert reading.read(desk, PLACE).body == TEXT
    for path in tmp_path.rglob("*"):
        if path.is_file() and path != tmp_path / "names.txt" and folder not in path.parents:
            assert TEXT.strip().encode() not in path.read_bytes(), path
            assert SECRET not in path.read_bytes(), path


def test_what_was_published_is_refused_where_anything_is_added_moved_or_taken_away(sent: Net) -> None:
    members = taken_apart(publish(sent))
    names = [*members]
    shapes = [
        {name: members[name] for name in names[1:]},
        {name: members[name] for name in names[:-1]},
        {name: members[name] for name in [names[1], names[0], *names[2:]]},
        {**members, "second.html": b"<p>More was decided.</p>"},
    ]
    for shape in shapes:
        with pytest.raises(PublicationError):
            verify(sent, put_together(shape))
    assert NETWORK in members["publication.json"].decode()


def test_i11_a_folder_of_folders_without_end_is_looked_at_no_deeper_than_any_publication(
    sent: Net, tmp_path: Path
) -> None:
    """What is handed out on a stick may be made to exhaust whoever looks at it."""
    folder = tmp_path / "handed-out"
    with sent.desk(IVANOV) as desk:
        packed = publication.pack(publishing.content(desk, PLACE), page=publication_page)
        publishing.save(desk, packed, folder, one_file=False, page=publication_page)
    (folder / "/".join("a" * 9)).mkdir(parents=True)  # a thousand would end in a traceback
    with pytest.raises(ForeignFileError, match="'a/a/a':"):
        published.verify(folder, sent.fingerprint, page=publication_page)
