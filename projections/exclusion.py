"""Who is kept out of a case: a partner whose body, or one above it, is named as the source of the threat."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from events.event import RecordedEvent
from projections import rulings_index as index
from projections.amendments import corrects, retracts
from projections.protections import attributed_by, bodies_in, cases_of, confirms, is_provisional, lifted
from projections.rulings_index import key_of, profile_key
from projections.standing import Standing

DEEPEST = 8
"""Steps from a body to the bodies it is part of that are followed."""


@dataclass(frozen=True, slots=True)
class Accusations:
    """Who is said to be behind the threats of a case.

    Args:
        ever: every event that attributed one to somebody, also those that were taken back.
        standing: those that are still said, as their publishers have corrected them.
        until: the place of the log.
    """

    ever: Sequence[RecordedEvent]
    standing: Sequence[RecordedEvent]
    until: int


class Exclusion:
    """Finds the conflicts of interest in a case, as they stood at a place of the log.

    Naming a body excludes its partner at once, from that case alone. It lapses 14 days after the accuser first named
    the partner in the case, however often he does, unless an independent partner confirms it (`claim.assessed`, or the
    same attribution), and two stewards may lift it: else naming a rival would lock him out.
    """

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def of(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> frozenset[str]:
        """Return the partners that may see of an event only what is public."""
        cases = self.cases(db, event, until)
        found = self._standing.at(index.effects(db, [key_of("conflict", one) for one in cases], until))
        said = [one for one in found if not frozenset(cases_of(one)).isdisjoint(cases)]
        if not said:
            return frozenset()
        judged = [one for one in said if one.stem.startswith("conflict.judged.")]
        ever = [one for one in said if one.stem.startswith("threat.")]
        accusations = Accusations(ever, self._standing_attributions(db, ever, until), until)
        excluded = {
            partner
            for one in accusations.standing
            for partner in self.partners_of(db, attributed_by(one), until)
            if self._holds(db, one, accusations, partner)
        }
        return frozenset(excluded) - lifted(judged)

    def cases(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> list[str]:
        """Return the cases of an event, and of what it amends or assesses: it tells about them, too."""
        known, waiting = {event.position: event}, [event]
        while waiting:
            about = self._about(db, waiting.pop(), until)
            waiting += [one for one in about if one.position not in known]
            known.update((one.position, one) for one in about)
        return list(dict.fromkeys(case for one in known.values() for case in cases_of(one)))

    def _about(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> list[RecordedEvent]:
        naming = corrects(event) or retracts(event)
        if naming is not None:
            target = self._standing.find(db, naming, until + 1)
            return [] if target is None else [target]
        if not event.stem.startswith("claim.assessed."):
            return []
        name, source = event.data.get("about_event"), event.data.get("about_source")
        found = self._standing.at(index.bearers(db, [key_of("id", str(name))], until + 1))
        return [one for one in found if one.id == name and source in (None, one.source)]

    def _standing_attributions(
        self, db: sqlite3.Connection, said: Sequence[RecordedEvent], until: int
    ) -> list[RecordedEvent]:
        """Return the attributions that are still said, each as its publisher had corrected it."""
        return [
            self._standing.corrected(db, one, until) for one in said if self._standing.counts(db, one, until)
        ]

    def _holds(
        self, db: sqlite3.Connection, attribution: RecordedEvent, accusations: Accusations, partner: str
    ) -> bool:
        if attribution.publisher == partner:
            return False
        if self._is_provisional(db, attribution, accusations, partner):
            return True
        others = [*accusations.standing, *self._assessments(db, attribution, accusations.until)]
        return any(confirms(one, attribution) for one in others if one.publisher != partner)

    def _is_provisional(
        self, db: sqlite3.Connection, attribution: RecordedEvent, accusations: Accusations, partner: str
    ) -> bool:
        """Tell whether the accuser's term still runs: from when he first named the partner in this case."""
        until, cases = accusations.until, frozenset(cases_of(attribution))
        first: list[RecordedEvent] = []
        for one in accusations.ever:
            if one.publisher == attribution.publisher and not cases.isdisjoint(cases_of(one)):
                said = [(one, attributed_by(one))]
                said += [(each, bodies_in(each)) for each in self._standing.amendments(db, one, until)]
                first += [each for each, bodies in said if partner in self.partners_of(db, bodies, until)]
        return is_provisional(first, index.time_at(db, until))

    def _assessments(
        self, db: sqlite3.Connection, attribution: RecordedEvent, until: int
    ) -> list[RecordedEvent]:
        found = self._standing.at(index.effects(db, [key_of("assessed", attribution.id)], until))
        return [
            self._standing.corrected(db, one, until)
            for one in found
            if one.data.get("about_event") == attribution.id
            and one.data.get("about_source", attribution.source) == attribution.source
            and self._standing.counts(db, one, until)
        ]

    def partners_of(self, db: sqlite3.Connection, bodies: Iterable[str], until: int) -> frozenset[str]:
        """Return the partners that are one of some bodies or part of one, at a place of the log."""
        found: set[str] = set()
        known: set[str] = set()
        level = set(bodies)
        for _ in range(DEEPEST):
            known |= level
            below: set[str] = set()
            for said in self._standing.at(index.effects(db, [key_of("body", each) for each in level], until)):
                if not self._standing.counts(db, said, until):
                    continue
                one = self._standing.corrected(db, said, until)
                if one.stem.startswith("partner.admitted.") and one.data.get("body") in level:
                    found.add(str(one.data["partner"]).removeprefix("partner:"))
                elif one.stem.startswith("body.profiled.") and one.data.get("parent") in level:
                    below.add(str(one.data["body"]))
            level = below - known
            if not level:
                break
        return frozenset(found)

    def above(self, db: sqlite3.Connection, bodies: Iterable[str], until: int) -> frozenset[str]:
        """Return some bodies and all that they were ever said to be part of."""
        known: set[str] = set()
        level = set(bodies)
        for _ in range(DEEPEST):
            known |= level
            places = index.bearers(db, [profile_key(one) for one in level], until + 1)
            events = self._standing.at(places)
            parents = {each for one in events for each in self.joined(db, one, until, "parent")}
            level = parents - known
            if not level:
                break
        return frozenset(known)

    def joined(self, db: sqlite3.Connection, event: RecordedEvent, until: int, field: str) -> list[str]:
        """Return every body that an event, or a correction of it so far, says in one of its fields."""
        said = [event.data.get(field)]
        for one in self._standing.amendments(db, event, until):
            changes = one.data.get("changes", ()) if corrects(one) else ()
            said += [change.get("to") for change in changes if change.get("pointer") == f"/{field}"]
        return [one for one in said if isinstance(one, str)]
