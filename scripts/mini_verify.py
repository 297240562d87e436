#!/usr/bin/env python3
"""A second verifier: checks V1 to V8 of a bundle, from docs/protocol.md, and shares no line with the program.

    python mini_verify.py BUNDLE FINGERPRINT [--as-of 2026-11-22T09:00:00Z]

It needs PyNaCl and nothing else, and prints a line for each finding, `code channel number`, then the heads, their hash
and its spoken number. Not checked: silence, sealed files (V9), letters (V10), what was owed (V11). It is set closely,
so that who has to trust it can read it in one go.
"""
# fmt: off
import base64
import copy
import hashlib
import re
import sys
import unicodedata
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from types import SimpleNamespace as Row

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

ROSTER, TIME, W = "center/roster", "%Y-%m-%dT%H:%M:%SZ", "(?![a-z0-9-])"
EXITS = {"fork": 7, "malformed": 3, "misplaced": 3, "forged": 3, "unauthorized": 3, "gap": 6, "held": 6}
HELD = {"gap", "held", "disagrees", "split"}  # verdicts on what waits for something
CODE = {"gap": "held", "split": "held", "cut": "void", "older": "old-roster"}  # codes of verdicts with another name
KEPT = "con|nul|aux|prn|com[1-9]|lpt[1-9]|center|all|roster|sealed|cards|evidence|heads|keepers"
HASH, NUMBER, SIZE, B64 = "[0-9a-f]{64}", "[1-9][0-9]{0,7}", "(?:0|[1-9][0-9]{0,12})", "[A-Za-z0-9+/]+={0,2}"
NAME = f"(?!(?:{KEPT}){W})[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?{W}"
CHANNEL, DAY = f"(?:center/roster|(?:center|{NAME})/(?:center|all|{NAME}))", "2[0-9]{3}-[0-9]{2}-[0-9]{2}"
PERIOD = "(?:2[0-9]{3}(?:-q[1-4]|-w[0-9]{2}|-[0-9]{2}(?:-[0-9]{2})?)?|e[a-z2-7]{8,16})"
DEBT = f"{NAME} (?:{NAME} {PERIOD}|{CHANNEL} {NUMBER})"
RLS, MORE, POINT, ANY = "roster letter sealed", "draft reply supersedes cancels endorsed ", " head ack missing", \
    "auditor center committee"
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
ACKED = f"(?:0 none seen|{NUMBER} {HASH} (?:seen|received|read|failed|complied|unable|withdrawn))"
ALWAYS = ("network", "channel", "number", "previous", "time", "by", "kind")
LINES = {  # word: form ("The header")
    "network": NAME, "channel": CHANNEL, "number": NUMBER, "previous": f"none|{HASH}",
    "time": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "by": NAME, "kind": "|".join(KINDS),
    "roster": f"{NUMBER} {HASH}", "draft": f"{NUMBER} {DAY}", "letter": HASH, "sealed": f"{HASH} {SIZE}",
    "key": f"(?:{CHANNEL} )?{NUMBER}", "reply": f"{CHANNEL} {NUMBER} {HASH}", "supersedes": NUMBER, "cancels": NUMBER,
    "due": f"{DAY} (?:reply|complied)", "report": f"{NAME} {PERIOD}(?: {DAY})?(?: nil)?",
    "decision": f"(?:extended|sent-back) {DEBT} {DAY}|(?:excused|accepted|owed) {DEBT}", "heads": f"{HASH} {SIZE}",
    "head": f"{CHANNEL} {NUMBER} {HASH}", "ack": f"{CHANNEL} {ACKED}",
    "missing": f"{CHANNEL} {NUMBER}(?:-{NUMBER})?", "endorsed": f"{NAME} {B64}"}
HEADER = re.compile("cipherpost/v1\n" + "".join(
    f"(?P<{w}_>(?:{w} (?:{form})\n)*)" if w in MOST else f"(?:{w} (?P<{w}_>{form})\n){'' if w in ALWAYS else '?'}"
    for w, form in LINES.items()))
COM, KEY = f"(?!none{W}){NAME}", rf"[^+ ]+\+[0-9a-f]{{8}}\+{B64}"
OFFICE, DAYS = f"(?:center|{COM})", "(?:0|[1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])"
PIN, GRACE = f"{OFFICE}/(?:center|all|{COM})", f"(?: grace (?!0){DAYS})?"
STATEMENTS = {  # first word: the rest ("Statements")
    "keepers": f"{NAME}(?: {NAME}){{0,14}}", "recovery": f"{NUMBER}(?: {KEY}){{1,15}}", "requires": "1",
    "office": f"center center|{COM} (?:committee|auditor)", "title": f"{OFFICE} .{{1,120}}",
    "officer": rf"(?P<o>{OFFICE}/{NAME}) {NAME}/(?P=o)\+[0-9a-f]{{8}}\+{B64} {HASH}(?: unchecked)?",
    "threshold": f"{OFFICE} (?:[1-9]|1[0-7])", "group": f"{COM} (?:none|{COM}(?: {COM})*)", "lateral": f"{COM}(?: end)?",
    "retire": f"{OFFICE}/{NAME}", "compromised": f"{OFFICE}/{NAME}", "suspend": COM, "reinstate": COM, "dissolve": COM,
    "cut": f"{NUMBER} {PIN} (?:{NUMBER} {HASH}|0 none)", "settle": f"{PIN} {NUMBER} {HASH}",
    "form": f"{NAME} {NUMBER} {HASH}", "check": f"{OFFICE} (?:daily|weekly|monthly|quarterly)",
    "duty": f"{NAME} (?:all|{COM}) (?:(?:week|month|quarter|year)ly due {DAYS}{GRACE} from {PERIOD}|once {DAY}{GRACE}"
            f"|event(?: within {DAYS})?{GRACE}(?: from {DAY})?|end {PERIOD})",
    "escrow": f"(?:circular|instruction|decision|report|audit|message|key) (?:none|{OFFICE}(?: {OFFICE})*)",
    "timezone": "(?=.{1,64}$)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*)*"
                "|(?!-00:00)[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)"}
SMALL = {("00" * 31, 0), ("01" + "00" * 30, 0), *((last + "ff" * 30, 127) for last in ("ec", "ed", "ee")),
    ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc", 5),  # keys of small order: bytes 0-30, and 31
    ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03", 122)}  # without its highest bit


class Refused(Exception):
    """A check failed; the word is its verdict, mostly the code of the finding."""

def need(good, verdict="malformed"):
    if not good:
        raise Refused(verdict)

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

def sort_of(period):
    """Year, quarter, month, week, day or event; of a period that the calendar has."""
    if period[0] == "e": return "event"
    sort = {4: "year", 10: "day"}.get(len(period)) or {"q": "quarter", "w": "week"}.get(period[5], "month")
    need(sort != "week" or 1 <= int(period[6:]) <= date(int(period[:4]), 12, 28).isocalendar().week)
    need(sort not in {"month", "day"} or real(period + "-01" * (sort == "month")))
    return sort

def decoded(word):
    """Canonical base64."""
    try: data = base64.b64decode(word, validate=True)
    except ValueError: data = b""
    need(base64.b64encode(data).decode() == word)
    return data

def key_of(word):
    """A verifier key as (name, id, 32 bytes)."""
    name, key_id, encoded = word.split("+", 2)
    raw = decoded(encoded)
    need(len(raw) == 33 and raw[0] == 1 and (raw[1:32].hex(), raw[32] & 127) not in SMALL and not re.search(r"\s", name))
    need(hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id)
    return name, bytes.fromhex(key_id), raw[1:]

def verifies(key, signature, text):
    try: return len(signature) == 64 and crypto_sign_open(signature + text, key[2]) is not None
    except BadSignatureError: return False


class Note:
    """V1: a note, and its header; later a node of its channel's tree."""

    def __init__(self, data, most):
        end = data.rfind(b"\n\n")
        need(end > 0 and len(data) <= most and not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data))
        self.text, self.lines, self.children, self.parent = data[: end + 1], [], [], None
        self.hash, self.verdict, self.keys, self.last, self.aside = sha(self.text), None, set(), None, False
        try: data.decode(); tail = data[end + 2 :].decode()
        except UnicodeDecodeError: raise Refused("malformed") from None
        for line in tail.split("\n")[:-1] if tail.endswith("\n") else [""]:
            match = re.fullmatch(rf"\u2014 ([^\s+]+) ({B64})", line)
            need(match and len(decoded(match[2])) >= 5)
            self.lines.append((match[1], decoded(match[2])[:4], decoded(match[2])[4:]))

    def read(self):
        match = HEADER.match(self.text.decode("latin-1"))
        rest = self.text[match.end() :] if match else b"?"
        if rest[:1] not in {b"", b"\n"}:
            need(not re.match(rb"cipherpost/v([2-9]|[1-9][0-9]{1,3})[ .\n]", self.text), "newer")
            need(False)
        self.has = has = {word[:-1]: value for word, value in match.groupdict().items() if value}
        self.many = many = {w: [line.split(" ")[1:] for line in has.get(w, "").split("\n")[:-1]] for w in MOST}
        if rest: has["statements"] = rest
        self.channel, self.time, self.by, self.kind, self.statements = *map(has.get, ("channel", "time", "by", "kind")), rest[1:]
        self.number, (self.office, self.audience) = int(has["number"]), self.channel.split("/")
        entry, _, self.entry_hash = has.get("roster", "0 ").partition(" ")
        self.entry, self.target = int(entry), int(has.get("supersedes") or has.get("cancels") or 0)
        self.draft, self.until = has.get("draft", " ").split(" ")
        self.endorsed = {name: decoded(signature) for name, signature in many["endorsed"]}
        said = [*many["ack"], *many["head"], *([has["reply"].split(" ")] if "reply" in has else [])]
        self.named = {(line[0], int(line[1]), line[2]) for line in said if line[2] != "none"}
        need(match.end() <= 65536 and all(len(lines) <= MOST[word] for word, lines in many.items()))
        need(real(self.time, TIME) and (has["previous"] == "none") == (self.number == 1))
        need(not {"supersedes", "cancels"} <= has.keys() and ("statements" in has) == (self.kind == "roster"))
        need(not rest or (rest[1:].endswith(b"\n") and b"\n\n" not in rest))
        need(all(real(has[word].split(" ")[place]) for word, place in (("draft", 1), ("due", 0)) if word in has))
        need(len({line[0] for line in many["sealed"]}) == len(many["sealed"]))
        need(all(int(size) <= 2**40 for _, size in many["sealed"]) and int(has.get("heads", "- 0").split(" ")[1]) <= 2**26)
        need(rising([(line[0], int(line[1]), line[3]) for line in many["ack"]]) and rising([a[0] for a in many["head"]]))
        need(rising([name for name, _ in many["endorsed"]]) and all(len(each) == 64 for each in self.endorsed.values()))
        ranges = [(name, *map(int, numbers.split("-"))) for name, numbers in many["missing"]]
        need(all(each[1] < each[2] for each in ranges if len(each) == 3))
        need(all((a[0], a[-1] + 1) < (b[0], b[1]) for a, b in pairwise(ranges)))
        if "report" in has:
            days = [word for word in has["report"].split(" ")[2:] if word != "nil"]
            need((sort_of(has["report"].split(" ")[1]) == "event") == bool(days) and all(map(real, days)))
        words = has.get("decision", "").split(" ")
        need(len(words) < 4 or (all(map(real, words[4:])) and ("/" in words[2] or sort_of(words[3]))))
        return self

    def signed_by(self, key):
        return any((name, key_id) == key[:2] and verifies(key, made, self.text) for name, key_id, made in self.lines)

    def endorsed_by(self, name, key, fingerprint):
        """Whether the endorsement of `name` is this key's signature of the draft."""
        words = ["channel", "number", "previous", "kind", "draft", "letter", "reply", "supersedes", "cancels", "due", "report", "decision", "heads"]
        lines = [f"{w} {self.has[w]}" for w in words if w in self.has and (self.kind == "roster" or w not in words[1:3])]
        text = "\n".join(["cipherpost/v1 draft", f"fingerprint {fingerprint}", *lines, ""]).encode()
        return bool(key) and verifies(key, self.endorsed[name], text + self.has.get("statements", b""))


class Roster:
    """What entries 1 to n say, every value with the entry from which it holds; and who may sign what."""

    def __init__(self, network, fingerprint):
        self.network, self.fingerprint, self.hashes, self.rows, self.keepers = network, fingerprint, [], [], []
        for name in ["role", "state", "threshold", "waiting", "groups", "lateral", "left", "taken", "pins", "forms", "duties"]: setattr(self, name, {})
        self.keys, self.cards, self.titles, self.opened = set(), set(), set(), set()

    def of(self, office, name=None, entry=None):
        """The stretches of standing of an office or officer; only those that hold an entry."""
        rows = [row for row in self.rows if row.office == office and name in {None, row.name}]
        return rows if entry is None else [r for r in rows if r.since <= entry and (r.until or entry + 1) > entry]

    def keeper_keys(self, entry):
        return {row.name: row.key for row in self.of("center", entry=entry) if row.name in (at(self.keepers, entry) or ())}

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
            newest.pop((cut, cut or pin[0]), None)
            newest[cut, cut or pin[0]] = pin
        for number, hashed in filter(None, newest.values()):
            by_number.pop(number, None)
            by_number[number] = hashed
        return list(by_number.items())

    def parse(self, data):
        """The statements of an entry, each a list of words."""
        text = data.decode(errors="replace")
        need(text.encode() == data and text.endswith("\n") and " \n" not in text)
        need(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) and text.count("\n") <= 20000)
        lines = [line.split(" ") for line in text[:-1].split("\n")]
        later = [w for w, *n in lines if (w not in STATEMENTS and re.fullmatch("[a-z][a-z-]{0,30}", w))
                 or (w == "requires" and re.fullmatch("[2-9]|[1-9][0-9]{1,7}", " ".join(n)))]
        for word, *rest in lines:
            wrong = verdict_of(self.check_form, word, *rest)
            need(not wrong, "newer" if later else wrong)
        return lines

    def check_form(self, word, *rest):
        need(re.fullmatch(STATEMENTS.get(word, "(?!)"), " ".join(rest)))
        lists = {"keepers": rest, "recovery": rest[1:], "group": rest[1:], "escrow": rest[1:]}
        keys = [key_of(key) for key in {"recovery": rest[1:], "officer": rest[1:2]}.get(word, ())]
        need(rising(lists.get(word, ())) and (word != "recovery" or int(rest[0]) <= len(keys)))
        if word == "title":
            title = " ".join(rest[1:])
            bad = {unicodedata.category(each) for each in title} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
            need(not bad and unicodedata.normalize("NFC", title) == title == title.strip())
        if word == "duty":
            sorts = {sort_of(value) for name, value in pairwise(rest[2:]) if name in {"once", "from", "end"}}
            need(sorts <= {{"once": "day", "event": "day"}.get(rest[2], rest[2][:-2])} or rest[2] == "end")
            need("event" not in sorts)

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
            if sum(row.until is None for row in self.of(office)) >= self.waiting[office]:
                self.threshold.setdefault(office, []).append((self.entry, self.waiting.pop(office)))
        need({*(at(self.keepers) or ())} <= {row.name for row in self.of("center") if row.until is None})
        need(self.entry > 1 or (len(at(self.keepers) or ()) == 1 and "center" in self.titles))

    def office(self, name):
        need(name in self.role and at(self.state[name]) != "dissolved")
        return name

    def claim(self, word):
        key = key_of(word)
        need(key[0].startswith(self.network + "/") and key[2] not in self.keys)
        self.keys.add(key[2])
        return key

    def end(self, row, cause):
        need(row.since != self.entry)
        row.until, row.cause, row.compromised = self.entry, cause, cause == "compromised"
        self.taken.setdefault(self.entry, set()).add(row.office)
        self.counted.add(row.office)

    def state_one(self, word, name, last, rest):
        """One statement; `name` and `last` are its first and last word."""
        entry, (office, _, officer) = self.entry, name.partition("/")
        if word == "keepers": self.keepers.append((entry, rest))
        elif word == "recovery": need(entry == 1 and not self.said & {word} and [*map(self.claim, rest[1:])]); self.said.add(word)
        elif word == "office":
            need(name not in self.role and name not in self.groups)
            self.role[name], self.state[name] = last, [(entry, "declared")]
        elif word == "title": self.titles.add(name if name in self.groups else self.office(name))
        elif word == "officer":
            state, rows = self.state[self.office(office)], self.of(office, officer)
            need(at(state) != "suspended" and self.left.get(name) != "retire" and rest[2] not in self.cards)
            key = self.claim(rest[1])
            need(key[1] not in {row.key[1] for row in rows})
            self.cards.add(rest[2])
            if rows and rows[-1].until is None: self.end(rows[-1], "rotate")
            self.left.pop(name, None)
            self.rows.append(Row(office=office, name=officer, key=key, since=entry, until=None, cause="", compromised=False))
            if at(state) == "declared": state.append((entry, "good"))
            self.counted.add(office)
        elif word == "threshold": self.waiting[self.office(name)] = int(last); self.counted.add(name)
        elif word in {"group", "lateral"}:
            need(name not in self.role if word == "group" else name in self.groups)
            if word == "group": value = [self.office(each) for each in rest[1:] if each != "none"]
            else: value = last != "end"; need(bool(at(self.lateral.get(name))) != value)
            (self.groups if word == "group" else self.lateral).setdefault(name, []).append((entry, value))
            members = at(self.groups[name]) if at(self.lateral.get(name)) else []
            need(len(members) <= 256)
            self.opened |= {(one, other) for one in members for other in (name, *members)}
        elif word in {"retire", "compromised"}:
            rows, was = self.of(self.office(office), officer), self.left.get(name)
            need(rows)
            if rows[-1].until is None: self.end(rows[-1], word)
            else:
                need(was != word and not (word == "compromised" and rows[-1].compromised))
                rows[-1].compromised |= word == "compromised"
            if was != "retire": self.left[name] = word
        elif word in {"suspend", "dissolve", "reinstate"}:
            state = self.state[self.office(name)]
            only = {"suspend": {"good"}, "reinstate": {"suspended"}}.get(word, {"declared", "good", "suspended"})
            need(at(state) in only and name not in self.moved)
            self.moved.add(name)
            for row in self.of(name):
                if word != "reinstate" and row.until is None: self.end(row, word)
                elif word == "reinstate" and (row.until, row.cause) == (state[-1][0], "suspend"):
                    again = Row(**{**vars(row), "since": entry, "until": None, "cause": ""})
                    self.rows += [] if f"{name}/{row.name}" in self.left else [again]
            state.append((entry, {"suspend": "suspended", "reinstate": "good"}.get(word, "dissolved")))
            self.counted.add(name)
        elif word in {"cut", "settle"}:
            channel, number, cut = (rest[1], rest[2], int(name)) if word == "cut" else (name, rest[1], None)
            need(self.exists(channel) and (cut, cut or number, channel) not in self.said)
            need(word == "settle" or channel.split("/")[0] in self.taken.get(cut, ()))
            self.said.add((cut, cut or number, channel))
            self.pins.setdefault(channel, []).append((cut, (int(number), last) if number != "0" else None))
        elif word == "form": need(int(rest[1]) > self.forms.get(name, 0)); self.forms[name] = int(rest[1])
        elif word == "duty": self.duty(name, rest[1], rest[2], last, dict(pairwise(rest)))
        elif word == "escrow": [self.office(each) for each in rest[1:] if each != "none"]
        elif word == "timezone": need(name[0] in "+-" or name in zoneinfo.available_timezones(), "newer")
        elif word == "check": self.office(name)

    def duty(self, form, audience, rhythm, last, named):
        """Periods owed, as [first, last, the first taken over by a newer duty]; "~" is behind every period."""
        if rhythm == "end":
            owed = {(form, audience, sort) for sort in (sort_of(last), "event" if sort_of(last) == "day" else "")}
            was = {key: self.duties[key] for key in owed & self.duties.keys()}
            now = {k: [(f, e if k[2] == "day" else min(e, last), b) for f, e, b in d] for k, d in was.items()}
            now = {k: [d for d in all_ if d[0] <= (last if k[2] == "day" else d[1])] for k, all_ in now.items()}
            need(now != was)
            return self.duties.update(now)
        need(form in self.forms and (audience == "all" or audience in self.groups or self.office(audience)))
        key, first = (form, audience, {"once": "day"}.get(rhythm, rhythm.removesuffix("ly"))), named.get("once", named.get("from", ""))
        kept = [(f, e, b if key[2] == "day" else min(b, first)) for f, e, b in self.duties.get(key, ())]
        self.duties[key] = [d for d in kept if (d[0] != first if key[2] == "day" else d[2] > d[0])] + [(first, "~", "~")]


class Verifier:
    """All channels of one network: what stands, what is void, what is held, and what is found."""

    def __init__(self, network, fingerprint):
        self.network, self.roster, self.found, self.channels = network, Roster(network, fingerprint), set(), {}
        self.waiting, self.rivals, self.drafts = {}, {}, {}

    def view(self, name):
        root = Row(number=0, hash=None, parent=None, children=[], verdict=None, last=None)
        return self.channels.setdefault(name, Row(name=name, root=root, known={}, newer=set(), path=[], split=None, pins={}))

    def offer(self, channel, number, data, aside=False):
        """V1, V2 and the signature of a note from a slot, or from evidence that names the slot."""
        view, note = self.view(channel), None
        try:
            note = Note(data, 2**22 if channel == ROSTER else 2**16)
            if verdict_of(note.read) == "newer": self.check_newer(view, note)
            note.read()
            need((note.has["network"], note.channel, note.number) == (self.network, channel, number), "misplaced")
            note.aside = aside
            if channel == ROSTER: self.take(view, note)
            else: keys = self.signers(note); view.known.setdefault(note.hash, note).keys.update(keys)
        except Refused as error: self.refuse(view, number, str(error))
        return note

    def refuse(self, view, number, verdict):
        if verdict == "newer": view.newer.add(number)
        else: self.found.add((CODE.get(verdict, verdict), view.name, number))

    def check_newer(self, view, note):
        now = self.roster.of(view.name.split("/")[0], entry=len(self.roster.hashes))
        signers, keepers = {row.name for row in now if note.signed_by(row.key)}, {*(at(self.roster.keepers) or ())}
        need(2 * len(signers & keepers) > len(keepers) if view.name == ROSTER else signers, "forged")

    def signers(self, note):
        """The keys that signed, of those that `by` ever had; none where an entry to come may bring one."""
        keys = {row.key[1]: row.key for row in self.roster.of(note.office, note.by)}
        own = [line[1:] for line in note.lines if line[0] == f"{self.network}/{note.office}/{note.by}"]
        good = {keys[key_id][2] for key_id, made in own if key_id in keys and verifies(keys[key_id], made, note.text)}
        tried = any(key_id in keys for key_id, _ in own)
        need(good or (own and not tried and note.entry > len(self.roster.hashes)), "forged")
        return good

    # ---- the roster: each entry is judged once, by the state before it

    def take(self, view, note):
        roster, known, before = self.roster, view.known.get(note.hash), note.number - 1
        keys = {row.key[2] for row in roster.of("center", note.by) if note.signed_by(row.key)}
        if known:
            known.keys |= keys
            need(keys or note.hash in self.waiting, "forged")
            if note.hash in self.waiting: self.waiting[note.hash].append(note)
            return self.stop(view)
        need(before or note.hash == roster.fingerprint, "misplaced")
        here = not before or (before <= len(roster.hashes) and note.has["previous"] == roster.hashes[before - 1])
        lines = self.check_entry(note, keys, before) if here else None
        if not here or (before == len(roster.hashes) and view.split):
            note.verdict, note.keys, self.waiting[note.hash] = "gap", keys, [note]
        else:
            note.parent, note.keys = view.path[before - 1] if before else view.root, keys
            note.last = note if before == len(roster.hashes) else note.parent.last
            if before < len(roster.hashes):
                names = {note.by, *note.endorsed}
                self.rivals[note.hash] = {r.name: r.key for r in roster.of("center", entry=before) if r.name in names}
                note.verdict = "fork"
            else:
                roster.apply(note.number, lines)
                self.drafts.setdefault(note.draft, note.number)
                view.path.append(note)
                roster.hashes.append(note.hash)
            note.parent.children.append(note)
        view.known[note.hash] = note
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
        lines, names = roster.parse(note.statements), at(roster.keepers, before) or ()
        new = {row.name: row.key for row in roster.of("center", entry=before)}
        for word, *rest in lines:
            if word == "keepers": names = rest
            if word == "officer" and rest[0].startswith("center/"): new[rest[0][7:]] = key_of(rest[1])
        new = {name: key for name, key in new.items() if name in names}
        if not before:
            need([*names] == [note.by] and note.by in new and not note.endorsed and not note.draft, "unauthorized")
            need(note.signed_by(new[note.by]), unsigned)
        need(note.draft or not note.endorsed)
        by_old, by_new = {note.by} if before else set(), {note.by} & {name for name in new if new[name] == old.get(name)}
        for name in note.endorsed:
            then = old.get(name) if name != note.by else None
            now = new.get(name) if name != note.by or new.get(name) != old[name] else None
            signed = [note.endorsed_by(name, key, roster.fingerprint) for key in (then, now)]
            need(any(signed), "unauthorized")
            by_old |= {name} if signed[0] else set()
            by_new |= {name} if signed[1] else set()
        need(not before or 2 * len(by_old & {*old}) > len(old), "unauthorized")
        need(not before or new == old or 2 * len(by_new & {*new}) > len(new), "unauthorized")
        self.check_lines(note)
        self.check_place(note, "center", "roster", None, False)
        need(not note.draft or (note.time[:10] <= note.until and note.draft not in self.drafts) or
             (note.time[:10] <= note.until and self.drafts[note.draft] >= note.number), "void")
        return lines

    def stop(self, view):
        """Reading stops where another side goes on, if those who signed it are still more than half of the keepers."""
        keepers = self.roster.keeper_keys(len(self.roster.hashes))
        for hashed, signers in self.rivals.items():
            on = any(each.keys and not each.parent and each.has["previous"] == hashed for each in view.known.values())
            if on and 2 * sum(signers.get(name) == key for name, key in keepers.items()) > len(keepers):
                first = min(view.known[hashed].number, view.split.number + 1 if view.split else 10**8)
                view.split = view.path[first - 2] if first > 1 else view.root

    # ---- V4 to V6 of all other channels

    def check_lines(self, note):
        required, allowed, has = *(KINDS[note.kind][i].split() for i in (3, 4)), note.has.keys() - {*ALWAYS}
        need({*required} <= has <= {*required, *allowed} and not {"due", "cancels"} <= has and note.target < note.number)
        need(("letter" in has) == ("sealed" in has) and ("draft" in has) == ("endorsed" in has))
        need(len(note.many["sealed"]) < 2 or note.kind == "key")
        nil = note.has.get("report", "").endswith(" nil")
        need("report" not in has or (({"cancels", "sealed"} & has or nil) and not (nil and "cancels" in has)))
        _, office, of, *_ = note.has.get("decision", f"- {note.audience} -").split(" ")
        need(office == note.audience and ("/" not in of or of.split("/")[0] == note.office))

    def check_place(self, note, role, to, to_role, lateral):
        """The kind may stand here, and speaks of channels that it may speak of."""
        roles, audiences, *_ = (each.split() for each in KINDS[note.kind][:2])
        need(role in roles and (to in audiences or (audiences == ["center"] and to_role == "center" and to == "office")), "unauthorized")
        need(to in {"own", "roster"} or "center" in {role, to_role} or lateral, "unauthorized")
        need(note.kind != "message" or to != "group" or lateral, "unauthorized")
        key, (*channel, number) = "key" in note.has, note.has.get("key", "0").split(" ")
        if note.kind != "key": need(not key or (to == "group" and not channel and int(number) < note.number), "unauthorized")
        elif to == "group": need(not key, "unauthorized")
        else: need(channel and channel[0].split("/")[0] == note.office and channel[0] != note.channel, "unauthorized")
        said, heads = ([line[0] for word in words for line in note.many[word]] for words in (("ack", "missing"), ("head",)))
        if to in {"group", "roster"}: need(not said and not heads, "unauthorized")
        else: need(said or heads or note.kind not in {"receipt", "check"}, "unauthorized")
        need(all(each.split("/")[0] == note.office and each != note.channel for each in heads), "unauthorized")
        free = role == "auditor" and to_role == "center"
        need(free or all(each.split("/")[0] == note.audience for each in said), "unauthorized")

    def check_cited(self, node):
        need(node.entry <= len(self.roster.hashes), "held")
        need(not node.entry_hash or node.entry_hash == self.roster.hashes[node.entry - 1], "disagrees")

    def judge(self, view, node):
        """V4 to V6 of a dispatch that hangs below `node.parent`."""
        roster, before, above = self.roster, node.parent.last, {}
        self.check_cited(node)
        need(before is None or node.entry >= before.entry, "older")
        roster.check_signer(node, node.by, node.keys)
        needed = (at(roster.threshold.get(node.office), node.entry) or 1) if KINDS[node.kind][2] == "office" else 1
        need(needed > 1 or not node.endorsed, "unauthorized")
        need(node.draft or not node.endorsed)
        for name in node.endorsed:
            row = next(iter(roster.of(node.office, name, node.entry)), None)
            need(row and name != node.by and node.endorsed_by(name, row.key, roster.fingerprint), "unauthorized")
        count = 1 + sum(not verdict_of(roster.check_signer, node, name) for name in node.endorsed)
        self.check_lines(node)
        self.check_place(node, *self.place(node))
        need(not node.draft or node.time[:10] <= node.until, "void")
        need(count >= needed, "cut" if 1 + len(node.endorsed) >= needed else "unauthorized")
        up = node.parent
        while up is not view.root: above[up.number], up = up, up.parent
        used = {each.draft for each in above.values() if each.verdict is None}
        target = above.get(node.target, node)
        need(not node.draft or node.draft not in used, "void")
        need(not node.target or (target.verdict is None and KINDS[target.kind][2] == KINDS[node.kind][2]), "void")

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
        return None if any(not r.until and r.key[2] in node.keys for r in self.roster.of("center", node.by)) else "unauthorized"

    # ---- the path of a channel

    def hang(self, view):
        """V3, and judge what hangs; then choose the path."""
        for node in sorted(view.known.values(), key=lambda each: each.number):
            parent = view.root if node.number == 1 else view.known.get(node.has["previous"])
            node.verdict = "gap" if node.keys else "held"
            if node.keys and parent and (parent is view.root or parent.parent) and parent.number == node.number - 1:
                node.parent = parent
                parent.children.append(node)
                node.verdict = "gap" if parent.verdict in HELD else verdict_of(self.judge, view, node)
                node.last = node if node.verdict is None else parent.last
        for number, hashed in reversed(self.roster.pinned(view.name)):
            node, way = view.known.get(hashed), {number: hashed}
            if node and node.number == number and node.parent and view.pins.get(number, hashed) == hashed:
                while node.number and (node.number not in view.pins or node.number == number):
                    way[node.number], node = node.hash, node.parent
                if node.number and view.pins[node.number] != node.hash: continue
            if view.pins.get(number, hashed) == hashed: view.pins.update(way)
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
            own = node.number if (node.verdict is None and node.parent) or node.number in pins else 0
            away = pins.get(node.number, node.hash) != node.hash
            found[node.hash] = 0 if away else max([own, *(found[kid.hash] for kid in node.children)])
        return found

    def status(self, view, node):
        """The verdict on a node as the path runs now; None: it counts."""
        if node.verdict and node.verdict not in HELD: return node.verdict
        if not node.parent: return self.never_counts(view, node) or node.verdict
        if node.verdict or node in view.path: return node.verdict
        up = node
        while view.split and up and up.number > view.split.number: up = up.parent
        if view.split and up is view.split and up is not node: return "split"
        return "race" if node.parent is view.root or node.parent in view.path else "void"

    # ---- what is found

    def survey(self, files, as_of):
        latest = (datetime.strptime(as_of, TIME) + timedelta(days=1)).strftime(TIME)
        found, claims, acked = self.found, [], {}
        for view in self.channels.values():
            if view.name != ROSTER: self.hang(view)
        for view in self.channels.values():
            for node in (each for each in view.path if each.verdict is None):
                named = node.named | (self.heads(node, files) if "heads" in node.has else set())
                claims += [line[:2] for line in named]
                for channel, number, hashed in named:
                    path = self.view(channel).path if channel in self.channels else []
                    if number <= len(path) and path[number - 1].hash != hashed: found.add(("disagrees", view.name, node.number))
                for line in node.many["ack"] if node.office == "center" else ():
                    acked[line[2]] = min(node.entry, acked.get(line[2], node.entry))
                before = node.parent.last
                if (before and node.time < before.time) or node.time > latest: found.add(("clock", view.name, node.number))
        for view in self.channels.values(): self.look(view, acked, claims)
        claims += [(name, number) for name in self.roster.pins for number, _ in self.roster.pinned(name)]
        for name, numbers in groupby(sorted(claims), key=lambda claim: claim[0]):
            view = self.channels.get(name) or Row(path=[], known={})
            top = max([len(view.path), *(each.number for each in view.known.values() if each.keys)])
            if max(numbers)[1] > top: found.add(("gap", name, top + 1))

    def heads(self, node, files):
        """The public heads of an audit that counts."""
        hashed, size = node.has["heads"].split(" ")
        data = files.get((node.office, hashed))
        if data is None or len(data) > int(size) or sha(data) != hashed: return set()  # that is V9
        lines = [line.split(" ")[1:] for line in data.decode("latin-1").split("\n")[:-1]]
        good = re.fullmatch(f"(?:head {CHANNEL} {NUMBER} {HASH}\n)+", data.decode("latin-1"))
        if not good or not rising([line[0] for line in lines]): self.found.add(("malformed", node.channel, node.number))
        return {(channel, int(number), head) for channel, number, head in lines} if good else set()

    def look(self, view, acked, claims):
        """The findings of one channel's slots."""
        found, lasts, before, known = self.found, self.deepest(view, {}), len(view.path), {}
        found |= {("held", view.name, number) for number in view.newer if number > before}
        for number, group in groupby(sorted(view.known.values(), key=lambda each: each.number), key=lambda each: each.number):
            nodes = [*group]
            if number > before and any(node.keys and not self.never_counts(view, node) for node in nodes):
                if number > before + 1: found.add(("gap", view.name, before + 1))
                before = number
            fork = self.fork(view, nodes, lasts)
            found |= {("fork", view.name, number)} if fork else set()
            for node in nodes:
                verdict, stands = self.status(view, node), node in view.path
                if verdict == "held" and node.keys: claims.append((ROSTER, node.entry))
                if verdict and not (stands and verdict in HELD) and not (verdict in {"race", "fork"} and (fork or verdict == "fork")):
                    found.add((CODE.get(verdict, verdict) if verdict not in HELD else "held", view.name, number))
                if verdict == "disagrees": found.add(("disagrees", view.name, number))
                if node.aside and stands: found.add(("gap", view.name, number))
        for number, hashed in self.roster.pinned(view.name):
            if hashed not in view.known and any(n.keys and n.number == number for n in view.known.values()):
                found.add(("disagrees", view.name, number))
        for node in sorted(view.known.values(), key=lambda each: -each.number):
            low = min([acked.get(node.hash, 10**9), *(known[kid.hash] for kid in node.children)])
            known[node.hash] = low
            rows = [r for r in self.roster.of(node.office, node.by, node.entry) if r.until and not r.compromised]
            if node.verdict == "cut" and any(low < r.until for r in rows if r.cause in {"retire", "suspend"}):
                found.add(("uncounted", view.name, node.number))

    def fork(self, view, nodes, lasts):
        """One officer signed twice, or two sides both went on."""
        if len(nodes) < 2 or (view.name == ROSTER and nodes[0].number > len(view.path)): return False
        signed = [node for node in nodes if node.keys]
        sides = [id(node.parent) for node in signed if node.parent and any(lasts[kid.hash] for kid in node.children)]
        twice = len({node.by for node in signed}) < len(signed) or any(node.verdict == "fork" for node in nodes)
        return twice or len({*sides}) < len(sides)


def members(data):
    """Names and bytes of a bundle ("Bundles"): one form, or none."""
    place, found = 0, []
    while any(data[place : place + 512]):
        name = long = None
        for _ in range(2):
            block = data[place : place + 512]
            need(len(block) == 512 and int(block[148:154], 8) == sum(block) - sum(block[148:156]) + 256)
            size, kind, place = int(block[124:135], 8), block[156:157], place + 512
            if kind != b"x": break
            for _, key, value in re.findall(rb"([0-9]+) (path|size)=([^\n]*)\n", data[place : place + size]):
                name, long = (value, long) if key == b"path" else (name, int(value))
            place += -(-size // 512) * 512
        name, size = (name or block[:100].rstrip(b"\0")).decode(), size if long is None else long
        need(kind == b"0" and place + size <= len(data) and (not found or name > found[-1][0]))
        found.append((name, data[place : place + size]))
        place += -(-size // 512) * 512
    need(data[place:] == bytes(1024))
    return found


def verify(data, fingerprint, as_of):
    """The findings and the heads of a bundle."""
    objects = [(*name.split("/"), content) for name, content in members(data)]
    verifier, slots = Verifier(objects[0][0] if objects else "", fingerprint), {}
    for _, office, folder, leaf, content in objects:
        if folder not in {"cards", "sealed", "heads", "evidence"}:
            slots.setdefault((f"{office}/{folder}" != ROSTER, f"{office}/{folder}", int(leaf[:8])), []).append((leaf, content))
    for (other, channel, number), notes in sorted(slots.items()):
        if other and not verifier.roster.hashes: break
        plain, beside = ([note for note in notes if (len(note[0]) > 13) == long] for long in (False, True))
        for leaf, content in plain + beside[:64]:
            note = verifier.offer(channel, number, content)
            wrong = len(leaf) > 13 and note and note.hash in verifier.view(channel).known and note.hash[:16] != leaf[9:25]
            verifier.found |= {("misplaced", channel, number)} if wrong else set()
        verifier.found |= {("malformed", channel, number)} if len(beside) > 64 else set()
    verifier.found |= set() if verifier.roster.hashes else {("gap", ROSTER, 1)}
    for _, _, folder, leaf, content in objects if verifier.roster.hashes else ():
        try:
            if folder == "evidence":
                note = Note(content, 2**22).read()
                need(note.hash == leaf[:64] and note.has["network"] == verifier.network, "misplaced")
                verifier.offer(note.channel, note.number, content, note.hash not in verifier.view(note.channel).known)
        except Refused as error:
            verifier.found |= {(str(error), "-", 0)} - {("newer", "-", 0)}
    verifier.survey({(office, leaf[:64]): content for _, office, folder, leaf, content in objects if folder == "heads"}, as_of)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
