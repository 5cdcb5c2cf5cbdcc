"""What waits for the stewards besides: harm, erasures that partners owe, conflicts to judge, what nobody believes."""

from collections.abc import Iterator
from typing import Any

from projections.boards.mine.helping import harm
from projections.boards.mine.items import Item
from projections.boards.mine.reviewing import Own, suspended_bodies
from projections.boards.papers import Papers

Json = Any

_DONE = frozenset({"lift", "uphold"})


def items(papers: Papers, own: Own, erasures: Json, conflicts: Json) -> Iterator[Item]:
    """Yield what waits for the stewards of the hub.

    Args:
        papers: of their readers.
        own: finds events by what became of them.
        erasures: all that they see, as `ErasureSight` tells them.
        conflicts: all that they see, as `ConflictSight` tells them.
    """
    yield from harm(papers)
    for one in erasures["items"]:
        if one["overdue"]:
            proof = {"source": one["source"], "id": one["id"], "type": "erasure.executed", "when": None}
            more = (("missing", [f"partner:{slug}" for slug in one["missing"]]),)
            yield Item("erasures", "erasure_overdue", one["subject"], one["due"], proof, more)
    yield from _conflicts(conflicts)
    for one in own.quarantined():
        yield Item("quarantined", "not_believed", str(one["ref"] or ""), None, one["proof"])
    yield from _members(papers)


def _conflicts(conflicts: Json) -> Iterator[Item]:
    """Yield exclusions from cases that no steward has judged."""
    for one in conflicts["items"]:
        if not any(judged["verdict"] in _DONE for judged in one["judgements"]):
            first = one["attributions"][0]
            proof = {"source": first["source"], "id": first["id"], "type": "threat.reported", "when": None}
            until = max(said["provisional_until"] for said in one["attributions"])
            more = (("partner", f"partner:{one['partner']}"),)
            yield Item("conflicts", "to_judge", one["case"], until, proof, more)


def _members(papers: Papers) -> Iterator[Item]:
    """Yield bars that are suspended as partners and of which lawyers are said to be members."""
    bodies = suspended_bodies(papers)
    told = papers.tellings.about(sorted(bodies), ("lawyer.profiled",))
    for body, found in told.items():
        lawyers = sorted({str(one.data["lawyer"]) for one in found if "lawyer" in one.data})
        if lawyers:
            more = (("lawyers", lawyers),)
            yield Item("members", "bar_suspended", body, None, bodies[body].proof, more)
