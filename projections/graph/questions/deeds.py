"""Deeds: what partners have done for somebody, found by walking visible ties, each with the ties that prove it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from projections.graph.eyes import Eyes, Tie
from projections.graph.questions.said import values_of
from projections.shown import Claim

Json = Any

MOST_ADJOURNED = 50
"""Hearings that follow one another and are looked through."""

_MOST_KNOWN = 200_000
"""Nodes and deeds that are kept while many lawyers are looked at, one after the other."""

UNDONE = frozenset({"failed", "stopped_by_person"})
"""Results of a support by which nothing reached the person."""

_OF_THEM = {"TARGETS": "threat", "NEEDED_BY": "need"}
"""Ties into a person or body, and the kind of thing they come from, by which deeds are found."""

_IN_A_CASE = frozenset({"lawyer", "body", "threat", "trial", "need"})


class Deed(NamedTuple):
    """Something that a partner did.

    Args:
        partner: who, as a reference.
        what: `signed`, `joined`, `led`, `represents`, `observed` or `delivered`.
        on: what was signed, joined, led, observed or delivered; for `represents` who is represented.
        act: the tie that says so.
        path: every tie from whom it was done for to the partner; `act` is among them.
    """

    partner: str
    what: str
    on: str
    act: Tie
    path: tuple[Tie, ...]


class Deeds:
    """Finds deeds with one reader's eyes; each thing is looked at once. Hold the view's lock while using it."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._known: dict[str, list[Deed]] = {}
        self._ties: dict[str, list[Tie]] = {}

    def of(self, ref: str) -> list[Deed]:
        """Return what was done for a lawyer, a body or a case; of several ways to one deed the shortest."""
        found = list(self.about(ref))
        for tie, thing in self._things(ref):
            found += _through(tie, self.about(thing))
        best: dict[tuple[str, str, str], Deed] = {}
        for deed in found:
            key = deed[:3]
            known = best.get(key)
            if known is None or _length(deed) < _length(known):
                best[key] = deed
        return [best[key] for key in sorted(best)]

    def ties(self, ref: str) -> list[Tie]:
        """Return the visible ties of a node."""
        known = self._ties.get(ref)
        if known is None:
            known = self._ties[ref] = _plain_ties(self._eyes, ref) or list(self._eyes.ties(ref))
        return known

    def lighten(self) -> None:
        """Let go of what was looked at if it is a lot."""
        if len(self._ties) + len(self._known) > _MOST_KNOWN:
            self._ties.clear()
            self._known.clear()

    def are_more(self, ref: str, most: int) -> bool:
        """Tell whether a node has more than so many visible ties; of one that has far more, not all are read."""
        return (ref not in self._ties and _surely_more(self._eyes, ref, most)) or len(self.ties(ref)) > most

    def _things(self, ref: str) -> Iterator[tuple[Tie, str]]:
        """Yield what belongs to somebody or to a case: threats, trials, needs, cases, people."""
        is_case = ref.startswith("case:")
        for tie in self.ties(ref):
            source, target, kind, _ = tie
            if is_case:
                if kind == "IN_CASE" and kind_of(source) in _IN_A_CASE:
                    yield tie, source
            elif target == ref and _OF_THEM.get(kind) == kind_of(source):
                yield tie, source
            elif source == ref and kind in ("PARTY_TO", "IN_CASE"):
                yield tie, target

    def about(self, thing: str) -> list[Deed]:
        """Return the deeds about a thing itself, or about the case that it is in."""
        known = self._known.get(thing)
        if known is None:
            known = self._known[thing] = []  # a thing that leads back to itself adds nothing
            for tie in self.ties(thing):
                known += self._by(tie, thing)
        return known

    def _by(self, tie: Tie, thing: str) -> Iterable[Deed]:
        source, target, kind, _ = tie
        if source != thing:
            find = self._finders.get((kind, kind_of(source)))
            return () if find is None else _through(tie, find(self, source))
        if kind == "REPRESENTED_BY" and target.startswith("partner:"):
            return [Deed(target, "represents", thing, tie, (tie,))]
        in_case = kind == "IN_CASE" and kind_of(thing) in ("threat", "trial")
        return _through(tie, self.about(target)) if in_case else ()

    def _signed(self, statement: str) -> list[Deed]:
        return self._once(f"signed {statement}", self._sign(statement))

    def _sign(self, statement: str) -> Iterator[Deed]:
        for tie in self.ties(statement):
            source, target, kind, _ = tie
            if target != statement or kind not in ("SIGNED", "ISSUED"):
                continue
            if source.startswith("partner:"):
                yield Deed(source, "signed", statement, tie, (tie,))
            else:
                for member in self.ties(source):
                    if member[2] == "IS_BODY" and member[1] == source:
                        yield Deed(member[0], "signed", statement, tie, (tie, member))

    def _joined(self, action: str) -> list[Deed]:
        return self._once(f"joined {action}", self._join(action))

    def _join(self, action: str) -> Iterator[Deed]:
        for tie in self.ties(action):
            source, target, kind, _ = tie
            if kind == "JOINS" and target == action:
                yield Deed(source, "joined", action, tie, (tie,))
            elif kind == "PROPOSED_BY" and source == action:
                yield Deed(target, "led", action, tie, (tie,))

    def _observed(self, hearing: str) -> list[Deed]:
        return self._once(f"observed {hearing}", self._observe(hearing))

    def _observe(self, hearing: str) -> Iterator[Deed]:
        """Yield who observed a hearing or one to which it was adjourned."""
        ways: dict[str, tuple[Tie, ...]] = {hearing: ()}
        for one in ways_on(self, ways):
            for tie in self.ties(one):
                if tie[2] == "OBSERVED_BY" and tie[0] == one:
                    yield Deed(tie[1], "observed", one, tie, (*ways[one], tie))

    def _delivered(self, support: str) -> list[Deed]:
        return self._once(f"delivered {support}", self._deliver(support))

    def _deliver(self, support: str) -> Iterator[Deed]:
        """Yield who delivered a support, and whose offer it drew on."""
        acts = [tie for tie in self.ties(support) if tie[2] == "DELIVERED" and tie[1] == support]
        status = status_of(self._eyes, support)
        if not acts or (status and status <= UNDONE):
            return
        for act in acts:
            yield Deed(act[0], "delivered", support, act, (act,))
        first = min(acts)
        for tie in self.ties(support):
            if tie[2] == "DRAWS_ON":
                for offered in self.ties(tie[1]):
                    if offered[2] == "OFFERED_BY" and offered[0] == tie[1]:
                        yield Deed(offered[1], "delivered", support, first, (first, tie, offered))

    def _once(self, name: str, found: Iterator[Deed]) -> list[Deed]:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = list(found)
        return known

    # Of the class: whoever held its own methods would hold itself, until the garbage collector looks.
    _finders: ClassVar[Mapping[tuple[str, str], Callable[["Deeds", str], list[Deed]]]] = {
        ("ABOUT", "statement"): _signed,
        ("ABOUT", "action"): _joined,
        ("ADVANCES", "action"): _joined,
        ("PART_OF", "hearing"): _observed,
        ("MATCHES", "support"): _delivered,
    }


def _plain_ties(eyes: Eyes, ref: str) -> list[Tie]:
    """Return what `eyes.ties` yields, read straight from the network; nothing where that would not say the same.

    Questions that look at every lawyer ask it a hundred thousand times.
    """
    graph, allowed, merged = eyes.network.graph, eyes.allowed, eyes.merged.canonical
    if eyes.then or ref in merged or ref not in graph:
        return []
    found: list[Tie] = []
    for ties, is_out in ((graph.out_of(ref), True), (graph.into(ref), False)):
        for other, parallel in ties.items():
            if other in merged:
                return []
            for kind, held in parallel.items():
                claims = held.claims
                if len(claims) == 1:
                    # As most are; a list of its own, since that of the network changes in place.
                    visible = [claims[0]] if claims[0].label in allowed else []
                else:
                    visible = [claim for claim in claims if claim.label in allowed]
                if visible:
                    found.append((ref, other, kind, visible) if is_out else (other, ref, kind, visible))
    return found


def _surely_more(eyes: Eyes, ref: str, most: int) -> bool:
    """Tell whether there are more ties than so many, those to whoever is read as another not counted."""
    graph, allowed, merged = eyes.network.graph, eyes.allowed, eyes.merged.canonical
    if eyes.then or ref in merged or ref not in graph:
        return False
    sides = graph.out_of(ref), graph.into(ref)
    if sum(map(len, sides)) <= most // 2:
        return False
    count = 0
    for ties in sides:
        for other, parallel in ties.items():
            if other not in merged:
                count += sum(
                    any(claim.label in allowed for claim in held.claims) for held in parallel.values()
                )
                if count > most:
                    return True
    return False


def ways_on(deeds: Deeds, ways: dict[str, tuple[Tie, ...]]) -> Iterator[str]:
    """Yield a hearing and those that follow it, as they are found; `ways` learns how each was reached."""
    waiting = list(ways)
    while waiting and len(ways) <= MOST_ADJOURNED:
        one = waiting.pop(0)
        yield one
        onward = {tie[0]: tie for tie in deeds.ties(one) if tie[2] == "FOLLOWS" and tie[1] == one}
        for other in sorted(onward.keys() - ways.keys()):
            ways[other] = (*ways[one], onward[other])
            waiting.append(other)


def kind_of(ref: str) -> str:
    """Return the kind of a reference."""
    return ref.partition(":")[0]


def light_of(eyes: Eyes, ref: str, name: str) -> list[Json]:
    """Return what is shown of a property that stays in memory: nothing, one value, or the sides of a dispute."""
    # Of one who stands for himself, now, what is told lies in the network.
    is_plain = not eyes.then and ref not in eyes.merged.canonical and ref in eyes.network.nodes
    claims = [
        Claim(prop.value, claim.origin, prop.pointer)
        for claim in (eyes.network.nodes[ref].told if is_plain else eyes.told(ref))
        for prop in claim.light
        if prop.name == name and prop.label in eyes.allowed and claim.label in eyes.allowed
    ]
    return values_of(claims, eyes.assessments)


def status_of(eyes: Eyes, ref: str) -> frozenset[str]:
    """Return with which status a node is shown: none, one, or the sides of a dispute."""
    return frozenset(map(str, light_of(eyes, ref, "status")))


def _through(tie: Tie, deeds: Iterable[Deed]) -> list[Deed]:
    return [Deed(partner, what, on, act, (tie, *path)) for partner, what, on, act, path in deeds]


def _length(deed: Deed) -> tuple[int, list[tuple[str, str, str]]]:
    return len(deed.path), [tie[:3] for tie in deed.path]
