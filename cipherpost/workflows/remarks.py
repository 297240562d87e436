"""What only a reader of reports sees: that one does not open, or that its data do not fit its form.

A remark changes no state of the ledger; only the center's signed ``send-back`` does, and remarks propose it. They are
kept locked in the vault under the hash of the report's header, since they speak of what a letter holds.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import CipherpostError, NotAuthenticError, UnableError
from cipherpost.text import parse_place

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.forms.checking import InvalidDataError
    from cipherpost.forms.schema import Form
    from cipherpost.letter import Letter

_BOX: Final = "remark "
_MOST: Final = 5
"""Problems of one report that a remark names."""


class NoReportDataError(NotAuthenticError):
    """A report that is not nil, and whose letter has no data."""


class OtherReportError(NotAuthenticError):
    """A report whose letter says another form or period than its header."""


class UnknownFormVersionError(NotAuthenticError):
    """A report made for a version of its form that the roster did not state when it was signed."""


class ReportDataError(NotAuthenticError):
    """A report whose data do not fit the form it was made for."""


class FormMissingError(UnableError):
    """The version of the form that a report was made for has not come to this home."""


# ---- looking at one report ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forms:
    """The versions of forms that reports may be made for.

    ``stated``: (name, version, hash) to the entry of the roster that states it; ``here``: forms at hand, by hash.
    """

    stated: Mapping[tuple[str, int, str], int]
    here: "Mapping[str, Form]"

    def form(self, header: "Header", name: str, version: int, hash: str) -> "Form":
        """The form that a report says it was made for.

        Raises:
            UnknownFormVersionError: the roster did not state it up to the entry that the report relies on.
            FormMissingError: its schema is not in this home.
        """
        assert header.roster is not None
        if self.stated.get((name, version, hash), header.roster.number + 1) > header.roster.number:
            raise UnknownFormVersionError(
                f"it was made for a {name} {version} that the roster does not state",
                rule="a report is made for a version in the roster it relies on",
                channel=header.channel,
                number=header.number,
            )
        form = self.here.get(hash)
        if form is None:
            raise FormMissingError(
                f"the schema of {name} {version} is not in this home",
                rule="it comes sealed in a circular of the center",
                hints=("cipherpost fetch",),
                channel=header.channel,
                number=header.number,
            )
        return form


def known_forms(desk: "Desk", names: Collection[str]) -> Forms:
    """All versions of the forms of these names, as far as the roster states them and they are at hand."""
    from cipherpost.workflows.forms import form_by_hash

    forms = (form for form in desk.roster.stated_forms() if form.name in names)
    stated = {(form.name, form.version, form.hash): form.since for form in forms}
    found = {hash: form_by_hash(desk, hash) for _, _, hash in stated}
    return Forms(stated, {hash: form for hash, form in found.items() if form is not None})


def examine(forms: Forms, header: "Header", letter: "Letter") -> "tuple[Form, dict[str, Any]]":
    """The form and the checked data of a report whose letter was opened.

    Raises:
        NoReportDataError, OtherReportError, UnknownFormVersionError, ReportDataError: the sender's to correct.
        EnvelopeError: its data are no report. FormMissingError: see there.
    """
    from cipherpost.forms.checking import EmptyReportError, InvalidDataError, check
    from cipherpost.forms.rendering import open_envelope

    report = header.report
    assert report is not None
    if letter.said is None:
        raise NoReportDataError(
            "it has no data",
            rule="a report that is not nil carries data.json",
            channel=header.channel,
            number=header.number,
        )
    envelope = open_envelope(letter.said)
    if (envelope.form, envelope.period) != (report.form, report.period):
        raise OtherReportError(
            "its letter is about another form or period than its header",
            rule=f"the header says {report.form} {report.period}",
            channel=header.channel,
            number=header.number,
        )
    form = forms.form(header, envelope.form, envelope.version, envelope.hash)
    try:
        check(form, envelope.data)
    except EmptyReportError as error:
        raise ReportDataError(error.what, channel=header.channel, number=header.number) from None
    except InvalidDataError as error:
        raise ReportDataError(_named(error), channel=header.channel, number=header.number) from None
    return form, envelope.data


def _named(error: "InvalidDataError") -> str:
    """What does not fit, by place and rule, never the values."""
    named = [f"{each.place}: {each.rule}" if each.place else each.rule for each in error.problems[:_MOST]]
    more = f"; and {len(error.problems) - _MOST} more" if len(error.problems) > _MOST else ""
    return f"its data do not fit {error.rule}: {'; '.join(named)}{more}"


# ---- what is kept ------------------------------------------------------------------------------------------------


def look(desk: "Desk", entry: "Entry", letter: "Letter") -> None:
    """Remember what is wrong with the data of a report that opened, or that nothing is any more."""
    report = entry.header.report
    if report is None or not _concerns(desk, entry.header):
        return
    try:
        if not report.nil:
            examine(known_forms(desk, {report.form}), entry.header, letter)
    except FormMissingError:
        return
    except CipherpostError as error:
        keep(desk, entry, error)
    else:
        forget(desk, entry)


def keep(desk: "Desk", entry: "Entry", error: CipherpostError) -> None:
    """Remember why a report of another office cannot be read, if its sender can do better."""
    if _concerns(desk, entry.header) and is_theirs(error):
        place = f"{entry.header.channel}/{entry.header.number}"
        desk.vault.put(_BOX + entry.hash, json.dumps([place, error.what]).encode())


def forget(desk: "Desk", entry: "Entry") -> None:
    """The report can be read after all."""
    desk.vault.remove(_BOX + entry.hash)


def hashes(desk: "Desk") -> Iterator[str]:
    """The hashes of the headers that remarks are kept of; needs no keys."""
    return (name.removeprefix(_BOX) for name, _ in desk.mail.boxes(_BOX))


def is_theirs(error: CipherpostError) -> bool:
    """Whether the sender can do better, and not this home's line, keys or program."""
    from cipherpost.workflows.letters import LetterMissingError, LetterSwappedError

    return isinstance(error, NotAuthenticError | LetterMissingError) and not isinstance(error, LetterSwappedError)


def _concerns(desk: "Desk", header: "Header") -> bool:
    return header.report is not None and header.office != desk.office


def remarks(desk: "Desk") -> dict[str, str]:
    """Reason by report, ``tver/center/12``, of those that count; opens the keys only where there is any remark.

    Raises:
        The errors of `cipherpost.home.keys.KeyRing`.
    """
    found = {}
    for name, value in desk.vault.get_all(_BOX).items():
        place, reason = json.loads(value)
        channel, number = parse_place(place)
        entry = desk.chain.channel(channel).entry(number)
        if entry is not None and entry.counts and name == _BOX + entry.hash:
            found[place] = reason
    return dict(sorted(found.items(), key=lambda each: parse_place(each[0])))
