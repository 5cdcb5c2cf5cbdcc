"""The feed against its limits: a loop of `send` in C, the broadcast of `websockets`, NATS; all in the same run."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.feed_crowd import NoCompiler, Talking, crowd, talking
from benchmarks.feed_hub import (
    READY,
    Contender,
    Publisher,
    asking,
    hub_contender,
    limit_contender,
    stamped,
)
from benchmarks.feed_peers import NATS_REQUEST, nats
from benchmarks.feed_storm import BURST, STORM, storm
from benchmarks.measure import ROUNDS, Figure, interleaved, median
from benchmarks.processes import Server, hub, resident, run_json, scratch

PARTS = ("few", "bursts", "storm", "many", "classes", "stalled", "memory")
"""`make bench PART="feeds storm"` measures one of them alone, `PART="feeds 2000 few many"` two with fewer listeners."""

FEW, MANY = 1_000, 10_000
WARM = 60
EVENTS = 12
"""Messages of one round."""

RATE = 5.0
SEEN_MICROS = 8.2
"""What a delivery cost the loop in C where the goals were set. A machine whose calls to the network cost twice that is
busy all the time with ten thousand at five a second: then what is measured is how messages queue, so that a second
figure is taken at a rate that keeps the loop in C as busy as it was there.
"""

SLUGS = ("harbour-bar-watch", *(f"watch-{number}" for number in range(1, 8)))
QUERIES = ("", "&type=threat.*", "&country=QM", "&partner=harbour-bar-watch")


def asked(words: Sequence[str]) -> list[Figure]:
    """Measure what the words behind `feeds` ask for: how many listeners instead of ten thousand, and parts."""
    numbers = [int(word) for word in words if word.isdecimal()]
    return run(next(iter(numbers), MANY), [word for word in words if not word.isdecimal()] or PARTS)


def run(many: int = MANY, chosen: Sequence[str] = PARTS) -> list[Figure]:
    """Measure.

    Args:
        many: listeners where there should be ten thousand.
        chosen: of `PARTS`.

    Raises:
        ValueError: there is no such part.
    """
    if unknown := set(chosen) - set(PARTS):
        raise ValueError(f"no part of the feeds: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    with scratch() as folder, hub(folder, SLUGS) as server:
        try:
            _, size = _base(folder, server)
        except NoCompiler as missing:
            print(f"feeds: not measured, {missing}", file=sys.stderr)
            return []
        frame = (stamped(0) + "x" * size)[:size].encode()
        parts: dict[str, Callable[[], list[Figure]]] = {
            "few": lambda: _few(folder, server, frame),
            "bursts": lambda: [_bursts(folder, server, frame)],
            "storm": lambda: storm(folder, server, frame),
            "many": lambda: _many(folder, server, frame, many),
            "classes": lambda: [_classes(folder, server)],
            "stalled": lambda: [_stalled(folder, server)],
            "memory": lambda: [_memory("ws"), _memory("sse")],
        }
        figures: list[Figure] = []
        for part in (name for name in PARTS if name in chosen):
            found = parts[part]()
            figures += found
            for one in found:
                print(f"feeds: {one.name}: {one.ours:.4g} {one.unit}, ratio {one.ratio}", file=sys.stderr)
        return figures


def _base(folder: Path, server: Server) -> tuple[float, int]:
    """Return what an event costs whoever listens, and how large its message is."""
    with hub_contender(folder, server, [asking("ws", server.token)], 1) as alone:
        alone.cost(WARM)
        cost = median([alone.cost(EVENTS) for _ in range(ROUNDS)])
        alone.crowds[0].reset()
        Publisher(server).publish()
        return cost, alone.crowds[0].until(1).bytes


@contextmanager
def _alone(folder: Path) -> Iterator[Contender]:
    """Run another hub that has one listener: what an event costs whoever listens, in turns with all else."""
    with ExitStack() as opened:
        server = opened.enter_context(hub(opened.enter_context(scratch())))
        one = opened.enter_context(hub_contender(folder, server, [asking("ws", server.token)], 1))
        one.cost(WARM)
        yield one


def _few(folder: Path, server: Server, frame: bytes) -> list[Figure]:
    found: list[Figure] = []
    with ExitStack() as opened:
        alone = opened.enter_context(_alone(folder))
        limit = opened.enter_context(limit_contender(folder, FEW, frame))
        with ExitStack() as more:
            ours = more.enter_context(hub_contender(folder, server, [asking("ws", server.token)], FEW))
            peer = more.enter_context(_websockets(folder, frame))
            took = _in_turns({"limit": limit, "alone": alone, "ours": ours, "peer": peer})
            found += [
                _delivery("WebSocket, 1,000 listeners", took, FEW, 1.25),
                _delivery(
                    "WebSocket, against websockets", {**took, "limit": took["peer"]}, FEW, 0.5, "broadcast"
                ),
            ]
        with hub_contender(folder, server, [asking("sse", server.token)], FEW) as sse:
            took = _in_turns({"limit": limit, "alone": alone, "ours": sse})
    return [*found, _delivery("server-sent events, 1,000", took, FEW, 1.5)]


def _in_turns(contenders: Mapping[str, Contender], events: int = EVENTS) -> dict[str, list[float]]:
    return interleaved({name: partial(one.cost, events) for name, one in contenders.items()})


def _delivery(
    name: str, took: Mapping[str, list[float]], listeners: int, goal: float, against: str = "C"
) -> Figure:
    """Return the figure of one delivery: what an event costs more than with one listener, for each."""
    ours, limit, base = took["ours"], took["limit"], median(took["alone"])
    each = (median(ours) - base) / listeners * 1e6
    least = median(limit) / listeners * 1e6
    whole = median(ours) / listeners * 1e6
    quiet = (min(ours) - min(took["alone"])) / min(limit)
    notes: dict[str, float | str] = {
        "with the event itself": whole,
        "event ms": base * 1e3,
        "ratio of the quietest rounds": quiet,
        "load average": os.getloadavg()[0],
    }
    is_met = each <= goal * least
    return Figure(name, "us CPU", each, f"ratio <= {goal}", least, against, is_met, notes)


@contextmanager
def _websockets(folder: Path, frame: bytes) -> Iterator[Contender]:
    with talking([sys.executable, "-m", "benchmarks.feed_peers"]) as process:
        peer = Talking(process)
        port = int(peer.hear()["address"].rpartition(":")[2])
        rest = frame.decode()[len(stamped(0)) :]

        def send(many: int) -> None:
            for _ in range(many):
                peer.ask(stamped() + rest)

        with crowd(folder, port, FEW, asking("ws", "none"), READY) as one:
            contender = Contender(process.pid, [one], FEW, send)
            contender.cost(3)
            yield contender


def _bursts(folder: Path, server: Server, frame: bytes) -> Figure:
    with ExitStack() as opened:
        alone = opened.enter_context(hub_contender(folder, server, [asking("ws", server.token)], 1))
        least = median([alone.cost(2, BURST) for _ in range(ROUNDS)])
        ours = opened.enter_context(hub_contender(folder, server, [asking("ws", server.token)], FEW))
        contenders: dict[str, Callable[[], float]] = {"hub": lambda: ours.cost(2, BURST)}
        peer = opened.enter_context(nats(folder))
        if peer is not None:
            one = opened.enter_context(crowd(folder, peer.port, FEW, NATS_REQUEST, "PONG"))
            rest = frame.decode()[len(stamped(0)) :]
            theirs = Contender(
                peer.pid, [one], FEW, lambda many: peer.publish([(stamped() + rest).encode()] * many)
            )
            theirs.cost(2, BURST)
            contenders["nats"] = lambda: theirs.cost(2, BURST)
        took = interleaved(contenders)
    limit = median(took["nats"]) / FEW * 1e6 if "nats" in took else None
    each = (median(took["hub"]) - least) / FEW * 1e6
    notes: dict[str, float | str] = {"with the events themselves": median(took["hub"]) / FEW * 1e6}
    is_met = None if limit is None else each <= 1.5 * limit
    name = "bursts of 50, 1,000 listeners"
    return Figure(name, "us CPU", each, "ratio <= 1.5", limit, "nats-server", is_met, notes)


def _many(folder: Path, server: Server, frame: bytes, many: int) -> list[Figure]:
    with ExitStack() as opened:
        alone = opened.enter_context(_alone(folder))
        limit = opened.enter_context(limit_contender(folder, many, frame))
        began = time.monotonic()
        ours = opened.enter_context(hub_contender(folder, server, [asking("ws", server.token)], many))
        came = time.monotonic() - began
        took = _in_turns({"limit": limit, "alone": alone, "ours": ours}, 3)
        delivery = _delivery(f"WebSocket, {many:,} listeners", took, many, 1.25)
        rates = [RATE]
        if delivery.limit is not None and delivery.limit > SEEN_MICROS:
            rates.append(RATE * SEEN_MICROS / delivery.limit)
        late = [_late(many, ours, limit, one) for one in rates]
    late[0].notes[f"seconds until {many:,} were live"] = came
    return [delivery, *late]


def _late(many: int, ours: Contender, limit: Contender, rate: float) -> Figure:
    """Return how late messages come at so many a second."""
    late = interleaved({"limit": lambda: limit.latency(15, rate), "hub": lambda: ours.latency(15, rate)}, 3)
    ratio = median(late["hub"]) / median(late["limit"])
    notes: dict[str, float | str] = {"load average": os.getloadavg()[0]}
    if rate < RATE:
        notes["rate"] = "the loop in C is as busy as where the goal was set"
    name = f"latency to {many:,} at {rate:.2g}/s, p99"
    least = median(late["limit"])
    return Figure(name, "ms", median(late["hub"]), "ratio <= 1.3", least, "C", ratio <= 1.3, notes)


def _memory(kind: str) -> Figure:
    """Idle listeners of a hub that had but a few before: in what others left behind, more would find room."""
    with scratch() as folder, hub(folder) as server:
        request = asking(kind, server.token)
        with hub_contender(folder, server, [request], FEW // 20):
            before = resident(server.pid)
            with crowd(folder, server.port, STORM, request, READY):
                each = (resident(server.pid) - before) / STORM / 1024
    name = {"ws": "WebSocket", "sse": "server-sent events"}[kind]
    return Figure(f"memory of an idle listener, {name}, {STORM:,}", "KB", each, "<= 26", met=each <= 26)


def _classes(folder: Path, server: Server) -> Figure:
    """8 classes of readers, 4 questions each: one listener in 32 shares a frame."""
    base, _ = _base(folder, server)
    tokens = [server.token, *_tokens(folder)]
    requests = [asking("ws", token, query=query) for token in tokens for query in QUERIES]
    count = FEW // len(requests) * len(requests)

    def cost(asked: list[bytes]) -> float:
        with hub_contender(folder, server, asked, count) as contender:
            return contender.cost(EVENTS)

    # As many crowds for both: each of them wakes with a message.
    same = [asking("ws", server.token)] * len(requests)
    took = interleaved({"one": lambda: cost(same), "all": lambda: cost(requests)}, 3)
    return _compared("8 classes and 4 filters", took["all"], took["one"], count, base)


def _compared(name: str, ours: list[float], limit: list[float], count: int, base: float) -> Figure:
    each, least = ((median(one) - base) / count * 1e6 for one in (ours, limit))
    return Figure(name, "us CPU", each, "ratio <= 1.5", least, "without", each <= 1.5 * least)


def _tokens(folder: Path) -> list[str]:
    data = str(folder / "hub")
    return [
        str(run_json("hub", "token", "add", slug, "--role", "observer", "--data", data, "--json")["token"])
        for slug in SLUGS[1:]
    ]


def _stalled(folder: Path, server: Server) -> Figure:
    """Others, with a tenth that reads nothing beside them."""
    publisher = Publisher(server)
    request = asking("ws", server.token)

    def late(stalled: int) -> float:
        with ExitStack() as opened:
            if stalled:
                opened.enter_context(crowd(folder, server.port, stalled, request, READY, stalled))
            others = opened.enter_context(crowd(folder, server.port, FEW, request, READY))
            contender = Contender(server.pid, [others], FEW, publisher.publish)
            contender.cost(1)
            # Enough to fill what the kernel keeps for those who read nothing.
            contender.cost(3, BURST)
            return contender.latency(30, 20)

    took = interleaved({"without": lambda: late(0), "with": lambda: late(FEW // 10)}, 3)
    ours, limit = median(took["with"]), median(took["without"])
    name = "p99 beside 100 who stall"
    return Figure(name, "ms", ours, "ratio <= 1.1", limit, "without", ours <= 1.1 * limit)
