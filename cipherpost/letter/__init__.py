"""The letter: what is sealed. An archive of `cipherpost.tar`'s form, Padmé padded, with these members and no others::

    members.json                 names, types, sizes and salts of the members below (`papers`)
    body.md  or  body.txt        UTF-8, lines end in LF
    data.json                    strict JSON, for whatever kind carries data
    attachments/<name>           in the order of members.json
    letter.json                  letterhead and commitments; its hash stands in the header

of which body, data and attachments may each be absent, but not all of them. Example: the letter with the text
``hello`` is ``members.json``, ``body.md``, ``letter.json``, and stock tools open it: ``age -d -i key letter.age |
tar -x``. `write_letter` and `read_letter` stream: memory does not grow with attachments.
"""

from cipherpost.letter.names import (
    AttachmentNameError,
    MediaTypeError,
    check_attachment_name,
    check_attachment_names,
    windows_problem,
)
from cipherpost.letter.papers import (
    LetterError,
    Letterhead,
    MemberInfo,
    MembersError,
    NewerLetterError,
    PaperError,
    commitment,
    parse_letterhead,
    parse_members,
    print_letterhead,
    print_members,
)
from cipherpost.letter.partial import Kept, keep, left_out, parse_kept, print_kept, read_partial
from cipherpost.letter.reading import (
    BodyError,
    CommitmentError,
    Letter,
    LetterHashError,
    LetterheadError,
    Save,
    archive_size,
    check_letterhead,
    read_letter,
)
from cipherpost.letter.writing import (
    Attachment,
    BodyType,
    LetterDraft,
    LetterDraftError,
    Written,
    content_digest,
    letter_size,
    write_letter,
)

__all__ = [
    "Attachment",
    "AttachmentNameError",
    "BodyError",
    "BodyType",
    "CommitmentError",
    "Kept",
    "Letter",
    "LetterDraft",
    "LetterDraftError",
    "LetterError",
    "LetterHashError",
    "Letterhead",
    "LetterheadError",
    "MediaTypeError",
    "MemberInfo",
    "MembersError",
    "NewerLetterError",
    "PaperError",
    "Save",
    "Written",
    "archive_size",
    "check_attachment_name",
    "check_attachment_names",
    "check_letterhead",
    "commitment",
    "content_digest",
    "keep",
    "left_out",
    "letter_size",
    "parse_kept",
    "parse_letterhead",
    "parse_members",
    "print_kept",
    "print_letterhead",
    "print_members",
    "read_letter",
    "read_partial",
    "windows_problem",
    "write_letter",
]
