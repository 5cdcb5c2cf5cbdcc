"""What the hub counts about itself; never anything about partners or events.

Each label has few values, all from our own lists: names of addresses, statuses, codes, names of views.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = "hub.name"
"""Where the router leaves the name of the address that answered, in the scope."""

_LOG = logging.getLogger("hub")

MOST_CODES = 200
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

Read = Callable[[], Mapping[tuple[str, ...], float]]
"""Values by what their labels say."""


class Shared(Protocol):
    """Brings the numbers of several processes together."""

    async def run(self) -> None:
        """Let the others know the numbers of this one, until cancelled."""

    def text(self) -> bytes:
        """Write those of all."""


class Metrics:
    """The counters of one hub, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._answers = Counter(
            "hub_answers", "Answers by address and status.", ["address", "status"], registry=own
        )
        self._durations = Histogram(
            "hub_answer_seconds",
            "From the head of a request to the head of its answer, by address.",
            ["address"],
            registry=own,
            buckets=QUICK,
        )
        self._recorded = Histogram(
            "hub_recorded_events",
            "Events recorded by one call.",
            registry=own,
            buckets=(1, 10, 100, 1000, 10_000),
        )
        self._refusals = Counter(
            "hub_refusals", "What was wrong with events that were not taken, by code.", ["code"], registry=own
        )
        self._commits = _seconds("hub_commit_seconds", "Until what was recorded was durable.", own)
        self._folds = _seconds("hub_fold_seconds", "From durable here until the views show it.", own)
        self._pages = _seconds("hub_feed_page_seconds", "Reading a page of the feed.", own)
        self._children: dict[tuple[str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self._codes: set[str] = set()
        self._shared: Shared | None = None
        ProcessCollector(registry=own)
        GCCollector(registry=own)

    def watch(self, gauges: Iterable["Gauge"]) -> None:
        """Ask from now on for these whenever the metrics are written."""
        self._registry.register(_Asked(tuple(gauges)))

    def answered(self, address: str, status: int, seconds: float) -> None:
        """Count one answer."""
        known = self._children.get((address, status))
        if known is None:
            counter, histogram = self._answers.labels(address, str(status)), self._durations.labels(address)
            known = self._children[address, status] = (counter.inc, histogram.observe)
        known[0]()
        known[1](seconds)

    def recorded(self, events: int) -> None:
        """Count the events that one call recorded."""
        self._recorded.observe(events)

    def refused(self, codes: Iterable[str]) -> None:
        """Count what was wrong with events."""
        for code in codes:
            if code not in self._codes and len(self._codes) < MOST_CODES:
                self._codes.add(code)
            self._refusals.labels(code if code in self._codes else "other").inc()

    def committed(self, seconds: float) -> None:
        """Take how long it lasted until something was durable."""
        self._commits.observe(seconds)

    def folded(self, seconds: float) -> None:
        """Take how long it lasted until the views showed what was durable."""
        self._folds.observe(seconds)

    def paged(self, seconds: float) -> None:
        """Take how long the reading of a page of the feed lasted."""
        self._pages.observe(seconds)

    def share(self, shared: "Shared") -> None:
        """Tell from now on what the other processes behind this address count as well."""
        self._shared = shared

    async def keep_shared(self) -> None:
        """Let the others know what this process counts, until cancelled; do nothing where there are none."""
        if self._shared is not None:
            await self._shared.run()

    def text(self) -> bytes:
        """Write everything in the Prometheus text format, of all processes behind this address."""
        return self.own_text() if self._shared is None else self._shared.text()

    def own_text(self) -> bytes:
        """Write what this process counts."""
        return generate_latest(self._registry)


class Gauge:
    """A number that is asked for when the metrics are written.

    Args:
        name: of the metric.
        meaning: one sentence.
        labels: their names.
        read: the values; nothing if it cannot be had now.
    """

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...], read: Read) -> None:
        self.name = name
        self.meaning = meaning
        self.labels = labels
        self.read = read


class _Asked(Collector):
    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._gauges = gauges

    def describe(self) -> Iterable[Metric]:
        """Return what it will tell, without asking anybody."""
        return [GaugeMetricFamily(one.name, one.meaning, labels=one.labels) for one in self._gauges]

    def collect(self) -> Iterator[Metric]:
        """Ask for all."""
        for one in self._gauges:
            family = GaugeMetricFamily(one.name, one.meaning, labels=one.labels)
            for labels, value in one.read().items():
                family.add_metric(labels, value)
            yield family


class CountAnswers:
    """Counts every HTTP answer under the name of its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and count the start of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                name = scope.get(NAME, "none")
                seconds = time.perf_counter() - began
                self._metrics.answered(name, message["status"], seconds)
                if _LOG.isEnabledFor(logging.DEBUG):
                    _LOG.debug("answered", extra=_line(name, message["status"], seconds))
            await send(message)

        await self._app(scope, receive, counting)


def _line(name: str, status: int, seconds: float) -> dict[str, object]:
    return {"address": name, "status": status, "milliseconds": round(1000 * seconds, 1)}


def _seconds(name: str, meaning: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(name, meaning, registry=registry, buckets=QUICK)
