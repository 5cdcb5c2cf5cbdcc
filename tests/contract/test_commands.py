"""Every command as the public promise says it, called as a person would."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result

import hub.__main__
from hub.client import Event, Live, Turned
from hub.client import Hub as Client
from hub.client.door import Door, Patience
from hub.client.outbox import FILE as OUTBOX_FILE
from hub.client.outbox import Outbox
from hub.client.push import Push, Tally
from hub.commands.catalogue import example_event
from hub.commands.root import COMMANDS
from hub.commands.root import hub as command
from hub.commands.world import World
from hub.keys import CURSOR_KEY
from hub.settings import Settings
from projections.generations import in_use
from tests import running
from tests.running import Chance, Served, SetClock, calling, serving

Json = Any
SLUG = "open-docket"


@dataclass
class Terminal:
    """Calls the command with a world of its own: one that does not wait, unless told how.

    Args:
        sleep: pauses; left out, they are only written down.
    """

    environ: dict[str, str] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)
    clock: SetClock = field(default_factory=SetClock)
    chance: Chance = field(default_factory=lambda: Chance("terminal"))
    sleep: Callable[[float], None] | None = None

    def run(self, *words: object, stdin: str | None = None) -> Result:
        world = World(self.clock, self.chance, self.sleep or self.pauses.append, self.environ)
        return CliRunner().invoke(
            command, [str(word) for word in words], obj=world, input=stdin, prog_name="hub"
        )

    def ok(self, *words: object, stdin: str | None = None) -> str:
        result = self.run(*words, stdin=stdin)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def one(self, *words: object) -> Json:
        return json.loads(self.ok(*words, "--json"))

    def many(self, *words: object) -> list[Json]:
        return [json.loads(line) for line in self.ok(*words, "--json").splitlines()]

    def fails(self, status: int, *words: object, stdin: str | None = None) -> str:
        result = self.run(*words, stdin=stdin)
        assert result.exit_code == status, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result.stderr


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal({"HUB_DATA": str(tmp_path / "data"), "XDG_DATA_HOME": str(tmp_path / "share")})


@dataclass
class Hub:
    """A hub that serves, and what is needed to talk to it."""

    world: running.World
    served: Served
    terminal: Terminal

    @property
    def url(self) -> str:
        return self.served.url

    def remote(self, *words: object) -> list[object]:
        return [*words, "--token", self.world.tokens["docket"]]

    def listed(self) -> list[Json]:
        answer = httpx.get(
            f"{self.url}/api/v1/events",
            params={"type": "threat.*", "limit": "1000"},
            headers=self.world.bearer("docket"),
        )
        found: list[Json] = answer.json()["events"]
        return found


@pytest.fixture
def hub_(tmp_path: Path, terminal: Terminal) -> Iterator[Hub]:
    world = running.make_world(tmp_path / "served")
    with serving(world) as served:
        yield Hub(world, served, terminal)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition that another thread or process brings about."""
    waiting = threading.Event()
    for _ in range(1000):
        if is_so():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come about")


def threats(count: int, **more: Json) -> list[Json]:
    own = [f"{SLUG}.t{number}" for number in range(count)]
    return [
        {
            "specversion": "1.0",
            "id": f"t{number}",
            "source": f"urn:hub:partner:{SLUG}",
            "type": "threat.reported",
            "tlp": "green",
            "data": {
                "threat": f"threat:{one}",
                "targets": [f"lawyer:{one}"],
                "categories": ["liberty.arrest"],
                **more,
            },
        }
        for number, one in enumerate(own)
    ]


def ndjson(path: Path, events: list[Json]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    return path


# --- the command itself


def test_every_command_explains_itself_with_an_example(terminal: Terminal) -> None:
    def each(group: click.Command, words: list[str]) -> Iterator[list[str]]:
        yield words
        if isinstance(group, click.Group):
            for name in group.list_commands(click.Context(group)):
                below = group.get_command(click.Context(group), name)
                assert below is not None
                yield from each(below, [*words, name])

    found = list(each(command, []))
    assert len(found) >= 1 + len(COMMANDS) + 9
    for words in found:
        text = terminal.ok(*words, "--help")
        assert "Example:  " in text, words


def test_an_unknown_command_is_wrong_use(terminal: Terminal) -> None:
    assert "No such command" in terminal.fails(2, "fly")


def test_an_unknown_variable_stops_the_start_with_a_sentence(terminal: Terminal) -> None:
    terminal.environ["HUB_TOKN"] = "x"
    assert "HUB_TOKN is not a setting of the hub. Did you mean HUB_TOKEN?" in terminal.fails(2, "types")


def test_a_bad_value_stops_the_start_with_a_sentence(terminal: Terminal) -> None:
    terminal.environ["HUB_PORT"] = "many"
    assert "HUB_PORT has a bad value" in terminal.fails(2, "types")
    del terminal.environ["HUB_PORT"]
    assert "an address begins with http" in terminal.fails(2, "push", "--to", "ftp://x")


def test_the_real_entry_looks_at_the_real_world(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["hub", "example", "threat.reported"])
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    before = os.umask(0o022)
    try:
        with pytest.raises(SystemExit) as left:
            hub.__main__.main()
    finally:
        assert os.umask(before) == 0o077
    assert left.value.code == 0
    assert json.loads(capsys.readouterr().out)["type"] == "threat.reported"


# --- the catalogue


def test_types_are_listed_offline(terminal: Terminal) -> None:
    rows = terminal.many("types")
    assert len(rows) == 35
    assert rows[0].keys() == {"type", "version", "title", "class", "publishers", "tlp"}
    assert len(terminal.ok("types").splitlines()) == 35


def test_a_schema_stands_by_itself(terminal: Terminal) -> None:
    for name in ("hearing.reported", "hearing.reported.v1"):
        schema = terminal.one("schema", name)
        assert schema["$id"].endswith("/hearing.reported/1")
    refs = terminal.ok("schema", "hearing.reported").split('"$ref": "')[1:]
    assert all(ref.startswith("#/$defs/") for ref in refs)


def test_an_unknown_type_is_wrong_use_and_the_nearest_is_named(terminal: Terminal) -> None:
    assert "Did you mean threat.reported?" in terminal.fails(2, "schema", "threat.reportd")
    assert "There is no event type" in terminal.fails(2, "example", "zzz")
    assert "slug" in terminal.fails(2, "example", "threat.reported", "--partner", "Not A Slug")


def test_every_example_is_valid_has_a_fresh_id_and_speaks_for_the_partner(
    terminal: Terminal, tmp_path: Path
) -> None:
    registry, world = running.registry(), World(terminal.clock, terminal.chance, terminal.pauses.append, {})
    events = [example_event(registry.contract(stem), SLUG, world) for stem in registry.stems]
    events[0] = terminal.one("example", events[0]["type"], "--partner", SLUG)
    assert len({event["id"] for event in events}) == len(events)
    assert {event["source"] for event in events} == {f"urn:hub:partner:{SLUG}"}
    assert "harbour-bar-watch" not in json.dumps(events)
    rows = terminal.many("validate", ndjson(tmp_path / "all.ndjson", events))
    assert [row["errors"] for row in rows] == [[]] * 35


# --- validate


def test_validate_says_what_the_hub_says(hub_: Hub, tmp_path: Path) -> None:
    event = threats(1, colour="red", occurred="2026/11/02")[0]
    del event["data"]["categories"]
    result = hub_.terminal.run("validate", ndjson(tmp_path / "a.ndjson", [event]), "--json")
    assert result.exit_code == 1
    [row] = [json.loads(line) for line in result.stdout.splitlines()]
    answer = httpx.post(f"{hub_.url}/api/v1/events", json=event, headers=hub_.world.bearer("docket"))
    assert (row["ok"], row["line"], row["errors"]) == (False, 1, answer.json()["errors"])


def test_validate_names_file_line_field_and_hint(terminal: Terminal, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text("threat,targets,categories\nthreat:open-docket.1,lawyer:open-docket.1,liberty.arest\n")
    result = terminal.run("validate", sheet, "--type", "threat.reported")
    assert result.exit_code == 1
    assert f"{sheet}:2: /data/categories/0: " in result.stdout
    assert "liberty.arrest" in result.stdout
    assert "0 valid, 1 refused." in result.stdout


def test_validate_takes_bare_payloads_from_standard_input(terminal: Terminal) -> None:
    payload = json.dumps(threats(1)[0]["data"])
    assert "1 valid" in terminal.ok("validate", "-", "--type", "threat.reported", stdin=payload)


def test_validate_tells_lines_that_cannot_be_read(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("{\n7\n")
    result = terminal.run("validate", tmp_path / "a.ndjson", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["line"], row["id"], row["errors"][0]["code"]) for row in rows] == [
        (1, None, "malformed_json"), (2, None, "wrong_type"),
    ]  # fmt: skip


def test_a_file_that_is_not_there_is_wrong_use(terminal: Terminal) -> None:
    terminal.fails(2, "validate", "nowhere.json")
    terminal.fails(2, "validate")


# --- the operator's commands


def test_init_makes_a_hub_and_prints_the_first_stewards_token_once(
    terminal: Terminal, tmp_path: Path
) -> None:
    row = terminal.one("init")
    assert (row["partner"], row["role"], row["clearance"]) == ("stewards", "steward", "red")
    settings = Settings(data=tmp_path / "data")
    with calling(running.World(settings, terminal.clock, running.registry())) as client:
        me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {row['token']}"}).json()
    assert me["partner"] == "stewards"
    assert row["token"] not in "".join(
        path.read_text("latin-1") for path in (tmp_path / "data").rglob("*") if path.is_file()
    )


def test_init_leaves_what_is_there_alone(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("init")
    key = (tmp_path / "data" / "keys" / CURSOR_KEY).read_bytes()
    assert "is a hub already; nothing was changed" in terminal.fails(1, "init")
    assert (tmp_path / "data" / "keys" / CURSOR_KEY).read_bytes() == key
    assert len(terminal.many("token", "list")) == 1
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").touch()
    assert "holds something else" in terminal.fails(1, "init", "--data", tmp_path / "photos")
    assert [one.name for one in (tmp_path / "photos").iterdir()] == ["one.jpg"]


def test_init_completes_what_a_killed_init_left(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("init")
    (tmp_path / "data" / "keys" / CURSOR_KEY).unlink()
    assert terminal.one("init")["partner"] == "stewards"


def test_init_that_cannot_reach_its_store_says_so(terminal: Terminal) -> None:
    assert terminal.fails(3, "init", "--store", "postgresql://127.0.0.1:1/none?connect_timeout=1")


@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["partner", "list"],
        ["token", "list"],
        ["rebuild"],
        ["doctor"],
        ["partner", "add", "ab", "--name", "x", "--role", "monitor"],
    ],
)
def test_a_folder_that_is_no_hub_is_wrong_use(terminal: Terminal, words: list[str], tmp_path: Path) -> None:
    assert "run `hub init --data DIR` first" in terminal.fails(2, *words)
    assert not (tmp_path / "data").exists()


def test_a_partner_is_admitted_and_its_token_printed_once(terminal: Terminal) -> None:
    terminal.ok("init")
    row = terminal.one(
        "partner", "add", SLUG, "--name", "Open Docket", "--role", "monitor", "--role", "observer"
    )
    assert (row["partner"], row["role"], row["name"]) == (SLUG, "publisher", "Open Docket")
    assert row["token"].startswith("hub_")
    listed = terminal.many("partner", "list")
    assert [(one["partner"], one["status"], one["roles"]) for one in listed] == [
        ("stewards", "admitted", ["steward"]), (SLUG, "admitted", ["monitor", "observer"]),
    ]  # fmt: skip
    shown = terminal.one("partner", "show", SLUG)
    assert shown["name"] == {"en": "Open Docket"}
    assert [one["id"] for one in shown["tokens"]] == [row["id"]]
    assert row["token"] not in json.dumps(shown)
    assert f"token {row['id']}: publisher, amber" in terminal.ok("partner", "show", SLUG)
    assert "admitted" in terminal.ok("partner", "list")


def test_a_partner_is_admitted_once_and_by_the_rules(terminal: Terminal) -> None:
    terminal.ok("init")
    terminal.ok("partner", "add", SLUG, "--name", "Open Docket", "--role", "monitor")
    assert "admitted already" in terminal.fails(1, "partner", "add", SLUG, "--name", "x", "--role", "monitor")
    assert "/data/roles/0" in terminal.fails(1, "partner", "add", "ab", "--name", "x", "--role", "king")
    assert "/data/partner" in terminal.fails(
        1, "partner", "add", "Not A Slug", "--name", "x", "--role", "monitor"
    )
    assert "/data/partner" in terminal.fails(1, "partner", "add", "hub", "--name", "x", "--role", "monitor")


def test_a_suspension_holds_at_once_for_a_hub_that_runs(hub_: Hub) -> None:
    data = ["--data", hub_.world.settings.data]
    headers = hub_.world.bearer("docket")
    assert httpx.get(f"{hub_.url}/api/v1/me", headers=headers).status_code == 200
    row = hub_.terminal.one("partner", "suspend", SLUG, "--reason", "seized", *data)
    assert row == {"partner": SLUG, "status": "suspended", "scope": "both"}
    assert httpx.get(f"{hub_.url}/api/v1/me", headers=headers).status_code == 403
    assert hub_.terminal.one("partner", "show", SLUG, *data)["status"] == "suspended"
    hub_.terminal.ok("partner", "add", SLUG, "--name", "Open Docket", "--role", "monitor", *data)
    assert httpx.get(f"{hub_.url}/api/v1/me", headers=headers).status_code == 200


def test_who_was_never_admitted_is_refused(terminal: Terminal) -> None:
    terminal.ok("init")
    for words in (
        ["partner", "show", "nobody"],
        ["partner", "suspend", "nobody"],
        ["token", "add", "nobody", "--role", "observer"],
    ):
        assert "No partner nobody was admitted" in terminal.fails(1, *words)
    assert "stewards cannot be suspended" in terminal.fails(2, "partner", "suspend", "stewards")


def test_tokens_are_made_listed_and_revoked(hub_: Hub) -> None:
    data = ["--data", hub_.world.settings.data]
    wanted = [
        "--role",
        "observer",
        "--clearance",
        "green",
        "--expires",
        "90d",
        "--read-only",
        "--account",
        "ann",
    ]
    row = hub_.terminal.one("token", "add", SLUG, *wanted, *data)
    assert (row["partner"], row["account"], row["clearance"], row["read_only"]) == (
        SLUG,
        "ann",
        "green",
        True,
    )
    assert row["expires"] == "2031-08-02T12:00:00Z"
    headers = {"Authorization": f"Bearer {row['token']}"}
    assert httpx.get(f"{hub_.url}/api/v1/me", headers=headers).status_code == 200
    assert row["id"] in hub_.terminal.ok("token", "list", SLUG, *data)
    hub_.terminal.ok("token", "revoke", row["id"], *data)
    assert httpx.get(f"{hub_.url}/api/v1/me", headers=headers).status_code == 401
    states = {one["id"]: one["state"] for one in hub_.terminal.many("token", "list", *data)}
    assert states[row["id"]] == "revoked"
    assert set(states.values()) == {"works", "revoked"}
    assert "no token of this id" in hub_.terminal.fails(1, "token", "revoke", "nothing", *data)


def test_an_expired_token_is_listed_as_such(terminal: Terminal) -> None:
    terminal.ok("init")
    row = terminal.one("token", "add", "stewards", "--role", "coordinator", "--expires", "1h")
    assert row["clearance"] == "amber+strict"
    assert row["expires"] in terminal.ok("partner", "show", "stewards")
    terminal.clock.move(hours=2)
    assert {one["id"]: one["state"] for one in terminal.many("token", "list")}[row["id"]] == "expired"
    terminal.ok("token", "revoke", row["id"])
    assert "revoked" in terminal.ok("partner", "show", "stewards")


@pytest.mark.parametrize("span", ["soon", "0d", "90", "-1d"])
def test_a_span_that_is_none_is_wrong_use(terminal: Terminal, span: str) -> None:
    terminal.ok("init")
    assert "e.g. 90d" in terminal.fails(2, "token", "add", "stewards", "--role", "steward", "--expires", span)


def test_a_rebuild_reaches_a_hub_that_runs(hub_: Hub) -> None:
    folder = hub_.world.settings.data
    row = hub_.terminal.one("rebuild", "graph", "--data", folder)
    assert (row["view"], row["rebuild"]) == ("graph", "ready")
    # It is exchanged, and the file that was served before is gone.
    until(lambda: not [*folder.glob("*.prepared-*")] and len(in_use(folder / "views.sqlite")) == 1)
    hub_.terminal.fails(2, "rebuild", "colours", "--data", folder)


def test_the_doctor_finds_a_healthy_hub_healthy(hub_: Hub) -> None:
    rows = hub_.terminal.many("doctor", "--data", hub_.world.settings.data)
    assert {"log", "stewards", "accounts", "secrecy", "vault", "files", "views"} <= {
        row["check"] for row in rows
    }
    assert all(row["ok"] for row in rows)


def test_the_doctor_says_what_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    row = terminal.one("init")
    data = tmp_path / "data"
    assert "none yet" in terminal.ok("doctor")
    terminal.ok("token", "revoke", row["id"])
    (data / "keys" / CURSOR_KEY).chmod(0o644)
    (data / "views.sqlite").write_bytes(b"no database at all, but long enough to look like one" * 40)
    rows = {
        row["check"]: row
        for row in [json.loads(line) for line in terminal.run("doctor", "--json").stdout.splitlines()]
    }
    assert {name for name, one in rows.items() if not one["ok"]} == {"accounts", "secrecy", "files", "views"}
    assert CURSOR_KEY in rows["secrecy"]["detail"]
    assert "BAD  accounts" in terminal.run("doctor").stdout
    assert terminal.run("doctor").exit_code == 1


def test_the_doctor_tells_how_far_views_are_behind(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("init")
    with calling(running.World(Settings(data=tmp_path / "data"), terminal.clock, running.registry())):
        pass
    terminal.ok("partner", "add", SLUG, "--name", "Open Docket", "--role", "monitor")
    assert "graph is 2 events behind" in terminal.ok("doctor")  # the admission and the token


def test_an_edge_without_a_bus_is_wrong_use(terminal: Terminal) -> None:
    terminal.ok("init")
    assert "--bus" in terminal.fails(2, "serve", "--edge")
    assert "--workers" in terminal.fails(2, "serve", "--workers", "0")


def test_a_port_that_is_taken_is_told(terminal: Terminal, hub_: Hub) -> None:
    terminal.ok("init")
    port = hub_.url.rpartition(":")[2]
    assert "cannot listen" in terminal.fails(2, "serve", "--port", port)


# --- push, follow, export


def test_push_sends_a_sheet_once_however_often_it_is_pushed(hub_: Hub, tmp_path: Path) -> None:
    sheet = tmp_path / "threats.csv"
    sheet.write_text(
        "threat,targets,categories,place.country,tlp\n"
        "threat:open-docket.1,lawyer:open-docket.1,liberty.arrest;harassment.threat,QM,green\n"
        "threat:open-docket.2,lawyer:open-docket.2,liberty.arrest,QN,green\n"
    )
    words = hub_.remote("push", sheet, "--type", "threat.reported", "--to", hub_.url)
    assert hub_.terminal.one(*words) == {
        "stored": 2, "duplicates": 0, "refused": 0, "waiting": 0, "dry_run": False, "refusals": [],
    }  # fmt: skip
    assert "0 stored, 2 known already, 0 refused." in hub_.terminal.ok(*words)
    assert [event["data"]["place"]["country"] for event in hub_.listed()] == ["QM", "QN"]


def test_push_reports_refused_lines_and_goes_on(hub_: Hub, tmp_path: Path) -> None:
    good = threats(3)
    good[1]["data"]["categories"] = ["liberty.arest"]
    file = ndjson(tmp_path / "a.ndjson", good)
    file.write_text(file.read_text() + "{broken\n")
    result = hub_.terminal.run(*hub_.remote("push", file, "--to", hub_.url))
    assert result.exit_code == 1
    assert f"{file}:2: /data/categories/0: " in result.stdout
    assert f"{file}:4: Not valid JSON. Column 2." in result.stdout
    assert "2 stored, 0 known already, 2 refused." in result.stdout
    row = json.loads(hub_.terminal.run(*hub_.remote("push", file, "--to", hub_.url, "--json")).stdout)
    assert [(one["line"], one["id"]) for one in row["refusals"]] == [(4, None), (2, "t1")]
    assert [event["id"] for event in hub_.listed()] == ["t0", "t2"]


def test_a_sheet_row_that_is_refused_by_itself_keeps_its_id(hub_: Hub, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,data.threat\nx1,threat:open-docket.1,more\n")
    result = hub_.terminal.run(*hub_.remote("push", tmp_path / "a.csv", "--to", hub_.url, "--json"))
    assert json.loads(result.stdout)["refusals"][0]["id"] == "x1"


def test_an_unknown_type_ends_a_push_before_it_begins(terminal: Terminal) -> None:
    assert "Did you mean" in terminal.fails(2, "push", "--type", "threat.reportd")


def test_a_dry_run_stores_nothing_and_keeps_nothing(hub_: Hub, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "a.ndjson", threats(2))
    words = hub_.remote("push", file, "--to", hub_.url, "--dry-run")
    assert "2 would be stored" in hub_.terminal.ok(*words)
    assert hub_.listed() == []
    assert not (tmp_path / "share").exists()


def test_a_hub_that_is_away_leaves_events_in_the_outbox_for_the_next_push(hub_: Hub, tmp_path: Path) -> None:
    url, file, box = hub_.url, ndjson(tmp_path / "a.ndjson", threats(3)), tmp_path / "box"
    hub_.served.stop()
    words = hub_.remote("push", file, "--to", url, "--outbox", box, "--patience", "1")
    result = hub_.terminal.run(*words)
    assert result.exit_code == 3
    assert "3 waiting in the outbox" in result.stdout
    assert "stays in the outbox: run the same command again" in result.stderr
    assert hub_.terminal.pauses == [0.5, 0.5]
    assert (box / OUTBOX_FILE).exists()
    world = replace(hub_.world, settings=replace(hub_.world.settings, port=int(url.rpartition(":")[2])))
    with serving(world):
        moved = hub_.remote("push", "--to", url.replace("127.0.0.1", "localhost"), "--outbox", box)
        assert f"3 events in the outbox wait for {url};" in hub_.terminal.fails(0, *moved)
        row = hub_.terminal.one(*hub_.remote("push", "--to", url, "--outbox", box))
        assert (row["stored"], row["waiting"]) == (3, 0)
        assert [event["id"] for event in hub_.listed()] == ["t0", "t1", "t2"]


def test_a_refused_token_keeps_events_in_the_outbox(hub_: Hub, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "a.ndjson", threats(1))
    result = hub_.terminal.run("push", file, "--to", hub_.url, "--token", "hub_wrong")
    assert result.exit_code == 1
    assert "1 waiting in the outbox" in result.stdout
    assert "Show a token that works" in result.stderr
    assert "expired or was revoked" in result.stderr


def test_a_push_with_another_partners_token_says_what_it_leaves(hub_: Hub, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text(
        "id,threat,targets,categories\n"
        "1,threat:6f1a3c1e-6b1d-4b8e-9d7e-0a1b2c3d4e5f,lawyer:6f1a3c1e-6b1d-4b8e-9d7e-0a1b2c3d4e50,liberty.arrest\n"
    )
    words = ["push", "--to", hub_.url, "--token"]
    hub_.terminal.run(*words, "hub_wrong", sheet, "--type", "threat.reported")
    other = hub_.terminal.run(*words, hub_.world.tokens["publisher"])
    assert (other.exit_code, "1 waiting in the outbox" in other.stdout) == (0, True)
    assert "1 events in the outbox were handed over with another token" in other.stderr
    assert hub_.listed() == []
    own = hub_.terminal.ok(*words, hub_.world.tokens["docket"], sheet, "--type", "threat.reported")
    assert own == "1 stored, 0 known already, 0 refused.\n"
    assert [one["source"] for one in hub_.listed()] == ["urn:hub:partner:open-docket"]


@pytest.mark.parametrize("is_revoked", [True, False], ids=["revoked", "expired"])
def test_a_token_that_ends_amid_a_push_and_a_feed_costs_nothing(
    hub_: Hub, tmp_path: Path, is_revoked: bool
) -> None:
    world, clock = hub_.world, hub_.world.clock
    token = world.issue("short", SLUG, "publisher", expires=clock() + timedelta(hours=1))
    events = [{name: value for name, value in one.items() if name != "source"} for one in threats(8)]

    def end(_: int) -> None:
        if is_revoked:
            world.revoke("short")
        else:
            clock.move(hours=2)

    box, tally = tmp_path / "box", Tally()
    at_once = Patience(0, lambda _: None, lambda _: None)
    with (
        closing(Outbox(box, hub_.url, "run", token)) as outbox,
        closing(Door(hub_.url, token, at_once)) as door,
    ):
        outbox.add(("a.ndjson", at, one) for at, one in enumerate(events, 1))
        with pytest.raises(Turned):
            Push(door, outbox, 3, dry_run=False).send_all(tally, end)
        assert (tally.stored, len(outbox)) == (3, 5)
    words = ["push", "--to", hub_.url, "--outbox", box, "--token"]
    ended = hub_.terminal.run(*words, token)
    assert ended.exit_code == 1
    assert "has expired or was revoked" in ended.stderr
    assert "5 waiting in the outbox" in ended.stdout

    state, out = tmp_path / "state", tmp_path / "feed.ndjson"
    following = ["follow", "--from", hub_.url, "--after", "begin", "--type", "threat.*", "--state", state]
    world.issue("new", SLUG, "publisher")
    hub_.terminal.ok(*following, "--to", out, "--count", "3", "--token", world.tokens["new"])
    told = hub_.terminal.fails(1, *following, "--to", out, "--token", token)
    assert "What has come is kept; the same command goes on behind it" in told
    assert hub_.terminal.ok(*words, world.tokens["new"]) == "5 stored, 0 known already, 0 refused.\n"
    assert [one["id"] for one in hub_.listed()] == [f"t{number}" for number in range(8)]
    hub_.terminal.ok(*following, "--to", out, "--count", "5", "--token", world.tokens["new"])
    heard = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["event"]["id"] for one in heard if one["kind"] == "event"] == [f"t{n}" for n in range(8)]


@pytest.mark.parametrize("is_revoked", [True, False], ids=["revoked", "expired"])
def test_a_feed_ends_with_its_token_and_goes_on_with_another(
    hub_: Hub, tmp_path: Path, is_revoked: bool
) -> None:
    world, clock = hub_.world, hub_.world.clock
    token = world.issue("short", SLUG, "publisher", expires=clock() + timedelta(hours=1))
    world.issue("new", SLUG, "publisher")
    file, found = tmp_path / "state", list[str]()

    def until_live(token: str, then: Callable[[], None] | None) -> None:
        with Client(hub_.url, token, outbox=tmp_path) as mine:
            for message in mine.follow("begin", types="threat.*", state=file):
                if isinstance(message, Event):
                    found.append(message.event["id"])
                elif isinstance(message, Live):
                    if then is None:
                        break
                    then()

    def end() -> None:
        if is_revoked:
            world.revoke("short")
        else:
            clock.move(hours=2)
        hub_.terminal.ok("push", second, "--to", hub_.url, "--token", world.tokens["new"])

    first, second = (
        ndjson(tmp_path / f"{name}.ndjson", some)
        for name, some in (("first", threats(4)[:2]), ("second", threats(4)[2:]))
    )
    hub_.terminal.ok("push", first, "--to", hub_.url, "--token", world.tokens["new"])
    with pytest.raises(Turned, match="has expired or was revoked"):
        until_live(token, end)
    assert found == ["t0", "t1"]
    until_live(world.tokens["new"], None)
    assert found == ["t0", "t1", "t2", "t3"]


def test_an_outbox_that_does_not_open_is_told_to_its_owner(hub_: Hub, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / OUTBOX_FILE).write_bytes(b"damage" * 999)
    told = hub_.terminal.fails(1, *hub_.remote("push", "--to", hub_.url, "--outbox", box))
    assert "Put that file aside" in told
    assert "hub doctor" not in told


def test_an_export_into_a_pipe_or_device_does_not_put_a_file_in_its_place(hub_: Hub, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found: list[str] = []
    reading = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()))
    reading.start()
    words = ("export", "events", "--format", "json", "--to", tmp_path / "pipe", "--from", hub_.url)
    hub_.terminal.ok(*hub_.remote(*words))
    reading.join()
    assert json.loads(found[0])
    assert [one.name for one in tmp_path.iterdir() if one.is_fifo()] == ["pipe"]


def test_a_folder_that_is_not_there_is_told_without_words_for_operators(hub_: Hub, tmp_path: Path) -> None:
    words = ("export", "events", "--format", "json", "--to", tmp_path / "no" / "x", "--from", hub_.url)
    told = hub_.terminal.fails(1, *hub_.remote(*words))
    assert ("No such file or directory." in told, "doctor" in told) == (True, False)


@pytest.mark.parametrize(
    ("url", "warns"),
    [
        ("http://hub.invalid", True),
        ("https://hub.invalid", False),
        ("http://127.0.0.1:1", False),
        ("http://[::1]:1", False),
        ("http://localhost:1", False),
        ("http://abc.onion", False),
    ],
)
def test_an_open_line_is_told_before_the_token_goes_over_it(
    terminal: Terminal, url: str, warns: bool
) -> None:
    where = ("--token", "hub_t")
    told = [
        terminal.fails(3, "push", "--to", url, *where, "--patience", "0", "-", stdin='{"id": "1"}'),
        terminal.fails(3, "export", "events", "--format", "json", "--to", "-", "--from", url, *where),
        terminal.fails(3, "follow", "--from", url, *where, "--timeout", "0"),
    ]
    assert ["is not encrypted" in one for one in told] == [warns] * 3


def test_a_push_that_is_stopped_says_what_waits(hub_: Hub, tmp_path: Path) -> None:
    def stopped(_: float) -> None:
        raise KeyboardInterrupt

    hub_.terminal.sleep = stopped
    file = ndjson(tmp_path / "a.ndjson", threats(2))
    result = hub_.terminal.run(*hub_.remote("push", file, "--to", "http://127.0.0.1:1"))
    assert (result.exit_code, "2 waiting in the outbox" in result.stdout) == (1, True)
    assert "Stopped." in result.stderr


def test_a_push_that_is_killed_loses_nothing_and_doubles_nothing(hub_: Hub, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "a.ndjson", threats(400))
    environ = {
        **os.environ,
        "XDG_DATA_HOME": str(tmp_path / "share"),
        "HUB_TOKEN": hub_.world.tokens["docket"],
        "HUB_URL": hub_.url,
    }
    words = [sys.executable, "-m", "hub", "push", str(file), "--batch", "20"]
    pushing = subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: bool(hub_.listed()) or pushing.poll() is not None)
    pushing.kill()
    pushing.wait()
    hub_.terminal.ok(*hub_.remote("push", file, "--to", hub_.url))
    found = subprocess.run([*words[:4], *["--json"]], env=environ, capture_output=True, check=True)
    assert json.loads(found.stdout)["waiting"] == 0
    assert sorted(event["id"] for event in hub_.listed()) == sorted(f"t{number}" for number in range(400))


def test_follow_prints_the_feed_and_remembers_where_it_was(hub_: Hub, tmp_path: Path) -> None:
    hub_.terminal.ok(*hub_.remote("push", ndjson(tmp_path / "a.ndjson", threats(3)), "--to", hub_.url))
    state = tmp_path / "cursor"
    words = hub_.remote("follow", "--from", hub_.url, "--state", state, "--type", "threat.*")
    first = [
        json.loads(line) for line in hub_.terminal.ok(*words, "--after", "begin", "--count", "2").splitlines()
    ]
    then = [
        json.loads(line) for line in hub_.terminal.ok(*words, "--after", "begin", "--count", "2").splitlines()
    ]
    assert [one["event"]["id"] for one in first] == ["t0", "t1"]
    assert (then[0]["event"]["id"], then[1]["kind"]) == ("t2", "live")
    assert state.read_text().strip() == then[1]["cursor"]


def test_follow_filters_by_country_and_reference(hub_: Hub, tmp_path: Path) -> None:
    events = threats(2, place={"country": "QM"}) + threats(3, place={"country": "QN"})[2:]
    hub_.terminal.ok(*hub_.remote("push", ndjson(tmp_path / "a.ndjson", events), "--to", hub_.url))
    words = hub_.remote("follow", "--from", hub_.url, "--after", "begin", "--count", "2")
    lines = hub_.terminal.ok(*words, "--country", "QN").splitlines()
    assert [json.loads(line).get("event", {}).get("id") for line in lines] == ["t2", None]
    lines = hub_.terminal.ok(*words, "--about", "lawyer:open-docket.t1").splitlines()
    assert [json.loads(line).get("event", {}).get("id") for line in lines] == ["t1", None]


def test_follow_ends_with_the_promised_status(hub_: Hub, terminal: Terminal) -> None:
    assert "Show a token" in terminal.fails(1, "follow", "--from", hub_.url, "--token", "hub_wrong")
    assert "cursor" in terminal.fails(1, *hub_.remote("follow", "--from", hub_.url, "--after", "nonsense"))
    assert "could not be reached" in terminal.fails(
        3, "follow", "--from", "http://127.0.0.1:1", "--timeout", "0"
    )


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_follow_ends_cleanly_at_ctrl_c(hub_: Hub, asked: signal.Signals) -> None:
    environ = {**os.environ, "HUB_TOKEN": hub_.world.tokens["docket"]}
    words = [sys.executable, "-m", "hub", "follow", "--from", hub_.url]
    with subprocess.Popen(
        words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["kind"] == "live"
        following.send_signal(asked)
        told = following.communicate(timeout=20)[1]
    assert (following.returncode, told) == (0, "Stopped.\n")


def test_events_are_exported_in_every_format_and_read_back(hub_: Hub, tmp_path: Path) -> None:
    hub_.terminal.ok(*hub_.remote("push", ndjson(tmp_path / "a.ndjson", threats(3)), "--to", hub_.url))
    for form in ("ndjson", "json", "csv"):
        target = tmp_path / f"out.{form}"
        row = hub_.terminal.one(
            *hub_.remote("export", "events", "--format", form, "--to", target, "--from", hub_.url)
        )
        assert (row["file"], row["bytes"]) == (str(target), target.stat().st_size)
        assert target.stat().st_mode & 0o077 == 0
        assert not list(tmp_path.glob("*.part"))
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert json.loads((tmp_path / "out.json").read_text()) == lines
    assert [one["id"] for one in lines if one["type"] == "threat.reported"] == ["t0", "t1", "t2"]
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert len(rows) == 1 + len(lines)
    assert "data.targets" in rows[0].split(",")
    printed = hub_.terminal.ok(
        *hub_.remote("export", "events", "--format", "ndjson", "--to", "-", "--from", hub_.url)
    )
    assert printed == (tmp_path / "out.ndjson").read_text()
    for form in ("ndjson", "json", "csv"):
        # What the hub said of it stands in no one's way who brings it to another hub.
        assert "recordedtime" in (tmp_path / f"out.{form}").read_text()
        assert hub_.terminal.ok("validate", tmp_path / f"out.{form}") == f"{len(lines)} valid, 0 refused.\n"


def test_events_are_exported_as_of_a_day(hub_: Hub, tmp_path: Path) -> None:
    words = hub_.remote(
        "export", "events", "--format", "json", "--to", tmp_path / "out.json", "--from", hub_.url
    )
    hub_.terminal.ok(*words, "--as-of", "2020-01-01")
    assert json.loads((tmp_path / "out.json").read_text()) == []


def test_the_graph_is_exported(hub_: Hub, tmp_path: Path) -> None:
    hub_.terminal.ok(*hub_.remote("push", ndjson(tmp_path / "a.ndjson", threats(1)), "--to", hub_.url))
    signs = {"gexf": "<gexf", "graphml": "<graphml", "json": '"nodes"', "csv": ",", "zip": "nodes.csv"}
    for form, sign in {**signs, "node-link": '"links"', "ftm": '"schema"'}.items():
        words = hub_.remote("export", "graph", "--format", form, "--to", tmp_path / "g", "--from", hub_.url)
        hub_.terminal.ok(*words, "--as-of", "2031-01-01")
        hub_.terminal.ok(*words)
        assert sign.encode() in (tmp_path / "g").read_bytes()


def test_an_export_that_fails_leaves_the_old_file(hub_: Hub, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    words = ["export", "graph", "--format", "gexf", "--to", target, "--from"]
    terminal = hub_.terminal
    assert terminal.fails(1, *words, hub_.url, "--token", "hub_wrong")
    assert terminal.fails(3, *words, "http://127.0.0.1:1")
    assert "no ndjson of graph" in terminal.fails(2, "export", "graph", "--format", "ndjson", "--to", target)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("out")] == ["out"]
    assert target.read_text() == "old"


# --- identity


def test_pairs_are_scored_in_their_order(terminal: Terminal) -> None:
    pairs = [
        {"a": {"name": "Isvael Korrendt"}, "b": {"name": "Yisvayel Qorendht"}},
        {"a": {"name": "Isvael Korrendt"}, "b": {"name": "Brisca Noumelade"}},
    ]
    lines = terminal.ok("identity", "score", stdin="\n".join(map(json.dumps, pairs)) + "\n\n").splitlines()
    scores = [json.loads(line) for line in lines]
    assert scores[0]["score"] > 0.5 > scores[1]["score"]
    assert scores[0].keys() == {"score", "reasons"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no pair"),
        ("[]", "no pair"),
        ('{"a": {"name": "A"}}', "no pair"),
        ('{"a": {}, "b": {}}', '"name"'),
        ('{"a": 1, "b": 2}', '"name"'),
        ('{"a": {"name": 3}, "b": {"name": "A"}}', '"name"'),
        ('{"a": {"name": "A", "aliases": "B"}, "b": {"name": "A"}}', '"aliases"'),
        ('{"a": {"name": "A"}, "b": {"name": "A", "aliases": ["B", null]}}', '"aliases"'),
    ],
)
def test_a_line_that_is_no_pair_is_told_and_the_next_is_scored(
    terminal: Terminal, line: str, why: str
) -> None:
    pair = json.dumps({"a": {"name": "Isvael Korrendt", "aliases": None}, "b": {"name": "Yisvayel Qorendht"}})
    ran = terminal.run("identity", "score", stdin=f"{pair}\n\n{line}\n{pair}\n")
    first, wrong, last = map(json.loads, ran.stdout.splitlines())
    assert ran.exit_code == 1
    assert first == last
    assert first["score"] > 0.5
    assert (wrong["line"], wrong.keys()) == (3, {"line", "error"})
    assert why in wrong["error"]
    assert wrong["error"] in ran.stderr


# --- demo and serve, as processes


@contextmanager
def process(*words: object, **environ: str) -> Iterator[subprocess.Popen[str]]:
    full = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | environ
    started = subprocess.Popen(
        [sys.executable, "-m", "hub", *map(str, words)],
        env=full,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def test_serve_says_where_it_listens_and_ends_at_ctrl_c(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("init")
    with process("serve", "--port", "0", "--json", HUB_DATA=str(tmp_path / "data")) as started:
        assert started.stdout is not None
        address = json.loads(started.stdout.readline())["address"]
        assert httpx.get(f"{address}/healthz").status_code == 200
        started.send_signal(signal.SIGINT)
        _, told = started.communicate(timeout=30)
        assert "Traceback" not in told


def test_the_demo_starts_ends_and_goes_on(tmp_path: Path) -> None:
    tokens: list[str] = []
    counts: list[int] = []
    for _ in range(2):
        with process(
            "demo", "--port", "0", "--data", tmp_path / "demo", "--json", "--every", "0.05"
        ) as started:
            assert started.stdout is not None
            shown = json.loads(started.stdout.readline())
            address, accounts = shown["address"], shown["accounts"]
            assert [one["role"] for one in accounts] == ["publisher", "observer", "coordinator", "steward"]
            headers = {"Authorization": f"Bearer {accounts[3]['token']}"}
            assert httpx.get(f"{address}/api/v1/me", headers=headers).json()["partner"] == "stewards"
            for old in tokens:
                assert (
                    httpx.get(f"{address}/api/v1/me", headers={"Authorization": f"Bearer {old}"}).status_code
                    == 401
                )
            tokens = [one["token"] for one in accounts]
            browser = httpx.post(accounts[0]["link"], headers={"Origin": address})
            assert "hub_session" in browser.headers.get("set-cookie", "")
            until(partial(is_ready, address))
            until(partial(has_grown, address, headers, count(address, headers, partner=SLUG)))
            counts.append(count(address, headers, type="partner.admitted"))
            started.send_signal(signal.SIGINT)
            _, told = started.communicate(timeout=30)
            assert "Traceback" not in told
            assert "refused" not in told
            assert f"{SLUG} published " in told
    assert counts == [9, 9]


def is_ready(address: str) -> bool:
    return httpx.get(f"{address}/readyz").status_code == 200


def has_grown(address: str, headers: dict[str, str], before: int) -> bool:
    return count(address, headers, partner=SLUG) > before


def count(address: str, headers: dict[str, str], **asked: str) -> int:
    params = {"limit": "1000", **asked}
    return len(httpx.get(f"{address}/api/v1/events", params=params, headers=headers).json()["events"])
