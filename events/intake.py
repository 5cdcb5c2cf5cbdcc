"""Intake: the gate of the archive. Checks what was pushed, then has it recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

from events.acts import ACTED_STEM, StewardAct
from events.audience import Label
from events.checks import conflict_problems, further_problems
from events.clock import Clock
from events.decisions.deadlines import words
from events.decisions.embargo import RELEASED
from events.envelope import Envelopes, fill_in
from events.erasure import ERASED, pages_of, plan, proof
from events.event import Json, stem_of
from events.moments import read_moment, stamp
from events.partners import PartnerRights
from events.seals import Seals
from events.signatures import open_signed
from events.store import Store
from events.strict import MAX_PROBLEMS, MalformedJson, breaches, canonical, read_json
from events.submission import (
    ANY,
    HUB,
    STEWARDS,
    Checked,
    EventRefused,
    NotAdmitted,
    NotYourType,
    Outcome,
    Publisher,
    SignatureRequired,
    WrongSource,
    is_signed,
)
from schemas.contract import Contract
from schemas.problem import Problem
from schemas.registry import Registry

__all__ = ["EventRefused", "Intake", "NotAdmitted", "NotYourType", "Outcome", "Publisher", "WrongSource"]

MAX_EVENT_BYTES = 256 * 1024

JUDGED = "conflict.judged.v1"
"""Stem of what stewards say about a conflict of interest; no partner may publish it."""

_ASSESSED = "claim.assessed.v1"
_BEREFT = "Its only source was erased."

_COMMON = "https://solidarity-hub.example/schemas/common"
_UNREADABLE = frozenset({"too_deep", "lone_surrogate"})
"""With these a payload is not shown to its contract: it could not even be explained."""


class Intake:
    """Checks and records. Safe to share between threads."""

    def __init__(self, registry: Registry, store: Store, clock: Clock) -> None:
        self._registry = registry
        self._store = store
        self._clock = clock
        reference: str = registry.documents()[_COMMON]["$defs"]["ref"]["pattern"]
        self._envelopes = Envelopes(registry, reference)
        self._seals = Seals(registry)
        self._rights_at: tuple[int, dict[str, PartnerRights | None]] = (-1, {})
        self._rights_lock = Lock()

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what a partner may do now; looked up again whenever anything was committed."""
        version = self._store.version()
        with self._rights_lock:
            if self._rights_at[0] != version:
                self._rights_at = (version, {})
            known = self._rights_at[1]
        if slug not in known:
            known[slug] = self._store.rights(slug)
        return known[slug]

    def check(self, publisher: Publisher, raw: Json) -> Checked:
        """Check everything that can be told without the log, and fill in defaults.

        Args:
            publisher: whose token it is.
            raw: a parsed CloudEvent, or an envelope of DSSE that holds one.

        Raises:
            WrongSource: the source is somebody else's.
            NotAdmitted: the publisher is not admitted, or suspended from publishing.
            SignatureRequired: the publisher signs, and this is not signed.
            NotYourType: its roles do not allow the type.
            EventRefused: with every problem of envelope and payload, up to `MAX_PROBLEMS`.
        """
        if not is_signed(raw):
            return self._check(publisher, raw)
        signed = open_signed(raw, self._admitted(publisher).keys)
        try:
            event = read_json(signed.payload)
        except MalformedJson as fault:
            place = f"{fault.detail} Line {fault.line}, column {fault.column} of what is in it."
            raise EventRefused([Problem("/payload", "malformed_json", place)]) from fault
        return replace(self._check(publisher, event, signed.signature), signature=signed.signature)

    def _check(self, publisher: Publisher, raw: Json, signature: Mapping[str, str] | None = None) -> Checked:
        if not isinstance(raw, dict):
            raise EventRefused([Problem("", "wrong_type", "Is not an object.")])
        stem = self._envelopes.stem(raw)
        contract = None if stem is None else self._registry.contract(stem)
        rights = self._permit(publisher, raw, contract, signature)
        if rights.requires_signature and signature is None:
            raise SignatureRequired
        written = canonical(raw)
        problems = breaches(raw, written) + self._envelopes.problems(raw)
        if written is not None and len(written) > MAX_EVENT_BYTES:
            problems.append(Problem("", "too_large", f"Is larger than {MAX_EVENT_BYTES} bytes."))
        elif contract is not None and isinstance(raw.get("data"), dict) and not _is_unreadable(problems):
            problems += self._payload_problems(contract, raw["data"], publisher, rights.roles)
        if problems or stem is None or contract is None or written is None:
            raise EventRefused(_in_order(problems))
        envelope = fill_in(raw, stem, contract.tlp, contract.subject_pointer or "", self._clock())
        return Checked(publisher, stem, envelope, _sent(raw, written), contract.publishers)

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
        return self._record_own(STEWARDS, "first-admission", contract.stem, contract.tlp, data)

    def release_embargoes(self, until: datetime) -> bool:
        """Append that every embargo due until a moment is released; False when there is none to release."""
        moment = stamp(until)
        outcome = self._record_own(HUB, f"embargo-{moment}", stem_of(RELEASED, 1), "red", {"until": moment})
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
        problems = conflict_problems(said, self._envelopes.is_reference)
        if problems:
            raise EventRefused(_in_order(problems))
        data = {**said, "account": account}
        return self._record_own(STEWARDS, self._store.fresh_id(self._clock()), JUDGED, "amber+strict", data)

    def note_steward_act(self, act: StewardAct) -> Outcome:
        """Record what a steward did, for stewards to read and for whom else the act names."""
        audience = {"audience": ",".join(act.audience)} if act.audience else {}
        fresh_id = self._store.fresh_id(self._clock())
        return self._record_own(STEWARDS, fresh_id, ACTED_STEM, "amber+strict", act.data, **audience)

    def erase(self, subject: str, source: str, request: str) -> bool:
        """Destroy, as the hub itself, what a withdrawal wants erased when its time has come.

        Several hubs that do the same record it once; again is harmless.

        Args:
            subject: whom the withdrawal is about.
            source: of the withdrawal.
            request: its id.
        """
        found = plan(pages_of(self._store.read), self._seals, self._store.keys(), subject)
        name = self._store.secret_name(f"erasure {source} {request}")
        contract = self._registry.contract(ERASED)
        said = [proof(found.reference, kids, request) for kids in found.portions]
        # Whose keys those were is for stewards alone; that there is something to forget is for all.
        more = {"subject": subject, "audience": STEWARDS}
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
        outcome = self._record_own(STEWARDS, event_id, stem, "amber+strict", data, audience=slug)
        if outcome.problems:
            raise EventRefused(outcome.problems)
        return outcome

    def mark_unsupported(self, source: str, event_id: str, time: str, label: Label) -> bool:
        """Append that nothing supports an event any more; False if that was said before.

        Args:
            source: of the event.
            event_id: its id.
            time: since when.
            label: of the event; those who see it are told, and nobody else.
        """
        verdict = {"verdict": "cannot_judge", "resulting_verification": "unsupported", "note": _BEREFT}
        data = {"about_event": event_id, "about_source": source, **verdict}
        named = {"audience": ",".join(sorted({label.publisher, *label.audience}))}
        audience = named if label.audience or label.tlp == "amber+strict" else {}
        tlp = "green" if label.tlp == "clear" else label.tlp
        name = self._store.secret_name(f"unsupported {source} {event_id}")
        said = self._record_own(HUB, f"unsupported-{name}", _ASSESSED, tlp, data, time=time, **audience)
        return said.status == "stored"

    def _record_own(
        self, slug: str, event_id: str, stem: str, tlp: str, data: Mapping[str, Any], **more: str
    ) -> Outcome:
        checked = self._own(slug, event_id, stem, tlp, data, **more)
        return self._store.append([checked], self._clock())[0]

    def _own(
        self, slug: str, event_id: str, stem: str, tlp: str, data: Mapping[str, Any], **more: str
    ) -> Checked:
        publisher = Publisher(slug, HUB)
        raw = {
            "specversion": "1.0",
            "id": event_id,
            "source": publisher.source,
            "type": stem.rpartition(".v")[0],
            "data": dict(data),
            **more,
        }
        envelope = fill_in(raw, stem, tlp, "", self._clock())
        return Checked(publisher, stem, envelope, canonical(raw) or b"")

    def _permit(
        self,
        publisher: Publisher,
        raw: Mapping[str, Json],
        contract: Contract | None,
        signature: Mapping[str, str] | None,
    ) -> PartnerRights:
        source = raw.get("source")
        if isinstance(source, str) and source != publisher.source and self._envelopes.is_source(source):
            raise WrongSource
        rights = self._admitted(publisher)
        # What a lost key signed is kept, of a suspended partner, too: stewards must see what was tried.
        said = read_moment(str(raw.get("time", "")))
        if not rights.may_write and not rights.distrusts(signature, said, self._clock()):
            raise NotAdmitted
        if contract is not None and ANY not in contract.publishers and not contract.publishers & rights.roles:
            raise NotYourType(contract.publishers)
        return rights

    def _payload_problems(
        self, contract: Contract, data: Mapping[str, Json], publisher: Publisher, roles: frozenset[str]
    ) -> list[Problem]:
        further = contract.type, data, publisher, roles, self._seals.is_personal, self._store.decided
        return contract.check(data) or further_problems(*further)

    def _admitted(self, publisher: Publisher) -> PartnerRights:
        rights = self.rights(publisher.slug)
        if rights is None:
            raise NotAdmitted
        return rights


def _sent(raw: Mapping[str, Json], written: bytes) -> bytes:
    # How it travelled is no part of what was said: binary and structured mode carry the same event.
    if "datacontenttype" not in raw:
        return written
    return canonical({name: value for name, value in raw.items() if name != "datacontenttype"}) or written


def _is_unreadable(problems: Sequence[Problem]) -> bool:
    return len(problems) >= MAX_PROBLEMS or any(problem.code in _UNREADABLE for problem in problems)


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.pointer, problem.code))[:MAX_PROBLEMS]
