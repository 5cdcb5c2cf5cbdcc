"""Who is hostile: those to whom a threat is attributed, and who belongs to them. One rule, walked both ways.

Somebody belongs to a body that he is part of; a partner and the body that it is belong to each other. An attribution
that is disputed counts: safety comes first.
"""

from collections.abc import Callable, Iterable, Set
from typing import Any, NamedTuple

from projections.graph.eyes import Tie
from projections.graph.look import Look

Json = Any

ACCUSED = frozenset({"body", "partner"})
"""Kinds of node that can be hostile."""

ACCUSES = "ATTRIBUTED_TO"
IS_BODY = "IS_BODY"
PART_OF = "PART_OF"
_CONCERNS = ("TARGETS", "IN_CASE")


def belongings(tie: Tie) -> tuple[tuple[str, str], ...]:
    """Return who belongs to whom by a tie: (who, to whom)."""
    source, target, kind, _ = tie
    if kind == IS_BODY:
        return (source, target), (target, source)
    return ((source, target),) if kind == PART_OF else ()


class Hostility(NamedTuple):
    """Why somebody is not passed.

    Args:
        accused: the one to whom threats are attributed; himself, or one that he belongs to.
        ties: `ATTRIBUTED_TO`, sorted by the threat.
    """

    accused: str
    ties: list[Tie]


class Hostile:
    """Tells who is hostile, and why, from one reader's claims.

    Args:
        accounts: gives the visible ties of somebody by which he is accused or belongs to others, maybe with others.
        threats: only these count; None: any threat.
    """

    def __init__(self, accounts: Callable[[str], Iterable[Tie]], threats: Set[str] | None) -> None:
        self._accounts = accounts
        self._threats = threats
        self._known: dict[str, tuple[list[Tie], list[str]]] = {}

    def of(self, ref: str) -> Hostility | None:
        """Return why somebody is hostile; None if he is not.

        He is if a threat is attributed to him, or to anybody to whom he belongs, directly or through others.
        """
        if ref.partition(":")[0] not in ACCUSED:
            return None
        met, waiting = {ref}, [ref]
        while waiting:
            own = self._own(one := waiting.pop(0))
            if own[0]:
                return Hostility(one, own[0])
            for other in own[1]:
                if other not in met:
                    met.add(other)
                    waiting.append(other)
        return None

    def _own(self, ref: str) -> tuple[list[Tie], list[str]]:
        """Return the threats attributed to somebody himself, and to whom he belongs, sorted."""
        known = self._known.get(ref)
        if known is None:
            accusing: list[Tie] = []
            wholes: set[str] = set()
            for tie in self._accounts(ref):
                if tie[2] == ACCUSES and tie[1] == ref:
                    if self._threats is None or tie[0] in self._threats:
                        accusing.append(tie)
                else:
                    wholes.update(whole for one, whole in belongings(tie) if one == ref)
            known = self._known[ref] = sorted(accusing, key=lambda tie: tie[0]), sorted(wholes)
        return known


def concerns(look: Look, threat: str, end: str) -> bool:
    """Tell whether a threat is one against somebody, or in a case."""
    return any(look.claims(threat, end, kind) for kind in _CONCERNS)


def concerning(look: Look, ends: Iterable[str]) -> set[str]:
    """Return the threats against some, or in some cases, and those that are among them."""
    found = set(ends)
    for end in tuple(found):
        found |= {tie[0] for tie in look.ties(end) if tie[1] == end and tie[2] in _CONCERNS}
    return found
