"""The rest of the story: every kind of header, every statement and every sort of card is used at least once.

Nothing here is shown by docs/protocol.md; all of it lies in tests/vectors/.
"""

from story import NETWORK, Drawer, Letter, Officer, Story, officer, seed, statements

from cipherpost import age
from cipherpost.dispatch.header import (
    Ack,
    Decision,
    Due,
    Header,
    KeyRef,
    Missing,
    Report,
    RosterRef,
    Sealed,
    format_header,
)
from cipherpost.dispatch.heads import format_heads
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.roster import build
from cipherpost.roster.statements import (
    Compromised,
    Dissolve,
    Retire,
    Statement,
    Suspend,
    format_statements,
)
from cipherpost.roster.statements import (
    Officer as NewKeys,
)
from cipherpost.text import parse_date, sha256

NOW = "2026-12-13T12:00:00Z"
"""A judging time after the last dispatch."""
RETURN = b'{"demands":[],"meetings":[{"attendance":120,"day":"2026-11-14"}]}\n'
AGENDA = ("agenda.txt", "text/plain", b"1. Food supply\n2. Elections\n")
PHOTO = (
    "\u0444\u043e\u0442\u043e \u0441 \u0441\u043e\u0431\u0440\u0430\u043d\u0438\u044f.png",
    "image/png",
    bytes(range(256)) * 3,
)


class Sequel(Story):
    """The whole network of tests/vectors/."""

    def __init__(self, drawer: Drawer | None = None) -> None:
        super().__init__(drawer)
        self.first_audit = f"audit/center/{len(self.hashes['audit/center'])}"
        self._enlarge()
        self._hand_on_the_key()
        self._instruct()
        self._talk()
        self._report()
        self._suspend()
        self._reinstate()
        self._rotate()
        self._leave()
        self._close()

    # ---- what is posted by two --------------------------------------------------------------------------------------

    def propose(self, time: str, what: str) -> dict[str, object]:
        """Stasova proposes on the center's own channel; the arguments of a dispatch that carries it out."""
        self.post("center/center", self.stasova, "message", time, Letter(f"Proposal: {what}", f"Let us: {what}.\n"))
        return {"draft_no": len(self.hashes["center/center"]), "endorsed_by": (self.sverdlov,)}

    def decide(self, time: str, *lines: str) -> None:
        """A roster entry by two keepers."""
        proposed = self.propose(time.replace(":00Z", ":30Z"), f"roster entry {len(self.hashes['center/roster']) + 1}")
        self.entry(time.replace(":00Z", ":59Z"), *lines, by=self.stasova, **proposed)
        self.roster_draft = self.draft

    def take_away(self, time: str, *taking: build.Taking, before: tuple[str, ...] = ()) -> None:
        """A roster entry that takes standing away, with its cuts at what stands now."""
        heads = {name: (len(hashes), hashes[-1]) for name, hashes in self.hashes.items()}
        stated: tuple[Statement, ...] = build.take_away(self.chain.roster, taking, heads)
        self.decide(time, *before, *format_statements(stated).decode().splitlines())

    # ---- December ---------------------------------------------------------------------------------------------------

    def _enlarge(self) -> None:
        """Two keepers, a second committee, a lateral group, escrow."""
        self.petrova = self.welcome("tver/petrova", time="2026-12-03T07:00:00Z")
        self.orlov = self.welcome("samara/orlov", time="2026-12-03T07:10:00Z")
        self.lenskaya = self.welcome("audit/lenskaya", time="2026-12-03T07:20:00Z")
        self.decide(
            "2026-12-03T08:00:00Z",
            "keepers stasova sverdlov",
            self.petrova.statement(),
            "office samara committee",
            "title samara Самарский губернский комитет",
            self.orlov.statement(),
            self.lenskaya.statement(),
            "office kazan committee",
            "group volga samara tver",
            "title volga Committees of the Volga",
            "lateral volga",
            "escrow report audit",
            "check center weekly",
            "check tver monthly",
            f"form conference-after 1 {sha256(b'cipherpost example form 3')}",
            f"form monthly-return 2 {sha256(b'cipherpost example form 4')}",
            "duty conference-after all event within 7",
            "duty monthly-return volga once 2026-12-20 grace 1",
            "requires 1",
        )

    def _hand_on_the_key(self) -> None:
        """Samara was admitted after the key was given out; then circulars under it."""
        self.post(
            "center/samara",
            self.sverdlov,
            "key",
            "2026-12-03T09:00:00Z",
            self.key_letter(),
            key=KeyRef("center/all", 2),
            heads=(self.head("center/all"),),
        )
        under = {"key": KeyRef(None, 2)}
        first = Letter("Figures", "The figures are due on the fifth.\nТовар: нет.\n")
        again = Letter("Figures, corrected", "The figures are due on the tenth.\n")
        over = Letter("Figures, withdrawn", "Nothing is due.\n", body_type="txt")
        proposed = self.propose("2026-12-04T08:00:00Z", "figures")
        self.post("center/all", self.stasova, "circular", "2026-12-04T09:00:00Z", first, **under, **proposed)
        proposed = self.propose("2026-12-04T10:00:00Z", "figures, corrected")
        rest = {**under, **proposed, "supersedes": 3}
        self.post("center/all", self.stasova, "circular", "2026-12-04T11:00:00Z", again, **rest)
        proposed = self.propose("2026-12-04T12:00:00Z", "figures, withdrawn")
        rest = {**under, **proposed, "cancels": 4}
        self.post("center/all", self.stasova, "circular", "2026-12-04T13:00:00Z", over, **rest)

    def _instruct(self) -> None:
        """To a group and to one office, with all that a letter can hold; and what the office then misses."""
        proposed = self.propose("2026-12-05T08:00:00Z", "a circular to the Volga")
        due = Due(parse_date("2026-12-20"), "complied")
        letter = Letter("Boats", "Count the boats.\n", files=(AGENDA,))
        self.post("center/volga", self.stasova, "circular", "2026-12-05T09:00:00Z", letter, due=due, **proposed)
        proposed = self.propose("2026-12-05T10:00:00Z", "an instruction to Tver")
        self.post(
            "center/tver",
            self.stasova,
            "instruction",
            "2026-12-05T11:00:00Z",
            Letter("Halls", "Rent a hall; see the agenda.\n", data=b'{"halls":1}\n', files=(AGENDA, PHOTO)),
            due=due,
            reply=self.reply("tver/center/2"),
            heads=(self.head("center/all"), self.head("center/volga")),
            acks=self.ack("tver/center/2", "read"),
            **proposed,
        )
        self.post(
            "tver/center",
            self.petrova,
            "check",
            "2026-12-05T18:00:00Z",
            acks=self.ack("center/all/5", "seen"),
            missing=(Missing("center/tver", 1, 1), Missing("center/volga", 1, 1)),
        )
        acks = (*self.ack("center/tver/1", "read"), *self.ack("center/tver/2", "failed", "seen"))
        self.post("tver/center", self.petrova, "receipt", "2026-12-05T19:00:00Z", acks=acks)
        acks = (*self.ack("center/tver/2", "received", "unable"), *self.ack("center/volga/1", "complied", "seen"))
        self.post("tver/center", self.petrova, "receipt", "2026-12-05T20:00:00Z", acks=acks)
        acks = self.ack("center/tver/2", "complied", "withdrawn")
        self.post("tver/center", self.petrova, "receipt", "2026-12-05T21:00:00Z", acks=acks)

    def _talk(self) -> None:
        """Messages: a reply, among the members of a lateral group, to the own office, to the auditor."""
        time = "2026-12-06T09:00:00Z"
        acks = self.ack("center/all/5", "received", "seen")
        letter = Letter("Re: Figures", "We are glad.\n")
        self.post("samara/center", self.orlov, "message", time, letter, reply=self.reply("center/all/5"), acks=acks)
        self.post("samara/volga", self.orlov, "message", time, Letter("To all on the Volga", "Greetings.\n"))
        self.post("samara/tver", self.orlov, "message", time, Letter("Halls", "Is your hall free?\n"))
        acks = (*self.ack("samara/tver/1", "received", "seen"), *self.ack("samara/volga/1", "received", "seen"))
        self.post("tver/samara", self.ivanov, "receipt", "2026-12-06T10:00:00Z", acks=acks)
        handing_over = Letter("For my colleague", "The key of the hall is with the porter.\n")
        self.post("tver/tver", self.ivanov, "message", "2026-12-06T11:00:00Z", handing_over)
        question = Letter("A question", "Have you seen number 3?\n")
        acks = self.ack("audit/center/1", "received", "seen")
        self.post("center/audit", self.sverdlov, "message", "2026-12-06T12:00:00Z", question, acks=acks)

    def _report(self) -> None:
        """Nil, corrected, cancelled, decided upon; escrow reads along."""
        ret = Report("monthly-return", "2026-11", None, True)
        self.post("samara/center", self.orlov, "report", "2026-12-07T09:00:00Z", report=ret)
        ret = ret._replace(nil=False)
        letter = Letter("Return for November", data=RETURN)
        self.post("samara/center", self.orlov, "report", "2026-12-07T10:00:00Z", letter, report=ret, supersedes=2)
        off = Report("conference-before", "e7k2m6qab", parse_date("2026-12-08"), False)
        self.post("tver/center", self.ivanov, "report", "2026-12-07T11:00:00Z", report=off, cancels=2)
        proposed = self.propose("2026-12-08T08:00:00Z", "to send the return back")
        back = Decision("sent-back", "samara", "monthly-return", "2026-11", None, None, parse_date("2026-12-12"))
        letter = Letter("Sent back", "The figures do not add up.\n")
        time = "2026-12-08T09:00:00Z"
        self.post("center/samara", self.stasova, "decision", time, letter, decision=back, **proposed)
        proposed = self.propose("2026-12-08T10:00:00Z", "to excuse Tver")
        excused = Decision("excused", "tver", None, None, "center/all", 1, None)
        letter = Letter("Excused", "You need not reply.\n")
        time = "2026-12-08T11:00:00Z"
        self.post("center/tver", self.stasova, "decision", time, letter, decision=excused, **proposed)
        acks = tuple(Ack(head.channel, head.number, head.hash, "seen") for head in self.heads())
        self.post("audit/center", self.lenskaya, "receipt", "2026-12-08T12:00:00Z", acks=acks)

    # ---- who leaves, and who comes back ------------------------------------------------------------------------------

    def _suspend(self) -> None:
        self.take_away("2026-12-09T08:00:00Z", Suspend("samara"))
        self.suspended = len(self.hashes["center/roster"])
        self.post("center/all", self.sverdlov, "check", "2026-12-09T09:00:00Z")

    def _reinstate(self) -> None:
        """With a cut that is stated once more, and a settlement of what stands anyway."""
        own = self.head("samara/center")
        self.decide(
            "2026-12-10T08:00:00Z",
            "reinstate samara",
            f"cut {self.suspended} samara/center {own.number} {own.hash}",
            f"settle tver/center 3 {self.hashes['tver/center'][2]}",
        )
        acks = self.ack("center/all/6", "seen")
        self.post("samara/center", self.orlov, "check", "2026-12-10T09:00:00Z", acks=acks)

    def _rotate(self) -> None:
        """New keys for ivanov: the old one signs the card with the new one, and is cut off at the heads it names."""
        self.former = self.ivanov
        rotation = {"replaces": self.ivanov, "heads": self.heads("tver")}
        self.ivanov = self.welcome("tver/ivanov", time="2026-12-11T07:00:00Z", **rotation)
        self.take_away(
            "2026-12-11T08:00:00Z",
            NewKeys("tver", "ivanov", self.ivanov.signer.verifier, self.ivanov.card_hash, False),
        )
        acks = self.ack("center/all/6", "seen")
        self.post("tver/center", self.ivanov, "receipt", "2026-12-11T09:00:00Z", acks=acks)

    def _leave(self) -> None:
        """Retired, compromised, dissolved; duties, groups and settings that end."""
        self.take_away(
            "2026-12-12T08:00:00Z",
            Retire("tver", "petrova"),
            Compromised("audit", "lenskaya"),
            Dissolve("kazan"),
            before=(
                "duty monthly-return all end 2027-06",
                "lateral volga end",
                "group volga none",
                "escrow report none",
                "timezone +03:00",
                "threshold center 1",
            ),
        )
        letter = Letter("One signs again", "From today one officer signs.\n")
        self.post("center/samara", self.sverdlov, "instruction", "2026-12-12T09:00:00Z", letter)
        for hour, verdict in ((10, "accepted"), (11, "owed")):
            said = Decision(verdict, "samara", "monthly-return", "2026-11", None, None, None)
            letter = Letter(f"Your return is {verdict}", "No more to say.\n")
            self.post("center/samara", self.stasova, "decision", f"2026-12-12T{hour}:00:00Z", letter, decision=said)

    def _close(self) -> None:
        """A second audit over all, a note as an officer saw it, and one that lies under its alternate name too."""
        self.audit("2026-12-13T09:00:00Z", format_heads(self.heads()))
        first = self.hashes["center/all"][0]
        for name in (
            names.evidence_name(NETWORK, "tver", first),
            names.alternate_name(NETWORK, "center/all", 1, first),
        ):
            self.objects[name] = self.notes["center/all"][0]

    # ---- what no network of this size has ----------------------------------------------------------------------------

    def apart(self) -> dict[str, bytes]:
        """Texts that are in their one form and stand in no channel: a genesis with recovery keys, a key for 300."""
        founder = officer("center/founder", fingerprint=None, time="2026-11-20T08:00:00Z")
        keys = sorted(str(self._recovery_key(number)) for number in (1, 2, 3))
        said = statements(
            "office center center",
            "title center Central Committee",
            founder.statement(),
            "keepers founder",
            f"recovery 2 {' '.join(keys)}",
        )
        genesis = Header(
            NETWORK, "center/roster", 1, None, "2026-11-20T08:00:00Z", "founder", "roster", statements=said
        )
        relied = RosterRef(3, sha256(b"cipherpost example entry"))
        files = tuple(Sealed(sha256(b"cipherpost example sealed %d" % at), 1_000_000 + at) for at in (1, 2))
        key = Header(NETWORK, "center/all", 9, "0" * 64, "2026-12-01T06:00:00Z", "stasova", "key", roster=relied)
        key = key._replace(letter=sha256(b"cipherpost example letter"), sealed=files)
        return {
            "genesis-with-recovery.note": founder.signer.sign(Text(Purpose.DISPATCH, format_header(genesis))),
            "key-for-300.txt": format_header(key),
        }

    def _recovery_key(self, number: int) -> object:
        return officer(f"center/recovery-{number}", fingerprint=None, time="2026-11-20T08:00:00Z").signer.verifier

    def identity_files(self) -> dict[str, bytes]:
        """The secret keys of this network, which is no secret: whoever writes another verifier opens letters too."""
        files = {
            label.replace("/", "-").replace(" ", "-"): age.format_identity_file(
                identity, (f"sealing key of {NETWORK}/{label}", f"public key: {identity.recipient.text}")
            )
            for label, identity in self.drawer.identities.items()
        }
        return {f"{name}.seal": data for name, data in files.items()}

    def people(self) -> tuple[Officer, ...]:
        """Every officer, and once more who has had other keys before, by label."""
        return tuple(sorted((*self.officers.values(), self.former), key=lambda who: who.label))

    def signing_seeds(self) -> bytes:
        """The label of each signing key, its seed in hex, and the verifier key."""
        return statements(*(f"{w.label} {seed('sign', w.label).hex()} {w.signer.verifier}" for w in self.people()))
