"""Items of a partner's board: why something waits, until when, where it is, and which event says so."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, NamedTuple

Json = Any

API = "/api/v1"

_LISTS = MappingProxyType({
    "lawyer": "lawyers", "case": "cases", "trial": "trials", "hearing": "hearings", "statement": "statements",
    "action": "actions", "need": "needs", "offer": "offers", "policy": "policies", "commitment": "commitments",
    "indicator": "indicators", "partner": "partners", "body": "bodies", "threat": "threats", "support": "supports",
    "dataset": "datasets",
})  # fmt: skip
"""Kind of reference → the list in which its dossier lies."""


class Item(NamedTuple):
    """One thing that waits.

    Args:
        group: e.g. `sign`.
        why: a code, e.g. `invited`.
        ref: what it is about.
        due: RFC 3339 moment or day by which it should be done; None: as soon as may be.
        proof: the event that says so: `{"source", "id", "type", "when"}`.
        more: what else helps.
    """

    group: str
    why: str
    ref: str
    due: str | None
    proof: Json
    more: tuple[tuple[str, Json], ...] = ()

    def as_json(self) -> Json:
        """Return it as answers tell it."""
        told = {"why": self.why, "ref": self.ref, "due": self.due, "link": link_of(self.ref, self.proof)}
        return {**told, "proof": self.proof, **dict(self.more)}


def link_of(ref: str, proof: Json) -> str:
    """Return the address at which a thing is: its dossier, or the event if its kind has none."""
    known = _LISTS.get(ref.partition(":")[0])
    return f"{API}/{known}/{ref}" if known else f"{API}/events/{proof['source']}/{proof['id']}"


def in_order(items: Iterable[Item]) -> list[Item]:
    """Return items in the order in which they are due, those without a date last; ties by what they are about."""
    return sorted(items, key=_place)


def _place(one: Item) -> tuple[bool, str, str, str, str, str]:
    return one.due is None, one.due or "", one.ref, one.why, one.proof["source"], one.proof["id"]
