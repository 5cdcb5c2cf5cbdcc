"""An inquiry: one reader's question to the graph on one day, with what its answer may use."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from events.audience import PUBLIC_NAME
from projections.graph.look import Look, look_at
from projections.graph.merging import Merged
from projections.graph.query import ALL, GraphQuery, then_of
from projections.graph.questions.deeds import Deed, Deeds
from projections.graph.questions.said import Said
from projections.graph.questions.support import Support, Weighed, open_to_all, places_of, supports_of, weighed
from projections.labels import Allowed

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any


class Reached(NamedTuple):
    """How far the views are.

    Args:
        position: the place of the log that all of them have reached.
        touched: returns the references touched after a place; None when they are more than so many.
    """

    position: int
    touched: Callable[[int, int], list[str] | None]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What an answer is computed from: what one class of readers may see, and the day by the hub's clock.

    Args:
        view: the graph.
        allowed: what the readers may see.
        now: the day; deeds fade by it.
        query: which graph is looked at, e.g. that of a past moment.
    """

    view: "Graph"
    allowed: Allowed
    now: date
    query: GraphQuery = ALL

    @property
    def lock(self) -> threading.Lock:
        """Hold it while using a look."""
        return self.view.lock

    @property
    def is_past(self) -> bool:
        """Whether a past moment is looked at."""
        return bool(then_of(self.query))

    def at(self, query: GraphQuery) -> "Inquiry":
        """Return an inquiry about the moment of a query: deeds fade up to its day in the world, at most up to now."""
        day = self.now if query.as_of is None else min(date.fromisoformat(query.as_of[:10]), self.now)
        moment = GraphQuery(as_of=query.as_of, known_on=query.known_on, upto=query.upto, merge=query.merge)
        return replace(self, query=moment, now=day)

    def look(self, query: GraphQuery | None = None) -> Look:
        """Return the visible graph; hold the lock while calling and using it."""
        return look_at(self.view, self.allowed.numbers(), query or self.query)

    def of_kind(self, kind: str) -> list[str]:
        """Return every visible node of a kind at the moment looked at, sorted; takes the lock."""
        with self.lock:
            return self.look(replace(self.query, kinds=(kind,))).everyone()

    def state(self) -> tuple[object, GraphQuery, date]:
        """Return what must be the same for what was remembered to hold, but for what changes touched."""
        return self.view.network, self.query, self.now

    def merged(self) -> Merged:
        """Return whom these readers read as one at the moment looked at; takes the lock."""
        with self.lock:
            return self.look().merged

    def said(self) -> Said:
        """Return an empty reader of what events say; hold no lock while it loads."""
        return Said(self.view, self.allowed.numbers())

    def may_be_told(self, look: Look, ref: str, found: Sequence[Weighed]) -> list[Weighed]:
        """Return the deeds for somebody of which these readers may be told: the public only of open statements."""
        if self.allowed.reader.partner is not None:
            return list(found)
        return open_to_all(found, is_named=not ref.startswith("lawyer:") or self._is_named(look, ref))

    def _is_named(self, look: Look, ref: str) -> bool:
        """Tell whether somebody agreed to be named: under every name, since nobody agrees for another."""
        label = self.view.labels.label
        told = [claims for one in look.merged.all_of(ref) if (claims := list(look.told_of(one)))]
        return bool(told) and all(
            any(label(claim.label).consent == PUBLIC_NAME for claim in claims) for claims in told
        )

    def supports(self, refs: Iterable[str]) -> dict[str, list[Support]]:
        """Return who supports some lawyers, bodies and cases, strongest first; nobody where none is visible."""
        found = {}
        with self.lock:
            deeds = Deeds(self.look())
        for ref in refs:
            # One at a time: whoever waits for the lock does not wait for all of them.
            with self.lock:
                found[ref] = deeds.of(ref)
        return {ref: supports_of(weights) for ref, weights in self.weigh(found).items()}

    def weigh(self, deeds: dict[str, list[Deed]], said: Said | None = None) -> dict[str, list[Weighed]]:
        """Return what deeds for some lawyers, bodies and cases count now, as far as it may be told."""
        said = said or self.said()
        said.load(places_of(deed for found in deeds.values() for deed in found))
        told = {}
        with self.lock:
            look = self.look()
        for ref, found in deeds.items():
            with self.lock:
                told[ref] = self.may_be_told(look, ref, weighed(found, said, look, self.now))
        return told
