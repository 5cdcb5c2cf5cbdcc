"""Intake: the gate of the archive. Checks what was pushed, then has it recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from events.checks import further_problems
from events.clock import Clock
from events.decisions.embargo import RELEASED
from events.envelope import Envelopes, fill_in
from events.event import Json, stem_of
from events.moments import stamp
from events.partners import PartnerRights
from events.store import Store
from events.strict import MAX_PROBLEMS, breaches, canonical
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
    WrongSource,
)
from schemas.contract import Contract
from schemas.problem import Problem
from schemas.registry import Registry

__all__ = ["EventRefused", "Intake", "NotAdmitted", "NotYourType", "Outcome", "Publisher", "WrongSource"]

MAX_EVENT_BYTES = 256 * 1024

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
            raw: a parsed CloudEvent.

        Raises:
            WrongSource: the source is somebody else's.
            NotAdmitted: the publisher is not admitted, or suspended from publishing.
            NotYourType: its roles do not allow the type.
            EventRefused: with every problem of envelope and payload, up to `MAX_PROBLEMS`.
        """
        if not isinstance(raw, dict):
            raise EventRefused([Problem("", "wrong_type", "Is not an object.")])
        stem = self._envelopes.stem(raw)
        contract = None if stem is None else self._registry.contract(stem)
        rights = self._permit(publisher, raw, contract)
        written = canonical(raw)
        problems = breaches(raw, written) + self._envelopes.problems(raw)
        if written is not None and len(written) > MAX_EVENT_BYTES:
            problems.append(Problem("", "too_large", f"Is larger than {MAX_EVENT_BYTES} bytes."))
        elif contract is not None and isinstance(raw.get("data"), dict) and not _is_unreadable(problems):
            problems += _payload_problems(contract, raw["data"], publisher, rights.roles)
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

    def _record_own(self, slug: str, event_id: str, stem: str, tlp: str, data: Mapping[str, Any]) -> Outcome:
        publisher = Publisher(slug, HUB)
        raw = {
            "specversion": "1.0",
            "id": event_id,
            "source": publisher.source,
            "type": stem.rpartition(".v")[0],
            "data": dict(data),
        }
        envelope = fill_in(raw, stem, tlp, "", self._clock())
        written = canonical(raw) or b""
        return self._store.append([Checked(publisher, stem, envelope, written)], self._clock())[0]

    def _permit(
        self, publisher: Publisher, raw: Mapping[str, Json], contract: Contract | None
    ) -> PartnerRights:
        source = raw.get("source")
        if isinstance(source, str) and source != publisher.source and self._envelopes.is_source(source):
            raise WrongSource
        rights = self.rights(publisher.slug)
        if rights is None or not rights.may_write:
            raise NotAdmitted
        if contract is not None and ANY not in contract.publishers and not contract.publishers & rights.roles:
            raise NotYourType(contract.publishers)
        return rights


def _payload_problems(
    contract: Contract, data: Mapping[str, Json], publisher: Publisher, roles: frozenset[str]
) -> list[Problem]:
    return contract.check(data) or further_problems(contract.type, data, publisher, roles)


def _sent(raw: Mapping[str, Json], written: bytes) -> bytes:
    # How it travelled is no part of what was said: binary and structured mode carry the same event.
    if "datacontenttype" not in raw:
        return written
    return canonical({name: value for name, value in raw.items() if name != "datacontenttype"}) or written


def _is_unreadable(problems: Sequence[Problem]) -> bool:
    return len(problems) >= MAX_PROBLEMS or any(problem.code in _UNREADABLE for problem in problems)


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.pointer, problem.code))[:MAX_PROBLEMS]
