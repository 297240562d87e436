"""Every limit on what comes from outside, with its unit and reason; checked before memory or time is spent (I11).

The limits of section "Limits" of docs/protocol.md are part of the protocol: two programs that differ here would
disagree on what counts. The others, under "of this program", may be changed.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# ---- of the protocol ---------------------------------------------------------------------------------------------

HEADER_BYTES: Final = 64 * KIB
"""A whole note of any kind but roster, signature lines included; small enough to hold thousands in memory."""
ROSTER_BYTES: Final = 4 * MIB
"""A whole note of kind roster: about 10,000 admissions in one entry."""
STATEMENTS: Final = 20_000
"""Statements of one roster entry."""
KEEPERS: Final = 15
"""Keepers of a network: more than half of the old and of the new ones fit into ``by`` and `ENDORSED`."""
LATERAL_MEMBERS: Final = 256
"""Members of a lateral group: each may write to each, so channels grow with the square."""
DUTY_DAYS: Final = 366
"""Days of ``due``, ``within`` and ``grace`` of a duty."""
ACKS: Final = 256
MISSING: Final = 64
HEADS: Final = 64
ENDORSED: Final = 16
SEALED_OF_KEY: Final = 400
"""``sealed`` lines of kind key; every other kind has at most one."""
READERS_OF_KEY: Final = 256
"""Readers that one sealed file of kind key serves."""
NUMBER: Final = 99_999_999
"""Numbers of dispatches and proposals: eight digits, as in the object names."""
SIZE: Final = 2**40
"""Bytes of a sealed file or a member of a letter."""
FREE_TEXT: Final = 120
"""Characters of a title or subject."""
NAME: Final = 63
"""Characters of a name of a network, office, officer, group or form (a DNS label's length)."""
AGE_HEADER_BYTES: Final = 32 * MIB
"""An age header: about 15,000 hybrid stanzas."""
HEADS_FILE_BYTES: Final = 64 * MIB
"""The public heads of an audit: about 600,000 channels."""
ALTERNATES: Final = 64
"""Notes under alternate names that are looked at for one slot."""
ATTACHMENT_NAME_BYTES: Final = 255
"""What the usual file systems take for one name."""
MEMBERS: Final = 1_000
"""Members of a letter beside ``members.json`` and ``letter.json``."""
LETTER_JSON_BYTES: Final = 1 * MIB
"""``letter.json`` and ``members.json`` each: a thousand members with names of 255 bytes fit."""
BODY_BYTES: Final = 4 * MIB
"""The body of a letter, held in memory to be shown."""
DATA_BYTES: Final = 16 * MIB
"""``data.json`` of a letter, held in memory to be checked."""
JSON_DEPTH: Final = 64
"""Nesting of any JSON from outside; Python's own reader recurses."""
JSON_VALUES: Final = 1_000_000
"""Values in any JSON from outside: each costs Python some 60 bytes, however short it is written."""
TAR_NAME_BYTES: Final = 1_024
"""A member's name in an archive, folders included."""
CLOCK_AHEAD_SECONDS: Final = 86_400
"""How far a dispatch may be ahead of the judging time before the finding ``clock`` (V7)."""
BUNDLE_BYTES: Final = 2**40
"""A bundle, whole: its index counts blocks of 512 bytes in four bytes."""
PROOF_BYTES: Final = 256 * MIB
"""The proof of a fork, whole, held in memory: the roster up to what is proved takes most of it."""
PROOF_NOTES: Final = 256
"""Dispatches of one side in the proof of a fork: from the number that forks to the next one that counts."""
FORM_BYTES: Final = 256 * KIB
"""A form, whole: some 500 fields with help for each."""
FORM_FIELDS: Final = 500
"""Fields of a form, the columns of its lists included: what can be shown on a page and filled in."""
FORM_WEIGHT: Final = 50_000
"""Values of a form once every reference is put in place of what it names: they can double at each step."""
FORM_PATTERNS: Final = 64
"""Patterns of a form with every reference written out: one alone may cost 10 ms and 1 MiB to make ready."""
FORM_PATTERN_TEXT: Final = 8_192
"""Characters of all these patterns together."""
FORM_HELP: Final = 2_000
"""Characters of the description of a form or of a field."""
REPORT_TEXT: Final = 100_000
"""Characters of one text in a report: fifty pages."""
REPORT_ITEMS: Final = 10_000
"""Items of one list in a report."""

# ---- of this program ---------------------------------------------------------------------------------------------

AUDIT_FINDINGS: Final = 20_000
"""Findings that a signed audit lists, the gravest first."""
AUDIT_LETTER_BYTES: Final = 64 * MIB
"""The sealed file of an earlier audit, opened to know its findings again; a page may be attached."""
CARD_BYTES: Final = 64 * KIB
"""A card or invitation without its armor."""
CARRIED_BYTES: Final = 2 * MIB
"""A file or mail with armored cards or invitations in it: quoting, wrapping, UTF-16 and other text included."""
PATTERN_BYTES: Final = 1 * MIB
"""Memory of one pattern of a form, made ready for checking; a short one can ask for very much."""
SCRYPT_LOG_N_MAX: Final = 20
"""Work factor accepted from a file: 1 GiB of memory. An age passphrase file is a file of our own."""
SCRYPT_LOG_N: Final = 16
"""Work factor written: 64 MiB and about 0.25 s."""
CHECK_INTERVAL_DAYS: Final = 30
"""Silence of the center that counts as stale when the roster states no ``check``."""
KEY_ADVICE_DAYS: Final = 365
"""Age of keys from which the program advises to make new ones."""
DRAFT_DAYS: Final = 30
"""Days within which a proposal may be posted, unless its proposer says otherwise."""
DIFF_LINES: Final = 20_000
"""Lines of a proposed text up to which it is compared with the one that it amends; comparing grows with the square."""
PIECE: Final = 128 * KIB
"""Bytes of a large file that are read and written at a time. Writing a new file of 1 GiB on ext4, in a virtual machine,
took 0.3 s of processor time in such pieces and 1.3 s in pieces of 1 MiB."""
SKIPPED: Final = 1_000
"""Foreign things in a post office that are remembered by name."""
UNSORTED_NAMES: Final = 2_000_000
"""Names that a store lists out of order and a bundle sorts in memory: about 250 MiB."""
AS_OF_YEARS_AHEAD: Final = 10
"""Years of the calendar from the newest time known to a judging time: about 500 debts of an office that reports
weekly."""
CARDS_OF_OFFICE: Final = 1_000
"""Cards under one office's prefix that are looked at; whoever may write there may also fill it with rubbish."""
