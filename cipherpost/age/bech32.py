"""Bech32 (BIP 173) without the limit on length, as age uses it for keys.

The checksum is linear over GF(2): each of its 30 bits is the parity of some of the bits of the text. With the text
as one large integer, a check is 30 times "and" and "count the ones", where the textbook takes one step of a dozen
operations for each character. A post-quantum key has 1,959 of them, and a network has thousands of keys.
"""

from base64 import b32encode
from functools import cache, lru_cache

from cipherpost.age.errors import KeyFormatError

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
LONGEST = 2048
"""Characters of a whole text; the longest key of age's native kinds has 1,959."""

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_INVALID = b"!"
_FROM_ALPHABET = bytes(
    ord(_DIGITS[ALPHABET.index(chr(byte))]) if chr(byte) in ALPHABET else _INVALID[0] for byte in range(256)
)
_FROM_RFC_4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode("ascii"))
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_SYMBOLS = 6
_CHECKSUM_BITS = 30


def decode(text: str) -> tuple[str, bytes]:
    """The human-readable part, in the case it was written, and the bytes of a Bech32 text.

    Raises:
        KeyFormatError: mixed case, a foreign character, a wrong checksum, or bits left over. The text is not
            quoted, because it may be a secret.

    Source: BIP 173, section "Bech32"; c2sp.org/age, "Conventions".
    """
    if len(text) > LONGEST or not text.isascii():
        raise _malformed("is too long or holds foreign characters", rule=f"ASCII, at most {LONGEST} characters")
    lower = text.lower()
    if text not in (lower, text.upper()):
        raise _malformed("mixes upper and lower case", rule="Bech32 is all of one case")
    prefix, separator, data = lower.rpartition("1")
    if not separator or not prefix or not all("!" <= character <= "~" for character in prefix):
        raise _malformed("has no valid prefix", rule="printable characters, then 1, then the data")
    digits = data.encode("ascii").translate(_FROM_ALPHABET)
    if len(digits) < _CHECKSUM_SYMBOLS or _INVALID in digits:
        raise _malformed("holds characters that Bech32 does not use", rule="32 letters and digits without 1bio")
    value = int(digits, 32)
    if _residue(prefix, value, len(digits)) != 1:
        raise _malformed("is mistyped or cut: its checksum is wrong", rule="BIP 173 checksum")
    return text[: len(prefix)], _octets(value >> _CHECKSUM_BITS, len(digits) - _CHECKSUM_SYMBOLS)


def encode(prefix: str, data: bytes) -> str:
    """The Bech32 text of ``data`` under ``prefix``, in lower case.

    Source: BIP 173, section "Bech32". The prefix is the caller's constant and is not checked.
    """
    prefix = prefix.lower()
    symbols = b32encode(data).rstrip(b"=").translate(_FROM_RFC_4648).decode("ascii")
    unsigned = int.from_bytes(data) << (5 * len(symbols) - 8 * len(data) + _CHECKSUM_BITS)
    checksum = _residue(prefix, unsigned, len(symbols) + _CHECKSUM_SYMBOLS) ^ 1
    tail = "".join([ALPHABET[checksum >> shift & 31] for shift in range(_CHECKSUM_BITS - 5, -1, -5)])
    return f"{prefix}1{symbols}{tail}"


def _malformed(what: str, *, rule: str) -> KeyFormatError:
    return KeyFormatError(f"the key {what}", rule=rule, hints=("copy the key again, whole and on one line",))


def _octets(value: int, symbols: int) -> bytes:
    """``value`` of ``symbols`` times five bits as whole bytes; what is left over must be fewer than 5 zero bits."""
    octets, spare = divmod(5 * symbols, 8)
    if spare >= 5 or value & ((1 << spare) - 1):
        raise _malformed("has bits left over", rule="fewer than five spare bits, all of them zero")
    return (value >> spare).to_bytes(octets)


def _step(state: int) -> int:
    """The state of the checksum after one more symbol, of value 0."""
    top = state >> 25
    state = (state & 0x1FFFFFF) << 5
    for bit, generator in enumerate(_GENERATOR):
        if top >> bit & 1:
            state ^= generator
    return state


@lru_cache(maxsize=16)
def _prefix_state(prefix: str) -> int:
    """The state of the checksum after the prefix: its high bits, a zero, its low bits."""
    state = 1
    for symbol in (*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)):
        state = _step(state) ^ symbol
    return state


@cache
def _masks(symbols: int) -> tuple[int, ...]:
    """For each bit of the checksum, lowest first, which bits of a text of up to ``symbols`` symbols it is made of.

    Bit ``5 * n + k`` of a mask speaks of bit ``k`` of the symbol that ``n`` others follow. One table of the 30 bits
    that each bit of the text ends up as, first bit of the text first, is read by columns.
    """
    effects = [1 << bit for bit in range(5)]
    rows: list[str] = []
    for _ in range(symbols):
        rows.extend([f"{effect:030b}" for effect in effects])
        effects = [_step(effect) for effect in effects]
    table = "".join(reversed(rows))
    return tuple(int(table[column::_CHECKSUM_BITS], 2) for column in range(_CHECKSUM_BITS - 1, -1, -1))


def _residue(prefix: str, value: int, symbols: int) -> int:
    """The state of the checksum after the prefix and ``value``, which is ``symbols`` symbols; 1 where it is right."""
    # A state of 30 bits is what six symbols leave behind when one starts from 0, so it can stand before the data.
    value |= _prefix_state(prefix) << (5 * symbols)
    masks = _masks(128 if symbols + _CHECKSUM_SYMBOLS <= 128 else LONGEST + _CHECKSUM_SYMBOLS)
    return sum([((value & mask).bit_count() & 1) << bit for bit, mask in enumerate(masks)])
