"""Whom no introduction passes: those to whom a threat is attributed, and who belongs to them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from projections.graph.eyes import Tie
from projections.graph.look import Look

Json = Any

_KINDS = frozenset({"body", "partner"})
_CONCERNS = frozenset({"TARGETS", "IN_CASE"})


class Hostility(NamedTuple):
    """Why somebody is not passed.

    Args:
        accused: the one to whom threats are attributed; himself, or one that he belongs to.
        ties: `ATTRIBUTED_TO`, sorted by the threat.
    """

    accused: str
    ties: list[Tie]


class Hostile:
    """Tells who is hostile, from one reader's claims. An attribution that is disputed counts: safety comes first.

    Args:
        look: of the reader.
        against: only threats against these count, or that are among these; None: any threat.
    """

    def __init__(self, look: Look, against: Iterable[str] | None) -> None:
        self._look = look
        self._threats = None if against is None else self._concerning(against)
        self._known: dict[str, tuple[list[Tie], list[str]]] = {}

    def _concerning(self, ends: Iterable[str]) -> set[str]:
        found = set(ends)
        for end in tuple(found):
            found |= {tie[0] for tie in self._look.ties(end) if tie[1] == end and tie[2] in _CONCERNS}
        return found

    def of(self, ref: str) -> Hostility | None:
        """Return why somebody is hostile; None if he is not.

        He is if a threat is attributed to him, to a body that is his or whose he is, or to one that he is part of.
        """
        if ref.partition(":")[0] not in _KINDS:
            return None
        seen, waiting = {ref}, [ref]
        while waiting:
            own = self._own(one := waiting.pop(0))
            if own[0]:
                return Hostility(one, own[0])
            for other in own[1]:
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return None

    def _own(self, ref: str) -> tuple[list[Tie], list[str]]:
        """Return the threats attributed to somebody himself, and whom to ask next, sorted."""
        known = self._known.get(ref)
        if known is None:
            accusing, others = [], set()
            for tie in self._look.ties(ref):
                source, target, kind, _ = tie
                if kind == "ATTRIBUTED_TO" and target == ref:
                    if self._threats is None or source in self._threats:
                        accusing.append(tie)
                elif kind == "IS_BODY" or (kind == "PART_OF" and source == ref):
                    others.add(target if source == ref else source)
            known = self._known[ref] = sorted(accusing, key=lambda tie: tie[0]), sorted(others)
        return known
