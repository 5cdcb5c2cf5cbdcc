"""Which earlier events one event reaches: those that may read differently because of it, and by which keys."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.event import RecordedEvent
from projections import rulings_index as index
from projections.amendments import Naming, corrects, is_release, is_unsafe, released_until, retracts
from projections.deadlines.ringing import Ringing, is_timed, keys_of
from projections.exclusion import Exclusion
from projections.marking import Marking
from projections.protections import (
    attributed_by,
    bodies_in,
    cases_of,
    consent_about,
    distrusts,
    erased_keys,
)
from projections.rulings_index import key_of, profile_key, unsafe_key
from projections.standing import SPEAKS_OF_OTHERS, Standing


class Keys(NamedTuple):
    """By which keys something may act on an event, and by which later events find it."""

    acted_by: list[int]
    bears: list[int]


class Reach:
    """Follows what events say of each other, by the index of rulings."""

    def __init__(self, standing: Standing, exclusion: Exclusion, ringing: Ringing, marking: Marking) -> None:
        self._standing = standing
        self._exclusion = exclusion
        self._ringing = ringing
        self._marking = marking

    def touched(self, db: sqlite3.Connection, event: RecordedEvent) -> list[RecordedEvent]:
        """Return the earlier events that this one may make read differently, in order."""
        if is_timed(event):
            return []
        found = self._touched(db, event)
        rung = [*self._ringing.touched(db, event, found), *self._marking.touched(db, event, found)]
        if not rung:
            return found
        return self._standing.at({*(one.position for one in found), *rung} - {event.position})

    def _touched(self, db: sqlite3.Connection, event: RecordedEvent) -> list[RecordedEvent]:
        if is_release(event):
            span = index.time_at(db, event.position - 1), released_until(event)
            due = self._standing.at(index.due_between(db, *span, event.position))
            places = {place for one in due for place in self._reached(db, one, event.position)}
            places |= {place for one in due for place in self._amended(db, one, event.position)}
            return self._standing.at({*places, *(one.position for one in due)} - {event.position})
        places = self._reached(db, event, event.position)
        if cases_of(event):
            places |= self._told_of(db, {event.position}, event.position)
        places |= self._amended(db, event, event.position)
        naming = retracts(event)
        if naming is not None and is_unsafe(event):
            # Corrections quote what they correct, so they go with it.
            places |= self._corrections(db, [naming.key()], event.position)
        return self._standing.at(places - {event.position})

    def _amended(self, db: sqlite3.Connection, event: RecordedEvent, before: int) -> set[int]:
        """Return what an amendment amends, if it was there before a place, and the events on which that acts."""
        naming = corrects(event) or retracts(event)
        target = None if naming is None else self._standing.find(db, naming, before)
        return set() if target is None else {target.position} | self._beyond(db, event, target)

    def _beyond(self, db: sqlite3.Connection, event: RecordedEvent, target: RecordedEvent) -> set[int]:
        """Return the events on which an amended event acts."""
        further = corrects(target) or retracts(target)
        found = None if further is None else self._standing.find(db, further, event.position)
        reached = self._reached(db, target, event.position)
        if found is not None:
            reached |= {found.position} | self._reached(db, found, event.position)
        if corrects(event):
            reached |= self._in_cases(db, [target], event.position)
        return reached

    def _reached(self, db: sqlite3.Connection, event: RecordedEvent, before: int) -> set[int]:
        """Return the places, before one, of the events on whose meaning an event bears."""
        person, suspect = consent_about(event), distrusts(event)
        if person is not None:
            return self._about_person(db, event, person, before)
        if suspect is not None:
            return self._of_suspect(db, event, suspect, before)
        if event.stem.startswith("claim.assessed."):
            about = self._attribution_assessed(db, event, before)
            return self._in_cases(db, about, before)
        if event.stem.startswith("conflict.judged.") or attributed_by(event):
            return self._in_cases(db, [event], before)
        return self._of_body(db, event, before)

    def _about_person(
        self, db: sqlite3.Connection, event: RecordedEvent, person: str, before: int
    ) -> set[int]:
        keys = [key_of("person", person), *(key_of("kid", one) for one in erased_keys(event))]
        places = index.bearers(db, keys, before)
        found = self._standing.at(places)
        named = [Naming(one.source, one.id).key() for one in found]
        # What a correction said anew goes from the event that it corrects, too.
        # What a retraction left as the past is seen by those who may see the retraction.
        amended = [naming for one in found if (naming := corrects(one) or retracts(one))]
        targets = [self._standing.find(db, naming, before) for naming in amended]
        corrected = {one.position for one in targets if one is not None}
        return {*places, *self._corrections(db, named, before), *corrected}

    def _corrections(self, db: sqlite3.Connection, keys: Sequence[int], before: int) -> set[int]:
        found = self._standing.at(index.effects(db, keys, before - 1))
        return {one.position for one in found if corrects(one)}

    def _of_suspect(
        self, db: sqlite3.Connection, event: RecordedEvent, suspect: str, before: int
    ) -> set[int]:
        if not _may_distrust(event):
            return set()
        places = index.bearers(db, [key_of("from", suspect)], before)
        reached = set(places)
        for one in self._standing.at(places):
            # What nobody believes any more does nothing any more.
            if acts(one):
                reached |= self._amended(db, one, before)
                reached |= set() if distrusts(one) else self._reached(db, one, before)
        return reached

    def _attribution_assessed(
        self, db: sqlite3.Connection, event: RecordedEvent, before: int
    ) -> list[RecordedEvent]:
        places = index.bearers(db, [key_of("attribution", str(event.data.get("about_event")))], before)
        return [one for one in self._standing.at(places) if one.id == event.data.get("about_event")]

    def _in_cases(self, db: sqlite3.Connection, events: Iterable[RecordedEvent], before: int) -> set[int]:
        keys = [key_of("case", case) for event in events for case in cases_of(event)]
        return self._told_of(db, set(index.bearers(db, keys, before)), before) if keys else set()

    def _told_of(self, db: sqlite3.Connection, places: set[int], before: int) -> set[int]:
        """Return some places, and those of what amends or assesses the events there: it is of their case."""
        found, waiting = set(places), set(places)
        while waiting:
            keys = [
                key
                for one in self._standing.at(waiting)
                for key in (Naming(one.source, one.id).key(), key_of("assessed", one.id))
            ]
            waiting = set(index.effects(db, keys, before - 1)) - found
            found |= waiting
        return found

    def _of_body(self, db: sqlite3.Connection, event: RecordedEvent, before: int) -> set[int]:
        suspects = self._attributions_to(db, self._joined(db, event, before)[0], before)
        return self._in_cases(db, suspects, before)

    def note_conflicts(self, db: sqlite3.Connection, events: Sequence[RecordedEvent]) -> None:
        """Let attributions act on their cases, as soon as a partner is known to be among the bodies.

        What corrections say counts as well, whichever came first.
        """
        # Of threats that nobody corrected, and of whose bodies no partner is known, nothing is to be noted. Asked for
        # all of them at once, since so are most.
        plain = {one.position: _attribution_keys(one) for one in events if _is_plain_threat(one)}
        acted = set(index.acted_on(db, {key for keys in plain.values() for key in keys}))
        for event in events:
            if event.position not in plain or not acted.isdisjoint(plain[event.position]):
                acted |= self._note_conflict(db, event)

    def _note_conflict(self, db: sqlite3.Connection, event: RecordedEvent) -> set[int]:
        """Note what one event brings; return the keys of the bodies of whose partners it tells."""
        naming = corrects(event)
        one = event if naming is None else self._standing.find(db, naming, event.position + 1)
        if one is None:
            return set()
        bodies, above = self._joined(db, one, event.position)
        told = {key_of("body", each) for each in above}
        index.note(db, [], [(key, one.position) for key in sorted(told)], [])
        suspects = self._attributions_to(db, bodies, event.position + 1)
        if one.stem.startswith("threat."):
            suspects += self._attributing(db, one, event.position)
        rows = [(key_of("conflict", case), each.position) for each in suspects for case in cases_of(each)]
        index.note(db, [], rows, [])
        return told

    def _joined(
        self, db: sqlite3.Connection, event: RecordedEvent, until: int
    ) -> tuple[list[str], list[str]]:
        """Return which bodies an event puts under which names: of a partner, or part of another body."""
        if event.stem.startswith("partner.admitted."):
            bodies = self._exclusion.joined(db, event, until, "body")
            return bodies, bodies
        if event.stem.startswith("body.profiled."):
            parents = self._exclusion.joined(db, event, until, "parent")
            return ([str(event.data["body"])] if parents else []), parents
        return [], []

    def _attributions_to(
        self, db: sqlite3.Connection, bodies: Sequence[str], before: int
    ) -> list[RecordedEvent]:
        if not bodies:
            return []
        above = self._exclusion.above(db, bodies, before)
        return self._standing.at(index.bearers(db, [key_of("attributes", one) for one in above], before))

    def _attributing(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> list[RecordedEvent]:
        """Return a threat if some correction of it, or it itself where a partner is known, names a body."""
        found = self._standing.at(index.effects(db, [Naming(event.source, event.id).key()], until))
        bodies = [body for one in found for body in bodies_in(one)]
        index.note(db, [(key_of("attributes", one), event.position) for one in bodies], [], [])
        named = [key_of("body", one) for one in attributed_by(event)]
        return [event] if bodies or index.acted_on(db, named) else []

    def keys(self, event: RecordedEvent) -> Keys:
        """Return the keys of an event."""
        if is_timed(event):
            itself = Naming(event.source, event.id).key()
            return Keys([itself], [itself, *keys_of(event)])
        cases = cases_of(event)
        own = [Naming(event.source, event.id).key(), key_of("from", event.publisher)]
        own += [key_of("person", one) for one in self._standing.persons(event)]
        own += [key_of("kid", one) for one in event.kids.values()]
        over = self._ringing.over_keys(event)
        acted_by = [*own, *(key_of("conflict", one) for one in cases), *over]
        if cases:
            acted_by.append(key_of("assessed", event.id))
        bears = [*own, key_of("id", event.id), *(key_of("case", one) for one in cases), *over]
        bears += [key_of("attributes", one) for one in attributed_by(event)]
        if event.stem.startswith("threat."):
            bears.append(key_of("attribution", event.id))
        if event.stem.startswith("body.profiled."):
            bears.append(profile_key(str(event.data["body"])))
        return Keys(acted_by, bears)


def _is_plain_threat(event: RecordedEvent) -> bool:
    return event.stem.startswith("threat.") and corrects(event) is None


def _attribution_keys(event: RecordedEvent) -> list[int]:
    """Return the keys of what may make a threat that corrects nothing keep a partner out of its cases."""
    return [Naming(event.source, event.id).key(), *(key_of("body", one) for one in attributed_by(event))]


def effects_of(event: RecordedEvent) -> list[int]:
    """Return the keys of what an event acts on; what the timekeeper said must be looked at again with its thing."""
    if is_timed(event):
        return keys_of(event)[1:]
    naming = corrects(event) or retracts(event)
    person, suspect = consent_about(event), distrusts(event)
    if naming is not None:
        return [naming.key(), *([unsafe_key(naming)] if is_unsafe(event) else ())]
    if person is not None:
        return [key_of("person", person), *(key_of("kid", one) for one in erased_keys(event))]
    if suspect is not None:
        return [key_of("from", suspect)] if _may_distrust(event) else []
    return _effects_on_cases(event)


def _effects_on_cases(event: RecordedEvent) -> list[int]:
    """Return the keys of what may keep a partner out of a case."""
    stem, data = event.stem, event.data
    if stem.startswith("claim.assessed."):
        return [key_of("assessed", str(data.get("about_event")))]
    if stem.startswith("conflict.judged."):
        return [key_of("conflict", one) for one in cases_of(event)]
    if stem.startswith("body.profiled.") and "parent" in data:
        return [key_of("body", str(data["parent"]))]
    if stem.startswith("partner.admitted."):
        slug = str(data["partner"]).removeprefix("partner:")
        return [key_of("admitted", slug), key_of("body", str(data.get("body")))]
    return []


def _may_distrust(event: RecordedEvent) -> bool:
    if event.stem.startswith("key.revoked."):
        return True
    return "distrust_events_after" in event.data or bool(event.data.get("revoked_kids"))


def acts(event: RecordedEvent) -> bool:
    """Tell whether an event may make earlier ones read differently."""
    return event.stem.startswith(SPEAKS_OF_OTHERS) or bool(effects_of(event))
