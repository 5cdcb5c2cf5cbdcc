"""A new event type is three new files and no edit: the hub validates, feeds, draws, finds and describes it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from hub.app import build
from projections.rules import imply, load_rules
from schemas.registry import Registry
from tests.folding import recorded
from tests.running import Served, World, make_world, serving

Json = Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "events", "projections", "hub")
STEM = "visit.reported.v1"
COMMON = "https://solidarity-hub.example/schemas/common#/$defs"
THREAT, LAWYER = "threat:harbour-bar-watch.1", "lawyer:harbour-bar-watch.1"

EXAMPLE = {
    "threat": THREAT,
    "lawyer": LAWYER,
    "visited": "2031-04-28",
    "country": "QR",
    "title": "Colleagues were let in for a quarter of an hour",
    "health": "Kingfisher: fit to travel",
}

SCHEMA: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://solidarity-hub.example/schemas/visit.reported/1",
    "title": "A lawyer in custody was visited",
    "description": "Say that colleagues saw the lawyer, and how.",
    "x-class": "report",
    "x-publishers": ["monitor"],
    "x-tlp": "green",
    "x-subject": "/threat",
    "type": "object",
    "required": ["threat", "lawyer"],
    "properties": {
        "threat": {"$ref": f"{COMMON}/ref_threat", "description": "The report of the arrest."},
        "lawyer": {"$ref": f"{COMMON}/ref_lawyer", "description": "Who was visited."},
        "visited": {"$ref": f"{COMMON}/edtf", "description": "When."},
        "country": {"$ref": f"{COMMON}/country", "description": "Where."},
        "title": {"$ref": f"{COMMON}/text_public", "description": "In one sentence that names nobody."},
        "health": {
            "$ref": f"{COMMON}/text_private",
            "description": "How the lawyer is.",
            "x-seal": "/lawyer",
            "x-audience": "amber+strict",
        },
    },
    "unevaluatedProperties": False,
    "examples": [EXAMPLE],
}

RULE: Json = {
    "stem": STEM,
    "when": ["/visited"],
    "countries": ["/country"],
    "nodes": [{"ref": "/threat", "props": {"last_visit": "/visited"}}, {"ref": "/lawyer"}],
    "ties": [
        {"kind": "TARGETS", "from": "/threat", "to": "/lawyer"},
        {"kind": "OBSERVED_BY", "from": "/lawyer", "to": "@publisher", "since": "/visited"},
    ],
}

FIXTURE: Json = {
    "example": EXAMPLE,
    "accept": [{"threat": THREAT, "lawyer": LAWYER}],
    "refuse": [
        {
            "data": {"threat": LAWYER, "visited": "yesterday"},
            "problems": [
                {"pointer": "/data/lawyer", "code": "required"},
                {"pointer": "/data/threat", "code": "not_a_reference"},
                {"pointer": "/data/visited", "code": "not_edtf"},
            ],
        }
    ],
    "implies": {
        "nodes": [LAWYER, "partner:harbour-bar-watch", THREAT],
        "ties": [
            [LAWYER, "OBSERVED_BY", "partner:harbour-bar-watch"],
            [THREAT, "TARGETS", LAWYER],
        ],
    },
}


def write(folder: Path) -> Path:
    """Write the schema and the rule as they would lie in the packages."""
    for name, content in (("types", SCHEMA), ("rules", RULE)):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{STEM}.json").write_text(json.dumps(content), "utf-8")
    return folder


@dataclass
class ExtendedWorld(World):
    """A world whose hub is started with a folder of further types."""

    extra: Path = Path()

    def app(self) -> Any:
        return build(self.settings, self.clock, self.extra, self.chance)


def extended(folder: Path) -> ExtendedWorld:
    """Make a hub's folder, and beside it one with the new type."""
    made, extra = make_world(folder / "hub"), write(folder / "extra")
    fields = {name: getattr(made, name) for name in ("settings", "clock", "chance", "tokens", "accounts")}
    return ExtendedWorld(registry=Registry.load(extra), extra=extra, **fields)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ExtendedWorld:
    return extended(tmp_path_factory.mktemp("extended"))


@pytest.fixture(scope="module")
def hub(world: ExtendedWorld) -> Iterator[Served]:
    with serving(world) as served:
        yield served


def event(**more: Json) -> dict[str, Json]:
    own = {"specversion": "1.0", "id": "visit-1", "source": "urn:hub:partner:harbour-bar-watch"}
    return {**own, "type": "visit.reported", "data": EXAMPLE, **more}


@pytest.fixture(scope="module")
def cursor(hub: Served, world: ExtendedWorld) -> str:
    said = hub.post(event(), world.bearer("publisher"))
    assert said["status"] == "stored"
    return str(said["cursor"])


def ask(hub: Served, world: World, path: str, who: str = "observer", **params: str) -> Json:
    answer = httpx.get(f"{hub.url}{path}", params=params, headers=world.bearer(who))
    return answer.raise_for_status().json()


def test_the_three_files_keep_their_promise(world: ExtendedWorld) -> None:
    """What the tests of every type ask of its fixture."""
    contract, rule = world.registry.contract(STEM), load_rules(world.registry, world.extra)[STEM]
    assert [contract.check(data) for data in (FIXTURE["example"], *FIXTURE["accept"])] == [[], []]
    for refused in FIXTURE["refuse"]:
        said = [{"pointer": one.pointer, "code": one.code} for one in contract.check(refused["data"])]
        assert said == refused["problems"]
    implied = imply(rule, recorded(1, "visit.reported", EXAMPLE, "harbour-bar-watch"), contract)
    ends = {ref for tie in implied.ties for ref in (tie.source, tie.target)}
    assert sorted(ends | {node.ref for node in implied.nodes}) == FIXTURE["implies"]["nodes"]
    assert sorted([tie.source, tie.kind, tie.target] for tie in implied.ties) == FIXTURE["implies"]["ties"]


def test_a_bad_one_is_refused_in_plain_words(hub: Served, world: ExtendedWorld) -> None:
    bad = event(id="bad", data=FIXTURE["refuse"][0]["data"])
    answer = httpx.post(f"{hub.url}/api/v1/events", json=bad, headers=world.bearer("publisher"))
    assert answer.status_code == 422
    said = [{"pointer": one["pointer"], "code": one["code"]} for one in answer.json()["errors"]]
    assert said == FIXTURE["refuse"][0]["problems"]


def test_it_is_among_the_events(hub: Served, world: ExtendedWorld, cursor: str) -> None:
    page = ask(hub, world, "/api/v1/events", at_least=cursor, type="visit.*", country="QR", about=LAWYER)
    assert [one["id"] for one in page["events"]] == ["visit-1"]
    assert page["events"][0]["subject"] == THREAT
    assert "health" not in page["events"][0]["data"]


def test_it_comes_over_the_feed(hub: Served, world: ExtendedWorld, cursor: str) -> None:
    address = f"{hub.feed}?after=begin&type=visit.reported"
    with connect(address, additional_headers=world.bearer("observer"), proxy=None) as socket:
        message = json.loads(socket.recv(timeout=20))
    assert (message["kind"], message["cursor"], message["event"]["id"]) == ("event", cursor, "visit-1")
    assert sorted(message["touches"]) == FIXTURE["implies"]["nodes"]


def test_it_is_drawn_in_the_graph(hub: Served, world: ExtendedWorld, cursor: str) -> None:
    graph = ask(hub, world, "/api/v1/graph", at_least=cursor, about=LAWYER)
    ties = sorted([one["from"], one["kind"], one["to"]] for one in graph["edges"])
    assert ties == FIXTURE["implies"]["ties"]
    node = ask(hub, world, f"/api/v1/threats/{THREAT}")
    assert node["props"]["last_visit"]["value"] == "2031-04-28"


def test_search_finds_it_by_what_each_reader_may_see(hub: Served, world: ExtendedWorld, cursor: str) -> None:
    world.issue("strict", "harbour-bar-watch", "coordinator", clearance="amber+strict")
    asked = [("quarter", "observer"), ("kingfisher", "observer"), ("kingfisher", "strict")]
    found = [ask(hub, world, "/api/v1/search", who, q=word, at_least=cursor)["total"] for word, who in asked]
    assert found == [1, 0, 1]


def test_its_schema_and_the_descriptions_are_served(hub: Served, world: ExtendedWorld) -> None:
    schema = ask(hub, world, "/schemas/visit.reported/1")
    assert (schema["title"], schema["examples"]) == (SCHEMA["title"], [EXAMPLE])
    assert "visit.reported" in [one["type"] for one in ask(hub, world, "/schemas")["types"]]
    assert STEM in ask(hub, world, "/openapi.json")["components"]["schemas"]
    assert STEM in json.dumps(ask(hub, world, "/asyncapi.json"))
    assert "visit.reported" in ask(hub, world, "/api/v1/me", "publisher")["types"]
    assert SCHEMA["title"] in httpx.get(f"{hub.url}/docs").text


def test_a_hub_starts_again_on_data_that_hold_it(tmp_path: Path) -> None:
    world = extended(tmp_path)
    with serving(world) as hub:
        cursor = hub.post(event(), world.bearer("publisher"))["cursor"]
    with serving(world) as hub:
        page = ask(hub, world, "/api/v1/events", at_least=cursor, type="visit.reported")
    assert [one["id"] for one in page["events"]] == ["visit-1"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the packages into which the files were dropped, and nothing else changed."""
    folder = tmp_path / "copy"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = contents(folder)
    for place, content in (
        (f"schemas/types/{STEM}.json", SCHEMA),
        (f"projections/rules/{STEM}.json", RULE),
    ):
        (folder / place).write_text(json.dumps(content), "utf-8")
    after = contents(folder)
    assert {place: after[place] for place in before} == before
    assert len(after) == len(before) + 2
    return folder


def run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "COVERAGE"))}
    return subprocess.run(
        [sys.executable, "-m", "hub", *words],
        cwd=copy,
        env={**environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_commands_of_a_hub_with_these_files_know_it(copy: Path, tmp_path: Path) -> None:
    types = run(copy, "types", "--json").stdout.splitlines()
    assert "visit.reported" in [json.loads(line)["type"] for line in types]
    example = run(copy, "example", "visit.reported", "--partner", "open-docket", "--json").stdout
    assert json.loads(example)["data"]["threat"] == "threat:open-docket.1"
    path = tmp_path / "example.json"
    path.write_text(example, "utf-8")
    assert run(copy, "validate", str(path)).returncode == 0
    sheet = tmp_path / "visits.csv"
    sheet.write_text(
        f"data.threat,data.lawyer,data.visited\n{THREAT},{LAWYER},2031\n{THREAT},,2031\n", "utf-8"
    )
    refused = run(copy, "validate", str(sheet), "--type", "visit.reported")
    assert refused.returncode == 1
    assert "lawyer" in refused.stdout + refused.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}
