"""Questions by turns: some put to the hub, then the same to what is compared with it, and again, until all are put."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from benchmarks.graph_room import Heard, Query, Room
from benchmarks.measure import ROUNDS, Figure, percentile

PATIENCE = 10.0
"""Seconds that the questions of one figure may take; then those left are not put, and the figure says how many were."""

NOT_THERE = "not there"
"""The unit of a line for what was not measured."""

Asked = tuple[str, Query]


@dataclass
class Turns:
    """What came of it.

    Args:
        heard: answers of the hub.
        bare: seconds that the same took elsewhere.
    """

    heard: list[Heard] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


async def by_turns(room: Room, asked: Sequence[Asked], bare: Callable[[Asked], object]) -> Turns:
    """Put questions in `ROUNDS` rounds."""
    done = Turns()
    size = -(-len(asked) // ROUNDS)
    for start in range(0, len(asked), size):
        put: list[Asked] = []
        began = perf_counter()
        for one in asked[start : start + size]:
            done.heard.append(await room.ask(*one))
            put.append(one)
            if perf_counter() - began > PATIENCE / ROUNDS:
                break
        for one in put:
            began = perf_counter()
            bare(one)
            done.bare.append(perf_counter() - began)
    return done


def late(name: str, done: Turns, most_ms: float | None, limit_name: str) -> Figure:
    """Return how late the slowest hundredth of answers is, beside that of the limit."""
    good = [one for one in done.heard if one.status == 200]
    if not good:
        return absent(name, f"answered {_statuses(done)}")
    walls, cpus = [one.wall * 1e3 for one in good], [one.cpu * 1e3 for one in good]
    p99, bare = percentile(walls, 0.99), [one * 1e3 for one in done.bare]
    return Figure(
        name=f"{name}, p99",
        unit="ms",
        ours=p99,
        goal="" if most_ms is None else f"<= {most_ms:g} ms",
        met=None if most_ms is None else p99 <= most_ms,
        limit=percentile(bare, 0.99),
        limit_name=limit_name,
        notes={
            "p50 ms": percentile(walls, 0.5),
            "p50 of the limit ms": percentile(bare, 0.5),
            "CPU p50 ms": percentile(cpus, 0.5),
            "CPU p99 ms": percentile(cpus, 0.99),
            "KB p50": percentile([len(one.body) / 1e3 for one in good], 0.5),
            "questions": float(len(good)),
            **({"refused": _statuses(done)} if len(good) < len(done.heard) else {}),
        },
    )


def absent(name: str, why: str = "there is no such address") -> Figure:
    """Return a line for what cannot be measured."""
    return Figure(name=name, unit=NOT_THERE, ours=0.0, goal="", notes={"why": why})


def _statuses(done: Turns) -> str:
    wrong = Counter(
        f"{one.status} {one.body[:60].decode()}" for one in done.heard if one.status != 200
    ).most_common(2)
    return "; ".join(f"{count} x {text}" for text, count in wrong)
