"""The coordinators' questions, each answered on the reader's own graph, with the events behind every row."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.graph.query import ALL, GraphQuery
from projections.graph.questions import aid, invite, silence, with_derived
from projections.graph.questions.alone import Ranking
from projections.graph.questions.derived import DERIVED
from projections.graph.questions.inquiry import Inquiry, Reached

Json = Any


class Questions:
    """Answers for one class of readers on one day.

    Args:
        inquiry: whose question it is, and of which day and moment.
        ranking: what is remembered of that moment, for these readers.
        reached: how far every view is.
    """

    def __init__(self, inquiry: Inquiry, ranking: Ranking, reached: Reached) -> None:
        self._inquiry = inquiry
        self._ranking = ranking
        self._reached = reached

    def alone(self, asked: Mapping[str, Json]) -> Json:
        """Return a page of lawyers under threat, those first whom the least support reaches.

        Args:
            asked: `country` or None, `limit`, `offset`.
        """
        standing = self._ranking.renew(self._inquiry, self._reached)
        return aid.answer(self._inquiry, standing, asked)

    def who_acts(self, ref: str) -> Json | None:
        """Return who did what in a matter, what nobody does, and what two do; None if it is not seen."""
        known = self._ranking.partners(self._inquiry, self._reached)
        return silence.answer(self._inquiry, known, ref)

    def invite(self, ref: str, limit: int) -> Json | None:
        """Return partners to invite to an action in a matter, best first, with reasons; None if it is not seen."""
        known = self._ranking.partners(self._inquiry, self._reached)
        return invite.answer(self._inquiry, known, ref, limit)

    def part(self, query: GraphQuery, graph: Callable[[GraphQuery], Json], *, derived: bool = False) -> Json:
        """Return a part of the graph, with the derived ties that the query names, or all of them if `derived`."""
        kinds = DERIVED if derived else [kind for kind in query.ties if kind in DERIVED]
        return with_derived.part(self._inquiry.at(query), query, graph, kinds) if kinds else graph(query)

    def node(self, found: Json | None, query: GraphQuery = ALL) -> Json | None:
        """Return what is known of a node, with its derived ties beside it."""
        if found is None:
            return None
        return {**found, "derived": with_derived.at_node(self._inquiry.at(query), found["ref"])}

    def edge(self, source: str, target: str, kind: str, query: GraphQuery = ALL) -> Json | None:
        """Return one derived tie with all that it follows from; None if it does not."""
        return with_derived.edge(self._inquiry.at(query), source, target, kind)
