"""How an event reads by which the hub says that a deadline has passed: as the event does that speaks of it."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from events.audience import Label
from events.decisions.deadlines import PASSED_STEM, SILENT_STEM
from events.event import RecordedEvent
from events.moments import read_moment
from events.submission import HUB
from projections import rulings_index as index
from projections.amendments import Naming, asserted, retracts
from projections.boards.statements.clocks import KindOf, bodies_of
from projections.deadlines.clock import Clock, Clocks
from projections.deadlines.clocks import over_refs
from projections.deadlines.covering import covers
from projections.deadlines.dues import dues, is_over, over_since
from projections.deadlines.kinds import PROFILED, asking_kinds, kinds_by, profile_of
from projections.readings import Reading
from projections.rule import ImpliedNode, step_to, steps_of
from projections.rule_compiler import strictest
from projections.rule_parts import NO_PROPS
from projections.rules import PROTECTED_KINDS, Implied
from projections.rulings_index import key_of, profile_key
from projections.standing import Standing

Read = Callable[[RecordedEvent], Reading]

_NOBODY = Label("red", HUB)


def is_passed(event: RecordedEvent) -> bool:
    """Tell whether the timekeeper says by this event that a deadline has passed."""
    return event.stem == PASSED_STEM


def is_timed(event: RecordedEvent) -> bool:
    """Tell whether the timekeeper says something by this event: that a deadline has passed, or that nobody replied."""
    return is_passed(event) or (event.stem == SILENT_STEM and event.publisher == HUB)


def named_by(event: RecordedEvent) -> Implied | None:
    """Return under what the timeline files the word of a deadline: what it is about, on its day; None for others.

    No other view reads it: it tells nothing new of anything.
    """
    if not is_passed(event):
        return None
    ref, day = str(event.data["ref"]), str(event.data.get("at", event.data["due"]))[:10]
    kind = ref.partition(":")[0]
    nodes = [] if kind in PROTECTED_KINDS else [ImpliedNode(ref, kind, NO_PROPS)]
    return Implied(nodes, [], day, ())


class Word(NamedTuple):
    """That a deadline has passed: of which kind, about what, by which event, and when."""

    kind: str
    ref: str
    about: Naming
    due: datetime | None


def word_of(event: RecordedEvent) -> Word:
    """Read what the timekeeper says of a deadline."""
    said, about = event.data, event.data["about_event"]
    naming = Naming(str(about["source"]), str(about["id"]))
    return Word(str(said["kind"]), str(said["ref"]), naming, read_moment(str(said["due"])))


def silence_rests_on(event: RecordedEvent) -> Naming:
    """Return by which word the timekeeper says that nobody replied."""
    return Naming(event.source, str(event.envelope.get("deadline", "")))


def keys_of(event: RecordedEvent) -> list[int]:
    """Return the keys by which what the timekeeper's events rest on finds them."""
    if is_passed(event):
        word = word_of(event)
        asked = [kind_key(str(one)) for one in event.data.get("from", ())]
        return [ringing_key(word.about.source, word.about.id), over_key(word.ref), *asked]
    on = silence_rests_on(event)
    return [ringing_key(on.source, on.id)]


def ringing_key(source: str, event_id: str) -> int:
    """Return the key by which an event finds what the timekeeper said of its deadlines."""
    return key_of("deadline", f"{source}\n{event_id}")


def over_key(ref: str) -> int:
    """Return the key by which an event about a thing finds what the timekeeper said of deadlines of that thing."""
    return key_of("over", ref)


def kind_key(body: str) -> int:
    """Return the key by which what is said of the kind of a body finds what was said of deadlines of it."""
    return key_of("kind", body)


class Ringing:
    """Reads what the timekeeper said, from the log and the index of rulings."""

    def __init__(self, standing: Standing, clocks: Clocks) -> None:
        self._standing = standing
        self._clocks = clocks
        self._over = over_refs(clocks)
        self._asking = asking_kinds(clocks)

    def over_keys(self, event: RecordedEvent) -> list[int]:
        """Return the keys of what an event is about that may make the word of a deadline void, or true."""
        if event.stem.startswith(PROFILED):
            return [kind_key(str(event.data["body"]))] if self._asking else []
        pointers = self._over.get(str(event.envelope.get("type")), ())
        refs = (step_to(event.data, steps_of(one)) for one in pointers)
        return [over_key(one) for one in refs if isinstance(one, str)]

    def touched(
        self, db: sqlite3.Connection, event: RecordedEvent, reached: Sequence[RecordedEvent]
    ) -> list[int]:
        """Return the places of what the timekeeper said before an event that may read differently by it.

        Args:
            db: of the views.
            event: that is new.
            reached: earlier events that read differently by it.
        """
        keys = [ringing_key(one.source, one.id) for one in reached]
        over = [key for one in (event, *reached) for key in self.over_keys(one)]
        words = index.bearers(db, keys, event.position) if keys else []
        # Nothing but such words acts by these keys; whatever else is about the thing bears them, too.
        words += index.effects(db, over, event.position - 1) if over else []
        silences = [ringing_key(one.source, one.id) for one in self._standing.at(words) if is_passed(one)]
        return [*words, *(index.bearers(db, silences, event.position) if silences else ())]

    def reading(self, db: sqlite3.Connection, event: RecordedEvent, until: int, read: Read) -> Reading:
        """Return how such an event reads at a place.

        Whoever sees the date, and what it is about, sees that it has passed, and nobody else. Where the date was
        moved or taken back, or the event that speaks of it does not count, or a later one is over it, the word is void.

        Args:
            db: of the views.
            event: as the log has it.
            until: the place.
            read: returns how another event reads there.
        """
        if not is_passed(event):
            return self._silence(db, event, until, read)
        word = word_of(event)
        cause = self._standing.find(db, word.about, event.position)
        if cause is None:
            return Reading(event, _NOBODY, "retracted")
        said = read(cause)
        if said.status == "erased":
            return Reading(_emptied(event), said.label, "erased", frozenset({""}))
        clocks = [one for one in self._clocks.get(cause.stem, ()) if one.kind == word.kind]
        level = strictest(None, *(one.level for one in clocks)) if clocks else "red"
        label = said.label if level is None else said.label.stricter(level)
        kind_of = self._kinds(db, said, until, read) if cause.stem in self._asking else None
        is_said = any(due.data == event.data for due in dues(self._clocks, said.event, kind_of))
        counts = is_said and said.status == "active" and not self._is_taken_back(db, event, until)
        if counts and any(one.over for one in clocks):
            counts = not self._is_over(db, word, clocks, (replace(said, label=label), until), read)
        return Reading(event, label, "active" if counts else "retracted")

    def _kinds(self, db: sqlite3.Connection, said: Reading, until: int, read: Read) -> KindOf:
        """Return what tells of which kind the addressees of a statement are, to all who see it."""
        keys = [profile_key(one) for one in bodies_of(said.event.data)]
        readings = [read(one) for one in self._standing.at(index.bearers(db, keys, until + 1))]
        profiles = [profile_of(one.event, one.label) for one in readings if one.status == "active"]
        return kinds_by((one for one in profiles if one is not None), said.label)

    def _silence(self, db: sqlite3.Connection, event: RecordedEvent, until: int, read: Read) -> Reading:
        """Return how it reads that nobody replied: as the word does that the time for it is over."""
        word = self._standing.find(db, silence_rests_on(event), event.position)
        if word is None:
            return Reading(event, _NOBODY, "retracted")
        said = self.reading(db, word, until, read)
        if said.status == "erased":
            return replace(said, event=_emptied(event))
        is_void = said.status != "active" or self._is_taken_back(db, event, until)
        return replace(said, event=event, status="retracted" if is_void else "active")

    def _is_over(
        self,
        db: sqlite3.Connection,
        word: Word,
        clocks: Sequence[Clock],
        place: tuple[Reading, int],
        read: Read,
    ) -> bool:
        """Tell whether a later event makes the word void, and everybody sees it who sees the word."""
        said, until = place
        overs = [over for clock in clocks for over in clock.over]
        for one in self._standing.at(index.bearers(db, [over_key(word.ref)], until + 1)):
            if is_timed(one) or asserted(one)[0] <= asserted(said.event)[0]:
                continue
            other = read(one)
            for over in overs:
                moment = over_since(over, other.event) if is_over(over, other.event, word.ref) else None
                is_own = not over.is_own or one.source == said.event.source
                is_in_time = moment is not None and word.due is not None and moment <= word.due
                if is_own and is_in_time and other.status == "active" and covers(other.label, said.label):
                    return True
        return False

    def _is_taken_back(self, db: sqlite3.Connection, event: RecordedEvent, until: int) -> bool:
        return any(retracts(one) for one in self._standing.amendments(db, event, until))


def _emptied(event: RecordedEvent) -> RecordedEvent:
    return replace(event, envelope={**event.envelope, "data": {}})
