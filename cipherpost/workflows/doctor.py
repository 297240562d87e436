"""A look at everything a home needs, one line each: what is well, what is not, and what to do."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cipherpost.errors import CipherpostError

if TYPE_CHECKING:
    from cipherpost.desk import Desk


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    ok: bool
    what: str
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"ok": self.ok, "what": self.what, "hint": self.hint or None}


def examine(
    home: Path, *, post: str | None = None, rebuild: bool = False, passphrase: Callable[[], str] | None = None
) -> list[Check]:
    """Look through a home; with ``rebuild`` its database is first made anew from the verified notes.

    Raises:
        NotForUsError: with ``rebuild``, the keys cannot be opened.
    """
    from cipherpost.desk import Desk
    from cipherpost.home.settings import is_unfinished

    with Desk.open(home, post=post, passphrase=passphrase if rebuild else None) as desk:
        done: list[Check] = []
        if rebuild:
            desk.lock()
            done.append(Check(True, _rebuild(desk)))
        looks = (_mode, _keys, _backup, _machine, _database, _journal, _outbox, _post, _admission)
        for look in (_mode, _whole) if is_unfinished(home) else looks:
            done += _looked(look, desk)
        return done


def _looked(look: "Callable[[Desk], Iterator[Check]]", desk: "Desk") -> list[Check]:
    try:
        return list(look(desk))
    except CipherpostError as error:
        return [Check(False, str(error), error.hints[0] if error.hints else "")]


def _mode(desk: "Desk") -> Iterator[Check]:
    if os.name == "nt":
        return
    for path in (desk.home, desk.home / "keys"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Check(False, f"{path} can be read by others (mode {mode:o})", f"chmod 700 {path}")
            return
    yield Check(True, f"the home is private: {desk.home}")


def _whole(desk: "Desk") -> Iterator[Check]:
    """A home that a kill left unfinished has nothing else to look at yet."""
    from cipherpost.home.settings import unfinished

    raise unfinished(desk.home)


def _keys(desk: "Desk") -> Iterator[Check]:
    under = "under a passphrase" if desk.keys.has_passphrase else "without a passphrase, as was asked for"
    yield Check(True, f"keys of {desk.settings.key_name}, {under}")


def _backup(desk: "Desk") -> Iterator[Check]:
    from cipherpost.home import last_backup
    from cipherpost.workflows import owncards
    from cipherpost.workflows.status import BACK_UP

    if desk.machine.away() is not None:
        return
    why = last_backup.why_wanted(desk.home, posted=True, keys_since=owncards.keys_since(desk))
    if why is None:
        yield Check(True, f"the newest backup is of {last_backup.last(desk.home)}")
    else:  # no fault of the home, and so no failure
        yield Check(True, f"backup: {why}: {BACK_UP}", BACK_UP)


def _machine(desk: "Desk") -> Iterator[Check]:
    from cipherpost.workflows import moving

    away = desk.machine.away()
    if away is not None:
        yield Check(False, f"this home was given to the machine {away.to}: it only reads", "use it there")
        return
    alarm = moving.alarm(desk)
    if alarm is not None:
        yield Check(False, alarm.what, next(iter(alarm.steps), ""))
        return
    moved = desk.machine.check()
    state = desk.machine.moved_state()
    if moved is not None or state is not None:
        reason = moved.reason if moved is not None else state.reason if state else ""
        hint = "use one copy only; it signs again when another office has answered it"
        yield Check(False, f"this home has moved: {reason}", hint)
    else:
        yield Check(True, "the home is where it was")


def _database(desk: "Desk") -> Iterator[Check]:
    desk.mail.check()
    yield Check(True, f"the local database is whole: {desk.mail.count()} notes")


def _journal(desk: "Desk") -> Iterator[Check]:
    from cipherpost.text import CENTER, ROSTER

    desk.journal.signed(f"{CENTER}/{ROSTER}")
    yield Check(True, "the journal is whole")


def _outbox(desk: "Desk") -> Iterator[Check]:
    waiting = len(desk.outbox.items())
    if waiting:
        yield Check(False, f"{waiting} in the outbox; nothing is lost", "cipherpost fetch")
    else:
        yield Check(True, "nothing waits in the outbox")


def _post(desk: "Desk") -> Iterator[Check]:
    from cipherpost.workflows import syncing

    syncing.check_right_post(desk)
    yield Check(True, f"the post office answers: {desk.post.url}")
    stamp = desk.post.stamp
    if stamp is not None:
        hours = (desk.now() - stamp).total_seconds() / 3600
        if hours > 24 * 366:
            yield Check(True, "nothing was written there for over a year")
    if desk.post.skipped:
        name, why = next(iter(desk.post.skipped.items()))
        yield Check(True, f"{len(desk.post.skipped)} foreign things were passed over there, such as {name} ({why})")


def _admission(desk: "Desk") -> Iterator[Check]:
    from cipherpost.workflows.addressing import check_admitted

    check_admitted(desk)
    yield Check(True, f"{desk.office}/{desk.officer} is in the roster, entry {desk.roster.newest}")


def _rebuild(desk: "Desk") -> str:
    """Make the database anew: what can be read of the old one is kept, and every note is judged again."""
    from cipherpost.home.database import MAIL, rebuild
    from cipherpost.home.verified import KeptRoster
    from cipherpost.workflows import syncing

    KeptRoster(desk.home).drop()
    count = rebuild(desk.home / MAIL)
    for channel in desk.chain.channels:
        syncing.save_path(desk, channel)
    if desk.vault.mend():
        for channel in desk.chain.channels:
            desk.mail.set_meta(f"opened {channel}", "0")  # the next fetch reads subjects from the letters again
    return f"the local database was made anew from {count} notes"
