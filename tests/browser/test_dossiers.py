"""Acting on pages in a real browser: sign an action, read its letter, claim a seat; live, and without scripts."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from tests.chromium import Page, needs_chromium
from tests.running import Served, World

OWN = "harbour-bar-watch"
ACTION, HEARING, MISSION = f"action:{OWN}.letter", f"hearing:{OWN}.near", f"action:{OWN}.mission"
TEXT = "To the Minister.\n\nWe ask you to release our colleague.\n\nWith respect"
OTHER = "To the Minister.\n\nWe ask you to release our colleague today."
STATE = "document.querySelector('[data-state]')"
BODY = "(document.body?.innerText ?? '')"


def say(hub: Served, world: World, who: str, kind: str, data: dict[str, Any], **more: Any) -> str:
    slug = world.accounts[who].partner
    name = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
    event = {"specversion": "1.0", "id": name, "source": f"urn:hub:partner:{slug}", "type": kind, **more}
    return str(hub.post({**event, "data": data}, world.bearer(who))["cursor"])


def call(hub: Served, world: World, ref: str, text: str) -> str:
    data = {
        "action": ref, "kind": "joint_letter", "lead": f"partner:{OWN}", "purpose": "Ask for a release",
        "about": [f"body:{OWN}.bar"], "agreed_with_person": "not_applicable", "quorum": 2, "language": "en",
        "languages": ["en"], "draft": text, "text_hash": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip
    return say(hub, world, "caller", "action.proposed", data, audience="open-docket")


@pytest.fixture(scope="module")
def told(hub: Served, world: World) -> None:
    world.issue("caller", OWN, "coordinator", clearance="amber+strict")
    world.issue("signer", "open-docket", "coordinator", clearance="amber+strict")
    trial = {
        "trial": f"trial:{OWN}.near",
        "proceeding_kind": "criminal",
        "stage": "first_instance",
        "country": "QM",
    }
    say(
        hub,
        world,
        "caller",
        "trial.scheduled",
        {**trial, "parties": [{"who": f"lawyer:{OWN}.1", "role": "defendant"}]},
    )
    hearing = {"hearing": HEARING, "trial": f"trial:{OWN}.near", "starts": "2031-05-08T09:30:00+03:00"}
    say(hub, world, "caller", "hearing.scheduled", {**hearing, "kind": "trial_session", "zone": "Etc/GMT-3"})
    mission = {
        "action": MISSION, "kind": "trial_observation_mission", "lead": f"partner:{OWN}", "purpose": "Watch it",
        "about": [HEARING], "agreed_with_person": "not_applicable", "seats": 2,
    }  # fmt: skip
    say(hub, world, "caller", "action.proposed", mission)


def sign_in(shown: Page, hub: Served, world: World, who: str) -> None:
    shown.call("Network.clearBrowserCookies")
    shown.open(f"{hub.url}/sign-in")
    shown.evaluate(f"document.querySelector('[name=token]').value = '{world.tokens[who]}'")
    shown.evaluate("document.querySelector('.sign-in button').click()")
    shown.wait_for("document.querySelector('.who strong') !== null")


@needs_chromium
@pytest.mark.usefixtures("told")
def test_a_letter_is_signed_with_its_text_in_view_and_printed(shown: Page, hub: Served, world: World) -> None:
    ref = ACTION
    at = call(hub, world, ref, TEXT)
    sign_in(shown, hub, world, "signer")
    shown.open(f"{hub.url}/actions/{ref}?at_least={at}")
    assert "We ask you to release our colleague." in shown.evaluate(BODY)
    shown.wait_for(f"{STATE}.dataset.state === 'live'")
    shown.evaluate("document.querySelector('[name=display_name]').value = 'Open Docket of QM'")
    shown.evaluate("document.querySelector('[name=approved_by_board]').click()")
    # What comes meanwhile flows in, and what was typed stays.
    joined = {
        "action": ref,
        "partner": f"partner:{OWN}",
        "role": "signatory",
        "display_name": {"en": "Harbour"},
    }
    say(hub, world, "caller", "action.joined", joined)
    shown.wait_for(f"{BODY}.includes('1 of 2 needed')")
    assert shown.evaluate("document.querySelector('[name=display_name]').value") == "Open Docket of QM"
    # Where the text changes, nobody signs unawares.
    call(hub, world, ref, OTHER)
    shown.wait_for("document.querySelector('[data-held]').hidden === false")
    old = hashlib.sha256(TEXT.encode()).hexdigest()
    assert shown.evaluate("document.querySelector('[name=text_hash]').value") == old
    shown.evaluate("document.querySelector('.sign button').click()")
    shown.wait_for(f"{BODY}.includes('Nothing was signed')")
    assert "release our colleague today." in shown.evaluate(BODY)
    assert shown.evaluate("document.querySelector('[name=display_name]').value") == "Open Docket of QM"
    shown.evaluate("document.querySelector('.sign button').click()")
    shown.wait_for("location.search.startsWith('?at_least=') && document.readyState === 'complete'")
    assert "Open Docket of QM" in shown.evaluate(BODY)
    pdf = shown.evaluate(
        "[...document.querySelectorAll('a')].find((one) => one.href.includes('format=pdf')).href"
    )
    answer = httpx.get(pdf, headers=world.bearer("signer"))
    assert answer.content.startswith(b"%PDF")
    letter = shown.evaluate(
        "[...document.querySelectorAll('a')].find((one) => one.href.includes('format=html')).href"
    )
    shown.open(letter)
    assert "Open Docket of QM" in shown.evaluate(BODY)


@needs_chromium
@pytest.mark.usefixtures("told")
def test_a_seat_is_claimed_and_given_up_without_scripts(shown: Page, hub: Served, world: World) -> None:
    sign_in(shown, hub, world, "signer")
    shown.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        shown.open(f"{hub.url}/trials?country=QM")
        shown.evaluate("document.querySelector('.bare .button').click()")
        shown.wait_for("location.pathname.startsWith('/hearings/') && document.readyState === 'complete'")
        shown.evaluate("document.querySelector('[name=capacity]').value = '2'")
        shown.evaluate("document.querySelector('.seat button').click()")
        shown.wait_for(f"document.readyState === 'complete' && {BODY}.includes('You hold 2 seats.')")
        shown.evaluate("document.querySelector('.seat details').open = true")
        shown.evaluate(f"document.querySelector('[name=hand_over_to]').value = 'partner:{OWN}'")
        shown.evaluate("document.querySelector('.seat button').click()")
        shown.wait_for(f"document.readyState === 'complete' && {BODY}.includes('2 seats for')")
    finally:
        shown.call("Emulation.setScriptExecutionDisabled", value=False)


@needs_chromium
@pytest.mark.usefixtures("told")
def test_a_phone_shows_all_of_it_without_moving_sideways(shown: Page, hub: Served, world: World) -> None:
    sign_in(shown, hub, world, "signer")
    at = call(hub, world, f"action:{OWN}.phone", TEXT)
    shown.call("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    try:
        for address in ("/trials", "/hearings", "/actions", "/support", "/partners", f"/hearings/{HEARING}",
                        f"/trials/trial:{OWN}.near", f"/actions/action:{OWN}.phone?at_least={at}"):  # fmt: skip
            shown.open(hub.url + address)
            assert shown.evaluate("document.documentElement.scrollWidth") <= 320, address
    finally:
        shown.call("Emulation.clearDeviceMetricsOverride")
