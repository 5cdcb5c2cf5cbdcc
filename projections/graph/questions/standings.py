"""Who stands alone, now and at past moments: answered at once, or by a job where that would take long.

Whether there is a job is decided by how many lawyers the reader sees, and by what his class of readers has asked since
the hub began; never by the clock, nor by whether something was let go meanwhile: what is hidden may be behind that.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import blake2b
from typing import Any

from projections.graph.questions.aid import MOST_TOLD
from projections.graph.questions.alone import Ranking
from projections.graph.questions.answering import Questions
from projections.graph.questions.inquiry import Inquiry, Reached
from projections.graph.questions.partners import PartnersKept
from projections.graph.whole.desk import Desk, Job, pending
from projections.graph.whole.measures import Step
from projections.graph.whole.question import Pending
from projections.labels import Allowed

Json = Any

MOST_AT_ONCE = 3_000
"""Lawyers who are looked at while the reader waits; a machine of 2020 takes about a second."""

MOST_OF_THE_PAST = 2_000
"""The same where a past moment is asked for."""

_WEIGHT = 25
"""What is remembered of a lawyer under threat, or of a partner, in the units of the desk."""

_WEIGHT_OF_TOLD = 100
"""What is told of a lawyer, and kept until something changes; of `MOST_TOLD` at most."""

_LEAST_WEIGHT = 10_000
"""Of a past moment, however few there are: whoever asks for one day after the other fills no more than 2,000 places."""

_LAWYERS = frozenset({"lawyer"})
_PARTNERS = frozenset({"partner"})


class Standings:
    """Remembers who stands alone for one class of readers: that of today here, those of past moments on the desk.

    Args:
        allowed: what the readers may see.
        desk: does what takes long.
    """

    def __init__(self, allowed: Allowed, desk: Desk) -> None:
        self._allowed = allowed
        self._desk = desk
        self._lock = threading.Lock()
        self._partners = PartnersKept()
        self._day = date.min
        self._today = Ranking(self._partners)

    def ranking(self, inquiry: Inquiry) -> Ranking:
        """Return what is remembered of the day and moment of an inquiry."""
        if inquiry.is_past:
            key = self._allowed.reader, "alone", inquiry.query.as_of, inquiry.query.known_on
            weight = self._weight(inquiry)
            return self._desk.kept.get(key, "", Ranking, lambda _: weight)
        with self._lock:
            if self._day != inquiry.now:
                self._day, self._today = inquiry.now, Ranking(self._partners)
            return self._today

    def alone(
        self, inquiry: Inquiry, reached: Callable[[], Reached], asked: Mapping[str, Json]
    ) -> Json | Pending:
        """Return a page of who stands alone, or the job after which there is one.

        Args:
            inquiry: whose, and of which day and moment.
            reached: says how far every view is.
            asked: `country` or None, `limit`, `offset`.
        """
        reader, ranking = self._allowed.reader, self.ranking(inquiry)
        moment = reader, inquiry.now, inquiry.query.as_of, inquiry.query.known_on

        def tell(_: object = None) -> Json:
            found = Questions(inquiry, ranking, reached()).alone(asked)
            self._desk.remember(moment)
            return found

        def begin(step: Step) -> None:
            ranking.renew(inquiry, reached(), step)
            self._desk.remember(moment)

        most = MOST_OF_THE_PAST if inquiry.is_past else MOST_AT_ONCE
        if self._desk.remembers(moment) or self._lawyers(inquiry) <= most:
            return tell()
        page = tuple(asked[name] for name in ("country", "limit", "offset"))
        name = blake2b(repr(("alone", moment, page)).encode(), digest_size=16).hexdigest()
        return pending(self._desk.start(reader, Job(name, (moment, page), None, begin, tell)))

    def _weight(self, inquiry: Inquiry) -> int:
        lawyers, partners = self._lawyers(inquiry), self._size(inquiry, _PARTNERS)
        return _LEAST_WEIGHT + _WEIGHT * (lawyers + partners) + _WEIGHT_OF_TOLD * min(lawyers, MOST_TOLD)

    def _lawyers(self, inquiry: Inquiry) -> int:
        return self._size(inquiry, _LAWYERS)

    def _size(self, inquiry: Inquiry, kinds: frozenset[str]) -> int:
        with inquiry.lock:
            return inquiry.view.network.size(self._allowed.numbers(), kinds)
