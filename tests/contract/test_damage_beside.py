"""What lies beside the log and changed behind the hub's back: `hub verify` names it and says what helps."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from hub.key_checks import FILE as KEY_CHECKS
from hub.keys import CURSOR_KEY, SUBSCRIPTIONS_KEY
from hub.office_checks import TABLE
from tests.contract.test_commands import Terminal
from tests.many import Load
from tests.running import TestClient, World, calling, make_world, serving, threat

Json = Any


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a hub that has served: some threats, an address by which somebody reads."""
    world = make_world(tmp_path / "hub")
    with calling(world) as hub:
        use(hub, world)
    return world


@pytest.fixture
def terminal(world: World) -> Terminal:
    return Terminal({"HUB_DATA": str(world.settings.data)})


def use(hub: TestClient, world: World) -> None:
    for number in range(90_000, 90_003):
        event = threat(number, data={"title": f"Number {number} at the harbour"})
        assert hub.post("/api/v1/events", json=event, headers=world.bearer("publisher")).status_code in {
            200,
            201,
        }
    made = hub.post("/api/v1/addresses", json={"for": "calendar"}, headers=world.bearer("observer"))
    assert made.status_code == 201
    assert hub.get("/api/v1/events", headers=world.bearer("publisher")).status_code == 200


def change(world: World, name: str, *statements: str) -> None:
    with closing(sqlite3.connect(world.settings.data / name)) as db, db:
        for one in statements:
            db.execute(one)


def doctors(terminal: Terminal) -> Json:
    result = terminal.run("doctor", "--json")
    [found] = [one for one in map(json.loads, result.stdout.splitlines()) if one["check"] == "files"]
    return found


def test_a_row_of_accounts_that_the_hub_did_not_write_is_told(
    world: World, terminal: Terminal, tmp_path: Path
) -> None:
    terminal.ok("verify")
    assert doctors(terminal)["ok"]
    change(world, "accounts.sqlite", "UPDATE tokens SET clearance = 'red' WHERE role = 'observer'")
    said = terminal.run("verify")
    assert said.exit_code == 1
    assert (
        "accounts.sqlite is damaged (1 rows of its table tokens are not as the hub wrote them): bring it back with "
        "`hub restore` (docs/operations.md, A file beside the log is damaged)."
    ) in said.stdout
    assert "accounts.sqlite" in doctors(terminal)["detail"]
    # Saved, it would be taken for sound.
    refused = terminal.fails(1, "backup", "--accounts", tmp_path / "accounts", "--unencrypted")
    assert "accounts.sqlite is damaged" in refused
    with calling(world) as hub:
        assert hub.get("/api/v1/me", headers=world.bearer("observer")).status_code == 401
        assert hub.get("/api/v1/me", headers=world.bearer("steward")).status_code == 200


def test_a_folder_of_an_earlier_release_goes_on_and_gets_its_checks(world: World, terminal: Terminal) -> None:
    change(world, "accounts.sqlite", f"DROP TABLE {TABLE}")
    (world.settings.data / KEY_CHECKS).unlink()
    # No command gives it checks: an older hub may still be serving from it.
    assert "NOT" not in terminal.ok("verify")
    with calling(world) as hub:
        use(hub, world)
    terminal.ok("verify")
    change(world, "accounts.sqlite", "DELETE FROM addresses")
    assert "table addresses" in terminal.run("verify").stdout
    assert CURSOR_KEY in json.loads((world.settings.data / KEY_CHECKS).read_text("utf-8"))


@pytest.mark.parametrize("name", [CURSOR_KEY, SUBSCRIPTIONS_KEY])
def test_a_key_that_is_another_is_told(world: World, terminal: Terminal, name: str) -> None:
    (world.settings.data / "keys" / name).write_bytes(bytes(32))
    said = terminal.run("verify")
    assert (said.exit_code, f"{name} is not the key that it was" in said.stdout) == (1, True)
    assert name in doctors(terminal)["detail"]


@pytest.mark.parametrize("kept", ["no json", "[]"])
def test_damaged_digests_of_keys_are_told_and_written_anew(
    world: World, terminal: Terminal, kept: str
) -> None:
    file = world.settings.data / KEY_CHECKS
    file.write_text(kept)
    with calling(world):
        assert file.read_text() == kept
    assert f"{KEY_CHECKS} is damaged" in terminal.run("verify").stdout
    file.unlink()
    with calling(world):
        terminal.ok("verify")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE timeline_keys SET key = key || 'x' WHERE key = (SELECT min(key) FROM timeline_keys)",
         "its table timeline_keys does not hold what the log says"),
        ("DELETE FROM dossiers_refs WHERE ref = (SELECT min(ref) FROM dossiers_refs)",
         "its table dossiers_refs does not hold what the log says"),
        ("INSERT INTO search_index (rowid, words) VALUES (999, 'elsewhere')",
         "its index of words does not hold what the log says"),
        ("UPDATE tail_positions SET position = position - 1 WHERE name = 'graph'",
         "its views stand at different events"),
        ("CREATE TABLE more (one)", "its tables are not those of this release"),
    ],
)  # fmt: skip
def test_views_that_do_not_say_what_the_log_says_are_told(
    world: World, terminal: Terminal, statement: str, said: str
) -> None:
    assert "The log is whole." in terminal.ok("verify", "--views")
    change(world, "views.sqlite", statement)
    terminal.ok("verify")
    found = terminal.run("verify", "--views")
    assert found.exit_code == 1
    assert f"views.sqlite: {said}: run `hub rebuild`, nothing is lost." in found.stdout
    assert not (world.settings.data / "backup.part").exists()


def test_views_that_were_folded_anew_verify(world: World, terminal: Terminal) -> None:
    change(world, "views.sqlite", "DELETE FROM timeline_keys")
    terminal.ok("rebuild")
    with calling(world) as hub:
        use(hub, world)
    terminal.ok("verify", "--views")


def test_views_verify_while_a_hub_writes_them(world: World) -> None:
    terminal = Terminal({"HUB_DATA": str(world.settings.data)}, sleep=sleep)
    with serving(world) as served, Load(lambda: served.url, world.bearer("publisher"), threads=1) as load:
        load.wait_for(3)
        terminal.ok("verify", "--views")
        load.wait_for(1)


def test_without_views_there_is_nothing_to_compare(world: World, terminal: Terminal) -> None:
    for one in world.settings.data.glob("views.sqlite*"):
        one.unlink()
    terminal.ok("verify", "--views")


@pytest.mark.parametrize(
    ("name", "statement", "said"),
    [
        ("log.sqlite", "UPDATE stored_events SET originator_version = -originator_version", "changed"),
        ("log.sqlite", "UPDATE recorded_keys SET position = -position", "recorded"),
        (
            "accounts.sqlite",
            "UPDATE tokens SET role = 'nobody', clearance = 'x'",
            "accounts.sqlite is damaged",
        ),
        (
            "accounts.sqlite",
            "UPDATE tokens SET created = 1e300, expires = 'soon'",
            "accounts.sqlite is damaged",
        ),
    ],
)
def test_numbers_and_words_that_no_hub_writes_are_told_and_end_nothing(
    terminal: Terminal, world: World, name: str, statement: str, said: str
) -> None:
    change(world, name, statement)
    result = terminal.run("verify")
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True), result.exception
    assert said in result.stdout
