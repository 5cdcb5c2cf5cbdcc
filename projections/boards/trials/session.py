"""One hearing as its readers know it: its dates, those it had, and how it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.dates import Candidate, candidates, day_of
from projections.boards.trials.saying import Saying, Voices, by_world, sayings, values_of

Json = Any

SCHEDULED, ADJOURNED, REPORTED = "hearing.scheduled", "hearing.adjourned", "hearing.reported"
HEARING_TYPES = (SCHEDULED, ADJOURNED, REPORTED)

OFF = frozenset({"cancelled", "postponed_no_date"})
"""Statuses under which a hearing has no date."""

HELD = frozenset({"held", "held_in_part"})


@dataclass(frozen=True)
class Session:
    """Everything told of one hearing.

    Args:
        ref: to go by.
        names: every reference that is read as that one.
        told: visible events that name it, by when what they say was so.
        voices: weighs them.
    """

    ref: str
    names: frozenset[str]
    told: Sequence[Telling]
    voices: Voices

    @cached_property
    def own(self) -> list[Telling]:
        """The events about the hearing itself."""
        return [one for one in self.told if one.data.get("hearing") in self.names]

    @cached_property
    def before(self) -> list[Telling]:
        """The events about others that name this one as what comes next."""
        return [
            one
            for one in self.told
            if self.names & {one.data.get("new_hearing"), one.data.get("next_hearing")}
        ]

    def of(self, event_type: str) -> list[Telling]:
        """Return the own events of a type."""
        return [one for one in self.own if one.type == event_type]

    @cached_property
    def adjournments(self) -> list[Telling]:
        """The events by which it was put off, moved or broken off."""
        return self.of(ADJOURNED)

    @cached_property
    def moves(self) -> list[Telling]:
        """The adjournments by which the hearing itself got another date, or none."""
        return [one for one in self.adjournments if "new_hearing" not in one.data]

    @cached_property
    def reports(self) -> list[Telling]:
        """What was said of how it went."""
        return self.of(REPORTED)

    @cached_property
    def starts(self) -> list[Saying]:
        """Every date that is said of it."""
        moved = [one for one in self.moves if "new_starts" in one.data]
        named = [one for one in self.before if "new_starts" in one.data]
        return sayings(self.of(SCHEDULED), "starts") + sayings(by_world([*moved, *named]), "new_starts")

    @cached_property
    def zone(self) -> str | None:
        """The zone of the court that is shown."""
        return self.first("zone")

    def first(self, field: str) -> Json | None:
        """Return the first shown value of a field of its announcements."""
        values = values_of(self.voices.shown(sayings(self.of(SCHEDULED), field)))
        return values[0] if values else None

    @cached_property
    def statuses(self) -> list[Json]:
        """What is shown of how it stands; that it was announced before is no other opinion on what became of it."""
        announced = [Saying("scheduled", one, "") for one in (*self.of(SCHEDULED), *self.before)]
        later = sayings(self.adjournments, "status") + sayings(self.reports, "status")
        shown = values_of(self.voices.shown([*announced, *later]))
        return [one for one in shown if one != "scheduled"]

    @cached_property
    def state(self) -> str:
        """In one word: `scheduled`, `moved`, `postponed_no_date`, `cancelled`, `held`, `held_in_part`."""
        statuses = self.statuses
        if "held" in statuses:
            return "held"
        if "held_in_part" in statuses:
            return "held_in_part"
        if statuses and all(one in OFF for one in statuses):
            return str(statuses[0])
        elsewhere = any("new_hearing" in one.data for one in self.adjournments)
        return "moved" if elsewhere and statuses and set(statuses) == {"rescheduled"} else "scheduled"

    @cached_property
    def put_off(self) -> list[date]:
        """The days from which it was moved, in the order of the world."""
        said = (day_of(one.data.get("previous_starts")) for one in self.moves)
        return [day for day in said if day is not None]

    @cached_property
    def standing(self) -> list[str]:
        """The dates that stand now, as said; several if nobody knows which."""
        if self.state in OFF or self.state == "moved":
            return []
        shown = [str(one) for one in values_of(self.voices.shown(self.starts))]
        new = [str(one.data["new_starts"]) for one in self.moves if "new_starts" in one.data]
        # What another partner still says of a date that was put off is no other opinion, only older.
        left = [text for text in dict.fromkeys([*shown, *new[-1:]]) if day_of(text) not in self.put_off]
        return left or new[-1:] or shown

    @cached_property
    def times(self) -> list[Candidate]:
        """Every time at which it may be, the earliest first."""
        found = {one for text in self.standing for one in candidates(text, self.zone)}
        return sorted(found, key=lambda one: (one.first or date.min, one.last or date.max, str(one.begins)))

    @cached_property
    def is_uncertain(self) -> bool:
        """Whether nobody knows its one day."""
        return len({one.day for one in self.times}) != 1 or not all(one.is_certain for one in self.times)

    @property
    def is_ahead(self) -> bool:
        """Whether it may still take place, or go on: it stands, and nobody says that it was held."""
        goes_on = self.state == "held_in_part" and any("new_starts" in one.data for one in self.moves)
        return self.state == "scheduled" or goes_on

    @cached_property
    def gone(self) -> list[date]:
        """Every day that was told and does not stand any more."""
        told = [str(one.value) for one in self.starts]
        told += [str(one.data["previous_starts"]) for one in (*self.adjournments, *self.before)
                 if "previous_starts" in one.data]  # fmt: skip
        days = {day for text in told for one in candidates(text) for day in (one.first, one.last)}
        stands = {day for text in self.standing for one in candidates(text) for day in (one.first, one.last)}
        return sorted(day for day in days - stands if day is not None)

    @cached_property
    def held_on(self) -> date | None:
        """The first day on which it took place."""
        started = sorted(str(one.data["started"])[:10] for one in self.reports if "started" in one.data)
        if started:
            return date.fromisoformat(started[0])
        days = {one.day for one in self.times}
        return next(iter(days)) if self.state == "held" and len(days) == 1 else None


def sessions(tellings: Tellings, refs: Iterable[str]) -> dict[str, Session]:
    """Return what is told of some hearings, by the reference to go by."""
    told = tellings.about(refs, HEARING_TYPES)
    voices = Voices(tellings, (one for every in told.values() for one in every))
    return {
        ref: Session(ref, frozenset(tellings.merged.all_of(ref)), by_world(every), voices)
        for ref, every in told.items()
    }


def onward(tellings: Tellings, refs: Iterable[str]) -> set[str]:
    """Return some hearings and all that follow them."""
    found: set[str] = set()
    further = {tellings.merged.of(ref) for ref in refs}
    while further:
        found |= further
        told = tellings.about(further, (ADJOURNED, REPORTED))
        further = {
            next_ref
            for ref, every in told.items()
            for one in every
            for next_ref in _next(tellings, ref, one)
        } - found  # fmt: skip
    return found


def _next(tellings: Tellings, ref: str, one: Telling) -> set[str]:
    of = tellings.merged.of
    if of(str(one.data.get("hearing", ""))) != ref:
        return set()
    return {of(one.data[name]) for name in ("new_hearing", "next_hearing") if name in one.data}


def trials_of(tellings: Tellings, found: Mapping[str, Session]) -> dict[str, str]:
    """Return the trial of each hearing; one that takes another's place belongs to that one's trial.

    Args:
        tellings: finds further hearings before those.
        found: what is told of the hearings.
    """
    known = dict(found)
    of: dict[str, str] = {}
    asked = set(known)
    while asked:
        of |= {ref: trial for ref in asked if (trial := known[ref].first("trial")) is not None}
        asked = _earlier(tellings, (known[ref] for ref in asked if ref not in of)) - known.keys()
        known.update(sessions(tellings, asked) if asked else {})
    return {
        ref: tellings.merged.of(trial) for ref in found if (trial := _inherited(tellings, ref, known, of))
    }


def _earlier(tellings: Tellings, those: Iterable[Session]) -> set[str]:
    told = (event.data["hearing"] for one in those for event in one.before if "hearing" in event.data)
    return {tellings.merged.of(ref) for ref in told}


def _inherited(
    tellings: Tellings, ref: str, known: Mapping[str, Session], of: Mapping[str, str]
) -> str | None:
    seen: set[str] = set()
    further = {ref}
    while further:
        trials = sorted(of[one] for one in further if one in of)
        if trials:
            return trials[0]
        seen |= further
        further = _earlier(tellings, (known[one] for one in further)) - seen
    return None
