"""What is new in the graph since a place of the log: for whoever comes back and asks what changed."""

from collections.abc import Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from projections.amendments import NEVER
from projections.graph.claims import Reading
from projections.graph.history import Span
from projections.graph.look import Look
from projections.graph.query import ALL, Then
from projections.graph.rows import Rows
from projections.labels import Allowed

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any
Key = tuple[str, str, str]

MOST_EVENTS = 20_000
"""Events that are looked through; of whoever was away for longer, only the oldest part is told at a time."""

MOST_BEHIND = 5
"""Events named behind one node or tie."""


def changed(view: "Graph", allowed: Allowed, place: int, limit: int) -> tuple[Json, int]:
    """Return what differs between the graph at a place of the log and now.

    Args:
        view: the graph.
        allowed: the labels that the reader may see.
        place: of the log; 0 for all.
        limit: most nodes and most ties told, each.

    Returns:
        `{"nodes": [{"change": "new"|"changed"|"gone", "node", "events"}], "ties": [{"change", "tie", "events"}],
        "truncated": N}`, and the place of the last visible event that was looked at: from there to go on. `gone` is
        told of what was put right, never of what is hidden or withdrawn now.
    """
    numbers = allowed.numbers()
    with view.database.snapshot() as db:
        readings, reached = _touched(Rows(db, view.labels), place, allowed)
    with view.lock:
        now = Look(view.eyes(numbers), ALL)
        then = Look(view.eyes(numbers, Then(upto=place)), ALL)
        named = _Named(now, then)
        for reading in readings:
            named.take(reading)
        named.rename()
        told = [one for ref, behind in sorted(named.nodes.items()) if (one := _node(now, then, ref, behind))]
        tied = [one for key, behind in sorted(named.ties.items()) if (one := _tie(now, then, key, behind))]
    left_out = max(0, len(told) - limit) + max(0, len(tied) - limit)
    return {"nodes": told[:limit], "ties": tied[:limit], "truncated": left_out}, reached


def _touched(rows: Rows, place: int, allowed: Allowed) -> tuple[list[Reading], int]:
    """Return what is said since a place, and what was said then and is no more; and the last place of these.

    What only hidden amendments have touched is left out: it reads for this reader as it did.
    """
    labels = allowed.as_json()
    fresh = list(islice(rows.since(place, labels), MOST_EVENTS + 1))
    past = groupby(rows.versions_since(place, labels), lambda one: one.reading.origin.position)
    lives = {position: [(one.span, one.reading) for one in versions] for position, versions in past}
    found: list[Reading] = []
    reached = place
    for reading, born in fresh[:MOST_EVENTS]:
        lives.setdefault(reading.origin.position, []).append((Span(born, NEVER), reading))
    for position in sorted(lives):
        life = _Life(lives[position], place, allowed.numbers())
        if life.changed is not None:
            found += life.readings
            reached = max(reached, life.changed)
    return found, fresh[MOST_EVENTS - 1][0].origin.position if len(fresh) > MOST_EVENTS else reached


class _Life:
    """What one event said to some readers from a place of the log on.

    Args:
        versions: each with its span, in order, the present one last.
        place: of the log.
        allowed: numbers of the labels that the readers may see.
    """

    def __init__(self, versions: Sequence[tuple[Span, Reading]], place: int, allowed: frozenset[int]) -> None:
        said: list[tuple[int, Json]] = [] if versions[0][0].born <= place else [(0, None)]
        said += [(span.born, _visible(reading, allowed)) for span, reading in versions]
        if versions[-1][0].died < NEVER:
            said.append((versions[-1][0].died, None))
        last = len(said) - 1
        while last and said[last - 1][1] == said[-1][1]:
            last -= 1
        self.changed = said[last][0] if last else None
        """The place from which it reads as it does now; None if it reads as it did."""
        self.readings = [reading for _, reading in (versions[0], versions[-1])]


def _visible(reading: Reading, allowed: frozenset[int]) -> Json:
    """Return what some readers may see of what an event says."""
    nodes = [
        (ref, [prop for prop in props if prop[3] in allowed])
        for ref, label, props in reading.nodes
        if label in allowed
    ]
    ties = [
        (*tie[:3], *tie[4:6], [prop for prop in tie[6] if prop[3] in allowed])
        for tie in reading.ties
        if tie[3] in allowed
    ]
    return nodes, ties, reading.origin.as_of


class _Named:
    """The nodes and ties that visible claims name, by the references to go by, each with the events behind it."""

    def __init__(self, now: Look, then: Look) -> None:
        self._looks = (now, then)
        self._allowed = now.allowed
        self.nodes: dict[str, list[Json]] = {}
        self.ties: dict[Key, list[Json]] = {}

    def take(self, reading: Reading) -> None:
        """Take in what an event says."""
        behind = reading.origin.as_json()
        for ref in (ref for ref, label, _ in reading.nodes if label in self._allowed):
            for one in {look.merged.of(ref) for look in self._looks}:
                _add(self.nodes.setdefault(one, []), behind)
        for kind, source, target in (tie[:3] for tie in reading.ties if tie[3] in self._allowed):
            for key in {(look.merged.of(source), kind, look.merged.of(target)) for look in self._looks}:
                _add(self.ties.setdefault(key, []), behind)

    def rename(self) -> None:
        """Take in all that is read as something else since, with the judgements that say so."""
        now, then = self._looks
        for ref in _renamed(now, then):
            judged = _judgements(now, then, ref)
            self.nodes.setdefault(ref, judged)
            for source, target, kind, _ in (tie for look in self._looks for tie in look.ties(ref)):
                self.ties.setdefault((source, kind, target), judged)


def _renamed(now: Look, then: Look) -> set[str]:
    """Return the references to go by, then or now, of all that is read as something else since."""
    known = {*now.merged.canonical, *then.merged.canonical}
    moved = [
        ref
        for ref in known
        if now.merged.all_of(now.merged.of(ref)) != then.merged.all_of(then.merged.of(ref))
    ]
    return {look.merged.of(ref) for ref in moved for look in (now, then)}


def _judgements(now: Look, then: Look, ref: str) -> list[Json]:
    """Return the events that say whom a reference is the same as, as far as they are seen."""
    events: list[Json] = []
    every = {*now.merged.all_of(ref), *then.merged.all_of(ref)}
    for look in (now, then):
        for network in (look.network, look.history.network):
            pairs = sorted(pair for pair in network.judged if not every.isdisjoint(pair))
            for one in (one for pair in pairs for one in network.judged[pair] if look.sees_judgement(one)):
                _add(events, one.claim.origin.as_json())
    return events


def _add(events: list[Json], event: Json) -> None:
    if event not in events and len(events) < MOST_BEHIND:
        events.append(event)


def _node(now: Look, then: Look, ref: str, events: list[Json]) -> Json | None:
    before = then.node(ref) if then.sees(ref) else None
    after = now.node(ref) if now.sees(ref) else None
    return _difference("node", before, after, events)


def _tie(now: Look, then: Look, key: Key, events: list[Json]) -> Json | None:
    source, kind, target = key
    before, after = (
        look.edge(source, target, kind, claims) if (claims := look.claims(source, target, kind)) else None
        for look in (then, now)
    )
    return _difference("tie", before, after, events)


def _difference(what: str, before: Json | None, after: Json | None, events: list[Json]) -> Json | None:
    if before == after:
        return None
    change = "new" if before is None else "gone" if after is None else "changed"
    said = {"change": change, what: before if after is None else after, "events": events}
    return {**said, "before": before} if change == "changed" else said
