"""The courtroom on a locked device, and what is sent when its page is closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.test_publish import HEARING, LEFT, events_of, newsroom, scheduled, sign_in
from tests.chromium import Page, needs_chromium, page
from tests.running import Served, World, serving

PASSPHRASE = "three grey herons at dusk"
DESK = "document.querySelector('[data-desk]')"
UNLOCK = "document.querySelector('[data-unlock]')"
WRONG = "document.querySelector('[data-unlock-wrong]')"
READY = "!document.querySelector('[data-offline]').hidden"
KEYS = (
    "new Promise((done) => { const asked = indexedDB.open('hub-desk'); asked.onsuccess = () => {"
    " const all = asked.result.transaction('keys').objectStore('keys').getAllKeys();"
    " all.onsuccess = () => { asked.result.close(); done(all.result); }; }; })"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return newsroom(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Page]:
    """A browser that keeps nothing of another test."""
    with page(tmp_path) as opened:
        yield opened


def enter(shown: Page, hub: Served, world: World) -> None:
    cursor = hub.post(scheduled(), world.bearer("writer"))["cursor"]
    sign_in(shown, hub, world, "writer")
    shown.open(f"{hub.url}/courtroom?at_least={cursor}")
    shown.wait_for(READY)
    shown.wait_for(f"document.querySelector('#hearing option[value=\"{HEARING}\"]') !== null")


def note(shown: Page, text: str) -> None:
    shown.evaluate(
        f"document.querySelector('#hearing').value = '{HEARING}';"
        f" document.querySelector('#line').value = '{text}';"
        " document.querySelector('[data-add-line]').click()"
    )
    shown.wait_for("document.querySelector('[data-kept]').textContent !== ''")


def unlock(shown: Page, passphrase: str) -> None:
    shown.evaluate(
        f"document.querySelector('#passphrase').value = '{passphrase}';"
        " document.querySelector('[data-unlock-form]').requestSubmit()"
    )


@needs_chromium
def test_a_passphrase_locks_the_device_and_it_can_be_wiped_without_it(shown: Page, world: World) -> None:
    with serving(world) as hub:
        enter(shown, hub, world)
        note(shown, "Quorum of herons")
        assert shown.evaluate(KEYS) == ["device"]
        shown.evaluate(
            f"document.querySelector('#new').value = '{PASSPHRASE}';"
            " document.querySelector('[data-lock-form]').requestSubmit()"
        )
        shown.wait_for("document.querySelector('[data-lock]').hidden")
        # The key that the browser kept is gone: what lies there opens by the passphrase alone.
        assert shown.evaluate(KEYS) == ["lock"]
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for(f"!{UNLOCK}.hidden")
        assert shown.evaluate(f"{DESK}.hidden")
        assert "herons" not in shown.evaluate("document.documentElement.textContent")
        unlock(shown, "three grey herons at dawn")
        shown.wait_for(f"!{WRONG}.hidden")
        assert shown.evaluate(f"[{DESK}.hidden, document.querySelector('#passphrase').value]") == [True, ""]
        unlock(shown, PASSPHRASE)
        shown.wait_for(f"!{DESK}.hidden && document.querySelectorAll('.log li').length === 1")
        assert "Quorum of herons" in shown.evaluate("document.querySelector('.log').innerText")
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for(f"!{UNLOCK}.hidden")
        shown.evaluate("document.querySelector('[data-wipe]').click()")
        shown.evaluate("document.querySelector('[data-wipe-yes]').click()")
        shown.wait_for("document.querySelector('[data-wiped-session]').textContent.includes('signed out')")
        shown.wait_for(f"({LEFT}).then((left) => Object.values(left).every((many) => many === 0))")


def wait_for_the_hub(shown: Page, world: World, text: str) -> None:
    """Write notes and send them off while the hub cannot be reached."""
    with serving(world) as hub:
        enter(shown, hub, world)
    note(shown, text)
    shown.evaluate("document.querySelector('[data-notes]').requestSubmit()")
    shown.wait_for("document.querySelector('[data-entry=waiting]') !== null")


def reported(hub: Served, world: World, text: str) -> int:
    return sum(text in one["data"]["notes"] for one in events_of(hub, world, "hearing.reported"))


@needs_chromium
def test_a_browser_that_syncs_in_the_background_sends_what_waits_when_the_page_is_closed(
    shown: Page, world: World
) -> None:
    text = "Counsel is not let in"
    wait_for_the_hub(shown, world, text)
    assert "sent by itself" in shown.evaluate("document.querySelector('[data-entry]').innerText")
    shown.call("ServiceWorker.enable")
    known = shown.wait_told("ServiceWorker.workerRegistrationUpdated", lambda told: told["registrations"])[0]
    # No page of the courtroom is open any more: what sends is the worker.
    shown.call("Page.navigate", url="about:blank")
    with serving(world) as hub:
        name = known["registrationId"]
        shown.call(
            "ServiceWorker.dispatchSyncEvent",
            origin=hub.url,
            registrationId=name,
            tag="hub-outbox",
            lastChance=True,
        )
        shown.open(f"{hub.url}/publish")
        shown.wait_for(
            "(async () => JSON.stringify(await (await fetch('/api/v1/events?type=hearing.reported')).json())"
            f".includes('{text}'))()"
        )
        assert reported(hub, world, text) == 1


@needs_chromium
def test_a_browser_that_does_not_says_so_and_sends_once_the_page_is_open(shown: Page, world: World) -> None:
    text = "The public is sent out"
    without = "delete window.SyncManager; delete ServiceWorkerRegistration.prototype.sync;"
    shown.call("Page.enable")
    shown.call("Page.addScriptToEvaluateOnNewDocument", source=without)
    wait_for_the_hub(shown, world, text)
    assert "this page is open" in shown.evaluate("document.querySelector('[data-entry]').innerText")
    with serving(world) as hub:
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for("document.querySelector('[data-entry=sent]') !== null")
        assert reported(hub, world, text) == 1


@needs_chromium
def test_what_is_no_receipt_of_the_hub_takes_nothing_off_the_device(shown: Page, world: World) -> None:
    text = "The file is not shown to counsel"
    without = (
        "delete window.SyncManager; delete ServiceWorkerRegistration.prototype.sync;"
        " const real = window.fetch; window.answers = [new Response('<p>Sign in to this network', {status: 200}),"
        ' new Response(\'{}\', {status: 201}), new Response(\'{"status": "stored", "id": "another"}\'),'
        " new Response('<p>Sign in to this network', {status: 403})];"
        " window.fetch = (to, how) => how?.method === 'POST' && to === '/api/v1/events' && window.answers.length > 0"
        " ? Promise.resolve(window.answers.shift()) : real(to, how);"
    )
    wait_for_the_hub(shown, world, text)
    shown.call("Page.enable")
    shown.call("Page.addScriptToEvaluateOnNewDocument", source=without)
    with serving(world) as hub:
        shown.open(f"{hub.url}/courtroom")
        for left in (3, 2, 1, 0):
            shown.wait_for(f"window.answers.length === {left}")
            shown.evaluate("document.querySelector('[data-send-now]').click()")
        shown.wait_for("document.querySelector('[data-entry=sent]') !== null")
        assert reported(hub, world, text) == 1
