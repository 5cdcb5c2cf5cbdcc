"""One look at the network with one reader's eyes: computed from visible claims alone, nothing kept."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from itertools import islice, product
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from projections.graph.around.briefs import Shelf
from projections.graph.around.surroundings import Numbers, Surroundings
from projections.graph.around.ties import Key, Ties
from projections.graph.around.values import Given, claims_of, value_of
from projections.graph.around.within import within
from projections.graph.claims import CODED_KINDS, LIGHT, EdgeClaim, NodeClaim
from projections.graph.eyes import Eyes, Tie
from projections.graph.query import GraphQuery, then_of
from projections.shown import DOUBTED, Claim, assessed, shown

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any

_LIGHT = tuple(sorted(LIGHT))


class Look(Eyes):
    """The graph reduced to what is visible and fits a query. Hold the view's lock while using it.

    Args:
        eyes: with which to look.
        query: what has to fit, and `tie_kinds` the ties among it.
        shelf: where short forms are kept, if they are, and the moment is now.
    """

    def __init__(self, eyes: Eyes, query: GraphQuery, shelf: Shelf | None = None) -> None:
        super().__init__(eyes.network, eyes.allowed, eyes.then, eyes.history, eyes.merged, eyes.journal)
        self.query = query
        self._near: Surroundings | None = None
        self.shelf = None if eyes.then else shelf
        self._kinds = frozenset(query.kinds)
        self.tie_kinds = frozenset(query.ties)
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
        wanted = self.tie_kinds
        for tie in super().ties(ref):
            if not wanted or tie[2] in wanted:
                yield tie

    def around(self) -> tuple[list[str], int]:
        """Return the nodes within the query's hops, nearest first, and how many there are in all."""
        near, found, total = self.found_around()
        return near.refs(found), total

    def found_around(self) -> tuple[Surroundings, Numbers, int]:
        """Return the same by ranks, with what knows their ties."""
        query = self.query
        about = sorted({one for ref in query.about if self.sees(one := self.merged.of(ref))})
        self._near = near = Surroundings(self, self.tie_kinds, about)
        return near, *within(near, query.hops, query.limit, self._kinds, self._lies_there())

    def _lies_there(self) -> Callable[[str], bool] | None:
        country = self.query.country
        return None if country is None else lambda ref: self._is_in(ref, country)

    def overall(self, newest: Sequence[str]) -> tuple[list[str], int]:
        """Return nodes by reference, `newest` before others if not all fit, and how many there are in all."""
        query = self.query
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
        return self.sees(ref) and (self.query.country is None or self._is_in(ref, self.query.country))

    def _tied_to(self, places: Iterable[str]) -> set[str]:
        """Return places, as far as they are visible, and who has a visible tie to one of them."""
        tied = {place for place in places if self.sees(place)}
        near = Surroundings(self, frozenset(), tied) if tied else None
        return tied if near is None else tied | {tie[0] for tie in near.arriving(near.asked).keys}

    def _is_in(self, ref: str, country: str) -> bool:
        if ref in self._tied_to_country:
            return True
        if ref not in self._named_in_country:
            return False
        claims = claims_of(self._light(self.told(ref))[0].get("country", ()))
        said = any(claim.value == country for claim in claims)
        return said and country in shown(claims, self.assessments).values

    def edges_among(self, refs: Collection[str]) -> list[Json]:
        """Return the ties between some nodes, sorted."""
        near = self._near or Surroundings(self, self.tie_kinds, refs)
        ties = near.among(near.ranks(refs))
        return self.with_ended(ties, self.edges(ties), set(refs), set(refs))

    def edges_from(self, refs: Collection[str], among: Set[str]) -> list[Json]:
        """Return the outgoing ties of some nodes that end at one of `among`, sorted."""
        near = Surroundings(self, self.tie_kinds, refs)
        ties = near.leaving(near.asked)
        edges = [edge for edge in self.edges(ties) if edge["to"] in among]
        return self.with_ended(ties, edges, set(refs), among)

    def listed(self, ref: str, most: int) -> tuple[dict[str, list[tuple[str, Json]]], int]:
        """Return the first ties of each kind of a node, each behind its other end, and how many are left out."""
        near = Surroundings(self, self.tie_kinds, [ref])
        ties, left_out = near.listed(most)
        found: dict[str, list[tuple[str, Json]]] = {
            kind: [] for kind in sorted({key[2] for key in ties.keys})
        }
        for edge in self.edges(ties):
            other = edge["to"] if edge["from"] == ref else edge["from"]
            found[edge["kind"]].append((other, edge))
        for listed in found.values():
            listed.sort(key=lambda one: (one[0], one[1]["from"]))
            left_out += max(0, len(listed) - most)
            del listed[most:]
        return found, left_out

    def edges(self, ties: Ties) -> list[Json]:
        """Return the short forms of ties."""
        return ties.shown(self.weighed)

    def weighed(self, tie: Key) -> Json:
        """Return the short form of a tie whose claims have to be weighed."""
        return self.edge(*tie, self._behind(*tie))

    def with_ended(self, ties: Ties, edges: list[Json], sources: Set[str], among: Set[str]) -> list[Json]:
        """Return ties, and if the query says so those from some nodes to others that ended, too."""
        if not self.query.past:
            return edges
        live = set(ties.keys)
        ended = [self.edge(*tie) for tie in self._ended(sources, among) if tie[:3] not in live]
        return sorted(edges + ended, key=itemgetter("from", "kind", "to"))

    def _behind(self, source: str, target: str, kind: str) -> list[EdgeClaim]:
        """Return the visible claims behind a tie that holds, under whatever references."""
        if not self.merged:
            return self.said(source, target, kind)
        ends = product(self.merged.all_of(source), self.merged.all_of(target))
        named = ((one, other) for one, other in ends if source != target or one == other)
        return [claim for one, other in named for claim in self.said(one, other, kind)]

    def _ended(self, sources: Set[str], among: Set[str]) -> Iterator[Tie]:
        """Yield the ties from some nodes to others that events said once, with the claims of then."""
        past = self.history.network
        for ref in sources & past.nodes.keys():
            for source, target, kind, _ in past.out_ties(ref):
                claims = self.ended(source, target, kind) if target in among else []
                if claims and (not self.tie_kinds or kind in self.tie_kinds):
                    yield source, target, kind, claims

    def edge(self, source: str, target: str, kind: str, claims: Sequence[EdgeClaim]) -> Json:
        """Return the short form of a tie from its visible claims."""
        if len(claims) == 1:
            _, _, since, until = claims[0]
            count = 1
        else:
            since, until = self.when(claims, "since"), self.when(claims, "until")
            count = len({claim.origin.position for claim in claims})
        return {
            "from": source,
            "to": target,
            "kind": kind,
            "since": since,
            "until": until,
            "claims": count,
            "status": self._status(claims),
        }

    def _status(self, claims: Sequence[EdgeClaim]) -> str:
        if self.then.upto is None and claims[0].origin.position < 0:
            is_over = all(self.history.is_retracted(claim.origin.position) for claim in claims)
            return "retracted" if is_over else "superseded"
        return "disputed" if all(self._is_doubted(claim) for claim in claims) else "active"

    def _is_doubted(self, claim: EdgeClaim) -> bool:
        if not self.is_assessed(claim.origin):
            return False
        about = self.assessments(claim.origin)
        return bool(about) and assessed(Claim(None, claim.origin), about) in DOUBTED

    def node(self, ref: str) -> Json:
        """Return the short form of a node: what it is called, where it is, how it stands."""
        shelf = self.shelf
        return self.short(ref) if shelf is None or ref in self.merged.members else shelf.node(self, ref)

    def short(self, ref: str) -> Json:
        """Return the same out of its claims."""
        kind, _, local = ref.partition(":")
        said: dict[str, Json] = {"ref": ref, "kind": kind, "label": ref}
        claims = list(self.told(ref))
        disputed = []
        if len(claims) == 1 and not self.is_assessed(claims[0].origin):
            self._tell_alone(said, claims[0])
        elif claims:
            disputed = self._tell(said, claims)
        if kind in CODED_KINDS:
            said["label"] = local
        if ref in self.merged.members and len(self.merged.all_of(ref)) > 1:
            said["same"] = [one for one in self.merged.all_of(ref) if one != ref]
        return {**said, "disputed": disputed} if disputed else said

    def _tell_alone(self, said: dict[str, Json], claim: NodeClaim) -> None:
        """Say what the one claim on a node says that nobody assessed: most have no other, and nothing is weighed."""
        allowed = self.allowed
        for name, value, _, label in claim.light:
            if label in allowed:
                said[name] = plain(value) or said["ref"] if name == "label" else value
        if "country" in said and "status" in said:
            said["status"] = said.pop("status")

    def _tell(self, said: dict[str, Json], claims: Sequence[NodeClaim]) -> list[str]:
        """Say what claims on a node say, and return what of it is disputed."""
        disputed = []
        light, is_assessed = self._light(claims)
        for name in _LIGHT:
            given = light.get(name)
            if given is None:
                continue
            if len(given) == 1 and not is_assessed:
                value = given[0][0].value
            else:
                value, is_disputed = value_of(given, self.assessments if is_assessed else None)
                if is_disputed:
                    disputed.append(name)
            said[name] = plain(value) or said["ref"] if name == "label" else value
        return disputed

    def _light(self, claims: Iterable[NodeClaim]) -> tuple[dict[str, list[Given]], bool]:
        """Return what claims say of a node, as far as it stays in memory, by name, and whether any is assessed."""
        allowed = self.allowed
        found: dict[str, list[Given]] = {}
        is_assessed = False
        for origin, _, light in claims:
            if light and not is_assessed:
                is_assessed = self.is_assessed(origin)
            for prop in light:
                name, _, _, label = prop
                if label in allowed:
                    if name in found:
                        found[name].append((prop, origin))
                    else:
                        found[name] = [(prop, origin)]
        return found, is_assessed


def look_at(view: "Graph", allowed: frozenset[int], query: GraphQuery, shelf: Shelf | None = None) -> Look:
    """Return the graph as it is asked for, with some labels. Hold the lock while calling and using it.

    Args:
        view: of the graph.
        allowed: numbers of the labels that these readers may see.
        query: what is asked for.
        shelf: of the class of readers that may see exactly these labels, if short forms are to be kept.

    Raises:
        NotEdtf: `as_of` is no date.
    """
    return Look(view.eyes(allowed, then_of(query), merge=query.merge), query, shelf)


def plain(text: Json) -> str:
    """Return one text to show for a text or a map by language, English first; "" for anything else."""
    if isinstance(text, dict):
        texts = [
            text[language] for language in sorted(text, key=lambda language: (language != "en", language))
        ]
        # A sealed block is a map of texts, too, but nothing to show.
        text = "" if "ct" in text or not texts else texts[0]
    return text if isinstance(text, str) else ""
