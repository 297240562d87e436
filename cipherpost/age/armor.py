"""ASCII armor: the strict PEM form of an age file, for what carries only text.

Strict, because a lenient reader would let anybody make many texts of one file: no headers, no comments, lines of
exactly 64 columns, canonical base64; white space only before and after. Lines may end in LF or CRLF.
"""

import re
from binascii import a2b_base64, b2a_base64
from typing import Final

from cipherpost.age.errors import ArmorError
from cipherpost.age.streams import Octets, Sink, Source, read_full, write_full

BEGIN: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
END: Final = b"-----END AGE ENCRYPTED FILE-----"
BLANKS: Final = 1024
"""Bytes of white space that are passed over before and after the armor, each."""

WHITE: Final = b" \t\r\n\v\f"
_COLUMNS = 64
_LINE_OCTETS = 48
_BLOCK = 64 * 1024
_FIRST_LINE = re.compile(re.escape(BEGIN) + rb"\r?\n")
_FULL_LINES = re.compile(rb"(?:[A-Za-z0-9+/]{64}\r?\n)*+")
_LAST_LINES = re.compile(
    rb"(?:(?=[^\r\n]{1,64}\r?\n)"
    rb"((?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?)\r?\n)?"
    + re.escape(END)
    + rb"(?:\r?\n|\Z)"
)
_LAST_LINES_BYTES = _COLUMNS + 2 + len(END) + 2
"""With so much text at hand, or all of it, what is not a full line must be the last lines."""
_RULE = "c2sp.org/age: ASCII armor"


class ArmorWriter:
    """Writes armor around what is written to it. Only ``close`` makes a valid end."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = b""
        write_full(sink, BEGIN + b"\n")

    def write(self, data: Octets) -> None:
        """Encode ``data``; less than a line of it is held back."""
        data = self._held + data
        whole = len(data) - len(data) % _LINE_OCTETS
        self._held = data[whole:]
        if whole:
            self._put(data[:whole])

    def close(self) -> None:
        """Write the last line and the end line; the sink stays open."""
        if self._held:
            self._put(self._held)
        write_full(self._sink, END + b"\n")

    def _put(self, data: bytes) -> None:
        text = b2a_base64(data, newline=False)
        lines = [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
        lines.append(b"")
        write_full(self._sink, b"\n".join(lines))


class ArmorReader:
    """What the armor in ``source`` holds, as a binary stream; nothing but white space may be around it.

    ``read`` raises ArmorError where the armor breaks the form, and again at every later call.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = b""
        self._plain = b""
        self._at_end = False  # of the source
        self._begun = False
        self._ended = False  # the end line was met
        self._failure: ArmorError | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, or all that is left where ``size`` is negative; none only at the end.

        Raises:
            ArmorError: the armor breaks the form.
        """
        if size < 0:
            parts = []
            while part := self.read(_BLOCK):
                parts.append(part)
            return b"".join(parts)
        while size and not self._plain and not self._ended:
            self._advance()
        taken, self._plain = self._plain[:size], self._plain[size:]
        return taken

    def _advance(self) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            block = self._source.read(_BLOCK)
            self._at_end = not block
            self._text += block
            if self._begun or self._begin():
                self._body()
        except ArmorError as failure:
            self._failure = failure
            self._plain = b""
            raise

    def _begin(self) -> bool:
        """Pass over the first line; false where more text is needed to tell."""
        text = self._text.lstrip(WHITE)
        blanks = len(self._text) - len(text)
        if blanks > BLANKS:
            raise _broken("too much white space stands before the armor")
        if len(text) < len(BEGIN) + 2 and not self._at_end:
            return False
        match = _FIRST_LINE.match(text)
        if match is None or (blanks and not self._text[:blanks].endswith(b"\n")):
            raise _broken("the armor does not begin with its first line")
        self._text = text[match.end() :]
        self._begun = True
        return True

    def _body(self) -> None:
        full = _FULL_LINES.match(self._text)
        whole = full.end() if full else 0
        self._plain = a2b_base64(self._text[:whole].translate(None, b"\r\n"))
        self._text = self._text[whole:]
        if len(self._text) < _LAST_LINES_BYTES and not self._at_end:
            return
        last = _LAST_LINES.match(self._text)
        if last is None:
            raise _broken("a line of the armor is malformed or missing")
        self._plain += a2b_base64(last[1] or b"")
        self._finish(self._text[last.end() :])

    def _finish(self, rest: bytes) -> None:
        rest += read_full(self._source, max(0, BLANKS + 1 - len(rest)))
        if rest.strip(WHITE):
            raise _broken("something follows the armor")
        if len(rest) > BLANKS:
            raise _broken("too much white space follows the armor")
        self._text = b""
        self._ended = True


def enarmor(data: bytes) -> bytes:
    """The armored form of a whole age file, in LF lines."""
    from io import BytesIO

    text = BytesIO()
    writer = ArmorWriter(text)
    writer.write(data)
    writer.close()
    return text.getvalue()


def dearmor(source: Source | bytes) -> bytes:
    """All that the armor in ``source`` holds; for small files, the rest is for ``ArmorReader``.

    Raises:
        ArmorError: the armor breaks the form.

    Source: c2sp.org/age, "ASCII armor"; RFC 7468, section 3, figure 3.
    """
    from io import BytesIO

    return ArmorReader(BytesIO(source) if isinstance(source, bytes) else source).read()


def _broken(what: str) -> ArmorError:
    return ArmorError(what, rule=_RULE, hints=("copy the text again, from its BEGIN line to its END line",))
