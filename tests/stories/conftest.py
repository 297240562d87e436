"""Stories of bad input and attacks are played in the network of `workflowkit`, with real homes."""

import pytest
from carrierkit import Stage, TimedDirectory
from netfixtures import make_net, net, template
from workflowkit import Net

__all__ = ["make_net", "net", "template"]


@pytest.fixture
def stage(net: Net) -> Stage:
    """A hostile carrier over a store in memory."""
    return Stage(net, net.store)


@pytest.fixture(params=["memory", "directory"])
def any_stage(request: pytest.FixtureRequest, net: Net) -> Stage:
    """A hostile carrier over a store in memory, and over a real directory."""
    return Stage(net, net.store if request.param == "memory" else TimedDirectory(net.root / "post", net.clock))
