"""`/asyncapi.json` by the parser of AsyncAPI itself, and against what a running hub really says."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from websockets.sync.client import connect

from hub.asyncapi import KINDS, LETTERS, asyncapi
from hub.routes import addresses
from tests.node import node
from tests.receiver import receiving
from tests.running import Served, World, example, make_world, registry, serving, threat
from tests.subscribing import Follower, make_following_world

Json = Any
PATIENCE = 20


@pytest.fixture(scope="module")
def document() -> Json:
    feed = next(one for one in addresses() if one.follower is not None)
    return json.loads(json.dumps(asyncapi(feed.parameters, registry(), "https://hub.example")))


@pytest.fixture(scope="module")
def parsed(document: Json) -> Mapping[str, Json]:
    """What the parser of AsyncAPI says: of the document as it is, and with something broken in it."""
    lost, strange = copy.deepcopy(document), {**document, "asyncapi": "3.9.0"}
    lost["operations"]["follow"]["channel"]["$ref"] = "#/channels/nowhere"
    given = {"whole": document, "reference": lost, "version": strange}
    said = json.loads(node().run("asyncapi.mjs", given=json.dumps(list(given.values()))))
    return dict(zip(given, said, strict=True))


@pytest.fixture(scope="module")
def told(parsed: Mapping[str, Json]) -> Json:
    return parsed["whole"]


class Description:
    """The messages of a document, each part of them read once."""

    def __init__(self, document: Json) -> None:
        self._components = document["components"]
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def problems(self, message: Mapping[str, Json], said: Mapping[str, Json]) -> list[str]:
        """Return what of a message (`payload`, `headers`) does not fit its description."""
        return [
            f"{part}/{'/'.join(map(str, one.instance_path))}: {one.message}"
            for part, value in said.items()
            if part in {"payload", "headers"} and part in message
            for one in self._validator(message[part]).iter_errors(value)
        ]

    def _validator(self, schema: Mapping[str, Json]) -> jsonschema_rs.Validator:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._components}
            self._validators[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
        return self._validators[key]


@pytest.fixture(scope="module")
def description(document: Json) -> Description:
    return Description(document)


class TestTheDocument:
    def test_its_own_parser_finds_nothing_wrong(self, told: Json) -> None:
        assert [one for one in told["told"] if one["code"] != "asyncapi-latest-version"] == []
        assert told["version"] == "3.0.0"

    def test_it_says_who_sends_what_where(self, told: Json) -> None:
        operations = {one["id"]: one for one in told["operations"]}
        said = {name: (one["action"], one["channels"], one["servers"]) for name, one in operations.items()}
        assert said == {
            "follow": ("send", ["feed"], ["wss"]),
            "stream": ("send", ["stream"], ["https"]),
            "deliver": ("send", ["webhook"], ["https"]),
        }
        assert operations["follow"]["messages"] == operations["stream"]["messages"] == list(KINDS)
        assert operations["deliver"]["messages"] == [f"letter.{kind}" for kind in LETTERS]

    @pytest.mark.parametrize("broken", ["reference", "version"])
    def test_the_parser_would_find_what_is_wrong(self, parsed: Mapping[str, Json], broken: str) -> None:
        assert [one for one in parsed[broken]["told"] if one["code"] != "asyncapi-latest-version"]

    def test_its_examples_fit_its_schemas(self, document: Json, description: Description) -> None:
        messages = document["components"]["messages"]
        assert set(messages) == {*KINDS, *(f"letter.{kind}" for kind in LETTERS)}
        for message in messages.values():
            (shown,) = message["examples"]
            parts = {name: shown[name] for name in ("payload", "headers") if name in shown}
            assert description.problems(message, parts) == []
        assert description.problems(messages["live"], {"payload": {"kind": "live", "cursor": "c"}})

    def test_the_event_in_its_examples_is_one_that_the_hub_would_take(self, document: Json) -> None:
        shown = document["components"]["messages"]["event"]["examples"][0]["payload"]["event"]
        assert registry().contract("threat.reported.v1").check(shown["data"]) == []
        sent = {name: value for name, value in shown.items() if name != "recordedtime"}
        schema = {
            "$ref": "#/components/schemas/event.threat.reported.v1",
            "components": document["components"],
        }
        assert jsonschema_rs.validator_for(schema).is_valid(sent)

    def test_every_parameter_of_the_feed_is_there(self, document: Json) -> None:
        feed = next(one for one in addresses() if one.follower is not None)
        names = [one.name for one in feed.parameters]
        assert list(document["channels"]["feed"]["bindings"]["ws"]["query"]["properties"]) == names
        assert list(document["operations"]["stream"]["bindings"]["http"]["query"]["properties"]) == names

    def test_the_servers_follow_the_address_of_the_hub(self) -> None:
        plain = asyncapi((), registry(), "http://127.0.0.1:8000")["servers"]
        assert [(plain[name]["protocol"], plain[name]["host"]) for name in ("websocket", "http")] == [
            ("ws", "127.0.0.1:8000"),
            ("http", "127.0.0.1:8000"),
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), beat_seconds=0.3)


@dataclass(frozen=True)
class Said:
    """What a hub really said, by transport, and the document that it serves."""

    websocket: list[Json]
    stream: list[Json]
    document: Json


@pytest.fixture(scope="module")
def said(world: World) -> Said:
    world.issue("leaving", "open-docket", "observer")
    world.issue("leaving too", "open-docket", "observer")
    with serving(world) as hub:
        document = httpx.get(f"{hub.url}/asyncapi.json").json()
        with connect(hub.feed, additional_headers=world.bearer("leaving"), proxy=None) as socket:
            over_socket = heard(iter(lambda: json.loads(socket.recv(timeout=PATIENCE)), None), "live")
            everything_happens(hub, world)
            # A busy hub may have a quiet moment in between.
            for last in ("withdrawn", "beat"):
                over_socket += heard(iter(lambda: json.loads(socket.recv(timeout=PATIENCE)), None), last)
            world.revoke("leaving")
            over_socket += heard(iter(lambda: json.loads(socket.recv(timeout=PATIENCE)), None), "bye")
        headers = {**world.bearer("leaving too"), "Accept": "text/event-stream"}
        address = f"{hub.url}/api/v1/feed?after=begin"
        with httpx.stream("GET", address, headers=headers, timeout=PATIENCE) as answer:
            lines = server_sent(answer.iter_lines())
            streamed = heard(lines, "beat")
            world.revoke("leaving too")
            streamed += heard(lines, "bye")
    return Said(over_socket, streamed, document)


def heard(messages: Iterator[Json], last: str) -> list[Json]:
    """Return messages up to the first of a kind."""
    found = [next(messages)]
    while found[-1]["kind"] != last:
        found.append(next(messages))
    return found


def server_sent(lines: Iterator[str]) -> Iterator[Json]:
    """Yield the object of each server-sent event; its name and id must say the same."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            body = json.loads(fields.pop("data"))
            assert (fields["event"], fields["id"]) == (body["kind"], body["cursor"])
            yield body


def everything_happens(hub: Served, world: World) -> None:
    """Publish, correct, retract, and let an embargo end."""
    reports(hub, world)
    amendments(hub, world)


def reports(hub: Served, world: World) -> None:
    """Publish three events, and a fourth under embargo."""
    for number in range(3):
        hub.post(threat(number), world.bearer("publisher"))
    hub.post(threat(3, notbefore="2031-05-04T13:00:00Z"), world.bearer("publisher"))


def amendments(hub: Served, world: World) -> None:
    """Correct, retract, and let the embargo end."""
    publisher = world.bearer("publisher")
    about = {**example("record.corrected.v1"), "about_event": "t-0"}
    about.pop("about_source", None)
    hub.post(amendment("record.corrected", about), publisher)
    about = {**example("record.retracted.v1"), "about_event": "t-1"}
    about.pop("about_source", None)
    hub.post(amendment("record.retracted", about), publisher)
    world.clock.move(hours=2)


def amendment(event_type: str, data: Json) -> Json:
    return {**threat(99), "id": event_type, "type": event_type, "data": data}


class TestARunningHub:
    def test_it_serves_the_document(self, said: Said, document: Json) -> None:
        mine = {name: part for name, part in document.items() if name != "servers"}
        assert {name: part for name, part in said.document.items() if name != "servers"} == mine

    def test_it_says_every_kind_of_message(self, said: Said) -> None:
        assert {one["kind"] for one in said.websocket} == set(KINDS)
        assert {one["kind"] for one in said.stream} >= {"event", "live", "beat", "bye"}

    def test_each_message_fits_its_description_and_no_other(self, said: Said) -> None:
        messages, served = said.document["components"]["messages"], Description(said.document)
        for one in [*said.websocket, *said.stream]:
            fitting = [kind for kind in KINDS if not served.problems(messages[kind], {"payload": one})]
            assert fitting == [one["kind"]], served.problems(messages[one["kind"]], {"payload": one})

    def test_each_message_has_no_member_that_is_not_described(self, said: Said) -> None:
        schemas = said.document["components"]["schemas"]
        for one in [*said.websocket, *said.stream]:
            assert one.keys() <= schemas[f"Feed{one['kind'].capitalize()}"]["properties"].keys()


def test_webhooks_fit_their_description(tmp_path: Path, document: Json, description: Description) -> None:
    world = make_following_world(tmp_path)
    with receiving() as receiver, serving(world) as hub, httpx.Client(base_url=hub.url) as door:
        following = Follower(door, world)
        subscription = following.follow(receiver.url, signature=["v1", "v1a"])
        following.act(subscription, "test")
        reports(hub, world)
        receiver.wait_for(4)
        amendments(hub, world)
        came = receiver.until({"test", "event", "changed", "withdrawn"})
    messages = document["components"]["messages"]
    for one in came:
        said = {"payload": one.said, "headers": {name.lower(): text for name, text in one.headers.items()}}
        fitting = [kind for kind in LETTERS if not description.problems(messages[f"letter.{kind}"], said)]
        expected = messages[f"letter.{one.said['type']}"]
        assert fitting == [one.said["type"]], description.problems(expected, said)
