"""The networks of a post office, and the one that a fingerprint names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.errors import TooLargeError, UseError
from cipherpost.text import CENTER, first_difference, is_name, spoken
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.postoffice import PostOffice


_NETWORKS: Final = 1_000
"""Networks of one post office that are looked at."""
_LISTED: Final = 10_000
"""Names that are looked at to find the next network, should a post office list others than were asked for."""


class NetworkNameError(UseError):
    """What was given is no network of this post office, or no fingerprint of one."""


def find_network(store: "PostOffice", fingerprint: str) -> tuple[str, str]:
    """The network of a post office whose genesis has this fingerprint, in hex or as it is spoken.

    Returns:
        Its name, and the fingerprint in hex.

    Raises:
        NetworkNameError: no network here has it, naming those that are here.
    """
    from cipherpost.chain.fingerprint import check_fingerprint
    from cipherpost.note import NoteError, split
    from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, names
    from cipherpost.text import sha256

    with typed("copy it from what the center shows: cipherpost roster"):
        wanted = check_fingerprint(fingerprint)
    found = {}
    for network in networks_of(store):
        try:
            note = store.get(names.note_name(network, f"{CENTER}/roster", 1), limits.ROSTER_BYTES)
            digest = sha256(split(note).text)
        except (NoSuchObjectError, ForeignObjectError, TooLargeError, NoteError):
            continue
        if digest == wanted or (isinstance(wanted, list) and first_difference(wanted, spoken(digest)) is None):
            return network, digest
        found[network] = digest
    here = ", ".join(sorted(found)) or "none"
    raise NetworkNameError(
        "no network of this post office has this fingerprint",
        where=store.url,
        rule=f"a network is known by the hash of its genesis; networks here: {here}",
        hints=("compare the fingerprint with the center: cipherpost roster",),
    )


def networks_of(store: "PostOffice") -> Iterator[str]:
    """The top-level names of a post office, found by skipping from one to the next."""
    from cipherpost.postoffice import listed

    after = ""
    for _ in range(_NETWORKS):
        name = next(listed(store, "", after, most=_LISTED), None)
        if name is None:
            return
        network = name.partition("/")[0]
        if is_name(network):
            yield network
        after = max(f"{network}0", name)  # "0" follows "/"
