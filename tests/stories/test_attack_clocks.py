"""Times that lie: the reader's clock, the store's stamps, dates far ahead, dates of the past."""

from datetime import timedelta

from carrierkit import ALL, BACK, Stage, ends_with, found
from storykit import next_header, signed
from workflowkit import BAZHANOV, IVANOV, STASOVA, subjects

from cipherpost.chain.freshness import CenterSilentError, ClockAheadError, ClockBehindError
from cipherpost.dispatch.header import Ack
from cipherpost.text import format_time, parse_time


def test_v7_a_readers_clock_is_set_back_to_hide_a_silence(stage: Stage) -> None:
    """The center has been silent, or was silenced, for longer than the interval, and somebody sets tver's clock back.

    Silence is judged by the latest time that tver has known: it seals nothing (5). Set back behind the center's newest
    time by over a day, it signs nothing at all (5). Fetching and reading go on.
    """
    net = stage.net
    net.send(STASOVA, "one", "all")
    net.fetch(IVANOV)
    start = net.now
    stage.shown_to(IVANOV).freeze()
    net.later(days=31)
    net.fetch(IVANOV)
    net.now = start + timedelta(hours=1)
    waiting = net.send(IVANOV, "a report", "center").waiting
    assert isinstance(waiting, CenterSilentError)
    net.now = start - timedelta(days=2)
    refused = net.send(IVANOV, "another", "center", stale_ok=True).waiting
    assert isinstance(refused, ClockBehindError)
    assert (waiting.exit_code, refused.exit_code) == (5, 5)
    net.now = start + timedelta(hours=1)
    del net.posts[IVANOV]
    net.later(days=31)
    net.send(STASOVA, "two", "all")
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["two"]
    assert len([each for each in fetched.posted if each.kind == "message"]) == 2, "nothing is lost"


def test_v7_the_stamps_of_a_store_lie(stage: Stage) -> None:
    """The carrier stamps whatever it answers with a day of last week, then with one of next year.

    Old stamps keep tver from signing (5), and what it wrote waits; new ones do nothing. No stamp decides what
    counts: reading goes on and the audit is clean.
    """
    net = stage.net
    net.send(STASOVA, "one", "all")
    tver = stage.shown_to(IVANOV)
    tver.lie_about_time(net.now - timedelta(days=7))
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["one"]
    waiting = net.send(IVANOV, "a report", "center").waiting
    assert isinstance(waiting, ClockAheadError)
    assert waiting.exit_code == 5
    tver.lie_about_time(net.now + timedelta(days=365))
    assert "message" in [each.kind for each in net.fetch(IVANOV).posted]
    assert subjects(net.fetch(STASOVA)) == ["a report"]
    assert found(stage.audit()) == []


def test_v7_a_dummy_header_is_dated_36_years_ahead(stage: Stage) -> None:
    """With stasova's stolen key, or a dead battery, a check on center/all is dated in 36 years.

    It counts, or one battery would spoil a channel for ever; the audit says `clock` (0; `--strict` 3). While it is the
    newest, whoever believes it signs nothing (5). The next true circular is dated today, and with that the date
    is out of every reckoning: nobody is stale, and all sign again.
    """
    net = stage.net
    net.everybody_fetches()
    ahead = next_header(net, STASOVA, ALL)
    future = parse_time(ahead.time) + timedelta(days=36 * 365)
    ahead = ahead._replace(time=future.strftime("%Y-%m-%dT%H:%M:%SZ"))
    stage.lay(stage.name("center/all/1"), signed(net, STASOVA, ahead))
    for who in (IVANOV, BAZHANOV):
        assert net.fetch(who).exit_code == 0
    report = stage.audit()
    assert ("clock", "center/all/1") in found(report)
    assert ends_with(report) == 0
    assert report.exit_code(strict=True, everything=False) == 3
    assert isinstance(net.send(IVANOV, "a report", "center").waiting, ClockBehindError)
    assert net.send(BAZHANOV, "today", "all", clock_ok=True).number == 2
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["today"]
    assert "message" in [each.kind for each in fetched.posted]
    assert net.send(BAZHANOV, "tomorrow", "all").number == 3
    assert {code for code, _ in found(stage.audit())} == {"clock"}


def test_v7_an_officer_backdates(stage: Stage) -> None:
    """A clerk of tver, or a thief with his key, dates a check back by a month, behind the number before it.

    That times go back is said by every audit: `clock` (0; `--strict` 3); it counts all the same. Dated back, but not
    behind what it follows or names, it is found by nobody: so rights and cuts go by numbers, never by times.
    """
    net = stage.net
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    net.later(hours=5)
    acks = (Ack("center/tver", 0, None, "seen"),)
    plausible = next_header(net, IVANOV, BACK, acks=acks)
    plausible = plausible._replace(time=net.header(IVANOV, "tver/center/1").time)
    stage.lay(stage.name("tver/center/2"), signed(net, IVANOV, plausible))
    net.fetch(IVANOV)
    assert found(stage.audit()) == []
    past = next_header(net, IVANOV, BACK, acks=acks)
    past = past._replace(time=format_time(net.now - timedelta(days=30)))
    stage.lay(stage.name("tver/center/3"), signed(net, IVANOV, past))
    assert net.fetch(STASOVA).exit_code == 0
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("clock", "tver/center/3")], 0)
    assert report.exit_code(strict=True, everything=False) == 3
