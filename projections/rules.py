"""Rules as data: which nodes and ties a payload implies. Compiled once, then pure and quick."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from events.event import RecordedEvent
from projections.rule import (
    Found,
    ImpliedNode,
    ImpliedTie,
    ImpliedValue,
    Pointer,
    Rule,
    made,
    step_to,
    steps_of,
)
from projections.rule_compiler import RuleUnreadable, compile_rule, stricter_tlp, strictest
from projections.rule_parts import NO_PROPS, kind_of, note
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


class Implied(NamedTuple):
    """All that one event implies. `when` is its world date (EDTF), the `as_of` of its claims."""

    nodes: list[ImpliedNode]
    ties: list[ImpliedTie]
    when: str | None
    countries: tuple[str, ...]


NOTHING = Implied([], [], None, ())
"""What an event implies that says nothing."""

_MOST_KEPT = 1_000
"""Readings; twice the events of the tail's largest batch, since one may touch earlier events."""


def imply(rule: Rule, event: RecordedEvent, contract: Contract) -> Implied:
    """Tell which nodes and ties an event implies. Pure.

    Every end of a tie is a node, too. If the envelope names a case, the event's subject is tied to it
    (`IN_CASE`); an envelope without subject is read at the contract's subject pointer. Nodes and ties keep
    the order of the rule.
    """
    data = event.data
    there = data.keys()
    found: Found = {}
    ties: list[ImpliedTie] = []
    for needs, read in rule.readers:
        if needs <= there:
            read(event, data, found, ties)
    _note_case(rule, event, contract, found, ties)
    nodes = [
        made(ImpliedNode, (ref, ref.partition(":")[0], props, tlp)) for ref, (tlp, props) in found.items()
    ]
    when = next(iter(_texts(rule.when, data)), None)
    return Implied(nodes, ties, when, tuple(dict.fromkeys(_texts(rule.countries, data))))


def _texts(pointers: Sequence[Pointer], data: Json) -> list[str]:
    return [str(value) for pointer in pointers for value in pointer.values(data, data)]


def _note_case(
    rule: Rule,
    event: RecordedEvent,
    contract: Contract,
    found: Found,
    ties: list[ImpliedTie],
) -> None:
    case = event.envelope.get("correlationid")
    if not isinstance(case, str) or kind_of(case, rule.kinds) != "case":
        return
    note(found, case, None, NO_PROPS)
    subject = event.envelope.get("subject")
    if subject is None and contract.subject_pointer is not None:
        subject = step_to(event.data, steps_of(contract.subject_pointer))
    if isinstance(subject, str) and subject != case and kind_of(subject, rule.kinds):
        note(found, subject, None, NO_PROPS)
        ties.append(ImpliedTie("IN_CASE", subject, case, None, None, NO_PROPS))


def load_rules(registry: Registry, extra: Path | None = None) -> Mapping[str, Rule]:
    """Read and compile the rule of every stem.

    Args:
        registry: knows the stems and their marks.
        extra: folder whose `rules/` holds further rules, beside the package's own.

    Raises:
        RuleUnreadable: a stem has no rule, or its rule breaks the language.
    """
    return _of_package() if extra is None and registry is Registry.load() else _compiled(registry, extra)


@cache
def _of_package() -> Mapping[str, Rule]:
    # As with contracts: the files of an installed package do not change under a process.
    return MappingProxyType(_compiled(Registry.load(), None))


def _compiled(registry: Registry, extra: Path | None) -> dict[str, Rule]:
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
    """Reads events by their rules, each once, although several views of one batch ask for the same event."""

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

    def release(self) -> None:
        """Let go of all that was read: every view has the batch, and the next one brings other events."""
        self._kept.clear()
