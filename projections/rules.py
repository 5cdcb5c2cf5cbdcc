"""Rules as data: which nodes and ties a payload implies. Compiled once, then pure and quick."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from events.event import RecordedEvent
from projections.rule import ImpliedValue, Part, Rule, step_to, steps_of
from projections.rule_compiler import RuleUnreadable, compile_rule, rank_of, stricter_tlp, strictest
from schemas.contract import Contract
from schemas.registry import Registry

Json = Any

PROTECTED_KINDS = frozenset({"person", "source"})
"""References of these kinds never become nodes or ties, whatever a rule says."""

__all__ = [
    "NOTHING",
    "Implied",
    "ImpliedNode",
    "ImpliedTie",
    "ImpliedValue",
    "Readings",
    "Rule",
    "RuleUnreadable",
    "imply",
    "load_rules",
    "stricter_tlp",
    "strictest",
]


class ImpliedNode(NamedTuple):
    """A node that a payload speaks of; `tlp` is the stricter label of its reference, if any."""

    ref: str
    kind: str
    props: Mapping[str, ImpliedValue]
    tlp: str | None = None


class ImpliedTie(NamedTuple):
    """A tie that a payload speaks of; `pointers` are the places in the payload that it rests on."""

    kind: str
    source: str
    target: str
    since: str | None
    until: str | None
    props: Mapping[str, ImpliedValue]
    pointers: tuple[str, ...]
    tlp: str | None = None


class Implied(NamedTuple):
    """All that one event implies. `when` is its world date (EDTF), the `as_of` of its claims."""

    nodes: list[ImpliedNode]
    ties: list[ImpliedTie]
    when: str | None
    countries: tuple[str, ...]


NOTHING = Implied([], [], None, ())
"""What an event implies that says nothing."""

_Found = dict[str, tuple[str | None, dict[str, ImpliedValue]]]

_MOST_KEPT = 2_000
"""Readings; a little more than the tail's largest batch."""


def imply(rule: Rule, event: RecordedEvent, contract: Contract) -> Implied:
    """Tell which nodes and ties an event implies. Pure.

    Every end of a tie is a node, too. If the envelope names a case, the event's subject is tied to it
    (`IN_CASE`); an envelope without subject is read at the contract's subject pointer. Nodes and ties keep
    the order of the rule.
    """
    data = event.data
    there = data.keys()
    found: _Found = {}
    ties: list[ImpliedTie] = []
    for part in rule.nodes:
        if part.needs <= there:
            _add_nodes(rule, part, event, found)
    for part in rule.ties:
        if part.needs <= there:
            for prefix, item in part.items(data):
                _add_ties(rule, part, event, (prefix, item), (found, ties))
    _note_case(rule, event, contract, found, ties)
    nodes = [ImpliedNode(ref, ref.partition(":")[0], props, tlp) for ref, (tlp, props) in found.items()]
    when = next((str(value) for pointer in rule.when for value in pointer.values(data, data)), None)
    countries = [str(value) for pointer in rule.countries for value in pointer.values(data, data)]
    return Implied(nodes, ties, when, tuple(dict.fromkeys(countries)))


def _add_nodes(rule: Rule, part: Part, event: RecordedEvent, found: _Found) -> None:
    data = event.data
    for prefix, item in part.items(data):
        refs = part.ends[0].refs(event, data, item)
        if refs:
            props = part.props(data, item, prefix)
            for ref in refs:
                if _kind(ref, rule.kinds):
                    _note(found, ref, part.tlps[0], props)


def _add_ties(
    rule: Rule,
    part: Part,
    event: RecordedEvent,
    place: tuple[str, Json],
    so_far: tuple[_Found, list[ImpliedTie]],
) -> None:
    data, (prefix, item), (found, ties) = event.data, place, so_far
    first, second = part.ends
    sources = [ref for ref in first.refs(event, data, item) if _kind(ref, rule.kinds)]
    targets = [ref for ref in second.refs(event, data, item) if _kind(ref, rule.kinds)] if sources else ()
    if not targets:
        return
    props = part.props(data, item, prefix)
    since, until = (None if value is None else _date(value.read(data, item, prefix)) for value in part.span)
    pointers = tuple([end.pointer.told(prefix) for end in part.ends if not end.special])
    for source in sources:
        _note(found, source, part.tlps[0], {})
        for target in targets:
            _note(found, target, part.tlps[1], {})
            ties.append(ImpliedTie(part.kind, source, target, since, until, props, pointers, part.tlp))


def _note(
    found: _Found,
    ref: str,
    tlp: str | None,
    props: Mapping[str, ImpliedValue],
) -> None:
    """Add a node or what is new about it; it is as visible as its most visible mention."""
    known = found.get(ref)
    if known is None:
        found[ref] = (tlp, dict(props))
    elif props or known[0] is not None:
        found[ref] = (min(tlp, known[0], key=rank_of), {**props, **known[1]})


def _note_case(
    rule: Rule,
    event: RecordedEvent,
    contract: Contract,
    found: _Found,
    ties: list[ImpliedTie],
) -> None:
    case = event.envelope.get("correlationid")
    if not isinstance(case, str) or _kind(case, rule.kinds) != "case":
        return
    _note(found, case, None, {})
    subject = event.envelope.get("subject")
    if subject is None and contract.subject_pointer is not None:
        subject = step_to(event.data, steps_of(contract.subject_pointer))
    if isinstance(subject, str) and subject != case and _kind(subject, rule.kinds):
        _note(found, subject, None, {})
        ties.append(ImpliedTie("IN_CASE", subject, case, None, None, {}, ()))


def _kind(ref: str, kinds: frozenset[str]) -> str:
    """Return the kind of a reference; "" if it is none, or one that never becomes a node."""
    kind, _, local = ref.partition(":")
    return kind if local and kind in kinds else ""


def _date(value: ImpliedValue | None) -> str | None:
    return value.value if value is not None and isinstance(value.value, str) else None


def load_rules(registry: Registry, extra: Path | None = None) -> Mapping[str, Rule]:
    """Read and compile the rule of every stem.

    Args:
        registry: knows the stems and their marks.
        extra: folder whose `rules/` holds further rules, beside the package's own.

    Raises:
        RuleUnreadable: a stem has no rule, or its rule breaks the language.
    """
    folders: list[Traversable] = [files("projections") / "rules"]
    if extra is not None:
        folders.insert(0, extra / "rules")
    kinds = frozenset(registry.graph.kinds) - PROTECTED_KINDS
    return {stem: _load(stem, folders, registry.contract(stem), kinds) for stem in registry.stems}


def _load(stem: str, folders: Sequence[Traversable], contract: Contract, kinds: frozenset[str]) -> Rule:
    for folder in folders:
        path = folder / f"{stem}.json"
        if path.is_file():
            return compile_rule(orjson.loads(path.read_bytes()), contract, kinds)
    raise RuleUnreadable(stem, "has no rule file")


class Readings:
    """Reads events by their rules, each once, although several views ask for the same event."""

    def __init__(self, registry: Registry, rules: Mapping[str, Rule]) -> None:
        self._registry = registry
        self._rules = rules
        self._kept: dict[int, tuple[RecordedEvent, Implied]] = {}

    def rule(self, stem: str) -> Rule | None:
        """Return the rule of a stem; None for what only the hub itself publishes."""
        return self._rules.get(stem)

    def imply(self, event: RecordedEvent) -> Implied:
        """Return what an event implies; nothing if its stem has no rule."""
        kept = self._kept.get(event.position)
        if kept is not None and kept[0] is event:
            return kept[1]
        rule = self._rules.get(event.stem)
        if rule is None:
            return NOTHING
        implied = imply(rule, event, self._registry.contract(event.stem))
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[event.position] = (event, implied)
        return implied

    def forget(self, event: RecordedEvent) -> None:
        """Let go of what an event implied before something of it was erased."""
        self._kept.pop(event.position, None)
