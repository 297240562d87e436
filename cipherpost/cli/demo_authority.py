"""The last part of ``cipherpost demo``: a circular amended and endorsed, a clerk's new keys, a letter published."""

from typing import Any, Final

from cipherpost.cli.demo_stage import Stage

_SECOND: Final = "center-2"
"""The home of the center's second officer."""
_FIRST_TEXT: Final = (
    "# The spring conferences\n\nThe conferences of the spring are held in all\ngubernias in April. "
    "Name the day to the\ncenter by the first of March.\n\nWho cannot keep it says so in time.\n"
)
_AMENDED: Final = ("gubernias in April.", "gubernias between 10 April and 5 May.")


class Authority:
    """What takes more than one signature, and what happens to keys and letters over the years."""

    def __init__(self, stage: Stage, fingerprint: str) -> None:
        self.stage = stage
        self.fingerprint = fingerprint

    def play(self, clerk: str) -> None:
        """All of it; ``clerk`` is the office whose officer gets new keys."""
        place = self.endorse()
        self.rotate(clerk)
        self.publish(place)

    def endorse(self) -> str:
        """A circular that two officers sign, changed between them; where it was posted, ``center/all/9``."""
        text = self.stage.folder / "spring.md"
        text.write_text(_FIRST_TEXT, encoding="utf-8")
        with self.stage.part("From now on two officers of the center sign each circular. One is drafted and amended."):
            self.stage.run("center", "settings", "threshold", "center", "2", "-y", lines=2)
            drafted = self.stage.ask("center", "send", str(text), "--to", "all")
            self.stage.say(f"  Stasova drafts it: {_place(drafted)}. Bazhanov reads it and changes the day.")
            self.stage.run(_SECOND, "fetch", show=False)
            text.write_text(_FIRST_TEXT.replace(*_AMENDED), encoding="utf-8")
            self.stage.run(_SECOND, "amend", str(drafted["number"]), str(text), lines=3)
            self.stage.say("  Stasova sees what was changed, and signs; that makes two, so it is posted.")
            self.stage.run("center", "fetch", show=False)
            amended = self.stage.ask("center", "proposals")["proposals"][0]["number"]
            self.stage.run("center", "read", f"center/center/{amended}", lines=30)
            posted = self.stage.ask("center", "endorse", str(amended))
            self.stage.say(f"  Posted: {_place(posted)}, signed by both.")
        return _place(posted)

    def rotate(self, name: str) -> None:
        """New keys for a clerk, vouched for by the old ones."""
        clerk = f"{name}/{name}-clerk"
        with self.stage.part(f"The clerk of {name.title()} gets new keys; the old key signs the new card."):
            self.stage.run(name, "fetch", show=False)
            self.stage.run(name, "keys", "rotate", lines=4)
            self.stage.run("center", "admit", clerk, lines=2)
            self.stage.run(name, "fetch", lines=4)
            self.stage.say("  What was sealed to the old keys still opens:")
            self.stage.run(name, "read", "center/all/1", lines=5)

    def publish(self, place: str) -> None:
        """Weeks later the circular is published, and anybody can check it."""
        with self.stage.part("Weeks later the circular is published. Anybody can verify it, without a home."):
            self.stage.run("center", "publish", place, "-o", self.stage.path("published"), "-y", lines=3)
            self.stage.run("", "verify", self.stage.path("published"), "--fingerprint", self.fingerprint, lines=12)


def _place(posted: dict[str, Any]) -> str:
    return f"{posted['channel']}/{posted['number']}"
