"""The power is cut at any moment: what a client was told is there, once, in every state the disk may be found in.

A real `hub serve` is recorded (`tracing.py`); the disk that it wrote to is then lost again and again (`disk.py`).
"""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from events.intake import Intake
from events.store import open_store
from events.submission import Publisher
from hub.keys import open_vault
from tests.faults.counting import count
from tests.faults.disk import Disk
from tests.faults.tracing import can_trace
from tests.running import NOON, World, make_world, open_accounts, registry, threat
from tests.surviving import address_in, environ, everything
from verifier.files import verify_database

Json = Any

pytestmark = [
    pytest.mark.timeout(1_400),
    pytest.mark.skipif(not can_trace(), reason="this machine lets nobody trace a process (ptrace)"),
]

CLIENTS = 3
_STORED = re.compile(rb'"status":"(?:stored|duplicate)","source":"[^"]*","id":"([^"]+)"')


def record(folder: Path, events: int) -> tuple[World, Path, list[dict[str, Json]]]:
    """Run a hub that takes events from several clients at once; return its world, its folder before, and the log."""
    world = make_world(folder / "hub")
    before = shutil.copytree(world.settings.data, folder / "before")
    log = folder / "asked.ndjson"
    hub = [sys.executable, "-m", "hub", "serve", "--port", "0", "--data", str(world.settings.data)]
    command = [sys.executable, "-m", "tests.faults.tracing", str(log), str(world.settings.data), *hub]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ())
    assert process.stderr is not None
    try:
        url = address_in(process.stderr)
        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(push, url, world, one, events) for one in range(CLIENTS)]:
                done.result()
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0
    return world, before, [json.loads(line) for line in log.read_text("ascii").splitlines()]


def push(url: str, world: World, client: int, events: int) -> None:
    """Push a client's share, some alone and some in batches."""
    mine = [said(number) for number in range(client, events, CLIENTS)]
    headers = world.bearer("publisher")
    with httpx.Client(base_url=url, headers=headers, timeout=60) as http:
        while mine:
            some, mine = mine[: 1 + len(mine) % 4], mine[1 + len(mine) % 4 :]
            lines = "\n".join(map(json.dumps, some))
            kind = {"Content-Type": "application/x-ndjson"}
            report = http.post("/api/v1/events", content=lines, headers=kind).raise_for_status().json()
            assert report["stored"] == len(some)


def said(number: int) -> dict[str, Json]:
    return threat(number, data={"narrative": narrative(f"t-{number}")})


def narrative(name: str) -> str:
    return f"What happened to {name}."


def states(
    before: Path, log: list[dict[str, Json]], wanted: int
) -> Iterator[tuple[dict[str, bytes], set[str]]]:
    """Give states of the disk, with what had been acknowledged by then: most while events were coming."""
    random, disk, told = Random(2_000), Disk(before), set[str]()
    moved = {"path": "", "to": ""}
    first = next(no for no, row in enumerate(log) if row["did"] == "sent" and _STORED.search(_raw(row)))
    cuts = Counter(random.choices(range(first, len(log)), k=wanted * 9 // 10))
    cuts += Counter(random.choices(range(first), k=wanted - cuts.total()))
    for number, row in enumerate(log):
        for _ in range(cuts[number]):
            yield disk.found(random), set(told)
        if row["did"] == "sent":
            told |= {name.decode() for name in _STORED.findall(_raw(row))}
        else:
            disk.do({**row, **{name: _moved(row[name], before) for name in moved}})


def _raw(row: dict[str, Json]) -> bytes:
    return bytes.fromhex(row["said"])


def _moved(path: str, before: Path) -> str:
    hub = str(before.with_name("hub"))
    return str(before) + path.removeprefix(hub) if path else path


def opened(folder: Path, told: set[str]) -> list[str]:
    """Open a state with the hub's own code; return the ids of its events, after checking all that is in them."""
    vault = open_vault(folder, bytes)
    store = open_store(f"sqlite:///{folder}/log.sqlite", registry(), vault)
    try:
        read = [one for one in everything(store) if one.id.startswith("t-")]
        assert [one.id for one in read if one.erased] == []
        assert all(one.data["narrative"] == narrative(one.id) for one in read)
        ids = [one.id for one in read]
        again = sorted(told)[:1] or ["t-0"]
        intake = Intake(registry(), store, lambda: NOON)
        checked = intake.check(Publisher("harbour-bar-watch", "tests"), said(int(again[0][2:])))
        assert intake.record([checked])[0].status == ("duplicate" if again[0] in ids else "stored")
    finally:
        store.close()
    accounts = open_accounts(folder, bytes)
    assert len(accounts.listing()) == 4
    accounts.close()
    assert verify_database(folder / "log.sqlite", None).faults == []
    return ids


def check(folder: Path, events: int, wanted: int) -> dict[str, Any]:
    _, before, log = record(folder, events)
    lost, doubled, tried, told_most, kept_more = 0, 0, 0, set[str](), 0
    for files, told in states(before, log, wanted):
        place = folder / "state"
        for name, content in files.items():
            if not name.startswith("views"):
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(content)
        ids = opened(place, told)
        tried += 1
        lost += len(told - set(ids))
        doubled += len(ids) - len(set(ids))
        kept_more += len(set(ids) - told)
        told_most |= told
        shutil.rmtree(place)
    assert (lost, doubled) == (0, 0)
    assert len(told_most) > events // 2
    return count(
        "power_cut", told_most, told_most, states=tried, system_calls=len(log), kept_besides=kept_more
    )


def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    check(tmp_path, events=18, wanted=15)


@pytest.mark.deep
def test_two_thousand_power_cuts_lose_nothing(tmp_path: Path) -> None:
    assert check(tmp_path, events=90, wanted=2_100)["states"] >= 2_000
