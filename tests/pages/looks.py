"""What can be asked of any page: whether it fits, can be read, and names what is to be filled in."""

from typing import Any, Final

from chromium import Browser

PAPER: Final = 1032
"""Width of what is printed on a sheet of A4 laid across, in CSS pixels."""

_SPILLS = """() => {
  const width = document.documentElement.clientWidth;
  const inside = (each) => each.closest('.box, svg, .hidden') !== null && !each.matches('.box');
  return [...document.body.querySelectorAll('*')]
    .filter((each) => !inside(each) && each.checkVisibility({ contentVisibilityAuto: true }))
    .filter((each) => each.getBoundingClientRect().right > width + 1)
    .map((each) => each.outerHTML.slice(0, 80));
}"""

_CLIPPED = """() => [...document.querySelectorAll('.box, td, th, dd, .s')]
  .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
  .map((each) => each.outerHTML.slice(0, 80))"""

_CONTRAST = """() => {
  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const rgb = (color) => {
    if (known.has(color)) return known.get(color);
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    known.set(color, [...paint.getImageData(0, 0, 1, 1).data]);
    return known.get(color);
  };
  const light = (color) => rgb(color).slice(0, 3)
    .map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (each) => {
    for (let here = each; here; here = here.parentElement) {
      const color = getComputedStyle(here).backgroundColor;
      if (rgb(color)[3] === 255) return color;
    }
    return 'white';
  };
  const found = {};
  for (const each of document.body.querySelectorAll('*')) {
    if (each.closest('svg') || ![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(each);
    const key = `${style.color} on ${ground(each)}`;
    if (key in found) continue;
    const [high, low] = [light(style.color), light(ground(each))].sort((one, two) => two - one);
    found[key] = (high + 0.05) / (low + 0.05);
  }
  return found;
}"""

_NAMELESS = """() => [...document.querySelectorAll('input, select, textarea, button')]
  .filter((each) => !(each.ariaLabel || each.labels?.length || each.textContent.trim()))
  .map((each) => each.outerHTML.slice(0, 80))"""


def fits(browser: Browser) -> None:
    """Nothing reaches over the edge of the window but what scrolls in its own box."""
    assert browser.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert browser.evaluate(_SPILLS) == []


def prints(browser: Browser, path: Any) -> None:
    """On a sheet laid across nothing is cut off, and it can be made a file."""
    browser("media", media="print")
    browser("resize", width=PAPER, height=700)
    assert browser.evaluate(_CLIPPED) == []
    fits(browser)
    assert browser("pdf", path=str(path)) > 10_000
    assert path.read_bytes().startswith(b"%PDF")


def can_be_read(browser: Browser) -> None:
    """Every text has the contrast that WCAG 2.2 asks for at level AA: 4.5 to 1."""
    found = browser.evaluate(_CONTRAST)
    assert len(found) > 3
    assert {colors: ratio for colors, ratio in found.items() if ratio < 4.5} == {}


def is_labelled(browser: Browser) -> None:
    """Whatever can be filled in or pressed has a name."""
    assert browser.evaluate(_NAMELESS) == []


def words(browser: Browser, at: str) -> list[str]:
    """The texts of all that a selector finds, line feeds as spaces."""
    found = browser.evaluate("(at) => [...document.querySelectorAll(at)].map((each) => each.innerText)", at)
    return [" ".join(text.split()) for text in found]
