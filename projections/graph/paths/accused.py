"""Who is hostile because of some threats, so that nobody is referred to him: bodies, and the partners they are.

The rule is that of `hostile.py`, walked the other way: from the threats to all who are hostile by them, each with the
ties that say so.
"""

from collections.abc import Iterable

from projections.graph.eyes import Tie
from projections.graph.paths.hostile import ACCUSES, belongings
from projections.graph.questions.deeds import Deeds


def accused(deeds: Deeds, threats: Iterable[str]) -> dict[str, tuple[Tie, ...]]:
    """Return those to whom threats are attributed, and whoever belongs to them.

    Args:
        deeds: gives the visible ties.
        threats: references.

    Returns:
        reference → the ties by which it is accused, from the threat on; of several the first by reference.
    """
    found: dict[str, tuple[Tie, ...]] = {}
    for threat in sorted(threats):
        accusing = [tie for tie in deeds.ties(threat) if tie[2] == ACCUSES and tie[0] == threat]
        for tie in sorted(accusing, key=lambda tie: tie[:3]):
            found.setdefault(tie[1], (tie,))
    waiting = list(found)
    while waiting:
        whole = waiting.pop(0)
        joining = [(tie, one) for tie in deeds.ties(whole) for one, of in belongings(tie) if of == whole]
        for tie, one in sorted(joining, key=lambda found: found[0][:3]):
            if one not in found:
                found[one] = (*found[whole], tie)
                waiting.append(one)
    return found
