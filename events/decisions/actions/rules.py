"""What actions and statements need, read from data: a status to sign, a consent to name somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

Json = Any

NO_STATUS = "none"


@dataclass(frozen=True, slots=True)
class StatusRules:
    """Where one signs with a consultative status only, and as what everybody else is counted.

    Args:
        roles: that need the status.
        instead: role of those who have none.
        kinds: of action → the statuses with which one signs.
        mechanisms: reference of a body → the statuses with which one signs there, whatever the kind.
    """

    roles: frozenset[str]
    instead: str
    kinds: Mapping[str, frozenset[str]]
    mechanisms: Mapping[str, frozenset[str]]

    def needed(self, kind: str, mechanism: str | None) -> frozenset[str]:
        """Return the statuses with which one may sign; none: everybody may."""
        return self.mechanisms.get(mechanism or "") or self.kinds.get(kind) or frozenset()

    def counted(self, role: str, needed: frozenset[str], status: str) -> str:
        """Return the role as which a partner counts that joins with a status."""
        return self.instead if role in self.roles and needed and status not in needed else role


@dataclass(frozen=True, slots=True)
class Use:
    """What naming a person in a text needs.

    Args:
        level: of consent, at least.
        scopes: uses of which the person allows one.
    """

    level: str
    scopes: frozenset[str]

    def is_covered(self, level: str, scopes: Iterable[str]) -> bool:
        """Tell whether a consent allows it."""
        return level >= self.level and not self.scopes.isdisjoint(scopes)


@dataclass(frozen=True, slots=True)
class UseRules:
    """Which use each kind of text and of action makes of a person's name.

    Args:
        statements: kind of statement → its use.
        actions: kind of action → the scopes that it draws on; a kind that is not listed draws on any.
        public: least level where the event is open to everybody.
    """

    statements: Mapping[str, Use]
    actions: Mapping[str, frozenset[str]]
    public: str

    def of_statement(self, kind: str, tlp: str) -> Use | None:
        """Return what a statement needs to name somebody; None for a kind that needs nothing under this label."""
        use = self.statements.get(kind)
        if use is None or tlp != "clear":
            return use if use is None or use.level else None
        return Use(max(use.level, self.public), use.scopes)


@cache
def status_rules() -> StatusRules:
    """Return the rules about consultative status that the hub comes with."""
    said = _read("status_needed.json")
    return StatusRules(
        frozenset(said["roles"]), said["instead"], _sets(said["kinds"]), _sets(said["mechanisms"])
    )


@cache
def use_rules() -> UseRules:
    """Return the rules about consent that the hub comes with."""
    said = _read("consent_needed.json")
    uses = {kind: Use(one["level"], frozenset(one["scopes"])) for kind, one in said["statements"].items()}
    return UseRules(uses, _sets(said["actions"]), said["public"])


def _read(name: str) -> Json:
    return orjson.loads(files("events.decisions.actions").joinpath(name).read_bytes())


def _sets(said: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(values) for name, values in said.items()}
