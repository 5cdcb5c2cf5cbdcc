"""Lists say up to when they are complete, and offer what is new: nothing moves by itself, nothing typed is lost."""

import socket
from pathlib import Path
from typing import Any

from tests.accessible import findings, look_as, needs_axe
from tests.chromium import Page, needs_chromium
from tests.running import Served, World, make_world, serving, threat

OWN = "harbour-bar-watch"
STATE = "document.querySelector('[data-watch] [data-state]')"
SHOW = "document.querySelector('[data-watch-show]')"
MAIN = "document.querySelector('main').innerText"
LIVE = f"{STATE}.dataset.state === 'live'"
NEWS = f"{STATE}.dataset.state === 'news'"
ASKED_AGAIN = (
    "performance.getEntriesByType('resource').filter((one) => one.name.includes('/trials')"
    " && one.initiatorType === 'fetch' && one.responseEnd > 0).length"
)


def say(hub: Served, world: World, kind: str, number: str, data: dict[str, Any]) -> str:
    event = {"specversion": "1.0", "id": number, "source": f"urn:hub:partner:{OWN}", "type": kind}
    return str(hub.post({**event, "data": data}, world.bearer("publisher"))["cursor"])


def trial(hub: Served, world: World, number: str) -> str:
    data = {
        "trial": f"trial:{OWN}.{number}", "proceeding_kind": "criminal", "stage": "first_instance", "country": "QM",
        "parties": [{"who": f"lawyer:{OWN}.{number}", "role": "defendant"}],
    }  # fmt: skip
    return say(hub, world, "trial.scheduled", number, data)


def sign_in(shown: Page, world: World, who: str) -> None:
    shown.call("Network.enable")
    shown.call("Network.setExtraHTTPHeaders", headers=world.bearer(who))


@needs_chromium
@needs_axe
def test_a_list_offers_what_is_new_and_shows_it_when_asked(shown: Page, hub: Served, world: World) -> None:
    look_as(shown, width=360)
    sign_in(shown, world, "observer")
    at = trial(hub, world, "first")
    shown.open(f"{hub.url}/trials?at_least={at}")
    shown.wait_for(LIVE)
    assert "complete up to" in shown.evaluate(f"{STATE}.textContent")
    shown.evaluate("window.still = true; document.querySelector('[name=country]').value = 'QM'")
    before = shown.evaluate(f"[{MAIN}, document.querySelector('main').getBoundingClientRect().height]")
    trial(hub, world, "second")
    shown.wait_for(NEWS)
    assert "second" not in shown.evaluate(MAIN)
    # Nothing moved: not the content, not the page under the reader's finger.
    now = shown.evaluate(f"[{MAIN}, document.querySelector('main').getBoundingClientRect().height]")
    assert now == before
    assert shown.evaluate(f"[{STATE}.getAttribute('role'), {STATE}.ariaLive]") == ["status", "polite"]
    assert findings(shown) == []
    shown.evaluate(f"{SHOW}.click()")
    shown.wait_for(f"{MAIN}.includes('second')")
    shown.wait_for(LIVE)
    assert shown.evaluate("[window.still, document.querySelector('[name=country]').value]") == [True, "QM"]
    assert shown.evaluate("document.activeElement.id") == "main"


@needs_chromium
def test_what_a_page_does_not_show_is_no_news_for_it(shown: Page, hub: Served, world: World) -> None:
    sign_in(shown, world, "observer")
    at = trial(hub, world, "third")
    shown.open(f"{hub.url}/trials?country=QM&at_least={at}")
    shown.wait_for(LIVE)
    hub.post(threat(9, tlp="clear"), world.bearer("publisher"))
    shown.wait_for(f"{ASKED_AGAIN} > 0")
    shown.wait_for(LIVE)
    # Read aloud is only what is otherwise than before.
    assert shown.evaluate(f"{STATE}.ariaLive") == "off"


@needs_chromium
def test_a_list_says_that_it_does_not_hear_any_more_and_goes_on_where_it_was(
    shown: Page, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        world = make_world(tmp_path, port=free.getsockname()[1])
    with serving(world) as hub:
        sign_in(shown, world, "observer")
        at = trial(hub, world, "fourth")
        shown.open(f"{hub.url}/trials?at_least={at}")
        shown.wait_for(LIVE)
    shown.wait_for(f"{STATE}.dataset.state === 'lost'")
    assert "may be incomplete" in shown.evaluate(f"{STATE}.textContent")
    with serving(world) as hub:
        trial(hub, world, "fifth")
        shown.wait_for(NEWS)
        shown.evaluate(f"{SHOW}.click()")
        shown.wait_for(f"{MAIN}.includes('fifth')")
