"""Whatever happens in whatever order: each listener hears just what it may see, nothing lost, nothing twice."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.feeding import Build, CoreStage, Ear, Play, Step, steps
from tests.logs import MemoryLog
from tests.running import Served, World, make_world, serving, threat

Json = Any
SOON = 20


@pytest.fixture(scope="module")
def build() -> Build:
    registry = Registry.load()
    return lambda log, path: ReadingRoom(registry, log, path)


@settings(max_examples=40)
@given(schedule=steps(), messages=st.integers(1, 4), capacity=st.integers(1, 5))
def test_the_core_tells_each_listener_its_visible_sequence(
    build: Build, schedule: list[Step], messages: int, capacity: int
) -> None:
    log = MemoryLog()
    with TemporaryDirectory() as folder:
        room = build(log, Path(folder, "views.db"))
        try:
            Play(CoreStage(log, room, messages=messages, capacity=capacity)).run(schedule)
        finally:
            room.stop()


class SocketStage:
    """A real hub; each schedule is played behind what the others left there."""

    def __init__(self, world: World, hub: Served, kind: str, numbers: Iterator[int]) -> None:
        self.world, self.hub, self.kind, self.numbers = world, hub, kind, numbers
        self.first = self.hub.post(threat(next(numbers), tlp="clear"), world.bearer("publisher"))["cursor"]
        self.names: dict[int, str] = {}

    def publish(self, tlp: str, urgency: str) -> str:
        data = {"urgency": urgency} if urgency else {"urgency": "normal"}
        event = threat(next(self.numbers), tlp=tlp, data=data)
        self._await(self.hub.post(event, self.world.bearer("publisher")))
        return str(event["id"])

    def retract(self, event_id: str) -> str:
        event = threat(next(self.numbers))
        data = {"about_event": event_id, "reason": "false", "effective_from": "2031-05-04T12:00:00Z"}
        answer = self.hub.post({**event, "type": "record.retracted", "data": data, "tlp": "green"},
                               self.world.bearer("publisher"))  # fmt: skip
        self._await(answer)
        return str(event["id"])

    def _await(self, receipt: Json) -> None:
        httpx.get(f"{self.hub.url}/healthz?at_least={receipt['cursor']}", timeout=SOON)

    def connect(self, number: int, who: str, after: str, urgency: str) -> Ear:
        name = self.names.get(number)
        if name is None:
            name = self.names[number] = f"ear-{next(self.numbers)}"
            self.world.issue(name, "open-docket", "observer")
        place = self.first if after == "begin" else after
        query = f"after={place}&type=threat.*,record.*" + (f"&urgency={urgency}" if urgency else "")
        headers = self.world.bearer(name) if who == "observer" else {}
        return (SocketEar if self.kind == "websocket" else StreamEar)(self.hub, query, headers, after)

    def revoke(self, number: int) -> None:
        if number in self.names:
            self.world.revoke(self.names[number])


class SocketEar:
    def __init__(self, hub: Served, query: str, headers: dict[str, str], after: str) -> None:
        self._stack = ExitStack()
        opening = connect(f"{hub.feed}?{query}", additional_headers=headers, compression=None, proxy=None)
        self._opened = self._stack.enter_context(opening)
        if after == "now":
            assert json.loads(self._opened.recv(timeout=SOON))["kind"] == "live"

    def hear(self, many: int) -> list[Json]:
        heard: list[Json] = []
        while len(heard) < many:
            message = json.loads(self._opened.recv(timeout=SOON))
            heard += [message] if message["kind"] not in ("live", "beat") else []
        return heard

    def close(self) -> None:
        self._stack.close()


class StreamEar:
    def __init__(self, hub: Served, query: str, headers: dict[str, str], after: str) -> None:
        self._client = httpx.Client(timeout=SOON)
        asked = self._client.build_request(
            "GET", f"{hub.url}/api/v1/feed?{query}", headers={**headers, "Accept": "text/event-stream"}
        )
        self._answer = self._client.send(asked, stream=True)
        assert self._answer.status_code == 200
        self._lines = self._answer.iter_lines()
        if after == "now":
            assert self._next()["kind"] == "live"

    def _next(self) -> Json:
        return next(json.loads(line[6:]) for line in self._lines if line.startswith("data: "))

    def hear(self, many: int) -> list[Json]:
        heard: list[Json] = []
        while len(heard) < many:
            message = self._next()
            heard += [message] if message["kind"] not in ("live", "beat") else []
        return heard

    def close(self) -> None:
        self._answer.close()
        self._client.close()


class Quiet:
    """Keeps a world and a hub out of hypothesis' sight, which would print them."""

    def __init__(self, world: World, hub: Served) -> None:
        self.world, self.hub = world, hub

    def __repr__(self) -> str:
        return "a hub"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), feed_messages=3, look_seconds=0.05)


@pytest.fixture(scope="module")
def quiet(world: World) -> Iterator[Quiet]:
    with serving(world) as served:
        yield Quiet(world, served)


NUMBERS = count(1)
EVERYTHING = [
    Step("connect", 0, "now"), Step("connect", 1, "begin", "urgent"), Step("connect", 2, "begin"),
    Step("publish", 2, choice="green"), Step("publish", choice="clear", urgency="urgent"),
    Step("stall", 2), Step("publish", choice="red"), Step("retract", 0), Step("cut", 0),
    Step("publish", choice="clear", urgency="urgent"), Step("retract", 1), Step("connect", 0, "resume"),
    Step("drain", 2), Step("revoke", 2), Step("publish", choice="green", urgency="low"), Step("connect", 1, "resume"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(schedule=EVERYTHING)
@given(schedule=steps())
def test_a_hub_tells_each_listener_its_visible_sequence(
    quiet: Quiet, kind: str, schedule: list[Step]
) -> None:
    Play(SocketStage(quiet.world, quiet.hub, kind, NUMBERS)).run(schedule)
