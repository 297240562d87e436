"""When a channel was written to: days and silences, in bounded room whatever the notes say."""

from datetime import date, timedelta
from types import SimpleNamespace

from cipherpost.chain.history import SILENCES, SPANS, Silence, Span, dated, history, widened

FIRST = date(2026, 1, 1)


def nodes(*days):
    return [
        SimpleNamespace(number=at, time=f"{FIRST + timedelta(days=day)}T09:00:00Z") for at, day in enumerate(days, 1)
    ]


def test_the_days_of_a_channel_have_counts_and_last_numbers():
    made = history("tver/center", *dated(nodes(0, 0, 3)), 30)
    day = FIRST.toordinal()
    assert made.spans == (Span(day, 2, 2), Span(day + 3, 1, 3))
    assert (made.first, made.last, made.many, made.days) == (1, 3, 3, 1)
    assert made.first_time == "2026-01-01T09:00:00Z"


def test_a_channel_without_anything_that_counts_has_no_history():
    assert history("tver/center", *dated([]), 30) is None


def test_i11_no_more_spans_are_kept_than_fit_however_many_days_there_are():
    many = [at * 7 for at in range(5000)]
    made = history("tver/center", *dated(iter(nodes(*many))), 30)
    assert len(made.spans) <= SPANS
    assert sum(span.many for span in made.spans) == made.many == 5000
    assert made.days & (made.days - 1) == 0
    assert all(span.day % made.days == 0 for span in made.spans)


def test_a_day_that_comes_again_later_is_counted_once_more():
    made = history("tver/center", *dated(nodes(5, 2, 5)), 30)
    day = FIRST.toordinal()
    assert made.spans == (Span(day + 2, 1, 2), Span(day + 5, 2, 3))


def test_a_silence_is_longer_than_usual_and_not_as_long():
    made = history("tver/center", *dated(nodes(0, 30, 61)), 30)
    assert made.silences == (Silence("2026-01-31T09:00:00Z", "2026-03-03T09:00:00Z"),)
    assert len(history("tver/center", *dated(nodes(0, 30, 61)), 29).silences) == 2


def test_of_many_silences_the_longest_are_kept():
    days = [0]
    for at in range(40):
        days.append(days[-1] + 40 + at)
    made = history("tver/center", *dated(nodes(*days)), 30)
    assert len(made.silences) == SILENCES
    assert made.silences[-1].before.startswith(str(FIRST + timedelta(days=days[-1])))
    assert made.silences[0].after.startswith(str(FIRST + timedelta(days=days[40 - SILENCES])))


def test_spans_made_wider_keep_every_dispatch():
    made = history("tver/center", *dated(nodes(*range(100))), 30)
    wide = widened(made.spans, 16)
    assert sum(span.many for span in wide) == 100
    assert max(span.last for span in wide) == 100
    assert all(span.day % 16 == 0 for span in wide)
