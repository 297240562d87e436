"""The verifier of notes: bytes in, a verified dispatch out, or one class per failed check (V1 to V8).

Pure: no files, clock or network. `network.Chain` holds the judged state of a whole network; `channel` the slots of one
channel, with races, forks and pins; `checks` one exception class per check; `findings` the table of finding codes.
"""
