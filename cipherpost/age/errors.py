"""What can be wrong with an age file or an age key: one class per kind of failure.

The kinds are those that the CCTV test vectors of age tell apart with the word ``expect``, so that a test can say
which one it means and a program which one it met.
"""

from cipherpost.errors import MalformedError, NotAuthenticError, NotForUsError, TooLargeError, UseError


class NoMatchError(NotForUsError):
    """None of the identities opens any of the stanzas (CCTV: ``no match``)."""


class HmacError(NotAuthenticError):
    """A file key was found, but the header is not the one it was made for (CCTV: ``HMAC failure``)."""


class HeaderError(MalformedError):
    """The header, or a stanza meant for one of our kinds of key, breaks the form (CCTV: ``header failure``)."""


class HeaderTooLargeError(HeaderError, TooLargeError):
    """The header is above its limit in bytes or in stanzas; it was not read further."""


class ArmorError(MalformedError):
    """The ASCII armor breaks the form (CCTV: ``armor failure``)."""


class PayloadError(NotAuthenticError):
    """The payload was altered, cut short or added to (CCTV: ``payload failure``)."""


class KeyFormatError(MalformedError):
    """A public or secret key, or an identity file, is not written as it must be. Never quotes a secret."""


class MixedRecipientsError(UseError):
    """Recipients of different kinds, or a passphrase beside anything else, were asked for in one file."""


class NoRecipientsError(UseError):
    """Encryption to nobody was asked for."""


class WriterStateError(UseError):
    """A file was written to after its end, or after a failure that left it unfinished."""
