"""`hub rebuild` and `hub prepare`: whoever asks meanwhile is answered from whole views, the old or the new ones."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import Any

import httpx
import pytest

from events.submission import Publisher
from projections import boards, generations
from tests.contract.test_commands import Terminal
from tests.restoring import answers, caught_up
from tests.running import Served, World, make_world, recording, serving, threat

Json = Any
VIEWS = "views.sqlite"
LAWYER = "lawyer:harbour-bar-watch.0001"


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path / "hub")
    record(made, *range(1, 30))
    return made


def record(world: World, *numbers: int) -> None:
    with recording(world) as intake:
        given = Publisher("harbour-bar-watch", "tests")
        narrative = {"narrative": "canary-narrative"}
        outcomes = intake.record([intake.check(given, threat(one, data=narrative)) for one in numbers])
        assert {one.status for one in outcomes} == {"stored"}


@contextmanager
def asking(served: Served, world: World) -> Iterator[set[int]]:
    """Ask for the whole list all the while; gives the numbers of events that were answered."""
    stopping, found = threading.Event(), set[int]()

    def ask() -> None:
        with httpx.Client(headers=world.bearer("publisher"), timeout=30) as client:
            while not stopping.is_set():
                answer = client.get(f"{served.url}/api/v1/events", params={"limit": 1000, "type": "threat.*"})
                graph = client.get(f"{served.url}/api/v1/lawyers", params={"limit": 200})
                assert answer.status_code == graph.status_code == 200
                found.add(len(answer.json()["events"]))
                assert client.get(f"{served.url}/readyz").status_code == 200

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield found
    finally:
        stopping.set()
        thread.join(30)
        assert not thread.is_alive()


def until(condition: Any) -> None:
    gate = threading.Event()
    for _ in range(3000):
        if condition():
            return
        gate.wait(0.01)
    raise AssertionError("it never became so")


def files_of(world: World) -> list[str]:
    return sorted(
        one.name
        for one in world.settings.data.glob(f"{VIEWS}*")
        if "-" not in one.name and "lock" not in one.name
    )


def test_readers_never_see_half_a_view_and_the_old_file_goes(terminal: Terminal, world: World) -> None:
    data = world.settings.data
    with serving(world) as served:
        caught_up(served)
        before = answers(served, world)
        for name in (f"{VIEWS}.second", VIEWS):
            with asking(served, world) as seen:
                row = terminal.one("rebuild", "graph", "--data", data)
                assert (row["view"], row["rebuild"]) == ("graph", "ready")
                until(lambda name=name: files_of(world) == [name])
            assert seen == {29}
        assert answers(served, world) == before
        # It follows the log from there on, and tells whoever listens.
        told = served.post(threat(40), world.bearer("publisher"))
        asked = {"at_least": told["cursor"], "limit": 1000, "type": "threat.*"}
        answer = httpx.get(f"{served.url}/api/v1/events", params=asked, headers=world.bearer("publisher"))
        assert len(answer.json()["events"]) == 30
        terminal.one("rebuild", "--data", data)
        until(lambda: files_of(world) == [f"{VIEWS}.second"])
        patient = Terminal(sleep=sleep)
        assert patient.one("erase", LAWYER, "--yes", "--data", data)["views"] == "forgotten"
        assert httpx.get(f"{served.url}/readyz").status_code == 200
    with serving(world) as served:
        caught_up(served)
        assert files_of(world) == [VIEWS]


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A file by which views are folded otherwise, as by another release."""
    own = Path(boards.__file__).parent / "statements" / "clocks.json"
    said = json.loads(own.read_text("utf-8"))
    said["clocks"][1]["days"] = 61
    file = tmp_path / "clocks.json"
    file.write_text(json.dumps(said))
    return file


def stamps(file: Path) -> dict[str, tuple[str, int]]:
    with closing(sqlite3.connect(file)) as db:
        rows = db.execute("SELECT name, stamp, position FROM tail_positions").fetchall()
    return {name: (stamp, position) for name, stamp, position in rows}


def test_a_newer_release_prepares_beside_and_starts_ready(world: World, newer: Path) -> None:
    data, terminal = world.settings.data, Terminal({"HUB_REPLY_CLOCKS": str(newer)})
    release = replace(world, settings=replace(world.settings, reply_clocks=newer))
    with serving(world) as served:
        caught_up(served)
        before, old = answers(served, world), stamps(data / VIEWS)
        row = terminal.one("prepare", "--data", data)
        assert (row["same_code"], Path(row["prepared"]).parent) == (False, data)
        ready = stamps(Path(row["prepared"]))
        assert ready.keys() == old.keys()
        assert {name for name, said in ready.items() if said[0] != old[name][0]}
        # The old release serves on from its own, and does not take what is not for it.
        record(world, 41, 42)
        caught_up(served)
        assert Path(row["prepared"]).is_file()
        assert answers(served, world).keys() == before.keys()
        told = answers(served, world)
    with closing(sqlite3.connect(row["prepared"])) as db:
        db.execute("CREATE TABLE marked(no)")
    with serving(release) as served:
        # It is the file that was prepared, and no view in it was folded anew.
        assert stamps(data / VIEWS).keys() == ready.keys()
        assert all(said[1] >= ready[name][1] for name, said in stamps(data / VIEWS).items())
        with closing(sqlite3.connect(data / VIEWS)) as db:
            assert db.execute("SELECT count(*) FROM marked").fetchone() == (0,)
        caught_up(served)
        assert {name: said[0] for name, said in stamps(data / VIEWS).items()} == {
            name: said[0] for name, said in ready.items()
        }
        assert answers(served, world) == told
    assert not [*data.glob("*.prepared-*")]


def test_what_was_prepared_goes_with_an_erasure(world: World, newer: Path) -> None:
    data, terminal = world.settings.data, Terminal({"HUB_REPLY_CLOCKS": str(newer)}, sleep=sleep)
    with serving(world) as served:
        caught_up(served)
        ready = Path(terminal.one("prepare", "--data", data)["prepared"])
        assert b"canary-narrative" in ready.read_bytes()
        assert terminal.one("erase", LAWYER, "--yes", "--data", data)["views"] == "forgotten"
        until(lambda: not ready.exists())
    # Where no hub runs, the command throws them away itself.
    ready = Path(terminal.one("prepare", "--data", data)["prepared"])
    terminal.one("erase", LAWYER.replace("0001", "0002"), "--yes", "--data", data)
    assert not ready.exists()


def test_preparing_what_runs_already_is_said(terminal: Terminal, world: World) -> None:
    with serving(world) as served:
        caught_up(served)
        assert "nothing needs to be prepared" in terminal.ok("prepare", "--data", world.settings.data)
    with generations.alone_preparing(world.settings.data / VIEWS):
        assert "Somebody else" in terminal.fails(1, "rebuild", "--data", world.settings.data)
    for one in generations.in_use(world.settings.data / VIEWS):
        one.unlink()
    assert "The next start takes them" in terminal.ok("rebuild", "graph", "--data", world.settings.data)
