"""The networks of a post office, and the one that a fingerprint names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.errors import TooLargeError, UnableError, UseError
from cipherpost.text import CENTER, first_difference, is_name, spoken
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.postoffice import PostOffice


_NETWORKS: Final = 1_000
"""Networks of one post office that are looked at."""
_NAMED: Final = 10
"""Networks that are named to somebody who looks for another."""
_LISTED: Final = 10_000
"""Names that are looked at to find the next network, should a post office list others than were asked for."""


class NetworkNameError(UseError):
    """What was given is no network of this post office, or no fingerprint of one."""


class TooManyNetworksError(UnableError):
    """The post office lists more networks than are looked at, and none of those has the fingerprint."""


def find_network(store: "PostOffice", fingerprint: str) -> tuple[str, str]:
    """The network of a post office whose genesis has this fingerprint, in hex or as it is spoken.

    Returns:
        Its name, and the fingerprint in hex.

    Raises:
        NetworkNameError: no network here has it, naming those that are here.
        TooManyNetworksError: there are too many to tell.
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
    here = ", ".join(sorted(found)[:_NAMED]) or "none"
    if len(found) > _NAMED:
        here += f", and {len(found) - _NAMED} more"
    raise NetworkNameError(
        "no network of this post office has this fingerprint",
        where=store.url,
        rule=f"a network is known by the hash of its genesis; networks here: {here}",
        hints=("compare the fingerprint with the center: cipherpost roster",),
    )


def networks_of(store: "PostOffice") -> Iterator[str]:
    """The top-level names of a post office, found by skipping from one to the next.

    Raises:
        TooManyNetworksError: there are more than are looked at.
    """
    after = ""
    for _ in range(_NETWORKS):
        name = _next_name(store, after)
        if name is None:
            return
        network = name.partition("/")[0]
        if is_name(network):
            yield network
        after = max(f"{network}0", name)  # "0" follows "/"
    raise _too_many(store, f"it lists more than {_NETWORKS:,}")


def _next_name(store: "PostOffice", after: str) -> str | None:
    for at, name in enumerate(store.names("", after)):
        if name > after:
            return name
        if at == _LISTED:
            raise _too_many(store, "it lists other names than it was asked for, and goes on and on")
    return None


def _too_many(store: "PostOffice", why: str) -> TooManyNetworksError:
    return TooManyNetworksError(
        f"the networks of this post office cannot all be looked at: {why}",
        where=store.url,
        rule=f"{_NETWORKS:,} are looked at; the one that was asked for is not among them, and may be there",
        hints=("copy the folder of the network alone, and name the copy",),
    )
