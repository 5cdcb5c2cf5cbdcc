"""What may answer statements: replies, promises and how they are kept, laws, and what happened; for many at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import Said, claims_in, counting, said_of, world_moment
from projections.shown import shown

Json = Any

ISSUED, REPLIED, PASSED = "statement.issued", "response.received", "deadline.passed"
IMPACT, COMMITTED = "impact.assessed", ("commitment.made", "commitment.progressed")
_OWN = (ISSUED, REPLIED, PASSED, IMPACT)
_AROUND = ("threat.updated", "policy.changed", "action.completed", IMPACT, "commitment.made")


class Matter(NamedTuple):
    """What is told of one statement; each list by world date.

    Args:
        ref: of the statement, to go by.
        issued: the events that issued it.
        later: statements about it.
        replies: to it.
        passed: the timekeeper's word that a reply is overdue.
        commitments: promises that a reply names, or that serve what the statement is about.
        outcomes: events that may tell of an outcome.
    """

    ref: str
    issued: tuple[Telling, ...]
    later: tuple[Telling, ...]
    replies: tuple[Telling, ...]
    passed: tuple[Telling, ...]
    commitments: Mapping[str, Sequence[Telling]]
    outcomes: tuple[Telling, ...]

    @property
    def statement(self) -> Telling | None:
        """The event that says what the statement is now; None if these readers see none."""
        return self.issued[-1] if self.issued else None


def matters_of(tellings: Tellings, refs: Sequence[str]) -> dict[str, Matter]:
    """Return what is told of some statements, by reference to go by."""
    own = tellings.about(refs, _OWN)
    around = _around(tellings, {ref: _issued(tellings, ref, told) for ref, told in own.items()})
    promised = {ref: _pledges(tellings, (*told, *around[ref])) for ref, told in own.items()}
    kept = tellings.about({one for refs in promised.values() for one in refs}, COMMITTED)
    events = [one for told in (*own.values(), *around.values(), *kept.values()) for one in told]
    said = said_of(tellings, {one.name: one for one in events}.values())
    return {
        ref: Matter(
            ref,
            issued=_sorted(_issued(tellings, ref, told), said),
            later=_sorted(
                [one for one in told if one.type == ISSUED and not _is_of(tellings, ref, one)], said
            ),
            replies=_sorted((one for one in told if one.type == REPLIED), said),
            passed=_sorted((one for one in told if one.type == PASSED), said),
            commitments={one: _sorted(kept.get(one, ()), said) for one in promised[ref] if kept.get(one)},
            outcomes=_sorted([one for one in (*told, *around[ref]) if _may_tell(one)], said),
        )
        for ref, told in own.items()
    }


def _sorted(told: Iterable[Telling], said: Said) -> tuple[Telling, ...]:
    """Return events that count, by world date, each once."""
    once = {one.name: one for one in told}
    return tuple(sorted(counting(once.values(), said), key=world_moment))


def _issued(tellings: Tellings, ref: str, told: Iterable[Telling]) -> list[Telling]:
    return [one for one in told if one.type == ISSUED and _is_of(tellings, ref, one)]


def _is_of(tellings: Tellings, ref: str, one: Telling) -> bool:
    return tellings.merged.of(str(one.data.get("statement", ref))) == ref


def _around(tellings: Tellings, issued: Mapping[str, Sequence[Telling]]) -> dict[str, list[Telling]]:
    """Return what is told of what statements are about, and of the actions they come from."""
    named = {ref: _subjects(tellings, told) for ref, told in issued.items()}
    told = tellings.about({one for refs in named.values() for one in refs}, _AROUND)
    return {ref: [one for each in refs for one in told[each]] for ref, refs in named.items()}


def _subjects(tellings: Tellings, told: Iterable[Telling]) -> list[str]:
    refs = [ref for one in told for ref in [*one.data.get("about", ()), one.data.get("action")] if ref]
    return sorted({tellings.merged.of(str(ref)) for ref in refs})


def _pledges(tellings: Tellings, told: Iterable[Telling]) -> list[str]:
    """Return the commitments that replies name, and those that are told of beside them."""
    refs = [ref for one in told for ref in one.data.get("pledges", ())]
    refs += [one.data["commitment"] for one in told if "commitment" in one.data]
    return sorted({tellings.merged.of(str(ref)) for ref in refs})


def _may_tell(one: Telling) -> bool:
    return bool(one.data.get("outcome") or one.data.get("outcomes")) or one.type == "policy.changed"


def kinds_of(tellings: Tellings, bodies: Iterable[str]) -> dict[str, str]:
    """Return of which kind some bodies are shown to be."""
    told = tellings.about(bodies, ["body.profiled"])
    said = said_of(tellings, (one for events in told.values() for one in events))
    claimed = {ref: claims_in(events, {"body.profiled": "/kind"}) for ref, events in told.items()}
    kinds = {ref: str(shown(claims, said.lookup).value) for ref, claims in claimed.items() if claims}
    return {one: kinds[ref] for ref in kinds for one in tellings.merged.all_of(ref)}
