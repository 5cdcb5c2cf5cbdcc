"""A peer that says nonsense, lies about the time, or breaks off: told to stewards, and felt by nobody."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from hub.federation.book import Peer, open_book
from tests.federated import House, houses, until
from tests.running import admit, recording, threat

Json = Any

HARBOUR, DOCKET = "harbour-bar-watch", "open-docket"
SOURCE = f"urn:hub:partner:{HARBOUR}"


@dataclass
class Stranger:
    """A server that somebody else wrote: each connection to its feed gets what comes next; the last ones stay open."""

    url: str = ""
    me: tuple[int, Json] = (200, {"partner": "hub-south", "clearance": "amber"})
    feeds: list[list[str]] = field(default_factory=list)

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/api/v1/feed"):
            return None
        status, body = self.me if request.path == "/api/v1/me" else (404, {})
        return socket.respond(status, json.dumps(body))

    def tell(self, socket: ServerConnection) -> None:
        try:
            for text in self.feeds.pop(0) if self.feeds else []:
                socket.send(text)
            if not self.feeds:
                socket.recv()
        except ConnectionClosed:
            return


@contextmanager
def stranger(*feeds: list[str]) -> Iterator[Stranger]:
    made = Stranger(feeds=list(feeds))
    with serve(made.tell, "127.0.0.1", 0, process_request=made.answer, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def south(tmp_path: Path) -> Iterator[House]:
    with houses(tmp_path, {"south": (DOCKET,)}) as found:
        with recording(found["south"].world) as intake:
            admit(intake, HARBOUR, ["monitor", "responder", "observer"])
        yield found["south"]


def listen(south: House, there: Stranger) -> None:
    settings, chance = south.world.settings, south.world.chance
    with closing(open_book(settings.data, chance)) as book:
        assert book.add(Peer("far", there.url, "t", "hub-south", frozenset({HARBOUR})))


def told(event: Json, **more: Json) -> str:
    return json.dumps({"kind": "event", "cursor": "c", "event": event, "touches": [], **more})


def good(number: int = 1, **more: Json) -> dict[str, Json]:
    return threat(number, source=SOURCE, tlp="green", **more)


def deep(levels: int) -> Json:
    found: Json = "x"
    for _ in range(levels):
        found = [found]
    return found


NONSENSE: list[Json] = [
    {},
    {"source": SOURCE},
    {"source": 1, "id": 2},
    {"source": SOURCE, "id": ""},
    {"source": SOURCE, "id": "nul\0in it"},
    {"source": "urn:hub:partner:\0", "id": "x"},
    {"source": "urn:hub:partner:" + "x" * 100_000, "id": "x"},
    {"source": SOURCE, "id": "x" * 100_000},
    {"source": SOURCE, "id": "x", "type": ["threat.reported"], "data": []},
    {"source": SOURCE, "id": "x", "type": "claim.assessed", "data": {"about_source": {}}},
    {"source": SOURCE, "id": "x", "tlp": {"green": 1}, "audience": [1]},
    {"source": "urn:hub:partner:hub", "id": "x", "type": "erasure.executed", "data": "x"},
    {
        "source": "urn:hub:partner:stewards",
        "id": "x",
        "type": "erasure.executed",
        "data": {"role": "controller", "subject_of_erasure": {"lawyer": 1}},
    },
    {**good(2), "data": deep(900)},
    {**good(3), "data": {"threat": deep(200)}},
    {**good(4), "time": "9999-12-31T23:59:60Z"},
    {**good(5), "time": 10**30},
    {**good(6), "specversion": "7"},
]


def test_nonsense_ends_no_more_than_the_listening_to_whoever_says_it(south: House) -> None:
    events = [told(one) for one in NONSENSE]
    others = [
        json.dumps({"kind": "withdrawn", "cursor": "c", "source": source, "id": "\0", "reason": "erased"})
        for source in (SOURCE, "", "\0", "urn:hub:partner:hub")
    ]
    others += [json.dumps({"kind": "song", "cursor": "c"}), json.dumps({"kind": "beat", "cursor": "\0"})]
    with stranger(
        ["<html>"],
        [told("no event")],
        [*events, *others, told(good()), json.dumps({"kind": "live", "cursor": "end", "sent": 1})],
    ) as there:
        listen(south, there)
        until(lambda: south.status()["far"]["state"] == "live", "the listening")
    assert south.ids(DOCKET) & {(HARBOUR, one["id"]) for one in (good(n) for n in range(1, 9))} == {
        (HARBOUR, good()["id"])
    }
    assert south.status()["far"]["kept"] == 1
    assert httpx.get(f"{south.served.url}/readyz").status_code == 200


def test_who_says_no_more_than_that_he_is_there_is_behind_until_he_says_that_nothing_is_missing(
    south: House,
) -> None:
    with stranger([json.dumps({"kind": "beat", "cursor": "c"}), told(good())]) as there:
        listen(south, there)
        until(lambda: south.show(HARBOUR, good()["id"], DOCKET), "the event")
        assert south.status()["far"]["state"] == "behind"


def test_nothing_goes_by_a_peers_clock(south: House) -> None:
    moments = ["0001-01-01T00:00:00Z", "2031-05-04T12:00:00Z", "9999-12-31T23:59:59Z"]
    events = [good(number, time=moment, recordedtime=moment) for number, moment in enumerate(moments, 1)]
    live = json.dumps({"kind": "live", "cursor": "end", "sent": 3})
    with stranger([*map(told, events), live]) as there:
        listen(south, there)
        until(lambda: south.status()["far"]["state"] == "live", "the listening")
    shown = [south.show(HARBOUR, one["id"], DOCKET)["event"] for one in events]
    assert [one["time"] for one in shown] == moments
    now = south.world.clock().year
    assert {one["recordedtime"][:4] for one in shown} == {str(now)}
    assert south.status()["far"]["looked"].startswith(str(now))
    assert httpx.get(f"{south.served.url}/readyz").json()["status"] == "ready"


@pytest.mark.parametrize(
    ("me", "state", "said"),
    [
        ((503, {}), "away", "It answered 503 to the token."),
        ((401, {}), "refused", "It answered 401 to the token."),
        ((200, []), "refused", "Is it a hub?"),
        ((200, {"clearance": ["amber"]}), "refused", "cleared for more than amber"),
    ],
)
def test_who_cannot_serve_now_is_away_and_who_refuses_is_refused(
    south: House, me: tuple[int, Json], state: str, said: str
) -> None:
    with stranger() as there:
        there.me = me
        listen(south, there)
        found = until(lambda: south.status()["far"]["said"] and south.status()["far"], "a word")
    assert (found["state"], said in found["said"], "Trying again in" in found["said"]) == (state, True, True)


def test_who_is_gone_is_away_and_heard_again_when_he_is_back(south: House) -> None:
    with stranger([json.dumps({"kind": "live", "cursor": "c", "sent": 0})]) as there:
        listen(south, there)
        until(lambda: south.status()["far"]["state"] == "live", "the listening")
    found = until(lambda: south.status()["far"]["state"] == "away" and south.status()["far"], "its end")
    assert "trying again" in found["said"]


def test_a_book_that_takes_nothing_ends_no_hub_and_what_was_told_meanwhile_is_taken_later(
    south: House,
) -> None:
    live = json.dumps({"kind": "live", "cursor": "c", "sent": 1})
    with stranger([told(good()), live]) as there:
        with closing(sqlite3.connect(south.world.settings.data / "peers.sqlite")) as db:
            db.execute("CREATE TRIGGER full BEFORE INSERT ON copies BEGIN SELECT RAISE(ABORT, 'full'); END")
            listen(south, there)
            asked = "SELECT said FROM peers WHERE state = 'behind'"
            [said] = until(lambda: db.execute(asked).fetchone(), "a word")
            assert said.startswith("This hub's own log takes nothing now.")
            there.feeds.append([told(good()), live])
            db.execute("DROP TRIGGER full")
        until(lambda: south.show(HARBOUR, good()["id"], DOCKET), "the event")
        until(lambda: south.status()["far"]["state"] == "live", "the listening")
