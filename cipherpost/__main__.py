"""``python -m cipherpost``."""

from cipherpost.cli import main

main()
