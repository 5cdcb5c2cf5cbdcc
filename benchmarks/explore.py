"""`/explore` and `/live` in a browser without a graphics card: how soon they can be read, how smoothly they move.

`make bench PART=explore`; needs Chromium. The hub is served by this process, its graph filled without the log.
"""

import asyncio
import gzip
import json
import os
import re
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import uvicorn

from benchmarks.graph_room import Room, opened
from benchmarks.graph_world import Invention
from benchmarks.measure import Figure
from tests.chromium import PROGRAM, Page, page

NODES, EDGES = 10_000, 50_000
ROUNDS = 3
MOVE_SECONDS = 3
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
DRAWN = "performance.getEntriesByName('drawn')[0]?.startTime ?? null"
LIVE = "document.querySelector('[data-state=live]') !== null"
SETTLED = "performance.getEntriesByName('settled').length > 0"
MOVING = """(async (isPan) => {
    const layer = document.querySelector('.sigma-mouse'), box = layer.getBoundingClientRect();
    const at = (x, y, type, more = {}) => layer.dispatchEvent(new MouseEvent(type, {
        bubbles: true, cancelable: true, clientX: box.left + x, clientY: box.top + y, button: 0, ...more}));
    const pan = (frame) => document.dispatchEvent(new MouseEvent('mousemove', {
        bubbles: true, clientX: box.left + 8 + 150 * Math.sin(frame / 9), clientY: box.top + 8 + frame % 40}));
    const zoom = (frame) => layer.dispatchEvent(new WheelEvent('wheel', {
        bubbles: true, cancelable: true, clientX: box.left + 300, clientY: box.top + 250,
        deltaY: Math.floor(frame / 30) % 2 ? 60 : -60}));
    // Where no node is: the ground is taken, and the whole is moved.
    if (isPan) at(8, 8, 'mousedown');
    return new Promise((done) => {
        const began = performance.now(); let frames = 0;
        const next = () => {
            (isPan ? pan : zoom)(frames); frames += 1;
            const took = performance.now() - began;
            if (took < SECONDS * 1000) return requestAnimationFrame(next);
            document.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}));
            done([frames, took]);
        };
        requestAnimationFrame(next);
    });
})""".replace("SECONDS", str(MOVE_SECONDS))
MOVES = {"pan": "true", "zoom": "false"}
TICKS = os.sysconf("SC_CLK_TCK")


def run() -> list[Figure]:
    """Measure; without Chromium there is nothing to measure."""
    return [] if PROGRAM is None else asyncio.run(_measured())


async def _measured() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with opened(folder / "hub") as room:
            invention = Invention(NODES)
            room.fold(invention.all())
            room.date(invention)
            server = _Announcing(_stateful(room))
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(server.serve())
                await server.ready.wait()
                port = server.servers[0].sockets[0].getsockname()[1]
                figures = await asyncio.to_thread(_browse, f"http://127.0.0.1:{port}", room.token, folder)
                server.should_exit = True
                await serving
    return figures


class _Announcing(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, app: Any) -> None:
        super().__init__(uvicorn.Config(app, port=0, lifespan="off", log_level="warning"))
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _stateful(room: Room) -> Any:
    """Return the hub as an application that has its state already."""

    async def call(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        await room.app({**scope, "state": dict(room.state)}, receive, send)

    return call


def _browse(address: str, token: str, folder: Path) -> list[Figure]:
    with _browser(folder, token) as shown:
        return [*_explored(shown, address, folder), *_lived(shown, address, token)]


@contextmanager
def _browser(folder: Path, token: str) -> Iterator[Page]:
    with page(folder / "browser") as shown:
        shown.call("Network.enable")
        shown.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {token}"})
        size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        shown.call("Emulation.setDeviceMetricsOverride", **size)
        yield shown


def _explored(shown: Page, address: str, folder: Path) -> list[Figure]:
    painted, drawn = [], []
    moved: dict[str, list[float]] = {name: [] for name in MOVES}
    said = ""
    for _ in range(ROUNDS):
        shown.open(f"{address}/explore?limit={NODES}")
        shown.wait_for(f"({DRAWN}) !== null")
        painted.append(shown.evaluate(FIRST_PAINT))
        drawn.append(shown.evaluate(DRAWN))
        said = shown.evaluate("document.querySelector('[data-explore=state]').textContent")
        # While it is still being arranged: a worker takes a core meanwhile.
        for name in MOVES:
            moved[name].append(_moved(shown, name, folder)[0])
    of: dict[str, float | str] = {"shown": said}
    shown.wait_for(SETTLED)
    return [
        _soon("explore: first paint", painted, 1500, of),
        _soon("explore: canvas drawn", drawn, 1500, of),
        *(_smooth(f"explore: {name}, being arranged", taken) for name, taken in moved.items()),
        *(one for name in MOVES for one in _at_rest(name, _moved(shown, name, folder))),
    ]


def _moved(shown: Page, name: str, folder: Path) -> tuple[float, float]:
    """Return the frames a second of a move, and what a frame cost the whole browser, in ms of CPU."""
    before = _spent(folder)
    frames, took = shown.evaluate(f"({MOVING})({MOVES[name]})")
    return frames / took * 1000, (_spent(folder) - before) / frames * 1000


def _at_rest(name: str, moved: tuple[float, float]) -> list[Figure]:
    frames, cost = moved
    return [
        _smooth(f"explore: {name}, arranged", [frames]),
        Figure(f"explore: {name}, CPU a frame", "ms", cost, "≤ 33", met=cost <= 33),
    ]


def _spent(folder: Path) -> float:
    """Return the CPU seconds of all processes of the browser whose profile is in `folder`."""
    ticks = 0
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder) in one.joinpath("cmdline").read_text():
                user, system = one.joinpath("stat").read_text().rsplit(")", 1)[1].split()[11:13]
                ticks += int(user) + int(system)
    return ticks / TICKS


def _lived(shown: Page, address: str, token: str) -> list[Figure]:
    taken = []
    for _ in range(ROUNDS):
        shown.open(f"{address}/live")
        shown.wait_for(LIVE)
        timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        taken.append(shown.evaluate(timing))
    weight = _weight(address, token)
    first = Figure("live: first view, compressed", "KB", weight, "≤ 100", met=weight <= 100)
    return [first, _soon("live: interactive", taken, 1000, {})]


def _weight(address: str, token: str) -> float:
    """Return how many KB the first view of `/live` takes compressed: the page, and what it needs before the map."""

    def read(path: str) -> str:
        with urlopen(Request(address + path, headers={"Authorization": f"Bearer {token}"})) as answer:
            return str(answer.read().decode())

    text = read("/live")
    wanted = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"', text))
    found: dict[str, str] = {"/live": text}
    while wanted - found.keys():
        path = (wanted - found.keys()).pop()
        found[path] = read(path)
        # What a script imports at once; what it imports later, as the map, comes behind the feed.
        needed = re.findall(r'(?:from|import)\s*"(\./[^"]+)"', found[path]) if path.endswith(".js") else ()
        wanted |= {f"/static/{one[2:]}" for one in needed}
    return sum(len(gzip.compress(one.encode())) for one in found.values()) / 1024


def _soon(name: str, taken: list[float], most: float, notes: dict[str, float | str]) -> Figure:
    ours = statistics.median(taken)
    return Figure(name, "ms", ours, f"≤ {most:g}", met=ours <= most, notes=notes)


def _smooth(name: str, taken: list[float]) -> Figure:
    ours = statistics.median(taken)
    return Figure(name, "frames/s", ours, "≥ 30", met=ours >= 30)


if __name__ == "__main__":
    for figure in run():
        print(json.dumps({"name": figure.name, "ours": figure.ours, "met": figure.met, **figure.notes}))
