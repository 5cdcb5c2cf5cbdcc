"""An edge whose hub's log was restored from a backup: what was lost is gone there too, and listeners hear it."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.boarding import until
from tests.contract.test_commands import Terminal
from tests.contract.test_edge import HUB, clear, titled, told
from tests.nats_cluster import NatsCluster, nats_cluster
from tests.running import TestClient, World, calling, make_world

Json = Any


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with nats_cluster(tmp_path_factory.mktemp("bus"), 1) as started:
        yield started


def post(hub: TestClient, world: World, event: Json) -> None:
    answer = hub.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
    assert answer.status_code == 201, answer.text


def restored(world: World, saved: Path, folder: Path) -> World:
    """Return the hub as `hub restore` puts it back on a new machine, without what came after the backup."""
    (folder / "keys").mkdir(parents=True)
    for name in ("vault.key", "cursor.key", "subscriptions.key"):
        shutil.copy(world.settings.data / "keys" / name, folder / "keys")
    people = saved.with_name("people")
    Terminal().ok("restore", saved, "--accounts", people, "--data", folder, "--accept-loss")
    return replace(world, settings=replace(world.settings, data=folder))


def test_an_edge_lets_go_of_what_a_restored_log_has_lost(cluster: NatsCluster, tmp_path: Path) -> None:
    asyncio.run(clear(cluster.url()))
    world = make_world(tmp_path / "hub", bus=cluster.url())
    own = replace(world.settings, data=tmp_path / "edge", bus=cluster.url("edge"), edge=True, edge_of=HUB)
    own.data.mkdir()
    with ExitStack() as opened:
        edge = opened.enter_context(calling(replace(world, settings=own)))

        def shown() -> str:
            return str(edge.get("/api/v1/events").text)

        with calling(world) as hub:
            post(hub, world, titled(1, "Wren"))
            words = ["--accounts", tmp_path / "people", "--unencrypted", "--data", world.settings.data]
            Terminal().ok("backup", tmp_path / "saved", *words)
            post(hub, world, titled(2, "Nightingale"))
            until(lambda: "Nightingale" in shown())
        before = len(told(edge))
        again = restored(world, tmp_path / "saved", tmp_path / "again")
        with calling(again) as hub:
            # It has the place, and so the cursor, of what was lost.
            post(hub, again, titled(3, "Finch"))
            until(lambda: "Finch" in shown() and "Wren" in shown())
            assert "Nightingale" not in shown()
            heard = [(one[0], one[2], one[4]) for one in told(edge)[before:]]
    assert ("withdrawn", "t-2", "retracted") in heard
    assert heard.index(("withdrawn", "t-1", "retracted")) < heard.index(("changed", "t-1", "released"))
    assert ("event", "t-3", None) in heard
    assert not any(b"Nightingale" in one.read_bytes() for one in own.data.rglob("*") if one.is_file())
