"""One look at the network with one reader's eyes: computed from visible claims alone, nothing kept."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from itertools import islice
from typing import TYPE_CHECKING, Any

from projections.graph.claims import EdgeClaim
from projections.graph.eyes import Eyes, Tie
from projections.graph.query import MOST_HOPS, GraphQuery, then_of
from projections.shown import DOUBTED, Claim, assessed, shown

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any


class Look(Eyes):
    """The graph reduced to what is visible and fits a query. Hold the view's lock while using it."""

    def __init__(self, eyes: Eyes, query: GraphQuery) -> None:
        super().__init__(eyes.network, eyes.allowed, eyes.then, eyes.history, eyes.merged)
        self._query = query
        self._kinds = frozenset(query.kinds)
        self._tie_kinds = frozenset(query.ties)
        named, places = self._said_to_be_in(query.country or "")
        self._named_in_country = {self.merged.of(ref) for ref in named}
        self._tied_to_country = self._tied_to(places)

    def _said_to_be_in(self, country: str) -> tuple[set[str], list[str]]:
        named, places = self.network.said_to_be_in(country)
        if self.then.upto is None:
            return named, places
        past = self.history.network.said_to_be_in(country)
        return named | past[0], sorted({*places, *past[1]})

    @property
    def _is_plain(self) -> bool:
        """Whether the network itself may be walked: now, and nobody is read as another."""
        return not self.then and not self.merged

    def ties(self, ref: str) -> Iterator[Tie]:
        """Yield the ties of a node that fit the query, with their visible claims."""
        wanted = self._tie_kinds
        for tie in super().ties(ref):
            if not wanted or tie[2] in wanted:
                yield tie

    def _neighbours(self, ref: str) -> Iterator[str]:
        if not self._is_plain or self._tie_kinds:
            for source, target, *_ in self.ties(ref):
                yield target if source == ref else source
            return
        graph = self.network.graph
        for ties in (graph.out_of(ref), graph.into(ref)):
            for other, parallel in ties.items():
                if self.are_tied(parallel):
                    yield other

    def around(self) -> tuple[list[str], int]:
        """Return the nodes within the query's hops, nearest first, and how many there are in all."""
        query = self._query
        keep = self.fits if self._kinds or query.country is not None else self._keeps
        seen = {one for ref in query.about if self.sees(one := self.merged.of(ref))}
        found = frontier = sorted(seen)
        for _ in range(min(query.hops, MOST_HOPS)):
            reached: set[str] = set()
            for ref in frontier:
                reached.update(
                    other
                    for other in self._neighbours(ref)
                    if other not in seen and other not in reached and keep(other)
                )
            seen |= reached
            frontier = sorted(reached)
            found = found + frontier
        return found[: query.limit], len(found)

    def _keeps(self, _: str) -> bool:
        # Whoever is at the end of a visible tie is visible.
        return True

    def overall(self, newest: Sequence[str]) -> tuple[list[str], int]:
        """Return nodes by reference, `newest` before others if not all fit, and how many there are in all."""
        query = self._query
        found = [ref for ref in newest if self.fits(ref)][: query.limit]
        have = set(found)
        if query.country is not None:
            near = [ref for ref in self._tied_to_country | self._named_in_country if self.fits(ref)]
            rest = sorted(ref for ref in near if ref not in have)
            return sorted(found + rest[: query.limit - len(found)]), len(near)
        total = self._size()
        if len(found) < min(query.limit, total):
            others = sorted(self._all_of_kinds() - have)
            found += islice((ref for ref in others if self.sees(ref)), query.limit - len(found))
        return sorted(found), total

    def _all_of_kinds(self) -> set[str]:
        refs = self.network.of_kinds(self._kinds)
        return refs if self.then.upto is None else refs | self.history.network.of_kinds(self._kinds)

    def everyone(self) -> list[str]:
        """Return all visible nodes, sorted."""
        return sorted(ref for ref in self._all_of_kinds() if self.sees(ref))

    def _size(self) -> int:
        if self._is_plain:
            return self.network.size(self.allowed, self._kinds)
        return sum(1 for ref in self._all_of_kinds() if self.sees(ref))

    def fits(self, ref: str) -> bool:
        """Tell whether a node is visible and fits the query's kinds and country."""
        if self._kinds and ref.partition(":")[0] not in self._kinds:
            return False
        return self.sees(ref) and (self._query.country is None or self._is_in(ref, self._query.country))

    def _tied_to(self, places: Iterable[str]) -> set[str]:
        """Return places, as far as they are visible, and who has a visible tie to one of them."""
        tied = {place for place in places if self.sees(place)}
        for place in tuple(tied):
            tied.update(source for source, target, *_ in Eyes.ties(self, place) if target == place)
        return tied

    def _is_in(self, ref: str, country: str) -> bool:
        if ref in self._tied_to_country:
            return True
        if ref not in self._named_in_country:
            return False
        claims = self._light(ref).get("country", ())
        said = any(claim.value == country for claim in claims)
        return said and country in shown(claims, self.assessments).values

    def edges_among(self, refs: Collection[str]) -> Iterator[Json]:
        """Yield the ties between some nodes, sorted."""
        among = set(refs)
        for ref in sorted(among):
            yield from self.edges_from(ref, among)

    def edges_from(self, ref: str, among: Set[str]) -> list[Json]:
        """Return the outgoing ties of a node that end at one of `among`, sorted."""
        ties = list(self._ties_into(ref, among))
        found = [self.edge(*tie) for tie in ties]
        if self._query.past:
            live = {tie[:3] for tie in ties}
            found += [self.edge(*tie) for tie in self._ended(ref, among) if tie[:3] not in live]
        return sorted(found, key=lambda edge: (edge["kind"], edge["to"]))

    def _ties_into(self, ref: str, among: Set[str]) -> Iterator[Tie]:
        """Yield the outgoing ties of a node that end at one of `among`; of a place thousands of others are not read."""
        if not self._is_plain:
            yield from (tie for tie in self.ties(ref) if tie[0] == ref and tie[1] in among)
            return
        ties, wanted = self.network.graph.out_of(ref), self._tie_kinds
        few, many = (among, ties) if len(among) < len(ties) else (ties, among)
        for target in (one for one in few if one in many):
            for kind, held in ties[target].items():
                visible = [claim for claim in held["claims"] if claim.label in self.allowed]
                if visible and (not wanted or kind in wanted):
                    yield ref, target, kind, visible

    def _ended(self, ref: str, among: Set[str]) -> Iterator[Tie]:
        """Yield the outgoing ties of a node that events said once, with the claims of then."""
        for target in sorted(among):
            for kind in sorted(self.history.network.kinds_between(ref, target)):
                claims = self.ended(ref, target, kind)
                if claims and (not self._tie_kinds or kind in self._tie_kinds):
                    yield ref, target, kind, claims

    def edge(self, source: str, target: str, kind: str, claims: Sequence[EdgeClaim]) -> Json:
        """Return the short form of a tie from its visible claims."""
        return {
            "from": source,
            "to": target,
            "kind": kind,
            "since": self.when(claims, "since"),
            "until": self.when(claims, "until"),
            "claims": 1 if len(claims) == 1 else len({claim.origin.position for claim in claims}),
            "status": self._status(claims),
        }

    def _status(self, claims: Sequence[EdgeClaim]) -> str:
        if self.then.upto is None and claims[0].origin.position < 0:
            is_over = all(self.history.is_retracted(claim.origin.position) for claim in claims)
            return "retracted" if is_over else "superseded"
        return "disputed" if all(self._is_doubted(claim) for claim in claims) else "active"

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
        if len(self.merged.all_of(ref)) > 1:
            said["same"] = [one for one in self.merged.all_of(ref) if one != ref]
        return {**said, "disputed": disputed} if disputed else said

    def _light(self, ref: str) -> dict[str, list[Claim]]:
        found: defaultdict[str, list[Claim]] = defaultdict(list)
        said = ((claim.origin, prop) for claim in self.told(ref) for prop in claim.light)
        for origin, prop in (one for one in said if one[1].label in self.allowed):
            found[prop.name].append(Claim(prop.value, origin, prop.pointer))
        return found

    def proofs(self, here: str, there: str, ignored: Collection[str], most: int) -> list[Json]:
        """Return the ties between two nodes, both directions, each with at most `most` events behind it."""
        ties = [tie for tie in self.ties(here) if there in tie[:2] and tie[2] not in ignored]
        told = []
        for tie in sorted(ties, key=lambda tie: (tie[2], tie[0], tie[1])):
            origins = {claim.origin for claim in tie[3]}
            behind = sorted(origins, key=lambda origin: (origin.time, origin.source, origin.id))
            told.append({**self.edge(*tie), "events": [origin.as_json() for origin in behind[:most]]})
        return told


def look_at(view: "Graph", allowed: frozenset[int], query: GraphQuery) -> Look:
    """Return the graph as it is asked for, with some labels. Hold the lock while calling and using it.

    Raises:
        NotEdtf: `as_of` is no date.
    """
    return Look(view.eyes(allowed, then_of(query), merge=query.merge), query)


def plain(text: Json) -> str:
    """Return one text to show for a text or a map by language, English first; "" for anything else."""
    if isinstance(text, dict):
        texts = [
            text[language] for language in sorted(text, key=lambda language: (language != "en", language))
        ]
        # A sealed block is a map of texts, too, but nothing to show.
        text = "" if "ct" in text or not texts else texts[0]
    return text if isinstance(text, str) else ""
