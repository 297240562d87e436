"""What must be there before a command makes sense: each makes it, by commands, from the common network.

What one gives stands in the words of the command: ``{0}``, ``{1}``.
"""

from faulting.stage import Stage


def invited(stage: Stage) -> None:
    """Omsk is declared, and has its invitation."""
    stage.ok("center", "office", "add", "omsk", "--title", "Omsk")
    stage.ok("center", "invite", "omsk", "-o", "{root}/omsk.invitation")


def joined(stage: Stage) -> tuple[str]:
    """Its officer has joined; the spoken number."""
    invited(stage)
    joined = stage.ok("omsk", "join", "{root}/omsk.invitation", "--officer", "ivanova", "--no-passphrase", "--json")
    return (joined.json["spoken"],)


def new_officer(stage: Stage) -> None:
    """Tver has a second officer, who came after the letters."""
    stage.admit("tver", "petrov", "tver-2")
    stage.round("tver-2", "tver")


def suspended(stage: Stage) -> None:
    """Samara is suspended."""
    stage.ok("center", "suspend", "samara", "-y")


def two_sign(stage: Stage) -> None:
    """Two officers of the center sign what it sends."""
    stage.ok("center", "settings", "threshold", "center", "2", "-y")
    stage.round("second")


def proposed(stage: Stage) -> tuple[str]:
    """One has proposed a circular; its number."""
    two_sign(stage)
    place = stage.ok("center", "send", "{root}/new.md", "--to", "all").lines[0]
    stage.round("second")
    return (place.rpartition("/")[2],)


def new_mail(stage: Stage) -> None:
    """There are letters that nobody has fetched."""
    stage.ok("center", "send", "{root}/new.md", "--to", "all", "--attach", "{root}/figures.bin")
    stage.ok("center", "send", "{root}/better.md", "--to", "samara")
    stage.ok("tver", "reply", "center/all/1", "-m", "Tver is ready.")


def reported(stage: Stage) -> None:
    """Tver has reported for March."""
    stage.ok("tver", "report", "monthly-return", "2024-03", "--data", "{root}/better.json")
    stage.round("center", "tver")


def fetched_mail(stage: Stage) -> None:
    """The same, fetched by samara."""
    new_mail(stage)
    stage.round("samara")


def demanded(stage: Stage) -> list[str]:
    """The report brings demands; two of them."""
    reported(stage)
    rows = stage.ok("center", "demands", "list", "--json").json["demands"]
    return [row["demand"] for row in rows][:2]


def draft(stage: Stage) -> None:
    """Tver has begun a report in its editor."""
    editor = stage.net.write("editor.sh", "#!/bin/sh\necho '# begun' >> \"$1\"\n")
    editor.chmod(0o700)
    stage.net.run("tver", "report", "monthly-return", "2024-03", "--edit", env={"EDITOR": str(editor), "VISUAL": None})


def rotated(stage: Stage) -> None:
    """Tver's officer has new keys, and the center has admitted them."""
    stage.ok("tver", "keys", "rotate")
    stage.ok("center", "admit", "tver/ivanov")
    stage.clock.ahead(days=2)
    stage.round("center", "tver", "center", "tver")


def backed_up(stage: Stage) -> None:
    """Tver has a backup, and its home is lost."""
    stage.ok("tver", "keys", "backup", "-o", "{root}/tver.backup", "--new-passphrase-file", "{root}/words")
    (stage.root / "homes" / "tver").rename(stage.root / "homes" / "tver-lost")


def asked_to_move(stage: Stage) -> tuple[str]:
    """Another machine has shown its number."""
    return (stage.ok(None, "keys", "move", "--here").lines[0].replace(" ", "-"),)
