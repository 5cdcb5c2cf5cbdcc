"""Rows that boards keep for one class of readers: one for each thing of a kind, brought up to date by what changed."""

import threading
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.boards.tellings import Tellings
from projections.dossier_sight import DossierSight
from projections.graph.merging import NOBODY, Merged

Row = Any

MOST_ROWS = 2_000_000
"""Rows of boards that are kept for all classes of readers together: 1.2 GB, or fifteen classes at 100,000 events."""


def nobody_else(_: Tellings, __: Collection[str]) -> set[str]:
    """Return no further references: the row of a thing depends on what names it alone."""
    return set()


@dataclass(frozen=True, slots=True)
class Rows:
    """What is kept of each thing of a kind.

    Args:
        name: of these rows, unlike that of all others.
        kind: of node, e.g. `hearing`; one that has a list.
        make: returns the rows of some references, from what is told now and never from the clock. Those
            for which there is nothing to keep are left out.
        owners: returns which references have a row that changes if some others are touched, beside themselves.
    """

    name: str
    kind: str
    make: Callable[[Tellings, Sequence[str]], Mapping[str, Row]]
    owners: Callable[[Tellings, Collection[str]], set[str]] = nobody_else


class Stock:
    """Counts the rows of all classes of readers; those that were not asked for longest go when there are too many.

    Whoever asks keeps his own, however many: one page asks for many kinds of them.

    Args:
        most: rows.
    """

    def __init__(self, most: int = MOST_ROWS) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._sizes: dict[tuple[weakref.ref[Keeping], str], int] = {}
        self._total = 0

    def __len__(self) -> int:
        """How many rows are kept."""
        return self._total

    def note(self, keeping: "Keeping", name: str, size: int) -> None:
        """Note that somebody asked for rows.

        Args:
            keeping: of his class.
            name: of the rows.
            size: how many there are.
        """
        own = weakref.ref(keeping)
        with self._lock:
            # Taken out and put in again, it is the one that was asked for last.
            self._total += size - self._sizes.pop((own, name), 0)
            self._sizes[own, name] = size
            others = [one for one in self._sizes if one[0] != own] if self._total > self.most else []
            for one in others:
                if self._total <= self.most:
                    break
                self._total -= self._sizes.pop(one)
                self._forgotten(*one)

    @staticmethod
    def _forgotten(whose: "weakref.ref[Keeping]", name: str) -> None:
        keeping = whose()
        if keeping is not None:
            keeping.forget(name)


class Keeping:
    """The kept rows of one class of readers; any thread may ask.

    Args:
        dossiers: tells what there is, and what was touched.
        stock: counts them with those of others.
    """

    def __init__(self, dossiers: DossierSight, stock: Stock) -> None:
        self._dossiers = dossiers
        self._stock = stock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._made: dict[str, tuple[threading.Lock, list[Any]]] = {}

    def rows(self, rows: Rows, tellings: Tellings) -> Mapping[str, Row]:
        """Return the rows by reference, sorted, as of now; not to be changed."""
        with self._lock:
            kept = self._kept.setdefault(rows.name, _Kept(rows))
        with kept.lock:
            found = kept.renewed(self._dossiers, tellings)
        self._stock.note(self, rows.name, len(found))
        return found

    def forget(self, name: str) -> None:
        """Let go of some rows, and of all that follows of rows; whoever asks has them made anew."""
        with self._lock:
            self._kept.pop(name, None)
            self._made.clear()

    def remembered(self, name: str, of: Any, make: Callable[[Any], Any]) -> Any:
        """Return what follows of something, made anew only if that is another than the last time it was asked.

        Args:
            name: of what follows, unlike that of all others.
            of: what it follows of, and nothing else; compared with the last.
            make: makes it from what was made the last time, None at first; that may only spare work.
        """
        with self._lock:
            lock, last = self._made.setdefault(name, (threading.Lock(), []))
        with lock:
            if not last or (last[0] is not of and last[0] != of):
                last[:] = [of, make(last[1] if last else None)]
            return last[1]


class _Kept:
    def __init__(self, rows: Rows) -> None:
        self.lock = threading.Lock()
        self._of = rows
        self._turn = -1
        self._merged: Merged = NOBODY
        self._rows: Mapping[str, Row] = {}

    def renewed(self, dossiers: DossierSight, tellings: Tellings) -> Mapping[str, Row]:
        # What is told may lag behind what was touched: then the rows are true up to there, and made anew from there.
        reached = tellings.reached()
        turn, touched = dossiers.moved(self._turn)
        merged = tellings.merged
        if touched is None or self._turn < 0 or merged != self._merged:
            self._rows = self._made(tellings, dossiers.of_kind(self._of.kind), {})
        elif touched:
            concerned = {merged.of(ref) for ref in self._concerned(tellings, touched)}
            left = {ref: row for ref, row in self._rows.items() if ref not in concerned}
            self._rows = self._made(tellings, dossiers.existing(concerned), left)
        self._turn, self._merged = min(turn, reached), merged
        return self._rows

    def _concerned(self, tellings: Tellings, touched: Collection[str]) -> set[str]:
        own = {ref for ref in touched if ref.startswith(f"{self._of.kind}:")}
        return own | {
            ref for ref in self._of.owners(tellings, touched) if ref.startswith(f"{self._of.kind}:")
        }

    def _made(self, tellings: Tellings, refs: Sequence[str], left: Mapping[str, Row]) -> Mapping[str, Row]:
        rows = {**left, **self._of.make(tellings, refs)}
        return {ref: rows[ref] for ref in sorted(rows)}
