"""`/explore` in a real browser: drawn by WebGL, read by tables, and telling nobody what he may not see."""

import re
from html import unescape
from itertools import combinations
from typing import Any

import httpx

from tests.chromium import Page, needs_chromium
from tests.running import Served, World, threat

STATE = "document.querySelector('[data-explore=state]').textContent"
PANEL = "document.querySelector('[data-explore=panel]').innerText"
LAWYER = "lawyer:harbour-bar-watch.0001"


def publish(hub: Served, world: World, number: int, **more: Any) -> str:
    return str(hub.post(threat(number, **more), world.bearer("publisher"))["cursor"])


def press(shown: Page, name: str) -> None:
    shown.evaluate(f"document.querySelector('[data-explore={name}]').click()")


def find(shown: Page, words: str) -> None:
    shown.evaluate(
        f"(() => {{ const box = document.querySelector('[data-explore=words]');"
        f" box.value = '{words}'; box.form.requestSubmit(); }})()"
    )


@needs_chromium
def test_a_node_is_found_opened_and_taken_back_and_what_comes_flows_in(
    shown: Page, hub: Served, world: World
) -> None:
    cursor = publish(hub, world, 1, tlp="clear")
    publish(hub, world, 2, tlp="green")
    shown.open(f"{hub.url}/explore?about={LAWYER}&hops=0&at_least={cursor}")
    shown.wait_for(f"{STATE}.startsWith('1 node. 0 ties.')")
    assert shown.evaluate("document.querySelectorAll('[data-explore=canvas] canvas').length") > 0
    # What nobody named is called by its kind and its own number.
    shown.wait_for("document.querySelector('[data-explore=nodes] button')?.textContent === 'Lawyer 0001'")
    find(shown, "0001")
    shown.wait_for(f"{PANEL}.includes('{LAWYER}')")
    shown.evaluate("document.querySelector('[data-explore=panel] .acts button').click()")
    shown.wait_for(f"{STATE}.includes('2 nodes. 1 tie.')")
    press(shown, "undo")
    shown.wait_for(f"{STATE}.includes('1 node. 0 ties.')")
    # What is published meanwhile, and touches what is shown, comes by itself.
    publish(hub, world, 3, tlp="clear", data={"targets": [LAWYER]})
    shown.wait_for(f"{STATE}.includes('3 nodes. 2 ties.')")
    assert "0002" not in shown.evaluate("document.documentElement.outerHTML")
    # So it does after a look at other days.
    for day in ("min", "max"):
        shown.evaluate(
            "(() => { const slide = document.querySelector('[data-explore=slide]');"
            f" slide.value = slide.{day}; slide.dispatchEvent(new Event('input')); }})()"
        )
        shown.wait_for(f"{STATE}.startsWith('{'As of' if day == 'min' else 'Now.'}')")
    publish(hub, world, 4, tlp="clear", data={"targets": [LAWYER]})
    shown.wait_for(f"{STATE}.includes('Something new came in.')")


@needs_chromium
def test_a_tie_tells_the_events_behind_it_and_another_day_shows_less(
    shown: Page, hub: Served, world: World
) -> None:
    cursor = publish(hub, world, 11, tlp="clear")
    shown.open(f"{hub.url}/explore?about=lawyer:harbour-bar-watch.0011&hops=1&at_least={cursor}")
    shown.wait_for(f"{STATE}.includes('2 nodes. 1 tie.')")
    svg = """(async () => {
        let made; const before = URL.createObjectURL;
        URL.createObjectURL = (blob) => { made = blob; return before(blob); };
        document.querySelector('[data-explore=svg]').click();
        await new Promise((done) => setTimeout(done, 0));
        URL.createObjectURL = before;
        return made.text();
    })()"""
    drawn = shown.evaluate(svg)
    assert (drawn.count("<circle"), drawn.count("<line")) == (2, 1)
    # The table reads the events behind a tie out, in words.
    shown.wait_for("document.querySelector('[data-explore=ties] button') !== null")
    shown.evaluate("document.querySelector('[data-explore=ties] button').click()")
    shown.wait_for(f"{PANEL}.includes('Credibility of what is said')")
    assert "{" not in shown.evaluate(PANEL)
    press(shown, "alone")
    shown.wait_for(f"{STATE}.includes('under threat')")
    assert shown.evaluate("document.querySelector('[data-explore=colour]').value") == "support"
    assert "no support is known" in shown.evaluate("document.querySelector('[data-explore=key]').innerText")
    # A shared address shows the same, coloured and pinned as it was.
    find(shown, "lawyer:harbour-bar-watch.0011")
    shown.wait_for(f"{PANEL}.includes('Pin')")
    shown.evaluate("document.querySelectorAll('[data-explore=panel] .acts button')[1].click()")
    shown.wait_for(f"{PANEL}.includes('Unpin')")
    press(shown, "share")
    shown.wait_for("location.hash.includes('colour=support') && location.hash.includes('pin=lawyer')")
    shown.call("Page.reload")
    shown.wait_for("document.querySelector('[data-explore=colour]')?.value === 'support'")


# A graph as `hub/pages/explore.py` packs it, in place of what the page brought: more ties than a frame can draw.
MANY = """document.addEventListener('readystatechange', () => {
    const place = document.querySelector('template[data-graph]');
    if (document.readyState !== 'interactive' || place === null) return;
    const nodes = Array.from({length: 900}, (_, at) => ['lawyer:one.' + at, 'lawyer', 'Lawyer ' + at]);
    const to = (at) => (at * 7 + 1 + Math.floor(at / 900)) % 900;
    const edges = Array.from({length: 8400}, (_, at) => [at % 900, to(at), at % 12, null, null, 1, 12]);
    const codes = [...Array.from({length: 12}, (_, at) => 'kind_' + at), 'active'];
    place.content.textContent = JSON.stringify({nodes, edges, codes, truncated: 0});
});"""
INKED = """(() => {
    const layer = document.querySelector('.sigma-ties');
    const shown = layer.getContext('2d').getImageData(0, 0, layer.width, layer.height).data;
    let inked = 0;
    for (let at = 3; at < shown.length; at += 4) inked += shown[at] > 0 ? 1 : 0;
    return inked;
})()"""
CARRIED = (
    "[...document.querySelectorAll('.canvas canvas:not(.sigma-mouse)')].map((one) => one.style.transform)"
)
DRAG = """(() => {
    const layer = document.querySelector('.sigma-mouse'), box = layer.getBoundingClientRect();
    const at = (place, type, x) => place.dispatchEvent(new MouseEvent(type, {
        bubbles: true, cancelable: true, button: 0, clientX: box.left + x, clientY: box.top + 5}));
    at(layer, 'mousedown', 5);
    at(document, 'mousemove', 45);
})()"""


# Where names stand, each time that they are drawn anew: left, right, and their line.
NAMES = """(() => {
    const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
    const isNames = (one) => one.canvas.classList.contains('sigma-labels');
    window.names = [];
    CanvasRenderingContext2D.prototype.clearRect = function (...given) {
        if (isNames(this)) window.names = [];
        return clearRect.apply(this, given);
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const size = parseFloat(this.font.match(/([0-9.]+)px/)[1]);
        if (isNames(this)) window.names.push([x, x + this.measureText(text).width, y, size]);
        return fillText.call(this, text, x, y);
    };
})();"""


@needs_chromium
def test_no_name_on_the_canvas_covers_another_or_leaves_it(shown: Page, hub: Served) -> None:
    shown.call("Page.enable")
    words = (
        MANY.replace("900", "60")
        .replace("8400", "600")
        .replace("'Lawyer ' + at", "'Lawyer of many words ' + at")
    )
    added = [
        shown.call("Page.addScriptToEvaluateOnNewDocument", source=one)["identifier"]
        for one in (words, NAMES)
    ]
    shown.open(f"{hub.url}/explore?hops=0")
    for one in added:
        shown.call("Page.removeScriptToEvaluateOnNewDocument", identifier=one)
    shown.call("Page.disable")
    # Whenever the canvas gets another size, all is drawn anew.
    within = "window.names.every(([, right]) => right <= document.querySelector('.sigma-labels').clientWidth)"
    shown.wait_for(
        f"performance.getEntriesByName('settled').length > 0 && window.names.length > 4 && {within}"
    )
    names = shown.evaluate("window.names")
    for (left, right, line, size), other in combinations(names, 2):
        assert right < other[0] or other[1] < left or abs(line - other[2]) >= size


@needs_chromium
def test_of_very_many_ties_the_picture_moves_with_the_camera_and_is_drawn_anew_when_it_rests(
    shown: Page, hub: Served
) -> None:
    shown.call("Page.enable")
    many = shown.call("Page.addScriptToEvaluateOnNewDocument", source=MANY)["identifier"]
    shown.open(f"{hub.url}/explore?hops=0")
    shown.call("Page.removeScriptToEvaluateOnNewDocument", identifier=many)
    shown.call("Page.disable")
    shown.wait_for(f"{STATE}.includes('900 nodes. 8,400 ties.')")
    shown.wait_for("performance.getEntriesByName('settled').length > 0")
    shown.wait_for(f"{INKED} > 5000")
    assert set(shown.evaluate(CARRIED)) == {""}
    shown.evaluate(
        "{ window.cleared = 0; const gl = WebGL2RenderingContext.prototype, clear = gl.clear;"
        " gl.clear = function (...bits) { window.cleared += 1; return clear.apply(this, bits); }; }"
    )
    # What lasts for a moment is written down: a busy machine may look too late.
    shown.evaluate(
        f"window.seen = []; new MutationObserver(() => window.seen.push([window.cleared, {CARRIED}]))"
        ".observe(document.querySelector('.canvas'), {subtree: true, attributeFilter: ['style']})"
    )
    shown.evaluate(DRAG)
    carried = "every((one) => one.startsWith('translate(40px'))"
    shown.wait_for(f"window.seen.some(([cleared, layers]) => cleared === 0 && layers.{carried})")
    shown.evaluate("document.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}))")
    shown.wait_for(f"window.cleared > 0 && {CARRIED}.every((one) => one === '')")
    # Whoever is chosen keeps his own ties alone.
    whole = shown.evaluate(INKED)
    find(shown, "Lawyer 899")
    shown.wait_for(f"{PANEL} !== '' && {INKED} < {whole} / 4 && {INKED} > 0")


@needs_chromium
def test_nothing_breaks_the_policy_of_the_page(shown: Page, hub: Served) -> None:
    shown.call("Log.enable")
    shown.open(f"{hub.url}/explore")
    shown.wait_for(f"{STATE}.includes('ties')")
    broken = "performance.getEntriesByType('resource').filter((one) => !one.name.startsWith(location.origin)).length"
    assert shown.evaluate(broken) == 0


def test_without_scripts_it_is_a_form_and_two_tables(hub: Served, world: World) -> None:
    cursor = publish(hub, world, 21, tlp="clear")
    asked = {"about": "lawyer:harbour-bar-watch.0021", "hops": "1", "at_least": cursor}
    found = httpx.get(f"{hub.url}/explore", params=asked).text
    assert '<form class="ask" method="get"' in found
    assert found.count('<a class="ref" href="/explore?about=') == 2
    assert "targets</td>" in found
    tie = re.search(r'href="(/ties[^"]+)"', found)
    assert tie is not None
    behind = httpx.get(hub.url + unescape(tie[1])).text
    assert "1 event behind it" in behind
    assert "Cannot be judged (6)" in behind
    event = re.search(r'href="(/events/[^"]+)"', behind)
    assert event is not None
    assert "What it says" in httpx.get(hub.url + unescape(event[1])).text
    assert httpx.get(f"{hub.url}/explore", params={"hops": "9"}).status_code == 400
