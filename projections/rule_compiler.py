"""Reads a rule file into its compiled form, and refuses what breaks the rule language."""

from collections.abc import Sequence
from typing import Any

from events.audience import CONSENT, TLP
from projections.rule import Part, Pointer, Rule, Term, Value, steps_of
from projections.rule_parts import node_reader, rank_of, tie_reader
from schemas.contract import Contract, Mark

Json = Any


class RuleUnreadable(Exception):
    """A rule file is missing or breaks the rule language; `stem` says which."""

    def __init__(self, stem: str, detail: str) -> None:
        super().__init__(f"{stem}: {detail}")
        self.stem = stem


def compile_rule(raw: Json, contract: Contract, kinds: frozenset[str]) -> Rule:
    """Compile one rule file against the contract whose payloads it reads.

    A marked field never gives the event its world date or country, since those are seen with the event.

    Args:
        raw: the parsed file.
        contract: of the same stem; its marks decide the label of each value.
        kinds: kinds of node that references may name.

    Raises:
        RuleUnreadable: the file breaks the rule language.
    """
    compiler = _Compiler(contract)
    try:
        nodes = [compiler.part(node, ("ref",)) for node in raw.get("nodes", ())]
        ties = [compiler.part(tie, ("from", "to")) for tie in raw.get("ties", ())]
        return Rule(
            stem=str(raw["stem"]),
            kinds=kinds,
            when=compiler.plain(raw.get("when", ())),
            countries=compiler.plain(raw.get("countries", ())),
            graded=stricter_tlp(contract, "/provenance/reliability", inside=False) is None,
            readers=(
                *((part.needs, node_reader(part, kinds)) for part in nodes),
                *((part.needs, tie_reader(part, kinds)) for part in ties),
            ),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as broken:
        raise RuleUnreadable(contract.stem, f"breaks the rule language ({broken})") from broken


class _Compiler:
    """Compiles the entries of one rule file."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def plain(self, pointers: Sequence[str]) -> tuple[Pointer, ...]:
        """Compile pointers that must not be marked; leave out those that are."""
        compiled = (self._pointer(pointer, "") for pointer in pointers)
        return tuple(pointer for pointer in compiled if pointer.tlp is None)

    def part(self, raw: Json, ends: Sequence[str]) -> Part:
        """Compile one entry of `nodes` or `ties`."""
        each = raw.get("each", "")
        conditions = tuple(
            (self._pointer(at, each), tuple(wanted)) for at, wanted in raw.get("if", {}).items()
        )
        terms = tuple(self._term(raw[end], each) for end in ends)
        base = strictest(
            stricter_tlp(self._contract, each, inside=False) if each else None,
            *(pointer.tlp for pointer, _ in conditions),
        )
        tlps = tuple(strictest(base, term.pointer.tlp) for term in terms)
        since, until = (
            self._value(name, raw[name], each, base) if name in raw else None for name in ("since", "until")
        )
        tied = strictest(*tlps, *(value.tlp for value in (since, until) if value is not None))
        values = tuple(self._value(name, value, each, tied) for name, value in raw.get("props", {}).items())
        needed = [pointer for pointer, _ in conditions] + [term.pointer for term in terms]
        needed += [self._pointer(each, "")] if each else []
        return Part(
            raw.get("kind", ""),
            frozenset(pointer.steps[0] for pointer in needed if not pointer.relative),
            steps_of(each) if each else None,
            conditions,
            terms,
            tlps,
            values,
            (since, until),
            tied,
        )

    def _term(self, raw: Json, each: str) -> Term:
        if isinstance(raw, str):
            special = raw if raw in ("@publisher", "@case") else ""
            pointer = self._pointer("." if special else raw, each if not special else "")
            return Term("", special, pointer)
        ((name, pointer),) = raw.items()
        if name not in ("place", "standard"):
            raise KeyError(name)
        return Term(f"{name}:", "", self._pointer(pointer, each))

    def _value(self, name: str, raw: Json, each: str, base: str | None) -> Value:
        if isinstance(raw, str):
            pointer = self._pointer(raw, each)
            return Value(name, None, pointer, strictest(base, pointer.tlp))
        return Value(name, raw["const"], Pointer("", (), relative=False, many=False, key="", tlp=None), base)

    def _pointer(self, raw: str, each: str) -> Pointer:
        relative = raw == "." or raw.startswith("./")
        if not relative and not raw.startswith("/"):
            raise KeyError(raw)
        rest = raw[1:] if relative else raw
        pattern = f"{each}{rest}" if relative else rest
        steps = steps_of(rest)
        tlp = stricter_tlp(self._contract, pattern) if pattern else None
        key = steps[0] if len(steps) == 1 and not relative and steps != ("*",) else ""
        return Pointer(pattern, steps, relative, "*" in steps, key, tlp)


def strictest(*tlps: str | None) -> str | None:
    """Return the strictest of some levels; None is none at all.

    What needs both a consent and `amber+strict` is red: a consent alone must not open it.
    """
    strict = max(tlps, key=rank_of)
    return TLP[4] if strict in CONSENT and TLP[3] in tlps else strict


def stricter_tlp(contract: Contract, pointer: str, *, inside: bool = True) -> str | None:
    """Tell which stricter label the value at a pointer bears; None: its event's own.

    A mark counts if it lies on the pointer, above it, or (with `inside`) below it, because then the value
    holds what was marked.

    Args:
        contract: of the stem.
        pointer: into the payload; `*` or a number for every item.
        inside: whether marks below the pointer count.
    """
    asked = steps_of(pointer)
    return strictest(None, *(m.level for m in contract.marks if _touches(m, asked, inside=inside)))


def _touches(mark: Mark, asked: tuple[str, ...], *, inside: bool) -> bool:
    marked = steps_of(mark.pointer)
    if len(marked) > len(asked) and not inside:
        return False
    return all(
        a == b or (b == "*" and a.isdigit()) or (a == "*" and b.isdigit())
        for a, b in zip(asked, marked, strict=False)
    )
