"""Pages on paper, and in the colours that a reader's system forces: what is where, and what has the focus, is seen."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.accessible import look_as
from tests.chromium import Page, needs_chromium
from tests.running import Served, World, threat

pytestmark = needs_chromium

PAGES = ("/live", "/explore", "/trials", "/actions", "/data", "/support", "/sign-in")
CONTROLS = "button, a.button, nav, .ask, .skip, .menu, .watch, form select"
SHOWN_CONTROLS = f"""[...document.querySelectorAll('{CONTROLS}')]
    .filter((one) => one.checkVisibility() && one.getClientRects().length > 0)
    .map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def told(hub: Served, world: World) -> str:
    return str(hub.post(threat(1, tlp="clear"), world.bearer("publisher"))["cursor"])


@pytest.fixture
def plain(shown: Page) -> Iterator[Page]:
    """The page of the module, as every other test finds it afterwards."""
    look_as(shown)
    yield shown
    shown.call("Emulation.setEmulatedMedia", media="", features=[])


def media(shown: Page, kind: str = "", **features: str) -> None:
    said = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    shown.call("Emulation.setEmulatedMedia", media=kind, features=said)


def style(shown: Page, selector: str, prop: str) -> Any:
    return shown.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{prop}")


@pytest.mark.parametrize("place", PAGES)
def test_paper_shows_no_controls_and_says_where_it_is_from_and_from_when(
    plain: Page, hub: Served, told: str, place: str
) -> None:
    media(plain, "print")
    plain.open(f"{hub.url}{place}")
    assert plain.evaluate(SHOWN_CONTROLS) == []
    plain.wait_for("document.querySelector('[data-made]').textContent !== ''")
    printed = plain.evaluate("document.querySelector('.printed').innerText")
    assert f"{hub.url}{place}" in printed
    assert plain.evaluate("document.querySelector('.printed').checkVisibility()")
    made = plain.evaluate("Date.parse(document.querySelector('[data-made]').dateTime)")
    assert made == pytest.approx(plain.evaluate("performance.timeOrigin"), abs=1)
    media(plain)
    assert not plain.evaluate("document.querySelector('.printed').checkVisibility()")


def test_on_paper_an_address_outside_stands_behind_its_link(plain: Page, hub: Served, told: str) -> None:
    plain.open(f"{hub.url}/live")
    plain.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<a id=out href=\"https://a.example/b\">x</a>')"
    )
    after = "getComputedStyle(document.querySelector('#out'), '::after').content"
    assert plain.evaluate(after) == "none"
    media(plain, "print")
    assert "https://a.example/b" in plain.evaluate(after)


def test_in_forced_colours_the_open_page_the_focus_and_the_state_are_seen(
    plain: Page, hub: Served, told: str
) -> None:
    media(plain, forced_colors="active")
    plain.open(f"{hub.url}/trials")
    highlight = plain.evaluate(
        "(() => { const one = document.createElement('i'); one.style.cssText = 'forced-color-adjust:none;"
        "color:Highlight'; document.body.append(one); const seen = getComputedStyle(one).color; one.remove();"
        " return seen; })()"
    )
    assert style(plain, ".pages [aria-current]", "backgroundColor") == highlight
    assert style(plain, ".pages a:not([aria-current])", "backgroundColor") != highlight
    plain.call("Page.bringToFront")
    plain.evaluate("document.querySelector('[name=country]').focus()")
    plain.wait_for("document.activeElement.matches('[name=country]:focus-visible')")
    assert style(plain, "[name=country]", "outlineStyle") == "solid"
    assert style(plain, "[name=country]", "outlineColor") == highlight
    plain.wait_for("document.querySelector('[data-state]').dataset.state === 'live'")
    shapes = set()
    for state in ("live", "news", "lost"):
        plain.evaluate(f"document.querySelector('[data-state]').dataset.state = '{state}'")
        dot = "getComputedStyle(document.querySelector('[data-state]'), '::before')"
        shapes.add(plain.evaluate(f"[{dot}.backgroundColor, {dot}.borderRadius, {dot}.rotate].join(' ')"))
    # Filled, on its point, hollow: told apart without any colour.
    assert len(shapes) == 3
