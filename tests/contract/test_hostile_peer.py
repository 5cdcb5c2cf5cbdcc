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

HARBOUR, DOCKET, QUILL = "harbour-bar-watch", "open-docket", "quill-network"
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


def changed(event: Json, **said: Json) -> str:
    now = {**event, "data": {**event["data"], **said}}
    named = {"source": event["source"], "id": event["id"], "reason": "corrected"}
    return json.dumps({"kind": "changed", "cursor": "c", **named, "event": now})


LIVE = json.dumps({"kind": "live", "cursor": "end", "sent": 1})


@pytest.mark.parametrize("title", ["gnp.\u202etxt", "a\u0007bell", "Ame\u0301lie", "x" * 400_000])
def test_what_could_not_be_told_cannot_be_told_later_either(south: House, title: str) -> None:
    """What its home corrects must be as fit to be read as what it tells; else nobody here reads the copy any more."""
    with stranger([told(good()), changed(good(), title=title), LIVE]) as there:
        listen(south, there)
        until(lambda: south.status()["far"]["state"] == "live", "the listening")
        assert south.show(HARBOUR, good()["id"], f"{DOCKET}/chief") is None
        assert south.status()["far"]["withdrawn"] == 1


@pytest.mark.parametrize(
    ("detail", "state"),
    [("\\ud800", "away"), ("a\\u0000b", "refused"), ("\\u001b[2J" + "x" * 100_000, "refused")],
)
def test_what_a_hub_says_of_its_refusal_ends_no_listening_to_others(
    south: House, detail: str, state: str
) -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response | None:
        if not request.path.startswith("/api/v1/feed"):
            return crooked.answer(socket, request)
        answer = socket.respond(403, f'{{"type": "urn:hub:problem:may-not", "detail": "{detail}"}}')
        del answer.headers["Content-Type"]
        answer.headers["Content-Type"] = "application/problem+json"
        return answer

    with (
        stranger([told(good()), LIVE]) as there,
        stranger() as crooked,
        serve(crooked.tell, "127.0.0.1", 0, process_request=refuse, compression=None) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        crooked.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        settings, chance = south.world.settings, south.world.chance
        with closing(open_book(settings.data, chance)) as book:
            assert book.add(Peer("crooked", crooked.url, "t", "hub-south", frozenset({HARBOUR})))
        found = until(lambda: south.status()["crooked"]["state"] == state and south.status()["crooked"])
        listen(south, there)
        until(lambda: south.status()["far"]["state"] == "live", "the listening to another")
        server.shutdown()
        thread.join()
    assert found["said"].isprintable()
    assert len(found["said"]) < 1000


def test_an_erasure_of_somebody_of_whom_nothing_is_here_is_nobodys_business(south: House) -> None:
    whole = {"role": "controller", "subject_of_erasure": f"lawyer:{HARBOUR}.9999"}
    erasure = {"source": "urn:hub:partner:hub", "id": "e", "type": "erasure.executed", "data": whole}
    with stranger([told(good()), told(erasure), LIVE]) as there:
        listen(south, there)
        # It is answered all the same, and this server takes no answers.
        until(lambda: south.status()["far"]["state"] == "away", "the answer")
    assert south.show(HARBOUR, good()["id"], DOCKET) is not None
    assert south.ask("/erasures").json()["items"] == []


def profile(slug: str, number: int) -> Json:
    data = {
        "lawyer": f"lawyer:{slug}.p{number}",
        "identity": {"names": [{"full": "Sindrel Vauq"}]},
        "protection": {"consent_level": "C2", "scopes": ["letters"]},
    }
    named = {"id": f"profile-{number}", "source": f"urn:hub:partner:{slug}"}
    return {"specversion": "1.0", **named, "type": "lawyer.profiled", "tlp": "green", "data": data}


def withdrawal(slug: str, about: Json) -> Json:
    data = {"subject_of_consent": about["data"]["lawyer"], "effect": "erase", "urgent": True}
    named = {"id": f"withdrawn-{about['id']}", "source": f"urn:hub:partner:{slug}"}
    return {"specversion": "1.0", **named, "type": "consent.withdrawn", "tlp": "amber", "data": data}


def test_a_withdrawal_that_another_hub_tells_has_nothing_erased_that_was_published_here(south: House) -> None:
    with recording(south.world) as intake:
        admit(intake, QUILL, ["monitor"])
    for who, account, clearance in ((QUILL, "publisher", "amber"), (f"{QUILL}/chief", "chief", "red")):
        south.world.issue(who, QUILL, "publisher", account=account, clearance=clearance)
    told_of, asked_here = profile(QUILL, 1), profile(QUILL, 2)
    for one in (told_of, asked_here):
        south.post(one, QUILL)
    with stranger([told(withdrawal(HARBOUR, told_of)), LIVE]) as there:
        listen(south, there)
        until(lambda: south.status()["far"]["kept"] == 1, "the withdrawal")
    south.post(withdrawal(DOCKET, asked_here), DOCKET)
    south.world.clock.move(hours=25)

    def lost() -> int:
        return int(json.loads(south.run("verify").stdout.splitlines()[0])["erased"])

    # Of those whose time has come the oldest is erased first.
    until(lambda: lost() == 1, "the erasure that a member asked for")
    assert [one["subject"] for one in south.ask("/erasures").json()["items"]] == [
        asked_here["data"]["lawyer"]
    ]


def test_what_was_told_before_its_publisher_came_here_takes_nothing_of_what_it_published_here(
    south: House,
) -> None:
    """One key seals all that a publisher says of a person, wherever it said so."""
    before, here = profile(HARBOUR, 1), {**profile(HARBOUR, 1), "id": "here"}
    with stranger([told(before), LIVE]) as there:
        listen(south, there)
        until(lambda: south.status()["far"]["state"] == "live", "the listening")
        south.world.issue(HARBOUR, HARBOUR, "publisher")
        south.world.issue(f"{HARBOUR}/chief", HARBOUR, "publisher", account="chief", clearance="red")
        south.served.settle()
        south.post(here, HARBOUR)
    gone = {"kind": "withdrawn", "cursor": "c", "source": SOURCE, "id": before["id"], "reason": "erased"}
    with stranger([json.dumps(gone), LIVE]) as again:
        with closing(sqlite3.connect(south.world.settings.data / "peers.sqlite")) as db, db:
            db.execute("UPDATE peers SET url = ?", (again.url,))
        until(lambda: south.status()["far"]["withdrawn"] == 1, "the withdrawal")
    shown = south.show(HARBOUR, "here", f"{HARBOUR}/chief")["event"]["data"]
    assert shown["identity"] == here["data"]["identity"]
    assert (before["id"], "erasure_shared") in south.codes("far")
