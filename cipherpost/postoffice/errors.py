"""What a post office refuses or fails at; nobody is at fault but the store, the line, or the caller."""

from cipherpost.errors import UnableError, UseError


class ObjectNameError(UseError):
    """A name that is none of `cipherpost.postoffice.names`; not looked for, so it leads out of no root."""


class PostOfficeUrlError(UseError):
    """A post office given in a way that this version or this system does not understand."""


class UnreachableError(UnableError):
    """The store does not answer: no such folder, a stick that was pulled, a line that is down, no permission."""


class UnreadableObjectError(UnreachableError):
    """One object may not be read; others may."""


class StoreFullError(UnableError):
    """The store has no room for the object; what was there before is unchanged."""


class ReadOnlyError(UnableError):
    """The store answers but lets us write nothing."""


class NoSuchObjectError(UnableError):
    """The store answers that nothing is under this name."""


class ForeignObjectError(NoSuchObjectError):
    """Something is under this name that no reader takes (a link, a folder, a device); as good as nothing there.

    ``create`` under such a name answers False: the note goes to its alternate name.
    """


class OccupiedError(UnableError):
    """Something that is no folder stands where a folder of the post office belongs, or the other way round."""


class UnfitStoreError(UnableError):
    """The store does not keep what `cipherpost.postoffice.prove` asks of it."""
