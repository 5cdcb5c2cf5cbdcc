"""The delay of a trial: how often it was put off and why, when it was to be held first, and when it was."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.dates import day_of
from projections.boards.trials.saying import Saying, values_of
from projections.boards.trials.session import Session

Json = Any


class PutOff(NamedTuple):
    """One adjournment, by all who tell of it.

    Args:
        hearing: that was put off.
        previous: the day on which it was to be; None: not known.
        told: by when it was announced.
    """

    hearing: str
    previous: date | None
    told: Sequence[Telling]

    @property
    def new(self) -> date | None:
        """The day to which it was put off, if somebody knows it; who speaks last knows best."""
        days = [day_of(one.data.get("new_starts")) for one in self.told]
        return next((day for day in reversed(days) if day is not None), None)

    @property
    def days_lost(self) -> int | None:
        """Days from the one date to the other."""
        return None if self.previous is None or self.new is None else (self.new - self.previous).days

    def as_json(self, merged: Mapping[str, str]) -> Json:
        """Return it as answers tell it."""
        onto = sorted({merged.get(ref, ref) for one in self.told if (ref := one.data.get("new_hearing"))})
        return {
            "hearing": self.hearing,
            "new_hearings": onto,
            "from": None if self.previous is None else self.previous.isoformat(),
            "to": None if self.new is None else self.new.isoformat(),
            "days_lost": self.days_lost,
            "statuses": _values(self.told, "status"),
            "reasons": _values(self.told, "reason"),
            "requested_by": _values(self.told, "requested_by"),
            "told_by": sorted({f"partner:{one.partner}" for one in self.told}),
            "events": [one.proof for one in self.told],
        }


def put_off(one: Session) -> list[PutOff]:
    """Return the adjournments of a hearing: each puts off one date, however many partners tell of it."""
    stands = next(
        (day for text in values_of(one.voices.shown(_first(one))) if (day := day_of(str(text)))), None
    )
    found: dict[date | None, list[Telling]] = {}
    reached: dict[date, date | None] = {}
    for telling in one.adjournments:
        new = day_of(telling.data.get("new_starts"))
        said = day_of(telling.data.get("previous_starts"))
        # Whoever does not say from which date it was put off speaks of the one that stood, or tells again.
        previous = said or (reached[new] if new is not None and new in reached else stands)
        found.setdefault(previous, []).append(telling)
        if new is not None:
            reached.setdefault(new, previous)
            stands = stands if "new_hearing" in telling.data else new
    return [PutOff(one.ref, previous, told) for previous, told in found.items()]


def _first(one: Session) -> list[Saying]:
    """Return the dates that were said before anything was put off."""
    own = {id(move) for move in one.moves}
    return [said for said in one.starts if id(said.telling) not in own]


def delay(tellings: Tellings, found: Iterable[Session]) -> Json:
    """Return the delay counter of a trial.

    Args:
        tellings: tell which references are read as one.
        found: its hearings.
    """
    sessions = {one.ref: one for one in found}
    puts = [put for ref in sorted(sessions) for put in put_off(sessions[ref])]
    puts.sort(key=lambda put: (str(put.previous or put.new or ""), put.hearing))
    known = [put.days_lost for put in puts if put.days_lost is not None]
    return {
        "adjournments": len(puts),
        "days_lost": sum(known),
        "unknown": len(puts) - len(known),
        "reasons": _counts(puts, "reason"),
        "requested_by": _counts(puts, "requested_by"),
        "each": [put.as_json(tellings.merged.canonical) for put in puts],
        "lines": _lines(tellings, sessions, puts),
    }


def _lines(tellings: Tellings, sessions: Mapping[str, Session], puts: Sequence[PutOff]) -> list[Json]:
    """Return for each hearing that was put off when it was asked for first, and when it was held or is to be."""
    onto = {
        put.hearing: tellings.merged.of(ref)
        for put in puts
        for one in put.told
        if (ref := one.data.get("new_hearing"))
    }
    later = set(onto.values())
    return [
        _line(_along(put_first, onto), sessions, puts)
        for put_first in dict.fromkeys(put.hearing for put in puts if put.hearing not in later)
    ]


def _along(ref: str, onto: Mapping[str, str]) -> list[str]:
    line = [ref]
    while (following := onto.get(line[-1])) is not None and following not in line:
        line.append(following)
    return line


def _line(refs: Sequence[str], sessions: Mapping[str, Session], puts: Sequence[PutOff]) -> Json:
    days = [put.previous for put in puts if put.hearing in refs and put.previous is not None]
    last = sessions.get(refs[-1])
    held = None if last is None else last.held_on
    stands = [] if last is None or not last.is_ahead else last.standing
    first = min(days, default=None)
    until = held or (day_of(stands[0]) if len(stands) == 1 else None)
    return {
        "hearings": list(refs),
        "asked_first": None if first is None else first.isoformat(),
        "held": None if held is None else held.isoformat(),
        "stands": stands,
        "days": None if first is None or until is None else (until - first).days,
    }


def _values(told: Iterable[Telling], field: str) -> list[Json]:
    return sorted({str(one.data[field]) for one in told if field in one.data})


def _counts(puts: Iterable[PutOff], field: str) -> Json:
    """Count adjournments by what is said of them; one of which two things are said counts for each."""
    counted: dict[str, int] = {}
    for put in puts:
        for value in _values(put.told, field):
            counted[value] = counted.get(value, 0) + 1
    return {value: counted[value] for value in sorted(counted)}
