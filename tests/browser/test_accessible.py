"""Every page for everybody: axe-core without findings, no sideways scrolling, all of it by keyboard."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.accessible import every_page, findings, is_too_wide, look_as, needs_axe
from tests.chromium import Page, needs_chromium
from tests.depth import in_depth
from tests.pictures import demo
from tests.running import make_world, serving

pytestmark = [needs_chromium, needs_axe]

HEAVY = "/docs"
"""Looked at once: it is as long as all others together."""


@dataclass(frozen=True)
class Look:
    """Who reads, and how it looks there.

    Args:
        reader: the role, nobody if there is none.
        screen: as `look_as` takes it.
        language: that is read.
        is_empty: of a hub that has nothing yet, else of one that the twelve stories were told to.
        finds: some of the pages that there must be.
    """

    reader: str | None
    screen: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"
    is_empty: bool = False
    finds: frozenset[str] = frozenset()


LOOKS = {
    "a coordinator": Look(
        "coordinator",
        finds=frozenset(
            {
                "/",
                "/live",
                "/explore",
                "/trials",
                "/ties",
                "/things/{ref}",
                "/events/{source}/{id:path}",
                HEAVY,
            }
        ),
    ),
    "a steward, in Arabic, on a phone at night": Look(
        "steward", {"width": 320, "dark": True}, "ar", finds=frozenset({"/steward"})
    ),
    "nobody signed in, an empty hub, on a phone": Look(None, {"width": 320}, is_empty=True),
    "an observer, at 200 percent": Look("observer", {"width": 640}),
    "in public, in strong contrast": Look(
        None, {"is_strong": True}, finds=frozenset({"/live", "/explore", "/trials", "/data", "/things/{ref}"})
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A hub that the twelve stories were told to."""
    with demo(tmp_path_factory.mktemp("demo") / "hub") as started:
        yield {
            "address": started["address"],
            **{one["role"]: one["token"] for one in started["accounts"]},
        }


@dataclass(frozen=True)
class Seen:
    """What a reader can reach: the hub, the token, and a place for each address of a page."""

    address: str
    token: str | None
    places: dict[str, str]


@pytest.fixture(scope="module")
def seen(told: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """Look → what its reader can reach."""
    with serving(make_world(tmp_path_factory.mktemp("empty"))) as empty:
        found = {}
        for name, look in LOOKS.items():
            address = empty.url if look.is_empty else told["address"]
            token = told[look.reader] if look.reader else None
            places = pages_of(address, token)
            assert look.finds <= places.keys()
            if look.is_empty:
                places["nowhere"] = "/nowhere"
            if look.reader != "coordinator":
                del places[HEAVY]
            found[name] = Seen(address, token, places)
        yield found


def pages_of(address: str, token: str | None) -> dict[str, str]:
    shows = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=address, headers={**shows, "Accept": "text/html"}, timeout=60) as client:
        return every_page(client)


def turns(seen: Mapping[str, Seen]) -> dict[str, dict[str, str]]:
    """Give each page to one of the looks that can reach it, in turns; return look → its pages."""
    given: dict[str, dict[str, str]] = {name: {} for name in seen}
    for number, page in enumerate(sorted({page for one in seen.values() for page in one.places})):
        reaching = [name for name, one in seen.items() if page in one.places]
        name = reaching[number % len(reaching)]
        given[name][page] = seen[name].places[page]
    return given


def be(shown: Page, address: str, token: str | None, language: str = "en") -> None:
    """Let the browser be whoever holds a token, and read a language."""
    shown.call("Network.enable")
    shown.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {token}"} if token else {})
    shown.call("Network.setCookie", name="hub_language", value=language, url=address)


def looked_at(shown: Page, address: str, places: Mapping[str, str]) -> list[str]:
    wrong = []
    for place in places.values():
        shown.open(address + place)
        if is_too_wide(shown):
            wrong.append(f"{place}: scrolls sideways")
        wrong += [f"{place}: {one}" for one in findings(shown)]
    return wrong


@pytest.mark.parametrize("name", LOOKS)
def test_nothing_is_wrong_with_any_page(shown: Page, seen: dict[str, Seen], name: str) -> None:
    look, one = LOOKS[name], seen[name]
    look_as(shown, **look.screen)
    be(shown, one.address, one.token, look.language)
    assert looked_at(shown, one.address, in_depth(turns(seen)[name], one.places)) == []
    assert shown.evaluate("document.documentElement.dir") == ("rtl" if look.language == "ar" else "ltr")


def test_in_turns_each_page_is_looked_at_and_each_look_has_its_share(seen: dict[str, Seen]) -> None:
    given = turns(seen)
    assert {page for one in given.values() for page in one} == {
        p for one in seen.values() for p in one.places
    }
    for name, pages in given.items():
        assert len(pages) >= len(seen[name].places) / 8, (name, pages)
        assert any("{" not in page for page in pages), (name, pages)
        assert LOOKS[name].is_empty or any("{ref}" in page for page in pages), (name, pages)


def key(shown: Page, name: str, code: int, text: str = "") -> None:
    said = {"key": name, "code": name, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
    shown.call("Input.dispatchKeyEvent", type="keyDown", **said)
    shown.call("Input.dispatchKeyEvent", type="keyUp", **said)


def tab(shown: Page) -> None:
    key(shown, "Tab", 9)


def enter(shown: Page) -> None:
    key(shown, "Enter", 13, "\r")


ACTIVE = "document.activeElement"
SEEN = f"""(() => {{
    const one = {ACTIVE}, style = getComputedStyle(one), box = one.getBoundingClientRect();
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.top >= 0;
}})()"""


def test_by_keyboard_the_content_is_one_step_away_and_the_focus_is_seen(
    shown: Page, told: dict[str, Any]
) -> None:
    look_as(shown)
    be(shown, told["address"], told["coordinator"])
    shown.open(f"{told['address']}/live")
    shown.call("Page.bringToFront")
    tab(shown)
    assert shown.evaluate(f"{ACTIVE}.className") == "skip"
    assert shown.evaluate(SEEN)
    enter(shown)
    shown.wait_for(f"{ACTIVE}.id === 'main' || location.hash === '#main'")
    shown.open(f"{told['address']}/live")
    reached = []
    for _ in range(14):
        tab(shown)
        assert shown.evaluate(SEEN), shown.evaluate(f"{ACTIVE}.outerHTML")
        reached.append(shown.evaluate(f"{ACTIVE}.textContent.trim()"))
    assert {"Live", "Explore", "Trials"} <= set(reached)


def test_the_table_of_the_graph_does_all_by_keyboard(shown: Page, told: dict[str, Any]) -> None:
    look_as(shown, still=True)
    be(shown, told["address"], told["coordinator"])
    shown.open(f"{told['address']}/explore")
    shown.call("Page.bringToFront")
    button = "document.querySelector('[data-explore=ties] button')"
    shown.wait_for(f"{button} !== null")
    shown.evaluate(f"{button}.focus()")
    enter(shown)
    panel = "document.querySelector('[data-explore=panel]')"
    shown.wait_for(f"{panel}.querySelector('.events') !== null && {ACTIVE} === {panel}")
    assert "Credibility" in shown.evaluate(f"{panel}.innerText")
    assert findings(shown) == []
    shown.evaluate("document.querySelector('[data-explore=nodes] button').focus()")
    enter(shown)
    shown.wait_for(f"{panel}.querySelector('.acts') !== null")
    slide = "document.querySelector('[data-explore=slide]')"
    shown.evaluate(f"{slide}.focus()")
    key(shown, "ArrowLeft", 37)
    shown.wait_for("document.querySelector('[data-explore=state]').textContent.startsWith('As of')")
    assert shown.evaluate(f"/^\\d{{4}}-/.test({slide}.getAttribute('aria-valuetext'))")


def test_whoever_wants_no_motion_gets_none(shown: Page, told: dict[str, Any]) -> None:
    be(shown, told["address"], None)
    shown_card = "document.querySelector('.event')"
    moves = f"({shown_card}.classList.add('fresh'), getComputedStyle({shown_card}).animationName)"
    for still, name in ((True, "none"), (False, "arrive")):
        look_as(shown, still=still)
        shown.open(f"{told['address']}/live")
        assert shown.evaluate(moves) == name


def test_a_form_that_was_refused_says_so_to_a_screen_reader(shown: Page, told: dict[str, Any]) -> None:
    look_as(shown, width=320)
    be(shown, told["address"], None)
    shown.open(f"{told['address']}/sign-in")
    shown.call("Page.bringToFront")
    shown.evaluate("document.querySelector('#token').focus()")
    shown.call("Input.insertText", text="hub_wrong")
    enter(shown)
    shown.wait_for("document.querySelector('[role=alert]') !== null")
    assert "does not work" in shown.evaluate("document.querySelector('[role=alert]').textContent")
    assert findings(shown) == []
