"""Units of count: a threat against a target. What was reported twice of one act counts once, if people say so."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import REPORTS, counting, said_of

Json = Any
Unit = tuple[str, str]

JUDGED = "identity.judged"

_MANY = 500
"""References; of more it is quicker to read every judgement than what names each."""


def units_of(tellings: Tellings, threats: Iterable[str]) -> set[Unit]:
    """Return the pairs of threat and target that are told of, whoever was judged the same read as one.

    Events that were refuted, or that nothing supports any more, tell of none.
    """
    told = tellings.about(threats, REPORTS)
    said = said_of(tellings, (one for events in told.values() for one in events))
    return {
        (ref, tellings.merged.of(str(target)))
        for ref, events in told.items()
        for one in counting(events, said)
        for target in one.data.get("targets", ())
    }


def count_of(tellings: Tellings, units: Iterable[Unit]) -> Json:
    """Count units, and say between what and what the number lies while it is open who is the same.

    Returns:
        `{"count", "range": [least, most]}`: the most if all who may be the same are not, the least if they are.
    """
    counted = set(units)
    roots = _roots(tellings, {tellings.merged.of(ref) for unit in counted for ref in unit})
    least = {tuple(_root(roots, ref) for ref in unit) for unit in counted} if roots else counted
    return {"count": len(counted), "range": [len(least), len(counted)]}


def possibly_same(tellings: Tellings, refs: Iterable[str]) -> Mapping[str, str]:
    """Return each of some references of which it is open whether it is another → one for all that it may be."""
    chosen = {tellings.merged.of(ref) for ref in refs}
    roots = _roots(tellings, chosen)
    return {ref: _root(roots, ref) for ref in sorted({*chosen, *roots})}


def _roots(tellings: Tellings, chosen: Collection[str]) -> Mapping[str, str]:
    """Return of references to go by, and of whoever they may be, those that may be another → a step to that one."""
    if len(chosen) > _MANY:
        judged = tellings.of_types([JUDGED])
    else:
        judged = [one for told in tellings.about(sorted(chosen), [JUDGED]).values() for one in told]
    roots: dict[str, str] = {}
    for pair in sorted(open_pairs(tellings, judged)):
        if any(ref in chosen for ref in pair):
            one, two = sorted(_root(roots, ref) for ref in pair)
            if one != two:
                roots[two] = one
    return roots


def open_pairs(tellings: Tellings, judged: Iterable[Telling]) -> set[Unit]:
    """Return the pairs that somebody judged `unsure`, and nobody `different`; those read as one are none."""
    verdicts: dict[Unit, set[str]] = {}
    for one in judged:
        left, right = sorted(tellings.merged.of(str(one.data.get(side, ""))) for side in ("left", "right"))
        verdicts.setdefault((left, right), set()).add(str(one.data.get("judgement")))
    return {
        pair
        for pair, said in verdicts.items()
        if pair[0] != pair[1] and "unsure" in said and "different" not in said
    }


def _root(roots: Mapping[str, str], ref: str) -> str:
    while roots.get(ref, ref) != ref:
        ref = roots[ref]
    return ref
