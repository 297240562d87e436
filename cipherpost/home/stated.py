"""The last numbers that offices state of their own channels: head lines, as far as they hold now.

What an office states in a channel is what the last counting header of that channel says: the next one restates or
withdraws it, and what a void one said is forgotten (docs/protocol.md, "Acks").
"""

from typing import TYPE_CHECKING, Final

from cipherpost.dispatch.header import Head

if TYPE_CHECKING:
    from cipherpost.home.mail import Mail

_PREFIX: Final = "heads "


class StatedHeads:
    """Heads by the channel they are about and the channel that states them; kept in ``mail``."""

    def __init__(self, mail: "Mail") -> None:
        self._mail = mail
        self._about: dict[str, dict[str, Head]] = {}
        self._in: dict[str, tuple[Head, ...]] = {}
        for name, value in mail.metas(_PREFIX):
            self._put(name.removeprefix(_PREFIX), tuple(_head(line) for line in value.splitlines()))

    def state(self, channel: str, heads: tuple[Head, ...]) -> None:
        """The last counting header of ``channel`` has these head lines, and no others hold there."""
        if heads != self._in.get(channel, ()):
            self._mail.set_meta(_PREFIX + channel, "\n".join(f"{h.channel} {h.number} {h.hash}" for h in heads))
            self._put(channel, heads)

    def of(self, channel: str) -> Head | None:
        """The highest head stated of ``channel``; None: nobody says anything of it."""
        return max(self._about.get(channel, {}).values(), key=lambda head: head.number, default=None)

    def _put(self, channel: str, heads: tuple[Head, ...]) -> None:
        for head in self._in.pop(channel, ()):
            self._about[head.channel].pop(channel, None)
        if heads:
            self._in[channel] = heads
        for head in heads:
            self._about.setdefault(head.channel, {})[channel] = head


def _head(line: str) -> Head:
    channel, number, text_hash = line.split(" ")
    return Head(channel, int(number), text_hash)
