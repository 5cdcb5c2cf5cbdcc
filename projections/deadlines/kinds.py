"""Of which kind bodies are, for reply clocks that ask: by profiles that everybody sees who sees the statement. Pure.

What only some of them see changes nothing: nobody learns from a word of the timekeeper what a hidden profile says.
Between profiles that differ, the rule of `projections/shown.py` decides, without assessments.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from events.audience import Label
from events.event import RecordedEvent
from projections.boards.statements.clocks import KindOf
from projections.deadlines.clock import Clocks
from projections.deadlines.covering import covers
from projections.shown import Claim, origin_in, shown

Json = Any

PROFILED = "body.profiled."
"""Start of the stems of events that say of which kind a body is."""


class Profile(NamedTuple):
    """Of which kind a body is said to be, by one event, and who may see that."""

    body: str
    label: Label
    claim: Claim


def profile_of(event: RecordedEvent, label: Label) -> Profile | None:
    """Return what an event, as it reads now, says of the kind of a body; None if nothing."""
    data = event.data
    if not event.stem.startswith(PROFILED) or "kind" not in data:
        return None
    as_of = data.get("as_of", data.get("dissolved"))
    origin = origin_in(event.position, event.envelope, None if as_of is None else str(as_of))
    return Profile(str(data["body"]), label, Claim(str(data["kind"]), origin))


def kinds_by(profiles: Iterable[Profile], label: Label) -> KindOf:
    """Return what tells of which kind a body is to all who see what bears a label."""
    claims: defaultdict[str, list[Claim]] = defaultdict(list)
    for one in profiles:
        if covers(one.label, label):
            claims[one.body].append(one.claim)
    kinds = {body: str(shown(said, lambda _: ()).value) for body, said in claims.items()}
    return kinds.get


def asking_kinds(clocks: Clocks) -> Clocks:
    """Return those clocks of which one must know kinds of bodies to tell when they ring."""
    needing = {
        stem: tuple(one for one in of if one.replies is not None and one.replies.need_kinds)
        for stem, of in clocks.items()
    }
    return {stem: of for stem, of in needing.items() if of}
