"""Questions about a part of the graph: neighbourhoods, paths, who stands alone, the past."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import accumulate
from random import Random
from time import perf_counter

from benchmarks.graph_bare import Engine, Sets, ranked
from benchmarks.graph_room import Heard, Query, Room
from benchmarks.graph_turns import Asked, Turns, absent, by_turns, late
from benchmarks.graph_whole import answered
from benchmarks.measure import ROUNDS, Figure, median

POSTED = 8
"""Threats that are published in one round; after each, somebody asks who stands alone."""

PAST = "2030-05-04"
"""Half of all events were recorded until then."""

_CODED = ("place:", "standard:", "indicator:")
_BY_SETS = "sets of references, p99"


def starts(sets: Sets, count: int, seed: int, upto: int) -> list[str]:
    """Draw nodes to start from, seven of ten alike, the others by how many they are tied to; no places.

    Args:
        sets: of all nodes.
        count: how many.
        seed: of chance.
        upto: place of the log at which they must be known.
    """
    random = Random(seed)
    known = sorted(ref for ref, first in sets.first.items() if first <= upto and not ref.startswith(_CODED))
    tied = list(accumulate(len(sets.near[ref]) for ref in known))
    often = random.choices(known, cum_weights=tied, k=count)
    return [random.choice(known) if random.random() < 0.7 else ref for ref in often]


async def neighbourhoods(
    room: Room, sets: Sets, goals: tuple[float, float], upto: int, count: int
) -> AsyncIterator[Figure]:
    """Measure what is within two hops, now and at a past moment.

    Args:
        room: asked.
        sets: compared with.
        goals: ms now, and of the past.
        upto: place of the log that was reached on the day `PAST`.
        count: of questions.
    """
    now, past = goals
    moments: list[tuple[str, Query, float | None]] = [
        ("two-hop neighbourhood, limit 500", {}, now),
        ("the same, nobody read as another", {"merge": "false"}, None),
        ("two-hop as the world was half-way", {"as_of": PAST}, past),
        ("two-hop as the hub knew it half-way", {"known_on": PAST}, past),
    ]
    for seed, (name, moment, most) in enumerate(moments):
        if not room.has("/graph", "about", "hops", "limit", *moment):
            yield absent(name)
            continue
        refs = starts(sets, count, seed, upto if "known_on" in moment else sys.maxsize)
        asked: list[Asked] = [("/graph", {"about": ref, "hops": 2, "limit": 500, **moment}) for ref in refs]
        done = await by_turns(room, asked, lambda one: sets.two_hops(str(one[1]["about"])))
        yield _with_sizes(late(name, done, most, _BY_SETS), done)


def _with_sizes(figure: Figure, done: Turns) -> Figure:
    found = [one.json() for one in done.heard if one.status == 200]
    if found:
        figure.notes["nodes within two hops p50"] = median(
            [len(one["nodes"]) + one["truncated"] for one in found]
        )
    return figure


async def paths(room: Room, engine: Engine, goals: tuple[float, float], count: int) -> list[Figure]:
    """Measure the shortest path, and three by trust.

    Args:
        room: asked.
        engine: compared with.
        goals: ms of both.
        count: of questions.
    """
    kinds: list[tuple[str, Query, float, Callable[[str, str], object]]] = [
        ("shortest path, unweighted", {"weigh": "hops", "k": 1}, goals[0], engine.path),
        ("3 trust-weighted paths with proofs", {"weigh": "trust", "k": 3}, goals[1], engine.cheap_path),
    ]
    figures = []
    for name, query, most, bare in kinds:
        if not room.has("/graph/paths", "from", "to", *query):
            figures.append(absent(name))
            continue
        ends = ends_among(engine, count)
        asked: list[Asked] = [("/graph/paths", {"from": one, "to": other, **query}) for one, other in ends]
        done = await by_turns(room, asked, lambda one, bare=bare: _between(bare, one))  # type: ignore[misc]
        figures.append(_with_found(late(name, done, most, "NetworKit, one path, p99"), done))
    return figures


def ends_among(engine: Engine, count: int) -> list[tuple[str, str]]:
    """Draw pairs of people, organisations and cases; every other one begins with a partner, as questions do."""
    random = Random(7)
    known = [ref for ref in engine.refs if ref.startswith(("lawyer:", "partner:", "body:", "case:"))]
    partners = [ref for ref in known if ref.startswith("partner:")]
    return [(random.choice((known, partners)[number % 2]), random.choice(known)) for number in range(count)]


def _between(bare: Callable[[str, str], object], asked: Asked) -> None:
    source, target = str(asked[1]["from"]), str(asked[1]["to"])
    if source != target:
        bare(source, target)


def _with_found(figure: Figure, done: Turns) -> Figure:
    found = [one.json()["paths"] for one in done.heard if one.status == 200]
    if found:
        figure.notes["share with a path"] = sum(1 for one in found if one) / len(found)
        figure.notes["hops p50"] = median([one[0]["hops"] for one in found if one] or [0])
    return figure


async def alone(room: Room, lawyers: Sequence[str], most: float, count: int) -> list[Figure]:
    """Measure who stands alone: asked for the first time, again, and after each new threat.

    Args:
        room: asked.
        lawyers: who may be threatened next, sorted.
        most: ms.
        count: of questions.
    """
    name, query = "who stands alone, first 50", {"limit": 50}
    if not room.has("/graph/alone", "limit"):
        return [absent(name)]
    first = await answered(room, "/graph/alone", query)
    if first.status != 200:
        return [late(name, Turns([first]), most, "")]
    bare = ranked([(Random(ref).random(), ref) for ref in lawyers], first.json())
    asked: list[Asked] = [("/graph/alone", query)] * count
    again = await by_turns(room, asked, lambda _: bare())
    after = await _after_threats(room, lawyers, bare)
    limit = "first 50 of ready numbers, and a ready answer written, p99"
    figures = [
        late(f"{name}, asked again", again, most, limit),
        late(f"{name}, after a new threat", after, most, limit),
    ]
    figures[0].notes |= {
        "asked for the first time ms": first.wall * 1e3,
        "answered by": "a job" if first.job else "the question itself",
    }
    return figures


async def _after_threats(room: Room, lawyers: Sequence[str], bare: Callable[[], object]) -> Turns:
    random, done = Random(11), Turns()
    for _ in range(ROUNDS):
        heard: list[Heard] = []
        for _ in range(POSTED):
            await room.post(random.choice(lawyers))
            heard.append(await room.ask("/graph/alone", {"limit": 50}))
        done.heard += heard
        for _ in heard:
            began = perf_counter()
            bare()
            done.bare.append(perf_counter() - began)
    return done
