"""Every refusal has one of the roots below: who is at fault, and with which code the program ends.

A module that checks something derives one class per failed check from the root that fits and keeps it beside
the check. A message has four parts, so that the reader knows what to do: *what* went wrong, *where* (a channel
and number, a file, a line), the *rule* that was broken, and up to two *hints*, each a command or an act.
"""

from typing import ClassVar


class CipherpostError(Exception):
    """Root of all refusals of this package.

    Args:
        what: one clause in plain words, no final stop; never holds plaintext of letters or secrets.
        where: the thing spoken of: ``tver/center/12``, a path, a line of a file.
        rule: the rule that was broken, as a clause.
        hints: what to do next, at most two; each a command or an act, and whose turn it is.
        channel, number: of the dispatch spoken of, where there is one.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        rule: str = "",
        hints: tuple[str, ...] = (),
        channel: str | None = None,
        number: int | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.rule = rule
        self.hints = hints
        self.channel = channel
        self.number = number
        super().__init__(what)

    def __str__(self) -> str:
        """``where: what (rule)``; the place is the dispatch when no other is given."""
        place = self.where
        if not place and self.channel is not None:
            place = self.channel if self.number is None else f"{self.channel}/{self.number}"
        text = f"{place}: {self.what}" if place else self.what
        return f"{text} ({self.rule})" if self.rule else text


class UnableError(CipherpostError):
    """Nobody is at fault: disk, store, line, no such thing. Exit 1."""

    exit_code = 1


class NewerError(UnableError):
    """Made by a newer cipherpost than this one; nothing after it is trusted until the update. Exit 1."""


class UseError(CipherpostError):
    """The caller asked for something that makes no sense. Exit 2."""

    exit_code = 2


class NotAuthenticError(CipherpostError):
    """Somebody else's bytes are not what they must be: forged, altered, unauthorised, malformed. Exit 3."""

    exit_code = 3


class MalformedError(NotAuthenticError):
    """Bytes from outside do not have the form that the format prescribes."""


class TooLargeError(MalformedError):
    """An input is above its limit of ``limits.py``; it was not read further."""


class NotForUsError(CipherpostError):
    """Not addressed to this officer, or the key or passphrase to open it is not at hand. Exit 4."""

    exit_code = 4


class StaleError(CipherpostError):
    """Silence longer than the network allows, or a clock that cannot be right. Exit 5."""

    exit_code = 5


class GapError(CipherpostError):
    """Numbers are missing, or something is held until they come. Exit 6."""

    exit_code = 6


class ForkError(CipherpostError):
    """Two different headers by the same hand, or two sides that both go on; a proof was written. Exit 7."""

    exit_code = 7


GRAVITY = (7, 3, 6, 5, 4, 1)
"""Exit codes from the gravest down: a batch does all the rest first and ends with the first of these that fits."""


def gravest(codes: "set[int] | frozenset[int]") -> int:
    """The exit code of a batch whose items ended with ``codes`` (0 where all went well); wrong use weighs least."""
    return next((code for code in GRAVITY if code in codes), max(codes, default=0))
