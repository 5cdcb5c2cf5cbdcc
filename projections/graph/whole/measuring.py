"""Measures of the whole graph for one class of readers: answered at once, or by a job that they may follow.

Whether there is a job is decided by the size of the graph that the reader sees, never by the clock: an answer that
came late because of what is hidden from him would tell of it.
"""

from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from projections.graph.look import look_at
from projections.graph.query import ALL
from projections.graph.whole.breaks import NO_BREAKS, breaks
from projections.graph.whole.cut import Cut
from projections.graph.whole.desk import Desk, Job, pending
from projections.graph.whole.measures import CENTRAL, Abandoned, Step, communities, sources_of, unwatched
from projections.graph.whole.question import Pending, WholeQuestion
from projections.graph.whole.ranking import Portraits, Ranking, Row
from projections.graph.whole.recut import Made, gathered, made
from projections.labels import Allowed

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any

MOST_WORK = 1_000_000
"""Steps of a measure that is answered at once; a machine of 2020 takes about a second."""

_STEPS = {"communities": 2.0}
"""Steps for each node and pair, where it is not one; betweenness: see `_work`."""

_STEPS_OF_A_SOURCE = 0.1
_WEIGHT_OF_PORTRAITS = 50_000


class MeasureSight:
    """Answers about the whole graph from the claims that one class of readers may see."""

    def __init__(self, view: "Graph", allowed: Allowed, desk: Desk) -> None:
        self._view = view
        self._allowed = allowed
        self._desk = desk

    def answer(self, question: WholeQuestion) -> Json | Pending:
        """Return the rows of a measure, or the job that finds them.

        Returns:
            `central`: `{"by", "nodes", "pairs", "sources", "total", "items"}`; communities: `{"nodes", "pairs",
            "total", "items"}`; bridges: `{"nodes", "pairs", "totals", "points", "ties"}`. Nodes and pairs are those
            that were measured; `sources` is None where the value is exact.
        """
        cut = self._cut()
        if _work(question, cut) <= MOST_WORK:
            return self._told(question, cut, self._result(question, cut, unwatched))
        name = self._name(question, cut)
        wanted = Job(
            name,
            question,
            cut,
            lambda step: self._result(question, cut, step),
            lambda found: self._told(question, cut, found) if self._cut().includes(cut) else None,
        )
        return pending(self._desk.start(self._allowed.reader, wanted))

    def job(self, name: str) -> Json | Pending | None:
        """Return the answer of a job, or how far it is; None if these readers have no such job, or have it no more.

        The answer is of the graph as it was when the job began. It is gone when these readers may see a tie no more
        that it was computed from.
        """
        job = self._desk.job(self._allowed.reader, name)
        if job is None:
            return None
        if not job.is_done:
            return pending(job)
        try:
            found = job.result.result()
        except Abandoned:
            return None
        answer: Json | Pending | None = job.tell(found)
        if answer is None:
            self._desk.cancel(self._allowed.reader, name)
        return answer

    def cancel(self, name: str) -> bool:
        """End and forget a job; False if these readers have no such job."""
        return self._desk.cancel(self._allowed.reader, name)

    def _cut(self) -> Cut:
        """Return the graph of these readers; the one kept, if nothing that they see has changed."""
        view = self._view
        with view.lock:
            allowed = self._allowed.numbers()
            # A journal that was read anew counts anew.
            version = (
                view.journal,
                view.journal.version(allowed),
                look_at(view, allowed, ALL).merged.canonical,
            )
        key = self._allowed.reader, "cut"
        return self._desk.kept.renew(key, version, self._made, lambda made: made.cut.size).cut

    def _made(self, known: Made | None) -> Made:
        view = self._view
        with view.lock:
            allowed = self._allowed.numbers()
            material = gathered(view.journal, look_at(view, allowed, ALL).merged.canonical, known)
        return made(material, allowed, known)

    def _result(self, question: WholeQuestion, cut: Cut, step: Step) -> Any:
        """Return the arrays behind an answer, the kept ones if this cut was measured last."""
        key = self._allowed.reader, question.of
        return self._desk.kept.get(key, cut.digest, lambda: _measure(question, cut, step), lambda _: len(cut))

    def _told(self, question: WholeQuestion, cut: Cut, found: Any) -> Json:
        key = self._allowed.reader, "portraits"
        portraits = self._desk.kept.get(key, cut.digest, Portraits, lambda _: _WEIGHT_OF_PORTRAITS)
        looking = partial(self._looking, portraits)
        if question.of == "bridges":
            return Ranking(cut.without_own_bodies, looking, question).bridges(found)
        ranking = Ranking(cut, looking, question, portraits)
        return ranking.communities(found) if question.of == "communities" else ranking.central(found)

    def _looking(self, portraits: Portraits, row: Row, number: int) -> Json | None:
        with self._view.lock:
            portraits.follow(self._view.turns)
            return row(look_at(self._view, self._allowed.numbers(), ALL), number)

    def _name(self, question: WholeQuestion, cut: Cut) -> str:
        """Name a job by who asks, what he asks, and what he sees; hidden things have no part in it."""
        asked = repr((self._allowed.reader, question, cut.digest))
        return blake2b(asked.encode(), digest_size=16).hexdigest()


def _measure(question: WholeQuestion, cut: Cut, step: Step) -> Any:
    if question.of == "bridges":
        cut = cut.without_own_bodies
    if not len(cut):
        # Algorithms of NetworKit end the whole process on a graph without nodes.
        return NO_BREAKS if question.of == "bridges" else np.zeros(0, np.int64)
    if question.of == "communities":
        return communities(cut, step)
    return breaks(cut, step) if question.of == "bridges" else CENTRAL[question.of](cut, step)


def _work(question: WholeQuestion, cut: Cut) -> float:
    """Estimate the steps that a measure takes on this graph."""
    if question.of != "betweenness":
        return cut.size * _STEPS.get(question.of, 1.0)
    return cut.size * (sources_of(cut) or len(cut)) * _STEPS_OF_A_SOURCE
