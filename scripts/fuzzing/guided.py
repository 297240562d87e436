"""One parser under atheris, which changes inputs so that they reach lines that no input reached before.

Run by ``scripts/fuzz`` in a process of its own; arguments are the name of a target and libFuzzer's.
"""

import sys

import atheris

with atheris.instrument_imports(include=["cipherpost"]):
    from fuzzing.targets import REFUSED, TARGETS


def main() -> None:
    """Fuzz until the time is over or something other than a refusal comes through."""
    target = TARGETS[sys.argv.pop(1)]

    def once(data: bytes) -> int:
        try:
            target(data)
        except REFUSED:
            return -1  # not worth keeping for itself
        return 0

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


main()
