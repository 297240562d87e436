#!/usr/bin/env python3
"""A second verifier: checks V1 to V8 of a bundle, from docs/protocol.md, and shares no line with the program.

    python mini_verify.py BUNDLE FINGERPRINT [--as-of 2026-11-22T09:00:00Z]

It needs PyNaCl and nothing else, and prints a line for each finding, `code channel number`, then the heads, their hash
and its spoken number. It is set closely, to be read in one go. Not checked: silence, sealed files (V9), letters (V10),
what was owed (V11); of statements about titles, forms, duties, escrow, zones and checks, whether they make sense; and
whether a fork was settled since.
"""

# fmt: off
# mypy: ignore-errors
import base64
import copy
import hashlib
import re
import sys
import tarfile
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path
from types import SimpleNamespace as Row

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

ROSTER, TIME, W = "center/roster", "%Y-%m-%dT%H:%M:%SZ", "(?![a-z0-9-])"
EXITS = {"fork": 7, "malformed": 3, "misplaced": 3, "forged": 3, "unauthorized": 3, "gap": 6, "held": 6}
HELD = {"gap", "held", "disagrees", "split"}  # verdicts on what waits for something
CODE = {"cut": "void", "older": "old-roster", **dict.fromkeys(HELD, "held")}  # codes of verdicts with another name
KEPT = "con|nul|aux|prn|com[1-9]|lpt[1-9]|center|all|roster|sealed|cards|evidence|heads|keepers"
HASH, NUMBER, SIZE, B64 = "[0-9a-f]{64}", "[1-9][0-9]{0,7}", "(?:0|[1-9][0-9]{0,12})", "[A-Za-z0-9+/]+={0,2}"
NAME = f"(?!(?:{KEPT}){W})[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?{W}"
CHANNEL, DAY = f"(?:center/roster|(?:center|{NAME})/(?:center|all|{NAME}))", "2[0-9]{3}-[0-9]{2}-[0-9]{2}"
PERIOD = "(?:2[0-9]{3}(?:-q[1-4]|-w[0-9]{2}|-[0-9]{2}(?:-[0-9]{2})?)?|e[a-z2-7]{8,16})"
DEBT, ANY = f"{NAME} (?:{NAME} {PERIOD}|{CHANNEL} {NUMBER})", "auditor center committee"
RLS, MORE, POINT = "roster letter sealed", "draft reply supersedes cancels endorsed ", " head ack missing"
KINDS = {  # kind: from, to, signatures, required, allowed ("Kinds")
    "roster": ("center", "roster", "keepers", "statements", "draft endorsed"),
    "circular": ("center", "group", "office", RLS, MORE + "key due"),
    "instruction": ("center", "office", "office", RLS, MORE + "due" + POINT),
    "decision": ("center", "office", "office", RLS + " decision", MORE + POINT),
    "report": ("auditor committee", "center", "office", "roster report", MORE + "letter sealed" + POINT),
    "audit": ("auditor", "center", "office", RLS + " heads", MORE + POINT),
    "message": (ANY, "group office own", "one", RLS, "key reply supersedes cancels" + POINT),
    "key": (ANY, "group office own", "one", RLS, "key" + POINT),
    "receipt": (ANY, "office own", "one", "roster", POINT), "check": (ANY, "group office own", "one", "roster", POINT)}
MOST = {"sealed": 400, "head": 64, "ack": 256, "missing": 64, "endorsed": 16}
ALWAYS = ("network", "channel", "number", "previous", "time", "by", "kind")
LINES = {  # word: form ("The header")
    "network": NAME, "channel": CHANNEL, "number": NUMBER, "previous": f"none|{HASH}",
    "time": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "by": NAME, "kind": "|".join(KINDS),
    "roster": f"{NUMBER} {HASH}", "draft": f"{NUMBER} {DAY}", "letter": HASH, "sealed": f"{HASH} {SIZE}",
    "key": f"(?:{CHANNEL} )?{NUMBER}", "reply": f"{CHANNEL} {NUMBER} {HASH}", "supersedes": NUMBER, "cancels": NUMBER,
    "due": f"{DAY} (?:reply|complied)", "report": f"{NAME} {PERIOD}(?: {DAY})?(?: nil)?",
    "decision": f"(?:extended|sent-back) {DEBT} {DAY}|(?:excused|accepted|owed) {DEBT}", "heads": f"{HASH} {SIZE}",
    "head": f"{CHANNEL} {NUMBER} {HASH}", "missing": f"{CHANNEL} {NUMBER}(?:-{NUMBER})?", "endorsed": f"{NAME} {B64}",
    "ack": f"{CHANNEL} (?:0 none seen|{NUMBER} {HASH} (?:seen|received|read|failed|complied|unable|withdrawn))"}
ORDER = [*[*LINES][:-3], "ack", "missing", "endorsed"]
HEADER = re.compile("cipherpost/v1\n" + "".join(f"(?P<{w}_>(?:{w} (?:{LINES[w]})\n)*)" if w in MOST else
                    f"(?:{w} (?P<{w}_>{LINES[w]})\n){'' if w in ALWAYS else '?'}" for w in ORDER))
COM = f"(?!none{W}){NAME}"
OFFICE, FREE = f"(?:center|{COM})", dict.fromkeys("recovery title form duty escrow timezone check".split(), ".+")
PIN = f"{OFFICE}/(?:center|all|{COM})"
STATEMENTS = {  # first word: the rest ("Statements"), of those that say who may sign
    "keepers": f"{NAME}(?: {NAME}){{0,14}}", "requires": "1", "office": f"center center|{COM} (?:committee|auditor)",
    "officer": rf"(?P<o>{OFFICE}/{NAME}) {NAME}/(?P=o)\+[0-9a-f]{{8}}\+{B64} {HASH}(?: unchecked)?", **FREE,
    "threshold": f"{OFFICE} (?:[1-9]|1[0-7])", "group": f"{COM} (?:none|{COM}(?: {COM})*)", "suspend": COM,
    "lateral": f"{COM}(?: end)?", "retire": f"{OFFICE}/{NAME}", "compromised": f"{OFFICE}/{NAME}", "reinstate": COM,
    "cut": f"{NUMBER} {PIN} (?:{NUMBER} {HASH}|0 none)", "settle": f"{PIN} {NUMBER} {HASH}", "dissolve": COM}
SMALL = {("00" * 31, 0), ("01" + "00" * 30, 0), *((last + "ff" * 30, 127) for last in ("ec", "ed", "ee")),
    ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc", 5),  # keys of small order: bytes 0-30, and 31
    ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03", 122)}  # without its highest bit

class Refused(Exception):
    """A check failed; the word is its verdict, mostly the code of the finding."""
def need(good, verdict="malformed"):
    if not good: raise Refused(verdict)
def verdict_of(check, *args):
    try: check(*args)
    except Refused as error: return str(error)
def sha(data): return hashlib.sha256(data).hexdigest()
def rising(words): return all(before < after for before, after in pairwise(words))
def at(history, entry=10**9):
    """What holds at an entry of the roster, of a list of (entry, value)."""
    return next((value for since, value in reversed(history or ()) if since <= entry), None)
def real(word, form="%Y-%m-%d"):
    try: return bool(datetime.strptime(word, form))
    except ValueError: return False
def is_real(period):
    if "w" in period[1:]: return 1 <= int(period[6:]) <= date(int(period[:4]), 12, 28).isocalendar().week
    return period[0] == "e" or "q" in period or len(period) == 4 or real((period + "-01")[:10])
def decoded(word):
    """Canonical base64."""
    try: data = base64.b64decode(word, validate=True)
    except ValueError: data = b""
    need(base64.b64encode(data).decode() == word)
    return data
def key_of(word):
    """A verifier key as (name, id, 32 bytes)."""
    (name, key_id, encoded), raw = word.split("+", 2), decoded(word.split("+", 2)[2])
    need(len(raw) == 33 and raw[0] == 1 and (raw[1:32].hex(), raw[32] & 127) not in SMALL and encoded)
    need(sha(name.encode() + b"\n" + raw)[:8] == key_id)
    return name, bytes.fromhex(key_id), raw[1:]
def verifies(key, signature, text):
    try: return len(signature) == 64 and crypto_sign_open(signature + text, key[2]) is not None
    except BadSignatureError: return False

class Note:
    """V1: a note, and its header; later a node of its channel's tree."""

    def __init__(self, data, most):
        end, text = data.rfind(b"\n\n"), data.decode(errors="replace")
        need(end > 0 and len(data) <= most and text.encode() == data)
        need(not re.search("[\x00-\x09\x0b-\x1f\x7f]", text))
        self.text, self.lines, self.children, self.parent = data[: end + 1], [], [], None
        self.hash, self.verdict, self.keys, self.last, self.aside = sha(self.text), None, set(), None, False
        for line in data[end + 2 :].decode().removesuffix("\n").split("\n") if data.endswith(b"\n") else [""]:
            match = re.fullmatch(rf"\u2014 ([^\s+]+) ({B64})", line)
            need(match and len(decoded(match[2])) >= 5)
            self.lines.append((match[1], decoded(match[2])[:4], decoded(match[2])[4:]))
    def read(self):
        match = HEADER.match(self.text.decode("latin-1"))
        rest = self.text[match.end() :] if match else b"?"
        newer = re.match(rb"cipherpost/v([2-9]|[1-9][0-9]{1,3})[ .\n]", self.text)
        need(rest[:1] in {b"", b"\n"}, "newer" if newer else "malformed")
        self.has = has = {word[:-1]: value for word, value in match.groupdict().items() if value}
        self.many = many = {w: [line.split(" ")[1:] for line in has.get(w, "").split("\n")[:-1]] for w in MOST}
        if rest: has["statements"] = rest
        self.channel, self.time, self.by, self.kind = map(has.get, ("channel", "time", "by", "kind"))
        self.number, (self.office, self.audience) = int(has["number"]), self.channel.split("/")
        entry, _, self.entry_hash = has.get("roster", "0 ").partition(" ")
        self.entry, self.target = int(entry), int(has.get("supersedes") or has.get("cancels") or 0)
        self.draft, self.until = has.get("draft", " ").split(" ")
        self.endorsed = {name: decoded(signature) for name, signature in many["endorsed"]}
        said = [*many["ack"], *many["head"], *([has["reply"].split(" ")] if "reply" in has else [])]
        self.named = {(line[0], int(line[1]), line[2]) for line in said if line[2] != "none"}
        need(match.end() <= 65536 and all(len(lines) <= MOST[word] for word, lines in many.items()))
        need(real(self.time, TIME) and (has["previous"] == "none") == (self.number == 1))
        need(not {"supersedes", "cancels"} <= has.keys() and bool(rest) == (self.kind == "roster"))
        need(not rest or (rest[1:].endswith(b"\n") and b"\n\n" not in rest))
        need(real(self.until or "2000-01-01") and real(has.get("due", "2000-01-01")[:10]))
        need(len({hashed for hashed, _ in many["sealed"]}) == len(many["sealed"]))
        need(rising([a[0] for a in many["head"]]))
        need(all(int(size) <= 2**40 for _, size in many["sealed"]))
        need(int(has.get("heads", "0").split(" ")[-1]) <= 2**26)
        need(rising([(a[0], int(a[1]), a[3]) for a in many["ack"]]) and rising([name for name, _ in many["endorsed"]]))
        need(all(len(made) == 64 for made in self.endorsed.values()))
        ranges = [(name, *map(int, numbers.split("-"))) for name, numbers in many["missing"]]
        need(all(each[1] < each[-1] or len(each) == 2 for each in ranges))
        need(all((a[0], a[-1] + 1) < (b[0], b[1]) for a, b in pairwise(ranges)))
        words = has.get("report", "- 2000").split(" ")[1:]
        need(is_real(words[0]) and (words[0][0] == "e") == (len(words[-1:] + words[1:]) > 1 and words[1] != "nil"))
        need(len(words) < 2 or words[1] == "nil" or real(words[1]))
        words = has.get("decision", "- - - 2000").split(" ")
        need(all(map(real, words[4:])) and ("/" in words[2] or is_real(words[3])))
        return self
    def signed_by(self, key):
        return any((name, key_id) == key[:2] and verifies(key, made, self.text) for name, key_id, made in self.lines)
    def endorsed_by(self, name, key, fingerprint):
        """Whether the endorsement of `name` is this key's signature of the draft."""
        words = "channel number previous kind draft letter reply supersedes cancels due report decision heads".split()
        words = words if self.kind == "roster" else [words[0], *words[3:]]
        lines = [f"{word} {self.has[word]}\n" for word in words if word in self.has]
        text = f"cipherpost/v1 draft\nfingerprint {fingerprint}\n{''.join(lines)}".encode()
        return bool(key) and verifies(key, self.endorsed[name], text + self.has.get("statements", b""))

class Roster:
    """What entries 1 to n say, every value with the entry from which it holds; and who may sign what."""

    def __init__(self, network, fingerprint):
        self.network, self.fingerprint, self.hashes, self.rows, self.keepers = network, fingerprint, [], [], []
        self.role, self.state, self.threshold, self.waiting, self.groups, self.lateral = {}, {}, {}, {}, {}, {}
        self.left, self.taken, self.pins, self.known, self.opened = {}, {}, {}, set(), set()
    def of(self, office, name=None, entry=None):
        """The stretches of standing of an office or officer; only those that hold an entry."""
        rows = [row for row in self.rows if row.office == office and name in {None, row.name}]
        return rows if entry is None else [r for r in rows if r.since <= entry and (r.until or entry + 1) > entry]
    def keeper_keys(self, entry):
        names = at(self.keepers, entry) or ()
        return {row.name: row.key for row in self.of("center", None, entry) if row.name in names}
    def exists(self, channel):
        office, audience = channel.split("/")
        own = ("roster", "all", "center", *self.role, *self.groups) if office == "center" else ("center", office)
        return (office in self.role and audience in own) or (office, audience) in self.opened
    def check_signer(self, node, officer, keys=None):
        """V5: the key in good standing at the entry relied on has signed, and is not cut off below."""
        row = next(iter(self.of(node.office, officer, node.entry)), None)
        need(row, "unauthorized")
        for each in self.of(node.office, officer):
            if each.key == row.key and (each.until or 0) > node.entry:
                cuts = [pin[0] if pin else 0 for cut, pin in self.pins.get(node.channel, ()) if cut == each.until]
                need(node.number <= (cuts or [0])[-1], "cut")
        need(keys is None or row.key[2] in keys, "unauthorized")
    def pinned(self, channel):
        """What settlements and the cuts in force say, oldest first, one for each number."""
        newest, by_number = {}, {}
        for cut, pin in self.pins.get(channel, ()):
            newest.pop((cut, cut or pin[0]), None); newest[cut, cut or pin[0]] = pin
        for number, hashed in filter(None, newest.values()):
            by_number.pop(number, None); by_number[number] = hashed
        return list(by_number.items())
    def parse(self, data):
        """The statements of an entry, each a list of words."""
        text = data.decode(errors="replace")
        need(text.encode() == data and text.count("\n") <= 20000)
        need(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]| \n", text) and text.endswith("\n"))
        lines = [line.split(" ") for line in text[:-1].split("\n")]
        later = {line[0] for line in lines if re.fullmatch("[a-z][a-z-]{0,30}", line[0])} - STATEMENTS.keys()
        later = later or re.search("^requires ([2-9]|[1-9][0-9]{1,7})$", text, re.MULTILINE)
        for word, *rest in lines:
            good = re.fullmatch(STATEMENTS.get(word, "(?!)"), " ".join(rest))
            good = good and rising({"keepers": rest, "group": rest[1:]}.get(word, ()))
            good = good and (word != "officer" or not verdict_of(key_of, rest[1]))
            need(good, "newer" if later else "malformed")
        return lines
    def apply(self, entry, lines):
        """V6 of an entry: take up what it states, or refuse all of it."""
        before = copy.deepcopy(self.__dict__)
        self.entry, self.said, self.moved, self.counted = entry, set(), set(), set()
        wrong = verdict_of(self.take_up, lines)
        if wrong: self.__dict__ = before
        need(not wrong, wrong)
    def take_up(self, lines):
        for word, *rest in lines: self.state_one(word, rest[0], rest[-1], rest)
        for office in self.counted & self.waiting.keys():
            if sum(not row.until for row in self.of(office)) >= self.waiting[office]:
                self.threshold.setdefault(office, []).append((self.entry, self.waiting.pop(office)))
        need({*(at(self.keepers) or ())} <= {row.name for row in self.of("center") if not row.until})
        need(self.entry > 1 or len(at(self.keepers) or ()) == 1)
    def office(self, name):
        need(name in self.role and at(self.state[name]) != "dissolved")
        return name
    def end(self, row, cause):
        need(row.since != self.entry)
        row.until, row.cause, row.compromised = self.entry, cause, cause == "compromised"
        self.taken.setdefault(self.entry, set()).add(row.office)
        self.counted.add(row.office)
    def state_one(self, word, name, last, rest):
        """One statement; `name` and `last` are its first and last word."""
        entry, (office, _, officer), rows = self.entry, name.partition("/"), []
        if word in {"officer", "retire", "compromised"}: rows = self.of(self.office(office), officer)
        if word == "keepers": self.keepers.append((entry, rest))
        elif word == "office":
            need(name not in self.role and name not in self.groups)
            self.role[name], self.state[name] = last, [(entry, "declared")]
        elif word == "officer":
            state, key = self.state[office], key_of(rest[1])
            need(at(state) != "suspended" and self.left.get(name) != "retire" and not {rest[2], key[2]} & self.known)
            need(key[1] not in {row.key[1] for row in rows} and key[0].startswith(self.network + "/"))
            self.known |= {rest[2], key[2]}
            if rows and not rows[-1].until: self.end(rows[-1], "rotate")
            self.left.pop(name, None)
            self.counted.add(office)
            new = {"office": office, "name": officer, "key": key, "since": entry, "until": None}
            self.rows.append(Row(cause="", compromised=False, **new))
            if at(state) == "declared": state.append((entry, "good"))
        elif word == "threshold": self.waiting[self.office(name)] = int(last); self.counted.add(name)
        elif word in {"group", "lateral"}:
            need(name not in self.role if word == "group" else bool(at(self.lateral.get(name))) == (last == "end"))
            value = last != "end" if word == "lateral" else [self.office(each) for each in rest[1:] if each != "none"]
            (self.groups if word == "group" else self.lateral).setdefault(name, []).append((entry, value))
            need(name in self.groups and (not at(self.lateral.get(name)) or len(at(self.groups[name])) <= 256))
            members = at(self.groups[name]) if at(self.lateral.get(name)) else []
            self.opened |= {(one, other) for one in members for other in (name, *members)}
        elif word in {"retire", "compromised"}:
            need(rows)
            was, late = self.left.get(name), rows[-1].until
            need(not late or (was != word and not (word == "compromised" and rows[-1].compromised)))
            if not late: self.end(rows[-1], word)
            rows[-1].compromised |= word == "compromised"
            if was != "retire": self.left[name] = word
        elif word in {"suspend", "dissolve", "reinstate"}:
            state, whole = self.state[self.office(name)], ("dissolved", "declared", "good", "suspended")
            to, *only = {"suspend": ("suspended", "good"), "reinstate": ("good", "suspended")}.get(word, whole)
            need(at(state) in only and name not in self.moved)
            for row in self.of(name):
                if word != "reinstate" and not row.until: self.end(row, word)
                back = (word, row.until, row.cause) == ("reinstate", state[-1][0], "suspend")
                if back and f"{name}/{row.name}" not in self.left:
                    self.rows.append(Row(**{**vars(row), "since": entry, "until": None, "cause": ""}))
            state.append((entry, to)); self.moved.add(name); self.counted.add(name)
        elif word in {"cut", "settle"}:
            channel, number, cut = (rest[1], rest[2], int(name)) if word == "cut" else (name, rest[1], None)
            need(self.exists(channel) and (cut, cut or number, channel) not in self.said)
            need(not cut or channel.split("/")[0] in self.taken.get(cut, ()))
            self.said.add((cut, cut or number, channel))
            self.pins.setdefault(channel, []).append((cut, (int(number), last) if number != "0" else None))

class Verifier:
    """All channels of one network: what stands, what is void, what is held, and what is found."""

    def __init__(self, network, fingerprint):
        self.network, self.roster, self.found, self.channels = network, Roster(network, fingerprint), set(), {}
        self.waiting, self.rivals, self.drafts = {}, {}, {}
    def view(self, name):
        root = Row(number=0, hash=None, parent=None, children=[], verdict=None, last=None)
        new = Row(name=name, root=root, known={}, newer=set(), path=[], split=None, pins={})
        return self.channels.setdefault(name, new)
    def offer(self, channel, number, data, aside=False):
        """V1, V2 and the signature of a note from a slot, or from evidence that names the slot."""
        view, note = self.view(channel), None
        try:
            note = Note(data, 2**22 if channel == ROSTER else 2**16)
            if verdict_of(note.read) == "newer":
                now = self.roster.of(channel.split("/")[0], None, len(self.roster.hashes))
                signers = {row.name for row in now if note.signed_by(row.key)}
                keepers = {*(at(self.roster.keepers) or ())}
                need(2 * len(signers & keepers) > len(keepers) if channel == ROSTER else signers, "forged")
            note.read().aside = aside
            need((note.has["network"], note.channel, note.number) == (self.network, channel, number), "misplaced")
            if channel == ROSTER: self.take(view, note)
            else: keys = self.signers(note); view.known.setdefault(note.hash, note).keys.update(keys)
        except Refused as error: self.refuse(view, number, str(error))
        return note
    def refuse(self, view, number, verdict):
        if verdict == "newer": view.newer.add(number)
        else: self.found.add((CODE.get(verdict, verdict), view.name, number))
    def signers(self, note):
        """The keys that signed, of those that `by` ever had; none where an entry to come may bring one."""
        keys = {row.key[1]: row.key for row in self.roster.of(note.office, note.by)}
        own = [line[1:] for line in note.lines if line[0] == f"{self.network}/{note.office}/{note.by}"]
        good = {keys[key_id][2] for key_id, made in own if key_id in keys and verifies(keys[key_id], made, note.text)}
        late = own and not any(key_id in keys for key_id, _ in own) and note.entry > len(self.roster.hashes)
        need(good or late, "forged")
        return good
    # the roster: each entry is judged once, by the state before it
    def take(self, view, note):
        roster, known, before = self.roster, view.known.get(note.hash), note.number - 1
        keys = {row.key[2] for row in roster.of("center", note.by) if note.signed_by(row.key)}
        if known:
            known.keys |= keys
            need(keys or note.hash in self.waiting, "forged")
            self.waiting.get(note.hash, []).append(note)
            return self.stop(view)
        need(before or note.hash == roster.fingerprint, "misplaced")
        here = not before or (before <= len(roster.hashes) and note.has["previous"] == roster.hashes[before - 1])
        lines, note.keys, view.known[note.hash] = self.check_entry(note, keys, before) if here else None, keys, note
        if not here or (before == len(roster.hashes) and view.split):
            note.verdict, self.waiting[note.hash] = "gap", [note]
        elif before == len(roster.hashes):
            wrong = verdict_of(roster.apply, note.number, lines)
            if wrong: del view.known[note.hash]
            need(not wrong, wrong)
            note.last, note.parent = note, view.path[-1] if before else view.root
            self.drafts.setdefault(note.draft, note.number); view.path.append(note); roster.hashes.append(note.hash)
        else:
            note.parent, note.verdict = view.path[before - 1] if before else view.root, "fork"
            names = {note.by, *note.endorsed}
            self.rivals[note.hash] = {r.name: r.key for r in roster.of("center", None, before) if r.name in names}
        if note.parent: note.parent.children.append(note)
        self.stop(view)
        for late in [w[0] for w in self.waiting.values() if w[0].has["previous"] == note.hash and not note.verdict]:
            del view.known[late.hash]
            for each in self.waiting.pop(late.hash):
                wrong = verdict_of(self.take, view, each)
                if wrong: self.refuse(view, each.number, wrong)
    def check_entry(self, note, keys, before):
        """V5 and V6 of an entry whose earlier ones are here; gives its statements."""
        roster, old, unsigned = self.roster, self.roster.keeper_keys(before), "unauthorized" if keys else "forged"
        need(not before or (note.by in old and note.signed_by(old[note.by])), unsigned)
        stated = note.has.get("statements", b" ")[1:]
        if before and verdict_of(roster.parse, stated) == "newer":
            some = {name for name in note.endorsed if note.endorsed_by(name, old.get(name), roster.fingerprint)}
            need(2 * len((some | {note.by}) & {*old}) > len(old), "unauthorized")
        lines, names = roster.parse(stated), at(roster.keepers, before) or ()
        new = {row.name: row.key for row in roster.of("center", None, before)}
        for word, *rest in lines:
            if word == "keepers": names = rest
            if word == "officer" and rest[0].startswith("center/"): new[rest[0][7:]] = key_of(rest[1])
        new = {name: key for name, key in new.items() if name in names}
        by_old, by_new = {note.by}, {note.by} & {name for name in new if new[name] == old.get(name)}
        if not before:
            need([*names] == [note.by] and note.by in new and not note.endorsed and not note.draft, "unauthorized")
            need(note.signed_by(new[note.by]), unsigned)
            old, by_new = {note.by: None}, {*new}
        need(note.draft or not note.endorsed)
        for name in note.endorsed:
            again = name == note.by
            pair = (None if again else old.get(name), None if again and name in by_new else new.get(name))
            signed = [note.endorsed_by(name, key, roster.fingerprint) for key in pair]
            need(any(signed), "unauthorized")
            by_old, by_new = by_old | ({name} if signed[0] else set()), by_new | ({name} if signed[1] else set())
        need(2 * len(by_old & {*old}) > len(old), "unauthorized")
        need(new == old or 2 * len(by_new & {*new}) > len(new), "unauthorized")
        self.check_lines(note); self.check_place(note, "center", "roster", None, False)
        used = self.drafts.get(note.draft, note.number) < note.number
        need(not note.draft or (note.time[:10] <= note.until and not used), "void")
        return lines
    def stop(self, view):
        """Reading stops where another side goes on, if those who signed it are still more than half of the keepers."""
        keepers = self.roster.keeper_keys(len(self.roster.hashes))
        for hashed, signers in self.rivals.items():
            on = any(each.keys and not each.parent and each.has["previous"] == hashed for each in view.known.values())
            if on and 2 * sum(signers.get(name) == key for name, key in keepers.items()) > len(keepers):
                first = min(view.known[hashed].number, view.split.number + 1 if view.split else 10**8)
                view.split = view.path[first - 2] if first > 1 else view.root
    # V4 to V6 of all other channels
    def check_lines(self, note):
        required, allowed, has = *({*KINDS[note.kind][i].split()} for i in (3, 4)), note.has.keys() - {*ALWAYS}
        need(required <= has <= required | allowed and not {"due", "cancels"} <= has and note.target < note.number)
        need(("letter" in has) == ("sealed" in has) and ("draft" in has) == ("endorsed" in has))
        nil = note.has.get("report", "").endswith(" nil")
        _, office, of, *_ = note.has.get("decision", f"- {note.audience} -").split(" ")
        need(len(note.many["sealed"]) < 2 or note.kind == "key")
        need("report" not in has or (({"cancels", "sealed"} & has or nil) and not (nil and "cancels" in has)))
        need(office == note.audience and ("/" not in of or of.split("/")[0] == note.office))
    def check_place(self, note, role, to, to_role, lateral):
        """The kind may stand here, and speaks of channels that it may speak of."""
        (roles, audiences), key = (each.split() for each in KINDS[note.kind][:2]), note.has.get("key", "").split(" ")
        to_center = audiences == ["center"] and to_role == "center" and to == "office"
        good = role in roles and (to in audiences or to_center)
        good = good and (to in {"own", "roster"} or "center" in {role, to_role} or lateral)
        good = good and (note.kind != "message" or to != "group" or lateral)
        own = len(key) > 1 and key[0].split("/")[0] == note.office and key[0] != note.channel
        good = good and ((own if to != "group" else not key[0]) if note.kind == "key" else
                         not key[0] or (to == "group" and len(key) == 1 and int(key[0]) < note.number))
        said, heads = [a[0] for a in note.many["ack"] + note.many["missing"]], [a[0] for a in note.many["head"]]
        some = said or heads
        good = good and (not some if to in {"group", "roster"} else some or note.kind not in {"receipt", "check"})
        good = good and all(each.split("/")[0] == note.office and each != note.channel for each in heads)
        free = role == "auditor" and to_role == "center"
        need(good and (free or all(each.split("/")[0] == note.audience for each in said)), "unauthorized")
    def check_cited(self, node):
        need(node.entry <= len(self.roster.hashes), "held")
        need(not node.entry_hash or node.entry_hash == self.roster.hashes[node.entry - 1], "disagrees")
    def judge(self, view, node):
        """V4 to V6 of a dispatch that hangs below `node.parent`."""
        roster, before, above, up, sort = self.roster, node.parent.last, {}, node.parent, KINDS[node.kind][2]
        self.check_cited(node)
        need(before is None or node.entry >= before.entry, "older")
        roster.check_signer(node, node.by, node.keys)
        needed = (at(roster.threshold.get(node.office), node.entry) or 1) if sort == "office" else 1
        need(needed > 1 or not node.endorsed, "unauthorized")
        need(node.draft or not node.endorsed)
        for name in node.endorsed:
            row = next(iter(roster.of(node.office, name, node.entry)), None)
            need(row and name != node.by and node.endorsed_by(name, row.key, roster.fingerprint), "unauthorized")
        count = 1 + sum(not verdict_of(roster.check_signer, node, name) for name in node.endorsed)
        self.check_lines(node); self.check_place(node, *self.place(node))
        need(not node.draft or node.time[:10] <= node.until, "void")
        need(count >= needed, "cut" if 1 + len(node.endorsed) >= needed else "unauthorized")
        while up is not view.root: above[up.number], up = up, up.parent
        need(not node.draft or node.draft not in {each.draft for each in above.values() if not each.verdict}, "void")
        target = above.get(node.target, node)
        need(not node.target or (not target.verdict and KINDS[target.kind][2] == sort), "void")
    def place(self, node):
        roster, office, to = self.roster, node.office, node.audience
        groups = {name: at(history, node.entry) for name, history in roster.groups.items()}
        on = [{name, *groups[name]} for name in groups if groups[name] and at(roster.lateral.get(name), node.entry)]
        sort = "own" if to == office else "group" if to == "all" or groups.get(to) is not None else "office"
        need(sort != "office" or at(roster.state.get(to), node.entry), "unauthorized")
        return roster.role[office], sort, roster.role.get(to), any(office in each and to in each for each in on)
    def never_counts(self, view, node):
        """The verdict on a dispatch whose earlier one is not here, where it does not depend on that."""
        if node.parent or not node.keys: return None
        if view.name != ROSTER:
            wrong = verdict_of(self.roster.check_signer, node, node.by, node.keys)
            return wrong and (verdict_of(self.check_cited, node) or wrong)
        if node.number <= len(self.roster.hashes) and not view.split: return "void"
        now = {row.key[2] for row in self.roster.of("center", node.by) if not row.until}
        return None if now & node.keys else "unauthorized"
    # the path of a channel
    def hang(self, view):
        """V3, and judge what hangs; then choose the path."""
        for node in sorted(view.known.values(), key=lambda each: each.number):
            parent = view.root if node.number == 1 else view.known.get(node.has["previous"])
            node.verdict = "gap" if node.keys else "held"
            if node.keys and parent and (parent is view.root or parent.parent) and parent.number == node.number - 1:
                node.parent = parent
                parent.children.append(node)
                node.verdict = "gap" if parent.verdict in HELD else verdict_of(self.judge, view, node)
                node.last = parent.last if node.verdict else node
        for number, hashed in reversed(self.roster.pinned(view.name)):
            node, way = view.known.get(hashed), {number: hashed}
            if view.pins.get(number, hashed) != hashed: continue
            if node and node.number == number and node.parent:
                while node.number and (node.number not in view.pins or node.number == number):
                    way[node.number], node = node.hash, node.parent
                if node.number and view.pins[node.number] != node.hash: continue
            view.pins.update(way)
        deepest, here = self.deepest(view, view.pins), view.root
        while here:
            sides = [kid for kid in here.children if deepest[kid.hash]]
            on = [kid for kid in sides if deepest[kid.hash] > kid.number]
            view.split = here if len(on) > 1 else None
            here = None if view.split else (on or sides or [None])[0]
            view.path += [here] if here else []
    def deepest(self, view, pins):
        """The highest number at or below each node that counts; what is settled away by `pins` leads nowhere."""
        found = {}
        for node in sorted(view.known.values(), key=lambda each: -each.number):
            own = node.number if (node.parent and not node.verdict) or node.number in pins else 0
            away = pins.get(node.number, node.hash) != node.hash
            found[node.hash] = 0 if away else max([own, *(found[kid.hash] for kid in node.children)])
        return found
    def status(self, view, node):
        """The verdict on a node as the path runs now; None: it counts."""
        up = node
        if node.verdict and node.verdict not in HELD: return node.verdict
        if not node.parent: return self.never_counts(view, node) or node.verdict
        if node.verdict or node in view.path: return node.verdict
        while view.split and up and up.number > view.split.number: up = up.parent
        if view.split and up is view.split and up is not node: return "split"
        return "race" if node.parent is view.root or node.parent in view.path else "void"
    # what is found
    def survey(self, files, as_of):
        latest = (datetime.strptime(as_of, TIME) + timedelta(days=1)).strftime(TIME)
        found, claims, acked, unseen = self.found, [], {}, {}
        for each in self.channels.values(): self.hang(each) if each.name != ROSTER else None
        for view, node in ((one, node) for one in self.channels.values() for node in one.path if not node.verdict):
            listed = self.heads(node, files) if "heads" in node.has else set()
            named, before = node.named | listed, node.parent.last
            paths = {channel: self.channels[channel].path for channel, *_ in named if channel in self.channels}
            wrong = any(n <= len(paths.get(c, ())) and paths[c][n - 1].hash != hashed for c, n, hashed in named)
            found |= {("disagrees", view.name, node.number)} if wrong else set()
            wrong = (before and node.time < before.time) or node.time > latest
            found |= {("clock", view.name, node.number)} if wrong else set()
            claims += [line[:2] for line in named]
            for c, n, hashed in listed:
                if n > len(paths.get(c, ())): unseen.setdefault((c, n), {}).setdefault(hashed, []).append(node)
            for line in node.many["ack"] if node.office == "center" else ():
                acked[line[2]] = min(node.entry, acked.get(line[2], node.entry))
        for sides in (each for each in unseen.values() if len(each) > 1):
            found |= {("disagrees", node.channel, node.number) for side in sides.values() for node in side}
        for view in self.channels.values(): self.look(view, acked, claims)
        claims += [(name, number) for name in self.roster.pins for number, _ in self.roster.pinned(name)]
        for name, numbers in groupby(sorted(claims), key=lambda claim: claim[0]):
            view = self.channels.get(name) or Row(path=[], known={})
            top = max([len(view.path), *(each.number for each in view.known.values() if each.keys)])
            if max(numbers)[1] > top: found.add(("gap", name, top + 1))
    def heads(self, node, files):
        """The public heads of an audit that counts."""
        (hashed, size), data = node.has["heads"].split(" "), files.get((node.office, node.has["heads"][:64]))
        if data is None or len(data) > int(size) or sha(data) != hashed: return set()  # that is V9
        lines = [line.split(" ")[1:] for line in data.decode("latin-1").split("\n")[:-1]]
        good = re.fullmatch(f"(?:head {LINES['head']}\n)+", data.decode("latin-1"))
        good = good and rising([line[0] for line in lines])
        if not good: self.found.add(("malformed", node.channel, node.number))
        return {(channel, int(number), head) for channel, number, head in lines} if good else set()
    def look(self, view, acked, claims):
        """The findings of one channel's slots."""
        found, lasts, before, known, name = self.found, self.deepest(view, {}), len(view.path), {}, view.name
        nodes = sorted(view.known.values(), key=lambda each: each.number)
        found |= {("held", name, number) for number in view.newer if number > before}
        for number, group in groupby(nodes, key=lambda each: each.number):
            slot = [*group]
            if number > before and any(node.keys and not self.never_counts(view, node) for node in slot):
                found |= {("gap", name, before + 1)} if number > before + 1 else set()
                before = number
            fork = self.fork(view, slot, lasts)
            for node in slot:
                verdict, stands = self.status(view, node), node in view.path
                if verdict == "held" and node.keys: claims.append((ROSTER, node.entry))
                quiet = verdict in {None, "fork"} or (stands and verdict in HELD) or (verdict == "race" and fork)
                found |= set() if quiet else {(CODE.get(verdict, verdict), name, number)}
                found |= {("disagrees", name, number)} if verdict == "disagrees" else set()
                found |= {("gap", name, number)} if node.aside and stands else set()
            found |= {("fork", name, number)} if fork else set()
        for number, hashed in self.roster.pinned(name):
            wrong = hashed not in view.known and any(node.keys and node.number == number for node in nodes)
            found |= {("disagrees", name, number)} if wrong else set()
        for node in reversed(nodes):
            known[node.hash] = low = min([acked.get(node.hash, 10**9), *(known[kid.hash] for kid in node.children)])
            rows = [r for r in self.roster.of(node.office, node.by, node.entry) if r.until and not r.compromised]
            if node.verdict == "cut" and any(low < r.until for r in rows if r.cause in {"retire", "suspend"}):
                found.add(("uncounted", name, node.number))
    def fork(self, view, nodes, lasts):
        """One key signed twice, or two sides both went on."""
        signed = [node for node in nodes if node.keys]
        keys = [(node.by, key) for node in signed for key in node.keys]
        sides = [id(node.parent) for node in signed if node.parent and any(lasts[kid.hash] for kid in node.children)]
        twice = len({*keys}) < len(keys) or any(node.verdict == "fork" for node in nodes)
        told = len(nodes) > 1 and (view.name != ROSTER or nodes[0].number <= len(view.path))
        return told and (twice or len({*sides}) < len(sides))

def members(data):
    """Names and bytes of a bundle ("Bundles")."""
    with tarfile.open(fileobj=BytesIO(data), mode="r:") as tar: found = [(each, each.name) for each in tar.getmembers()]
    end = max([0, *(each.offset_data + -(-each.size // 512) * 512 for each, _ in found)])
    need(data[end:] == bytes(1024) and all(each.isreg() for each, _ in found) and rising([name for _, name in found]))
    return [(*name.split("/"), data[each.offset_data : each.offset_data + each.size]) for each, name in found]

def verify(data, fingerprint, as_of):
    """The findings and the heads of a bundle."""
    objects = members(data)
    verifier, slots = Verifier(objects[0][0] if objects else "", fingerprint), {}
    for _, office, folder, leaf, content in objects:
        where = (f"{office}/{folder}" != ROSTER, f"{office}/{folder}", leaf[:8])
        if folder not in {"cards", "sealed", "heads", "evidence"}: slots.setdefault(where, []).append((leaf, content))
    for (other, channel, number), notes in sorted(slots.items()):
        if other and not verifier.roster.hashes: break
        plain, beside = ([note for note in notes if (len(note[0]) > 13) == long] for long in (False, True))
        for leaf, content in plain + beside[:64]:
            note = verifier.offer(channel, int(number), content)
            wrong = leaf[13:] and note and note.hash in verifier.view(channel).known and note.hash[:16] != leaf[9:25]
            verifier.found |= {("misplaced", channel, int(number))} if wrong else set()
        verifier.found |= {("malformed", channel, int(number))} if len(beside) > 64 else set()
    if not verifier.roster.hashes: verifier.found.add(("gap", ROSTER, 1))
    for leaf, content in [each[3:] for each in objects if each[2] == "evidence" and verifier.roster.hashes]:
        try:
            note = Note(content, 2**22).read()
            need(note.hash == leaf[:64] and note.has["network"] == verifier.network, "misplaced")
            verifier.offer(note.channel, note.number, content, note.hash not in verifier.view(note.channel).known)
        except Refused as error: verifier.found |= {(str(error), "-", 0)} - {("newer", "-", 0)}
    verifier.survey({(each[1], each[3][:64]): each[4] for each in objects if each[2] == "heads"}, as_of)
    ends = {name: view.path[-1].last for name, view in verifier.channels.items() if view.path}
    return verifier.found, sorted((name, node.number, node.hash) for name, node in ends.items() if node)

def main(words):
    """As the command line; the exit code is that of an audit with these findings."""
    as_of = words.pop(words.index("--as-of") + 1) if "--as-of" in words else datetime.now(UTC).strftime(TIME)
    path, fingerprint = (word for word in words if word != "--as-of")
    found, heads = verify(Path(path).read_bytes(), fingerprint, as_of)
    for each in [*sorted(found), *(("head", *head) for head in heads)]: print(*each)
    total = sha("".join(f"head {channel} {number} {hashed}\n" for channel, number, hashed in heads).encode())
    raw = hashlib.shake_256(bytes.fromhex(total)).digest(60)
    print(total, *(f"{int.from_bytes(raw[at : at + 5], 'big') % 100000:05d}" for at in range(0, 60, 5)))
    return next((code for code in (7, 3, 6) if code in {EXITS.get(each[0], 0) for each in found}), 0)

if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
