"""Inspection: whether what was pushed may come in, as far as can be told without the log."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from events.checks import further_problems
from events.clock import Clock
from events.envelope import Envelopes, fill_in
from events.event import Json
from events.moments import read_moment
from events.partners import PartnerRights
from events.seals import Seals
from events.signatures import open_signed
from events.store import Store
from events.strict import MAX_PROBLEMS, MalformedJson, breaches, canonical, read_json
from events.submission import (
    ANY,
    Checked,
    EventRefused,
    NotAdmitted,
    NotYourType,
    Publisher,
    SignatureRequired,
    WrongSource,
    is_signed,
)
from schemas.contract import Contract
from schemas.problem import Problem
from schemas.registry import Registry

MAX_EVENT_BYTES = 256 * 1024

_COMMON = "https://solidarity-hub.example/schemas/common"
_UNREADABLE = frozenset({"too_deep", "lone_surrogate"})
"""With these a payload is not shown to its contract: it could not even be explained."""


class Inspector:
    """Checks what partners push. Safe to share between threads."""

    def __init__(self, registry: Registry, store: Store, clock: Clock) -> None:
        self._registry = registry
        self._store = store
        self._clock = clock
        reference: str = registry.documents()[_COMMON]["$defs"]["ref"]["pattern"]
        self._envelopes = Envelopes(registry, reference)
        self._seals = Seals(registry)
        self._rights_at: tuple[int, dict[str, PartnerRights | None]] = (-1, {})
        self._rights_lock = Lock()

    def is_reference(self, text: str) -> bool:
        """Tell whether a text has the form of a reference."""
        return self._envelopes.is_reference(text)

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
            detail = f"Is larger than {MAX_EVENT_BYTES} bytes."
            problems.append(Problem("", "too_large", detail, values={"bytes": MAX_EVENT_BYTES}))
        elif contract is not None and isinstance(raw.get("data"), dict) and not _is_unreadable(problems):
            problems += self._payload_problems(contract, raw["data"], publisher, rights.roles)
        if problems or stem is None or contract is None or written is None:
            raise EventRefused(in_order(problems))
        envelope = fill_in(raw, stem, contract.tlp, contract.subject_pointer or "", self._clock())
        return Checked(publisher, stem, envelope, _sent(raw, written), contract.publishers)

    def reads_well(self, publisher: Publisher, stem: str, data: Mapping[str, Json]) -> bool:
        """Tell whether a payload could be published as it is, whatever its publisher may do now."""
        raw = {"data": data}
        written = canonical(raw)
        if written is None or len(written) > MAX_EVENT_BYTES or breaches(raw, written):
            return False
        return not self._payload_problems(self._registry.contract(stem), data, publisher, frozenset())

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


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems by pointer, each once, and not more than anybody reads."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.pointer, problem.code))[:MAX_PROBLEMS]
