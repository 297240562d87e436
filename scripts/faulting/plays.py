"""The commands that are played, each with what must be there before; and those that are not, with the reason.

`NOT_PLAYED` and `PLAYS` together name every command of the program; a test holds that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from faulting import settings
from faulting.stage import Stage, fork

Words = tuple[str, ...]
_READS: Final = "reads only"


def nothing(_stage: Stage) -> None:
    """The common network is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One command in its place.

    Args:
        command: as the program's table calls it (``keys rotate``).
        home: whose command it is.
        words: of the command; ``{root}`` is the network's folder, ``{0}``... what ``before`` gives.
        before: makes the setting from the common one.
        documents: files and folders below the root that it writes; ``same``: of the same bytes each time.
        network, post: of its own, for who founds one.
        code: with which it ends where all is well.
        again: words that its hint adds, where the file of a first try is there already.
        more: how a dispatch begins that may be posted beside, once, where the first try did not come to its end.
        env: of all commands of this home.
        after: reads what it did in the homes, to be compared.
    """

    command: str
    home: str
    words: Words
    before: Callable[[Stage], Sequence[str] | None] = nothing
    documents: Words = ()
    same: bool = False
    network: str = "rkpb"
    post: str = "post"
    code: int = 0
    again: Words = ()
    more: Words = ()
    env: Mapping[str, str] = field(default_factory=dict)
    after: tuple[tuple[str, Words], ...] = ()


# ---- plays ---------------------------------------------------------------------------------------------------------

_WHY: Final = ("-m", "The roads are closed.")
_MARCH: Final = ("monthly-return", "2024-03")
_PASSPHRASE: Final = {"CIPHERPOST_PASSPHRASE_FILE": "{root}/words"}

PLAYS: Final = (
    Play(
        command="init",
        home="founder",
        words=("init", "other", "--officer", "lenin", "--post", "{root}/post-2", "--no-passphrase"),
        network="other",
        post="post-2",
    ),
    Play(
        command="join",
        home="omsk",
        words=("join", "{root}/omsk.invitation", "--officer", "ivanova", "--no-passphrase", "--post", "{root}/post"),
        before=settings.invited,
        after=(("center", ("cards",)),),
    ),
    Play(command="office add", home="center", words=("office", "add", "omsk", "--title", "Omsk")),
    Play(command="office title", home="center", words=("office", "title", "tver", "Tver Gubernia Committee")),
    Play(
        command="invite",
        home="center",
        words=("invite", "tver", "-o", "{root}/an.invitation"),
        documents=("an.invitation",),
        again=("--force",),
    ),
    Play(
        command="card",
        home="tver",
        words=("card", "-o", "{root}/a.card"),
        documents=("a.card",),
        same=True,
        again=("--force",),
    ),
    Play(command="admit", home="center", words=("admit", "omsk/ivanova", "--heard", "{0}"), before=settings.joined),
    Play(command="group", home="center", words=("group", "north", "tver", "audit")),
    Play(command="keepers", home="center", words=("keepers", "stasova", "bazhanov", "-y")),
    Play(command="settings", home="center", words=("settings", "timezone", "Europe/Moscow")),
    Play(command="retire", home="center", words=("retire", "tver/ivanov", "-y")),
    Play(command="compromised", home="center", words=("compromised", "samara/petrova", "-y")),
    Play(command="suspend", home="center", words=("suspend", "samara", "-y")),
    Play(command="reinstate", home="center", words=("reinstate", "samara"), before=settings.suspended),
    Play(command="dissolve", home="center", words=("dissolve", "samara", "-y")),
    Play(command="cut", home="center", words=("cut", "samara/center/0", "-y"), before=settings.suspended),
    Play(
        command="send", home="center", words=("send", "{root}/new.md", "--to", "all", "--attach", "{root}/figures.bin")
    ),
    Play(command="reply", home="tver", words=("reply", "center/all/1", *_WHY)),
    Play(command="share", home="center", words=("share", "--all", "--to", "tver/petrov"), before=settings.new_officer),
    Play(command="forward", home="tver", words=("forward", "center/all/1", "--to", "volga", "-m", "For you too.")),
    Play(command="cancel", home="center", words=("cancel", "center/all/1", *_WHY)),
    Play(command="propose", home="center", words=("propose", "{root}/new.md", "--to", "all"), before=settings.two_sign),
    Play(command="amend", home="second", words=("amend", "{0}", "{root}/better.md"), before=settings.proposed),
    Play(
        command="endorse",
        home="second",
        words=("endorse", "{0}"),
        before=settings.proposed,
        more=("center/center message bazhanov",),
    ),
    Play(command="decline", home="second", words=("decline", "{0}", *_WHY), before=settings.proposed),
    Play(command="withdraw", home="center", words=("withdraw", "{0}", *_WHY), before=settings.proposed),
    Play(command="fetch", home="samara", words=("fetch",), before=settings.new_mail, after=(("samara", ("inbox",)),)),
    Play(
        command="read",
        home="samara",
        words=("read", "center/all/3", "--save", "{root}/saved"),
        before=settings.fetched_mail,
        documents=("saved",),
        same=True,
        after=(("samara", ("inbox",)),),
        again=("--force",),
    ),
    Play(command="complied", home="tver", words=("complied", "center/all/2")),
    Play(command="report", home="tver", words=("report", *_MARCH, "--data", "{root}/data.json")),
    Play(
        command="correct",
        home="tver",
        words=("correct", *_MARCH, "--data", "{root}/data.json"),
        before=settings.reported,
    ),
    Play(
        command="drafts",
        home="tver",
        words=("drafts", "--drop", *_MARCH, "-y"),
        before=settings.draft,
        after=(("tver", ("drafts",)),),
    ),
    Play(command="form publish", home="center", words=("form", "publish", "conference-before")),
    Play(
        command="form page",
        home="center",
        words=("form", "page", *_MARCH, "-o", "{root}/form.html"),
        documents=("form.html",),
        same=True,
        again=("--force",),
    ),
    Play(command="duty add", home="center", words=("duty", "add", "monthly-return", "volga", "weekly", "--due", "2")),
    Play(command="duty end", home="center", words=("duty", "end", "monthly-return", "all", "--until", "2024-06")),
    Play(
        command="send-back",
        home="center",
        words=("send-back", "tver", *_MARCH, "--until", "2024-05-01", *_WHY),
        before=settings.reported,
    ),
    Play(command="accept", home="center", words=("accept", "tver", *_MARCH, *_WHY), before=settings.reported),
    Play(command="extend", home="center", words=("extend", "samara", *_MARCH, "--until", "2024-05-01", *_WHY)),
    Play(command="excuse", home="center", words=("excuse", "samara", *_MARCH, *_WHY)),
    Play(command="remind", home="center", words=("remind", "-m", "We need this on Monday.")),
    Play(
        command="collate",
        home="center",
        words=("collate", *_MARCH, "--html", "{root}/sum.html"),
        before=settings.reported,
        documents=("sum.html",),
        again=("--force",),
    ),
    Play(
        command="demands answer",
        home="center",
        words=("demands", "answer", "{0}", "--by", "center/all/1"),
        before=settings.demanded,
    ),
    Play(command="demands same", home="center", words=("demands", "same", "{0}", "{1}"), before=settings.demanded),
    Play(
        command="collate --csv",
        home="center",
        words=("collate", *_MARCH, "--csv", "-o", "{root}/sum.csv"),
        before=settings.reported,
        documents=("sum.csv",),
        same=True,
        again=("--force",),
    ),
    Play(
        command="returns",
        home="center",
        words=("returns", "--html", "{root}/returns.html"),
        documents=("returns.html",),
        again=("--force",),
    ),
    Play(
        command="audit",
        home="audit",
        words=("audit", "--html", "{root}/audit.html"),
        documents=("audit.html",),
        again=("--force",),
    ),
    Play(command="audit --sign", home="audit", words=("audit", "--sign")),
    Play(
        command="bundle",
        home="audit",
        words=("bundle", "-o", "{root}/rkpb.bundle", "--sealed"),
        documents=("rkpb.bundle",),
        same=True,
        again=("--force",),
    ),
    Play(
        command="publish",
        home="center",
        words=("publish", "center/all/1", "-o", "{root}/published", "-y"),
        documents=("published",),
        same=True,
    ),
    Play(
        command="forks",
        home="center",
        words=("forks", "-o", "{root}/proofs"),
        before=fork,
        documents=("proofs",),
        same=True,
        code=7,
    ),
    Play(command="settle", home="center", words=("settle", "{0}", "{1}", "-y"), before=fork),
    Play(
        command="keys rotate",
        home="tver",
        words=("keys", "rotate", "-o", "{root}/new.card"),
        documents=("new.card",),
        after=(("center", ("cards",)),),
        again=("--force",),
    ),
    Play(
        command="keys passphrase",
        home="tver",
        words=("keys", "passphrase", "--new-passphrase-file", "{root}/words"),
        env=_PASSPHRASE,
    ),
    Play(
        command="keys backup",
        home="tver",
        words=("keys", "backup", "-o", "{root}/tver.backup", "--new-passphrase-file", "{root}/words"),
        documents=("tver.backup",),
        again=("--force",),
    ),
    Play(
        command="keys paper",
        home="tver",
        words=("keys", "paper", "-o", "{root}/paper.html"),
        documents=("paper.html",),
        env=_PASSPHRASE,
        again=("--force",),
    ),
    Play(
        command="keys restore",
        home="tver",
        words=("keys", "restore", "{root}/tver.backup"),
        before=settings.backed_up,
        env=_PASSPHRASE,
        after=(("tver", ("inbox",)),),
    ),
    Play(
        command="keys move",
        home="tver",
        words=("keys", "move", "--to", "{0}", "-y", "-o", "{root}/moved", "--new-passphrase-file", "{root}/words"),
        before=settings.asked_to_move,
        documents=("moved",),
        again=("--force",),
    ),
    Play(
        command="keys destroy",
        home="tver",
        words=("keys", "destroy", "--before", "2030-01-01", "-y"),
        before=settings.rotated,
    ),
)

NOT_PLAYED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("status", "doctor", "cards", "roster", "outbox", "proposals", "inbox", "owed", "demands list", "verify"),
        _READS,
    ),
    **dict.fromkeys(("form list", "form show", "duty list", "keys show", "completion"), _READS),
    "demo": "plays these commands in a network of its own",
    "sync": "another name of fetch",
    "unlock": "keeps keys in memory, writes no file of the home",
    "lock": "forgets keys in memory, writes no file of the home",
}
