"""Headers of every form, for property tests, and one plain header for tables."""

from datetime import date, datetime

from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.dispatch.header import (
    ACK_WORDS,
    DATED_VERDICTS,
    DUE_WORDS,
    KIND_WORDS,
    VERDICTS,
    Ack,
    Decision,
    DraftRef,
    Due,
    Endorsement,
    Head,
    Header,
    HeadsFile,
    KeyRef,
    Missing,
    Reply,
    Report,
    RosterRef,
    Sealed,
)
from cipherpost.text import RESERVED, is_name

PLAIN = Header(
    "rkpb",
    "tver/center",
    12,
    "1d" * 32,
    "2026-11-22T09:00:00Z",
    "ivanov",
    "message",
    roster=RosterRef(7, "09" * 32),
    letter="55" * 32,
    sealed=(Sealed("8f" * 32, 18432),),
    acks=(Ack("center/all", 14, "aa" * 32, "received"), Ack("center/tver", 3, "bb" * 32, "seen")),
)

hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
names = st.text("az09-", min_size=1, max_size=63).filter(lambda word: is_name(word) and word not in RESERVED)
channels = st.one_of(
    st.builds("{}/{}".format, st.sampled_from(["center"]) | names, st.sampled_from(["center", "all"]) | names),
    st.just("center/roster"),
)
numbers = st.integers(1, 20) | st.integers(1, limits.NUMBER)
sizes = st.integers(0, limits.SIZE)
days = st.dates(date(2000, 1, 1), date(2999, 12, 31))
times = st.datetimes(datetime(1000, 1, 1)).map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
events = st.text("az27", min_size=8, max_size=16).map("e".__add__)
periods = st.one_of(
    days.map("{:%Y}".format),
    days.map(lambda day: f"{day:%Y}-q{(day.month + 2) // 3}"),
    days.map("{:%Y-%m}".format),
    days.map(date.isoformat),
    days.map(lambda day: "{}-w{:02}".format(*day.isocalendar())).filter(lambda word: "2000" <= word < "3000"),
)
reports = st.builds(Report, names, periods, st.none(), st.booleans()) | st.builds(
    Report, names, events, days, st.booleans()
)
heads = st.builds(Head, channels, numbers, hashes)
acks = st.builds(Ack, channels, numbers, hashes, st.sampled_from(ACK_WORDS)) | st.builds(
    Ack, channels, st.just(0), st.none(), st.just("seen")
)
endorsements = st.builds(Endorsement, names, st.binary(min_size=64, max_size=64))
statements = st.lists(st.text("ab ö", min_size=1).map(str.encode), min_size=1, max_size=4).map(
    lambda lines: b"".join(line + b"\n" for line in lines)
)


@st.composite
def decisions(draw):
    verdict = draw(st.sampled_from(VERDICTS))
    day = draw(days) if verdict in DATED_VERDICTS else None
    if draw(st.booleans()):
        return Decision(verdict, draw(names), None, None, draw(channels), draw(numbers), day)
    return Decision(verdict, draw(names), draw(names), draw(periods | events), None, None, day)


@st.composite
def missing(draw):
    found = {}
    for channel in draw(st.lists(channels, max_size=3, unique=True)):
        edges = sorted(draw(st.lists(st.integers(1, 10_000), min_size=2, max_size=6, unique=True)))
        ranges = []
        for first, last in zip(edges[::2], edges[1::2], strict=False):
            if not ranges or first > ranges[-1].last + 1:
                ranges.append(Missing(channel, first, draw(st.sampled_from([first, last]))))
        found[channel] = ranges
    return tuple(each for channel in sorted(found) for each in found[channel])


def rising(values, key):
    return st.lists(values, max_size=5, unique_by=key).map(lambda found: tuple(sorted(found, key=key)))


def maybe(values):
    return st.none() | values


@st.composite
def headers(draw):
    number = draw(numbers)
    kind = draw(st.sampled_from(KIND_WORDS))
    supersedes, cancels = draw(st.sampled_from([(None, None), (number, None), (None, number)]))
    return Header(
        draw(names),
        draw(channels),
        number,
        draw(hashes) if number > 1 else None,
        draw(times),
        draw(names),
        kind,
        roster=draw(maybe(st.builds(RosterRef, numbers, hashes))),
        draft=draw(maybe(st.builds(DraftRef, numbers, days))),
        letter=draw(maybe(hashes)),
        sealed=tuple(draw(st.lists(st.builds(Sealed, hashes, sizes), max_size=3, unique_by=lambda each: each.hash))),
        key=draw(maybe(st.builds(KeyRef, maybe(channels), numbers))),
        reply=draw(maybe(st.builds(Reply, channels, numbers, hashes))),
        supersedes=supersedes,
        cancels=cancels,
        due=draw(maybe(st.builds(Due, days, st.sampled_from(DUE_WORDS)))),
        report=draw(maybe(reports)),
        decision=draw(maybe(decisions())),
        heads_file=draw(maybe(st.builds(HeadsFile, hashes, st.integers(0, limits.HEADS_FILE_BYTES)))),
        heads=draw(rising(heads, lambda each: each.channel)),
        acks=draw(rising(acks, lambda each: (each.channel, each.number, each.word))),
        missing=draw(missing()),
        endorsed=draw(rising(endorsements, lambda each: each.officer)),
        statements=draw(statements) if kind == "roster" else b"",
    )
