"""The tail: it alone reads the log of a process and applies it to views, in order, exactly once."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, Protocol

from events.event import Position, RecordedEvent
from projections.changes import Change
from projections.database import Database
from projections.labels import Labels
from projections.positions import Positions, request_rebuild
from projections.rulings import PlacedEvents
from projections.scrubbing import Scrubber, erases
from projections.view import Teller, View

BATCH = 500

_FOLDED = ("_rulings", "_labels", "_database", "_positions", "_scrubber", "_ruled", "_progress", "_read")
"""All that a tail has of views; the rest is of whoever listens to it."""

__all__ = ["BATCH", "Log", "Stall", "Tail", "UnknownView", "ViewStatus", "request_rebuild"]


class Log(PlacedEvents, Protocol):
    """What the tail needs of the store."""

    def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
        """Return at most `limit` events behind a position, in order."""

    def head(self) -> Position:
        """Return the position of the newest event; 0 of an empty log."""

    def wait(self, after: Position, timeout: float) -> bool:
        """Wait at most `timeout` seconds for an event behind a position; tell whether there is one."""


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """How a view stands: safe to show to anyone.

    Args:
        name: of the view.
        state: `live`; `rebuilding`: it is being folded anew and answers only in part; `stalled`: an event
            broke it.
        lag: events of the log that it has not applied.
    """

    name: str
    state: Literal["live", "rebuilding", "stalled"]
    lag: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Why a view stands still: class of the error, place of the event that raised it. For operators."""

    position: Position
    reason: str


@dataclass(slots=True)
class _Progress:
    view: View
    position: Position
    rebuilding: bool
    stall: Stall | None = None


class UnknownView(LookupError):
    """There is no view of this name."""


class Tail:
    """Reads the log in batches; rulings first, then each view in a transaction of its own, with its position.

    `run` is the body of the one thread; `catch_up` does the same in the caller's thread, for tests and
    commands. Everything else may be called from any thread.
    """

    def __init__(
        self, log: Log, rulings: Teller, views: Sequence[View], labels: Labels, database: Database
    ) -> None:
        self._log = log
        self._rulings = rulings
        self._labels = labels
        self._database = database
        self._listeners: list[Callable[[Position], None]] = []
        self._forgetful: list[Callable[[], None]] = []
        self._is_to_forget = False
        self._moved = threading.Condition()
        self._stopping = threading.Event()
        self._trouble: str | None = None
        self._read: tuple[Position, list[Change], Position] = (Position(-1), [], Position(-1))
        self._positions = Positions(database, rulings, log.head())
        self._scrubber = Scrubber(database, views)
        self._offered: tuple[Tail, Callable[[], None]] | None = None
        self._ruled, _ = self._positions.open(rulings)
        self._progress = {view.name: self._open(view) for view in views}
        at = (one.position for one in self._progress.values() if not one.rebuilding)
        self._common = min(at, default=self._ruled)

    def _open(self, view: View) -> _Progress:
        position, rebuilding = self._positions.open(view)
        view.load(self._database.writer)
        return _Progress(view, position, rebuilding)

    @property
    def position(self) -> Position:
        """The position that every healthy view has reached; never goes back."""
        return self._common

    def position_of(self, name: str) -> Position:
        """Return the position of one view."""
        return self._named(name).position

    def status(self) -> list[ViewStatus]:
        """Return how each view stands."""
        head = self._log.head()
        return [
            ViewStatus(
                name,
                "stalled" if one.stall else "rebuilding" if one.rebuilding else "live",
                max(0, head - one.position),
            )
            for name, one in self._progress.items()
        ]

    def stalls(self) -> Mapping[str, Stall]:
        """Return why each stalled view stands still; for operators only."""
        return {name: one.stall for name, one in self._progress.items() if one.stall is not None}

    @property
    def trouble(self) -> str | None:
        """The class of the error, if any, that keeps the tail from reading the log; it tries again."""
        return self._trouble

    def subscribe(self, callback: Callable[[Position], None]) -> Callable[[], None]:
        """Call `callback` in the tail's thread whenever the common position moved; returns what ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def on_erasure(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the tail's thread when an erasure was applied: whatever was kept of views must go."""
        self._forgetful.append(callback)

    def wait_for(self, position: Position, timeout: float) -> bool:
        """Wait at most `timeout` seconds until every healthy view has `position`; tell whether it has."""
        with self._moved:
            return self._moved.wait_for(lambda: self._common >= position, timeout)

    def rebuild(self, name: str) -> None:
        """Ask for a view to be folded anew; it starts within a poll, and clears a stall.

        Raises:
            UnknownView: there is none of this name.
        """
        self._named(name)
        request_rebuild(self._database.path, name)

    @property
    def stamp(self) -> str:
        """What changes with the code of rulings and views; views of another stamp are folded anew."""
        return self._positions.stamp([self._rulings, *(one.view for one in self._progress.values())])

    def offer(self, other: "Tail", switch: Callable[[], None]) -> None:
        """Go on with the views of another tail over the same log, that has nearly caught up, from the next step on.

        Args:
            other: nobody else uses it.
            switch: called in the tail's thread when they have caught up: from then on they answer.
        """
        self._offered = (other, switch)

    def run(self, poll: float = 0.05) -> None:
        """Follow the log until `stop`; look for requests at least every `poll` seconds."""
        while not self._stopping.is_set():
            try:
                if not self.step():
                    self._trouble = None
                    self._log.wait(self._ruled, poll)
            except Exception as error:  # noqa: BLE001 - whatever keeps us from reading, we try again, and say so
                self._trouble = type(error).__name__
                self._stopping.wait(poll)

    def stop(self) -> None:
        """Let `run` return after the batch it is at."""
        self._stopping.set()

    def catch_up(self) -> None:
        """Apply all that is in the log."""
        while self.step():
            pass

    def fill(self) -> None:
        """Apply all that is in the log to new views, much quicker than `catch_up`, in this thread.

        If it raises, or anything stalls, the file of the views is torn, and must be thrown away.
        """
        later = [name for one in self._progress.values() for name in getattr(one.view, "for_readers", ())]
        with self._database.filling(later):
            self.catch_up()
        self._scrubber.scrub()

    def step(self) -> bool:
        """Apply one batch to every view that can take one; tell whether anything was done."""
        self._take_over()
        asked = self._begin_rebuilds()
        before = self._ruled
        moved = self._rule()
        if moved and erases(self._read[1]):
            self._restart_stalled()
        for one in self._progress.values():
            if one.stall is None and one.position < self._ruled:
                self._apply(one)
                moved = True
        if self._is_to_forget:
            self._forget()
        if self._ruled - before < BATCH:
            self._scrubber.scrub()
        self._announce()
        self._database.shorten_wal()
        return moved or asked

    def _take_over(self) -> None:
        if self._offered is None:
            return
        other, switch = self._offered
        # Both stand still meanwhile: nobody is told of less than he was.
        other.catch_up()
        self._offered = None
        switch()
        for name in _FOLDED:
            setattr(self, name, getattr(other, name))
        self._is_to_forget = True
        self._forget()

    def _rule(self) -> bool:
        events = self._log.read(self._ruled, BATCH)
        if not events:
            return False
        last = events[-1].position
        try:
            with self._database.transaction() as db:
                changes = self._rulings.fold(db, events)
                self._positions.move(self._rulings.name, last)
        except BaseException:
            self._mend()
            raise
        self._read = (self._ruled, changes, last)
        self._ruled = last
        return True

    def _restart_stalled(self) -> None:
        """Fold stalled views anew from a log that has forgotten: as they stand, they never would."""
        for one in self._progress.values():
            if one.stall is not None:
                self._restart(one)

    def _forget(self) -> None:
        self._is_to_forget = False
        self._read = (Position(-1), [], Position(-1))
        for callback in list(self._forgetful):
            callback()

    def _mend(self) -> None:
        with self._database.transaction() as db:
            self._labels.mend(db)

    def _changes_after(self, position: Position) -> tuple[list[Change], Position]:
        after, changes, last = self._read
        if after != position:
            events = [event for event in self._log.read(position, BATCH) if event.position <= self._ruled]
            changes, last = self._rulings.changes(self._database.writer, events), events[-1].position
            self._read = (position, changes, last)
        return changes, last

    def _apply(self, one: _Progress) -> None:
        changes, last = self._changes_after(one.position)
        if self._fold(one, changes, last) is None:
            return
        for part in _by_cause(changes):
            reason = self._fold(one, part, part[0].at)
            if reason is not None:
                one.stall = Stall(part[0].at, reason)
                return

    def _fold(self, one: _Progress, changes: Sequence[Change], last: Position) -> str | None:
        """Apply changes and move on; if that fails undo everything and return the class of the error."""
        rebuilding = one.rebuilding and last < self._ruled
        try:
            with self._database.transaction() as db:
                one.view.fold(db, changes)
                is_erasure = self._scrubber.soil(db, changes)
                self._positions.move(one.view.name, last, rebuilding=rebuilding)
        except Exception as error:  # noqa: BLE001 - the one place: a poison event stalls one view and nothing else
            self._mend()
            one.view.load(self._database.writer)
            return type(error).__name__
        one.position, one.rebuilding = last, rebuilding
        self._is_to_forget |= is_erasure
        return None

    def _begin_rebuilds(self) -> bool:
        names = self._positions.requested()
        for name in names:
            one = self._progress.get(name)
            if one is not None:
                self._restart(one)
            self._positions.grant(name)
        return bool(names)

    def _restart(self, one: _Progress) -> None:
        one.rebuilding = self._ruled > 0
        self._positions.clear(one.view, rebuilding=one.rebuilding)
        one.view.load(self._database.writer)
        one.position, one.stall = Position(0), None

    def _announce(self) -> None:
        """Move the common position; view before voice."""
        healthy = [
            one.position for one in self._progress.values() if one.stall is None and not one.rebuilding
        ]
        common = min(healthy, default=self._common)
        if common <= self._common:
            return
        with self._moved:
            self._common = common
            self._moved.notify_all()
        for callback in list(self._listeners):
            callback(common)

    def _named(self, name: str) -> _Progress:
        try:
            return self._progress[name]
        except KeyError as missing:
            raise UnknownView(name) from missing


def _by_cause(changes: Sequence[Change]) -> Iterator[list[Change]]:
    for _, group in groupby(changes, key=lambda change: change.at):
        yield list(group)
