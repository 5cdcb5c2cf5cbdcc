"""Backups for tests: a key, files saved beside a hub, a machine that is lost, and what a restored hub answers."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from events.notes import Signer
from events.store import open_store
from hub.cosigning import gather
from hub.keys import LOG_KEY, make_log_key, open_vault
from tests.contract.test_commands import Terminal
from tests.running import Chance, Served, World, make_world, registry, threat

Json = Any
MINUTE = timedelta(seconds=1)
SECRET = "canary-narrative"


@dataclass
class Saved:
    """A backup of all that a hub has, and the copy of its keys from the safe."""

    log: Path
    vault: Path
    accounts: Path
    identity: Path
    safe: Path

    def words(self) -> list[object]:
        return [self.log, "--vault", self.vault, "--accounts", self.accounts, "--identity", self.identity]


@dataclass
class Pusher:
    """A partner that keeps publishing; knows what was acknowledged."""

    served: Served
    headers: dict[str, str]
    acknowledged: list[str] = field(default_factory=list)
    receipts: dict[str, Json] = field(default_factory=dict)
    grew: threading.Condition = field(default_factory=threading.Condition)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def push(self, first: int) -> None:
        number = first
        while not self._stopping.is_set():
            event = threat(number, data={"narrative": SECRET})
            answer = self.served.post(event, self.headers)
            with self.grew:
                self.acknowledged.append(event["id"])
                self.receipts[event["id"]] = answer
                self.grew.notify_all()
            number += 1

    def wait(self, count: int) -> list[str]:
        with self.grew:
            assert self.grew.wait_for(lambda: len(self.acknowledged) >= count, 60)
            return list(self.acknowledged)

    @contextmanager
    def going(self, first: int = 1) -> Iterator["Pusher"]:
        thread = threading.Thread(target=self.push, args=(first,))
        thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            thread.join(30)
            assert not thread.is_alive()


def make_hub(folder: Path, **more: Any) -> World:
    """Make a hub with a log key of its own: the chance of tests draws the same for each."""
    world = make_world(folder, **more)
    (folder / "keys" / LOG_KEY).write_bytes(folder.name.ljust(32).encode())
    return world


def save(terminal: Terminal, world: World, folder: Path) -> Saved:
    """Save all that a hub has, encrypted, as a technician does."""
    folder.mkdir()
    identity, safe = folder / "backup.key", folder / "safe"
    recipient = terminal.ok("backup-key", identity).strip()
    saved = Saved(folder / "log.age", folder / "keys.age", folder / "accounts.age", identity, safe)
    files = [saved.log, "--vault", saved.vault, "--accounts", saved.accounts]
    terminal.ok("backup", *files, "--recipient", recipient, *place(world))
    safe.mkdir()
    for key in (world.settings.data / "keys").glob("*.key"):
        shutil.copy(key, safe)
    return saved


def place(world: World) -> list[object]:
    """Return the options that name a hub's folder and log."""
    return [
        "--data",
        world.settings.data,
        *(["--store", world.settings.store] if world.settings.store else []),
    ]


def fresh_folder(saved: Saved, folder: Path) -> Path:
    """Make a new machine's folder, with the keys from the safe."""
    shutil.copytree(saved.safe, folder / "keys")
    return folder


def moved(world: World, data: Path, store: str = "") -> World:
    """Return a hub's world at another place."""
    return replace(world, settings=replace(world.settings, data=data, store=store), chance=Chance("moved"))


@contextmanager
def archive(world: World) -> Iterator[Any]:
    """Open the log of a hub beside it."""
    store = open_store(world.settings.store_url, registry(), open_vault(world.settings.data, world.chance))
    try:
        yield store
    finally:
        store.close()


def signer_of(world: World) -> Signer:
    return Signer(make_log_key(world.settings.data, world.chance))


def close(world: World) -> str:
    """Close a sheet a minute later; return the checkpoint."""
    world.clock.move(seconds=60)
    with archive(world) as store:
        ledger = store.ledger(signer_of(world))
        assert ledger.close_due(world.clock(), MINUTE)
        return str(ledger.newest())


def cosign(world: World) -> None:
    """Have the newest checkpoint cosigned."""
    with archive(world) as store:
        [asked] = gather(store.ledger(signer_of(world)), store.witness())
    assert asked.is_cosigned, asked.said


def answers(served: Served, world: World) -> dict[str, bytes]:
    """Return what several readers are answered, byte for byte."""
    found = {}
    for name in ("publisher", "observer", None):
        headers = {} if name is None else world.bearer(name)
        for path in ("/events?limit=1000", "/graph?limit=500", "/lawyers", "/search?q=threat", "/me"):
            answer = httpx.get(f"{served.url}/api/v1{path}", headers=headers, timeout=30)
            assert answer.status_code == 200 or name is None, answer.text
            found[f"{name} {path}"] = str(answer.status_code).encode() + answer.content
    return found


def caught_up(served: Served) -> None:
    """Wait until the hub has folded all that is in its log, and says that it is ready."""
    served.settle()
    gate = threading.Event()
    for _ in range(3000):
        if httpx.get(f"{served.url}/readyz").status_code == 200:
            return
        gate.wait(0.01)
    raise AssertionError(httpx.get(f"{served.url}/readyz").text)
