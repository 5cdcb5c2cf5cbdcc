"""Suggestions as one class of readers may see them."""

from collections.abc import Sequence
from typing import Any

from projections.alike import Reason
from projections.graph.look import Look, look_at
from projections.graph.query import ALL
from projections.graph.view import Graph
from projections.identities import Identities
from projections.labels import Allowed
from projections.suggestions.incidents import Incidents
from projections.suggestions.likely import Match, mutual
from projections.suggestions.persons import Persons
from projections.suggestions.query import MOST_RECORDS, SuggestionQuery

Json = Any

_MODEL = "hub suggestions, 1"


class SuggestionSight:
    """Suggests what people may judge, from what they may see; nothing is kept between questions.

    Args:
        view: of the names.
        graph: of all claims.
        allowed: what these readers may see.
    """

    def __init__(self, view: Identities, graph: Graph, allowed: Allowed) -> None:
        self._view = view
        self._graph = graph
        self._allowed = allowed

    def suggestions(self, query: SuggestionQuery) -> Json | None:
        """Return the open suggestions for some records; None if these readers do not know `about`."""
        allowed = self._allowed.numbers()
        finder: Persons | Incidents
        if query.wanted == "lawyer":
            finder = Persons(self._view, self._graph, allowed, self._labels(query, allowed))
        else:
            finder = Incidents(self._graph, allowed)
        order = finder.newest() if query.about is None else self._meant(query, allowed)
        if order is None:
            return None
        end = query.offset + min(query.limit, MOST_RECORDS)
        pairs = list(mutual(order[query.offset : end], finder.find))
        ranks = {ref: rank for rank, ref in enumerate(order)}
        # Of two records on the list, a pair stands at the first.
        found = [(ref, one) for ref, one in pairs if ranks[ref] <= ranks.get(one.other, len(order))]
        with self._graph.lock:
            look = look_at(self._graph, allowed, ALL)
            items = [self._item(look, query.wanted, ref, one) for ref, one in found]
        return {"items": items, "next": end if end < len(order) else None}

    def _labels(self, query: SuggestionQuery, allowed: frozenset[int]) -> frozenset[int]:
        """Return the labels whose names may take part; of one's own partner alone unless he asks across partners."""
        if query.across:
            return allowed
        own = self._allowed.reader.partner
        return frozenset(number for number in allowed if self._view.labels.label(number).publisher == own)

    def _meant(self, query: SuggestionQuery, allowed: frozenset[int]) -> list[str] | None:
        """Return the records that `about` means: itself, or those of the wanted kind at the other end of a threat."""
        with self._graph.lock:
            look = look_at(self._graph, allowed, ALL)
            about = look.merged.of(str(query.about))
            if not look.sees(about):
                return None
            if about.startswith(f"{query.wanted}:"):
                return [about]
            ends = {end for tie in look.ties(about) if tie[2] == "TARGETS" for end in tie[:2]}
            return sorted(end for end in ends if end.startswith(f"{query.wanted}:"))

    def _item(self, look: Look, kind: str, ref: str, match: Match) -> Json:
        left, right = sorted((ref, match.other))
        return {
            "kind": kind,
            "left": look.node(left),
            "right": look.node(right),
            "score": match.score,
            "tier": match.tier,
            "reasons": list(match.reasons),
            "events": [origin.as_json() for origin in dict.fromkeys(match.events)],
            "judge": {
                "left": left,
                "right": right,
                "judgement": None,
                "basis": _basis(kind, match.reasons),
                "score_model": _MODEL,
            },
        }


def _basis(kind: str, reasons: Sequence[Reason]) -> list[str]:
    if kind == "threat":
        return ["same_incident"]
    is_numbered = any(one.form == "number_same" for one in reasons)
    return ["bar_number", "name_transliteration"] if is_numbered else ["name_transliteration"]
