"""A dispatch: its header, what each kind carries and where it may stand, and the draft that is endorsed."""
