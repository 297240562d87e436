"""Texts that come with the package and are no part of it: examples, and the second verifier."""

from importlib import resources
from pathlib import Path


def shipped(folder: str, name: str) -> str:
    """A text of the folder ``examples`` or ``scripts`` of the source, in an installed package and in a checkout.

    Raises:
        OSError: it is not there; the installation is damaged.
    """
    package = resources.files("cipherpost")
    inside = package.joinpath(folder, name)
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    return Path(str(package)).parent.joinpath(folder, name).read_text(encoding="utf-8")  # an editable install
