"""Speed and memory of cipherpost, each figure beside its floor: the bare library calls that cannot be done without.

Both are measured in the same run, in turns, since a machine's speed changes from one minute to the next.
"""
