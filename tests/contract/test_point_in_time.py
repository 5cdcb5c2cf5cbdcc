"""The drill for a log in PostgreSQL that is archived without a gap: to a moment, to the end, with keys elsewhere."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.store import open_store
from hub.keys import open_vault
from tests.archiving import Archiving, Restored
from tests.contract.test_commands import Terminal
from tests.faults.counting import count
from tests.many import every_id, make_shared_world
from tests.postgres import fresh_database
from tests.restoring import MINUTE, SECRET, Pusher, caught_up, place, signer_of
from tests.running import World, registry, serving, threat

Json = Any
pytestmark = pytest.mark.deep


@pytest.fixture
def lost() -> Iterator[Archiving]:
    """Give a server that archives; the test kills it."""
    server = Archiving()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def played(lost: Archiving, until: str = "") -> Iterator[Restored]:
    server = Restored(lost, until)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def close_sheet(world: World) -> str:
    """Close a sheet a minute later; return the checkpoint."""
    world.clock.move(seconds=60)
    settings = world.settings
    keys = open_vault(settings.data, world.chance, vault=settings.vault)
    with closing(open_store(settings.store_url, registry(), keys)) as store:
        ledger = store.ledger(signer_of(world))
        assert ledger.close_due(world.clock(), MINUTE)
        return str(ledger.newest())


def pushed(world: World, first: int, most: int) -> Pusher:
    """Serve a hub and push to it until that many are acknowledged."""
    with serving(world) as served:
        pusher = Pusher(served, world.bearer("publisher"))
        with pusher.going(first):
            pusher.wait(most)
    return pusher


def at(world: World, server: Restored) -> World:
    """Return the same hub on the log as a server has it."""
    name = world.settings.store.partition("?")[0].rpartition("/")[2]
    return replace(world, settings=replace(world.settings, store=server.url(name)))


def anew(world: World, folder: Path, store: str) -> World:
    """Return the hub on a new machine: it has what was in the safe."""
    (folder / "keys").mkdir(parents=True)
    for key in (world.settings.data / "keys").glob("*.key"):
        (folder / "keys" / key.name).write_bytes(key.read_bytes())
    return replace(world, settings=replace(world.settings, data=folder, store=store))


def check_after(again: World, terminal: Terminal, fault: str, kept: list[str], gone: list[str]) -> None:
    """The restored hub has once what it should, verifies, and takes what is missing when it is pushed again."""
    with serving(again) as served:
        caught_up(served)
        there = every_id(served.url, again.bearer("publisher"))
        count(fault, kept, there, missing_and_said=len(gone))
        assert not set(gone) & set(there)
        for number in range(500, 500 + len(gone)):
            served.post(threat(number, data={"narrative": SECRET}), again.bearer("publisher"))
        served.settle()
        assert set(gone) <= set(every_id(served.url, again.bearer("publisher")))
    assert "The log is whole." in terminal.ok("verify", *place(again))


@pytest.mark.parametrize("target", ["moment", "end"])
def test_an_archived_log_goes_to_a_moment_or_to_its_end_and_says_what_is_missing(
    target: str, lost: Archiving, tmp_path: Path
) -> None:
    world = make_shared_world(tmp_path / "hub", lost.fresh(), fresh_database())
    terminal = Terminal({"HUB_VAULT": world.settings.vault})
    lost.save_base()
    before = pushed(world, 100, 8).acknowledged
    early = close_sheet(world)
    moment = lost.ship()
    after = pushed(world, 500, 4).acknowledged
    late = close_sheet(world)
    lost.ship()
    lost.kill()
    seen = tmp_path / "checkpoint"
    with played(lost, moment if target == "moment" else "") as server:
        back = at(world, server)
        assert "The log is whole." in terminal.ok("verify", *place(back))
        now, people = tmp_path / "now.sqlite", tmp_path / "people"
        terminal.ok("backup", now, "--accounts", people, "--unencrypted", *place(back))
        again = anew(world, tmp_path / "again", server.fresh())
        seen.write_text(late)
        words = [now, "--accounts", people, "--checkpoint", seen, *place(again)]
        if target == "end":
            row = terminal.one("restore", *words)
            assert (row["proven"], row["gone"]) == (True, 0)
            check_after(again, terminal, "archived_postgresql_to_the_end", [*before, *after], [])
            return
        assert "1 later closings were witnessed" in terminal.fails(1, "restore", *words)
        seen.write_text(early)
        other = anew(world, tmp_path / "other", server.fresh())
        assert terminal.one("restore", now, "--checkpoint", seen, *place(other))["proven"]
        seen.write_text(late)
        row = terminal.one("restore", *words, "--accept-loss")
        assert (row["accepted_loss"]["missing_closings"], row["gone"]) == (1, 0)
        check_after(again, terminal, "archived_postgresql_to_a_moment", before, after)


def narratives(world: World) -> dict[str, str | None]:
    """Return what the publisher reads in the personal field of each of its events."""
    with serving(world) as served:
        caught_up(served)
        asked = f"{served.url}/api/v1/events?limit=1000"
        page = httpx.get(asked, headers=world.bearer("chief"), timeout=30).json()
        return {one["id"]: one["data"].get("narrative") for one in page["events"] if "threat" in one["data"]}


def test_keys_in_a_database_of_their_own_outlive_the_log_and_come_back_without_it(
    lost: Archiving, tmp_path: Path
) -> None:
    """The log's server burns and is brought back from its archive; then the server of keys burns as well."""
    world = make_shared_world(tmp_path / "hub", lost.fresh(), fresh_database())
    world.issue("chief", "harbour-bar-watch", "publisher", account="chief", clearance="red")
    terminal = Terminal({"HUB_VAULT": world.settings.vault})
    lost.save_base()
    [first, second] = pushed(world, 100, 2).acknowledged[:2]
    keys, key = tmp_path / "keys.age", tmp_path / "backup.key"
    recipient = terminal.ok("backup-key", key).strip()
    terminal.ok("backup", "--vault", keys, "--recipient", recipient, *place(world))
    moment = lost.ship()
    terminal.ok("erase", threat(100)["data"]["targets"][0], "--yes", *place(world))
    late = pushed(world, 500, 1).acknowledged
    lost.ship()
    lost.kill()

    now, whole, people = tmp_path / "now.sqlite", tmp_path / "whole.sqlite", tmp_path / "people"
    with played(lost, moment) as server:
        # The keys are as they were last: what was erased after the moment stays so.
        back = at(world, server)
        terminal.ok("backup", now, "--accounts", people, "--unencrypted", *place(back))
        again = anew(world, tmp_path / "again", server.fresh())
        row = terminal.one("restore", now, "--accounts", people, "--accept-loss", *place(again))
        assert row["gone"] == 0
        read = narratives(again)
        assert (read[first], read[second], set(late) & set(read)) == (None, SECRET, set())
    # A log that went further erases again what an older backup of keys still opens.
    with played(lost) as server:
        terminal.ok("backup", whole, "--unencrypted", *place(at(world, server)))
        vault = fresh_database()
        elsewhere = Terminal({"HUB_VAULT": vault})
        new = anew(world, tmp_path / "new", server.fresh())
        new = replace(new, settings=replace(new.settings, vault=vault))
        words = [
            whole,
            "--vault",
            keys,
            "--accounts",
            people,
            "--identity",
            key,
            "--accept-loss",
            *place(new),
        ]
        row = elsewhere.one("restore", *words)
        # One was erased, and is again; the keys of the newest are younger than the backup of keys.
        assert (row["erased_again"], row["gone"]) == (1, len(late))
        read = narratives(new)
        assert (read[first], read[second]) == (None, SECRET)
        assert {read[one] for one in late} == {None}
