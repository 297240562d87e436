"""One exception class per failed check of a dispatch, V1 to V7 (docs/protocol.md, "Verification").

A check ends in one of three ways, and the class says in which. *Refused*: the note does not count. *Held*
(`HeldError`, `ForkHeldError`): nobody is blamed, and it is judged again when what is missing has come. A *finding* has
no class here, since the dispatch counts (`cipherpost.chain.findings`).

V1 is refused by `HeaderMalformedError`, `TooLargeError` and `NoteError` of the parsers, V6 also by the errors of
`cipherpost.dispatch.kinds`; `check_of` and `code_of` know them all.
"""

from typing import ClassVar, Final

from cipherpost.dispatch.kinds import KindLinesError, KindPlaceError
from cipherpost.errors import CipherpostError, ForkError, GapError, MalformedError, NotAuthenticError

FETCH: Final = "cipherpost fetch"


class MisplacedError(NotAuthenticError):
    """V2: a genuine note under a name that is not its own: another network, channel or number."""

    check: ClassVar[str] = "V2"
    code: ClassVar[str] = "misplaced"


class HeldError(GapError):
    """Not judged yet, for lack of something; nobody is blamed."""

    check: ClassVar[str] = "V3"
    code: ClassVar[str] = "held"


class GapHeldError(HeldError):
    """V3: the dispatch that ``previous`` names is not here, or is itself held."""


class RosterHeldError(HeldError):
    """V4: the roster entry relied on is not here yet."""

    check: ClassVar[str] = "V4"


class RosterDisagreesError(HeldError):
    """V4: the roster entry relied on has another hash here."""

    check: ClassVar[str] = "V4"
    code: ClassVar[str] = "disagrees"


class ForkHeldError(ForkError):
    """Two sides of the channel both go on; reading stops at the last number they share, until one is settled."""

    check: ClassVar[str] = "V3"
    code: ClassVar[str] = "held"


class RosterForkError(ForkError):
    """Enough keepers signed this roster entry, and another one of its number: proof against those who signed both."""

    check: ClassVar[str] = "V3"
    code: ClassVar[str] = "fork"


class RosterOlderError(NotAuthenticError):
    """V4: an earlier entry is relied on than the last counting dispatch of the channel relied on."""

    check: ClassVar[str] = "V4"
    code: ClassVar[str] = "old-roster"


class ForgedError(NotAuthenticError):
    """V5: no signature, a wrong one, or one by a key that the roster never knew for this officer."""

    check: ClassVar[str] = "V5"
    code: ClassVar[str] = "forged"


class UnauthorizedError(NotAuthenticError):
    """V5: well signed, but not by who may sign this: standing, keepers, threshold."""

    check: ClassVar[str] = "V5"
    code: ClassVar[str] = "unauthorized"


class CutError(NotAuthenticError):
    """V5: signed in good standing, above the number at which a later roster entry cut the signer off."""

    check: ClassVar[str] = "V5"
    code: ClassVar[str] = "void"


class StatementsError(NotAuthenticError):
    """V6: a roster entry whose statements are malformed, or make no sense in the state before it."""

    check: ClassVar[str] = "V6"
    code: ClassVar[str] = "malformed"


class DraftExpiredError(NotAuthenticError):
    """V6: posted after the last day of its draft."""

    check: ClassVar[str] = "V6"
    code: ClassVar[str] = "void"


class DraftSpentError(NotAuthenticError):
    """V6: an earlier counting header of the channel bears the same draft number."""

    check: ClassVar[str] = "V6"
    code: ClassVar[str] = "void"


class UncountedTargetError(NotAuthenticError):
    """V6: what it supersedes or cancels is no lower, counting dispatch of the channel with the same threshold."""

    check: ClassVar[str] = "V6"
    code: ClassVar[str] = "void"


class RaceLostError(NotAuthenticError):
    """Another dispatch of the same number stands: the next one links to it, it was taken first, or it is settled."""

    check: ClassVar[str] = "V3"
    code: ClassVar[str] = "race"


class AsideError(NotAuthenticError):
    """Follows a dispatch that lost a race or was settled away: no part of the channel."""

    check: ClassVar[str] = "V3"
    code: ClassVar[str] = "void"


def check_of(error: CipherpostError) -> str:
    """The number of the check that ended in ``error``: ``V1`` to ``V6``."""
    if isinstance(error, (KindLinesError, KindPlaceError)):
        return "V6"
    return str(getattr(error, "check", "V1"))


def code_of(error: CipherpostError) -> str:
    """The finding code of ``error`` (docs/protocol.md, "Findings")."""
    if isinstance(error, KindLinesError):
        return "malformed"
    if isinstance(error, KindPlaceError):
        return "unauthorized"
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    return "malformed" if isinstance(error, MalformedError) else "held"


def points_of(error: CipherpostError) -> str | None:
    """Where the finding about ``error`` points, if not where others of its code do: V6 fails of what is signed."""
    return "sender" if check_of(error) == "V6" and code_of(error) == "malformed" else None


def is_held(error: CipherpostError | None) -> bool:
    """Whether ``error`` means: judged again when what is missing has come."""
    return isinstance(error, (HeldError, ForkHeldError))
