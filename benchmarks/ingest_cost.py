"""What an event costs intake, step by step, and how that grows with the log; in this process, no HTTP."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count

from benchmarks import measure
from benchmarks.archive import Archive, archive, now, registry
from benchmarks.bare import BareRecorder, rows_of
from benchmarks.measure import Figure, interleaved, median, timed
from benchmarks.payloads import SLUG, threats
from benchmarks.processes import scratch
from events.envelope import Envelopes, fill_in
from events.mapper import write_envelope
from events.salt import Salt
from events.strict import breaches, canonical, read_json
from events.submission import Publisher

EVENTS = 2_000
SINGLE = 200
CHUNK = 500
"""As the hub records a streamed batch."""

ROUND_GROWTH = 500
_STEM = "threat.reported.v1"


class Steps:
    """The steps of intake, each by itself over the same events."""

    def __init__(self, opened: Archive, bare: BareRecorder) -> None:
        self._archive = opened
        self._bare = bare
        self._contract = registry().contract(_STEM)
        pattern = registry().documents()["https://solidarity-hub.example/schemas/common"]["$defs"]["ref"][
            "pattern"
        ]
        self._envelopes = Envelopes(registry(), pattern)
        self._numbers = count(0, EVENTS)
        self.lines: list[bytes] = []
        self.renew()

    def renew(self) -> None:
        """Make events that the log does not have yet."""
        self.lines = threats(next(self._numbers), EVENTS)
        self._events = [read_json(line) for line in self.lines]
        self._written = [canonical(event) for event in self._events]

    def contenders(self) -> dict[str, Callable[[], float]]:
        """Return every step by name; each gives CPU microseconds an event."""
        steps: dict[str, Callable[[], object]] = {
            "parse": lambda: [read_json(line) for line in self.lines],
            "schema": lambda: [self._contract.check(event["data"]) for event in self._events],
            "rights": lambda: [self._archive.intake.rights(SLUG) for _ in self._events],
            "canonical bytes": lambda: [canonical(event) for event in self._events],
            "text rules": lambda: [
                breaches(event, text) for event, text in zip(self._events, self._written, strict=True)
            ],
            "envelope": self._envelope,
            "keys and digests": self._digests,
            "append": self._append,
            "whole": self._whole,
            "bare recorder": self._record_bare,
        }
        alone = {"one a transaction": lambda: _cpu(self._singly, SINGLE)}
        return alone | {name: lambda work=work: _cpu(work, EVENTS) for name, work in steps.items()}

    def _envelope(self) -> None:
        for event in self._events:
            self._envelopes.problems(event)
            fill_in(event, _STEM, self._contract.tlp, self._contract.subject_pointer or "", now())

    def _digests(self) -> None:
        salt = Salt(b"s" * 32)
        for event, text in zip(self._events, self._written, strict=True):
            salt.of_event(event["source"], event["id"])
            salt.of_content(text or b"")
            salt.of_record(write_envelope(event))

    def _append(self) -> None:
        for start in range(0, EVENTS, CHUNK):
            self._archive.intake.record(self._checked[start : start + CHUNK])

    def _whole(self) -> None:
        self._archive.push(self.lines, CHUNK)

    def _singly(self) -> None:
        self._archive.push(threats(next(self._numbers), SINGLE), 1)

    def _record_bare(self) -> None:
        self._bare.insert(self._rows, CHUNK)

    def prepare(self) -> float:
        """Check fresh events for `append`, then make others for `whole`; a contender that costs nothing."""
        self.renew()
        publisher = Publisher(SLUG, "bench")
        self._checked = [self._archive.intake.check(publisher, event) for event in self._events]
        self.renew()
        self._rows = rows_of(self.lines)
        return 0.0


def _cpu(work: Callable[[], object], many: int) -> float:
    return timed(work).cpu / many * 1e6


def profile() -> Figure:
    """Measure the whole of intake and each of its steps, in microseconds of CPU an event."""
    with ExitStack() as opened:
        folder = opened.enter_context(scratch())
        bare = BareRecorder(folder / "bare.sqlite")
        opened.callback(bare.close)
        steps = Steps(opened.enter_context(archive(f"sqlite:///{folder / 'log.sqlite'}")), bare)
        taken = interleaved({"prepare": steps.prepare, **steps.contenders()})
    costs = {name: median(values) for name, values in taken.items()}
    whole = costs.pop("whole")
    del costs["prepare"]
    parts = ("parse", "schema", "rights", "canonical bytes", "text rules", "envelope", "append")
    notes: dict[str, float | str] = {**costs, "rest": whole - sum(costs[name] for name in parts)}
    return Figure(
        name="CPU an event, intake whole (parse to durable)",
        unit="us",
        ours=whole,
        goal="<= 300 us",
        limit=costs["bare recorder"],
        limit_name=f"recorder.insert_events by {CHUNK}",
        met=whole <= 300,
        notes=notes,
    )


def growth(sizes: Sequence[int]) -> Figure:
    """Measure the same push at logs of several sizes, side by side."""
    with ExitStack() as opened:
        folder = opened.enter_context(scratch())
        logs = {
            size: opened.enter_context(archive(f"sqlite:///{folder / str(size)}.sqlite")) for size in sizes
        }
        for size, log in logs.items():
            log.push(threats(0, size), measure.ROUNDS * 200)
        numbers = count(max(sizes), ROUND_GROWTH)

        def cost_of(log: Archive) -> Callable[[], float]:
            def cost() -> float:
                lines = threats(next(numbers), ROUND_GROWTH)
                return timed(lambda: log.push(lines, ROUND_GROWTH)).wall / ROUND_GROWTH * 1e6

            return cost

        taken = interleaved({str(size): cost_of(log) for size, log in logs.items()}, 2 * measure.ROUNDS)
    costs = {name: median(values) for name, values in taken.items()}
    least, most = costs[str(min(sizes))], costs[str(max(sizes))]
    return Figure(
        name=f"cost an event at {max(sizes):,} stored",
        unit="us",
        ours=most,
        goal="<= 1.2",
        limit=least,
        limit_name=f"at {min(sizes):,}",
        met=most <= 1.2 * least,
        notes={f"at {int(name):,}": cost for name, cost in costs.items()},
    )
