"""Every command, under what a person wants to do: where it is defined, and one line of help.

The order here is the order of `cipherpost --help`. Nothing is imported from the modules named.
"""

from typing import Final, NamedTuple


class Place(NamedTuple):
    """Where a command is defined: ``cipherpost.cli.<module>:<attribute>``, and its line in the list."""

    module: str
    attribute: str
    help: str
    hidden: bool = False


SECTIONS: Final[tuple[tuple[str, dict[str, Place]], ...]] = (
    (
        "Start",
        {
            "init": Place("start", "init", "found a network and its center"),
            "join": Place("start", "join", "join a network with an invitation"),
            "status": Place("start", "status", "what is new, what is owed, what waits"),
            "doctor": Place("start", "doctor", "check this home and its post office"),
            "demo": Place("start", "demo", "build a small network to play with"),
            "completion": Place("start", "completion", "print the shell's completion script"),
        },
    ),
    (
        "People",
        {
            "office": Place("people", "office", "declare committees and auditors"),
            "invite": Place("people", "invite", "write an office its invitation"),
            "card": Place("people", "card", "show this officer's card"),
            "cards": Place("people", "cards", "list cards that wait for admission"),
            "admit": Place("people", "admit", "admit officers by their cards"),
            "roster": Place("people", "roster", "who belongs, with which keys"),
            "group": Place("people", "group", "name a set of offices"),
            "keepers": Place("keepers", "keepers", "who signs the roster"),
            "settings": Place("settings", "settings", "time zone, escrow, thresholds"),
            "retire": Place("standing", "retire", "an officer leaves"),
            "compromised": Place("standing", "compromised", "an officer's keys were stolen"),
            "suspend": Place("standing", "suspend", "stop writing to an office"),
            "reinstate": Place("standing", "reinstate", "take an office back"),
            "dissolve": Place("standing", "dissolve", "end an office for good"),
            "cut": Place("standing", "cut", "up to where it counts"),
        },
    ),
    (
        "Write",
        {
            "send": Place("write", "send", "sign, seal and send a letter"),
            "reply": Place("write", "reply", "answer a letter"),
            "share": Place("sharing", "share", "letters for who cannot open them"),
            "forward": Place("sharing", "forward", "pass a letter on, with its proof"),
            "cancel": Place("write", "cancel", "take a letter back"),
            "outbox": Place("write", "outbox", "what was sent, and who has it"),
            "propose": Place("proposals", "propose", "put a letter before the other officers"),
            "proposals": Place("proposals", "proposals", "what waits for signatures"),
            "amend": Place("proposals", "amend", "put a better text in its place"),
            "endorse": Place("proposals", "endorse", "sign a proposal; the last one posts it"),
            "decline": Place("proposals", "decline", "say that one will not sign, and why"),
            "withdraw": Place("proposals", "withdraw", "take a proposal of one's own back"),
        },
    ),
    (
        "Read",
        {
            "fetch": Place("read", "fetch", "get, verify, open, acknowledge"),
            "sync": Place("read", "fetch", "the same as fetch", True),
            "inbox": Place("read", "inbox", "the letters that came"),
            "read": Place("read", "read", "show a letter, save its attachments"),
            "complied": Place("read", "complied", "say that an instruction is carried out"),
        },
    ),
    (
        "Report",
        {
            "owed": Place("returns", "owed", "what this office still owes"),
            "report": Place("reports", "report", "fill in a form and send it"),
            "correct": Place("reports", "correct", "send better figures for a report"),
            "drafts": Place("reports", "list_drafts", "reports begun and not sent"),
            "form": Place("forms", "form", "what reports are made on"),
            "returns": Place("returns", "returns", "who owes what, who has sent it"),
            "collate": Place("collating", "collate", "add up what reports say"),
            "demands": Place("collating", "demands", "what reports demand, and the answers"),
            "duty": Place("duties", "duty", "what is owed regularly"),
            "send-back": Place("deciding", "send_back", "return a report to be corrected"),
            "accept": Place("deciding", "accept", "accept a report as it is"),
            "extend": Place("deciding", "extend", "give more time"),
            "excuse": Place("deciding", "excuse", "let an office off a report"),
            "remind": Place("deciding", "remind", "write to who owes something"),
        },
    ),
    (
        "Audit",
        {
            "audit": Place("audit", "audit", "verify everything without reading"),
            "bundle": Place("bundle", "bundle", "all notes of a network in one file"),
            "publish": Place("publishing", "publish", "show a letter to anybody, with proof"),
            "verify": Place("audit", "verify", "verify a publication, receipt or note"),
            "forks": Place("forks", "forks", "one number, two dispatches"),
            "settle": Place("forks", "settle", "say which of two stands"),
        },
    ),
    (
        "Keys",
        {
            "keys": Place("keys", "keys", "this officer's keys and passphrase"),
            "unlock": Place("keys", "unlock", "keep the keys open for a while"),
            "lock": Place("keys", "lock", "close them again"),
        },
    ),
)


def find(name: str) -> Place | None:
    """The place of command ``name``, None if there is none."""
    for _, commands in SECTIONS:
        if name in commands:
            return commands[name]
    return None
