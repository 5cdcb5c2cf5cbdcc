"""`/live` in a real browser: what comes, what is taken back, and whether silence is silence."""

import re

import httpx

from tests.accessible import look_as
from tests.chromium import Page, needs_chromium
from tests.running import Served, World, threat

STATE = "document.querySelector('[data-state]')"
READ = "[...one.children].map((row) => [row.children[0].textContent, row.children[1].textContent])"
CARDS = "[...document.querySelectorAll('.event')].map((one) => one.innerText)"


def retraction(of: str) -> dict[str, object]:
    data = {"about_event": of, "reason": "false", "effective_from": "2031-05-04T12:00:00Z"}
    source = "urn:hub:partner:harbour-bar-watch"
    return {"specversion": "1.0", "id": f"r-{of}", "source": source, "type": "record.retracted", "data": data}


@needs_chromium
def test_what_fits_the_filter_comes_and_what_is_withdrawn_says_so(
    shown: Page, hub: Served, world: World
) -> None:
    publisher = world.bearer("publisher")
    here = {"place": {"country": "QM"}}
    first = hub.post(threat(1, tlp="clear", data={"title": "First", **here}), publisher)["cursor"]
    shown.open(f"{hub.url}/live?type=threat.*&country=QM&about=&at_least={first}")
    shown.wait_for(f"{STATE}.dataset.state === 'live'")
    assert "complete up to" in shown.evaluate(f"{STATE}.textContent")
    hub.post(threat(2, tlp="clear", data={"title": "Elsewhere", "place": {"country": "QN"}}), publisher)
    hub.post(threat(3, data={"title": "Not for the public", **here}), publisher)
    hub.post(threat(4, tlp="clear", data={"title": "<i>Second</i>", **here}), publisher)
    shown.wait_for(f"{CARDS}.length === 2")
    second, other = shown.evaluate(CARDS)
    assert "<i>Second</i>" in second
    assert "First" in other
    # A card that came names its partner as those that were there, and its moment says on which clock it is.
    by = "[...document.querySelectorAll('.event a[href^=\"/partners/\"]')].map((one) => one.textContent)"
    assert len(set(shown.evaluate(by))) == 1
    assert shown.evaluate(by)[0] != "harbour-bar-watch"
    at = "[...document.querySelectorAll('.event time')].map((one) => one.textContent)"
    assert all(re.search(r" [A-Z]{3,4}[+:0-9-]*$", one) for one in shown.evaluate(at))
    hub.post(retraction("t-1"), publisher)
    shown.wait_for(f"{CARDS}[1].includes('Withdrawn by its publisher')")
    assert "First" not in shown.evaluate("(document.body?.innerText ?? '')")


@needs_chromium
def test_a_card_that_came_says_what_the_hub_writes(shown: Page, hub: Served, world: World) -> None:
    slug, cards = "harbour-bar-watch", f"[...document.querySelectorAll('.event dl')].map((one) => {READ})"
    publisher = world.bearer("publisher")
    told = hub.post(threat(31, tlp="clear", data={"title": "Before"}), publisher)["cursor"]
    address = f"{hub.url}/live?partner={slug}&at_least="
    shown.open(address + told)
    shown.wait_for(f"{STATE}.dataset.state === 'live'")
    before = len(shown.evaluate(cards))
    raw = {"specversion": "1.0", "source": f"urn:hub:partner:{slug}", "tlp": "clear"}
    for number, starts in enumerate(("2031-06-11T09:30:00+07:00", "2031-06-12", "2031-06-12/2031-06-20")):
        data = {"hearing": f"hearing:{slug}.31{number}", "trial": f"trial:{slug}.31", "starts": starts}
        event = {**raw, "id": f"h-31{number}", "type": "hearing.scheduled", "data": {**data, "country": "QM"}}
        cursor = hub.post(event, publisher)["cursor"]
    shown.wait_for(f"{cards}.length === {before + 3}")
    came = shown.evaluate(cards)
    shown.open(address + cursor)
    shown.wait_for(f"{STATE}.dataset.state === 'live'")
    for live, written in zip(came[:3], shown.evaluate(cards)[:3], strict=True):
        assert [name for name, _ in live] == [name for name, _ in written]
        facts, wanted = dict(live), dict(written)
        assert (facts["Country"], facts["Trial"], facts["From"]) == ("QM", "Trial 31", wanted["From"])
        # The hub knows by then on which day it is.
        assert wanted["About"].startswith(facts["About"])
        assert facts["Date"].startswith("Jun 1") or facts["Date"] == "2031-06-12/2031-06-20"


@needs_chromium
def test_on_a_phone_the_first_thing_seen_is_what_happened(shown: Page, hub: Served, world: World) -> None:
    cursor = hub.post(threat(21, tlp="clear", data={"title": "Seen"}), world.bearer("publisher"))["cursor"]
    form, card = "document.querySelector('.ask')", "document.querySelector('.event')"
    for width, is_shown in ((390, False), (1280, True)):
        look_as(shown, width=width)
        shown.open(f"{hub.url}/live?at_least={cursor}")
        shown.wait_for(f"{card} !== null")
        assert shown.evaluate(f"{form}.checkVisibility()") == is_shown
        assert shown.evaluate(f"{card}.getBoundingClientRect().bottom < innerHeight")
    look_as(shown, width=390)
    # What is asked for stands open.
    shown.open(f"{hub.url}/live?country=QM")
    assert shown.evaluate(f"{form}.checkVisibility()")
    look_as(shown)


@needs_chromium
def test_the_map_is_drawn_behind_the_feed_and_a_country_on_it_filters(
    shown: Page, hub: Served, world: World
) -> None:
    publisher = world.bearer("publisher")
    # An ice cap where nobody lives has a place on the map; the invented countries of tests have none.
    hub.post(threat(11, tlp="clear", data={"place": {"country": "TF"}}), publisher)
    cursor = hub.post(threat(12, tlp="clear", data={"place": {"country": "QP"}}), publisher)["cursor"]
    about = "lawyer:harbour-bar-watch.0011,lawyer:harbour-bar-watch.0012"
    shown.open(f"{hub.url}/live?about={about}&at_least={cursor}")
    drawn = "document.querySelector('.map a[data-country=TF]')"
    shown.wait_for(f"{drawn} !== null")
    assert shown.evaluate(f"{drawn}.getAttribute('aria-label')").endswith(": 1 event")
    assert shown.evaluate("document.querySelectorAll('.map path').length") > 150
    assert shown.evaluate(
        "[...document.querySelectorAll('tr[data-unmapped]')].map((one) => one.dataset.code)"
    ) == ["QP"]
    colours = (
        "['.map a[data-country=TF] path', 'tr[data-code=TF] rect', 'tr[data-code=QP] rect']"
        ".map((one) => getComputedStyle(document.querySelector(one)).fill)"
    )
    assert len(set(shown.evaluate(colours))) == 1
    shown.evaluate(f"{drawn}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    shown.wait_for("location.search.includes('country=TF') && document.readyState === 'complete'")
    assert len(shown.evaluate(CARDS)) == 1


@needs_chromium
def test_whoever_is_signed_in_can_keep_a_place(shown: Page, hub: Served, world: World) -> None:
    shown.open(f"{hub.url}/sign-in")
    shown.evaluate(
        f"document.querySelector('[name=token]').value = '{world.tokens['observer']}';"
        " document.querySelector('.sign-in').requestSubmit()"
    )
    shown.wait_for("document.querySelector('.who strong') !== null")
    shown.open(f"{hub.url}/live?type=threat.*&country=QM")
    shown.wait_for("!document.querySelector('[data-follow]').hidden")
    shown.evaluate("document.querySelector('[data-follow-act]').click()")
    shown.wait_for("document.querySelector('[data-follow-state]').textContent.includes('keeps your place')")
    kept = httpx.get(f"{hub.url}/api/v1/subscriptions", headers=world.bearer("observer")).json()
    [one] = kept["subscriptions"]
    assert one["channel"] == "page"
    assert one["follows"] == {"type": ["threat.*"], "country": ["QM"]}


def test_a_form_sends_empty_fields_and_a_page_takes_them(hub: Served) -> None:
    for address in (
        "/live?type=&country=&about=&partner=&urgency=",
        "/explore?about=&kinds=&country=&as_of=",
    ):
        assert httpx.get(f"{hub.url}{address}").status_code == 200
    assert httpx.get(f"{hub.url}/api/v1/events?country=").status_code == 400
