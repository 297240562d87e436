"""Whatever a test of the chain offers, the second verifier judges too."""

import pytest
from second_verifier import agree_on

from cipherpost.chain.network import Chain
from cipherpost.errors import CipherpostError
from cipherpost.note import split
from cipherpost.postoffice import names
from cipherpost.text import parse_time, sha256

NOW = "2026-12-01T00:00:00Z"


@pytest.fixture(autouse=True)
def both_verifiers_agree(monkeypatch):
    """Every note that was offered to a chain lies in a post office of its own at the end, and both judge it alike."""
    stores = {}
    offer = Chain._offer

    def recorded(chain, view, notes, helpers=None):
        objects = stores.setdefault(id(chain), (chain, {}))[1]
        for number, note in notes:
            _lay(objects, chain.network, view.name, number, note)
        return offer(chain, view, notes, helpers)

    monkeypatch.setattr(Chain, "_offer", recorded)
    yield
    monkeypatch.undo()
    for chain, objects in stores.values():
        agree_on(objects, chain.network, chain.fingerprint, parse_time(NOW))


def _lay(objects, network, channel, number, note):
    """In its slot, or beside it where the slot is taken."""
    name = names.note_name(network, channel, number)
    if objects.setdefault(name, note) == note:
        return
    try:
        hashed = sha256(split(note).text)
    except CipherpostError:
        return  # nobody lays junk beside a slot
    objects.setdefault(names.alternate_name(network, channel, number, hashed), note)
