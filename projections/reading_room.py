"""The reading room: the views of one process, the tail that feeds them, the sights that answer."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from events.audience import Reader
from events.event import Position, slug_of
from projections import generations
from projections.boards.statements.clocks import ReplyClocks, own_clocks
from projections.conflicts import ConflictSight
from projections.deadlines.view import DuePlace
from projections.dossiers import DossierSight
from projections.erasures import DueErasure, ErasureSight
from projections.feed_edge import Edge
from projections.graph.questions.standings import Standings
from projections.graph.sight import GraphSight
from projections.graph.whole.measuring import MeasureSight
from projections.labels import Allowed, class_of
from projections.names import memory
from projections.own_sight import OwnSight
from projections.positions import position_in
from projections.preparing import Exchange
from projections.public_log import PublicLog
from projections.public_words import Word, labels_now, word_of
from projections.search import SearchSight
from projections.shelves import Code, Shelves
from projections.sight import Sight, SightOfEach
from projections.suggestions.sight import SuggestionSight
from projections.tail import Log, Stall, ViewStatus
from projections.timeline_sight import TimelineSight
from projections.unsupported import Bereft
from schemas.registry import Registry

Json = Any

_MOST_SIGHTS = 256

_NOTHING = Position(0)


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
        given: words of a public log to fold in place of rulings on a whole one; then `log` is that log.
    """

    def __init__(
        self,
        registry: Registry,
        log: Log,
        path: Path,
        extra: Path | None = None,
        reply_clocks: ReplyClocks | None = None,
        given: PublicLog | None = None,
    ) -> None:
        self._reply_clocks = own_clocks() if reply_clocks is None else reply_clocks
        code = Code(registry, log, extra, reply_clocks, given)
        self._log = log
        self._path = path
        self._now = Shelves(code, path)
        # It stays when the views are exchanged, and with it whoever listens to it.
        self._tail = self._now.tail
        self._end_release = self._now.end_release
        self._is_exchanged = False
        self._exchange = Exchange(code, path, self)
        self._threads = (
            threading.Thread(target=self._tail.run, name="tail", daemon=True),
            threading.Thread(target=self._exchange.run, name="exchange", daemon=True),
        )
        self._sights: OrderedDict[Reader, Sight] = OrderedDict()
        self._lock = threading.Lock()
        self._tail.on_erasure(self._forget)

    def __enter__(self) -> "ReadingRoom":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Follow the log in a thread of its own; another exchanges the views when `hub rebuild` has prepared them."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads, if they run, and close the file; no sight answers afterwards."""
        for stop, thread in zip((self._tail.stop, self._exchange.stop), self._threads, strict=True):
            stop()
            if thread.is_alive():
                thread.join()
        self._exchange.close()
        self._now.close()

    @property
    def shelves(self) -> Shelves:
        """The views that answer now."""
        return self._now

    def exchange(self, shelves: Shelves) -> None:
        """Have other views over the same log answer from now on; called in the tail's thread."""
        with self._lock:
            last, self._now = self._now, shelves
            self._sights.clear()
            self._is_exchanged = True
        last.graph.give_way(shelves.graph)
        self._end_release()
        self._end_release = self._tail.subscribe(lambda _: shelves.release())

    def catch_up(self) -> None:
        """Apply all that is in the log, in this thread; only where `start` was not called."""
        self._tail.catch_up()

    def purge(self, reader: Reader) -> Sight:
        """Return what answers for `reader`; readers whom no label can tell apart share it."""
        key = class_of(reader)
        with self._lock:
            sight = self._sights.get(key)
            if sight is None:
                sight = self._sights[key] = self._sight(Allowed(self._now.labels, key))
                if len(self._sights) > _MOST_SIGHTS:
                    self._sights.popitem(last=False)
            self._sights.move_to_end(key)
            return sight

    def break_glass(self, source: str, event_id: str) -> Json | None:
        """Return one event as its publisher sees it, every field included; None if there is none.

        For two stewards who have recorded that they read it; nobody else may call this. What others said about
        the event are events of their own and stay away.
        """
        publisher, shelves = Reader(slug_of(source), clearance="red"), self._now
        found = TimelineSight(shelves.timeline, Allowed(shelves.labels, publisher)).event(source, event_id)
        names = ("event", "status", "recorded", "digest")
        return None if found is None else {name: found[name] for name in names}

    def _sight(self, allowed: Allowed) -> Sight:
        now = self._now
        graph = GraphSight(now.graph, allowed, now.desk.kept)
        views = SightOfEach(
            TimelineSight(now.timeline, allowed),
            SearchSight(now.search, allowed),
            graph,
            DossierSight(now.dossiers, allowed, graph.merged),
            ConflictSight(now.conflicts, allowed),
            ErasureSight(now.erasures, allowed),
            MeasureSight(now.graph, allowed, now.desk),
            SuggestionSight(now.identities, now.graph, allowed),
            Standings(allowed, now.desk),
            OwnSight(now.timeline, now.deadlines, allowed),
        )
        return Sight(allowed, lambda: self._tail.position, views, self._reply_clocks, now.stock)

    def edge(self, after: Position, limit: int, size: int) -> Edge | None:
        """Read once for all what follows a place of which everything was told; `Sight.at_edge` says what is for whom.

        Args:
            after: that place.
            limit: of events.
            size: of their bodies together, in bytes.

        Returns:
            None if so much reads differently since that everybody must read pages.
        """
        return self._now.edges.read(after, self._tail.position, limit, size)

    def public_words(self, after: Position, limit: int) -> tuple[list[tuple[Position, int, Word]], Position]:
        """Return what anybody may read of up to `limit` events behind a position, and how far that goes.

        Each word has the place of what caused it, and its number among the changes of that place, from 1.
        """
        reached = self._tail.position
        events = [one for one in self._log.read(after, limit) if one.position <= reached]
        words: list[tuple[Position, int, Word]] = []
        shelves = self._now
        with shelves.database.snapshot() as db:
            changes = shelves.rulings.changes(db, events)
            now = labels_now(db, {change.event.position for change in changes}, shelves.timeline)
        parts: Counter[Position] = Counter()
        for change in changes:
            parts[change.at] += 1
            word = word_of(change, shelves.timeline, now.get(change.event.position))
            if word is not None:
                words.append((change.at, parts[change.at], word))
        return words, events[-1].position if events else after

    @property
    def position(self) -> Position:
        """The position that every healthy view has reached."""
        return self._tail.position

    @property
    def turned(self) -> Position:
        """The last place of the log at which an earlier event began to read differently."""
        return self._now.timeline.turned

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
        self._now.desk.forget()
        self._now.graph.forget()
        memory.forget()
        if not self._is_exchanged:
            generations.forget_prepared(self._path)
        self._is_exchanged = False

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
        shelves = self._now
        with shelves.database.snapshot() as db:
            return shelves.rulings.next_release(db)

    def head(self) -> Position:
        """Return how far the log goes, whatever is applied of it.

        Raises:
            StoreUnavailable: it does not answer.
        """
        return self._log.head()

    def deadlines_due(
        self, now: datetime, most: int, known: Position = _NOTHING
    ) -> Iterator[Sequence[Mapping[str, Json]]]:
        """Yield the deadlines that have passed and of which that was not said, as of what is applied, page by page.

        They come in order of time; what is applied meanwhile changes only pages to come. There are none while their
        view, stalled or folded anew, does not have all up to `known`: what it lacks may have moved or ended them.
        """
        place: DuePlace | None = DuePlace()
        while place is not None:
            shelves = self._now
            with shelves.database.snapshot() as db:
                if position_in(db, shelves.deadlines.name) < known:
                    return
                page = shelves.deadlines.due(db, now, most, place)
            place = page.end
            yield page.dues

    def unsupported_due(self, known: Position = _NOTHING) -> list[Bereft]:
        """Return the claims that nothing supports any more and of which that was not said, as of what is applied.

        There are none while their view does not have all up to `known`: what it lacks may support them.
        """
        shelves = self._now
        with shelves.database.snapshot() as db:
            return shelves.unsupported.due(db) if position_in(db, shelves.unsupported.name) >= known else []

    def erasures_due(self, now: datetime, known: Position = _NOTHING) -> list[DueErasure]:
        """Return the withdrawals whose time has come and that no erasure has followed, as of what is applied.

        There are none while their view does not have all up to `known`: what it lacks may have taken them back.
        """
        shelves = self._now
        with shelves.database.snapshot() as db:
            return shelves.erasures.due(db, now) if position_in(db, shelves.erasures.name) >= known else []
