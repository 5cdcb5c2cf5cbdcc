"""Replay: how fast the views are folded from the log, what each costs, and how soon an event shows."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import visible
from benchmarks.archive import archive
from benchmarks.measure import Figure, interleaved, median
from benchmarks.payloads import mix
from benchmarks.processes import run_json, scratch

PARTS = 3_000
SIZE = 20_000
BIG = 100_000
VIEWS = ("graph", "dossiers", "timeline", "search")


class Replay:
    """One log, and what folding it took, run by run."""

    def __init__(self, log: Path, events: int) -> None:
        with archive(f"sqlite:///{log}") as opened:
            opened.push(mix(0, events), 1_000)
        self._log = log
        self.runs: dict[str, list[dict[str, Any]]] = {}

    def contender(self, names: str, collector: str = "default") -> Callable[[], float]:
        """Return what folds once, in a fresh process, and gives CPU microseconds an event."""

        def fold() -> float:
            said = run_json("benchmarks.fold", str(self._log), names, collector)
            self.runs.setdefault(f"{names} {collector}", []).append(said)
            return float(said["cpu"] / said["events"] * 1e6)

        return fold

    def rate(self, key: str) -> float:
        """Return events a second on the wall, the median of the runs."""
        return median([run["events"] / run["wall"] for run in self.runs[key]])

    def memory(self, key: str) -> float:
        """Return bytes an event that stay, the median of the runs."""
        return median([run["bytes"] / run["events"] for run in self.runs[key]])


def run() -> list[Figure]:
    """Measure all of it."""
    figures = []
    with scratch() as folder:
        short = Replay(folder / "parts.sqlite", PARTS)
        figures += parts(short)
        for size in (SIZE, BIG) if os.environ.get("BENCH_BIG") else (SIZE,):
            figures += whole(Replay(folder / f"{size}.sqlite", size), size, short)
    return [*figures, *visible.measure()]


def whole(replay: Replay, size: int, short: Replay) -> list[Figure]:
    """Measure folds of all views from one log."""
    contenders = {
        "all": replay.contender("all"),
        "calm": replay.contender("all", "calm"),
        "log": replay.contender("log"),
    }
    cpu = {name: median(values) for name, values in interleaved(contenders).items()}
    return [_whole(replay, cpu, size), _calm(cpu, size), _memory(replay, size, short)]


def parts(replay: Replay) -> list[Figure]:
    """Measure what stands before the views, and each view, from a shorter log."""
    names = ("log", "rulings", "rules", *VIEWS, "all")
    taken = interleaved({name: replay.contender(name) for name in names})
    cpu = {name: median(values) for name, values in taken.items()}
    cpu |= {"rulings": cpu["rulings"] - cpu["log"], "rules": cpu["rules"] - cpu["log"]}
    before = [
        _part("reading and decoding the log", cpu["log"]),
        _part("rulings, before any view", cpu["rulings"]),
        _part("reading by the rules, once for three views", cpu["rules"]),
    ]
    views = [_view(replay, view, cpu) for view in VIEWS]
    return [*before, *views, _part(f"all views, {PARTS:,}", cpu["all"])]


def _part(name: str, cost: float) -> Figure:
    return Figure(name=name, unit="CPU us/event", ours=cost, goal="")


def _view(replay: Replay, view: str, cpu: dict[str, float]) -> Figure:
    most, goal = {"graph": (60.0, "<= 60 us")}.get(view, (None, ""))
    shared = 0.0 if view == "search" else cpu["rules"]
    cost = cpu[view] - cpu["log"] - cpu["rulings"] - shared
    return Figure(
        name=f"view {view} by itself",
        unit="CPU us/event",
        ours=cost,
        goal=goal,
        met=None if most is None else cost <= most,
        notes={
            "with what stands before it": cpu[view],
            "memory bytes/event": replay.memory(f"{view} default"),
        },
    )


def _whole(replay: Replay, cpu: dict[str, float], size: int) -> Figure:
    rate = 1e6 / cpu["all"]
    return Figure(
        name=f"replay of {size:,}, all views",
        unit="events/s a core",
        ours=rate,
        goal=">= 8,000 events/s a core",
        limit=1e6 / cpu["log"],
        limit_name="reading and decoding the log",
        met=rate >= 8_000,
        notes={"events/s on the wall": replay.rate("all default"), "CPU us/event": cpu["all"]},
    )


def _calm(cpu: dict[str, float], size: int) -> Figure:
    return Figure(
        name=f"replay of {size:,}, gc.freeze and thresholds 100,000/20/50",
        unit="CPU us/event",
        ours=cpu["calm"],
        goal="says what the collector costs",
        limit=cpu["all"],
        limit_name="thresholds of Python",
    )


def _memory(replay: Replay, size: int, short: Replay) -> Figure:
    whole, before = (one.memory("all default") for one in (replay, short))
    grown = (whole * size - before * PARTS) / (size - PARTS)
    return Figure(
        name=f"memory of all views, an event more between {PARTS:,} and {size:,}",
        unit="bytes/event",
        ours=grown,
        goal="<= 3,072 bytes",
        met=grown <= 3_072,
        notes={"all of it over all events": whole, "log alone": replay.memory("log default")},
    )
