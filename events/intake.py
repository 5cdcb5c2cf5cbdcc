"""Intake: the gate of the archive. What was pushed is inspected, and recorded; so is what the hub itself says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from events.acts import ACTED_STEM, StewardAct
from events.checks import conflict_problems
from events.clock import Clock
from events.decisions.deadlines import words
from events.decisions.embargo import RELEASED
from events.envelope import fill_in
from events.erasure import ERASED, Plan, pages_of, plan, proof
from events.event import Json, stem_of, type_of
from events.inspection import MAX_EVENT_BYTES, Inspector, in_order
from events.moments import stamp
from events.partners import PartnerRights
from events.seals import Seals
from events.store import Store
from events.strict import canonical
from events.submission import (
    HUB,
    STEWARDS,
    Checked,
    EventRefused,
    NotAdmitted,
    NotYourType,
    Outcome,
    Publisher,
    WrongSource,
)
from schemas.registry import Registry

__all__ = [
    "MAX_EVENT_BYTES",
    "EventRefused",
    "Intake",
    "NotAdmitted",
    "NotYourType",
    "Outcome",
    "Publisher",
    "WrongSource",
]

JUDGED = "conflict.judged.v1"
"""Stem of what stewards say about a conflict of interest; no partner may publish it."""

_ASSESSED = "claim.assessed.v1"
_BEREFT = "Its only source was erased."


class Intake:
    """Has events checked, and records them. Safe to share between threads."""

    def __init__(self, registry: Registry, store: Store, clock: Clock) -> None:
        self._registry = registry
        self._store = store
        self._clock = clock
        self._inspector = Inspector(registry, store, clock)
        self._seals = Seals(registry)

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what a partner may do now."""
        return self._inspector.rights(slug)

    def check(self, publisher: Publisher, raw: Json) -> Checked:
        """Check everything that can be told without the log; raises what `Inspector.check` raises."""
        return self._inspector.check(publisher, raw)

    def reads_well(self, publisher: Publisher, stem: str, data: Mapping[str, Json]) -> bool:
        """Tell whether a payload could be published as it is, whatever its publisher may do now."""
        return self._inspector.reads_well(publisher, stem, data)

    def record(
        self, checked: Sequence[Checked], *, atomic: bool = False, dry_run: bool = False
    ) -> list[Outcome]:
        """Record what was checked, in order; blocks until it is durable.

        Args:
            checked: results of `check`.
            atomic: all or none.
            dry_run: say what would happen, store nothing.

        Raises:
            StoreBusy: too much is waiting.
            StoreUnavailable: the database did not confirm; sending again is safe.
        """
        return self._store.append(checked, self._clock(), atomic=atomic, dry_run=dry_run) if checked else []

    def admit_stewards(self, name: Mapping[str, str]) -> Outcome:
        """Admit the partner `stewards`, which nobody can do before there is a steward; again is a duplicate.

        Args:
            name: what the stewards call themselves, by language.
        """
        data = {"partner": f"partner:{STEWARDS}", "name": dict(name), "roles": ["steward"]}
        version = self._registry.newest("partner.admitted") or 1
        contract = self._registry.contract(stem_of("partner.admitted", version))
        problems = contract.check(data)
        if problems:
            raise EventRefused(problems)
        return self.record_own(STEWARDS, "first-admission", contract.stem, contract.tlp, data)

    def release_embargoes(self, until: datetime) -> bool:
        """Append that every embargo due until a moment is released; False when there is none to release."""
        moment = stamp(until)
        outcome = self.record_own(HUB, f"embargo-{moment}", stem_of(RELEASED, 1), "red", {"until": moment})
        return outcome.status == "stored"

    def pass_deadlines(self, dues: Sequence[Mapping[str, Json]]) -> int:
        """Append that deadlines have passed, in this order; return how many nobody had said before.

        Whoever sees the date it comes from sees it, and nobody else. Again is harmless.
        """
        said = words(dues, self._store.secret_name)
        own = [self._own(HUB, name, stem, "red", data, **more) for name, stem, data, more in said]
        return sum(one.status == "stored" for one in self._store.append(own, self._clock()))

    def judge_conflict(self, account: str, said: Json) -> Outcome:
        """Record that a steward lifts or upholds the exclusion of a partner from a case.

        Args:
            account: of the steward.
            said: `{"case", "partner", "verdict"}`; a threat stands for a case without reference.

        Raises:
            EventRefused: with every problem.
        """
        problems = conflict_problems(said, self._inspector.is_reference)
        if problems:
            raise EventRefused(in_order(problems))
        data = {**said, "account": account}
        return self.record_own(STEWARDS, self._store.fresh_id(self._clock()), JUDGED, "amber+strict", data)

    def note_steward_act(self, act: StewardAct) -> Outcome:
        """Record what a steward did, for stewards to read and for whom else the act names."""
        audience = {"audience": ",".join(act.audience)} if act.audience else {}
        fresh_id = self._store.fresh_id(self._clock())
        return self.record_own(STEWARDS, fresh_id, ACTED_STEM, "amber+strict", act.data, **audience)

    def erase(self, subject: str, source: str, request: str) -> bool:
        """Destroy, as the hub itself, what a withdrawal wants erased when its time has come.

        Several hubs that do the same record it once; again is harmless.

        Args:
            subject: whom the withdrawal is about.
            source: of the withdrawal.
            request: its id.
        """
        found = plan(pages_of(self._store.read), self._seals, self._store.keys(), subject)
        return self.carry_out(found, source, request)

    def carry_out(self, found: Plan, source: str, request: str, **more: str) -> bool:
        """Destroy, as the hub itself, what was found that an erasure means.

        Args:
            found: which keys.
            source: of what asks for it.
            request: its id.
            more: further attributes.
        """
        name = self._store.secret_name(f"erasure {source} {request}")
        contract = self._registry.contract(ERASED)
        said = [proof(found.reference, kids, request) for kids in found.portions]
        # Whose keys those were is for stewards alone; that there is something to forget is for all.
        more |= {"subject": found.reference, "audience": STEWARDS}
        checked = [
            self._own(HUB, f"erasure-{name}-{number}", ERASED, contract.tlp, data, **more)
            for number, data in enumerate(said)
        ]
        outcomes = self._store.append(checked, self._clock(), atomic=True)
        return all(one.status == "stored" for one in outcomes)

    def rule_on_signing(self, stem: str, slug: str, said: Mapping[str, Json]) -> Outcome:
        """Record what the stewards decide about how a partner signs, for them and the partner to read.

        Args:
            stem: one of those in `events/partners.py`.
            slug: of the partner.
            said: the payload, without `partner`.

        Raises:
            EventRefused: it cannot be so.
        """
        data = {"partner": f"partner:{slug}", **said}
        event_id = self._store.fresh_id(self._clock())
        outcome = self.record_own(STEWARDS, event_id, stem, "amber+strict", data, audience=slug)
        if outcome.problems:
            raise EventRefused(outcome.problems)
        return outcome

    def record_own(
        self, slug: str, event_id: str, stem: str, tlp: str, data: Mapping[str, Any], **more: str
    ) -> Outcome:
        """Record what the hub itself says, under a slug of its choice; it answers for it.

        Args:
            slug: whose event it is.
            event_id: again is a duplicate.
            stem: type and version.
            tlp: label.
            data: payload.
            more: further attributes.
        """
        checked = self._own(slug, event_id, stem, tlp, data, **more)
        return self._store.append([checked], self._clock())[0]

    def mark_unsupported(self, source: str, event_id: str, time: str) -> bool:
        """Append that nothing supports an event any more; False if that was said before.

        Whoever sees the event sees it, and nobody else.

        Args:
            source: of the event.
            event_id: its id.
            time: since when.
        """
        verdict = {"verdict": "cannot_judge", "resulting_verification": "unsupported", "note": _BEREFT}
        data = {"about_event": event_id, "about_source": source, **verdict}
        name = self._store.secret_name(f"unsupported {source} {event_id}")
        said = self.record_own(HUB, f"unsupported-{name}", _ASSESSED, "red", data, time=time)
        return said.status == "stored"

    def _own(
        self, slug: str, event_id: str, stem: str, tlp: str, data: Mapping[str, Any], **more: str
    ) -> Checked:
        publisher = Publisher(slug, HUB)
        raw = {
            "specversion": "1.0",
            "id": event_id,
            "source": publisher.source,
            "type": type_of(stem),
            "data": dict(data),
            **more,
        }
        envelope = fill_in(raw, stem, tlp, "", self._clock())
        return Checked(publisher, stem, envelope, canonical(raw) or b"")
