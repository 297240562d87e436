"""What an audit says of its findings in words: whom they point to, what to do, what no audit can show."""

from collections.abc import Mapping
from typing import Final

WHO: Final[Mapping[str, str]] = {
    "carrier": "the carrier: whoever runs, copies or can write to the post office",
    "sender": "the sender",
    "center": "the center",
    "nobody": "nobody",
}
"""Where the explanation of a finding is to be sought, in words."""

EITHER: Final[Mapping[str, str]] = {
    "gap": f"{WHO['carrier']}; or the sender, if it never posted this",
    "held": "cannot be told before what is missing is here",
    "stale": f"{WHO['carrier']}; or the center, if it is silent",
    "unheard": "cannot be told: those written to did not fetch, or the carrier keeps one from the other",
    "letter-missing": f"{WHO['carrier']}; or the sender, if it never posted the file",
    "disagrees": "cannot be told: one of the two signed a word that is wrong, or the carrier showed them two things",
    "race": "nobody: two officers of one office wrote at the same time",
    "void": "nobody: it was cut off, or stands behind what does not count",
    "clock": f"{WHO['sender']}; or whoever audits, where this clock is behind, or --as-of goes back",
    "not-given": f"{WHO['sender']}; or the carrier, if it keeps back the dispatch that hands the key on",
    "late": f"{WHO['sender']}; or the carrier, if it kept the report from the center until the grace was over",
    "overdue": f"{WHO['sender']}; or the carrier, if it keeps back the report",
    "unknown": "cannot be told before what is missing is here",
}
"""The same by code, where more can be said, or the explanation may lie with either."""

APART: Final[Mapping[tuple[str, str], str]] = {
    ("fork", "nobody"): "cannot be told: the carrier may have shown the officers two things; no key signed both",
}
"""The same of findings that point elsewhere than others of their code: by code, and where they point."""

_KEEP: Final = "Keep a copy of the post office as it is, and tell whoever runs it."
_PUT_BACK: Final = "Its sender puts it back: cipherpost fetch. Or look in another copy of the post office."
NEXT: Final[Mapping[str, str]] = {
    "malformed": f"It counts for nothing. {_KEEP}",
    "misplaced": f"It counts for nothing there. {_KEEP}",
    "forged": f"It counts for nothing. {_KEEP} Tell the office that it pretends to be from.",
    "unauthorized": "It does not count. Ask the sender whether he signed it; if he did not, his key was stolen.",
    "gap": _PUT_BACK,
    "held": "Nothing, if what is missing comes: then audit again.",
    "fork": "The officers compare by telephone what they signed; the center settles which side stands. "
    "To prove it to others: cipherpost audit --evidence DIR; in a home: cipherpost forks -o DIR.",
    "race": "Nothing; the one that does not stand is sent again under a new number.",
    "rollback": f"{_KEEP} Senders put back what they have: cipherpost fetch.",
    "stale": "Ask the center by telephone whether it is silent, or somebody holds its dispatches back.",
    "unheard": "Ask those written to whether it reached them: cipherpost fetch.",
    "swapped": f"No program will open it. {_KEEP} {_PUT_BACK}",
    "letter-missing": _PUT_BACK,
    "downgraded": "No program will open it. The sender updates cipherpost and sends it again.",
    "readers": "Ask the sender who cannot read it, and why.",
    "removed-reader": "Ask the sender to renew the audience key.",
    "not-given": "Ask the sender to give the office the audience key.",
    "old-roster": "It does not count. Its sender fetches, then sends it again.",
    "void": "It does not count. If it should, its sender sends it again; a cut can be moved: cipherpost cut.",
    "uncounted": "Ask the center whether the cut was meant to go so far back.",
    "disagrees": "The two offices compare by telephone what they have; one of them was shown something else.",
    "clock": "Ask the sender to look at the clock of that machine.",
    "repeat": "The first report stands. If the second is right, its sender corrects the first: cipherpost correct.",
    "order": "Nothing can mend it; the center decides whether it accepts the report.",
    "late": "Nothing, unless the center excuses it.",
    "overdue": "The center reminds the office: cipherpost remind; or it decides: cipherpost extend, cipherpost excuse.",
    "unknown": "Nothing, if what is missing comes: then audit again.",
}
"""What to do about a finding, by code."""

NEVER_SHOWN: Final = (
    "what letters say, and whether a report is true",
    "whether those who can read a letter are the right persons",
    "what was withheld from everybody, if nothing here refers to it",
    "when something really happened: times are the senders' own",
)
"""What no audit can show (docs/threat-model.md, "How much an audit shows")."""
