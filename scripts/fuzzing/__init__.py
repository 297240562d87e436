"""Fuzzing: every parser of bytes from outside is fed bytes that nobody meant."""
