"""What this office has reported before: found by its headers, opened for its figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cipherpost.errors import CipherpostError, UseError
from cipherpost.text import CENTER
from cipherpost.workflows import letters

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Report
    from cipherpost.forms.schema import Field
    from cipherpost.letter import Letter
    from cipherpost.workflows.dispatching import Outgoing


class NotAReportError(UseError):
    """What was named is no report of this office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A report of this office, opened.

    ``version`` and ``fields`` are those of its form, as far as they are known; ``data``: what it says, None for a nil
    report and where it cannot be opened, of which ``reason`` tells.
    """

    place: str
    version: int | None = None
    fields: "tuple[Field, ...]" = field(default=(), repr=False)
    body: str = field(default="", repr=False)
    data: Mapping[str, Any] | None = field(default=None, repr=False)
    reason: CipherpostError | None = None


# ---- found by headers ----------------------------------------------------------------------------------------------


def _own(desk: "Desk") -> "Iterator[Entry]":
    """Every counting report of this office, oldest first."""
    channel = f"{desk.office}/{CENTER}"
    view = desk.chain.channel(channel)
    for row in desk.mail.rows(channel):
        entry = view.by_hash(row.hash) if row.kind == "report" and row.status == "counts" else None
        if entry is not None and entry.counts:
            yield entry


def reports(desk: "Desk", form: str, period: str) -> "list[Entry]":
    """Every counting report of this office under this form and period, cancelling ones too, oldest first."""
    return [entry for entry in _own(desk) if _about(entry) == (form, period)]


def _about(entry: "Entry") -> tuple[str, str]:
    report = entry.header.report
    assert report is not None
    return report.form, report.period


def newest_version(desk: "Desk", form: str, period: str) -> "Entry | None":
    """The report as last corrected; None where there is none, or it was cancelled."""
    return last_version(reports(desk, form, period))


def last_version(entries: "list[Entry]") -> "Entry | None":
    """Of the reports of one debt, oldest first, the one that stands: the first not cancelled, as last corrected."""
    first_of: dict[int, int] = {}
    last_of: dict[int, Entry] = {}
    for entry in entries:
        header = entry.header
        if header.cancels is None:
            target = header.supersedes or header.number
            first = first_of[header.number] = first_of.get(target, header.number)
            last_of[first] = entry
    for entry in entries:
        last_of.pop(first_of.get(entry.header.cancels or 0, 0), None)
    return last_of[min(last_of)] if last_of else None


def event_day(desk: "Desk", event: str, forms: frozenset[str]) -> "tuple[Entry, str] | None":
    """The newest standing report about an event under one of these forms, and the form's name."""
    found = [(entry, form) for form in forms if (entry := newest_version(desk, form, event)) is not None]
    return max(found, key=lambda pair: pair[0].header.number, default=None)


def events_on(desk: "Desk", form: str, day: date | None) -> list[str]:
    """The events of a day on which this office reported under a form."""
    said = (entry.header.report for entry in _own(desk))
    return [each.period for each in said if each is not None and (each.form, each.day) == (form, day)]


def names_event(desk: "Desk", event: str) -> bool:
    """Whether any report of this office is about the event."""
    return any(_about(entry)[1] == event for entry in _own(desk))


def debt_at(desk: "Desk", place: str) -> tuple[str, str]:
    """Form and period of the report that the user named by its place, ``tver/center/12``.

    Raises:
        NotAReportError: it is none of this office's. UseError, NoSuchDispatchError: see `letters.entry_at`.
    """
    header = letters.entry_at(desk, place).header
    if header.report is None or header.office != desk.office:
        raise NotAReportError(
            f"this is no report of {desk.office}",
            where=place,
            rule="an office corrects its own reports",
            hints=("cipherpost outbox", "cipherpost correct FORM PERIOD --edit"),
        )
    return header.report.form, header.report.period


# ---- opened --------------------------------------------------------------------------------------------------------


def open_earlier(desk: "Desk", entry: "Entry") -> Earlier:
    """Open a report of this office; what stands in the way is told, and stops nothing."""
    header = entry.header
    place = f"{header.channel}/{header.number}"
    if header.letter is None:
        return Earlier(place=place)
    try:
        letter = _open(desk, entry)
    except CipherpostError as error:  # lost, damaged, or sealed before this officer belonged: the new one can still go
        return Earlier(place=place, reason=error)
    if letter.data is None:
        return Earlier(place=place, body=letter.body or "")
    return _read(desk, place, letter)


def _open(desk: "Desk", entry: "Entry") -> "Letter":
    sealed = entry.header.sealed[0]
    if not desk.copies.has(sealed.hash):
        letters.fetch_sealed(desk, entry.header)
    return letters.open_letter(desk, entry.header)


def _read(desk: "Desk", place: str, letter: "Letter") -> Earlier:
    from cipherpost.forms.rendering import parse_envelope
    from cipherpost.workflows import forms

    assert letter.data is not None
    body = letter.body or ""
    try:
        said = parse_envelope(letter.data)
        form = forms.form_by_hash(desk, said.hash)
    except CipherpostError as error:
        return Earlier(place=place, body=body, reason=error)
    fields = form.fields if form is not None else ()
    return Earlier(place=place, version=said.version, fields=fields, body=body, data=said.data)


def says_the_same(desk: "Desk", entry: "Entry", letter: "Outgoing", report: "Report") -> bool:
    """Whether a report that stands says just what another one would: header line, text and figures (I4)."""
    from cipherpost.letter.writing import body_bytes

    if entry.header.report != report or entry.header.letter is None:
        return False
    try:
        said = _open(desk, entry)
    except CipherpostError:  # not to be read any more: then it is not the same
        return False
    text = body_bytes(letter.body or "").decode()
    return (said.body or "", said.data) == (text, letter.data)
