"""What a reader may know of a log, said a second time, from the text and not from the hub's code.

`Oracle.known` is all of it: of each event that a reader ever sees, from which place of the log on he sees what. Logs in
which a reader may know the same must get the same answers from the hub, byte for byte; `tests/altering.py` makes such
logs.

Where the text is silent, this is the safest reading that lets people work:

- What is retracted, or distrusted, was never said, except that an erasure cannot be undone.
- An event means what it says by now: consents, withdrawals, attributions and profiles count as corrected.
- A consent that had run out when it was recorded never held. Where all that a partner recorded has run out, C1 is left,
  whatever its events assert. A withdrawal voids what was said before it and what it names: a consent with the events
  that rest on it, or everything; of new uses, if it names some, only those.
- An event belongs to a case if it bears it or names it anywhere; so does what amends or assesses such an event. A
  partner is shut out whose body is named or is part of a named one; its own word neither shuts it out nor confirms.
- The value that a correction brings is shown to nobody from whom the person keeps the field that it goes to.
- Of a threat that he sees, a steward knows whom it keeps out, by whatever that came: he may have to lift it. For the
  rest he sees what his label lets him see, no more: what others keep from a partner they keep from stewards.
- What is seen bears the stricter label that its publisher gave it later. Of what he has lost, a reader knows what it
  was about, not its words; of what was erased, not even that.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.logged import Logged, moment
from tests.oracle_conflicts import attributed, excluded
from tests.oracle_label import LADDER, LEVELS, Label, Who, may_see
from tests.oracle_persons import consent
from tests.oracle_said import Law, Said, remembered
from tests.pointers import blanked, covers, removed, steps

Json = Any
Known = tuple[tuple[int, int, str], ...]
"""(place from which on, place of the event, what is seen of it as JSON; empty: no longer)."""

RULING = (
    "record.", "embargo.", "consent.", "erasure.", "partner.", "body.", "threat.", "claim.", "conflict.", "key.",
)  # fmt: skip
"""Types that may change what other events mean; the others say what they say."""


@dataclass(frozen=True)
class Reading:
    """What an event means; `lost` are the fields that nobody can open, though they count until they are erased."""

    data: dict[str, Json]
    label: Label
    status: str = "active"
    lost: frozenset[str] = frozenset()


class Oracle(Said):
    """Knows a whole log, what it means, and what of it each reader may know."""

    def __init__(self, law: Law, log: Sequence[Logged]) -> None:
        super().__init__(law, log)
        self.log = log
        self._rulers = [one.position for one in log if one.type.startswith(RULING)]

    def known(self, who: Who) -> Known:
        """Return all that a reader may know."""
        return tuple(self.tell(who))

    def tell(self, who: Who) -> Iterator[tuple[int, int, str]]:
        """Yield all that a reader may know, event by event."""
        return (one for event in self.log for one in self._seen_of(who, event))

    def places(self, one: Logged) -> list[int]:
        """Return the places at which an event may begin to mean something else."""
        return [one.position, *(place for place in self._rulers if place > one.position)]

    def _seen_of(self, who: Who, one: Logged) -> Iterator[tuple[int, int, str]]:
        places = self.places(one)
        seen: dict[int, dict[str, Json] | None] = {}
        before, last = None, one.position
        for place in places:
            reading = self.reading(one, place)
            # What is seen of a correction depends on what it corrects as well.
            is_same = reading == before and one.target is None
            seen[place] = seen[last] if is_same else self.seen(who, one, place)
            before, last = reading, place
        is_lost = seen[places[-1]] is None
        known: dict[str, Json] | None = None
        for place, now in seen.items():
            told = {**now, "data": blanked(now.get("data"), lambda _: "")} if now and is_lost else now
            if told != known:
                yield place, one.position, "" if told is None else json.dumps(told, sort_keys=True)
            known = told
        if (
            one.type in {"partner.admitted", "partner.suspended"}
            and one.data["partner"] == f"partner:{who.partner}"
        ):
            # What he may do tells him.
            rights = {name: one.data.get(name) for name in ("roles", "scope", "previous")}
            yield 0, one.position, json.dumps([one.type, rights])
        final = self.reading(one, places[-1])
        if not is_lost and final.status != "erased":
            # The receipt's digest is of what was recorded.
            yield 0, one.position, json.dumps(self._stripped(who, one, one.data, places[-1]), sort_keys=True)
        if who.is_steward and not is_lost and one.type.startswith("threat.") and attributed(final.data):
            yield 0, one.position, json.dumps(sorted(final.label.excluded))

    def seen(self, who: Who, one: Logged, until: int) -> dict[str, Json] | None:
        """Return what a reader sees of an event once the log is `until` long; None if nothing."""
        reading = self.reading(one, until)
        if not may_see(who, reading.label):
            return None
        shown = {name: value for name, value in one.envelope.items() if name != "data"}
        shown |= {"tlp": reading.label.tlp, "status": reading.status}
        if reading.status != "erased":
            shown["data"] = self._stripped(who, one, reading.data, until)
            closed = self.closed(who, one, until)
            shown["lost"] = sorted(at for at in reading.lost if not any(covers(hole, at) for hole in closed))
        return shown

    def closed(self, who: Who, one: Logged, until: int) -> list[str]:
        """Return the pointers of the fields of an event that a reader may not see."""
        label = self.reading(one, until).label
        holes = [
            mark.pointer
            for mark in self.law.marks.get(one.stem, ())
            if mark.level is not None and not may_see(who, label, mark.level)
        ]
        if one.type == "record.corrected":
            beyond = [
                hole for target in self.about(one, until) for hole in self._forbidden(who, target, until)
            ]
            holes += [
                f"/changes/{at}/to"
                for at, change in enumerate(one.data.get("changes", ()))
                if any(covers(hole, change["pointer"]) for hole in beyond)
            ]
        return holes

    def _forbidden(self, who: Who, one: Logged, until: int) -> list[str]:
        """Return the pointers of the fields of an event that the person, not the publisher, keeps from a reader."""
        label = self.reading(one, until).label
        levels = (*LEVELS, *LADDER[3:]) if label.consent == "C0" else LEVELS
        return [
            mark.pointer
            for mark in self.law.marks.get(one.stem, ())
            if mark.level is not None and mark.level in levels and not may_see(who, label, mark.level)
        ]

    def _stripped(self, who: Who, one: Logged, data: Json, until: int) -> Json:
        for hole in self.closed(who, one, until):
            data = removed(data, steps(hole))
        return data if isinstance(data, dict) else {}

    @remembered
    def reading(self, one: Logged, until: int) -> Reading:
        """Return what an event means once the log is `until` long."""
        if self.is_distrusted(one, until):
            label = Label("amber+strict", "stewards", frozenset({one.publisher}))
            return Reading(one.data, label, "quarantined", one.lost)
        retractions = self.amendments(one, "record.retracted", until)
        unsafe = self.quotes_unsafe(one, until) or any(
            each.data.get("reason") == "unsafe" for each in retractions
        )
        label = self._label(one, until)
        if unsafe:
            label = Label(label.tlp, label.publisher, closed=True)
        status = "retracted" if retractions or unsafe else "active"
        return self._without_erased(one, Reading(self.says(one, until), label, status, one.lost), until)

    def _label(self, one: Logged, until: int) -> Label:
        raised = [str(each.data["tlp"]) for each in self.corrections(one, until) if "tlp" in each.data]
        opens = one.envelope.get("notbefore")
        level, recipients = consent(self, one, until)
        return Label(
            tlp=max([one.envelope["tlp"], *raised], key=LADDER.index),
            publisher=one.publisher,
            audience=frozenset(name.strip() for name in one.envelope.get("audience", "").split(",")) - {""},
            closed=opens is not None and moment(opens) > max(one.recorded, self.now(until)),
            consent=level,
            recipients=recipients,
            excluded=excluded(self, one, until),
        )

    def _without_erased(self, one: Logged, reading: Reading, until: int) -> Reading:
        gone = self.erased(one, 0, until)
        if self.law.is_report(one.stem) and one.envelope.get("subject") in gone:
            return replace(reading, data={}, status="erased", lost=frozenset())
        places = {at for at, person in self.sealed(one).items() if person in gone}
        if one.type == "record.corrected" and any(
            self.erased(target, one.position, until) for target in self.about(one, until)
        ):
            places |= self.sealed(one).keys()
        data: Json = reading.data
        for at in sorted(places, reverse=True):
            data = removed(data, steps(at))
        return replace(reading, data=data if isinstance(data, dict) else {}, lost=reading.lost - places)
