"""Who is named as the source of some threats, so that nobody is referred to him: bodies, and the partners they are."""

from collections.abc import Iterable

from projections.graph.deeds import Deeds
from projections.graph.eyes import Tie


def accused(deeds: Deeds, threats: Iterable[str]) -> dict[str, tuple[Tie, ...]]:
    """Return the bodies to which threats are attributed, those that are part of them, and the partners that they are.

    An attribution that is disputed counts: safety comes first.

    Args:
        deeds: gives the visible ties.
        threats: references.

    Returns:
        reference → the ties by which it is accused, from the threat on; of several the first by reference.
    """
    found: dict[str, tuple[Tie, ...]] = {}
    for threat in sorted(threats):
        for tie in sorted(deeds.ties(threat), key=lambda tie: tie[:3]):
            if tie[2] == "ATTRIBUTED_TO" and tie[0] == threat:
                found.setdefault(tie[1], (tie,))
    waiting = list(found)
    while waiting:
        body = waiting.pop(0)
        for tie in sorted(deeds.ties(body), key=lambda tie: tie[:3]) if body.startswith("body:") else ():
            if tie[2] in ("PART_OF", "IS_BODY") and tie[1] == body and tie[0] not in found:
                found[tie[0]] = (*found[body], tie)
                waiting.append(tie[0])
    return found
