"""Neighbourhoods out of columns are those that the claims themselves give, whoever looks and at whichever moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import orjson
import pytest

from projections.graph.around.briefs import Briefs
from projections.graph.around.written import written
from projections.graph.claims import IDENTITIES, NUMBERED, Reading
from projections.graph.eyes import Eyes, MergedKept
from projections.graph.history import History, Span, Version
from projections.graph.journal import Journal
from projections.graph.look import Look
from projections.graph.network import Network
from projections.graph.query import GraphQuery, then_of
from projections.shown import Assessment, Origin
from tests.depth import in_depth
from tests.plain_graph import PlainGraph, quick

Json = Any

REFS = (
    *(f"lawyer:harbour-bar-watch.{number}" for number in range(6)),
    "threat:open-docket.1",
    "place:QM",
    "case:a.1",
)
KINDS = ("TARGETS", "IN_PLACE", "REPRESENTED_BY")
LABELS = (1, 2, 3)
DATES = (
    None,
    None,
    "2026-03",
    "2026-03-02",
    "2026-05-02T10:00:00.5Z",
    "2026-02/2026-04",
    "2025/..",
    "2026-06~",
)
NAMES = ("label", "country", "status")
VALUES = ("QM", "QN", "QN", {"en": "Ann"})
READERS = (frozenset({1}), frozenset({1, 3}), frozenset(LABELS), frozenset(LABELS))
SEEDS = 60
QUICK = 18
"""So many of the seeds in every build; every way in which seeds differ comes again after twelve."""
STEPS = 18
DAYS = ("2026-03-01", "2026-04-15", "2026", "2025-12-31")


@dataclass(frozen=True)
class Step:
    """What happens: an event comes, or an earlier one reads otherwise, or is assessed."""

    does: str
    about: int
    label: int
    ties: Json
    props: Json
    source: int


def step_of(chance: Random, refs: Sequence[str], of: Sequence[str]) -> Step:
    """Draw what happens next."""
    kinds = (*of, *of, *sorted(IDENTITIES), "SAME_AS")
    ties = [
        (
            chance.choice(kinds),
            chance.choice(refs),
            chance.choice(refs),
            chance.choice(LABELS),
            chance.choice(DATES),
            chance.choice(DATES),
        )
        for _ in range(chance.randint(1, 5))
    ]
    props = [
        (chance.choice(refs), chance.choice(LABELS), chance.choice(NAMES), chance.choice(VALUES))
        for _ in range(chance.randint(0, 4))
    ]
    does = chance.choice(
        ("say", "say", "say", "correct", "correct", "relabel", "retract", "assess", "assess")
    )
    return Step(does, chance.randint(0, 7), chance.choice(LABELS), ties, props, chance.randint(0, 2))


def question_of(chance: Random, refs: Sequence[str]) -> GraphQuery:
    """Draw a question."""
    return GraphQuery(
        about=chance.sample(refs, 2),
        hops=chance.randint(0, 4),
        kinds=chance.choice(((), (), ("lawyer", "place"))),
        ties=chance.choice(((), (), ("TARGETS", "IN_PLACE"))),
        country=chance.choice((None, None, "QM")),
        as_of=chance.choice((None, *DAYS)),
        upto=chance.choice((None, *range(3, STEPS))),
        merge=chance.random() < 0.6,
        past=chance.random() < 0.5,
        limit=chance.randint(1, 9),
    )


class Store:
    """Network, history and journal, folded step by step as the view folds them."""

    def __init__(self, apart: int) -> None:
        self.network = Network()
        self.history = History()
        self.journal = Journal(apart)
        self.briefs = Briefs(most=12, turns=4)
        self.position = 0
        self._apart = apart
        self._said: dict[int, Reading] = {}
        self._began: dict[int, int] = {}
        self._kept: dict[int, list[Version]] = {}

    def do(self, step: Step) -> None:
        """Take one step."""
        self.position += 1
        earlier = sorted(self._said)[step.about % len(self._said)] if self._said else None
        if step.does in ("say", "assess") or earlier is None:
            self._turn(self.position, _reading(step, self.position, self._said.get(earlier or 0)))
            return
        before = self._said[earlier]
        after = _reading(step, earlier, None)
        if step.does == "relabel":
            after = _relabelled(before, step.label)
        if step.does != "relabel":
            self._keep(earlier, replace_label(before, step.label))
        self._turn(earlier, None if step.does == "retract" else after)
        if step.does == "retract":
            self.history.retract(earlier)

    def _keep(self, position: int, before: Reading) -> None:
        """Keep what an event said, as `Keeping` does: all of its past anew."""
        born = self._began.get(position, position)
        kept = self._kept.setdefault(position, [])
        kept.append(Version(before, Span(born, self.position)))
        self.history.forget(position)
        for version in kept:
            self.history.keep(version)
        self._began[position] = self.position
        self.history.begin(position, self.position)

    def _turn(self, position: int, after: Reading | None) -> None:
        before = self._said.pop(position, None)
        if before is not None:
            self.network.remove(before)
            self.journal.remove(before)
            self.briefs.note([node[0] for node in before.nodes])
        if after is not None:
            met = self.network.add(after)
            self.journal.add(after, NUMBERED, met)
            self.briefs.note(met.keys())
            self._said[position] = after

    def restart(self) -> None:
        """Begin anew with what is said now: whoever is known from the past alone is in the history alone."""
        self.network, self.journal = Network(), Journal(self._apart)
        self.briefs.forget()
        for position in sorted(self._said):
            said = self._said[position]
            self.journal.add(said, NUMBERED, self.network.add(said))

    def eyes(self, allowed: frozenset[int], query: GraphQuery) -> Eyes:
        """Return what may be seen."""
        eyes = Eyes(self.network, allowed, then_of(query), self.history, journal=self.journal)
        return MergedKept().applied(eyes) if query.merge else eyes


def _reading(step: Step, position: int, about: Reading | None) -> Reading:
    said = [[*tie, [("preferred", tie[1], "/p", tie[3])]] for tie in step.ties]
    nodes: list[Json] = [(end, tie[3], []) for tie in said for end in tie[1:3]]
    nodes += [(ref, label, [(name, value, "/n", label)]) for ref, label, name, value in step.props]
    when = ("2026-03-01", None)[step.source % 2]
    source = f"urn:hub:partner:p{step.source}"
    time = f"2026-11-0{step.source + 1}T00:00:00Z"
    origin = Origin(position, source, f"e{position}", "threat.reported", time, when, "B", "2")
    verdict = None
    if step.does == "assess" and about is not None:
        by, of = "urn:hub:partner:p9", about.origin.source
        result = ("refuted", "verified", "disputed")[step.source]
        verdict = Assessment(of, about.origin.id, by, origin.id, time, result, ())
    return Reading(origin, step.label, nodes, said, verdict)


def _relabelled(said: Reading, label: int) -> Reading:
    return replace_label(said, label)


def replace_label(said: Reading, label: int) -> Reading:
    """Return a reading all of which bears one label."""
    nodes = [(ref, label, [(*prop[:3], label) for prop in props]) for ref, _, props in said.nodes]
    ties = [[*tie[:3], label, *tie[4:6], [(*prop[:3], label) for prop in tie[6]]] for tie in said.ties]
    return said._replace(label=label, nodes=nodes, ties=ties)


@pytest.mark.parametrize("seed", range(in_depth(QUICK, SEEDS)))
def test_the_quick_answer_is_the_plain_one(seed: int) -> None:
    chance, store = Random(seed), Store((3, 30)[seed // 2 % 2])
    # Every other time so few that many events speak of one tie.
    refs, of = (REFS, KINDS) if seed % 2 else (REFS[-4:], KINDS[:1])
    for number in range(STEPS):
        store.do(step_of(chance, refs, of))
        if seed % 3 == 0 and number % 6 == 5:
            store.restart()
        if number % 3 == 2:
            for _ in range(4):
                _compare(store, chance.choice(READERS), question_of(chance, refs))


def _compare(store: Store, allowed: frozenset[int], query: GraphQuery) -> None:
    eyes = store.eyes(allowed, query)
    said, plain = quick(Look(eyes, query)), PlainGraph(eyes, query)
    answer = orjson.dumps(said)
    assert answer == orjson.dumps(plain.answer())
    shelved = Look(eyes, query, store.briefs.of(allowed))
    assert orjson.dumps(written(shelved, ())) == answer
    bare = replace(query, country=None)
    for node in said["nodes"]:
        ref = node["ref"]
        assert Look(eyes, bare).listed(ref, 2) == plain.listed(ref, 2)
    found = Look(eyes, bare).edges_from([node["ref"] for node in said["nodes"]], {*REFS})
    assert all(edge in found for edge in said["edges"])
