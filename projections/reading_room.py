"""The reading room: the views of one process, the tail that feeds them, the sights that answer."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from events.audience import Reader
from events.event import Position, slug_of
from projections.boards.statements.clocks import ReplyClocks, own_clocks
from projections.conflicts import Conflicts, ConflictSight
from projections.database import Database
from projections.deadlines.clocks import load_clocks
from projections.deadlines.view import Deadlines, DuePlace
from projections.dossiers import Dossiers, DossierSight
from projections.erasures import DueErasure, Erasures, ErasureSight
from projections.feed_edge import Edge, EdgeReader
from projections.graph.questions.standings import Standings
from projections.graph.sight import GraphSight
from projections.graph.view import Graph
from projections.graph.whole.desk import Desk
from projections.graph.whole.measuring import MeasureSight
from projections.identities import Identities
from projections.labels import Allowed, Labels, class_of
from projections.names import memory
from projections.own_sight import OwnSight
from projections.rules import Readings, load_rules
from projections.rulings import Rulings
from projections.search import SearchSight, SearchView
from projections.sight import Sight, SightOfEach
from projections.suggestions.sight import SuggestionSight
from projections.tail import Log, Stall, Tail, ViewStatus
from projections.timeline import TimelineView
from projections.timeline_sight import TimelineSight
from projections.unsupported import Bereft, Unsupported
from schemas.registry import Registry

Json = Any

_MOST_SIGHTS = 256


class ReadingRoom:
    """Wires views, tail and sights over one log; `path` is the SQLite file of the views, made if missing.

    Use it as a context manager, or call `start` and `stop`. Without `start`, `catch_up` applies what is
    there.

    Args:
        registry: of contracts.
        log: the store.
        path: of the file; disposable.
        extra: folder with further rules under `rules/`.
        reply_clocks: how long who has for a reply; None: the package's own.
    """

    def __init__(
        self,
        registry: Registry,
        log: Log,
        path: Path,
        extra: Path | None = None,
        reply_clocks: ReplyClocks | None = None,
    ) -> None:
        self._reply_clocks = own_clocks() if reply_clocks is None else reply_clocks
        self._database = database = Database(path)
        self._labels = labels = Labels(database.writer)
        readings = Readings(registry, load_rules(registry, extra))
        clocks = load_clocks(registry, extra, reply_clocks)
        self._rulings = Rulings(registry, log, labels, clocks)
        self._timeline = TimelineView(registry, readings, labels, database, log)
        self._edges = EdgeReader(self._timeline)
        self._search = SearchView(registry, labels, database)
        self._graph = Graph(readings, labels, database)
        self._dossiers = Dossiers(readings, labels, database)
        self._conflicts = Conflicts(labels, database)
        self._erasures = Erasures(registry, labels, database)
        self._deadlines = Deadlines(clocks, labels, database)
        self._unsupported = Unsupported(labels, database)
        self._identities = Identities(readings, labels, database)
        views = (self._graph, self._dossiers, self._timeline, self._search, self._conflicts, self._erasures,
                 self._identities, self._deadlines, self._unsupported)  # fmt: skip
        self._tail = Tail(log, self._rulings, views, labels, database)
        self._desk = Desk()
        self._thread = threading.Thread(target=self._tail.run, name="tail", daemon=True)
        self._sights: OrderedDict[Reader, Sight] = OrderedDict()
        self._lock = threading.Lock()
        self._tail.on_erasure(self._forget)
        # Events and what they imply weigh more than what the views make of them.
        self._tail.subscribe(lambda _: readings.release())

    def __enter__(self) -> "ReadingRoom":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Follow the log in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if it runs, and close the file; no sight answers afterwards."""
        self._tail.stop()
        if self._thread.is_alive():
            self._thread.join()
        self._desk.close()
        self._database.close()

    def catch_up(self) -> None:
        """Apply all that is in the log, in this thread; only where `start` was not called."""
        self._tail.catch_up()

    def purge(self, reader: Reader) -> Sight:
        """Return what answers for `reader`; readers whom no label can tell apart share it."""
        key = class_of(reader)
        with self._lock:
            sight = self._sights.get(key)
            if sight is None:
                sight = self._sights[key] = self._sight(Allowed(self._labels, key))
                if len(self._sights) > _MOST_SIGHTS:
                    self._sights.popitem(last=False)
            self._sights.move_to_end(key)
            return sight

    def break_glass(self, source: str, event_id: str) -> Json | None:
        """Return one event as its publisher sees it, every field included; None if there is none.

        For two stewards who have recorded that they read it; nobody else may call this. What others said about
        the event are events of their own and stay away.
        """
        publisher = Reader(slug_of(source), clearance="red")
        found = TimelineSight(self._timeline, Allowed(self._labels, publisher)).event(source, event_id)
        names = ("event", "status", "recorded", "digest")
        return None if found is None else {name: found[name] for name in names}

    def _sight(self, allowed: Allowed) -> Sight:
        graph = GraphSight(self._graph, allowed, self._desk.kept)
        views = SightOfEach(
            TimelineSight(self._timeline, allowed),
            SearchSight(self._search, allowed),
            graph,
            DossierSight(self._dossiers, allowed, graph.merged),
            ConflictSight(self._conflicts, allowed),
            ErasureSight(self._erasures, allowed),
            MeasureSight(self._graph, allowed, self._desk),
            SuggestionSight(self._identities, self._graph, allowed),
            Standings(allowed, self._desk),
            OwnSight(self._timeline, self._deadlines, allowed),
        )
        return Sight(allowed, lambda: self._tail.position, views, self._reply_clocks)

    def edge(self, after: Position, limit: int, size: int) -> Edge | None:
        """Read once for all what follows a place of which everything was told; `Sight.at_edge` says what is for whom.

        Args:
            after: that place.
            limit: of events.
            size: of their bodies together, in bytes.

        Returns:
            None if so much reads differently since that everybody must read pages.
        """
        return self._edges.read(after, self._tail.position, limit, size)

    @property
    def position(self) -> Position:
        """The position that every healthy view has reached."""
        return self._tail.position

    @property
    def turned(self) -> Position:
        """The last place of the log at which an earlier event began to read differently."""
        return self._timeline.turned

    def wait_for(self, position: Position, timeout: float) -> bool:
        """Wait at most `timeout` seconds until every healthy view has `position`; tell whether it has."""
        return self._tail.wait_for(position, timeout)

    def subscribe(self, callback: Callable[[Position], None]) -> Callable[[], None]:
        """Call `callback` in the tail's thread with each new common position; returns what ends that."""
        return self._tail.subscribe(callback)

    def on_erasure(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the tail's thread when an erasure was applied: what was kept of answers must go."""
        self._tail.on_erasure(callback)

    def _forget(self) -> None:
        """Let go of all sights, which keep parts of what they answered, and of the words of names and dates."""
        with self._lock:
            self._sights.clear()
        self._desk.forget()
        self._graph.forget()
        memory.forget()

    def rebuild(self, name: str) -> None:
        """Ask for one view to be folded anew."""
        self._tail.rebuild(name)

    def status(self) -> list[ViewStatus]:
        """Return how each view stands; safe to show to anyone."""
        return self._tail.status()

    def stalls(self) -> Mapping[str, Stall]:
        """Return why each stalled view stands still; for operators only."""
        return self._tail.stalls()

    @property
    def trouble(self) -> str | None:
        """The class of the error, if any, that keeps the tail from reading the log."""
        return self._tail.trouble

    def next_release(self) -> datetime | None:
        """Return the end of the earliest embargo that no release has reached yet, as of what is applied."""
        with self._database.snapshot() as db:
            return self._rulings.next_release(db)

    def deadlines_due(self, now: datetime, most: int) -> Iterator[Sequence[Mapping[str, Json]]]:
        """Yield the deadlines that have passed and of which that was not said, as of what is applied, page by page.

        They come in order of time; what is applied meanwhile changes only pages to come.
        """
        place: DuePlace | None = DuePlace()
        while place is not None:
            with self._database.snapshot() as db:
                page = self._deadlines.due(db, now, most, place)
            place = page.end
            yield page.dues

    def unsupported_due(self) -> list[Bereft]:
        """Return the claims that nothing supports any more and of which that was not said, as of what is applied."""
        with self._database.snapshot() as db:
            return self._unsupported.due(db)

    def erasures_due(self, now: datetime) -> list[DueErasure]:
        """Return the withdrawals whose time has come and that no erasure has followed, as of what is applied."""
        with self._database.snapshot() as db:
            return self._erasures.due(db, now)
