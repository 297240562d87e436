"""The page of a form: filled in with any browser, without a network; it saves the file that `report --data` takes.

The page checks in words what people get wrong (a figure in other digits, a blank, an empty row); the program checks
all of it again. It keeps nothing: what was typed is in the file that the user saves, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cipherpost import limits
from cipherpost.forms.schema import Form
from cipherpost.pages.building import page
from cipherpost.strictjson import SAFE_INTEGER

SHORT: Final = 500
"""Most characters of a text for which one line is shown to begin with."""


def form_page(
    form: Form,
    period: str | None,
    *,
    command: str,
    network: str = "",
    office: str = "",
    title: str = "",
    data: Mapping[str, Any] | None = None,
    before: str = "",
    news: Sequence[str] = (),
    due: str = "",
) -> str:
    """A form as one self-contained page of HTML to be filled in.

    Args:
        form: as the roster has it.
        period: what is reported; None: an event that has no name yet.
        command: what reports it once the file is saved, with ``{file}`` for the file's name.
        network, office, title: for whom it is; empty: for anybody.
        data: what is filled in to begin with, as a saved file has it.
        before: an earlier report to be looked at, in words, such as that before the event.
        news: what the center has done since the last report, one sentence each, such as demands that were answered.
        due: by when, in words.
    """
    return page(
        "form.html.j2",
        script="form.js",
        form=form,
        period=period,
        command=command,
        network=network,
        office=office,
        office_title=title,
        data=dict(data or {}),
        before=before,
        news=news,
        due=due,
        file=f"{form.name}-{period or 'new-event'}",
        short=SHORT,
        most_text=limits.REPORT_TEXT,
        most_items=limits.REPORT_ITEMS,
        most_number=SAFE_INTEGER,
    )
