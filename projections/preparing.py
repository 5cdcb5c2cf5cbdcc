"""Folds views anew beside those that are served, and has them take their place once they are whole.

Whoever prepares is a process of its own: the hub that runs goes on at its usual pace. What is prepared by the code
that runs, it exchanges at once; what a newer release has prepared waits until that starts.
"""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from events.event import Position
from projections import generations
from projections.database import Database
from projections.shelves import Code, Shelves
from projections.tail import BATCH

_ATTEMPTS = 5
_ERASING = ("erasure.executed.", "consent.withdrawn.")
LOOK_SECONDS = 0.2
PATIENT_LOOKS = 8
_SELDOM = (100_000, 20, 50)
"""How often the garbage collector looks while a log is folded: what that makes is kept, or gone by itself."""


class PreparingFailed(Exception):
    """Views could not be folded anew; those that are served stay. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Views that are ready to be served.

    Args:
        file: where they are.
        position: of the last event that is in them.
        is_current: the views that are served were folded by the same code.
    """

    file: Path
    position: Position
    is_current: bool


def prepare(code: Code, path: Path, also: Sequence[Path] = ()) -> Prepared:
    """Fold the whole log into a file beside `path`, whether or not a hub serves from there.

    Args:
        code: that folds.
        path: usual name of the views of a process that serves.
        also: those of further processes, each of which gets a copy.

    Raises:
        PreparingFailed: an event breaks a view, somebody else prepares, or erasures came in all the time.
    """
    with generations.alone_preparing(path) as is_alone:
        if not is_alone:
            raise PreparingFailed("Somebody else is folding views beside these already.")
        for _ in range(_ATTEMPTS):
            with _seldom_collecting():
                made = _fold(code, path, also)
            # What was erased meanwhile, the hub that runs did not find in what was not there yet.
            if not has_erased_since(code, made.position):
                return made
            for one in (path, *also):
                generations.forget_prepared(one)
    raise PreparingFailed("Erasures came in all the while: nothing was prepared. Try again later.")


def _fold(code: Code, path: Path, also: Sequence[Path]) -> Prepared:
    draft = generations.preparing(path)
    filled = _filled(code, draft)
    shelves = filled or Shelves(code, draft)
    try:
        if filled is None:
            # As a hub folds, which says what breaks, and where.
            shelves.tail.catch_up()
        stalls = shelves.tail.stalls()
        position, stamp = shelves.tail.position, shelves.tail.stamp
        stamps = generations.stamps_in(shelves.database.writer)
        shelves.database.empty_wal()
    finally:
        shelves.close()
    generations.harden(draft)
    if stalls:
        generations.remove(draft)
        name, stall = next(iter(stalls.items()))
        raise PreparingFailed(f"{name} cannot be folded: {stall.reason}. The views that are served stay.")
    is_current = stamps in [generations.stamps(one) for one in generations.in_use(path)]
    return Prepared(generations.hand_out(path, also, stamp), position, is_current)


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _filled(code: Code, draft: Path) -> Shelves | None:
    """Fold the whole log in one go; None, and nothing left of it, if anything breaks."""
    generations.remove(draft)
    shelves = Shelves(code, draft)
    with suppress(Exception):
        shelves.tail.fill()
        if not shelves.tail.stalls():
            return shelves
    shelves.close()
    generations.remove(draft)
    return None


def has_erased_since(code: Code, position: Position) -> bool:
    """Tell whether somebody was erased, or took consent back, in the log behind a position."""
    while events := code.log.read(position, BATCH):
        if any(event.stem.startswith(_ERASING) for event in events):
            return True
        position = events[-1].position
    return False


def take_prepared(code: Code, path: Path) -> bool:
    """Let views that this code has prepared take the place of those at `path`; tell whether there were any.

    Only while nobody has views there open: at the start of a hub.
    """
    if not [*path.parent.glob(f"{path.name}.*")]:
        return False
    return generations.settle(path, stamps_of(code)[1])


def stamps_of(code: Code) -> tuple[list[tuple[str, str]], str]:
    """Return the stamp of each view that this code folds, by name, and the one of them all."""
    shelves = Shelves(code, Path(":memory:"))
    try:
        return generations.stamps_in(shelves.database.writer), shelves.tail.stamp
    finally:
        shelves.close()


class Room(Protocol):
    """Where views are exchanged."""

    @property
    def shelves(self) -> Shelves:
        """The views that answer now."""
        ...

    def exchange(self, shelves: Shelves) -> None:
        """Have others answer."""
        ...


class Exchange:
    """Looks for views that were prepared by this very code, and has a room exchange its own for them.

    Args:
        code: of the room.
        path: usual name of its views.
        room: whose views are exchanged.
    """

    def __init__(self, code: Code, path: Path, room: Room) -> None:
        self._code = code
        self._path = path
        self._room = room
        self._tail = room.shelves.tail
        self._stopping = threading.Event()
        self._switched = threading.Event()
        self._ready = generations.prepared(path, self._tail.stamp)
        self._last: Path | None = None
        self._is_refused = False

    def run(self, look: float = LOOK_SECONDS) -> None:
        """Exchange whenever something is ready, until `stop`."""
        while not self._stopping.wait(look):
            self.now()

    def stop(self) -> None:
        """Let `run` return; the tail has ended before."""
        self._stopping.set()
        self._switched.set()

    def close(self) -> None:
        """Remove what was served before, if it is still there."""
        if self._last is not None:
            generations.remove(self._last)
            self._last = None

    def now(self) -> bool:
        """Exchange the views for those that are ready; False if they are not, or cannot answer in their place."""
        new = self._taken()
        if new is None:
            return False
        last, gone = self._room.shelves.database.path, weakref.ref(self._room.shelves.database)
        if not self._hand_over(new):
            return False
        self._last = last
        del new
        self._let_go(gone)
        if gone() is None:
            self.close()
        return True

    def _let_go(self, gone: Callable[[], Database | None]) -> None:
        """Wait until nobody holds the old views: whoever asked them has his answer in a moment, no sight is kept."""
        # A hub has the collector leave alone what it has read once.
        are_spared, looks = gc.get_freeze_count() > 0, 0
        while gone() is not None and not self._stopping.wait(LOOK_SECONDS):
            looks += 1
            # To collect stops all who are answered meanwhile: not at once, and ever more seldom.
            if looks >= PATIENT_LOOKS and looks.bit_count() == 1:
                gc.unfreeze()
                gc.collect()
        if are_spared:
            gc.freeze()

    def _taken(self) -> Shelves | None:
        if self._is_refused:
            return None
        old = self._room.shelves
        place = generations.second(self._path) if old.database.path == self._path else self._path
        try:
            self._ready.rename(place)
        except FileNotFoundError:
            return None
        new = Shelves(self._code, place)
        new.tail.on_erasure(partial(generations.forget_prepared, self._path))
        new.tail.catch_up()
        if old.labels.agrees(new.labels) and not new.tail.stalls().keys() - self._tail.stalls().keys():
            return new
        # They stay for the next start: whoever asks now may hold numbers that mean something else there.
        new.close()
        place.rename(self._ready)
        self._is_refused = True
        return None

    def _hand_over(self, new: Shelves) -> bool:
        self._switched.clear()

        def switch() -> None:
            self._room.exchange(new)
            self._switched.set()

        self._tail.offer(new.tail, switch)
        # Whoever stops says so before it wakes this thread: what it set may just have been cleared.
        if not self._stopping.is_set():
            self._switched.wait()
        if self._room.shelves is new:
            return True
        # The room is being closed; the next start finds them.
        new.close()
        return False
