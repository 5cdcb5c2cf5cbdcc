"""Every page for everybody: axe-core without findings, no sideways scrolling, all of it by keyboard."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.accessible import every_page, findings, is_too_wide, look_as, needs_axe
from tests.chromium import Page, needs_chromium
from tests.pictures import demo
from tests.running import Served, make_world, serving

pytestmark = [needs_chromium, needs_axe]

HEAVY = frozenset({"/docs"})
"""Looked at once: it is as long as all others together."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A hub that the twelve stories were told to."""
    with demo(tmp_path_factory.mktemp("demo") / "hub") as started:
        yield {
            "address": started["address"],
            **{one["role"]: one["token"] for one in started["accounts"]},
        }


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    world = make_world(tmp_path_factory.mktemp("empty"))
    with serving(world) as served:
        yield served, world.tokens


def pages_of(address: str, token: str | None) -> dict[str, str]:
    shows = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=address, headers={**shows, "Accept": "text/html"}, timeout=60) as client:
        return every_page(client)


def be(shown: Page, address: str, token: str | None, language: str = "en") -> None:
    """Let the browser be whoever holds a token, and read a language."""
    shown.call("Network.enable")
    shown.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {token}"} if token else {})
    shown.call("Network.setCookie", name="hub_language", value=language, url=address)


def looked_at(
    shown: Page, address: str, places: dict[str, str], but: frozenset[str] = frozenset()
) -> list[str]:
    wrong = []
    for pattern, place in places.items():
        if pattern in but:
            continue
        shown.open(address + place)
        if is_too_wide(shown):
            wrong.append(f"{place}: scrolls sideways")
        wrong += [f"{place}: {one}" for one in findings(shown)]
    return wrong


def test_each_page_that_a_coordinator_reads(shown: Page, told: dict[str, Any]) -> None:
    look_as(shown)
    be(shown, told["address"], told["coordinator"])
    places = pages_of(told["address"], told["coordinator"])
    assert {
        "/",
        "/live",
        "/explore",
        "/trials",
        "/ties",
        "/things/{ref}",
        "/events/{source}/{id:path}",
    } <= places.keys()
    assert looked_at(shown, told["address"], places) == []


def test_each_page_that_a_steward_reads_in_arabic_on_a_phone_at_night(
    shown: Page, told: dict[str, Any]
) -> None:
    look_as(shown, width=320, dark=True)
    be(shown, told["address"], told["steward"], "ar")
    places = pages_of(told["address"], told["steward"])
    assert looked_at(shown, told["address"], places, HEAVY) == []
    assert shown.evaluate("document.documentElement.dir") == "rtl"


def test_each_page_of_a_hub_that_is_empty_for_whoever_is_not_signed_in(
    shown: Page, empty: tuple[Served, dict[str, str]]
) -> None:
    served, _ = empty
    look_as(shown, width=320)
    be(shown, served.url, None)
    places = pages_of(served.url, None)
    assert looked_at(shown, served.url, {**places, "nowhere": "/nowhere"}, HEAVY) == []


def test_each_page_that_an_observer_reads_at_200_percent(shown: Page, told: dict[str, Any]) -> None:
    look_as(shown, width=640)
    be(shown, told["address"], told["observer"])
    places = pages_of(told["address"], told["observer"])
    assert looked_at(shown, told["address"], places, HEAVY) == []


def test_each_page_that_is_public_in_strong_contrast(shown: Page, told: dict[str, Any]) -> None:
    look_as(shown, is_strong=True)
    be(shown, told["address"], None)
    places = pages_of(told["address"], None)
    assert {"/live", "/explore", "/trials", "/data", "/things/{ref}"} <= places.keys()
    assert looked_at(shown, told["address"], places, HEAVY) == []


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
