"""An officer's home: one folder with settings, keys, journal, outbox, local mail and sealed copies.

Each module keeps one thing in the folder and knows its file names. Nothing here decides what counts: the home only
keeps what was decided, so that a kill at any instant leaves the old state or the new one (I4) and no plaintext (I5).
"""
