"""Which hearings a reader asks for, and what he was told about each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from events.event import Position
from hub.calendar.entries import Entry, entries_of, moved
from hub.calendar.story import Story, fellows, story_of
from hub.subscriptions.subscription import Subscription
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from projections.sight import Sight

HEARINGS = ("hearing.*",)
MOST = 1000
"""Hearings in one calendar, those of which something was told last: phones take no more."""

_TELLING = (*HEARINGS, "identity.judged")
_OWN = ("trial.*", "hearing.*", "threat.*", "action.*")
"""Types of events by which a partner has to do with a trial or a case."""

_AT_ONCE = 1000
_MOST_NAMED = 40
"""References that the views look for one by one."""


@dataclass(frozen=True, slots=True)
class Mine:
    """Whose hearings are `mine`.

    Args:
        partner: slug of the account's partner.
        follows: the account's own subscriptions.
    """

    partner: str
    follows: Sequence[Subscription]


def stories(sight: Sight, query: EventQuery, mine: Mine | None) -> list[Story]:
    """Return the story of every hearing that is asked for, of those judged the same one.

    Args:
        sight: of the reader.
        query: countries, partners, and what the hearings are about.
        mine: only those with which somebody has to do, besides; None: all.
    """
    wanted = _refs(sight, replace(query, types=HEARINGS), "hearing")
    if mine is not None:
        own = _of(sight, mine)
        wanted = [ref for ref in wanted if ref in own]
    wanted = wanted[-MOST:]
    same = (node.get("same", ()) for ref in wanted if (node := sight.node(ref)) is not None)
    told = _told_of_fellows(sight, {*wanted, *(ref for refs in same for ref in refs)})
    found = {story.ref: story for ref in wanted for story in (story_of(sight, ref, told),)}
    return list(found.values())


def entries(found: Sequence[Story]) -> list[Entry]:
    """Return the entries of some hearings in the order of time."""
    places = moved(found)
    made: dict[str, Entry] = {}
    for story in found:
        follows = next((places[ref] for ref in (story.ref, *story.others) if ref in places), None)
        for entry in entries_of(story, follows):
            made.setdefault(entry.uid, entry)
    return sorted(made.values(), key=lambda one: (one.when.key, one.uid))


def _of(sight: Sight, mine: Mine) -> frozenset[str]:
    """Return the hearings of trials and cases of which the partner spoke, and of what the account follows."""
    own = EventQuery(types=_OWN, partners=(mine.partner,))
    matters = tuple(dict.fromkeys(_refs(sight, own, "trial") + _refs(sight, own, "case")))
    asked = [EventQuery(types=HEARINGS, partners=(mine.partner,))]
    asked += [EventQuery(types=HEARINGS, about=matters)] if matters else []
    asked += [query for one in mine.follows if (query := _followed(one.query)) is not None]
    return frozenset(ref for query in asked for ref in _refs(sight, query, "hearing"))


def _followed(query: EventQuery) -> EventQuery | None:
    """Return which hearings a subscription concerns: those about, where and of whom it asks, whatever its types.

    One that asks for types alone concerns hearings only if they are among them.
    """
    asked = EventQuery(types=HEARINGS, about=query.about, countries=query.countries, partners=query.partners)
    is_placed = bool(query.about or query.countries or query.partners)
    is_of_hearings = any(glob.startswith(("hearing.", "*")) for glob in query.types)
    is_whole = not query.types and not query.urgencies
    return asked if is_placed or is_of_hearings or is_whole else None


def _refs(sight: Sight, query: EventQuery, kind: str) -> list[str]:
    """Return the references of a kind of which messages tell, those last of which was told last."""
    found: dict[str, None] = {}
    for message in _messages(sight, query):
        for ref in message.touches:
            if ref.startswith(f"{kind}:"):
                found.pop(ref, None)
                found[ref] = None
    return list(found)


def _told_of_fellows(sight: Sight, refs: set[str]) -> Mapping[str, Sequence[FeedMessage]]:
    """Return what was told of hearings and of all that were ever read as one with them."""
    while True:
        told = _told(sight, refs)
        found = fellows(refs, told)
        if found == refs:
            return told
        refs = found


def _told(sight: Sight, refs: Iterable[str]) -> Mapping[str, Sequence[FeedMessage]]:
    asked = tuple(sorted(refs))
    told: defaultdict[str, list[FeedMessage]] = defaultdict(list)
    if not asked:
        return told
    about = asked if len(asked) <= _MOST_NAMED else ()
    for message in _messages(sight, EventQuery(types=_TELLING, about=about)):
        for ref in set(message.touches).intersection(asked):
            told[ref].append(message)
    return told


def _messages(sight: Sight, query: EventQuery) -> Iterator[FeedMessage]:
    position, part = Position(0), 0
    while True:
        page = sight.feed(position, part, query, _AT_ONCE)
        yield from page.messages
        if len(page.messages) < _AT_ONCE:
            return
        position, part = page.reached, page.part
