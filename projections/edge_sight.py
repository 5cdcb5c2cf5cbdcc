"""What one class of readers is told of the live edge: decided in memory, the same as the pages of the feed say.

`projections/feed_sight.py` asks the database the same questions, one class and one question after the other; a property
test holds the two together.
"""

from collections.abc import Iterator, Sequence

from projections.belonging import MOST_STEPS
from projections.event_query import EventQuery
from projections.feed import FeedMessage, FeedPage, Kind
from projections.feed_edge import Edge, FiledTurn, FiledWarning, Pairs
from projections.feed_messages import CHANGED_PART, GONE_PART, Form, Place, Row, Turn, form_of, reason_of
from projections.labels import Allowed
from projections.timeline import TimelineView

Numbers = frozenset[int]
"""Of the labels that a class of readers may see."""


class Facts:
    """By what a class of readers may find an event.

    Args:
        row: the event.
        keys: that they see, or could see until now if they lost the event.
        is_lost: they did.
    """

    __slots__ = ("is_lost", "keys", "parents", "row")

    def __init__(self, row: Row, keys: frozenset[str], *, is_lost: bool) -> None:
        self.row = row
        self.keys = keys
        self.is_lost = is_lost
        self.parents: frozenset[str] | None = None


class Told:
    """A message for a class of readers, if they ask for its event."""

    __slots__ = ("facts", "form", "place", "said")

    def __init__(self, facts: Facts, place: Place, said: tuple[Kind, str | None], form: Form) -> None:
        self.facts = facts
        self.place = place
        self.said = said
        self.form = form


class EdgeSight:
    """Decides for one class of readers."""

    def __init__(self, view: TimelineView, allowed: Allowed) -> None:
        self._view = view
        self._allowed = allowed
        self._types = frozenset(view.types)

    def page(self, edge: Edge, query: EventQuery) -> FeedPage:
        """Return what these readers are told, as far as they ask for it."""
        told: Sequence[Told] | None = edge.kept.get(self._allowed)
        if told is None:
            found = {one.place: one for one in self._all(edge, self._allowed.numbers())}
            told = edge.kept[self._allowed] = [found[place] for place in sorted(found)]
        fitting = [one for one in told if self._fits(edge, one.facts, query)]
        following = [one.place[0] for one in fitting[1:]]
        messages = [
            self._message(edge, one, is_last=at != one.place[0])
            for one, at in zip(fitting, [*following, 0], strict=False)
        ]
        return FeedPage(messages, edge.reached, seen=edge.seen)

    def _message(self, edge: Edge, told: Told, *, is_last: bool) -> FeedMessage:
        place = (told.place[0], 0) if is_last else told.place
        return edge.message(self._view, told.facts.row, place, told.said, told.form)

    def _all(self, edge: Edge, seen: Numbers) -> Iterator[Told]:
        """Yield all that these readers may be told; of two at the same place the later counts."""
        for warning in edge.warnings:
            if _is_shown(warning.row, seen) and _warns(warning, seen):
                yield _changed(edge, warning.row, warning.at, "corrected", seen)
        for turn in edge.turns:
            yield from self._of_turn(edge, turn, seen)
        for row in edge.events:
            if _is_shown(row, seen):
                form = form_of(row, seen, "event", is_stale=_is_stale(edge, row, seen))
                yield Told(_facts(edge, row, seen), (row.position, 1), ("event", None), form)

    def _of_turn(self, edge: Edge, turn: FiledTurn, seen: Numbers) -> Iterator[Told]:
        row = turn.row
        is_gone, is_gained = _gone(turn, seen), _gained(turn, seen)
        reason = reason_of(self._view, Turn(turn.reason, (turn.before, turn.after), is_gone, is_gained))
        if is_gone:
            form = form_of(row, seen, "withdrawn", is_stale=False)
            place = (turn.at, 2 * row.position + GONE_PART)
            yield Told(_facts(edge, row, seen, is_lost=True), place, ("withdrawn", reason), form)
        if _is_shown(row, seen) and _differs(turn, seen):
            yield _changed(edge, row, turn.at, reason, seen)

    def _fits(self, edge: Edge, facts: Facts, query: EventQuery) -> bool:
        """Tell whether somebody asks for an event; of what was erased only type and publisher are known."""
        if not self._is_of_kind(edge, facts, query):
            return False
        keys, is_known = facts.keys, not (facts.is_lost and facts.row.status == "erased")
        return not is_known or (
            (not query.countries or _bears(keys, "c", query.countries))
            and (not query.urgencies or _bears(keys, "u", query.urgencies))
            and (not query.about or not self._parents(edge, facts).isdisjoint(query.about))
        )

    def _is_of_kind(self, edge: Edge, facts: Facts, query: EventQuery) -> bool:
        row, keys = facts.row, facts.keys
        if query.since or query.until:
            first, last = query.span()
            if not first <= row.recorded <= last:
                return False
        if query.types and not (f"t:{row.type}" in keys and self._is_of(edge, row.type, query)):
            return False
        return not query.partners or _bears(keys, "p", query.partners)

    def _is_of(self, edge: Edge, name: str, query: EventQuery) -> bool:
        return name in self._types and edge.is_of(name, query.types)

    def _parents(self, edge: Edge, facts: Facts) -> frozenset[str]:
        if facts.parents is None:
            facts.parents = _parents(edge, facts, self._allowed.numbers())
        return facts.parents


def _bears(keys: frozenset[str], field: str, values: Sequence[str]) -> bool:
    return any(f"{field}:{value}" in keys for value in values)


def _changed(edge: Edge, row: Row, at: int, reason: str, seen: Numbers) -> Told:
    form = form_of(row, seen, "changed", is_stale=_is_stale(edge, row, seen))
    place = (at, 2 * row.position + CHANGED_PART)
    return Told(_facts(edge, row, seen), place, ("changed", reason), form)


def _facts(edge: Edge, row: Row, seen: Numbers, *, is_lost: bool = False) -> Facts:
    """Return by what an event is found; what was lost, also by what its own label showed."""
    keys = edge.keys[row.position].items()
    return Facts(
        row,
        frozenset(key for key, (label, is_open) in keys if label in seen or (is_lost and is_open)),
        is_lost=is_lost,
    )


def _parents(edge: Edge, facts: Facts, seen: Numbers) -> frozenset[str]:
    """Return the references of an event, and what they belonged to when it came.

    What was lost is also found by what was said and is retracted, as far as these readers may still look at it.
    """
    found = {key[2:]: 0 for key in facts.keys if key.startswith("r:")}
    fresh = dict(found)
    for _ in range(MOST_STEPS):
        further: dict[str, int] = {}
        for child, since in fresh.items():
            for parent, label, begun, is_active in edge.links.get(child, ()):
                at = max(since, begun)
                is_nearer = at < min(found.get(parent, at + 1), further.get(parent, at + 1))
                if is_nearer and label in seen and (is_active or facts.is_lost):
                    further[parent] = at
        found.update(further)
        fresh = further
    return frozenset(ref for ref, since in found.items() if since <= facts.row.position)


def _is_shown(row: Row, seen: Numbers) -> bool:
    return row.status == "active" and row.label in seen


def _is_stale(edge: Edge, row: Row, seen: Numbers) -> bool:
    found = edge.stale.get(row.position)
    return found is not None and row.status == "active" and _is_flagged(found, seen)


def _is_flagged(pairs: tuple[Pairs, Pairs], seen: Numbers) -> bool:
    lost, shows = pairs
    return any(one[0] in seen and one[1] not in seen for one in lost) or any(one[0] in seen for one in shows)


def _warns(warning: FiledWarning, seen: Numbers) -> bool:
    return warning.label in seen and _is_flagged(warning.before, seen) != _is_flagged(warning.after, seen)


def _gone(turn: FiledTurn, seen: Numbers) -> bool:
    """Tell whether these readers lost the event, or a field of it."""
    if turn.before not in seen:
        return False
    is_less = turn.reason in ("narrowed", "erased") and any(
        one[0] in seen and one[1] not in seen for one in turn.forms
    )
    return is_less or turn.after not in seen


def _gained(turn: FiledTurn, seen: Numbers) -> bool:
    """Tell whether these readers see the event, or a field of it, that they did not see before."""
    return turn.before not in seen or any(one[0] not in seen and one[1] in seen for one in turn.forms)


def _differs(turn: FiledTurn, seen: Numbers) -> bool:
    """Tell whether these readers saw the event differently before, or not at all."""
    is_other = any((one[0] in seen) != (one[1] in seen) for one in turn.forms)
    was_other = turn.before not in seen or is_other or any(one[0] in seen for one in turn.shows)
    return turn.after in seen and was_other
