"""`hub doctor`: every look finds what is wrong, says what to do, and leaves what it looked at as it was."""

import json
import os
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from hub.app import build
from hub.commands.checks import around, folder, machine, recorded
from hub.commands.checks.finding import Finding, judged
from hub.commands.root import hub as command
from hub.commands.world import World as Outside
from hub.contracts import FILE, remember, remembered
from hub.keys import LOG_KEY
from hub.networks import read_networks
from hub.settings import Settings
from tests import postgres, running
from tests.running import World, make_world, recording

Json = Any

CHECKS = (
    "log stewards accounts settings clock secrecy vault custody files views contracts disk fsync database bus"
).split()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A hub's folder, made once; tests take copies of it."""
    world = make_world(tmp_path_factory.mktemp("made"))
    with running.calling(world) as client:
        assert client.get("/readyz").status_code in {200, 503}
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    data = tmp_path / "data"
    shutil.copytree(made.settings.data, data)
    return replace(made, settings=replace(made.settings, data=data), clock=running.SetClock())


def run(world: World, *words: str, **environ: str) -> Result:
    told = {"HUB_DATA": str(world.settings.data), **environ}
    outside = Outside(world.clock, world.chance, lambda _: None, told)
    return CliRunner().invoke(command, ["doctor", *words], obj=outside, prog_name="hub")


def rows(world: World, **environ: str) -> dict[str, Json]:
    result = run(world, "--json", **environ)
    assert result.exit_code in {0, 1}, (result.output, result.exception)
    return {row["check"]: row for row in map(json.loads, result.stdout.splitlines())}


def test_a_hub_that_is_well_gets_no_bad_finding(world: World) -> None:
    found = rows(world)
    assert list(found) == CHECKS
    assert [row for row in found.values() if not row["ok"]] == []
    assert all("do" in row for row in found.values() if row["level"] != "ok")
    assert all("do" not in row for row in found.values() if row["level"] == "ok")
    assert run(world).exit_code == 0
    assert not list(world.settings.data.glob(".fsync*"))


def test_it_runs_beside_a_hub(world: World) -> None:
    with running.serving(world):
        assert [row for row in rows(world).values() if not row["ok"]] == []


def test_what_to_do_stands_under_what_is_wrong(world: World) -> None:
    (world.settings.data / "keys" / LOG_KEY).chmod(0o644)
    result = run(world)
    assert result.exit_code == 1
    assert (
        f"BAD  secrecy   others on this machine may read: {LOG_KEY}\n               -> chmod" in result.stdout
    )


# --- settings


def test_an_unknown_setting_is_named(world: World) -> None:
    result = run(world, HUB_PUBLICURL="https://hub.example")
    assert result.exit_code == 2
    assert "HUB_PUBLICURL is not a setting of the hub. Did you mean HUB_PUBLIC_URL?" in result.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"smtp_url": "smtps://mail.example"}, "Mails need both"),
        ({"host": "0.0.0.0"}, "no https address"),  # noqa: S104  # what is to be found
        ({"host": "hub.example", "public_url": "https://hub.example"}, "HUB_TRUSTED_PROXIES is empty"),
        ({"trusted_proxies": read_networks(["0.0.0.0/0"])}, "trusts everybody"),
        ({"webhooks_loopback_for_tests_only": True}, "strangers may call this machine"),
        ({"backup_recipients": ()}, "the key that opens a backup"),
    ],
)
def test_settings_that_do_not_go_together_are_found(wrong: dict[str, Any], said: str) -> None:
    right = Settings(backup_recipients=("age1x",), public_url="https://hub.example")
    assert around.settings(right).level == "ok"
    here = {"host": "localhost"} if "host" not in wrong else {"public_url": ""}
    found = around.settings(replace(right, **{**here, **wrong}))
    assert (found.level, said in found.detail) == ("warn", True), found


# --- the machine


def test_a_clock_that_jumped_back_is_found(world: World) -> None:
    world.clock.move(days=-1)
    found = rows(world)["clock"]
    assert (found["ok"], found["detail"]) == (
        False,
        "the newest event was recorded 1 day, 0:00:00 after now: the clock jumped back",
    )


def test_time_zones_that_are_old_are_found(world: World) -> None:
    world.clock.move(days=366 * 20)
    assert "the time zones are of" in rows(world)["clock"]["detail"]


def test_a_disk_that_fills_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(world.settings.data)
    world.clock.move(days=2)
    sizes = [one.stat().st_size for one in world.settings.data.glob("*.sqlite*")]
    few = type(usage)(usage.total, usage.used, sum(sizes) * 3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    found = rows(world)["disk"]
    assert not found["ok"]
    assert "MB are free" in found["detail"]
    assert re.search(r"full in about [3-6] days", found["detail"])


def test_a_disk_without_room_for_files_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result((4096, 4096, 1000, 500, 500, 100, 1, 1, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    assert "hardly any more files" in rows(world)["disk"]["detail"]


@pytest.mark.parametrize("kind", ["tmpfs", "nfs4", "overlay"])
def test_a_disk_that_is_none_is_warned_of(world: World, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(machine, "kind_of", lambda _: kind)
    found = rows(world)["disk"]
    assert (found["ok"], found["level"], kind in found["detail"]) == (True, "warn", True)


def test_the_kind_of_a_filesystem_is_read() -> None:
    assert machine.kind_of(Path("/proc/self")) == "proc"


def test_where_the_system_does_not_say_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> str:
        raise OSError

    monkeypatch.setattr(Path, "read_text", none)
    assert machine.kind_of(Path("/")) == ""
    monkeypatch.setattr("ctypes.CDLL", none)
    assert machine._is_synchronized()


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [
        (0.000_01, "warn", "0.010 ms: it is a lie"),
        (0.002, "ok", "2.000 ms"),
        (0.2, "warn", "each push waits so long"),
    ],
)
def test_an_fsync_that_lies_or_drags_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float, level: str, said: str
) -> None:
    monkeypatch.setattr(machine, "fsync_times", lambda _, times: [seconds] * times)
    found = machine.durability(world.settings)
    assert (found.level, said in found.detail) == (level, True)


# --- keys, contracts, views


def test_custody_of_keys_is_looked_at(world: World, tmp_path: Path) -> None:
    found = rows(world)["custody"]
    assert "on the same disk as the log" in found["detail"]
    assert "no backup was ever made" in found["detail"]
    made = run_backup(world, tmp_path)
    assert made.exit_code == 0, made.output
    assert "no backup" not in rows(world)["custody"]["detail"]
    world.clock.move(days=9)
    assert "the last backup is of 2031-05-04" in rows(world)["custody"]["detail"]
    key = world.settings.data / "keys" / LOG_KEY
    key.write_bytes(b"k" * 32)
    assert f"{LOG_KEY} is not the key" in rows(world)["custody"]["detail"]
    key.unlink()
    assert f"{LOG_KEY} is missing" in rows(world)["custody"]["detail"]


def run_backup(world: World, tmp_path: Path) -> Result:
    outside = Outside(world.clock, world.chance, lambda _: None, {"HUB_DATA": str(world.settings.data)})
    words = ["backup", str(tmp_path / "log.copy"), "--unencrypted"]
    return CliRunner().invoke(command, words, obj=outside, prog_name="hub")


def test_types_that_this_release_does_not_know_are_found(world: World) -> None:
    with closing(sqlite3.connect(world.settings.data / "log.sqlite")) as db:
        first = "(SELECT min(notification_id) FROM stored_events)"
        rename = f"UPDATE stored_events SET topic = 'sun.risen.v9' WHERE notification_id = {first}"
        columns = {row[1] for row in db.execute("PRAGMA table_info(stored_events)")}
        db.execute(rename if "notification_id" in columns else rename.replace("notification_id", "rowid"))
        db.commit()
    found = recorded.drift(world.settings, world.registry)
    assert (found.level, "the log holds sun.risen.v9" in found.detail) == ("bad", True)


def test_a_contract_that_changed_is_found(world: World) -> None:
    file = world.settings.data / FILE
    known = json.loads(file.read_text())
    file.write_text(json.dumps({**known, "threat.reported.v1": "0" * 64}))
    found = rows(world)["contracts"]
    assert not found["ok"]
    assert found["detail"] == "contracts differ from those that were served first: threat.reported.v1"
    build(world.settings, world.clock)
    remember(world.settings.data, world.registry)
    assert remembered(world.settings.data)["threat.reported.v1"] == "0" * 64


def test_contracts_are_remembered_once(tmp_path: Path) -> None:
    assert remembered(tmp_path) == {}
    remember(tmp_path, running.registry())
    written = (tmp_path / FILE).stat().st_mtime_ns
    remember(tmp_path, running.registry())
    assert (tmp_path / FILE).stat().st_mtime_ns == written
    for broken in ("no json", "[]"):
        (tmp_path / FILE).write_text(broken)
        assert remembered(tmp_path) == {}


def test_the_hubs_own_types_are_known(world: World) -> None:
    assert not recorded.OWN & set(world.registry.stems)
    found = recorded.drift(world.settings, world.registry)
    assert (found.level, found.detail.endswith("types in the log, all known")) == ("ok", True)


def test_views_that_are_gone_or_broken_are_told(world: World) -> None:
    file = world.settings.data / "views.sqlite"
    file.write_bytes(b"no database at all, but long enough to look like one" * 40)
    found = rows(world)
    assert not found["views"]["ok"]
    assert not found["files"]["ok"]
    for one in world.settings.data.glob("views.sqlite*"):
        one.unlink()
    assert "none yet" in rows(world)["views"]["detail"]


def test_views_are_looked_at_under_the_name_that_they_have_and_for_each_process(world: World) -> None:
    """After an exchange the views that are served have another name; another process has a file of its own."""
    file = world.settings.data / "views.sqlite"
    head = folder.views(world.settings, 0)
    assert head.detail == "up to date"
    for name in ("views.sqlite.second", "views-2.sqlite"):
        shutil.copy(file, world.settings.data / name)
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE tail_positions SET position = position + 100")
        end = int(db.execute("SELECT max(position) FROM tail_positions").fetchone()[0])
        db.commit()
    found = folder.views(world.settings, end)
    assert "views-2.sqlite: graph is 100 events behind" in found.detail
    assert "views.sqlite: " not in found.detail
    (world.settings.data / "views-2.sqlite").unlink()
    file.unlink()
    assert "graph is 100 events behind" in folder.views(world.settings, end).detail
    file.with_name("views.sqlite.second").write_bytes(b"no database, but long enough to look like one" * 40)
    assert folder.views(world.settings, end).level == "bad"


def test_a_stale_backup_is_told_by_its_day() -> None:
    now = datetime(2031, 5, 20, tzinfo=UTC)
    assert folder._stale(now - timedelta(days=1), now) == []
    assert folder._stale(now - timedelta(days=10), now) == ["the last backup is of 2031-05-10"]


# --- what is around


def test_a_postgres_that_keeps_nothing_is_found(tmp_path: Path) -> None:
    url = postgres.fresh_database()
    settings = Settings(data=tmp_path, store=url)
    found = around.database(settings)  # the server of the tests runs without fsync
    assert (found.level, "fsync is off" in found.detail) == ("bad", True)
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE stored_events (topic text, state bytea)")
        said = b'{"recordedtime": "2031-05-04T12:00:00Z", "data": {"action": "backup_made"}}'
        db.execute("INSERT INTO stored_events VALUES ('steward.acted.v1', %s)", (said,))
    assert recorded.moments_of(settings, "steward.acted.v1", ("action", "backup_made")) == [running.NOON]


@pytest.mark.parametrize(
    ("settings", "standbys", "level", "said"),
    [
        ({"synchronous_commit": "off"}, 1, "bad", "synchronous_commit is off"),
        ({"full_page_writes": "off"}, 1, "bad", "full_page_writes is off"),
        ({}, 0, "warn", "0 standbys"),
        ({"synchronous_commit": "local", "synchronous_standby_names": "db2"}, 1, "warn", "is local"),
        ({"synchronous_standby_names": "db2"}, 1, "ok", "synchronous: db2"),
    ],
)
def test_how_a_postgres_is_judged(settings: dict[str, str], standbys: int, level: str, said: str) -> None:
    usual = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    found = around.judge_database(
        {**usual, "synchronous_standby_names": "", "server_version": "17.1", **settings}, standbys
    )
    assert (found.level, said in found.detail) == (level, True), found


def test_a_postgres_that_is_away_is_found(tmp_path: Path) -> None:
    found = around.database(Settings(data=tmp_path, store=f"postgresql://hub@/hub?host={tmp_path}"))
    assert (found.level, found.detail) == ("bad", "cannot be asked (OperationalError)")


@contextmanager
def saying(line: bytes) -> Iterator[int]:
    """Say one line to whoever comes; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            caller, _ = server.accept()
            with caller:
                caller.sendall(line)

        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join(20)


def test_the_bus_is_tried() -> None:
    assert around.bus(Settings()).detail == "none"
    with saying(b'INFO {"server_id":"x"}\r\n') as port:
        assert around.bus(Settings(bus=f"nats://hub:secret@127.0.0.1:{port}")).level == "ok"
    with saying(b"HTTP/1.1 400 Bad Request\r\n") as port:
        found = around.bus(Settings(bus=f"nats://hub:secret@127.0.0.1:{port}"))
    assert (found.level, found.detail) == ("warn", "127.0.0.1 does not answer")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert around.bus(Settings(bus=f"nats://h:s@127.0.0.1:{unused.getsockname()[1]}")).level == "warn"


# --- findings


def test_a_finding_says_what_to_do_only_if_there_is_something() -> None:
    assert judged("x", [], "well", "do it") == Finding("x", "ok", "well")
    assert judged("x", ["a", "b"], "well", "do it", "warn") == Finding("x", "warn", "a; b", "do it")
    assert Finding("x", "bad", "a", "do it").as_json() == {
        "check": "x", "ok": False, "level": "bad", "detail": "a", "do": "do it",
    }  # fmt: skip


def test_a_hub_without_stewards_or_log_is_found(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with recording(world) as intake:
        assert intake.rights("stewards") is not None
    world.revoke("steward")
    found = rows(world)
    assert not found["accounts"]["ok"]
    assert "hub token add stewards" in found["accounts"]["do"]
