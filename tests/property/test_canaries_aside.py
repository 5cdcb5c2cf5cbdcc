"""Where nobody looks for values: errors, logs, metrics, documents, the operator's commands, the files."""

import json
import logging
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from hub.commands.root import COMMANDS
from tests.canaries import Aviary, Who, heard, heard_in_folder
from tests.glass import GLASS, TWO, Broken, asking
from tests.nest import FIRST, SECOND, make_nest
from tests.running import World, example, serving
from tests.wire import ORIGIN, Reply, Wire

Json = Any

pytestmark = pytest.mark.usefixtures("glass")

CALLER = Who("caller", FIRST, "pat", "amber")
STEWARD = "steward"
EVENTS = "/api/v1/events"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Aviary]:
    world, aviary = make_nest(tmp_path_factory.mktemp("nest"))
    world.issue(CALLER.name, FIRST, "publisher", account=CALLER.account, clearance=CALLER.clearance)
    world.issue(STEWARD, "stewards", "steward", clearance="red")
    return world, aviary


@pytest.fixture(scope="module")
def secret(aviary: Aviary) -> str:
    """A word in a title that the caller may not see."""
    return next(
        str(released.envelope["data"]["title"])
        for released in aviary.events
        if released.stem == "threat.reported.v1" and released.publisher == SECOND and released.closed
    )


@dataclass(frozen=True)
class Slip:
    """A call that holds a word in a place where it does not belong.

    Args:
        status: of the answer.
        is_named: the answer may name the caller's own field, parameter or id.
    """

    status: int
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_named: bool = False


JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}


def event(**more: Json) -> dict[str, Json]:
    """Return a small event of the caller's."""
    data = {"threat": f"threat:{FIRST}.1", "targets": [f"lawyer:{FIRST}.1"], "categories": ["liberty.arrest"]}
    own = {
        "specversion": "1.0",
        "id": "slip",
        "source": f"urn:hub:partner:{FIRST}",
        "type": "threat.reported",
    }
    return {**own, **more, "data": {**data, **more.get("data", {})}}


def slips(word: str) -> dict[str, Slip]:
    """Return calls that quote a word in every way in which one can go wrong."""

    def posted(status: int, **more: Json) -> Slip:
        return Slip(status, "POST", EVENTS, "", JSON, json.dumps(event(**more)).encode())

    def asked(query: str, path: str = EVENTS) -> Slip:
        return Slip(400, "GET", path, query)

    attributes = ("specversion", "dataschema", "time", "subject", "tlp", "notbefore", "correlationid")
    fields = [name for name in example("threat.reported.v1") if name not in {"title", "narrative"}]
    bad_lines = [f'{{"{word}', json.dumps(word), json.dumps(event(data={"status": word})), f'["{word}"]']
    return {
        "JSON that breaks off": Slip(400, "POST", EVENTS, "", JSON, f'{{"title": "{word}'.encode()),
        "JSON that says a key twice": Slip(
            400, "POST", EVENTS, "", JSON, f'{{"{word}":1,"{word}":1}}'.encode()
        ),
        "JSON that is no object": Slip(422, "POST", EVENTS, "", JSON, json.dumps(word).encode()),
        "a batch that is no list": Slip(
            400,
            "POST",
            EVENTS,
            "",
            {"content-type": "application/cloudevents-batch+json"},
            f'"{word}"'.encode(),
        ),
        "a source of another": posted(403, source=f"urn:hub:partner:{SECOND}", id=word),
        "a source of nobody": posted(403, source=f"urn:hub:partner:{word}"),
        "a source that is none": posted(422, source=word),
        "an unknown type": posted(422, type=f"threat.{word}"),
        **{f"a bad {name}": posted(422, **{name: f"{word} {word}"}) for name in attributes},
        **{f"a bad {name} in data": posted(422, data={name: {"x": word}}) for name in fields},
        "an unknown attribute": replace(posted(422, **{f"{word}_x": word}), is_named=True),
        "an unknown field": replace(posted(422, data={word: word}), is_named=True),
        "a retraction of another's": Slip(
            422,
            "POST",
            EVENTS,
            "",
            JSON,
            json.dumps(
                {
                    **event(type="record.retracted"),
                    "data": {"about_event": word, "about_source": f"urn:hub:partner:{SECOND}"},
                }
            ).encode(),
        ),
        "bad lines": Slip(207, "POST", EVENTS, "", LINES, "\n".join(bad_lines).encode()),
        "an id of another": Slip(
            200, "POST", EVENTS, "dry_run=true", JSON, json.dumps(event(id=word)).encode(), is_named=True
        ),
        "an unknown parameter": Slip(400, "GET", EVENTS, f"{word}=1", is_named=True),
        "an unknown parameter of a POST": Slip(400, "POST", EVENTS, f"colour={word}", JSON, b"{}"),
        "an unknown value": asked(f"colour={word}"),
        **{
            f"a bad {name}": asked(f"{name}={word}!")
            for name in ("limit", "after", "at_least", "since", "type")
        },
        "another hub's cursor": asked(f"after={word}"),
        "another hub's cursor to wait for": asked(f"at_least={word}"),
        "a bad country": asked(f"country={word}", "/api/v1/lawyers"),
        "a bad sort": asked(f"sort={word}!", "/api/v1/lawyers"),
        "a bad format": asked(f"format={word}", "/api/v1/graph/export"),
        "an unknown address": Slip(404, "GET", f"/api/v1/{word}"),
        "an unknown list": Slip(404, "GET", f"/api/v1/{word}/lawyer:{FIRST}.{word}"),
        "a hidden reference": Slip(404, "GET", f"/api/v1/lawyers/lawyer:{SECOND}.{word}"),
        "a hidden node": Slip(404, "GET", f"/api/v1/graph/nodes/threat:{SECOND}.{word}"),
        "a hidden event": Slip(404, "GET", f"{EVENTS}/urn:hub:partner:{SECOND}/{word}"),
        "a schema of nothing": Slip(404, "GET", f"/schemas/{word}/1"),
        "a static of nothing": Slip(404, "GET", f"/static/{word}.css"),
        "a sign-in link of nobody": Slip(403, "POST", f"/sign-in/{word}", "", FORM),
        "a token of nobody in a form": Slip(403, "POST", "/sign-in", "", FORM, f"token={word}".encode()),
        "a token of nobody": Slip(401, "GET", EVENTS, "", {"authorization": f"Bearer {word}"}),
        "a password": Slip(401, "GET", EVENTS, "", {"authorization": f"Basic {word}"}),
        "a session of nobody": Slip(
            200, "GET", EVENTS, "limit=1", {"authorization": "", "cookie": f"hub_session={word}"}
        ),
        "another origin": Slip(403, "POST", "/sign-in", "", {**FORM, "origin": f"https://{word}.example"}),
        "a body of another kind": Slip(
            415, "POST", EVENTS, "", {"content-type": f"text/{word}"}, word.encode()
        ),
        "a body in another coding": Slip(415, "POST", EVENTS, "", {**JSON, "content-encoding": word}, b"{}"),
        "headers of an event": Slip(422, "POST", EVENTS, "", {**JSON, "ce-type": word, "ce-id": word}, b"{}"),
        "another method": Slip(405, word.upper(), EVENTS),
        "a feed from nowhere": Slip(400, "GET", "/api/v1/feed", f"after={word}"),
        "a feed from nowhere, again": Slip(400, "GET", "/api/v1/feed", "", {"last-event-id": word}),
        "a search for it": Slip(200, "GET", "/api/v1/search", f"q={word}"),
        "where it is not": Slip(200, "GET", "/api/v1/lawyers", f"where=status:{word}"),
        "about nothing": Slip(200, "GET", EVENTS, f"about=lawyer:{SECOND}.{word}"),
    }


def slip(wire: Wire, world: World, one: Slip) -> Reply:
    """Make a call as the caller, unless it shows something else."""
    shown = {name.lower(): value for name, value in {**world.bearer(CALLER.name), **one.headers}.items()}
    return wire.ask(one.method, one.path, one.query, {k: v for k, v in shown.items() if v}, one.body)


def unnamed(answer: Reply) -> bytes:
    """Return an answer without pointers and ids: these may name what the caller sent."""
    return re.sub(rb'"(?:pointer|id)":"[^"]*"', b"", answer.whole)


SLIPS = sorted(slips("zqword"))


@pytest.mark.parametrize("name", SLIPS)
def test_an_answer_to_a_slip_repeats_nothing(name: str, wire: Wire, world: World, secret: str) -> None:
    one = slips(secret)[name]
    answer = slip(wire, world, one)
    assert answer.status == one.status, answer.body
    assert heard(unnamed(answer) if one.is_named else answer.whole, frozenset({secret})) == []


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_with_a_hidden_word_is_answered_like_one_with_any_other(
    name: str, wire: Wire, world: World, secret: str
) -> None:
    other = "zqzzzzzzzz"
    hidden, free = (slip(wire, world, slips(word)[name]) for word in (secret, other))
    assert hidden.status == free.status
    assert hidden.body.replace(secret.encode(), b"-") == free.body.replace(other.encode(), b"-")


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/readyz", "/healthz", "/openapi.json", "/asyncapi.json", "/schemas", "/docs", "/api/v1/me"],
)
def test_what_the_hub_says_about_itself_holds_no_value(
    path: str, wire: Wire, world: World, aviary: Aviary
) -> None:
    answer = wire.ask("GET", path, "", world.bearer(STEWARD))
    assert answer.status == 200
    assert heard(answer.whole, frozenset(aviary.perches)) == []


@pytest.mark.parametrize("command", sorted({"doctor", "verify"} & set(COMMANDS)))
def test_what_an_operator_is_told_holds_no_value(command: str, world: World, aviary: Aviary) -> None:
    arguments = [sys.executable, "-m", "hub", command, "--data", str(world.settings.data)]
    run = subprocess.run(arguments, capture_output=True, timeout=120, check=False)
    assert run.stdout
    assert heard(run.stdout + run.stderr, frozenset(aviary.perches)) == []


def test_nothing_is_logged_that_was_sent_or_told(
    world: World,
    aviary: Aviary,
    secret: str,
    glass: list[Broken],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    # A hub of its own: two on one folder would fold into the same views.
    copy = tmp_path / "own"
    shutil.copytree(world.settings.data, copy, ignore=shutil.ignore_patterns("views.*", "*-shm"))
    world = replace(world, settings=replace(world.settings, data=copy))
    shown = world.bearer(STEWARD)
    with caplog.at_level(1), serving(world) as hub, httpx.Client(base_url=hub.url, headers=shown) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.05)
        for path in (EVENTS, "/api/v1/graph", "/api/v1/threats", "/", "/metrics", "/api/v1/nothing"):
            assert client.get(path).status_code in {200, 404}
        for one in slips(secret).values():
            headers = {**world.bearer(CALLER.name), **one.headers}
            client.request(one.method, f"{one.path}?{one.query}", content=one.body, headers=headers)
        shatter(client, world, aviary, glass[0])
        with connect(f"{hub.feed}?after=begin", additional_headers=shown) as feed:
            told = list(iter(lambda: json.loads(feed.recv())["kind"], "live"))
        # Proof that nothing of what is logged meanwhile is overlooked.
        logging.getLogger("hub.trial").debug("control")
    assert len(told) > 100
    said = "\n".join(_line(one) for one in caplog.records if not one.name.startswith(OWN))
    output = capfd.readouterr()
    assert "hub.trial control" in said
    assert heard(f"{said}\n{output.out}\n{output.err}".encode(), frozenset(aviary.perches)) == []
    assert world.tokens[CALLER.name] not in said


def shatter(client: httpx.Client, world: World, aviary: Aviary, one: Broken) -> None:
    """Break glass over a network."""
    (anna, ben), body = TWO, asking(aviary.events[one.event], "zqglssquick")
    asked = client.post(GLASS, json=body, headers=world.bearer(anna.name)).json()
    at = f"{GLASS}/{asked['request']}"
    assert client.post(f"{at}/approve", headers=world.bearer(anna.name)).status_code == 403
    assert client.post(f"{at}/approve", headers=world.bearer(ben.name)).status_code == 200
    for who in TWO:
        shown = client.get(at, headers=world.bearer(who.name))
        assert shown.json()["event"]["id"] == body["id"]


OWN = ("httpx", "httpcore", "websockets.client")
"""Loggers of the test itself, which calls the hub."""


def _line(one: logging.LogRecord) -> str:
    return logging.Formatter("%(name)s %(message)s").format(one)


def test_what_is_personal_lies_nowhere_in_the_open(world: World, aviary: Aviary) -> None:
    personal = aviary.sealed()
    assert len(personal) > 500
    assert heard_in_folder(world.settings.data, personal, but=("views.*",)) == {}


def test_what_is_personal_lies_nowhere_in_the_open_while_the_hub_runs(
    wire: Wire, world: World, aviary: Aviary
) -> None:
    body = json.dumps(event(id="sealed", data={"narrative": "zqnarratvxb"})).encode()
    assert wire.ask("POST", EVENTS, "", {**world.bearer(CALLER.name), **JSON}, body).status == 201
    wire.settle()
    personal = aviary.sealed() | {"zqnarratvxb"}
    assert heard_in_folder(world.settings.data, personal, but=("views.*",)) == {}
    names = [one.name for one in world.settings.data.rglob("*-wal")]
    assert names
