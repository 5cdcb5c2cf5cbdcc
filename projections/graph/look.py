"""One look at the network with one reader's eyes: computed from visible claims alone, nothing kept."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from projections.graph.network import EdgeClaim, Network, Parallel
from projections.graph.query import MOST_HOPS, GraphQuery
from projections.shown import DOUBTED, Claim, assessed, shown
from schemas.edtf import NotEdtf, bounds

Json = Any
Tie = tuple[str, str, str, list[EdgeClaim]]


class Look:
    """The graph reduced to what is visible and fits a query. Hold the view's lock while using it.

    Raises:
        NotEdtf: `as_of` of the query is no date.
    """

    def __init__(self, network: Network, allowed: frozenset[int], query: GraphQuery) -> None:
        self.network = network
        self.allowed = allowed
        self.assessments = network.assessments(allowed)
        self._query = query
        self._kinds = frozenset(query.kinds)
        self._tie_kinds = frozenset(query.ties)
        self._date = None if query.as_of is None else bounds(query.as_of)
        self._named_in_country, places = network.said_to_be_in(query.country or "")
        self._tied_to_country = self._tied_to(places)
        self._bounds: dict[str, tuple[date | None, date | None]] = {}

    def sees(self, ref: str) -> bool:
        """Tell whether a node exists for this reader."""
        return self.network.sees(ref, self.allowed)

    def ties(self, ref: str) -> Iterator[Tie]:
        """Yield the ties of a node that fit the query, with their visible claims."""
        return self._fitting(self.network.ties(ref))

    def _are_tied(self, parallel: Parallel) -> bool:
        allowed, wanted = self.allowed, self._tie_kinds
        if not wanted and self._date is None:
            return _is_visible(parallel, allowed)
        for kind, held in parallel.items():
            if wanted and kind not in wanted:
                continue
            visible = [claim for claim in held["claims"] if claim.label in allowed]
            if visible and (self._date is None or self._holds_then(visible)):
                return True
        return False

    def _fitting(self, ties: Iterable[Tie]) -> Iterator[Tie]:
        allowed, wanted = self.allowed, self._tie_kinds
        for source, target, kind, claims in ties:
            if wanted and kind not in wanted:
                continue
            visible = [claim for claim in claims if claim.label in allowed]
            if visible and (self._date is None or self._holds_then(visible)):
                yield source, target, kind, visible

    def around(self) -> tuple[list[str], int]:
        """Return the nodes within the query's hops, nearest first, and how many there are in all."""
        query = self._query
        graph = self.network.graph
        keep = self.fits if self._kinds or query.country is not None else self.sees
        seen = {ref for ref in query.about if self.sees(ref)}
        found = frontier = sorted(seen)
        for _ in range(min(query.hops, MOST_HOPS)):
            reached = set()
            for ref in frontier:
                for ties in (graph.out_of(ref), graph.into(ref)):
                    for other, parallel in ties.items():
                        if other in seen or other in reached:
                            continue
                        if self._are_tied(parallel) and keep(other):
                            reached.add(other)
            seen |= reached
            frontier = sorted(reached)
            found = found + frontier
        return found[: query.limit], len(found)

    def overall(self, newest: Sequence[str]) -> tuple[list[str], int]:
        """Return nodes by reference, `newest` before others if not all fit, and how many there are in all."""
        query = self._query
        found = [ref for ref in newest if self.fits(ref)][: query.limit]
        have = set(found)
        if query.country is not None:
            near = [ref for ref in self._tied_to_country | self._named_in_country if self.fits(ref)]
            rest = sorted(ref for ref in near if ref not in have)
            return sorted(found + rest[: query.limit - len(found)]), len(near)
        total = self.network.size(self.allowed, self._kinds)
        if len(found) < min(query.limit, total):
            others = sorted(self.network.of_kinds(self._kinds) - have)
            found += islice((ref for ref in others if self.sees(ref)), query.limit - len(found))
        return sorted(found), total

    def fits(self, ref: str) -> bool:
        """Tell whether a node is visible and fits the query's kinds and country."""
        if self._kinds and ref.partition(":")[0] not in self._kinds:
            return False
        return self.sees(ref) and (self._query.country is None or self._is_in(ref, self._query.country))

    def _tied_to(self, places: Iterable[str]) -> set[str]:
        """Return places, as far as they are visible, and who has a visible tie to one of them."""
        allowed = self.allowed
        tied = {place for place in places if self.sees(place)}
        for place in tuple(tied):
            for other, parallel in self.network.graph.into(place).items():
                if _is_visible(parallel, allowed):
                    tied.add(other)
        return tied

    def _is_in(self, ref: str, country: str) -> bool:
        if ref in self._tied_to_country:
            return True
        if ref not in self._named_in_country:
            return False
        claims = self.network.light(ref, "country", self.allowed)
        said = any(claim.value == country for claim in claims)
        return said and country in shown(claims, self.assessments).values

    def _holds_then(self, claims: Sequence[EdgeClaim]) -> bool:
        first, last = self._date or (None, None)
        since, until = self._when(claims, "since"), self._when(claims, "until")
        begins = None if since is None else self._bounds_of(since)[0]
        ends = None if until is None else self._bounds_of(until)[1]
        return not ((begins and last and begins > last) or (ends and first and ends < first))

    def _bounds_of(self, when: str) -> tuple[date | None, date | None]:
        known = self._bounds.get(when)
        if known is None:
            try:
                known = bounds(when)
            except NotEdtf:
                # A moment with a fraction of a second, say, is finer than EDTF allows; its day is not.
                known = bounds(when[:10])
            self._bounds[when] = known
        return known

    def span(self, claims: Iterable[EdgeClaim], end: str) -> list[Claim]:
        """Return what claims say about `since` or `until` of a tie."""
        dates = ((claim.since if end == "since" else claim.until, claim.origin) for claim in claims)
        return [Claim(when, origin) for when, origin in dates if when is not None]

    def _when(self, claims: Sequence[EdgeClaim], end: str) -> str | None:
        dated = self.span(claims, end)
        if not dated:
            return None
        when: str = dated[0].value if len(dated) == 1 else shown(dated, self.assessments).value
        return when

    def edges_among(self, refs: Collection[str]) -> Iterator[Json]:
        """Yield the ties between some nodes, sorted."""
        among = set(refs)
        for ref in sorted(among):
            yield from self.edges_from(ref, among)

    def edges_from(self, ref: str, among: Collection[str]) -> list[Json]:
        """Return the outgoing ties of a node that end at one of `among`, sorted."""
        ties = [tie for tie in self._fitting(self.network.out_ties(ref)) if tie[1] in among]
        return [self.edge(*tie) for tie in sorted(ties, key=lambda tie: (tie[2], tie[1]))]

    def edge(self, source: str, target: str, kind: str, claims: Sequence[EdgeClaim]) -> Json:
        """Return the short form of a tie from its visible claims."""
        return {
            "from": source,
            "to": target,
            "kind": kind,
            "since": self._when(claims, "since"),
            "until": self._when(claims, "until"),
            "claims": 1 if len(claims) == 1 else len({claim.origin.position for claim in claims}),
            "status": "disputed" if all(self._is_doubted(claim) for claim in claims) else "active",
        }

    def _is_doubted(self, claim: EdgeClaim) -> bool:
        about = self.assessments(claim.origin)
        return bool(about) and assessed(Claim(None, claim.origin), about) in DOUBTED

    def node(self, ref: str) -> Json:
        """Return the short form of a node: what it is called, where it is, how it stands."""
        kind, _, local = ref.partition(":")
        said: dict[str, Json] = {"ref": ref, "kind": kind, "label": ref}
        disputed = []
        for name, claims in sorted(self._light(ref).items()):
            found = shown(claims, self.assessments)
            said[name] = plain(found.value) or ref if name == "label" else found.value
            if found.disputed:
                disputed.append(name)
        if kind in ("place", "standard"):
            said["label"] = local
        return {**said, "disputed": disputed} if disputed else said

    def _light(self, ref: str) -> dict[str, list[Claim]]:
        found: defaultdict[str, list[Claim]] = defaultdict(list)
        for claim in self.network.nodes[ref].told:
            for prop in claim.light:
                if prop.label in self.allowed:
                    found[prop.name].append(Claim(prop.value, claim.origin, prop.pointer))
        return found

    def acquaintances(self, ref: str, ignored: Collection[str], most: int | None) -> set[str]:
        """Return who is tied to a node, in any direction; nobody if it has more than `most` visible ties."""
        others = []
        for source, target, kind, _ in self.ties(ref):
            if kind not in ignored:
                others.append(target if source == ref else source)
                if most is not None and len(others) > most:
                    return set()
        return {other for other in others if self.sees(other)}

    def proofs(self, here: str, there: str, ignored: Collection[str], most: int) -> list[Json]:
        """Return the ties between two nodes, both directions, each with at most `most` events behind it."""
        ties = [tie for tie in self.ties(here) if there in tie[:2] and tie[2] not in ignored]
        told = []
        for tie in sorted(ties, key=lambda tie: (tie[2], tie[0], tie[1])):
            origins = {claim.origin for claim in tie[3]}
            behind = sorted(origins, key=lambda origin: (origin.time, origin.source, origin.id))
            told.append({**self.edge(*tie), "events": [origin.as_json() for origin in behind[:most]]})
        return told


def _is_visible(parallel: Parallel, allowed: frozenset[int]) -> bool:
    for held in parallel.values():
        for claim in held["claims"]:
            if claim.label in allowed:
                return True
    return False


def plain(text: Json) -> str:
    """Return one text to show for a text or a map by language, English first; "" for anything else."""
    if isinstance(text, dict):
        texts = [
            text[language] for language in sorted(text, key=lambda language: (language != "en", language))
        ]
        # A sealed block is a map of texts, too, but nothing to show.
        text = "" if "ct" in text or not texts else texts[0]
    return text if isinstance(text, str) else ""
