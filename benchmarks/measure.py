"""How figures are taken: interleaved rounds, medians, CPU beside wall time, ratios to a limit of the same run."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
ROUNDS = 5


@dataclass
class Figure:
    """One row of the table: what was measured, against what, and the goal.

    `ours` and `limit` are medians in `unit`; `ratio` is ours / limit; `goal` says what the ratio (or `ours`, if
    there is no limit) should be.
    """

    name: str
    unit: str
    ours: float
    goal: str
    limit: float | None = None
    limit_name: str = ""
    met: bool | None = None
    notes: dict[str, float | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours over the limit; None without a limit."""
        return None if not self.limit else self.ours / self.limit


@dataclass
class Took:
    """Seconds on the wall and of this process's CPU."""

    wall: float
    cpu: float


def timed(work: Callable[[], object]) -> Took:
    """Run once."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def interleaved(
    contenders: Mapping[str, Callable[[], float]], rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Run A B C A B C ... so that noise of the machine hits all alike; each call returns its own figure."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            taken[name].append(run())
    return taken


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def keep(part: str, figures: list[Figure]) -> Path:
    """Write the figures of a part as JSON."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{part}.json"
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    rows = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    path.write_text(json.dumps({"part": part, "machine": machine, "figures": rows}, indent=2) + "\n")
    return path
