"""What one class of readers may see of the network: at which time, and whom it reads as one. Nothing else counts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from projections.graph.claims import EdgeClaim, Judgement, Node, NodeClaim
from projections.graph.history import History
from projections.graph.journal import Journal
from projections.graph.merging import NOBODY, Merged, merged
from projections.graph.network import Network
from projections.graph.query import NOW, Days, Then
from projections.shown import Assessment, Claim, Origin, shown
from schemas.edtf import NotEdtf, bounds

Tie = tuple[str, str, str, Sequence[EdgeClaim]]


@dataclass(slots=True)
class Eyes:
    """The visible claims. Hold the view's lock while using it.

    Args:
        network: of all claims.
        allowed: numbers of the labels that these readers may see.
        then: the moment looked at.
        history: what events said before; needed only where `then.upto` is given.
        merged: which references are read as one.
        journal: of all ties.
    """

    network: Network
    allowed: frozenset[int]
    then: Then = NOW
    history: History = field(default_factory=History)
    merged: Merged = NOBODY
    journal: Journal = field(default_factory=Journal)
    _bounds: dict[str, Days] = field(default_factory=dict)

    def assessments(self, origin: Origin) -> Sequence[Assessment]:
        """Return the visible assessments of an event."""
        found = self.network.assessed(origin.id)
        if self.then.upto is not None:
            found = [*found, *self.history.network.assessed(origin.id)]
        if not found:
            return ()
        return [one for place, label, one in found if label in self.allowed and self._was_known(place)]

    def is_assessed(self, origin: Origin) -> bool:
        """Tell whether anybody assessed an event; whether these readers may know that, `assessments` tells."""
        if self.network.assessed(origin.id):
            return True
        return self.then.upto is not None and bool(self.history.network.assessed(origin.id))

    def sees(self, ref: str) -> bool:
        """Tell whether a node exists for these readers at that moment; one that is read as another does not."""
        if self.merged.of(ref) != ref:
            return False
        return any(self._sees(one) for one in self.merged.all_of(ref))

    def _sees(self, ref: str) -> bool:
        if not self.then:
            return self.network.sees(ref, self.allowed)
        return any(True for _ in self._told(ref)) or any(True for _ in self._own_ties(ref))

    def told(self, ref: str) -> Iterable[NodeClaim]:
        """Return the visible claims on a node and on all that is read as it."""
        if ref not in self.merged.members:
            if self.then:
                return self._told(ref)
            node, allowed = self.network.nodes.get(ref), self.allowed
            return [claim for claim in node.told if claim[1] in allowed] if node is not None else ()
        return (claim for one in self.merged.all_of(ref) for claim in self._told(one))

    def told_of(self, name: str) -> Iterable[NodeClaim]:
        """Return the visible claims on one name alone, whoever it is read as."""
        return self._told(name)

    def _told(self, ref: str) -> Iterable[NodeClaim]:
        node = self.network.nodes.get(ref)
        if not self.then:
            allowed = self.allowed
            return [claim for claim in node.told if claim.label in allowed] if node is not None else ()
        return self._told_then(ref, node)

    def _told_then(self, ref: str, node: Node | None) -> Iterator[NodeClaim]:
        claims: Iterable[NodeClaim] = () if node is None else node.told
        past = self.history.network.nodes.get(ref) if self.then.upto is not None else None
        if past is not None:
            claims = [*claims, *past.told]
        for claim in claims:
            if claim.label in self.allowed and self._was_so(claim.origin):
                yield claim

    def ties(self, ref: str) -> Iterator[Tie]:
        """Yield the visible ties of a node, outgoing first, each with its visible claims."""
        if not self.merged:
            yield from self._own_ties(ref)
            return
        if ref not in self.merged.canonical:
            # Most are nobody else, and tied to nobody who is.
            ties = list(self._own_ties(ref))
            renamed = self.merged.canonical
            if not any(tie[0] in renamed or tie[1] in renamed for tie in ties):
                yield from ties
                return
        together: defaultdict[tuple[str, str, str], list[EdgeClaim]] = defaultdict(list)
        for one in self.merged.all_of(ref):
            for said, of, kind, claims in self._own_ties(one):
                source, target = self.merged.of(said), self.merged.of(of)
                # That two who are one are tied is nothing; that somebody is tied to himself was said.
                if source != target or said == of:
                    together[source, target, kind] += claims
        for (source, target, kind), claims in together.items():
            yield source, target, kind, claims

    def _own_ties(self, ref: str) -> Iterator[Tie]:
        """Yield the visible ties of one reference."""
        allowed, is_now = self.allowed, not self.then
        for source, target, kind, claims in self._all_ties(ref):
            visible = [claim for claim in claims if claim.label in allowed]
            if visible and not is_now:
                visible = [claim for claim in visible if self._was_known(claim.origin.position)]
            if visible and (self.then.days is None or self._holds_then(visible)):
                yield source, target, kind, visible

    def _all_ties(self, ref: str) -> Iterable[Tie]:
        now = self.network.ties(ref) if ref in self.network.nodes else ()
        if self.then.upto is None:
            return now
        # Two versions of a tie are one tie, whose claims are told apart by when they held.
        found: dict[tuple[str, str, str], list[EdgeClaim]] = {}
        past = self.history.network
        for source, target, kind, claims in (*now, *(past.ties(ref) if ref in past.nodes else ())):
            found.setdefault((source, target, kind), []).extend(claims)
        return [(*key, claims) for key, claims in found.items()]

    def said(self, source: str, target: str, kind: str) -> list[EdgeClaim]:
        """Return the visible claims on a tie between two references as events name them; none if it does not hold."""
        allowed = self.allowed
        if not self.then:
            return [claim for claim in self.network.edge(source, target, kind) if claim.label in allowed]
        every = self.network.edge(source, target, kind)
        if self.then.upto is not None:
            every = [*every, *self.history.network.edge(source, target, kind)]
        found = [one for one in every if one.label in allowed and self._was_known(one.origin.position)]
        return found if self.then.days is None or not found or self._holds_then(found) else []

    def claims(self, source: str, target: str, kind: str) -> list[EdgeClaim]:
        """Return the visible claims behind one tie; none if there is none at that moment."""
        ends = self.merged.of(source), self.merged.of(target)
        if ends != (source, target):
            return []
        networks = [self.network] if self.then.upto is None else [self.network, self.history.network]
        found = [
            claim
            for network in networks
            for one in self.merged.all_of(source)
            for other in self.merged.all_of(target)
            if source != target or one == other
            for claim in network.edge(one, other, kind)
            if claim.label in self.allowed and self._was_known(claim.origin.position)
        ]
        return found if self.then.days is None or not found or self._holds_then(found) else []

    def ended(self, source: str, target: str, kind: str) -> list[EdgeClaim]:
        """Return the claims that events once made on one tie and make no more, as far as they may be shown."""
        past = self.history.network.edge(source, target, kind)
        # Of one event the last word alone: whether it said more in between may be hidden.
        last = {(one.origin.source, one.origin.id): one for one in past if one.label in self.allowed}
        return list(last.values())

    def sees_judgement(self, one: Judgement) -> bool:
        """Tell whether these readers may know what somebody judged, and whether it was judged then."""
        return one.claim.label in self.allowed and self._was_known(one.claim.origin.position)

    def _was_known(self, place: int) -> bool:
        """Tell whether the hub knew then what the event, or the version of one, at a place says."""
        upto = self.then.upto
        if upto is None:
            return True
        return self.history.held(place, upto) if place < 0 else self.history.began(place) <= upto

    def _was_so(self, origin: Origin) -> bool:
        """Tell whether what an event says of a node was known and so then."""
        if not self._was_known(origin.position):
            return False
        last = None if self.then.days is None else self.then.days[1]
        begins = None if origin.as_of is None else self._days(origin.as_of)[0]
        return last is None or begins is None or begins <= last

    def _holds_then(self, claims: Sequence[EdgeClaim]) -> bool:
        first, last = self.then.days or (None, None)
        since, until = self.when(claims, "since"), self.when(claims, "until")
        begins = None if since is None else self._days(since)[0]
        ends = None if until is None else self._days(until)[1]
        return not ((begins and last and begins > last) or (ends and first and ends < first))

    def _days(self, when: str) -> Days:
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

    def when(self, claims: Sequence[EdgeClaim], end: str) -> str | None:
        """Return the shown `since` or `until` of a tie."""
        dated = self.span(claims, end)
        if not dated:
            return None
        when: str = dated[0].value if len(dated) == 1 else shown(dated, self.assessments).value
        return when


_MOST_KEPT = 64


class MergedKept:
    """Remembers for each class of readers and moment whom they read as one, until a judgement may have changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[frozenset[int], int | None], Merged] = {}

    def forget(self) -> None:
        """Let go of all; to be called when a judgement, an assessment, or what was said before may have changed."""
        self._known.clear()

    def applied(self, eyes: Eyes) -> Eyes:
        """Return eyes that read as one what people judged to be the same, as far as they see that."""
        judged = dict(eyes.network.judged)
        if eyes.then.upto is not None:
            for pair, said in eyes.history.network.judged.items():
                judged[pair] = [*judged.get(pair, ()), *said]
        if not judged:
            return eyes
        key = eyes.allowed, eyes.then.upto
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            known = self._known[key] = merged(judged, eyes.sees_judgement, eyes.assessments)
        return replace(eyes, merged=known)
