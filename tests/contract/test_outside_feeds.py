"""Atom and JSON Feed: the same events newest first, in words, and no more than everybody may see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from events.audience import PUBLIC
from hub.syndication.atom import atom
from hub.syndication.head import Head
from hub.syndication.items import Item, ItemPage, in_words
from hub.syndication.newest import Stride, end_of, moment_of, newest_messages
from projections.event_query import EventQuery
from tests.running import TestClient, World, calling, make_world
from tests.subscribing import Publisher

Json = Any
BASE = "http://hub.test"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


@pytest.fixture
def publisher(door: TestClient, world: World) -> Publisher:
    return Publisher(door, world)


def feed(door: Any, publisher: Publisher, headers: Json = None, **asked: Any) -> Json:
    answer = door.get("/feed.json", params={"at_least": publisher.cursor, **asked}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/feed+json"
    return answer.json()


def titles(found: Json) -> list[tuple[str, str]]:
    return [
        (one["_hub"]["id"], one["title"])
        for one in found["items"]
        if one["_hub"]["type"] == "threat.reported"
    ]


def test_the_newest_comes_first_in_plain_words(door: TestClient, publisher: Publisher) -> None:
    publisher.publish(tlp="clear", data={"title": "Arrest at the quay", "place": {"country": "QM"}})
    publisher.publish(tlp="clear")
    found = feed(door, publisher)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"] == f"{BASE}/feed.json" if "feed_url" in found else True
    kind = "A threat against a lawyer, a firm or a bar"
    assert titles(found) == [
        ("t-2", f"{kind}: threat:harbour-bar-watch.0002"), ("t-1", f"{kind}: Arrest at the quay")]  # fmt: skip
    first = found["items"][1]
    assert first["id"] == "urn:hub:partner:harbour-bar-watch:event:t-1"
    assert first["content_text"].startswith("Arrest at the quay\nCountry: QM.")
    assert door.get(first["_hub"]["api"]).json()["event"] == first["_hub"]["event"]
    page = door.get(first["url"], headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Arrest at the quay" in page.text


def test_what_is_not_public_is_only_a_link(door: TestClient, world: World, publisher: Publisher) -> None:
    publisher.publish(tlp="green", data={"title": "Only for partners"})
    publisher.publish(tlp="amber+strict", audience="open-docket", data={"title": "Only for two"})
    assert titles(feed(door, publisher)) == []
    found = feed(door, publisher, world.bearer("observer"))
    assert titles(found) == [("t-1", "A threat against a lawyer, a firm or a bar (not public)")]
    assert found["items"][0]["_hub"]["kind"] == "closed"
    assert "authors" not in found["items"][0]
    page = door.get(found["items"][0]["url"], headers={"accept": "text/html"})
    assert page.status_code == 404
    assert 'href="/sign-in' in page.text, "whoever opens the link is told what to do"
    assert "partners" not in str(found)
    world.issue("cleared", "open-docket", "observer", clearance="red")
    cleared = feed(door, publisher, world.bearer("cleared"))
    assert cleared == found, "what is stricter than amber never leaves, whoever asks"


def test_what_reads_differently_comes_again_under_its_own_id(
    door: TestClient, world: World, publisher: Publisher
) -> None:
    event = publisher.publish(tlp="clear", data={"title": "Arrest at the quay"})
    publisher.publish(tlp="clear")
    before = feed(door, publisher)["items"][1]
    world.clock.move(hours=1)
    changes = [{"pointer": "/title", "to": "Arrest at the port"}]
    publisher.correct(event, "c-1", reason="wrong_date", changes=changes)
    after = next(one for one in feed(door, publisher)["items"] if one["_hub"]["id"] == event)
    assert (after["id"], after["date_published"]) == (before["id"], before["date_published"])
    assert after["date_modified"] > before["date_modified"]
    assert after["title"].endswith("Arrest at the port")
    assert [one["_hub"]["id"] for one in feed(door, publisher, type="threat.*")["items"]] == [event, "t-2"]
    # Nobody but its publisher sees that correction: that something changed is told, not when.
    assert after["date_modified"][11:16] == "12:00"


def test_who_sees_why_something_reads_differently_learns_when(
    door: TestClient, world: World, publisher: Publisher
) -> None:
    event = publisher.publish(tlp="clear")
    world.clock.move(hours=1)
    data = {
        "about_event": event,
        "reason": "wrong_date",
        "changes": [{"pointer": "/title", "to": "At the port"}],
    }
    publisher.post({**publisher.own("c-1", "record.corrected"), "tlp": "clear", "data": data})
    [item] = feed(door, publisher, type="threat.*")["items"]
    assert item["date_modified"] == "2031-05-04T13:00:00.000000Z"


def test_what_may_no_longer_be_used_is_said_without_content(
    door: TestClient, world: World, publisher: Publisher
) -> None:
    event = publisher.publish(tlp="clear", data={"title": "Arrest at the quay"})
    world.clock.move(hours=1)
    publisher.retract(event, "r-1", "false")
    [item] = feed(door, publisher, type="threat.*")["items"]
    assert item["title"] == "Withdrawn: A threat against a lawyer, a firm or a bar"
    assert item["_hub"]["kind"] == "withdrawn"
    assert "quay" not in str(item)
    assert item["date_modified"] > item["date_published"]


def test_pages_lead_to_the_oldest_and_miss_nothing(
    door: TestClient, world: World, publisher: Publisher
) -> None:
    for _ in range(7):
        world.clock.move(minutes=1)
        publisher.publish(tlp="clear")
    page = feed(door, publisher, limit=3, type="threat.*")
    seen = [one["_hub"]["id"] for one in page["items"]]
    while "next_url" in page:
        page = door.get(page["next_url"].removeprefix(BASE)).json()
        seen += [one["_hub"]["id"] for one in page["items"]]
    assert seen == [f"t-{number}" for number in range(7, 0, -1)]


def test_the_filters_are_those_of_events(door: TestClient, publisher: Publisher) -> None:
    publisher.publish(tlp="clear", data={"place": {"country": "QM"}})
    publisher.publish(tlp="clear", data={"place": {"country": "QN"}})
    for asked in ({"country": "QN"}, {"about": "threat:harbour-bar-watch.0002"}):
        assert [one["_hub"]["id"] for one in feed(door, publisher, **asked)["items"]] == ["t-2"]
    assert titles(feed(door, publisher, partner="open-docket")) == []
    assert titles(feed(door, publisher, since="2031-05-05")) == []
    assert len(titles(feed(door, publisher, until="2031-05-05"))) == 2
    assert door.get("/feed.atom", params={"country": "nowhere"}).status_code == 400


def test_feedparser_reads_atom(door: TestClient, world: World, publisher: Publisher) -> None:
    publisher.publish(tlp="clear", data={"title": "Arrest & <trial>", "place": {"country": "QM"}})
    publisher.publish(tlp="green")
    asked = {"at_least": publisher.cursor, "type": "threat.*", "limit": 1}
    answer = door.get("/feed.atom", params=asked, headers=world.bearer("observer"))
    assert answer.headers["content-type"] == "application/atom+xml"
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert (read.version, read.feed.title) == ("atom10", "Solidarity Hub, a part")
    [further] = [one.href for one in read.feed.links if one.rel == "next"]
    older = feedparser.parse(door.get(further.removeprefix(BASE), headers=world.bearer("observer")).content)
    [entry] = older.entries
    assert entry.title.endswith("Arrest & <trial>")
    assert {one.term for one in entry.tags} == {"threat.reported", "QM"}
    assert entry.author == "harbour-bar-watch"
    assert entry.link == f"{BASE}/events/urn:hub:partner:harbour-bar-watch/t-1"
    [api] = [one for one in entry.links if one.rel == "related"]
    assert door.get(api.href).json()["event"]["id"] == "t-1"
    assert entry.published_parsed.tm_year == 2031


def test_it_is_not_sent_again_while_what_is_seen_is_the_same(
    door: TestClient, world: World, publisher: Publisher
) -> None:
    publisher.publish(tlp="clear")
    feed(door, publisher)
    for path in ("/feed.json", "/feed.atom"):
        first = door.get(path)
        publisher.publish(tlp="red")
        feed(door, publisher)
        again = door.get(path, headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "private, no-cache"
        publisher.publish(tlp="clear")
        feed(door, publisher)
        assert door.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_what_xml_does_not_have_is_replaced() -> None:
    item = Item("open", "urn:x", "urn:hub:partner:x", "1", "y", "a\ufffeb", "http://x/", "http://x/api", "",
                "2031-05-04T12:00:00Z", "2031-05-04T12:00:00Z")  # fmt: skip
    head = Head("Hub", "urn:h", BASE, BASE, None)
    assert feedparser.parse(atom(ItemPage([item], None), head)).entries[0].title == "a\ufffdb"
    assert feedparser.parse(atom(ItemPage([], None), head)).feed.updated == "1970-01-01T00:00:00.000000Z"


def test_words_are_taken_in_english_or_in_what_there_is() -> None:
    assert in_words({"qaa": "un", "en": "one"}) == "one"
    assert in_words({"qaa": "un"}) == "un"
    assert (in_words({}), in_words(None), in_words(3)) == ("", "", "")


@pytest.mark.parametrize("stride", [Stride(1, 1), Stride(1, 3), Stride(2, 2), Stride(5, 1000)])
def test_how_far_it_looks_back_at_once_changes_nothing(
    door: TestClient, world: World, publisher: Publisher, stride: Stride
) -> None:
    for number in range(6):
        world.clock.move(minutes=1)
        event = publisher.publish(tlp="red" if number == 3 else "clear")
        if number % 2 == 0:
            publisher.correct(
                event, f"c-{number}", reason="wrong_date", changes=[{"pointer": "/title", "to": "x"}]
            )
    feed(door, publisher)
    sight: Json = door.app_state["room"].purge(PUBLIC)
    for query in (EventQuery(), EventQuery(types=("threat.*",))):
        whole = newest_messages(sight, query, end_of(sight), 100)
        assert newest_messages(sight, query, end_of(sight), 100, stride) == whole
        assert newest_messages(sight, query, end_of(sight), 3, stride) == whole[:3]
        moments = [moment_of(sight, one) for one in whole]
        assert [moment_of(sight, one, stride) for one in whole] == moments
