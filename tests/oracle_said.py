"""What is said in a log, by whom it is believed, and what it says by now; see the docstring of `tests/oracle.py`."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from schemas.registry import Registry
from tests.logged import AGES_AGO, Logged, moment
from tests.pointers import corrected, steps

Json = Any
T = TypeVar("T")
TSaid = TypeVar("TSaid", bound="Said")


@dataclass(frozen=True)
class Mark:
    """A marked field: where, whose key seals it, and what its reader needs."""

    pointer: str
    seal: str | None
    level: str | None


class Law:
    """The contracts, as far as the oracle needs them."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.marks: dict[str, list[Mark]] = {
            stem: [Mark(m.pointer, m.seal, m.consent or m.audience) for m in registry.contract(stem).marks]
            for stem in registry.stems
        }
        self.personal = frozenset(
            steps(mark.pointer)[0]
            for stem, marks in self.marks.items()
            for mark in marks
            if mark.seal is not None and not stem.startswith("record.")
        )

    def is_report(self, stem: str) -> bool:
        return stem in self.marks and self.registry.contract(stem).kind == "report"

    def subject(self, stem: str) -> str:
        return (self.registry.contract(stem).subject_pointer or "/").removeprefix("/")

    def accepts(self, stem: str, data: Json) -> bool:
        return isinstance(data, dict) and not self.registry.contract(stem).check(data)


def remembered(method: Callable[[TSaid, Logged, int], T]) -> Callable[[TSaid, Logged, int], T]:
    """Compute once what is asked of an event at a place of the log."""

    @wraps(method)
    def asked(self: TSaid, one: Logged, until: int) -> T:
        key = method.__name__, one.position, until
        if key not in self.memory:
            self.memory[key] = method(self, one, until)
        found: T = self.memory[key]
        return found

    return asked


class Said:
    """Knows a whole log, and what its events say at each place."""

    def __init__(self, law: Law, log: Sequence[Logged]) -> None:
        self.law = law
        self.memory: dict[tuple[str, int, int], Any] = {}
        self._by_id: defaultdict[str, list[Logged]] = defaultdict(list)
        self._of_type: defaultdict[str, list[Logged]] = defaultdict(list)
        self._amending: defaultdict[tuple[str, str], list[Logged]] = defaultdict(list)
        for one in log:
            self._by_id[one.naming[1]].append(one)
            self._of_type[one.type].append(one)
            if one.target is not None:
                self._amending[one.target].append(one)

    def about(self, one: Logged, until: int) -> list[Logged]:
        """Return the events that another amends or assesses, as far as they are here."""
        if one.type == "claim.assessed":
            source, name = one.data.get("about_source"), one.data["about_event"]
        elif one.target is not None:
            source, name = one.target
        else:
            return []
        found = (each for each in self._by_id[name] if each.position <= until and each is not one)
        return [each for each in found if source in (None, each.source)]

    def now(self, until: int) -> datetime:
        """Return the moment to which the timekeeper has brought the log."""
        key = "now", 0, until
        if key not in self.memory:
            released = (one for one in self._of_type["embargo.released"] if one.position <= until)
            self.memory[key] = max((moment(one.data["until"]) for one in released), default=AGES_AGO)
        found: datetime = self.memory[key]
        return found

    @remembered
    def is_distrusted(self, one: Logged, until: int) -> bool:
        return any(
            each.position <= until
            and each.data["partner"] == f"partner:{one.publisher}"
            and (_is_lost(each, one) or (_is_seized(each, one) and not self._is_admitted_again(one, each)))
            for kind in ("partner.suspended", "key.revoked")
            for each in self._of_type[kind]
        )

    def _is_admitted_again(self, one: Logged, since: Logged) -> bool:
        return any(
            since.position < again.position <= one.position and again.data["partner"] == since.data["partner"]
            for again in self._of_type["partner.admitted"]
        )

    def amendments(self, one: Logged, kind: str, until: int) -> list[Logged]:
        """Return the believed corrections or retractions of an event, retracted ones included."""
        return [
            each
            for each in self._amending.get(one.naming, ())
            if each.type == kind and each.position <= until and not self.is_distrusted(each, until)
            # Keys were destroyed when this came, whatever had been said of it before.
            if not (_erases_by_word(one) and each.position < one.position)
        ]

    @remembered
    def stands(self, one: Logged, until: int) -> bool:
        """Tell whether an event is here, believed and not retracted."""
        if one.position > until or self.is_distrusted(one, until):
            return False
        return not self.amendments(one, "record.retracted", until)

    def ever(self, kind: str, until: int) -> list[Logged]:
        """Return all events of a type, also those that were taken back."""
        return [one for one in self._of_type[kind] if one.position <= until]

    def standing(self, kind: str, until: int) -> list[Logged]:
        key = kind, 0, until
        if key not in self.memory:
            self.memory[key] = [one for one in self._of_type[kind] if self.stands(one, until)]
        found: list[Logged] = self.memory[key]
        return found

    def corrections(self, one: Logged, until: int) -> list[Logged]:
        return [each for each in self.amendments(one, "record.corrected", until) if self.stands(each, until)]

    def quotes_unsafe(self, one: Logged, until: int) -> bool:
        """Tell whether an event corrects another that was unsafe to tell."""
        return one.type == "record.corrected" and any(
            each.type == "record.retracted" and each.position <= until and each.data.get("reason") == "unsafe"
            for each in self._amending.get(one.target or ("", ""), ())
        )

    @remembered
    def says(self, one: Logged, until: int) -> dict[str, Json]:
        """Return the payload as its publisher had corrected it."""
        found = self.corrections(one, until)
        if not found or one.stem not in self.law.marks or one.type.startswith("record."):
            return one.data
        found.sort(key=lambda each: (moment(each.envelope["time"]), each.naming[1]))
        subject = self.law.subject(one.stem)

        def accepts(data: Json) -> bool:
            return self.law.accepts(one.stem, data) and data.get(subject) == one.data.get(subject)

        changes = [self._changes(each, one, until) for each in found]
        data: dict[str, Json] = corrected(one.data, changes, accepts)
        return data

    def _changes(self, correction: Logged, target: Logged, until: int) -> list[Json]:
        changes = [change for change in correction.data.get("changes", ()) if "to" in change]
        if not self.erased(target, correction.position, until):
            return changes
        return [change for change in changes if steps(change["pointer"])[0] not in self.law.personal]

    def sealed(self, one: Logged) -> dict[str, str]:
        """Return the sealed fields that a payload has, and whose they are."""
        return self._sealed(one, 0)

    @remembered
    def _sealed(self, one: Logged, _: int) -> dict[str, str]:
        fallback = one.envelope.get("subject")
        if one.target is not None or not isinstance(fallback, str):
            fallback = f"event:{' '.join(one.target or one.naming)}"
        found = {
            mark.pointer: reference(one.data, mark.seal) or fallback
            for mark in self.law.marks.get(one.stem, ())
            if mark.seal is not None
            and "*" not in mark.pointer
            and (steps(mark.pointer)[0] in one.data or mark.pointer in one.lost)
        }
        if one.type == "record.corrected":
            for at, change in enumerate(one.data.get("changes", ())):
                if steps(change["pointer"])[0] in self.law.personal:
                    found[f"/changes/{at}/to"] = fallback
        return found

    def persons(self, one: Logged) -> list[str]:
        """Return the references whose protection an event is under."""
        return self._persons(one, 0)

    @remembered
    def _persons(self, one: Logged, _: int) -> list[str]:
        named = [one.envelope.get("subject"), *self.sealed(one).values()]
        return list(dict.fromkeys(name for name in named if isinstance(name, str)))

    def erased(self, one: Logged, since: int, until: int) -> set[str]:
        """Return those of an event's persons who were erased after it and after another place."""
        start = max(one.position, since)
        ends = {
            each.data["subject_of_erasure"]
            for each in self._of_type["erasure.executed"]
            if each.data["role"] == "controller" and start < each.position <= until
        }
        ends |= {
            each.data["subject_of_consent"]
            for each in self.standing("consent.withdrawn", until)
            # Corrected to ask for less, it erases no more what has its keys; what lost them is lost by itself.
            if start < each.position and self.says(each, until)["effect"] == "erase"
        }
        return ends & {*self.persons(one), *self._marked(one)} if ends else ends

    def _marked(self, one: Logged) -> set[str]:
        """Return whom the personal fields would be about that an event lacks: a correction may have said them."""
        marks = self.law.marks.get(one.stem, ())
        return {
            named for mark in marks if mark.seal is not None and (named := reference(one.data, mark.seal))
        }

    @remembered
    def cases(self, one: Logged, until: int) -> frozenset[str]:
        """Return the cases and threats to which an event belongs."""
        known, waiting = {one.position: one}, [one]
        while waiting:
            about = self.about(waiting.pop(), until)
            waiting += [each for each in about if each.position not in known]
            known.update((each.position, each) for each in about)
        return frozenset(case for each in known.values() for case in each.cases)


def reference(data: Mapping[str, Json], pointer: str) -> str | None:
    """Return the reference at a place of a payload."""
    value: Json = data
    for step in steps(pointer):
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) and ":" in value else None


def _erases_by_word(one: Logged) -> bool:
    return one.type == "consent.withdrawn" and one.data["effect"] == "erase"


def _is_seized(reason: Logged, one: Logged) -> bool:
    """Tell whether a suspension makes all that the partner says from a moment on untrustworthy."""
    since = reason.data.get("distrust_events_after") if reason.type == "partner.suspended" else None
    return since is not None and one.type != "partner.suspended" and _is_since(one, since)


def _is_lost(reason: Logged, one: Logged) -> bool:
    """Tell whether an event is signed with a key that was lost by then."""
    data = reason.data
    if one.type == "partner.suspended":
        return False
    if reason.type == "key.revoked":
        return one.kid == data["kid"] and _is_since(one, data["distrust_from"])
    since = data.get("distrust_events_after") or data.get("from") or reason.envelope["recordedtime"]
    return one.kid in data.get("revoked_kids", ()) and _is_since(one, since)


def _is_since(one: Logged, since: str) -> bool:
    return max(moment(one.envelope["time"]), one.recorded) >= moment(since)
