"""Other people's programs against a real hub on a loopback port: nothing of ours on their side of the wire."""

import asyncio
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import networkx as nx
import pytest
from cloudevents.core.bindings.http import from_structured_event, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from websockets.sync.client import connect

from tests.chromium import needs_chromium, page
from tests.running import Served, World, make_world, serving, threat

Json = Any

NUMBERS = count(1)
ROOT = Path(__file__).parents[2]
EVENTS = "/api/v1/events"
NDJSON = "application/x-ndjson"
needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="CURL IS NOT INSTALLED: its tests did not run"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("foreign"))


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


def cloud_event(**more: Json) -> CloudEvent:
    """Return a fresh threat as the `cloudevents` package holds it."""
    made = threat(next(NUMBERS), time="2031-05-04T11:00:00+00:00", **more)
    data = made.pop("data")
    attributes = {**made, "time": datetime.fromisoformat(made["time"]), "datacontenttype": "application/json"}
    return CloudEvent(attributes, data)


def ids(hub: Served, headers: dict[str, str], **params: Json) -> list[str]:
    answer = httpx.get(f"{hub.url}{EVENTS}", params={"limit": 1000, **params}, headers=headers)
    return [one["id"] for one in answer.raise_for_status().json()["events"]]


class TestCloudevents:
    """The reference library of CloudEvents."""

    @pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
    def test_it_posts_single_events(self, hub: Served, world: World, write: Any) -> None:
        event = cloud_event()
        message = write(event)
        headers = {**message.headers, **world.bearer("publisher")}
        answer = httpx.post(f"{hub.url}{EVENTS}", content=message.body, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (201, "stored")
        assert event.get_id() in ids(hub, world.bearer("observer"), at_least=answer.json()["cursor"])

    def test_structured_and_binary_mode_carry_the_same_event(self, hub: Served, world: World) -> None:
        event = cloud_event()
        said = []
        for write in (to_structured_event, to_binary_event):
            message = write(event)
            headers = {**message.headers, **world.bearer("publisher")}
            said.append(
                httpx.post(f"{hub.url}{EVENTS}", content=message.body, headers=headers).json()["status"]
            )
        assert said == ["stored", "duplicate"]

    def test_it_posts_batches(self, hub: Served, world: World) -> None:
        events = [cloud_event() for _ in range(5)]
        written = [JSONFormat().write(event) for event in events]
        body = b"[" + b",".join(one if isinstance(one, bytes) else one.encode() for one in written) + b"]"
        headers = {"Content-Type": "application/cloudevents-batch+json", **world.bearer("publisher")}
        answer = httpx.post(f"{hub.url}{EVENTS}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["stored"]) == (200, 5)
        found = ids(hub, world.bearer("observer"), at_least=answer.json()["cursor"])
        assert [one for one in found if one in {event.get_id() for event in events}] == [
            event.get_id() for event in events
        ]

    @pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
    @pytest.mark.parametrize(
        ("said", "about"),
        [
            ({"content-type": "text/plain"}, "Send one of: application/cloudevents+json, application/json, "),
            ({"content-type": ""}, "Send one of: "),
            ({"content-type": "application/cloudevents+xml"}, "Send one of: "),
            ({"content-type": "application/json; charset=utf-16"}, "Send it in UTF-8"),
            ({"content-type": "application/json", "content-encoding": "gzip"}, "not packed"),
        ],
    )
    def test_what_it_says_wrong_of_its_body_is_told_with_what_to_say(
        self, hub: Served, world: World, write: Any, said: dict[str, str], about: str
    ) -> None:
        event = cloud_event()
        message = write(event)
        headers = {**message.headers, **said, **world.bearer("publisher")}
        answer = httpx.post(f"{hub.url}{EVENTS}", content=message.body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")
        assert about in answer.json()["detail"]
        right = {**message.headers, "Content-Type": f'{message.headers["content-type"]}; Charset="UTF-8"'}
        right.pop("content-type")
        headers = {**right, **world.bearer("publisher")}
        assert httpx.post(f"{hub.url}{EVENTS}", content=message.body, headers=headers).status_code == 201

    def test_bytes_go_in_binary_mode_and_are_refused_in_base64(self, hub: Served, world: World) -> None:
        event = cloud_event()
        bare = CloudEvent(event.get_attributes(), json.dumps(event.get_data()).encode())
        told = []
        for write in (to_structured_event, to_binary_event):
            message = write(bare)
            headers = {**message.headers, **world.bearer("publisher")}
            told.append(httpx.post(f"{hub.url}{EVENTS}", content=message.body, headers=headers))
        assert [one.status_code for one in told] == [422, 201]
        hints = {one["pointer"]: one.get("hint") for one in told[0].json()["errors"]}
        assert hints["/data_base64"] == "Send the payload as JSON, in data."

    def test_it_reads_what_the_hub_gives(self, hub: Served, world: World) -> None:
        event = cloud_event()
        message = to_structured_event(event)
        headers = {**message.headers, **world.bearer("publisher")}
        cursor = httpx.post(f"{hub.url}{EVENTS}", content=message.body, headers=headers).json()["cursor"]
        address = f"{hub.url}{EVENTS}/{event.get_source()}/{event.get_id()}"
        shown = httpx.get(address, params={"at_least": cursor}, headers=world.bearer("publisher")).json()[
            "event"
        ]
        message.headers["content-type"] = "application/cloudevents+json"
        message = type(message)(message.headers, json.dumps(shown).encode())
        again = from_structured_event(message)
        assert (again.get_id(), again.get_source(), again.get_type()) == (
            event.get_id(),
            event.get_source(),
            "threat.reported",
        )
        assert again.get_data() == event.get_data()


def curl(*words: str, sent: str = "") -> str:
    """Run curl; it may end by its own time limit, since a feed has no end."""
    done = subprocess.run(
        ["curl", "-sS", *words], input=sent, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {0, 28}, done.stderr
    return done.stdout


def authorization(world: World, who: str) -> str:
    return f"Authorization: {world.bearer(who)['Authorization']}"


@needs_curl
class TestCurl:
    """What stands in every partner's first script."""

    def test_it_posts_lines_and_resending_is_harmless(
        self, hub: Served, world: World, tmp_path: Path
    ) -> None:
        events = [threat(next(NUMBERS)) for _ in range(20)]
        path = tmp_path / "events.ndjson"
        path.write_text("\n".join(json.dumps(one) for one in events), "utf-8")
        words = (
            "--data-binary",
            f"@{path}",
            "-H",
            f"Content-Type: {NDJSON}",
            "-H",
            authorization(world, "publisher"),
        )
        first, again = (json.loads(curl(*words, f"{hub.url}{EVENTS}")) for _ in range(2))
        assert (first["stored"], first["duplicates"], first["rejected"]) == (20, 0, 0)
        assert (again["stored"], again["duplicates"], again["rejected"]) == (0, 20, 0)
        assert [one["line"] for one in first["results"]] == list(range(1, 21))
        found = ids(hub, world.bearer("observer"), at_least=first["cursor"])
        assert [found.count(one["id"]) for one in events] == [1] * 20

    def test_it_follows_the_feed(self, hub: Served, world: World) -> None:
        event = threat(next(NUMBERS), tlp="clear")
        hub.post(event, world.bearer("publisher"))
        address = f"{hub.url}/api/v1/feed?after=begin&type=threat.*"
        streamed = curl("-N", "--max-time", "3", "-H", "Accept: text/event-stream", address)
        blocks = [block.splitlines() for block in streamed.split("\n\n") if "data: " in block]
        messages = [json.loads(line.removeprefix("data: ")) for block in blocks for line in block[-1:]]
        assert [block[0].removeprefix("event: ") for block in blocks] == [one["kind"] for one in messages]
        assert [block[1].removeprefix("id: ") for block in blocks] == [one["cursor"] for one in messages]
        assert event["id"] in [one["event"]["id"] for one in messages if one["kind"] == "event"]
        assert [one["kind"] for one in messages].count("live") == 1


def test_the_websockets_client_follows_and_resumes(hub: Served, world: World) -> None:
    first, second = threat(next(NUMBERS)), threat(next(NUMBERS))
    hub.post(first, world.bearer("publisher"))
    cursor = followed(hub, world, "begin", first["id"])
    hub.post(second, world.bearer("publisher"))
    assert followed(hub, world, cursor, second["id"]) != cursor


def followed(hub: Served, world: World, after: str, until: str) -> str:
    """Follow until an event comes, after the cursor given; nothing comes twice."""
    seen: list[str] = []
    with connect(
        f"{hub.feed}?after={after}", additional_headers=world.bearer("observer"), proxy=None
    ) as socket:
        while not seen or seen[-1] != until:
            message = json.loads(socket.recv(timeout=20))
            if message["kind"] == "event":
                seen.append(message["event"]["id"])
                after = message["cursor"]
    assert len(set(seen)) == len(seen)
    return after


class TestAiohttp:
    """Another family of clients, with a WebSocket and an HTTP of its own."""

    def test_it_follows_over_a_websocket_and_resumes(self, hub: Served, world: World) -> None:
        first, second = threat(next(NUMBERS)), threat(next(NUMBERS))
        hub.post(first, world.bearer("publisher"))
        cursor = asyncio.run(self.over_websocket(hub, world, "begin", first["id"]))
        hub.post(second, world.bearer("publisher"))
        assert asyncio.run(self.over_websocket(hub, world, cursor, second["id"])) != cursor

    def test_it_follows_a_stream_and_resumes(self, hub: Served, world: World) -> None:
        first, second = threat(next(NUMBERS)), threat(next(NUMBERS))
        hub.post(first, world.bearer("publisher"))
        cursor = asyncio.run(self.over_stream(hub, world, {}, first["id"]))
        hub.post(second, world.bearer("publisher"))
        assert asyncio.run(self.over_stream(hub, world, {"Last-Event-ID": cursor}, second["id"])) != cursor

    async def over_websocket(self, hub: Served, world: World, after: str, until: str) -> str:
        seen: list[str] = []
        async with (
            asyncio.timeout(20),
            aiohttp.ClientSession(headers=world.bearer("observer")) as session,
            session.ws_connect(f"{hub.feed}?after={after}") as socket,
        ):
            async for frame in socket:
                message = frame.json()
                if message["kind"] == "event":
                    seen.append(message["event"]["id"])
                if seen[-1:] == [until]:
                    break
        assert len(set(seen)) == len(seen)
        return str(message["cursor"])

    async def over_stream(self, hub: Served, world: World, headers: dict[str, str], until: str) -> str:
        headers = {**headers, **world.bearer("observer"), "Accept": "text/event-stream"}
        seen: list[str] = []
        async with (
            asyncio.timeout(20),
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{hub.url}/api/v1/feed?after=begin") as answer,
        ):
            assert answer.content_type == "text/event-stream"
            async for line in answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "data" and (message := json.loads(value))["kind"] == "event":
                    seen.append(message["event"]["id"])
                if seen[-1:] == [until]:
                    break
        assert len(set(seen)) == len(seen)
        return str(message["cursor"])


@needs_chromium
def test_an_event_source_of_a_browser_follows_across_a_restart_of_the_hub(tmp_path: Path) -> None:
    world = make_world(tmp_path / "hub")
    script = """
        window.heard = []; window.kinds = [];
        const feed = new EventSource("/api/v1/feed?after=begin&type=threat.*");
        for (const kind of ["event", "live", "bye"]) feed.addEventListener(kind, (message) => {
            const said = JSON.parse(message.data);
            window.kinds.push(kind);
            if (kind !== "event") window.isLive = kind === "live";
            if (said.kind !== kind || said.cursor !== message.lastEventId) window.kinds.push("wrong");
            if (kind === "event") window.heard.push(said.event.id);
        });
    """
    with page(tmp_path / "browser") as shown:
        port = 0
        for run in range(2):
            with serving(replace(world, settings=replace(world.settings, port=port))) as hub:
                port = int(hub.url.rpartition(":")[2])
                for number in range(3 * run, 3 * run + 3):
                    hub.post(
                        threat(number, tlp="clear" if number % 3 else "green"), world.bearer("publisher")
                    )
                if not run:
                    shown.open(f"{hub.url}/docs")
                    shown.evaluate(script)
                shown.wait_for(f"window.heard.length >= {2 * run + 2} && window.isLive")
        assert shown.evaluate("window.heard") == ["t-1", "t-2", "t-4", "t-5"]
        kinds = shown.evaluate("window.kinds")
    assert kinds[:4] == ["event", "event", "live", "bye"]
    assert sorted(kinds[4:7]) == ["event", "event", "live"]


class TestNetworkx:
    """The exports in the hands of whoever studies graphs."""

    @pytest.fixture
    def graph(self, hub: Served, world: World) -> Json:
        place = {"place": {"country": "QN"}, "title": 'Ünïcode <tag> & "quotes" 律師'}
        reports = [threat(next(NUMBERS), data=place) for _ in range(3)]
        shared = reports[0]["data"]["targets"]
        for one in reports:
            one["data"]["targets"] = list(dict.fromkeys([*shared, *one["data"]["targets"]]))
            cursor = hub.post(one, world.bearer("publisher"))["cursor"]
        params = {"limit": "5000", "at_least": cursor}
        return httpx.get(f"{hub.url}/api/v1/graph", params=params, headers=world.bearer("observer")).json()

    @pytest.mark.parametrize(("form", "read"), [("gexf", nx.read_gexf), ("graphml", nx.read_graphml)])
    def test_it_reads_the_same_graph(
        self, hub: Served, world: World, graph: Json, form: str, read: Any
    ) -> None:
        answer = httpx.get(f"{hub.url}/api/v1/graph/export?format={form}", headers=world.bearer("observer"))
        found = read(io.BytesIO(answer.content))
        assert graph["truncated"] == 0
        assert found.is_directed()
        nodes = {ref: (values["kind"], values.get("label")) for ref, values in found.nodes(data=True)}
        assert nodes == {one["ref"]: (one["kind"], one["label"]) for one in graph["nodes"]}
        edges = sorted(
            (start, end, values["kind"], values["claims"]) for start, end, values in found.edges(data=True)
        )
        assert edges == sorted((one["from"], one["to"], one["kind"], one["claims"]) for one in graph["edges"])

    def test_csv_and_json_hold_the_same_ties(self, hub: Served, world: World, graph: Json) -> None:
        address = f"{hub.url}/api/v1/graph/export"
        table = httpx.get(f"{address}?format=csv", headers=world.bearer("observer")).text
        rows = [(row["from"], row["to"], row["kind"]) for row in csv.DictReader(io.StringIO(table))]
        whole = httpx.get(f"{address}?format=json", headers=world.bearer("observer")).json()
        assert sorted(rows) == sorted((one["from"], one["to"], one["kind"]) for one in graph["edges"])
        assert sorted(one["ref"] for one in whole["nodes"]) == sorted(one["ref"] for one in graph["nodes"])


class TestHubPush:
    """The hub's own command, as another process that only knows the address."""

    def push(self, hub: Served, world: World, folder: Path, paths: Sequence[Path]) -> tuple[int, list[Json]]:
        words = ["--to", hub.url, "--outbox", str(folder / "outbox"), "--json", *map(str, paths)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        done = subprocess.run(
            [sys.executable, "-m", "hub", "push", *words],
            cwd=ROOT,
            env={**environ, "HUB_TOKEN": world.tokens["publisher"]},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def test_it_sends_csv_and_sending_again_is_harmless(
        self, hub: Served, world: World, tmp_path: Path
    ) -> None:
        numbers = [next(NUMBERS) for _ in range(4)]
        head = "id,type,tlp,data.threat,data.targets[0],data.categories,data.place.country"
        rows = [
            f"csv-{no},threat.reported,green,threat:harbour-bar-watch.c{no},lawyer:harbour-bar-watch.c{no},"
            "liberty.arrest; harassment.threat,QP"
            for no in numbers
        ]
        path = tmp_path / "threats.csv"
        path.write_text("\n".join([head, *rows]), "utf-8")
        for _ in range(2):
            status, _said = self.push(hub, world, tmp_path, [path])
            assert status == 0
        cursor = hub.post(threat(next(NUMBERS)), world.bearer("publisher"))["cursor"]
        found = ids(hub, world.bearer("observer"), at_least=cursor, country="QP")
        assert [one for one in found if one.startswith("csv-")] == [f"csv-{no}" for no in numbers]

    def test_it_sends_lines_past_a_refused_one(self, hub: Served, world: World, tmp_path: Path) -> None:
        good = [threat(next(NUMBERS)) for _ in range(3)]
        bad = threat(next(NUMBERS), data={"categories": ["no.such.code"]})
        path = tmp_path / "threats.ndjson"
        path.write_text("\n".join(json.dumps(one) for one in [good[0], bad, *good[1:]]), "utf-8")
        status, said = self.push(hub, world, tmp_path, [path])
        assert status == 1
        assert "no.such.code" not in json.dumps(said)
        cursor = hub.post(threat(next(NUMBERS)), world.bearer("publisher"))["cursor"]
        found = ids(hub, world.bearer("observer"), at_least=cursor)
        assert [found.count(one["id"]) for one in [*good, bad]] == [1, 1, 1, 0]


def test_whoever_writes_reads_his_own_writes(hub: Served, world: World) -> None:
    for _ in range(20):
        event = threat(next(NUMBERS))
        cursor = hub.post(event, world.bearer("publisher"))["cursor"]
        headers = world.bearer("publisher")
        assert event["id"] in ids(hub, headers, at_least=cursor, about=event["data"]["threat"])
        node = httpx.get(
            f"{hub.url}/api/v1/graph/nodes/{event['data']['threat']}",
            params={"at_least": cursor},
            headers=headers,
        )
        assert node.status_code == 200
