"""A command in a process of its own, by the network's clock; it says when it is ready, so that it is killed in time."""

import os
import sys
from datetime import datetime


def main() -> int:
    """``TIME WORDS...``: say that it is ready, wait for a line, run the command."""
    import nacl.signing  # noqa: F401 - what takes long to load is not what is to be killed

    import cipherpost.age
    import cipherpost.workflows.fetching
    import cipherpost.workflows.placing  # noqa: F401
    from cipherpost.cli import run

    now = datetime.fromisoformat(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    os.read(0, 3)
    return run(sys.argv[2:], clock=lambda: now)


if __name__ == "__main__":
    sys.exit(main())
