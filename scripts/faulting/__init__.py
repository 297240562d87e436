"""Faults: every writing command is killed, refused and cut off at its moments; what it said must be true afterwards."""
