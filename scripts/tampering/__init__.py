"""Tampering: every stored object is altered everywhere, and every alteration must be noticed or known not to matter."""
