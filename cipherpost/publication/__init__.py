"""A publication: a letter in plain, with what proves to anybody that it was sealed under its number.

Its members, in this order, as an archive of `cipherpost.tar`'s form or as the files of a folder::

    publication.json             what is in it, in canonical JSON
    header.note                  the dispatch
    roster/00000001.note ...     every entry of the roster, from number 1 to the newest known
    letter.tar                   the exact archive that was sealed; or, of a letter that is not published whole:
    letter.json                  its letterhead and commitments, and
    members/body.md ...          the members that are not left out, by their names in the letter
    index.html                   the page for people, where there is one

All of it follows from the header, the roster and the letter: each note bears the one signature line that counts, and
``publication.json`` and the page are made anew and compared. So any byte that is changed is noticed.

Nothing here knows files, a home or a line. `pack` makes one, `verify` reads one; both stream.
"""

from cipherpost.publication.packing import Content, Packed, pack
from cipherpost.publication.parts import (
    LETTER_JSON,
    MANIFEST,
    MEMBERS,
    NOTE,
    PAGE,
    WHOLE,
    NewerPublicationError,
    NothingToPublishError,
    Page,
    PublicationError,
    PublicationPageError,
    PublicationRosterError,
    Published,
    SettledOtherwiseError,
)
from cipherpost.publication.verifying import Members, verify, verify_members

__all__ = [
    "LETTER_JSON",
    "MANIFEST",
    "MEMBERS",
    "NOTE",
    "PAGE",
    "WHOLE",
    "Content",
    "Members",
    "NewerPublicationError",
    "NothingToPublishError",
    "Packed",
    "Page",
    "PublicationError",
    "PublicationPageError",
    "PublicationRosterError",
    "Published",
    "SettledOtherwiseError",
    "pack",
    "verify",
    "verify_members",
]
