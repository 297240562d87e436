"""Templates become pages: escaped throughout, one style, no network, and no script but the one that is named by hash.

A page is one file. Its content security policy (https://www.w3.org/TR/CSP3/) forbids every request, and allows the
style and the script that stand in the page by their SHA-256, so that nothing from outside can run even if the
escaping had a hole.
"""

import base64
import hashlib
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Joiners are part of how words are written in Persian and Hindi, and of many emoji; they reorder nothing."""


def harmless(text: str) -> str:
    r"""``text`` from outside with controls and bidirectional overrides as ``\u202e``; line feeds and tabs stay."""
    return "".join(ch if _plain(ch) else f"\\u{ord(ch):04x}" for ch in text)


def _plain(ch: str) -> bool:
    return ch in "\n\t" or ch in _JOINERS or unicodedata.category(ch) not in _INVISIBLE


def _final(value: object) -> object:
    """What every expression of a template passes before it is escaped."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cipherpost.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=8)
def _own(name: str) -> tuple[Markup, str]:
    """A style or script of ours as it stands in a page, and the policy's word that allows it."""
    text = resources.files("cipherpost.pages").joinpath("templates", name).read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704  a file of this package


def page(template: str, *, style: str = "style.css", script: str | None = None, **values: Any) -> str:
    """The page that ``template`` makes of ``values``; the same values give the same bytes.

    Args:
        template: name of a file in ``cipherpost/pages/templates``, which extends ``base.html.j2`` or is whole.
        style: name of the one style, also there.
        script: name of the one script, also there; None: the page holds none.
        values: what the template names; every text is escaped where it is put in.
    """
    styling, style_source = _own(style)
    code, code_source = _own(script) if script else (Markup(), "")
    policy = f"default-src 'none'; style-src {style_source}; base-uri 'none'; form-action 'none'"
    if script:
        policy += f"; script-src {code_source}"
    return _environment().get_template(template).render(style=styling, code=code, policy=policy, **values)
