"""The feed over real sockets: both transports, resuming, rights, goodbyes and slow listeners."""

import json
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.running import Served, World, calling, make_world, serving, threat

Json = Any
NUMBERS = count(1)
PATIENCE = 10


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), feed_messages=3)


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


def fresh(**more: Json) -> dict[str, Json]:
    return threat(next(NUMBERS), **more)


def post(hub: Served, world: World, **more: Json) -> str:
    event = fresh(**more)
    hub.post(event, world.bearer("publisher"))
    return str(event["id"])


@contextmanager
def listening(
    hub: Served, world: World, who: str | None = "observer", query: str = ""
) -> Iterator[ClientConnection]:
    headers = world.bearer(who) if who else {}
    with connect(f"{hub.feed}?{query}", additional_headers=headers, compression=None, proxy=None) as opened:
        yield opened


def heard(listener: ClientConnection) -> Json:
    return json.loads(listener.recv(timeout=PATIENCE))


def until_live(listener: ClientConnection) -> list[Json]:
    messages = [heard(listener)]
    while messages[-1]["kind"] != "live":
        messages.append(heard(listener))
    return messages


@contextmanager
def streaming(hub: Served, world: World, query: str = "", **more: str) -> Iterator[Iterator[dict[str, Json]]]:
    headers = {**world.bearer("observer"), "Accept": "text/event-stream", **more}
    with httpx.stream("GET", f"{hub.url}/api/v1/feed?{query}", headers=headers, timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        yield server_sent(answer.iter_lines())


def server_sent(lines: Iterator[str]) -> Iterator[dict[str, Json]]:
    said: dict[str, Json] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name in {"event", "id", "data"}:
            said[name] = json.loads(value) if name == "data" else value
        elif said and not line:
            yield said
            said = {}


def test_from_the_beginning_everything_visible_comes_in_order_then_live(hub: Served, world: World) -> None:
    green, _, clear = post(hub, world), post(hub, world, tlp="red"), post(hub, world, tlp="clear")
    with listening(hub, world, query="after=begin") as listener:
        messages = until_live(listener)
        assert [one["event"]["id"] for one in messages[:-1]][-2:] == [green, clear]
        assert {one["kind"] for one in messages[:-1]} == {"event"}
        assert messages[-1] == {
            "kind": "live", "cursor": messages[-2]["cursor"], "sent": len(messages) - 1,
        }  # fmt: skip
        later = post(hub, world)
        message = heard(listener)
        assert (message["kind"], message["event"]["id"]) == ("event", later)
        assert "threat:harbour-bar-watch." in message["touches"][0] or message["touches"]


def test_resuming_anywhere_gives_the_rest_without_doubles(hub: Served, world: World) -> None:
    for _ in range(4):
        post(hub, world)
    with listening(hub, world, query="after=begin") as listener:
        whole = [one for one in until_live(listener) if one["kind"] == "event"]
    for cut in range(len(whole)):
        with listening(hub, world, query=f"after={whole[cut]['cursor']}") as listener:
            rest = [one for one in until_live(listener) if one["kind"] == "event"]
        assert whole[: cut + 1] + rest == whole


def test_from_now_on_only_what_is_new_comes(hub: Served, world: World) -> None:
    post(hub, world)
    with listening(hub, world) as listener:
        live = heard(listener)
        assert (live["kind"], live["sent"]) == ("live", 0)
        later = post(hub, world)
        assert heard(listener)["event"]["id"] == later


def test_a_hidden_event_does_not_move_a_cursor(hub: Served, world: World) -> None:
    with listening(hub, world) as listener:
        before = heard(listener)["cursor"]
    post(hub, world, tlp="red")
    with listening(hub, world) as listener:
        assert heard(listener)["cursor"] == before


def test_what_was_not_told_is_told_to_whoever_resumes_from_live(hub: Served, world: World) -> None:
    with listening(hub, world) as listener:
        cursor = heard(listener)["cursor"]
    later = post(hub, world)
    with listening(hub, world, query=f"after={cursor}") as listener:
        assert [one["event"]["id"] for one in until_live(listener)[:-1]] == [later]


def test_the_filters_choose(hub: Served, world: World) -> None:
    with listening(hub, world, query="country=QP&type=threat.*&after=now") as listener:
        assert heard(listener)["kind"] == "live"
        post(hub, world)
        wanted = post(hub, world, data={"place": {"country": "QP"}})
        assert heard(listener)["event"]["id"] == wanted


def test_the_public_hears_what_is_clear(hub: Served, world: World) -> None:
    with listening(hub, world, who=None) as listener:
        assert heard(listener)["kind"] == "live"
        post(hub, world)
        clear = post(hub, world, tlp="clear")
        assert heard(listener)["event"]["id"] == clear


def test_what_is_retracted_is_withdrawn_from_those_who_had_it(hub: Served, world: World) -> None:
    with listening(hub, world) as listener:
        assert heard(listener)["kind"] == "live"
        gone = post(hub, world)
        assert heard(listener)["event"]["id"] == gone
        event = fresh(type="record.retracted")
        answer = httpx.get(f"{hub.url}/schemas/record.retracted/1").json()
        reason = {**answer["examples"][0], "about_event": gone}
        reason.pop("about_source", None)
        hub.post({**event, "data": reason}, world.bearer("publisher"))
        kinds = [heard(listener) for _ in range(2)]
        withdrawn = next(one for one in kinds if one["kind"] == "withdrawn")
        assert (withdrawn["id"], withdrawn["reason"]) == (gone, "retracted")
        assert withdrawn["source"] == "urn:hub:partner:harbour-bar-watch"
        assert "event" not in withdrawn


def test_an_embargo_that_ends_is_told_as_released(hub: Served, world: World) -> None:
    with listening(hub, world) as listener:
        assert heard(listener)["kind"] == "live"
        held = post(hub, world, notbefore="2031-05-04T13:00:00Z")
        between = post(hub, world)
        assert heard(listener)["event"]["id"] == between
        world.clock.move(hours=2)
        message = heard(listener)
        assert (message["kind"], message["reason"], message["id"]) == ("changed", "released", held)
        assert message["event"]["id"] == held


def test_server_sent_events_say_the_same(hub: Served, world: World) -> None:
    with streaming(hub, world, "after=now") as stream:
        live = next(stream)
        assert live["event"] == "live"
        later = post(hub, world)
        message = next(stream)
        assert (message["event"], message["data"]["event"]["id"]) == ("event", later)
        assert message["id"] == message["data"]["cursor"]
    newest = post(hub, world)
    with streaming(hub, world, "after=begin", **{"Last-Event-ID": message["id"]}) as stream:
        assert next(stream)["data"]["event"]["id"] == newest


def test_head_of_the_feed_ends(hub: Served) -> None:
    assert httpx.head(f"{hub.url}/api/v1/feed").status_code == 200


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("after=AAAAAAAAAAAAAAAAAAAAAA", {}, 400),
        ("after=yesterday!", {}, 400),
        ("colour=red", {}, 400),
        ("urgency=panic", {}, 400),
        ("", {"Authorization": "Bearer hub_wrong"}, 401),
        ("", {"Origin": "https://elsewhere.example"}, 403),
        ("", {"Origin": "null"}, 403),
    ],
)
def test_a_handshake_that_does_not_fit_is_refused_with_a_problem(
    hub: Served, query: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(
        f"{hub.feed}?{query}", additional_headers=headers, proxy=None
    ):  # fmt: skip
        pass
    answer = refused.value.response
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["type"].startswith("urn:hub:problem:")


@pytest.mark.parametrize("path", ["/feed", "/api/v1/feeds", "/api/v1/events", "/"])
def test_a_websocket_at_an_address_that_is_none_is_told_so(hub: Served, path: str) -> None:
    there = hub.url.replace("http", "ws", 1) + path
    with pytest.raises(InvalidStatus) as refused, connect(there, proxy=None):
        pass
    answer = refused.value.response
    assert answer.status_code == 404
    assert json.loads(answer.body)["type"] == "urn:hub:problem:not-found"


def test_a_page_of_this_hub_may_listen(hub: Served) -> None:
    with connect(hub.feed, additional_headers={"Origin": hub.url}, proxy=None) as listener:
        assert heard(listener)["kind"] == "live"


def test_a_cursor_from_the_future_is_unknown(hub: Served, world: World, tmp_path: Path) -> None:
    from events.cursor import Cursors
    from events.event import Position
    from hub.keys import cursor_key

    ahead = Cursors(cursor_key(world.settings.data)).encode(Position(10**6))
    answer = httpx.get(f"{hub.url}/api/v1/feed?after={ahead}")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:unknown-cursor")


def test_a_revoked_listener_is_told_and_closed(hub: Served, world: World) -> None:
    world.issue("leaving", "open-docket", "observer")
    with listening(hub, world, who="leaving") as listener:
        cursor = heard(listener)["cursor"]
        world.revoke("leaving")
        assert heard(listener) == {"kind": "bye", "cursor": cursor, "reason": "revoked"}
        with pytest.raises(ConnectionClosed) as closed:
            listener.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


def test_a_revoked_listener_is_told_by_server_sent_events_too(hub: Served, world: World) -> None:
    world.issue("observer-2", "open-docket", "observer")
    with streaming(hub, world, "after=now", **world.bearer("observer-2")) as stream:
        cursor = next(stream)["id"]
        world.revoke("observer-2")
        rest = list(stream)
    assert [one["data"] for one in rest] == [{"kind": "bye", "cursor": cursor, "reason": "revoked"}]


def test_frames_of_a_listener_are_ignored_and_large_ones_end_it(hub: Served, world: World) -> None:
    with listening(hub, world) as listener:
        assert heard(listener)["kind"] == "live"
        listener.send("hello")
        listener.send(b"x" * 60_000)
        later = post(hub, world)
        assert heard(listener)["event"]["id"] == later
        listener.send("x" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            listener.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_silence_is_broken_by_a_beat_and_the_end_by_a_goodbye(tmp_path: Path) -> None:
    world = make_world(tmp_path, beat_seconds=0.2)
    with serving(world) as hub, listening(hub, world) as listener, streaming(hub, world) as stream:
        assert next(stream)["event"] == "live"
        live = heard(listener)
        assert heard(listener) == {"kind": "beat", "cursor": live["cursor"]}
        assert next(stream)["event"] == "beat"
        hub.stop()
        last = heard(listener)
        while last["kind"] == "beat":
            last = heard(listener)
        assert last == {"kind": "bye", "cursor": live["cursor"], "reason": "restart"}
        with pytest.raises(ConnectionClosed) as closed:
            listener.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert [one["data"]["reason"] for one in stream if one["event"] == "bye"] == ["restart"]


def test_a_token_that_expires_closes_its_feed(tmp_path: Path) -> None:
    from datetime import timedelta

    world = make_world(tmp_path)
    world.issue("brief", "open-docket", "observer", expires=world.clock.now + timedelta(seconds=0.3))
    with serving(world) as hub, listening(hub, world, who="brief") as listener:
        assert heard(listener)["kind"] == "live"
        world.clock.move(seconds=1)
        assert heard(listener)["reason"] == "revoked"


def test_a_suspended_partner_is_closed_out(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with serving(world) as hub, listening(hub, world) as listener:
        assert heard(listener)["kind"] == "live"
        example = httpx.get(f"{hub.url}/schemas/partner.suspended/1").json()["examples"][0]
        data = {**example, "partner": "partner:open-docket", "scope": "both"}
        event = {"specversion": "1.0", "id": "suspend", "source": "urn:hub:partner:stewards"}
        hub.post({**event, "type": "partner.suspended", "data": data}, world.bearer("steward"))
        said = heard(listener)
        while said["kind"] != "bye":
            said = heard(listener)
        assert said["reason"] == "revoked"
        answer = httpx.get(f"{hub.url}/api/v1/me", headers=world.bearer("observer"))
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:hub:problem:partner-suspended")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Served]]:
    """A hub with more in its log than sockets can hold, which is soon out of patience."""
    world = make_world(tmp_path_factory.mktemp("busy"), slow_seconds=0.3)
    title = "word " * 90
    events = [
        threat(number, data={"title": title, "narrative": "x" * 3000}, tlp="clear") for number in range(3000)
    ]
    lines = "\n".join(json.dumps(one) for one in events)
    with serving(world) as hub:
        headers = {**world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
        answer = httpx.post(f"{hub.url}/api/v1/events", content=lines, headers=headers, timeout=60)
        assert answer.json()["stored"] == len(events), answer.text[:500]
        httpx.get(f"{hub.url}/healthz?at_least={answer.json()['cursor']}", timeout=60)
        yield world, hub


def raw_listener(hub: Served, request: str) -> socket.socket:
    """Open a connection that reads only when told to."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(PATIENCE)
    opened.connect((host, int(port)))
    opened.sendall(request.format(host=f"{host}:{port}").encode())
    return opened


def drained(opened: socket.socket) -> bytes:
    taken = bytearray()
    try:
        while piece := opened.recv(65_536):
            taken += piece
    except ConnectionResetError:
        pass
    return bytes(taken)


UPGRADE = (
    "GET /api/v1/feed?after=begin HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
STREAM = "GET /api/v1/feed?after=begin HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"


def listeners(hub: Served, world: World) -> float:
    text = httpx.get(f"{hub.url}/metrics", headers=world.bearer("steward")).text
    return float(next(one for one in text.splitlines() if one.startswith("hub_listeners ")).split()[1])


@pytest.mark.parametrize("request_text", [UPGRADE, STREAM])
def test_a_listener_that_stops_reading_is_dropped(busy: tuple[World, Served], request_text: str) -> None:
    world, hub = busy
    with raw_listener(hub, request_text) as stalled:
        assert stalled.recv(100).startswith(b"HTTP/1.1 ")
        while listeners(hub, world) > 0:
            pass
        taken = drained(stalled)
    assert b"urn:hub:partner:harbour-bar-watch" in taken
    assert b'"live"' not in taken


@pytest.mark.parametrize("kind", ["websocket", "http"])
def test_a_listener_that_reads_again_in_time_is_told_why(tmp_path: Path, kind: str) -> None:
    world = make_world(tmp_path, slow_seconds=0.05)
    with calling(world) as client:
        slow = SlowListener(kind)
        scope = slow.scope(client.app_state)
        assert client.portal is not None
        client.portal.call(client.app, scope, slow.receive, slow.send)
    assert slow.told[-1] == {"kind": "bye", "cursor": slow.told[0]["cursor"], "reason": "slow"}
    assert slow.ended


@pytest.mark.parametrize("kind", ["websocket", "http"])
def test_a_listener_that_leaves_is_forgotten(tmp_path: Path, kind: str) -> None:
    world = make_world(tmp_path)
    with calling(world) as client:
        leaving = LeavingListener(kind)
        assert client.portal is not None
        client.portal.call(client.app, leaving.scope(client.app_state), leaving.receive, leaving.send)
        assert client.app_state["closing"].listeners == 0
    assert len(leaving.told) == 1


class SlowListener:
    """The far end of an ASGI connection: takes one message, stalls at the next, then takes again."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.told: list[Json] = []
        self.ended = False
        self._has_stalled = False
        self._connected = False

    def scope(self, state: dict[str, Json]) -> dict[str, Json]:
        return {
            "type": self.kind,
            "method": "GET",
            "path": "/api/v1/feed",
            "query_string": b"after=begin",
            "headers": [(b"host", b"hub.test")],
            "subprotocols": [],
            "state": dict(state),
        }

    async def receive(self) -> dict[str, Json]:
        if self.kind == "websocket" and not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        await anyio.sleep_forever()
        raise AssertionError

    async def send(self, message: MutableMapping[str, Json]) -> None:
        text = message.get("text") or message.get("body", b"").decode()
        if not text.lstrip().startswith(("{", "event")):
            self.ended = message["type"] == "websocket.close" or message.get("more_body") is False
            return
        if self.told and not self._has_stalled:
            self._has_stalled = True
            await anyio.sleep_forever()
        self.told.append(json.loads(text[text.index("{") :]))


class LeavingListener(SlowListener):
    """Takes one message; then the connection is gone."""

    async def send(self, message: MutableMapping[str, Json]) -> None:
        if self.told:
            # What uvicorn does when a WebSocket is gone.
            raise OSError
        await super().send(message)
