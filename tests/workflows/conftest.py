"""The network of `workflowkit`, founded once a session; each test gets copies that count as never moved."""

import pytest
from auditkit import Board, ack_of
from netfixtures import make_net, net, template

from cipherpost.dispatch.header import Ack

__all__ = ["make_net", "net", "template"]


@pytest.fixture
def board():
    """Three letters of tver to the center, acked, and two of the center to all."""
    made = Board()
    made.sent = made.net.run("tver/center", 3)
    made.circulars = made.net.run("center/all", 2, by="stasova", kind="circular")
    acks = (ack_of(made.sent[2]), Ack(made.sent[2].channel, 3, made.sent[2].hash, "seen"))
    made.receipt = made.net.make("center/tver", by="stasova", kind="receipt", acks=acks)
    heard = made.net.make("kursk/center", kind="receipt", acks=(Ack("center/all", 2, made.circulars[1].hash, "seen"),))
    made.post(*made.sent, *made.circulars, made.receipt, heard)
    return made
