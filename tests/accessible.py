"""axe-core over pages as a browser shows them, and the addresses of every page that a reader can reach."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.pages.addresses import page_addresses
from tests.chromium import Page

AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="AXE-CORE IS NOT INSTALLED (make setup brings it): its tests did not run"
)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
FILLED = {"secret": "nothing"}
"""What stands for a part of an address that no page links to."""

_LINK = re.compile(r'(?:href|action)="(/[^"#]*)')
_SETTING = """(async () => {
    const said = await axe.run(document, {runOnly: {type: 'tag', values: TAGS}, resultTypes: ['violations'],
        rules: {region: {enabled: false}}});
    return said.violations.flatMap((one) => one.nodes.map((node) =>
        `${one.id}: ${node.target.join(' ')}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`));
})()""".replace("TAGS", json.dumps(TAGS))


@cache
def _axe() -> str:
    return AXE.read_text("utf-8") + "; 0"


def findings(shown: Page) -> list[str]:
    """Return what axe-core finds wrong on the page that is open, one line for each place."""
    if not shown.evaluate("typeof axe === 'object'"):
        shown.evaluate(_axe())
    # What is folded away is not looked at otherwise.
    shown.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found: list[str] = shown.evaluate(_SETTING)
    return found


def is_too_wide(shown: Page) -> bool:
    """Tell whether the page that is open scrolls sideways."""
    return bool(shown.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def look_as(
    shown: Page, *, width: int = 1280, dark: bool = False, still: bool = False, is_strong: bool = False
) -> None:
    """Let the browser be a screen of some width, of whoever likes it dark, without motion, or in strong contrast."""
    size: dict[str, Any] = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    shown.call("Emulation.setDeviceMetricsOverride", **size)
    liked = {
        "prefers-color-scheme": "dark" if dark else "light",
        "prefers-reduced-motion": "reduce" if still else "no-preference",
        "prefers-contrast": "more" if is_strong else "no-preference",
    }
    shown.call(
        "Emulation.setEmulatedMedia", features=[{"name": name, "value": one} for name, one in liked.items()]
    )


def every_page(client: httpx.Client) -> dict[str, str]:
    """Return for each address of a page one place under it, as its pages link to them; what is no page is left out.

    Pages that are new are in it by themselves: it reads the table of addresses.
    """
    patterns = [one.path for one in page_addresses() if one.method == "GET"]
    plain = [path for path in patterns if "{" not in path]
    seen: dict[str, str] = {}
    waiting = list(plain)
    asked: set[str] = set()
    while waiting:
        place = waiting.pop(0)
        pattern = _pattern_of(place, patterns)
        if pattern is None or pattern in seen or place in asked:
            continue
        asked.add(place)
        answer = client.get(place)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            seen[pattern] = place
            waiting += _links(answer.text)
    for path in patterns:
        if path not in seen and re.sub(r"\{(\w+)(:path)?\}", lambda part: part[1], path) != path:
            place = re.sub(r"\{(\w+)(:path)?\}", lambda part: FILLED.get(part[1], ""), path)
            if place.count("//") == 0 and client.get(place).status_code == 200 and "nothing" in place:
                seen[path] = place
    return seen


def _links(text: str) -> Iterator[str]:
    for one in _LINK.findall(text):
        yield unescape(one)


def _pattern_of(place: str, patterns: Iterable[str]) -> str | None:
    path = place.partition("?")[0]
    fitting = [one for one in patterns if re.fullmatch(_regex(one), path)]
    return min(fitting, key=lambda one: one.count("{"), default=None)


def _regex(pattern: str) -> str:
    parts = re.split(r"(\{\w+(?::path)?\})", pattern)
    return "".join(
        (".+" if one.endswith(":path}") else "[^/]+") if one.startswith("{") else re.escape(one)
        for one in parts
    )
