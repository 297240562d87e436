"""Why an entry of the roster is refused as a whole, or a look-up cannot be answered: one class per failed check."""

from difflib import get_close_matches

from cipherpost.errors import NewerError, NotAuthenticError, UseError
from cipherpost.text import shown


class RosterEntryError(NotAuthenticError):
    """An entry that makes no sense in the state before it; the roster stays as it was."""


class EntryPlaceError(RosterEntryError):
    """The entry is not the next of this network's roster."""


class GenesisError(RosterEntryError):
    """Entry 1 does not state what it must, or a later one states what only the genesis may."""


class NameTakenError(RosterEntryError):
    """A name that was given before: each is given once, ever."""


class NameUnknownError(RosterEntryError):
    """A statement names an office, group, officer, form or channel that is not there."""


class KeyTakenError(RosterEntryError):
    """A key or card that entered the roster before, or a key that is not of this network."""


class OfficeStateError(RosterEntryError):
    """A statement that does not fit an office that is declared, suspended or dissolved."""


class StandingChangeError(RosterEntryError):
    """A statement takes away what is not there, or gives and takes in one entry."""


class KeepersError(RosterEntryError):
    """Keepers that are not officers of the center in good standing."""


class CutStatementError(RosterEntryError):
    """A cut or settlement of what was not taken away, or of one thing twice."""


class LateralError(RosterEntryError):
    """A lateral group that is none, is one already, or is too large."""


class FormError(RosterEntryError):
    """A version of a form that does not follow the last."""


class DutyError(RosterEntryError):
    """A duty that ends though there is none."""


class UnknownZoneError(NewerError):
    """A time zone that this program's zones do not have: a newer set of zones does."""


class UnknownAudienceError(UseError):
    """A name of no office or group."""


def unknown_audience(name: str, known: list[str]) -> UnknownAudienceError:
    """The error for ``name``; its hint is the nearest of ``known``."""
    near = get_close_matches(name, known, 1, 0.6)
    return UnknownAudienceError(
        f"there is no office or group {shown(name)}",
        hints=(f"did you mean {near[0]}?",) if near else ("cipherpost roster    (shows all names)",),
    )
