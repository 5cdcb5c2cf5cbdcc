"""Parts of the hub that tell how long they take: what comes in, what is folded, what is read for the feed."""

import time
from collections import deque
from collections.abc import Sequence

from events.audience import Reader
from events.event import Json, Position
from events.intake import Intake
from events.submission import Checked, EventRefused, Outcome, Publisher
from hub.feeds.frames import Place
from hub.feeds.protocol import FeedBatch
from hub.feeds.sharing import SharedPages
from hub.metrics import Metrics
from hub.observing.tracing import Tracer
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom

MOST_WAITING = 1_000


class Watch:
    """What instruments tell: numbers to the metrics, spans to the tracer."""

    def __init__(self, metrics: Metrics, tracer: Tracer) -> None:
        self.metrics = metrics
        self.tracer = tracer
        self._waiting: deque[tuple[Position, float, int]] = deque(maxlen=MOST_WAITING)

    def wrote(self, position: Position) -> None:
        """Note that something stands in the log from now on; the views have still to show it."""
        self._waiting.append((position, time.perf_counter(), time.time_ns()))

    def follow(self, room: ReadingRoom) -> None:
        """Take how long it lasts until the views show what was written here."""
        room.subscribe(self._folded)

    def _folded(self, reached: Position) -> None:
        while self._waiting and self._waiting[0][0] <= reached:
            _, began, at = self._waiting.popleft()
            self.metrics.folded(time.perf_counter() - began)
            if self.tracer.is_on:
                self.tracer.past("fold", at, time.time_ns())


class WatchedIntake(Intake):
    """An intake that tells what it refuses, by code, and how long recording takes."""

    _watch: Watch

    def watched_by(self, watch: Watch) -> "WatchedIntake":
        """Begin to tell; return itself."""
        self._watch = watch
        return self

    def check(self, publisher: Publisher, raw: Json) -> Checked:
        """Check, and count the codes of what is wrong."""
        try:
            with self._watch.tracer.span("check"):
                return super().check(publisher, raw)
        except EventRefused as refused:
            self._watch.metrics.refused(one.code for one in refused.problems)
            raise

    def record(
        self, checked: Sequence[Checked], *, atomic: bool = False, dry_run: bool = False
    ) -> list[Outcome]:
        """Record, and take how long it lasted until it was durable."""
        began = time.perf_counter()
        with self._watch.tracer.span("commit", {"hub.events": len(checked)}):
            outcomes = super().record(checked, atomic=atomic, dry_run=dry_run)
        if dry_run:
            return outcomes
        self._watch.metrics.committed(time.perf_counter() - began)
        self._tell(outcomes)
        return outcomes

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        refused = [one for one in outcomes if one.status in {"refused", "conflict"}]
        self._watch.metrics.refused(problem.code for one in refused for problem in one.problems)
        stored = [one.position for one in outcomes if one.status == "stored" and one.position is not None]
        if stored:
            self._watch.wrote(max(stored))


class WatchedPages(SharedPages):
    """Pages of the feed that tell how long their reading takes."""

    _watch: Watch

    def watched_by(self, watch: Watch) -> "WatchedPages":
        """Begin to tell; return itself."""
        self._watch = watch
        return self

    def read(self, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        """Read a page."""
        began = time.perf_counter()
        with self._watch.tracer.span("feed.page"):
            found = super().read(reader, query, place)
        self._watch.metrics.paged(time.perf_counter() - began)
        return found

    def read_edge(
        self, after: Position, keys: Sequence[tuple[Reader, EventQuery]]
    ) -> Sequence[FeedBatch] | None:
        """Read the edge of the log for many."""
        began = time.perf_counter()
        with self._watch.tracer.span("feed.edge", {"hub.groups": len(keys)}):
            found = super().read_edge(after, keys)
        self._watch.metrics.paged(time.perf_counter() - began)
        return found
