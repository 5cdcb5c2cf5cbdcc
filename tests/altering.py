"""Other logs in which a reader may know exactly the same: one without the rest, one with something else in its place.

What a reader may not see may still do something that he sees: a hidden correction, consent or attribution. Of such an
event only that is kept, whatever it is: what can be taken out without changing what he may know is taken out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import zip_longest
from random import Random
from typing import Any

from tests.logged import Logged
from tests.oracle import RULING, Known, Oracle
from tests.oracle_label import Who
from tests.oracle_said import Law
from tests.pointers import altered, blanked, removed, steps

Json = Any
Rows = dict[int, Logged]
Decoy = Callable[[Logged, Random], Logged]

EFFECTIVE = frozenset({
    "about_event", "about_source", "changes", "tlp", "reason", "consent_id", "subject_of_consent", "level", "scopes",
    "recipients", "expires_on", "effect", "scopes_withdrawn", "subject_of_erasure", "role", "partner", "body", "parent",
    "distrust_events_after", "threat", "attributed_to", "verdict", "protection", "lawyer", "revoked_kids", "from",
})  # fmt: skip
"""Fields by which events act on others; what else a hidden one holds can always go."""


class Altering:
    """Makes other logs for one reader."""

    def __init__(self, law: Law, log: Sequence[Logged], who: Who) -> None:
        self._law = law
        self._log = {one.position: one for one in log}
        self._who = who
        self._oracle = Oracle(law, log)

    @cached_property
    def known(self) -> Known:
        """What the reader may know of the log."""
        return self._oracle.known(self._who)

    @cached_property
    def seen(self) -> frozenset[int]:
        """The places of the events that the reader sees, or saw."""
        return frozenset(place for _, place, _ in self.known)

    @cached_property
    def purged(self) -> Rows:
        """The log without what the reader may not know."""
        unseen = [place for place in self._log if place not in self.seen]
        rows = self._fewer(dict(self._log), [place for place in unseen if not _rules(self._log[place])])
        rows = self._fewer(rows, [place for place in unseen if _rules(self._log[place])])
        rows = self._replaced(rows, self._shorter)
        assert self._is_same(rows)
        return rows

    def _fewer(self, rows: Rows, places: Sequence[int]) -> Rows:
        """Take out what can go, the last first: what is said about an event before the event."""
        fewer = _without(rows, places)
        if not places or self._is_same(fewer):
            return fewer
        if len(places) == 1:
            return rows
        half = len(places) // 2
        return self._fewer(self._fewer(rows, places[half:]), places[:half])

    @property
    def effects(self) -> frozenset[int]:
        """The places of the events of which he may only know what they did."""
        return frozenset(self.purged) - self.seen

    def altered(self, random: Random, decoy: Decoy) -> Rows:
        """Return the log with something else wherever the reader may not look."""
        kept = {place: self._log[place] for place in self.purged}
        rows = self._replaced(kept, lambda one: self._reworded(one, random))
        strange = {place: decoy(one, random) for place, one in self._log.items() if place not in kept}
        if not self._is_same({**rows, **strange}):
            for place, one in strange.items():
                while _rules(strange[place]):
                    strange[place] = decoy(one, random)
        assert self._is_same({**rows, **strange})
        return {**rows, **strange}

    def _is_same(self, rows: Mapping[int, Logged]) -> bool:
        told = Oracle(self._law, [rows[place] for place in sorted(rows)]).tell(self._who)
        return all(one == other for one, other in zip_longest(told, self.known))

    def _replaced(self, rows: Rows, other: Callable[[Logged], Logged]) -> Rows:
        """Say all the rest in other words, as far as that changes nothing that the reader may know."""
        changed = {place: other(one) for place, one in rows.items()}
        if self._is_same(changed):
            return changed
        for place, one in changed.items():
            if one != rows[place] and self._is_same({**rows, place: one}):
                rows = {**rows, place: one}
        return rows

    def _holes(self, one: Logged) -> list[str]:
        """Return the places in a seen event into which the reader never might look."""
        seen = [place for place in self._oracle.places(one) if self._oracle.seen(self._who, one, place)]
        holes = [self._oracle.closed(self._who, one, place) for place in seen]
        return [hole for hole in holes[0] if all(hole in other for other in holes[1:])]

    def _is_lost(self, one: Logged) -> bool:
        return self._oracle.seen(self._who, one, self._oracle.places(one)[-1]) is None

    def _shorter(self, one: Logged) -> Logged:
        """Return an event without what the reader may not know."""
        if one.position in self.seen:
            shorter = self._fitting(one, self._holes(one), removed)
            return _worded(shorter, lambda _: "—") if self._is_lost(one) else shorter
        spare = [f"/{name}" for name in one.data if name not in EFFECTIVE]
        return self._fitting(_worded(one, lambda _: "—"), spare, removed)

    def _reworded(self, one: Logged, random: Random) -> Logged:
        """Return an event that says something else where the reader may not look."""

        def word(_: str) -> str:
            return f"altered {random.randrange(1000)}"

        if one.position not in self.seen:
            return _worded(one, word)
        holes = [hole for hole in self._holes(one) if self._is_free(one, hole)]
        other = self._fitting(one, holes, lambda data, path: altered(data, path, random))
        return _worded(other, word) if self._is_lost(one) else other

    def _is_free(self, one: Logged, hole: str) -> bool:
        """Tell whether something else can stand at a place: of a sealed field only under the key that it has."""
        sealed = [mark.pointer for mark in self._law.marks.get(one.stem, ()) if mark.seal is not None]
        return hole not in sealed or (hole in one.boxes and hole not in one.lost)

    def _fitting(
        self, one: Logged, places: Iterable[str], change: Callable[[Json, Sequence[str]], Json]
    ) -> Logged:
        """Return an event with some places changed, one after the other, as far as it could have been recorded."""
        if one.stem not in self._law.marks:
            return one
        is_whole = self._law.accepts(one.stem, one.data)
        for place in places:
            data = change(one.data, steps(place))
            if not isinstance(data, dict):
                data = {}
            if not is_whole or self._law.accepts(one.stem, data):
                one = replace(one.saying(data), lost=one.lost - {place})
        return one


def _worded(one: Logged, word: Callable[[str], str]) -> Logged:
    return one.saying(blanked(one.data, word))


def _without(rows: Mapping[int, Logged], places: Iterable[int]) -> Rows:
    gone = frozenset(places)
    return {place: one for place, one in rows.items() if place not in gone}


def _rules(one: Logged) -> bool:
    return one.type.startswith(RULING)
