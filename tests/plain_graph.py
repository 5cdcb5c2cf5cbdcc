"""The graph asked the plain way: claim by claim, node by node. What is quick has to answer the same."""

from typing import Any

from projections.graph.eyes import Eyes, Tie
from projections.graph.look import Look, plain
from projections.graph.query import GraphQuery
from projections.shown import DOUBTED, Claim, assessed, shown

Json = Any


class PlainGraph:
    """Answers one query from the claims that `Eyes` gives.

    Args:
        eyes: with which to look.
        query: the question.
    """

    def __init__(self, eyes: Eyes, query: GraphQuery) -> None:
        self._eyes = eyes
        self._query = query

    def answer(self) -> Json:
        """Return what `GraphSight.graph` returns about some nodes."""
        refs, total = self._around()
        edges = sorted(
            (edge for ref in refs for edge in self._edges(ref, set(refs))),
            key=lambda one: (one["from"], one["kind"], one["to"]),
        )
        return {"nodes": [self.node(ref) for ref in refs], "edges": edges, "truncated": total - len(refs)}

    def listed(self, ref: str, most: int) -> Json:
        """Return what `Look.listed` returns."""
        found: dict[str, list[tuple[str, str, Json]]] = {}
        for tie in self._ties(ref):
            other = tie[1] if tie[0] == ref else tie[0]
            found.setdefault(tie[2], []).append((other, tie[0], self.edge(*tie)))
        kinds = {kind: sorted(found[kind], key=lambda one: one[:2]) for kind in sorted(found)}
        kept = {kind: [(one[0], one[2]) for one in listed[:most]] for kind, listed in kinds.items()}
        return kept, sum(max(0, len(listed) - most) for listed in kinds.values())

    def _ties(self, ref: str) -> list[Tie]:
        return [tie for tie in self._eyes.ties(ref) if not self._query.ties or tie[2] in self._query.ties]

    def _around(self) -> tuple[list[str], int]:
        of = self._eyes.merged.of
        found = frontier = sorted({of(ref) for ref in self._query.about if self._eyes.sees(of(ref))})
        for _ in range(min(self._query.hops, 4)):
            reached = {end for ref in frontier for tie in self._ties(ref) for end in tie[:2]}
            frontier = sorted(ref for ref in reached.difference(found) if self._fits(ref))
            found = found + frontier
        return found[: self._query.limit], len(found)

    def _fits(self, ref: str) -> bool:
        if self._query.kinds and ref.partition(":")[0] not in self._query.kinds:
            return False
        assert self._eyes.sees(ref)
        return self._query.country is None or self._is_in(ref, self._query.country)

    def _is_in(self, ref: str, country: str) -> bool:
        ends = [tie[1] for tie in self._eyes.ties(ref) if tie[0] == ref]
        places = [one for one in (ref, *ends) if one.startswith("place:")]
        if any(place.partition(":")[2][:2] == country for place in places):
            return True
        claims = self._props(ref).get("country", [])
        return bool(claims) and country in shown(claims, self._eyes.assessments).values

    def _edges(self, ref: str, among: set[str]) -> list[Json]:
        ties = [tie for tie in self._ties(ref) if tie[0] == ref and tie[1] in among]
        if self._query.past:
            live = {tie[:3] for tie in ties}
            ended = (tie for one in sorted(among) for tie in self._ended(ref, one))
            ties += [tie for tie in ended if tie[:3] not in live]
        return [self.edge(*tie) for tie in ties]

    def _ended(self, ref: str, other: str) -> list[Tie]:
        kinds = self._eyes.history.network.kinds_between(ref, other)
        wanted = [kind for kind in kinds if not self._query.ties or kind in self._query.ties]
        found = [(ref, other, kind, self._eyes.ended(ref, other, kind)) for kind in wanted]
        return [tie for tie in found if tie[3]]

    def edge(self, source: str, target: str, kind: str, claims: Json) -> Json:
        """Return the short form of a tie."""
        eyes = self._eyes
        doubts = [
            assessed(Claim(None, one.origin), eyes.assessments(one.origin)) in DOUBTED for one in claims
        ]
        status = "disputed" if all(doubts) else "active"
        if eyes.then.upto is None and claims[0].origin.position < 0:
            is_over = all(eyes.history.is_retracted(one.origin.position) for one in claims)
            status = "retracted" if is_over else "superseded"
        return {
            "from": source,
            "to": target,
            "kind": kind,
            "since": self._when([(one.since, one.origin) for one in claims]),
            "until": self._when([(one.until, one.origin) for one in claims]),
            "claims": len({one.origin.position for one in claims}),
            "status": status,
        }

    def _when(self, dates: Json) -> Json:
        claims = [Claim(when, origin) for when, origin in dates if when is not None]
        return shown(claims, self._eyes.assessments).value if claims else None

    def _props(self, ref: str) -> dict[str, list[Claim]]:
        found: dict[str, list[Claim]] = {}
        for claim in self._eyes.told(ref):
            for prop in claim.light:
                if prop.label in self._eyes.allowed:
                    found.setdefault(prop.name, []).append(Claim(prop.value, claim.origin, prop.pointer))
        return found

    def node(self, ref: str) -> Json:
        """Return the short form of a node."""
        kind, _, local = ref.partition(":")
        found = {
            name: shown(claims, self._eyes.assessments) for name, claims in sorted(self._props(ref).items())
        }
        said = {"ref": ref, "kind": kind, "label": ref} | {name: one.value for name, one in found.items()}
        said["label"] = local if kind in ("place", "standard") else plain(said["label"]) or ref
        members = self._eyes.merged.all_of(ref)
        if len(members) > 1:
            said["same"] = [one for one in members if one != ref]
        disputed = [name for name, one in found.items() if one.disputed]
        return {**said, "disputed": disputed} if disputed else said


def quick(look: Look) -> Json:
    """Return what `GraphSight.graph` returns about some nodes, from a look with the same eyes and query."""
    refs, total = look.around()
    edges = look.edges_among(refs)
    return {"nodes": [look.node(ref) for ref in refs], "edges": edges, "truncated": total - len(refs)}
