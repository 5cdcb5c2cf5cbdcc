"""Judging two records by the keyboard alone, without scripts; charts in the dark, on paper and on a small phone."""

import json
from typing import Any

import httpx
import pytest

from hub.demo.stories import stories
from tests.accessible import look_as
from tests.chromium import Page, needs_chromium
from tests.running import Served, World

OWN, OTHER = "harbour-bar-watch", "open-docket"
BODY = "(document.body?.innerText ?? '')"


@pytest.fixture(scope="module")
def told(hub: Served, world: World) -> None:
    """Tell of one lawyer twice, as in scenario S2, and of a law that touches a norm."""
    world.issue("judge", OTHER, "coordinator", account="ann", clearance="amber+strict")
    [story] = [one for one in stories() if one.name.startswith("s02")]
    for event in json.loads(json.dumps(list(story.events)[:4]).replace("lanterns-for-counsel", OWN)):
        event["audience"] = f"{OWN},{OTHER},stewards"
        event["data"]["protection"]["consent_level"] = "C2"
        who = {OWN: "publisher", OTHER: "docket"}[event["source"].rpartition(":")[2]]
        hub.post(event, world.bearer(who))
    law: dict[str, Any] = {
        "policy": f"policy:{OWN}.1", "title": {"en": "Bill on advocates"}, "stage": "consultation", "country": "QM",
        "consultation_closes": "2031-05-20",
        "provisions": [{"ref": "4", "summary": "Files are open.", "direction": "weakens", "standards": ["un-bprl:22"]}],
    }  # fmt: skip
    event = {"specversion": "1.0", "id": "law", "source": f"urn:hub:partner:{OWN}", "type": "policy.changed"}
    hub.post({**event, "data": law}, world.bearer("publisher"))


def sign_in(shown: Page, hub: Served, world: World, who: str) -> None:
    answer = httpx.post(f"{hub.url}/sign-in", data={"token": world.tokens[who]}, headers={"Origin": hub.url})
    shown.call("Network.enable")
    shown.call("Network.clearBrowserCookies")
    shown.call(
        "Network.setCookie",
        name="hub_session",
        value=answer.cookies["hub_session"],
        url=hub.url,
        httpOnly=True,
    )


def press(shown: Page, key: str, code: int, text: str = "") -> None:
    both = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
    shown.call("Input.dispatchKeyEvent", type="keyDown", **both, **({"text": text} if text else {}))
    shown.call("Input.dispatchKeyEvent", type="keyUp", **both)


def tab_to(shown: Page, found: str) -> None:
    """Go on by the Tab key until the element that has the focus is the one that is looked for."""
    for _ in range(120):
        press(shown, "Tab", 9)
        if shown.evaluate(f"Boolean(document.activeElement.matches({json.dumps(found)}))"):
            return
    raise AssertionError(found)


@needs_chromium
@pytest.mark.usefixtures("told")
def test_two_records_are_judged_by_the_keyboard_without_scripts(
    hub: Served, world: World, shown: Page
) -> None:
    sign_in(shown, hub, world, "judge")
    shown.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        shown.open(f"{hub.url}/review")
        # On a phone, too, both stand beside each other, each under its name.
        look_as(shown, width=390)
        beside = "[...document.querySelectorAll('.aligned tr:first-child td')].slice(0, 2)"
        assert len(set(shown.evaluate(f"{beside}.map((one) => one.getBoundingClientRect().top)"))) == 1
        assert shown.evaluate("document.querySelector('.aligned thead th:nth-child(2)').offsetHeight") > 10
        look_as(shown)
        tab_to(shown, "[name=basis][value=counsel_confirmed]")
        press(shown, " ", 32, " ")
        assert shown.evaluate("document.activeElement.checked")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        tab_to(shown, "button[value=same]")
        assert shown.evaluate(outline) != "none"
        press(shown, "Enter", 13, "\r")
        shown.wait_for("location.search.includes('at_least') && document.readyState === 'complete'")
        assert "No two records" in shown.evaluate(BODY)
        shown.open(f"{hub.url}/board")
        assert "What changed" in shown.evaluate(BODY)
    finally:
        shown.call("Emulation.setScriptExecutionDisabled", value=False)
    shown.call("Network.clearBrowserCookies")


@needs_chromium
@pytest.mark.usefixtures("told")
def test_charts_are_told_apart_in_the_dark_on_paper_and_on_a_small_phone(hub: Served, shown: Page) -> None:
    fill = "getComputedStyle(document.querySelector('.drawn text')).fill"
    ground = "getComputedStyle(document.querySelector('.chart')).backgroundColor"
    shown.open(f"{hub.url}/policy?norm=un-bprl")
    light = shown.evaluate(fill), shown.evaluate(ground)
    shown.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = shown.evaluate(fill), shown.evaluate(ground)
    assert light[0] != dark[0]
    assert light[1] != dark[1]
    shown.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert shown.evaluate(fill) == "rgb(0, 0, 0)"
    assert (
        shown.evaluate("getComputedStyle(document.querySelector('.drawn pattern')).color") == "rgb(0, 0, 0)"
    )
    assert shown.evaluate("getComputedStyle(document.querySelector('.ask')).display") == "none"
    shown.call("Emulation.setEmulatedMedia", media="", features=[])
    size = {"width": 320, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    shown.call("Emulation.setDeviceMetricsOverride", **size)
    try:
        for address in (
            "/policy",
            "/data",
            "/data/promises",
            "/countries",
            "/countries/QM",
            "/review",
            "/board",
        ):
            shown.open(f"{hub.url}{address}")
            assert shown.evaluate("document.documentElement.scrollWidth") <= 320, address
        shown.open(f"{hub.url}/policy?norm=un-bprl")
        wide = "[...document.querySelectorAll('.drawn text')].map(one => one.getBoundingClientRect().right)"
        assert all(right <= 320 for right in shown.evaluate(wide))
    finally:
        shown.call("Emulation.clearDeviceMetricsOverride")
