"""What stands beside the feed: counts by country and the hearings to come, of what the reader may see alone."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from tests.running import TestClient, World, calling, make_world, threat

HEARING = "hearing:harbour-bar-watch.{}"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with calling(world, follow_redirects=False) as opened:
        yield opened


def publish(client: TestClient, world: World, event: dict[str, Any]) -> str:
    answer = client.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["cursor"])


def happened(number: int, country: str, tlp: str = "clear") -> dict[str, Any]:
    return threat(number, tlp=tlp, data={"place": {"country": country}})


def hearing(number: int, starts: str, tlp: str = "clear", **more: Any) -> dict[str, Any]:
    trial = f"trial:harbour-bar-watch.{number}"
    data = {"hearing": HEARING.format(number), "trial": trial, "starts": starts, "country": "QM", **more}
    raw = {
        "specversion": "1.0",
        "id": f"h-{number}",
        "source": "urn:hub:partner:harbour-bar-watch",
        "tlp": tlp,
    }
    return {**raw, "type": "hearing.scheduled", "data": data}


def counts(text: str) -> dict[str, int]:
    said = re.search(r'data-world="([^"]*)"', text)
    assert said is not None
    return {one["code"]: one["events"] for one in json.loads(unescape(said[1]))}


def look(client: TestClient, headers: Any = None, **asked: Any) -> str:
    # Without the partners that the stewards admitted.
    answer = client.get("/live", params={"partner": "harbour-bar-watch", **asked}, headers=headers or {})
    assert answer.status_code == 200
    # The form of languages leads back to this very address.
    return re.sub(r'(&amp;|\?)at_least=[^"&]*', "", str(answer.text))


def test_countries_are_counted_as_far_as_the_reader_sees(client: TestClient, world: World) -> None:
    publish(client, world, happened(1, "QM"))
    publish(client, world, happened(2, "QM"))
    seen = publish(client, world, happened(3, "QN"))
    before = look(client, at_least=seen)
    assert counts(before) == {"QM": 2, "QN": 1}
    assert 'href="/live?country=QN&amp;partner=harbour-bar-watch"' in before
    cursor = publish(client, world, happened(4, "QP", "green"))
    assert look(client, at_least=cursor) == before
    observer = world.bearer("observer")
    assert counts(look(client, observer)) == {"QM": 2, "QN": 1, "QP": 1}
    # The map is where another country is chosen: its own filter does not narrow it, all others do.
    assert counts(look(client, country="QN")) == {"QM": 2, "QN": 1}
    assert counts(look(client, about="lawyer:harbour-bar-watch.0003")) == {"QN": 1}
    assert counts(look(client, type="trial.*")) == {}
    assert "No event that fits names a country." in look(client, type="trial.*")
    assert "/live?country=QM&amp;type=threat.%2A&amp;partner=" in look(client, type="threat.*")


def test_what_was_withdrawn_or_is_older_than_a_month_does_not_count(client: TestClient, world: World) -> None:
    publish(client, world, happened(1, "QM"))
    world.clock.move(days=31)
    publish(client, world, happened(2, "QN"))
    publish(client, world, happened(3, "QP"))
    data = {"about_event": "t-3", "reason": "false", "effective_from": "2031-05-04T12:00:00Z"}
    raw = {"specversion": "1.0", "id": "r-3", "source": "urn:hub:partner:harbour-bar-watch"}
    cursor = publish(client, world, {**raw, "type": "record.retracted", "data": data})
    assert counts(look(client, at_least=cursor)) == {"QN": 1}
    assert counts(look(client, since="2031-05-01")) == {"QM": 1, "QN": 1}


def test_hearings_to_come_stand_by_day_on_the_clock_of_the_court(client: TestClient, world: World) -> None:
    publish(client, world, hearing(2, "2031-05-11T09:30:00", zone="Asia/Bangkok"))
    publish(client, world, hearing(1, "2031-05-09"))
    publish(client, world, hearing(3, "2031-05-20/2031-05-25"))
    publish(client, world, hearing(5, "2031-05-01"))
    seen = publish(client, world, hearing(6, "2031-05-10", country="QN"))
    text = look(client, at_least=seen)
    beside = text.partition('id="calendar"')[2]
    shown = [beside.index(f"/hearings/{HEARING.format(number)}") for number in (1, 6, 2, 3)]
    assert shown == sorted(shown)
    assert HEARING.format(5) not in beside
    assert 'datetime="2031-05-11T09:30:00+07:00" data-zone="Asia/Bangkok"' in text
    assert text.count("Date uncertain") == text.count('class="tentative"') == 1
    cursor = publish(client, world, hearing(4, "2031-05-08", "green"))
    assert look(client, at_least=cursor) == text
    assert f"/hearings/{HEARING.format(4)}" in look(client, world.bearer("observer"))
    narrowed = look(client, country="QN").partition('id="calendar"')[2]
    assert HEARING.format(6) in narrowed
    assert HEARING.format(1) not in narrowed
    assert "/hearings.ics?country=QN" in narrowed
    assert (
        "No hearing to come" in look(client, about="trial:harbour-bar-watch.9").partition('id="calendar"')[2]
    )


def test_a_card_says_where_when_and_in_which_trial(client: TestClient, world: World) -> None:
    cursor = publish(client, world, hearing(7, "2031-05-11T09:30:00", zone="Asia/Bangkok"))
    cards = look(client, at_least=cursor, type="hearing.*").partition('<ol class="events"')[2]
    [card] = re.findall(r'<li class="event".*?</li>', cards, re.DOTALL)
    said = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", card))
    words = {name: re.sub(r"<[^>]*>", "", value) for name, value in said.items()}
    assert words["Country"] == "QM"
    assert (words["Trial"], words["About"]) == ("Trial 7", "Hearing 7 (May 11, 2031)")
    assert 'datetime="2031-05-11T09:30:00+07:00" data-zone="Asia/Bangkok"' in said["Date"]
    cursor = publish(client, world, happened(1, "QN"))
    assert "QN" in look(client, at_least=cursor).partition('<ol class="events"')[2].partition("</li>")[0]


def test_more_hearings_than_fit_are_said_to_be_there(client: TestClient, world: World) -> None:
    cursor = [publish(client, world, hearing(number, "2031-06-01")) for number in range(1, 23)][-1]
    text = look(client, at_least=cursor)
    assert text.partition('id="calendar"')[2].count("Nobody will watch") == 20
    assert "2 more hearings are to come." in text
