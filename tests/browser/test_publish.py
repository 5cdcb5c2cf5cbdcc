"""Publishing by hand in a real browser, and a hearing without network: written, kept, sent once, wiped."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chromium import Page, needs_chromium, page
from tests.running import Served, World, admit, make_world, recording, serving

SOURCE = "urn:hub:partner:quill-network"
HEARING = "hearing:quill-network.h1"


def newsroom(folder: Path) -> World:
    """Return the world of one who publishes; a port that stays is part of what a browser keeps things by."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = make_world(folder, port=port)
    with recording(made) as intake:
        admit(intake, "quill-network", ["monitor", "observer"])
    made.issue("writer", "quill-network", "publisher", account="anna", clearance="amber+strict")
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = newsroom(tmp_path_factory.mktemp("hub"))
    # Of the same name: only the id of the account tells them apart.
    made.issue("colleague", "quill-network", "publisher", account="anna", clearance="amber")
    return made


@pytest.fixture
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


@contextmanager
def two_pages(folder: Path) -> Iterator[tuple[Page, Page]]:
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    with page(folder / "one") as one, page(folder / "two") as two:
        yield one, two


def sign_in(shown: Page, hub: Served, world: World, name: str) -> None:
    shown.open(f"{hub.url}/sign-in")
    shown.evaluate(
        f"document.querySelector('[name=token]').value = '{world.tokens[name]}';"
        " document.querySelector('.sign-in').requestSubmit()"
    )
    shown.wait_for("location.pathname === '/' && document.querySelector('.who strong') !== null")


def press(shown: Page, key: str, text: str = "") -> None:
    more = {"text": text} if text else {}
    code = {"Tab": 9, "Enter": 13, " ": 32}.get(key, 0)
    both = {"key": key, "windowsVirtualKeyCode": code, **more}
    shown.call("Input.dispatchKeyEvent", type="keyDown", **both)
    shown.call("Input.dispatchKeyEvent", type="keyUp", **both)


def tab_to(shown: Page, selector: str) -> None:
    """Go on by Tab alone until an element has the focus."""
    for _ in range(120):
        if shown.evaluate(f"document.activeElement?.matches({json.dumps(selector)}) ?? false"):
            return
        press(shown, "Tab")
    raise AssertionError(selector)


def write(shown: Page, text: str) -> None:
    shown.call("Input.insertText", text=text)


def events_of(hub: Served, world: World, event_type: str) -> list[dict[str, Any]]:
    hub.settle()
    asked = {"type": event_type, "limit": "100"}
    answer = httpx.get(f"{hub.url}/api/v1/events", params=asked, headers=world.bearer("writer"))
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


DRAFTS = (
    "new Promise((done) => { const asked = indexedDB.open('hub-desk');"
    " asked.onsuccess = () => { const all = asked.result.transaction('drafts').objectStore('drafts');"
    " const count = all.count(); count.onsuccess = () => done(count.result); }; })"
)
"""How many this device keeps."""


@needs_chromium
def test_by_keyboard_alone_a_threat_is_published_and_appears_live_elsewhere(
    hub: Served, world: World, tmp_path: Path
) -> None:
    with two_pages(tmp_path) as (writer, reader):
        sign_in(reader, hub, world, "docket")
        reader.open(f"{hub.url}/live?type=threat.*")
        reader.wait_for("document.querySelector('[data-state]').dataset.state === 'live'")
        sign_in(writer, hub, world, "writer")
        writer.open(f"{hub.url}/publish/threat.reported")
        writer.wait_for("document.querySelector('.search') !== null")
        tab_to(writer, "[name='data/targets/0']")
        write(writer, "lawyer:quill-network.7")
        tab_to(writer, "fieldset[data-long] .search input")
        write(writer, "detention")
        tab_to(writer, ".tick:not([hidden]) > [name='data/categories']")
        press(writer, " ", " ")
        tab_to(writer, "details.more > summary")
        press(writer, "Enter", "\r")
        tab_to(writer, "[name='data/occurred']")
        write(writer, "about 3 March 2031")
        writer.wait_for("document.querySelector('output.words').textContent.includes('2031-03-03~')")
        writer.wait_for("document.querySelector('[data-preview] .readers') !== null")
        writer.wait_for("document.querySelector('[data-draft-state]').textContent.includes('Kept')")
        tab_to(writer, ".who-reads button[value=check]")
        press(writer, "Enter", "\r")
        writer.wait_for(
            "document.querySelector('.ready') !== null && document.activeElement.matches('.ready')"
        )
        assert "cleared for amber" in writer.evaluate("document.querySelector('.ready').innerText")
        tab_to(writer, "button[value=send]")
        press(writer, "Enter", "\r")
        reader.wait_for("document.querySelectorAll('.event.fresh').length === 1")
        writer.wait_for("document.querySelector('[data-sent]') !== null")
        [sent] = events_of(hub, world, "threat.reported")
        assert sent["data"]["occurred"] == "2031-03-03~"
        # What was published is no draft any more, and does not become one again.
        writer.wait_for(f"{DRAFTS}.then((count) => count === 0)")
        writer.open(f"{hub.url}/publish")
        writer.wait_for("document.readyState === 'complete'")
        assert writer.evaluate(DRAFTS) == 0


def scheduled() -> dict[str, Any]:
    data = {"hearing": HEARING, "trial": "trial:quill-network.t1", "starts": "2031-05-05"}
    envelope = {"specversion": "1.0", "id": "h1", "source": SOURCE, "type": "hearing.scheduled"}
    return {**envelope, "data": data}


def offline(shown: Page, *, is_off: bool) -> None:
    speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    shown.call("Network.emulateNetworkConditions", offline=is_off, **speed)


COURT = "document.querySelector('[data-state]')"
LEFT = (
    "(async () => ({databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,"
    " workers: (await navigator.serviceWorker.getRegistrations()).length}))()"
)


@needs_chromium
def test_what_is_written_without_network_survives_and_is_sent_once(world: World, tmp_path: Path) -> None:
    with page(tmp_path) as shown:
        with serving(world) as hub:
            cursor = hub.post(scheduled(), world.bearer("writer"))["cursor"]
            sign_in(shown, hub, world, "writer")
            shown.call("Network.enable")
            shown.open(f"{hub.url}/courtroom?at_least={cursor}")
            shown.wait_for(f"{COURT}.dataset.state === 'live'")
            shown.wait_for(
                f"[...document.querySelector('#hearing').options].some((one) => one.value === '{HEARING}')"
            )
            # Only then is every part of the page on the device, those that it shares with other pages too.
            shown.wait_for("!document.querySelector('[data-offline]').hidden")
            kept = shown.evaluate(
                "(async () => { const all = await (await caches.open('hub-courtroom-1')).keys();"
                " return all.map((one) => new URL(one.url).pathname).filter((one) => !one.startsWith('/static/')); })()"
            )
            assert sorted(kept) == ["/courtroom", "/hub.webmanifest"]
        offline(shown, is_off=True)
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for(f"{COURT}.dataset.state === 'lost'")
        shown.wait_for(
            f"[...document.querySelector('#hearing').options].some((one) => one.value === '{HEARING}')"
        )
        shown.evaluate(f"document.querySelector('#hearing').value = '{HEARING}'")
        shown.evaluate("document.querySelector('[data-now=started]').click()")
        shown.evaluate("document.querySelector('.phrase').click()")
        shown.evaluate(
            "document.querySelector('#line').value = 'Judge reads the charge';"
            " document.querySelector('[data-add-line]').click()"
        )
        shown.wait_for("document.querySelector('[data-kept]').textContent !== ''")
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for("document.querySelectorAll('.log li').length === 2")
        assert shown.evaluate("document.querySelector('#hearing').value") == HEARING
        shown.evaluate("document.querySelector('[data-notes]').requestSubmit()")
        shown.wait_for("document.querySelector('[data-entry=waiting]') !== null")
        with serving(world) as hub:
            offline(shown, is_off=False)
            shown.wait_for("document.querySelector('[data-entry=sent]') !== null")
            shown.evaluate("document.querySelector('[data-send-now]').click()")
            [told] = events_of(hub, world, "hearing.reported")
            assert told["data"]["hearing"] == HEARING
            assert told["data"]["rights"][0]["rating"] == "violated"
            assert "Judge reads the charge" in told["data"]["notes"]
        left_for_another(shown, world)


KEEP = """(async (name, store, id, value) => {
  const done = (asked) => new Promise((ok, no) => { asked.onsuccess = () => ok(asked.result); asked.onerror = no; });
  const db = await done(indexedDB.open(name));
  const key = await done(db.transaction('keys').objectStore('keys').get('device'));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const body = await crypto.subtle.encrypt({name: 'AES-GCM', iv}, key, new TextEncoder().encode(JSON.stringify(value)));
  await done(db.transaction(store, 'readwrite').objectStore(store).put({iv, body}, id));
  db.close();
})"""
"""Keeps something on the device as its pages do."""


def keep(shown: Page, store: str, name: str, value: dict[str, Any]) -> None:
    said = ", ".join(json.dumps(one) for one in ("hub-desk", store, name, value))
    shown.evaluate(f"{KEEP}({said})")


def kept_of_old(shown: Page, world: World) -> None:
    """Keep a draft of the writer, and what a page of before kept under the name of both accounts."""
    old, at = "quill-network/anna", "2031-05-05T10:00:00Z"
    event = {
        **scheduled(),
        "id": "old",
        "data": {**scheduled()["data"], "hearing": "hearing:quill-network.h8"},
    }
    entry = {"owner": old, "title": "Of old", "at": at, "state": "waiting", "body": json.dumps(event)}
    keep(shown, "outbox", "old", {"id": "old", **entry})
    notes = {"id": "n", "owner": old, "at": at, "title": "Notes of old", "fields": [], "lines": []}
    keep(shown, "drafts", "notes n", notes)
    draft = {"action": "/publish/threat.reported", "at": at, "fields": []}
    keep(shown, "drafts", "form a", {"id": "a", "owner": old, "title": "Draft of old", **draft})
    mine = world.accounts["writer"].id
    keep(shown, "drafts", "form b", {"id": "b", "owner": mine, "title": "Draft of the writer", **draft})


def drafts_shown(shown: Page, hub: Served) -> str:
    shown.open(f"{hub.url}/publish")
    shown.wait_for("document.querySelector('[data-drafts]')?.hidden === false")
    said: str = shown.evaluate("document.querySelector('[data-drafts]').innerText")
    return said


def left_for_another(shown: Page, world: World) -> None:
    """Leave notes on the way that a colleague on the same device neither reads nor sends; then wipe the device."""
    shown.evaluate("document.querySelector('[name=other]').value = 'hearing:quill-network.h9'")
    shown.evaluate("document.querySelector('[data-notes]').requestSubmit()")
    shown.wait_for("document.querySelector('[data-entry=waiting]') !== null")
    kept_of_old(shown, world)
    shown.call("Page.navigate", url="about:blank")
    with serving(world) as hub:
        sign_in(shown, hub, world, "colleague")
        assert "2 drafts of other accounts" in (said := drafts_shown(shown, hub))
        assert "Draft of" not in said
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for(
            "document.querySelector('[data-entry=waiting]')?.innerText.includes('Only that account')"
        )
        said = shown.evaluate("(document.body?.innerText ?? '')")
        assert "h9" not in said
        assert "of old" not in said.lower()
        sign_in(shown, hub, world, "writer")
        assert "Draft of the writer" in (said := drafts_shown(shown, hub))
        assert "Draft of old" not in said
        shown.open(f"{hub.url}/courtroom")
        shown.wait_for("document.querySelectorAll('[data-entry=sent]').length === 2")
        shown.wait_for(
            "(async () => (await (await fetch('/api/v1/events?type=hearing.reported')).json()).events.length === 2)()"
        )
        # What lies under the name of both is of nobody: neither shown nor sent, until somebody deletes it.
        assert "of old" not in shown.evaluate("document.body.innerText").lower()
        assert len(events_of(hub, world, "hearing.scheduled")) == 1
        wiped(shown, hub)


def wiped(shown: Page, hub: Served) -> None:
    """Wipe the device, and find nothing left on it."""
    shown.evaluate("document.querySelector('[data-wipe]').click()")
    shown.evaluate("document.querySelector('[data-wipe-yes]').click()")
    shown.wait_for("document.querySelector('[data-wiped-session]').textContent.includes('signed out')")
    # What the worker was just keeping goes by itself.
    shown.wait_for(f"({LEFT}).then((left) => Object.values(left).every((many) => many === 0))")
    shown.open(f"{hub.url}/publish")
    assert shown.evaluate("document.querySelector('.who strong')") is None
