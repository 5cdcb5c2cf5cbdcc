"""What a reader sees, or saw, of one hearing: every visible event about it, and what is shown of it now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from events.event import Json, Position
from hub.syndication.newest import moment_of
from projections.feed import FeedMessage
from projections.graph.query import GraphQuery
from projections.sight import Sight

GONE = 10_000
"""What one withdrawal adds to the number of changes: more than an event has that was withdrawn, since of those the
reader is told no more, and the number must not fall."""

_HEARING = "hearing."
_JUDGED = "identity.judged"


@dataclass(frozen=True, slots=True)
class Story:
    """All about one hearing that a calendar needs.

    Args:
        ref: the reference under which it is known.
        others: those that people judged to be the same.
        node: as the graph shows it; None if nothing is visible of it any more.
        events: visible and active, of types `hearing.*`, as recorded.
        former: dates that were shown of it, or are in events that were retracted.
        changes: how often what this reader sees of it changed, the first time included.
        moment: of the last change.
    """

    ref: str
    others: Sequence[str]
    node: Json | None
    events: Sequence[Json]
    former: Sequence[str]
    changes: int
    moment: str
    naming: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def values(self, prop: str) -> list[Json]:
        """Return what is shown of a property: one value, or all sides of a dispute."""
        said = None if self.node is None else self.node["props"].get(prop)
        if said is None:
            return []
        return list(said["values"]) if "values" in said else [said["value"]]

    def value(self, prop: str) -> Json | None:
        """Return the first value of a property."""
        return next(iter(self.values(prop)), None)


def story_of(sight: Sight, ref: str, told: Mapping[str, Sequence[FeedMessage]]) -> Story:
    """Return the story of a hearing.

    Args:
        sight: of the reader.
        ref: any of its references.
        told: by reference, what the reader was told about it, in order.
    """
    node = sight.node(ref)
    others = () if node is None else tuple(node.get("same", ()))
    known = ref if node is None else str(node["ref"])
    refs = (known, *others)
    once = (*refs, *sorted(fellows(refs, told).difference(refs)))
    messages = sorted(
        {(one.position, one.part, one.id): one for name in once for one in told.get(name, ())}.items()
    )
    about = [message for _, message in messages]
    events = {(one.source, one.id): one.event for one in about if one.event is not None}
    every = [event for event in events.values() if str(event["type"]).startswith(_HEARING)]
    naming = {name: [text for event in every for text in dates_in(event, name)] for name in once}
    now = {(one.source, one.id) for name in refs for one in told.get(name, ())}
    said = [event for event in every if (event["source"], event["id"]) in now]
    return Story(
        ref=known,
        others=others,
        node=node,
        events=said,
        former=[text for name in once for text in _former(sight, name, told.get(name, ()))],
        changes=sum(GONE if one.kind == "withdrawn" else 1 for one in about),
        moment=max((moment_of(sight, one) for one in about), default=""),
        naming=naming,
    )


def fellows(refs: Iterable[str], told: Mapping[str, Sequence[FeedMessage]]) -> set[str]:
    """Return some hearings, and those that were ever read as one with them.

    What was said of those counts though they are others again: else numbers would fall, and entries would vanish.
    """
    found: set[str] = set()
    further = set(refs)
    while further:
        found |= further
        judged = (one for ref in further for one in told.get(ref, ()) if _may_join(one))
        named = {ref for one in judged for ref in one.touches if ref.startswith(f"{_HEARING[:-1]}:")}
        further = named - found
    return found


def _may_join(message: FeedMessage) -> bool:
    """Tell whether a judgement says, or may have said before it was changed or withdrawn, that two are the same."""
    if message.type != _JUDGED:
        return False
    return message.kind != "event" or message.event is None or message.event["data"]["judgement"] == "same"


def dates_in(event: Json, ref: str) -> Iterator[str]:
    """Yield every date that an event names for a hearing."""
    data = event["data"]
    is_moved = "new_hearing" in data
    if data.get("hearing") == ref:
        names = ("starts", "previous_starts", *(() if is_moved else ("new_starts",)))
        yield from (data[name] for name in names if name in data)
    if data.get("new_hearing") == ref and "new_starts" in data:
        yield data["new_starts"]


def _former(sight: Sight, ref: str, told: Sequence[FeedMessage]) -> Iterator[str]:
    """Yield the dates of a hearing that were shown and are put right, or stand in what was retracted.

    From the past as this reader may still see it; what was erased or narrowed since is not in it.
    """
    for message in told:
        if message.kind == "changed":
            before = GraphQuery(upto=Position(message.position - 1))
            node = sight.node(ref, before)
            said = {} if node is None else node["props"].get("starts", {})
            yield from (said["values"] if "values" in said else [said["value"]] if said else [])
        elif message.kind == "withdrawn" and message.type.startswith(_HEARING):
            known = sight.event(message.source, message.id)
            if known is not None and known["status"] == "retracted":
                yield from dates_in(known["event"], ref)
