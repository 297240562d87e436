"""A founded network's roster, for every test here."""

import pytest
from rosterkit import Net


@pytest.fixture
def net():
    """Entry 1 genesis, 2: tver, samara, saratov with an officer each, 3: an auditor, 4: minsk without officers."""
    net = Net()
    net.offices("tver", "samara", "saratov")
    net.offices("audit", role="auditor")
    net.state("office minsk committee", "title minsk Minsk")
    return net
