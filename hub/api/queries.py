"""From the parameters of a call to the questions that a sight answers."""

from dataclasses import replace

from events.cursor import Cursors
from events.event import Position
from hub.address import Asked
from projections.event_query import EventQuery
from projections.graph.query import GraphQuery
from projections.suggestions.query import SuggestionQuery


def event_filters(asked: Asked) -> EventQuery:
    """Return which events are meant, wherever in the log."""
    return EventQuery(
        types=asked["type"],
        countries=asked["country"],
        about=asked["about"],
        partners=asked["partner"],
        urgencies=asked["urgency"],
        since=asked["since"],
        until=asked["until"],
    )


def event_query(cursors: Cursors, asked: Asked) -> EventQuery:
    """Return the question for one page of events.

    Raises:
        UnknownCursor: `after` is none of this hub's cursors.
    """
    after = Position(0) if asked["after"] is None else whole_position(cursors, asked["after"])
    return replace(event_filters(asked), after=after, limit=asked["limit"])


def whole_position(cursors: Cursors, cursor: str) -> Position:
    """Return the position of a cursor; of several messages that share one, it makes no difference which."""
    return cursors.decode(cursor)[0]


def graph_query(asked: Asked) -> GraphQuery:
    """Return the question for a part of the graph."""
    return GraphQuery(
        about=asked["about"],
        hops=asked["hops"],
        kinds=asked["kinds"],
        ties=asked["ties"],
        country=asked["country"],
        as_of=asked["as_of"],
        known_on=asked["known_on"],
        merge=asked["merge"],
        past=asked["past"],
        limit=asked["limit"],
    )


def moment_query(asked: Asked) -> GraphQuery:
    """Return which moment of the graph is meant, and whether what is the same is read as one."""
    when = {name: asked[name] for name in ("as_of", "known_on", "merge")}
    return GraphQuery(**when, past=asked.get("past", False))


def question_moment(asked: Asked) -> GraphQuery:
    """Return the moment of a coordinator's question."""
    return GraphQuery(as_of=asked["as_of"], known_on=asked["known_on"])


def suggestion_query(asked: Asked, *, across: bool) -> SuggestionQuery:
    """Return which suggestions are meant; `across` lets the names of other partners take part."""
    return SuggestionQuery(asked["about"], asked["kind"], asked["limit"], asked["offset"], across)
